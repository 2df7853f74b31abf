//! SIPp as the load, and as the yardstick that answers.

use core::ops::Range;
use core::time::Duration;
use std::net::TcpListener;
use std::path::Path;
use std::process::{self, Command, Stdio};
use std::time::Instant;
use std::{env, fs, thread};

use crate::program::{Folder, Running};
use crate::{Nanos, processor};

/// The lines that clients sign in for, in turn.
pub(crate) const LINES: Range<u32> = 1_000..2_000;
/// A request that the gateway answers by itself.
pub(crate) const FEATURES: &str = "<?xml version=\"1.0\"?><GetCSTAFeatures \
    xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\"><extensions><privateData><private>\
    <lcs:line xmlns:lcs=\"http://schemas.microsoft.com/Lcs/2005/04/RCCExtension\">\
    tel:[field0];phone-context=dialstring</lcs:line></private></privateData></extensions></GetCSTAFeatures>";
/// A request for which the gateway asks the phone system.
pub(crate) const SNAPSHOT: &str = "<?xml version=\"1.0\"?><SnapshotDevice \
    xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\">\
    <snapshotObject>[field0]</snapshotObject></SnapshotDevice>";

/// One that names a connection, answered without any.
pub(crate) const HOLD: &str = "<?xml version=\"1.0\"?><HoldCall \
    xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\"><callToBeHeld><callID>177</callID>\
    <deviceID>tel:[field0];phone-context=dialstring</deviceID></callToBeHeld></HoldCall>";
/// One that names two connections, answered with three more.
pub(crate) const TRANSFER: &str = "<?xml version=\"1.0\"?><TransferCall \
    xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\"><heldCall><callID>177</callID>\
    <deviceID>tel:[field0];phone-context=dialstring</deviceID></heldCall><activeCall><callID>178</callID>\
    <deviceID>tel:[field0];phone-context=dialstring</deviceID></activeCall></TransferCall>";

/// The answered requests of a dialog: INVITE, ten times INFO, BYE. An ACK has no answer.
const ANSWERED: u64 = 12;
/// The size of the gateway's answer to GetCSTAFeatures.
const ANSWER_BYTES: usize = 784;
/// The limit of a measurement's time.
const SECONDS: &str = "60";

/// Fails, naming the package, if SIPp is missing.
pub(crate) fn must_be_installed() {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).any(|folder| folder.join("sipp").is_file());
    assert!(found, "'sipp' is missing: install the package sip-tester");
}

/// A load by SIPp.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    /// Dialogs in flight.
    pub(crate) dialogs: u32,
    /// The connections they share.
    pub(crate) connections: u32,
    /// Dialogs in all.
    pub(crate) calls: u32,
    /// The document that each dialog sends ten times.
    pub(crate) document: &'static str,
}

impl Load {
    /// Runs the load against the program at `address`; returns how many requests were answered, which must be all.
    pub(crate) fn run(self, address: &str) -> u64 {
        let folder = Folder::new("load");
        let scenario = folder.write("ask.xml", &include_str!("ask.xml").replace("DOCUMENT", self.document));
        let lines = LINES.fold("SEQUENTIAL\n".to_owned(), |lines, line| format!("{lines}{line}\n"));
        let lines = folder.write("lines.csv", &lines);
        // SIPp has one connection for all its dialogs, or one for each, so several connections need as many processes.
        let (dialogs, calls) = (self.dialogs / self.connections, self.calls / self.connections);
        let asking = (0..).zip(free_ports(self.connections)).map(|(number, port)| {
            let mut command = sipp(&scenario, number);
            command.args(["-p", &port]);
            command.arg(address).arg("-inf").arg(&lines).args(["-t", "t1", "-r", "100000"]);
            command.args(["-m", &calls.to_string(), "-l", &dialogs.to_string()]);
            command.args(["-timeout", SECONDS, "-timeout_error", "-trace_err", "-error_file"]);
            let errors = folder.path(&format!("errors-{port}"));
            (Running::start(command.arg(&errors)), errors)
        });
        for (mut one, errors) in asking.collect::<Vec<_>>() {
            let status = one.end();
            assert!(status.success(), "{status}: {}", fs::read_to_string(errors).unwrap_or_default());
        }
        u64::from(calls * self.connections) * ANSWERED
    }
}

/// What answering one request of `load` costs SIPp.
pub(crate) fn answering(load: Load) -> Nanos {
    let folder = Folder::new("answer");
    let document = format!("<?xml version=\"1.0\"?>{:.<1$}", "", ANSWER_BYTES - 21);
    let scenario = include_str!("answer.xml").replace("DOCUMENT", &document);
    let [before, repeated, behind] =
        scenario.split("<!-- ten times -->").collect::<Vec<_>>().try_into().unwrap();
    let scenario = folder.write("answer.xml", &[before, &repeated.repeat(10), behind].concat());
    let port = free_ports(1).concat();
    let mut command = sipp(&scenario, 64);
    let answerer = Running::start(command.args(["-t", "t1", "-p", &port]));
    let address = format!("127.0.0.1:{port}");
    let began = Instant::now();
    while !is_listening(&port) {
        assert!(began.elapsed().as_secs() < 5, "SIPp does not listen on {address}");
        thread::sleep(Duration::from_millis(20));
    }
    let before = processor::time_of(answerer.id());
    let requests = load.run(&address);
    Nanos((processor::time_of(answerer.id()).0 - before.0) / requests)
}

/// SIPp opens ports for control and for media even if they are not used: each process gets ten of its own.
fn sipp(scenario: &Path, number: u32) -> Command {
    let media = 20_000 + process::id() % 64 * 650 + number * 10;
    let control = media + 5;
    let mut command = Command::new("sipp");
    command.arg("-sf").arg(scenario).args(["-i", "127.0.0.1", "-nostdin"]);
    command.args(["-cp", &control.to_string(), "-mp", &media.to_string()]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Whether a port is listened on. A trial connection would not do, since SIPp accepts only one.
fn is_listening(port: &str) -> bool {
    let wanted = format!(":{:04X} 00000000:0000 0A", port.parse::<u16>().unwrap());
    fs::read_to_string("/proc/net/tcp").unwrap().contains(&wanted)
}

/// Free ports, since SIPp does not support port 0.
fn free_ports(count: u32) -> Vec<String> {
    let sockets: Vec<_> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    sockets.iter().map(|socket| socket.local_addr().unwrap().port().to_string()).collect()
}
