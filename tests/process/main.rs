//! Tests that start each program as a user does. Both shells compile this file; each runs its own program.

#![expect(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test may fail")]

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;

mod appearances;
mod check;
mod crowd;
mod directory;
mod endure;
mod framing;
mod house;
mod login;
mod looking;
mod numbers;
mod office;
mod operate;
mod outages;
mod program;
mod promises;
mod recording;
mod relay;
mod reloading;
mod selecting;
mod sipe;
mod site;
mod terminal;
mod told;

use office::Office;
use program::{Folder, Running, output};

#[test]
fn the_demo_shows_a_ladder_and_a_summary_in_under_five_seconds() {
    let began = std::time::Instant::now();
    let (status, out, err) = output(&["demo"]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
    for shown in
        ["INVITE RequestSystemStatus", "MakeCallResponse", "EstablishedEvent", "RetrievedEvent", "BYE"]
    {
        assert!(out.contains(shown), "{shown} is not in the ladder:\n{out}");
    }
    assert!(out.contains("states compared"), "{out}");
    let told: Vec<&str> = out.lines().filter(|line| line.contains(" ==== ")).collect();
    assert_eq!(told.len(), 14, "{out}");
    assert!(told.iter().all(|line| line.chars().count() <= 100), "{told:?}");
    let lines: Vec<&str> = out.lines().collect();
    let at = |part: &str| lines.iter().position(|line| line.contains(part)).unwrap();
    assert!(at("Alice transfers Bob to Carol") < at("TransferedEvent"), "{out}");
    assert!(at("A CTI connection dies") < at("cti_out_of_service"), "{out}");
}

#[test]
fn the_demos_recording_replays_can_be_filtered_and_can_be_redacted() {
    let folder = Folder::new("demo");
    let (status, wire, _) = output(&["demo", "--wire", "--record", folder.text()]);
    assert_eq!(status, 0, "{wire}");
    assert!(wire.contains("| INVITE sip:"), "{wire}");
    let trace = folder.only("trace");
    let (status, out, err) = output(&["replay", &trace]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    let (status, out, _) = output(&["trace", "ladder", &trace, "--user", "alice"]);
    assert_eq!(status, 0);
    assert!(out.contains("alice") && !out.contains("bob"), "{out}");
    let redacted = folder.path("redacted");
    let (status, out, err) = output(&["trace", "redact", &trace, "-o", &redacted]);
    assert_eq!(status, 0, "{out}{err}");
    let text = String::from_utf8_lossy(&fs::read(&redacted).unwrap()).into_owned();
    assert!(!text.contains("alice") && !text.contains(":1002"), "something was not redacted");
    assert_eq!(output(&["replay", &redacted]).0, 0);
}

#[test]
fn a_trace_that_was_edited_or_cut_short_is_refused_by_line() {
    let folder = Folder::new("edited");
    assert_eq!(output(&["demo", "--record", folder.text()]).0, 0);
    let trace = folder.only("trace");
    let whole = fs::read(&trace).unwrap();
    let index = |part: &[u8]| whole.windows(part.len()).position(|window| window == part).unwrap();
    let mut edited = whole.clone();
    edited[index(b"<MakeCallResponse") + 1] = b'F';
    fs::write(&trace, &edited).unwrap();
    let (status, _, err) = output(&["replay", &trace]);
    assert_eq!(status, 1, "{err}");
    assert!(err.contains(&trace) && err.contains("line "), "{err}");
    fs::write(&trace, &whole[..index(b"<MonitorStart ")]).unwrap();
    let (status, _, err) = output(&["replay", &trace]);
    assert_eq!(status, 1, "{err}");
    assert!(err.contains("line ") && err.contains("cut short"), "{err}");
}

#[test]
fn switch_gateway_and_clients_work_as_programs_of_their_own() {
    let office = Office::open("office", true);
    let mut bob = office.client(
        "sip:bob@example.com",
        "1002",
        &["--transport", "tcp"],
        "wait delivered 5s\nanswer\nwait established 5s\nwait cleared 5s\n",
    );
    bob.wait_for("monitor ");
    let mut alice = office.client(
        "sip:alice@example.com",
        "1001",
        &[],
        "call 1002\nwait established 5s\nhangup\nwait cleared 5s\n",
    );
    assert_eq!(alice.end(), 0, "{}", alice.said());
    assert_eq!(bob.end(), 0, "{}", bob.said());
    let traces = office.close();
    assert_eq!(output(&["replay", &traces.only("trace")]).0, 0);
}

#[test]
fn a_phone_system_without_application_sessions_is_served_and_watched_like_any_other() {
    let cti = "[cti]\nsession = \"none\"\nheartbeat = 1\nheartbeat_timeout = 1\nreconnect_max = 1\n";
    let office = Office::configured("sessionless", "session = \"none\"\n", cti);
    // The call lasts longer than the gateway waits for a heartbeat's answer.
    let script = "call 1002\nwait delivered 5s\nsleep 3s\nhangup\nwait cleared 5s\n";
    let mut alice = office.client("sip:alice@example.com", "1001", &[], script);
    assert_eq!(alice.end(), 0, "{}", alice.said());
    assert!(!office.gateway.said().contains("cti_out_of_service"), "{}", office.gateway.said());
    assert!(!office.switch.said().contains("session_started"), "{}", office.switch.said());
    office.switch.signal("STOP");
    let why = office.gateway.wait_for("name=cti_out_of_service ");
    office.switch.signal("CONT");
    assert!(why.contains("a heartbeat was not answered"), "{why}");
    office.gateway.wait_for_times("name=cti_in_service ", 2);
    office.close();
}

#[test]
fn an_expectation_that_fails_is_an_exit_status() {
    let office = Office::open("expect", false);
    let mut alice = office.client("sip:alice@example.com", "1001", &[], "expect delivered 200ms\n");
    assert_eq!(alice.end(), 1);
    assert!(alice.said().contains("failed: "), "{}", alice.said());
    office.close();
}

#[test]
fn a_gateway_that_is_told_to_stop_in_mid_call_tells_its_clients() {
    let mut office = Office::open("stop", false);
    let mut alice =
        office.client("sip:alice@example.com", "1001", &[], "call 1002\nwait delivered 5s\nsleep 20s\n");
    alice.wait_for("event delivered");
    office.gateway.signal("TERM");
    assert_eq!(office.gateway.end(), 0, "{}", office.gateway.said());
    alice.wait_for("BYE from the gateway");
    assert_eq!(alice.end(), 1);
}

#[test]
fn a_second_signal_ends_the_process_at_once() {
    let mut office = Office::open("signals", false);
    let alice = office.client("sip:alice@example.com", "1001", &[], "sleep 20s\n");
    alice.wait_for("monitor ");
    // A client that does not answer its BYE delays the gateway's end by three seconds.
    alice.signal("STOP");
    office.gateway.signal("INT");
    office.gateway.wait_for("name=stopping ");
    let began = std::time::Instant::now();
    office.gateway.signal("INT");
    assert_eq!(office.gateway.end(), 128 + 2, "{}", office.gateway.said());
    assert!(began.elapsed().as_secs() < 2, "{:?}", began.elapsed());
    alice.signal("CONT");
}

#[test]
fn a_gateway_with_datagrams_stops_in_good_order() {
    let office = Office::open("datagrams", true);
    let mut alice = office.client_over_udp("sip:alice@example.com", "1001", "snapshot\n");
    assert_eq!(alice.end(), 0, "{}", alice.said());
    assert_eq!(output(&["replay", &office.close().only("trace")]).0, 0);
}

#[test]
fn a_script_fails_if_the_sign_in_does_even_if_it_asks_for_nothing() {
    // It accepts connections and sends nothing.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let user = ["--user", "sip:alice@example.com", "--line", "tel:1001"];
    let arguments = [&["client", "--server", &address], &user[..]].concat();
    for mut alice in ["", "quit\n"].map(|script| Running::start(&arguments, script)) {
        assert_eq!(alice.end(), 1, "{}", alice.said());
        assert!(alice.said().contains("failed: sign-in: not signed in in time"), "{}", alice.said());
    }
    let office = Office::open("unknown", false);
    let mut alice = office.client("sip:alice@example.com", "4711", &[], "");
    assert_eq!(alice.end(), 1);
    assert!(alice.said().contains("refused 404 "), "{}", alice.said());
    office.close();
}

#[test]
fn each_address_is_told_once_and_a_limit_that_is_lowered_too() {
    let folder = Folder::new("limit");
    let text = format!("{}[limits]\nlinks = 5000\n", office::config("127.0.0.1:0", "127.0.0.1:9"));
    let mut gateway = Running::start(&["run", "--config", &folder.write("gateway.toml", &text)], "");
    gateway.wait_for("name=cti_out_of_service");
    let lowered =
        gateway.said().contains("level=warn name=limit_lowered key=limits.links from=5000 to=1000 ");
    let has_threads = option_env!("CARGO_BIN_EXE_ctigate-std").is_some();
    assert_eq!(lowered, has_threads, "{}", gateway.said());
    gateway.signal("TERM");
    assert_eq!(gateway.end(), 0);
    let mut switch = Running::start(&["switch", "--listen", "127.0.0.1:0"], "");
    switch.wait_for("name=listening");
    switch.signal("TERM");
    assert_eq!(switch.end(), 0);
    assert_eq!(switch.said().matches("name=listening").count(), 1, "{}", switch.said());
}

#[test]
fn a_phone_system_listens_where_its_configuration_says() {
    let folder = Folder::new("listens");
    let config = folder.write("switch.toml", "listen = [\"127.0.0.1:0\"]\n");
    let mut switch = Running::start(&["switch", "--config", &config], "");
    switch.wait_for("name=listening key=listen transport=TCP address=127.0.0.1:");
    switch.signal("TERM");
    assert_eq!(switch.end(), 0);
    let empty = folder.write("empty.toml", "");
    let (status, _, err) = output(&["switch", "--config", &empty]);
    assert_eq!(status, 1);
    assert!(err.contains("listen"), "{err}");
}

#[test]
fn a_ladder_of_somebody_who_is_not_in_the_recording_says_so() {
    let folder = Folder::new("nobody");
    assert_eq!(output(&["demo", "--record", folder.text()]).0, 0);
    let trace = folder.only("trace");
    let (status, _, err) = output(&["trace", "ladder", &trace, "--user", "dave"]);
    assert_eq!((status, err), (1, format!("{trace}: it has no message of user 'dave'\n")));
}

#[test]
fn an_address_in_use_is_named_with_its_key() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let folder = Folder::new("taken");
    let config = folder.write("gateway.toml", &office::config(&address.to_string(), "127.0.0.1:9"));
    let (status, _, err) = output(&["run", "--config", &config]);
    assert_eq!(status, 1);
    assert_eq!(
        err,
        format!("sip.tcp: cannot listen on {address}: address in use (is another ctigate running?)\n")
    );
}

#[test]
fn the_example_configuration_is_good() {
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../ctigate.example.toml");
    let (status, out, err) = output(&["check", "--config", example.to_str().unwrap()]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains(": good: "), "{out}");
}

#[test]
fn a_client_without_a_gateway_fails_and_says_so() {
    let line = "tel:1001;phone-context=dialstring";
    let arguments = ["client", "--server", "127.0.0.1:9", "--user", "sip:a@example.com", "--line", line];
    let mut client = Running::start(&arguments, "call 1002\n");
    assert_eq!(client.end(), 1, "{}", client.said());
    assert!(client.said().contains("refused"), "{}", client.said());
}

#[test]
fn help_and_wrong_usage_have_their_exit_statuses() {
    assert_eq!(output(&["help"]).0, 0);
    assert_eq!(output(&["run", "--help"]).0, 0);
    assert_eq!(output(&["--version"]).0, 0);
    assert_eq!(output(&[]).0, 2);
    assert_eq!(output(&["run"]).0, 2);
}

fn command() -> Command {
    let program = option_env!("CARGO_BIN_EXE_ctigate").or(option_env!("CARGO_BIN_EXE_ctigate-std"));
    Command::new(PathBuf::from(program.unwrap()))
}
