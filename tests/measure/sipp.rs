//! SIPp: as the load, and as the yardstick that answers.

use core::ops::Range;
use core::time::Duration;
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::time::Instant;
use std::{env, fs, thread};

use crate::program::{Folder, Running};
use crate::{Nanos, processor};

/// The lines that clients sign in for, in turn.
pub(crate) const LINES: Range<u32> = 1_000..2_000;
/// What the gateway answers by itself.
pub(crate) const FEATURES: &str = "<?xml version=\"1.0\"?><GetCSTAFeatures \
    xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\"><extensions><privateData><private>\
    <lcs:line xmlns:lcs=\"http://schemas.microsoft.com/Lcs/2005/04/RCCExtension\">\
    tel:[field0];phone-context=dialstring</lcs:line></private></privateData></extensions></GetCSTAFeatures>";
/// What the gateway asks the phone system for.
pub(crate) const SNAPSHOT: &str = "<?xml version=\"1.0\"?><SnapshotDevice \
    xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\">\
    <snapshotObject>[field0]</snapshotObject></SnapshotDevice>";

/// INVITE, ten times INFO, BYE; an ACK has no answer.
const ANSWERED: u64 = 12;
/// The bytes of the document that the gateway answers GetCSTAFeatures with.
const ANSWER_BYTES: usize = 784;
/// No measurement takes longer.
const SECONDS: &str = "60";

/// Fails, naming the package, where SIPp is missing.
pub(crate) fn must_be_installed() {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).any(|folder| folder.join("sipp").is_file());
    assert!(found, "'sipp' is missing: install the package sip-tester");
}

/// What SIPp does.
#[derive(Clone, Copy)]
pub(crate) struct Load {
    /// Dialogs in flight.
    pub(crate) dialogs: u32,
    /// The connections they share.
    pub(crate) connections: u32,
    /// Dialogs in all.
    pub(crate) calls: u32,
    /// What each asks ten times.
    pub(crate) document: &'static str,
}

impl Load {
    /// Asks the program at `address`; how many requests were answered, which is all or a failure.
    pub(crate) fn run(self, address: &str) -> u64 {
        let folder = Folder::new("load");
        let scenario = folder.write("ask.xml", &include_str!("ask.xml").replace("DOCUMENT", self.document));
        let lines = LINES.fold("SEQUENTIAL\n".to_owned(), |lines, line| format!("{lines}{line}\n"));
        let lines = folder.write("lines.csv", &lines);
        // SIPp has one connection for all its dialogs, or one for each: several need as many of it.
        let (dialogs, calls) = (self.dialogs / self.connections, self.calls / self.connections);
        let asking = free_ports(self.connections).into_iter().map(|port| {
            let mut command = sipp(&scenario);
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

/// What one request of `load` costs SIPp when it answers.
pub(crate) fn answering(load: Load) -> Nanos {
    let folder = Folder::new("answer");
    let document = format!("<?xml version=\"1.0\"?>{:.<1$}", "", ANSWER_BYTES - 21);
    let scenario = folder.write("answer.xml", &include_str!("answer.xml").replace("DOCUMENT", &document));
    let port = free_ports(1).concat();
    let mut command = sipp(&scenario);
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

fn sipp(scenario: &std::path::Path) -> Command {
    let mut command = Command::new("sipp");
    let ports = free_ports(2);
    command.arg("-sf").arg(scenario).args([
        "-i",
        "127.0.0.1",
        "-nostdin",
        "-cp",
        &ports[0],
        "-mp",
        &ports[1],
    ]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Whether somebody listens on a port; to try would be a connection that SIPp takes for its only one.
fn is_listening(port: &str) -> bool {
    let wanted = format!(":{:04X} 00000000:0000 0A", port.parse::<u16>().unwrap());
    fs::read_to_string("/proc/net/tcp").unwrap().contains(&wanted)
}

/// SIPp takes no port 0.
fn free_ports(count: u32) -> Vec<String> {
    let sockets: Vec<_> = (0..count).map(|_| TcpListener::bind("127.0.0.1:0").unwrap()).collect();
    sockets.iter().map(|socket| socket.local_addr().unwrap().port().to_string()).collect()
}
