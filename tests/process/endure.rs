//! Nothing outside stops the service: limits of the system, signals, full disks.

use core::time::Duration;
use std::fs;
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::time::Instant;

use crate::office::{self, Office};
use crate::program::{Folder, Running, output};

/// A phone system, and a gateway with a control socket that is started after `before` with `more` arguments. Returns
/// their folder, and the gateway's address over TCP.
fn limited(name: &str, before: &str, more: &[&str]) -> (Folder, Running, Running) {
    let folder = Folder::new(name);
    let switch = Running::start(&["switch", "--listen", "127.0.0.1:0"], "");
    let cti = switch.wait_for("key=listen transport=TCP address=");
    let file = folder.write("gateway.toml", &office::config("127.0.0.1:0", &cti));
    let gateway = Running::start_after(before, &[&["run", "--config", &file], more].concat());
    (folder, switch, gateway)
}

/// A client that signs in and takes `rounds` snapshots of its line.
fn client(sip: &str, rounds: usize) -> Running {
    let line = "tel:1001;phone-context=dialstring";
    let user = ["--user", "sip:alice@example.com", "--line", line];
    Running::start(&[&["client", "--server", sip], &user[..]].concat(), &"snapshot\n".repeat(rounds))
}

#[test]
fn a_recording_at_the_limit_on_file_sizes_ends_and_the_service_does_not() {
    let folder = Folder::new("file-limit");
    let traces = folder.path("traces");
    let (_folder, _switch, mut gateway) =
        limited("file-limit-office", "ulimit -f 16", &["--record", &traces]);
    let sip = gateway.wait_for("key=sip.tcp transport=TCP address=");
    gateway.wait_for("name=cti_in_service");
    let mut alice = client(&sip, 40);
    assert_eq!(alice.end(), 0, "{}", alice.said());
    let why = gateway.wait_for("name=recording_stopped why=");
    assert!(why.contains("File too large"), "{why}");
    let mut alice = client(&sip, 1);
    assert_eq!(alice.end(), 0, "{}", alice.said());
    gateway.signal("TERM");
    assert_eq!(gateway.end(), 0, "{}", gateway.said());
}

#[test]
fn a_log_at_the_limit_on_file_sizes_loses_lines_and_the_service_goes_on() {
    let folder = Folder::new("log-limit");
    let (log, addresses) = (folder.path("log"), Instant::now());
    // The limit counts from the file's beginning, so that there is room for the first lines only.
    let before = format!("ulimit -f 2; exec 2>{log}");
    let (_folder, _switch, mut gateway) = limited("log-limit-office", &before, &[]);
    let read = || fs::read_to_string(&log).unwrap_or_default();
    while !read().contains("name=cti_in_service") {
        assert!(addresses.elapsed() < Duration::from_secs(10), "{}", read());
        std::thread::sleep(Duration::from_millis(10));
    }
    let sip =
        read().split("key=sip.tcp transport=TCP address=").nth(1).unwrap().lines().next().unwrap().to_owned();
    for _ in 0..12 {
        let mut alice = client(&sip, 1);
        assert_eq!(alice.end(), 0, "{}", alice.said());
    }
    assert!(fs::metadata(&log).unwrap().len() <= 1024 * 2, "it is full");
    gateway.signal("TERM");
    assert_eq!(gateway.end(), 0);
}

#[test]
fn a_hangup_reloads_and_the_service_goes_on() {
    let mut office = Office::open("hangup", false);
    let mut alice = office.client("sip:alice@example.com", "1001", &[], "sleep 500ms\nsnapshot\n");
    alice.wait_for("monitor ");
    office.gateway.signal("USR2");
    for times in 1..=2 {
        office.gateway.signal("HUP");
        office.gateway.wait_for_times("name=configuration_reloaded changed=nothing ", times);
    }
    assert_eq!(alice.end(), 0, "{}", alice.said());
    assert!(office.gateway.is_running());
    office.close();
}

