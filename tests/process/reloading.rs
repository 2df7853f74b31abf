//! Tests of changing a running gateway's configuration and directory: `ctl reload` and SIGHUP.

use core::fmt::Write as _;
use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::fs;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use crate::office::Office;
use crate::program::output;

/// Alice may control line 1001.
const ALICE: &str = "[[user]]\nid = \"alice\"\nsip = [\"sip:alice@example.com\"]\nlines = [\"1001\"]\n\
    [[line]]\nnumber = \"1001\"\n";

/// An office whose gateway has a control socket, and records if told to; the arguments with which it is told to reload.
fn office(name: &str, record: bool) -> (Office, [String; 4]) {
    let office = Office::operated(name, record);
    let socket = office.gateway.wait_for("key=control.socket transport=unix address=");
    (office, ["ctl".into(), "reload".into(), "--socket".into(), socket])
}

/// Changes the gateway's configuration file by `change`, and tells it to reload. Returns the status and the output.
fn reload(office: &Office, ctl: &[String; 4], change: impl FnOnce(String) -> String) -> (i32, String) {
    edit(office, change);
    let arguments: Vec<&str> = ctl.iter().map(String::as_str).collect();
    let (status, out, err) = output(&arguments);
    (status, out + &err)
}

fn edit(office: &Office, change: impl FnOnce(String) -> String) {
    let path = office.path("gateway.toml");
    let text = change(fs::read_to_string(&path).unwrap());
    fs::write(&path, text).unwrap();
}

#[test]
fn a_reload_ends_who_has_no_right_and_others_go_on_in_mid_call() {
    let (office, ctl) = office("reload-rights", true);
    let script = "call 1002\nwait delivered 5s\nsleep 3s\nhangup\nwait cleared 5s\n";
    let mut alice = office.client("sip:alice@example.com", "1001", &[], script);
    alice.wait_for("event delivered");
    let mut eve = office.client("sip:eve@example.com", "1003", &[], "sleep 5s\n");
    eve.wait_for("monitor ");
    let (status, said) = reload(&office, &ctl, |text| text + ALICE);
    assert_eq!((status, said.as_str()), (0, "changed: nothing\ndirectory: 1 users, 1 lines, 0 devices\n"));
    eve.wait_for("BYE from the gateway");
    assert_eq!(eve.end(), 1);
    office.gateway.wait_for("name=right_withdrawn session=");
    office.gateway.wait_for("why=\"unknown user\" remedy=\"enter the user in the directory");
    let mut again = office.client("sip:eve@example.com", "1003", &[], "");
    assert_eq!(again.end(), 1);
    assert!(again.said().contains("refused 404 "), "{}", again.said());
    assert_eq!(alice.end(), 0, "{}", alice.said());
    let folder = office.close();
    let (trace, directory) = (folder.only("trace"), folder.only("directory"));
    let (status, out, err) = output(&["replay", &trace]);
    assert_eq!(status, 0, "{out}{err}");
    // What is redacted stands alone, with its directory.
    let aside = folder.path("aside");
    fs::create_dir(&aside).unwrap();
    let redacted = format!("{aside}/redacted");
    let (status, out, err) = output(&["trace", "redact", &trace, "-o", &redacted]);
    assert!(
        status == 0 && out.contains("beside it: directory-") && !out.contains("differently"),
        "{out}{err}"
    );
    let (status, out, err) = output(&["replay", &redacted]);
    assert_eq!(status, 0, "{out}{err}");
    for file in fs::read_dir(&aside).unwrap() {
        let text = fs::read(file.unwrap().path()).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("alice"), "a name is left");
    }
    // Without the file it is said which is missing.
    fs::remove_file(&directory).unwrap();
    let (status, out, err) = output(&["replay", &trace]);
    let name = directory.rsplit('/').next().unwrap();
    assert!(status == 1 && err.contains(name), "{out}{err}");
}

#[test]
fn a_wrong_file_changes_nothing_and_every_mistake_is_told() {
    let (office, ctl) = office("reload-wrong", false);
    let alice = office.client("sip:alice@example.com", "1001", &[], "sleep 20s\n");
    alice.wait_for("monitor ");
    let wrong = "[limits]\nsessions = 0\n[[user]]\nid = \"bob\"\nlines = [\"1\"]\n[log]\nlevel = \"loud\"\n";
    let (status, said) = reload(&office, &ctl, |text| text + wrong);
    assert_eq!(status, 1, "{said}");
    for part in ["nothing was changed\n", "limits.sessions = 0: must be", "line \"1\"", "log.level = "] {
        assert!(said.contains(part), "{part} is in {said}");
    }
    office.gateway.wait_for_times("name=reload_refused why=", 3);
    let (status, said) = reload(&office, &ctl, |text| text.replace(wrong, "this is no TOML"));
    assert!(status == 1 && said.contains("this is not TOML"), "{said}");
    let (status, said) = reload(&office, &ctl, |text| text.replace("this is no TOML", ""));
    assert_eq!((status, said.contains("changed: nothing\n")), (0, true), "{said}");
    assert!(!alice.said().contains("BYE"), "{}", alice.said());
    drop(alice);
    office.close();
}

