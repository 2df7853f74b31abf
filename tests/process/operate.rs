//! Tests of the control socket and the signals of a running gateway.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;

use crate::office::{Office, config};
use crate::program::{Folder, Running, output};

/// An office whose gateway has a control socket; its path.
fn office(name: &str, record: bool) -> (Office, String) {
    let office = Office::operated(name, record);
    let socket = office.gateway.wait_for("key=control.socket transport=unix address=");
    (office, socket)
}

/// The output of `ctl`, which must succeed.
fn ctl(arguments: &[&str], socket: &str) -> String {
    let (status, out, err) = output(&[&["ctl"], arguments, &["--socket", socket]].concat());
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    out
}

#[test]
fn status_shows_connections_sessions_and_counters_as_a_table_and_as_json() {
    let (office, socket) = office("status", false);
    let alice = office.client("sip:alice@example.com", "1001", &[], "sleep 20s\n");
    alice.wait_for("monitor ");
    let table = ctl(&["status"], &socket);
    assert!(table.starts_with("Running for "), "{table}");
    assert!(table.contains("\n1 sessions, 1 monitors, "), "{table}");
    let row = table.lines().find(|line| line.starts_with("pbx ")).unwrap();
    assert!(row.contains("  InService  1   20") && row.ends_with("  1         -"), "{table}");
    assert!(table.lines().any(|line| line.split_whitespace().eq(["sign_ins", "1"])), "{table}");
    let json = ctl(&["status", "--json"], &socket);
    for part in
        ["\"phase\":\"Running\"", "\"name\":\"pbx\"", "\"in_service\":true,\"id\":1,", "\"sign_ins\":1,"]
    {
        assert!(json.contains(part), "{part} is not in {json}");
    }
    assert!(json.ends_with("}\n") && json.lines().count() == 1, "{json}");
    drop(alice);
    office.close();
}

#[test]
fn a_drain_leaves_a_session_its_time_and_its_commands_are_recorded() {
    let (mut office, socket) = office("drain", true);
    let mut alice = office.client(
        "sip:alice@example.com",
        "1001",
        &[],
        "call 1002\nwait delivered 5s\nhangup\nsleep 1s\n",
    );
    alice.wait_for("event delivered");
    let drained = ctl(&["drain"], &socket);
    assert_eq!(drained, "Draining: 1 sessions\n");
    assert!(ctl(&["status"], &socket).starts_with("Draining for "));
    let mut bob = office.client("sip:bob@example.com", "1002", &[], "");
    assert_eq!(bob.end(), 1);
    assert!(bob.said().contains("refused 503 "), "{}", bob.said());
    assert_eq!(alice.end(), 0, "its session is served to its end: {}", alice.said());
    assert_eq!(office.gateway.end(), 0, "{}", office.gateway.said());
    office.gateway.wait_for("name=draining ");
    assert!(!fs::exists(&socket).unwrap(), "the socket is gone with its gateway");
    let folder = office.close();
    assert_eq!(output(&["replay", &folder.only("trace")]).0, 0);
}

#[test]
fn a_signal_drains_too_and_its_time_ends() {
    let mut office = Office::configured("usr1", "", "drain_timeout = 1\n");
    let mut alice = office.client("sip:alice@example.com", "1001", &[], "sleep 20s\n");
    alice.wait_for("monitor ");
    office.gateway.signal("USR1");
    alice.wait_for("BYE from the gateway");
    assert_eq!(alice.end(), 1);
    assert_eq!(office.gateway.end(), 0, "{}", office.gateway.said());
}

#[test]
fn a_stop_over_the_socket_is_answered_and_obeyed() {
    let (mut office, socket) = office("ctl-stop", false);
    assert_eq!(ctl(&["stop"], &socket), "stopped\n");
    assert_eq!(office.gateway.end(), 0, "{}", office.gateway.said());
    let (status, _, err) = output(&["ctl", "status", "--socket", &socket]);
    assert_eq!((status, err), (1, format!("{socket}: there is no such socket (is the gateway running?)\n")));
}

