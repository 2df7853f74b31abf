//! SIPE itself, the open client for remote call control, behind a proxy: signs in, calls, stays for three refreshes,
//! calls again and signs out.

use core::time::Duration;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::Instant;

use crate::office::Office;
use crate::program::{Folder, Running};
use crate::proxy::Proxy;
use crate::{assert_served_well, file, installed};

const LINE: &str = "tel:73124;phone-context=dialstring;partition=BE_BRS_INT";
const FAR: &str = "+3222220220";
const PHONES: &str = "control = \"127.0.0.1:0\"\n[[phone]]\nnumber = \"73124\"\n\
    [[phone]]\nnumber = \"+3222220220\"\nanswer = \"auto\"\nanswer_after_ms = 50\n";

/// SIPE refreshes a minute before the session would expire.
const SESSION: &str = "session_expires = 90\n";
const REFRESH: Duration = Duration::from_secs(40);
const SOON: Duration = Duration::from_secs(10);

#[test]
fn sipe_signs_in_calls_refreshes_three_times_calls_again_and_signs_out() {
    let office = Office::configured("sipe-itself", PHONES, SESSION);
    let proxy = Proxy::start(&office.sip, LINE);
    let mut sipe = Sipe::start(&proxy.address);
    let status = "process_invite_csta_gateway_response: gateway_status=";
    assert_eq!(sipe.reaches(status, SOON), "normal");
    sipe.reaches("process_csta_get_features_response:", SOON);
    assert_ne!(sipe.reaches("process_csta_monitor_start_response: monitor_cross_ref_id=", SOON), "");

    let first = sipe.calls(&office);
    for _ in 0..3 {
        assert_eq!(sipe.reaches(status, REFRESH), "normal");
    }
    assert_ne!(sipe.calls(&office), first, "a call of its own");
    sipe.signs_out();

    // MonitorStop and BYE end the session; SIPE waits for neither answer.
    let (passed_on, answers) = until_signed_out(&proxy);
    assert!(answers.iter().all(|answer| answer.starts_with("200 ")), "{answers:?}");
    let refreshes: Vec<_> = passed_on.iter().filter(|request| request.ends_with(" INVITE")).skip(2).collect();
    let [one, other] = refreshes[..] else { panic!("{passed_on:?}") };
    assert_eq!(one, other, "SIPE repeats the CSeq of an idle refresh: {passed_on:?}");
    let said = sipe.running.said();
    for complaint in ["Failed to ", "does not match, exiting", "won't continue"] {
        let mut decisions = said.lines().filter(|line| line.contains("csta"));
        assert!(!decisions.any(|line| line.contains(complaint)), "{complaint}:\n{said}");
    }
    assert_served_well(&office.close());
}

/// SIPE without a window.
struct Sipe {
    running: Running,
    /// How much of what it said was looked at.
    seen: usize,
    _folder: Folder,
}

impl Sipe {
    fn start(server: &str) -> Self {
        let folder = Folder::new("sipe-window");
        let program = compile(&folder, "sipe", "purple", "libpurple-dev", &["-ldl"]);
        let preload = compile(&folder, "sax", "libxml-2.0", "libxml2-dev", &["-shared", "-fPIC", "-ldl"]);
        let mut command = Command::new(program);
        command.args([folder.text(), server, "alice@example.com"]).env("LD_PRELOAD", preload);
        command.env("HOME", folder.text()).env("PURPLE_UNSAFE_DEBUG", "1");
        Self { running: Running::spawn(&mut command), seen: 0, _folder: folder }
    }

    /// Waits until its debug output says so, behind what it was last waited for; the line's rest.
    fn reaches(&mut self, part: &str, patience: Duration) -> String {
        let began = Instant::now();
        loop {
            let said = self.running.said();
            if let Some((before, rest)) = said.split_at(self.seen).1.split_once(part)
                && let Some((found, _)) = rest.split_once('\n')
            {
                self.seen += before.len() + part.len();
                return found.to_owned();
            }
            assert!(began.elapsed() < patience, "SIPE did not reach '{part}':\n{said}");
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Click to call: the other party answers, and then hangs up. SIPE accepts every event; the call's ID.
    fn calls(&mut self, office: &Office) -> String {
        self.running.tell(&format!("call {FAR}\n"));
        self.reaches("process_csta_make_call_response: SUCCESS", SOON);
        let call = self.reaches("process_csta_make_call_response: call_id=", SOON);
        for event in ["OriginatedEvent", "DeliveredEvent", "EstablishedEvent"] {
            self.reaches(&format!("<{event} "), SOON);
            self.reaches("sipe_csta_update_id_and_status: device_id=(", SOON);
        }
        assert!(!self.running.said().contains(&ignored(&call)), "{}", self.running.said());
        hang_up(office);
        // The first of the two that leave makes SIPE forget the call, so that it ignores the second.
        self.reaches("<ConnectionClearedEvent ", SOON);
        self.reaches("<ConnectionClearedEvent ", SOON);
        self.reaches(&ignored(&call), SOON);
        call
    }

    fn signs_out(&mut self) {
        self.running.tell("sign-out\n");
        assert_eq!(self.running.end(), 0, "{}", self.running.said());
    }
}

/// What SIPE says of an event whose call it does not know.
fn ignored(call: &str) -> String {
    format!("sipe_csta_update_id_and_status: callID ({call}) does not match")
}

/// Compiles one of the C sources; the path of the result.
fn compile(folder: &Folder, name: &str, library: &str, package: &str, options: &[&str]) -> String {
    let mut flags = installed("pkg-config", "pkg-config");
    let flags = flags.args(["--cflags", "--libs", library]).output().unwrap();
    assert!(flags.status.success(), "'{library}' is missing: install the package {package}");
    let flags = String::from_utf8(flags.stdout).unwrap();
    let (source, result) = (file(&format!("sipe/{name}.c")), folder.path(name));
    let mut compiler = installed("gcc", "gcc");
    compiler.args(["-Wall", "-Wextra", "-Werror", "-O1", "-o", &result, &source]);
    let output = compiler.args(flags.split_whitespace()).args(options).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    result
}

fn hang_up(office: &Office) {
    let address = office.switch.wait_for("key=control transport=TCP address=");
    let mut control = TcpStream::connect(address).unwrap();
    control.write_all(format!("hangup {FAR}\n").as_bytes()).unwrap();
    let mut answer = String::new();
    BufReader::new(control).read_line(&mut answer).unwrap();
    assert!(answer.starts_with("ok"), "{answer}");
}

/// What went to the gateway and what it answered, which must end with a BYE.
fn until_signed_out(proxy: &Proxy) -> (Vec<String>, Vec<String>) {
    let began = Instant::now();
    loop {
        let (passed_on, answers) = proxy.journal();
        if answers.last().is_some_and(|answer| answer.ends_with(" BYE")) {
            return (passed_on, answers);
        }
        assert!(began.elapsed() < SOON, "no BYE was answered: {passed_on:?} {answers:?}");
        thread::sleep(Duration::from_millis(20));
    }
}