#[test]
fn what_cannot_change_in_a_run_is_named_and_the_rest_changes() {
    let (office, ctl) = office("reload-named", false);
    let more = "[limits]\nsessions = 7\n[log]\nlevel = \"debug\"\n";
    let (status, said) =
        reload(&office, &ctl, |text| text.replace("udp = [\"127.0.0.1:0\"]", "udp = []\nallow = []") + more);
    let expected = "changed: log.level, sip.allow\ndirectory: none: whoever may speak SIP may control any line\n\
        a restart is needed for: limits.sessions, sip.udp\n";
    assert_eq!((status, said.as_str()), (0, expected));
    for key in ["limits.sessions", "sip.udp"] {
        office.gateway.wait_for(&format!("name=restart_needed key={key}"));
    }
    let mut alice = office.client("sip:alice@example.com", "1001", &[], "");
    assert_eq!(alice.end(), 1);
    assert!(alice.said().contains("refused 403 "), "nobody may speak SIP now: {}", alice.said());
    // The same again: what needs a restart still does, and nothing else.
    let (_, said) = reload(&office, &ctl, |text| text);
    assert!(
        said.starts_with("changed: nothing\n")
            && said.contains("restart is needed for: limits.sessions, sip.udp")
    );
    office.close();
}

#[test]
fn a_hangup_signal_reloads_and_a_wrong_file_is_told_in_the_log() {
    let (office, _) = office("reload-signal", false);
    edit(&office, |text| text + ALICE);
    office.gateway.signal("HUP");
    office
        .gateway
        .wait_for("name=configuration_reloaded changed=nothing directory=\"1 users, 1 lines, 0 devices\"");
    let mut eve = office.client("sip:eve@example.com", "1003", &[], "");
    assert_eq!(eve.end(), 1);
    assert!(eve.said().contains("refused 404 "), "{}", eve.said());
    edit(&office, |text| text + "[[user]]\nid = \"ALICE\"\n");
    office.gateway.signal("HUP");
    office.gateway.wait_for("name=reload_refused why=");
    office.close();
}

/// The time from each OPTIONS to its answer, while `is_over` does not hold: the longest.
fn longest_answer(sip: &str, is_over: &AtomicBool) -> Duration {
    let mut stream = TcpStream::connect(sip).unwrap();
    stream.set_nodelay(true).unwrap();
    let mut longest = Duration::ZERO;
    let mut answer = [0; 4096];
    for number in 1.. {
        let request = format!(
            "OPTIONS sip:gw@{sip} SIP/2.0\r\nVia: SIP/2.0/TCP 127.0.0.1:1;branch=z9hG4bK{number}\r\n\
             From: <sip:alice@example.com>;tag=1\r\nTo: <sip:gw@{sip}>\r\nCall-ID: probe\r\nCSeq: {number} OPTIONS\r\n\
             Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        );
        let sent = Instant::now();
        stream.write_all(request.as_bytes()).unwrap();
        let length = stream.read(&mut answer).unwrap();
        assert!(
            answer[..length].starts_with(b"SIP/2.0 200 "),
            "{}",
            String::from_utf8_lossy(&answer[..length])
        );
        longest = longest.max(sent.elapsed());
        if is_over.load(Ordering::Relaxed) {
            break;
        }
        thread::sleep(Duration::from_millis(1));
    }
    longest
}

#[test]
fn a_reload_of_a_hundred_thousand_users_does_not_stop_the_service() {
    let (office, ctl) = office("reload-many", true);
    let alice = office.client("sip:alice@example.com", "1001", &[], "sleep 60s\n");
    alice.wait_for("monitor ");
    let many = |name: &str| {
        let mut text =
            String::from("ctigate directory 1\nline 1001\nuser alice sip=sip:alice@example.com line=1001\n");
        for number in 0..100_000 {
            let line = 2_000_000 + number;
            writeln!(
                text,
                "line {line} e164=+1425{line}\nline 9{line}\ndevice SEP{line}\nappearance {line} SEP{line} 1\n\
                 appearance 9{line} SEP{line} 2\n\
                 user {name}{line} sip=sip:{name}{line}@example.com line={line} line=9{line}"
            )
            .unwrap();
        }
        fs::write(office.path("many.directory"), text).unwrap();
    };
    let is_over = AtomicBool::new(false);
    let longest = thread::scope(|scope| {
        let probe = scope.spawn(|| longest_answer(&office.sip, &is_over));
        many("u");
        let (status, said) =
            reload(&office, &ctl, |text| text + "[directory]\nfiles = [\"many.directory\"]\n");
        assert_eq!((status, said.contains("directory: 100001 users, 200001 lines")), (0, true), "{said}");
        // Now the old one is large, too.
        many("v");
        let (status, said) = reload(&office, &ctl, |text| text);
        assert_eq!((status, said.contains("directory: 100001 users, 200001 lines")), (0, true), "{said}");
        is_over.store(true, Ordering::Relaxed);
        probe.join().unwrap()
    });
    // A loop that waits for the files would take seconds; a machine that is busy with other tests takes its time, too.
    assert!(longest < Duration::from_secs(1), "{longest:?}");
    assert!(!alice.said().contains("BYE"), "{}", alice.said());
    drop(alice);
    let folder = office.close();
    let directories = fs::read_dir(folder.text()).unwrap().filter(|entry| {
        entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "directory")
    });
    assert_eq!(directories.count(), 3, "each version once, beside the file that it was read from");
}