#[test]
fn the_socket_is_found_by_the_configuration_and_belongs_to_its_owner_alone() {
    let (office, socket) = office("socket", false);
    assert_eq!(fs::metadata(&socket).unwrap().permissions().mode() & 0o777, 0o600);
    let (status, out, err) = output(&["ctl", "status", "--config", &office.path("gateway.toml")]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    let plain = office.path("plain.toml");
    fs::write(&plain, crate::office::config("127.0.0.1:0", "127.0.0.1:9")).unwrap();
    let (status, _, err) = output(&["ctl", "status", "--config", &plain]);
    assert_eq!((status, err), (1, format!("{plain}: control.socket is not set\n")));
    office.close();
}

#[test]
fn a_second_gateway_at_the_same_socket_does_not_start_and_the_first_serves_on() {
    let (office, socket) = office("second", false);
    let (status, _, err) = output(&["run", "--config", &office.path("gateway.toml")]);
    let taken = "a program answers there (is another ctigate running?)";
    assert_eq!((status, err), (1, format!("control.socket: cannot listen on {socket}: {taken}\n")));
    assert!(ctl(&["status"], &socket).starts_with("Running for "));
    office.close();
}

#[test]
fn a_killed_gateway_s_socket_is_replaced() {
    let (mut office, socket) = office("killed", false);
    office.gateway.signal("KILL");
    office.gateway.end();
    let (status, _, err) = output(&["ctl", "status", "--socket", &socket]);
    assert_eq!((status, err), (1, format!("{socket}: nobody answers there (is the gateway running?)\n")));
    office.gateway = Running::start(&["run", "--config", &office.path("gateway.toml")], "");
    office.gateway.wait_for("name=cti_in_service");
    assert!(ctl(&["status"], &socket).starts_with("Running for "));
    office.close();
}

#[test]
fn a_gateway_that_stands_still_is_waited_for_no_longer_than_it_may() {
    let (office, socket) = office("still", false);
    office.gateway.signal("STOP");
    let began = std::time::Instant::now();
    let (status, _, err) = output(&["ctl", "status", "--socket", &socket]);
    assert_eq!((status, err), (1, format!("{socket}: the gateway does not answer\n")));
    assert!(began.elapsed().as_secs() < 10, "{:?}", began.elapsed());
    let (status, _, err) = output(&["run", "--config", &office.path("gateway.toml")]);
    assert!(status == 1 && err.contains("a program answers there"), "it lives, and keeps its socket: {err}");
    office.gateway.signal("CONT");
    assert!(ctl(&["status"], &socket).starts_with("Running for "));
    office.close();
}

#[test]
fn nonsense_on_the_socket_and_who_stalls_there_harm_nobody() {
    let (office, socket) = office("nonsense", false);
    let mut stalled: Vec<UnixStream> = (0..4).map(|_| UnixStream::connect(&socket).unwrap()).collect();
    for (index, stream) in stalled.iter_mut().enumerate() {
        stream.write_all(&b"status\n"[..index]).unwrap();
    }
    let mut nonsense = UnixStream::connect(&socket).unwrap();
    // The gateway may close it before everything is sent.
    let _ = nonsense.write_all(&vec![0xff; 100_000]);
    assert!(ctl(&["status"], &socket).starts_with("Running for "));
    office.close();
}

#[test]
fn a_drain_can_be_taken_back_while_sessions_are_left() {
    let (mut office, socket) = office("undrain", true);
    let alice = office.client("sip:alice@example.com", "1001", &[], "sleep 20s\n");
    alice.wait_for("monitor ");
    assert_eq!(ctl(&["drain"], &socket), "Draining: 1 sessions\n");
    let status = ctl(&["status"], &socket);
    let first = status.lines().next().unwrap();
    assert!(first.starts_with("Draining for 0 s, at most ") && first.contains(" more; up for "), "{status}");
    assert_eq!(ctl(&["undrain"], &socket), "Running: 1 sessions\n");
    let mut bob = office.client("sip:bob@example.com", "1002", &[], "snapshot\n");
    assert_eq!(bob.end(), 0, "{}", bob.said());
    office.gateway.wait_for("name=drain_ended sessions=1");
    assert!(office.gateway.is_running());
    drop(alice);
    let folder = office.close();
    assert_eq!(output(&["replay", &folder.only("trace")]).0, 0);
}

#[test]
fn a_phone_system_that_is_back_is_dialled_at_once_by_its_name() {
    let folder = Folder::new("redial");
    let mut switch = Running::start(&["switch", "--listen", "127.0.0.1:0"], "");
    let cti = switch.wait_for("key=listen transport=TCP address=");
    let socket = folder.path("control.sock");
    let behind = format!(
        "name = \"pbx\"\n[cti]\nreconnect_min = 60\nreconnect_max = 60\n[control]\nsocket = \"{socket}\"\n"
    );
    let file = folder.write("gateway.toml", &(config("127.0.0.1:0", &cti) + &behind));
    let mut gateway = Running::start(&["run", "--config", &file, "--record", folder.text()], "");
    gateway.wait_for("name=cti_in_service");
    let refused = |arguments: &[&str]| {
        let (status, _, err) = output(&[&["ctl"], arguments, &["--socket", &socket]].concat());
        assert_eq!(status, 1, "{err}");
        err
    };
    assert_eq!(refused(&["redial", "pbx"]), format!("{socket}: pbx is not down: it is InService\n"));
    assert_eq!(
        refused(&["redial", "abx"]),
        format!("{socket}: there is no connection 'abx'; there is: pbx\n")
    );
    switch.signal("TERM");
    assert_eq!(switch.end(), 0);
    gateway.wait_for("name=cti_out_of_service ");
    let status = ctl(&["status"], &socket);
    let row = status.lines().find(|line| line.starts_with("pbx ")).unwrap();
    assert!(
        row.contains("  Down  ") && (row.contains("  in 59 s  ") || row.contains("  in 1 min 0 s  ")),
        "{status}"
    );
    let switch = Running::start(&["switch", "--listen", &cti], "");
    switch.wait_for("name=listening");
    assert!(ctl(&["redial", "pbx"], &socket).starts_with("pbx: dialled, now "));
    gateway.wait_for_times("name=cti_in_service ", 2);
    gateway.signal("TERM");
    assert_eq!(gateway.end(), 0);
    assert_eq!(output(&["replay", &folder.only("trace")]).0, 0);
}

#[test]
fn the_log_s_level_is_changed_while_the_gateway_runs() {
    let (office, socket) = office("level", false);
    let refresh = |name: &str| {
        let mut client = office.client(&format!("sip:{name}@example.com"), "1001", &[], "snapshot\n");
        assert_eq!(client.end(), 0, "{}", client.said());
    };
    assert!(!office.gateway.said().contains("level=debug"), "{}", office.gateway.said());
    assert_eq!(ctl(&["log", "error"], &socket), "lines of level error and above are logged\n");
    refresh("alice");
    ctl(&["log", "info"], &socket);
    refresh("bob");
    office.gateway.wait_for("name=session_ended ");
    let said = office.gateway.said();
    assert!(!said.contains("sip:alice") && said.contains("sip:bob"), "{said}");
    office.close();
}