#[test]
fn traces_are_their_owners_alone_however_they_were_made() {
    let folder = Folder::new("modes");
    assert_eq!(output(&["demo", "--record", folder.text()]).0, 0);
    let (trace, redacted) = (folder.only("trace"), folder.path("redacted"));
    let (status, out, err) = output(&["trace", "redact", &trace, "-o", &redacted]);
    assert_eq!(status, 0, "{out}{err}");
    for file in [trace, redacted] {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
}

#[test]
fn clients_that_take_every_connection_leave_the_phone_system_its_own() {
    let folder = Folder::new("descriptors");
    let (control, sleeping) = (folder.path("control.sock"), Duration::from_millis(50));
    let switch = |address: &str| Running::start(&["switch", "--listen", address], "");
    let mut first = switch("127.0.0.1:0");
    let cti = first.wait_for("key=listen transport=TCP address=");
    let behind = format!("[cti]\nreconnect_max = 1\n[control]\nsocket = \"{control}\"\n");
    let config = folder.write("gateway.toml", &(office::config("127.0.0.1:0", &cti) + &behind));
    let traces = Folder::new("descriptors-traces");
    let mut gateway =
        Running::start_after("ulimit -n 64", &["run", "--config", &config, "--record", traces.text()]);
    let lowered = gateway.wait_for("level=warn name=limit_lowered key=limits.links from=10000 to=");
    assert!(lowered.contains("why=\"the system allows 64 open files, "), "{lowered}");
    let links: usize = lowered.split(' ').next().unwrap().parse().unwrap();
    assert!((8..40).contains(&links), "{lowered}");
    gateway.wait_for("name=cti_in_service");
    let sip = gateway.wait_for("key=sip.tcp transport=TCP address=");
    let mut clients: Vec<TcpStream> = (0..120).map(|_| TcpStream::connect(&sip).unwrap()).collect();
    gateway.wait_for("name=link_refused ");
    first.signal("TERM");
    assert_eq!(first.end(), 0);
    gateway.wait_for("name=cti_out_of_service ");
    let _second = switch(&cti);
    gateway.wait_for_times("name=cti_in_service ", 2);
    let (status, out, err) = output(&["ctl", "status", "--socket", &control]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    assert!(!gateway.said().contains("EMFILE"), "{}", gateway.said());
    clients.clear();
    std::thread::sleep(sleeping);
    let mut alice = client(&sip, 1);
    assert_eq!(alice.end(), 0, "{}", alice.said());
    gateway.signal("TERM");
    assert_eq!(gateway.end(), 0, "{}", gateway.said());
    let replayed = output(&["replay", &traces.only("trace")]);
    assert_eq!(replayed.0, 0, "{replayed:?}");
}

#[test]
fn a_lack_of_descriptors_is_named_once_a_minute_and_ends_nothing() {
    let mut office = Office::open("exhausted", false);
    let limit = |number: &str| {
        let limit = format!("--nofile={number}:1024");
        let set = Command::new("prlimit").args(["--pid", &office.gateway.id(), &limit]).status();
        assert!(set.unwrap().success());
    };
    limit("4");
    let waiting: Vec<_> = (0..3).map(|_| TcpStream::connect(&office.sip).unwrap()).collect();
    let why = office.gateway.wait_for("name=listener_failing listener=");
    assert!(why.starts_with(&format!("{} error=\"EMFILE: ", office.sip)), "{why}");
    std::thread::sleep(Duration::from_secs(1));
    assert_eq!(
        office.gateway.said().matches("name=listener_failing").count(),
        1,
        "{}",
        office.gateway.said()
    );
    limit("1024");
    drop(waiting);
    let mut alice = office.client("sip:alice@example.com", "1001", &[], "snapshot\n");
    assert_eq!(alice.end(), 0, "{}", alice.said());
    assert!(office.gateway.is_running());
    office.close();
}
