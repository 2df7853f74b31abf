//! SIPE without a window.

use core::time::Duration;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::thread;
use std::time::Instant;

use crate::program::{Folder, Running};
use crate::{file, installed};

/// The line that SIPE controls.
pub(crate) const LINE: &str = "tel:73124;phone-context=dialstring;partition=BE_BRS_INT";
/// The phone that SIPE calls, which answers by itself.
pub(crate) const FAR: &str = "+3222220220";
/// The phone system's configuration with these two phones.
pub(crate) const PHONES: &str = "control = \"127.0.0.1:0\"\n[[phone]]\nnumber = \"73124\"\n\
    [[phone]]\nnumber = \"+3222220220\"\nanswer = \"auto\"\nanswer_after_ms = 50\n";

/// A short session: SIPE refreshes a minute before it expires.
pub(crate) const SESSION: &str = "session_expires = 90\n";
pub(crate) const REFRESH: Duration = Duration::from_secs(40);
pub(crate) const SOON: Duration = Duration::from_secs(20);

const MONITOR: &str = "process_csta_monitor_start_response: monitor_cross_ref_id=";
const STATUS: &str = "process_invite_csta_gateway_response: gateway_status=";

/// SIPE without a window.
pub(crate) struct Sipe {
    pub(crate) running: Running,
    /// How much of its output was checked.
    seen: usize,
    _folder: Folder,
}

impl Sipe {
    pub(crate) fn start(name: &str, server: &str) -> Self {
        let folder = Folder::new(&format!("{name}-window"));
        let program = compile(&folder, "sipe", "purple", "libpurple-dev", &["-ldl"]);
        let preload = compile(&folder, "sax", "libxml-2.0", "libxml2-dev", &["-shared", "-fPIC", "-ldl"]);
        let mut command = Command::new(program);
        command.args([folder.text(), server, "alice@example.com"]).env("LD_PRELOAD", preload);
        command.env("HOME", folder.text()).env("PURPLE_UNSAFE_DEBUG", "1");
        Self { running: Running::spawn(&mut command), seen: 0, _folder: folder }
    }

    /// Waits until its debug output contains `part` after what was last waited for; returns the rest of the line.
    pub(crate) fn reaches(&mut self, part: &str, patience: Duration) -> String {
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

    /// Skips its output so far.
    pub(crate) fn looks_ahead(&mut self) {
        self.seen = self.running.said().len();
    }

    /// Waits until it is signed in, knows the features, and has its monitor.
    pub(crate) fn signs_in(&mut self) {
        assert_eq!(self.reaches(STATUS, SOON), "normal");
        self.reaches("process_csta_get_features_response:", SOON);
        assert_ne!(self.reaches(MONITOR, SOON), "");
    }

    /// Waits until its next refresh is answered.
    pub(crate) fn refreshes(&mut self) {
        assert_eq!(self.reaches(STATUS, REFRESH), "normal");
    }

    /// Makes a call, which the other party answers. SIPE must accept every event. Returns the call's ID.
    pub(crate) fn calls(&mut self) -> String {
        self.running.tell(&format!("call {FAR}\n"));
        self.reaches("process_csta_make_call_response: SUCCESS", SOON);
        let call = self.reaches("process_csta_make_call_response: call_id=", SOON);
        for event in ["OriginatedEvent", "DeliveredEvent", "EstablishedEvent"] {
            self.accepts(event);
        }
        assert!(!self.running.said().contains(&ignored(&call)), "{}", self.running.said());
        call
    }

    /// Lets the other party hang up, and waits until SIPE knows.
    pub(crate) fn is_hung_up(&mut self, switch: &Running, call: &str) {
        hang_up(switch);
        self.hears_of_hang_up(call);
    }

    /// Waits for both events of a hang-up: the first makes SIPE forget the call, so that it ignores the second.
    pub(crate) fn hears_of_hang_up(&mut self, call: &str) {
        self.reaches("<ConnectionClearedEvent ", SOON);
        self.reaches("<ConnectionClearedEvent ", SOON);
        self.reaches(&ignored(call), SOON);
        assert_eq!(self.running.said().matches(&ignored(call)).count(), 1, "{}", self.running.said());
    }

    /// Waits until SIPE was told of the end of a call under the ID that it knows.
    pub(crate) fn forgets(&mut self, call: &str) {
        let body = self.reaches("<ConnectionClearedEvent ", SOON);
        assert!(body.contains(&format!("<callID>{call}</callID>")), "{body}");
        assert!(!self.running.said().contains(&ignored(call)), "{}", self.running.said());
    }

    /// Waits for an event, which SIPE must attribute to its monitor and its call.
    fn accepts(&mut self, event: &str) {
        self.reaches(&format!("<{event} "), SOON);
        self.reaches("sipe_csta_update_id_and_status: device_id=(", SOON);
    }

    /// Lets it sign out, with MonitorStop and BYE, and checks that it started one monitor only and reported no error.
    pub(crate) fn signs_out(&mut self) {
        self.running.tell("sign-out\n");
        assert_eq!(self.running.end(), 0, "{}", self.running.said());
        let said = self.running.said();
        assert_eq!(said.matches(MONITOR).count(), 1, "{said}");
        for complaint in ["Failed to ", "does not match, exiting", "won't continue"] {
            let mut decisions = said.lines().filter(|line| line.contains("csta"));
            assert!(!decisions.any(|line| line.contains(complaint)), "{complaint}:\n{said}");
        }
    }
}

/// Lets the called party hang up.
pub(crate) fn hang_up(switch: &Running) {
    command(switch, &format!("hangup {FAR}"));
}

/// Sends the phone system a control line.
pub(crate) fn command(switch: &Running, line: &str) {
    let address = switch.wait_for("key=control transport=TCP address=");
    let mut control = TcpStream::connect(address).unwrap();
    control.write_all(format!("{line}\n").as_bytes()).unwrap();
    let mut answer = String::new();
    BufReader::new(control).read_line(&mut answer).unwrap();
    assert!(answer.starts_with("ok"), "{answer}");
}

/// SIPE's message about an event whose call it does not know.
fn ignored(call: &str) -> String {
    format!("sipe_csta_update_id_and_status: callID ({call}) does not match")
}

/// Compiles one of the C sources; returns the path of the result.
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
