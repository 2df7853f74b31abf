//! Tests of the commands that say why a user controls no line, and what a user's session does.

use crate::office::{Office, config};
use crate::program::{Folder, output};

/// The output of `ctl`, which must succeed.
fn ctl(arguments: &[&str], socket: &str) -> String {
    let (status, out, err) = output(&[&["ctl"], arguments, &["--socket", socket]].concat());
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    out
}

fn office(name: &str) -> (Office, String) {
    let office = Office::operated(name, false);
    let socket = office.gateway.wait_for("key=control.socket transport=unix address=");
    (office, socket)
}

#[test]
fn sessions_are_listed_filtered_and_paged_as_a_table_and_as_json() {
    let (office, socket) = office("sessions");
    let clients = [("alice", "1001"), ("bob", "1002"), ("carol", "1001")].map(|(name, number)| {
        let client = office.client(&format!("sip:{name}@example.com"), number, &[], "sleep 60s\n");
        client.wait_for("monitor ");
        client
    });
    let table = ctl(&["sessions"], &socket);
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines[0].starts_with("USER ") && lines[0].ends_with("  LAST ERROR"), "{table}");
    let cells: Vec<&str> = lines[1].split_whitespace().collect();
    assert_eq!(cells[..2], ["sip:alice@example.com", "tel:1001;phone-context=dialstring"], "{table}");
    assert_eq!((cells[2..6].to_vec(), cells.len()), (vec!["1001", "pbx", "1", "0"], 8), "{table}");
    let users = |arguments: &[&str]| -> Vec<String> {
        let table = ctl(&[&["sessions"], arguments].concat(), &socket);
        let users = table.lines().skip(1).filter_map(|line| line.strip_prefix("sip:")?.split('@').next());
        users.map(String::from).collect()
    };
    assert_eq!(users(&["--line", "1001"]), ["alice", "carol"]);
    assert_eq!(users(&["--user", "BOB", "--connection", "pbx", "--device", "1002"]), ["bob"]);
    assert_eq!(users(&["--connection", "other"]), [""; 0]);
    let page = ctl(&["sessions", "--limit", "2"], &socket);
    let more = page.lines().last().unwrap().strip_prefix("there are more: --after ").unwrap();
    assert_eq!(users(&["--after", more]), ["carol"]);
    let json = ctl(&["sessions", "--json", "--limit", "1"], &socket);
    let start =
        "{\"sessions\":[{\"user\":\"sip:alice@example.com\",\"line\":\"tel:1001;phone-context=dialstring\",";
    assert!(
        json.starts_with(start) && json.ends_with("\"monitors\":1,\"calls\":0}],\"next\":1}\n"),
        "{json}"
    );
    drop(clients);
    office.close();
}

#[test]
fn a_user_s_session_is_shown_with_all_that_is_known_of_it() {
    let (office, socket) = office("session");
    let script = "call 1002\nwait delivered 5s\nsleep 60s\n";
    let alice = office.client("sip:alice@example.com", "1001", &[], script);
    alice.wait_for("event delivered");
    let shown = ctl(&["session", "alice"], &socket);
    let value = |name: &str| {
        let line = shown.lines().find(|line| line.split_whitespace().next() == Some(name));
        let value = line.and_then(|line| line.strip_prefix(name));
        value.unwrap_or_else(|| panic!("{name} in {shown}")).trim().to_owned()
    };
    assert_eq!((value("user"), value("device")), ("sip:alice@example.com".into(), "1001".into()));
    assert!(value("connection").starts_with("pbx (connection ID 1), InService"), "{shown}");
    assert!(value("monitor").contains(" of 1001 at pbx"), "{shown}");
    assert!(value("call").ends_with(" delivered at 1001"), "{shown}");
    assert!(value("peer").starts_with("127.0.0.1:") && value("since").ends_with(" ago"), "{shown}");
    assert!(shown.contains("\nlast error  -\n"), "{shown}");
    let json = ctl(&["session", "alice", "--json"], &socket);
    for part in
        ["\"established\":true,\"registered\":true,", "\"stage\":\"delivered\"", "\"up_to_date\":true"]
    {
        assert!(json.contains(part), "{part} in {json}");
    }
    let (status, _, err) = output(&["ctl", "session", "nobody", "--socket", &socket]);
    assert_eq!(status, 1);
    assert!(err.contains(": nobody has no session, "), "{err}");
    drop(alice);
    office.close();
}

/// The tables of a small directory.
const PEOPLE: &str = "[directory]\ndomains = [\"example.com\"]\n\
    [[user]]\nid = \"alice\"\nsip = [\"sip:alice@example.com\"]\nlines = [\"1001\"]\n\
    [[user]]\nid = \"carol\"\nenabled = false\nlines = [\"1001\"]\n\
    [[line]]\nnumber = \"1001\"\ne164 = \"+14255550101\"\nlabel = \"Alice\"\n\
    [[line]]\nnumber = \"1002\"\n\
    [[device]]\nname = \"HARD1\"\nlines = [\"1001\"]\n";

#[test]
fn a_configuration_explains_why_a_user_would_control_a_line_or_not() {
    let folder = Folder::new("explain");
    let file =
        folder.write("gateway.toml", &(config("127.0.0.1:0", "127.0.0.1:9") + "name = \"pbx\"\n" + PEOPLE));
    let explain = |arguments: &[&str]| {
        let (status, out, err) = output(&[&["explain", "--config", &file], arguments].concat());
        assert_eq!(err, "", "{out}");
        assert!(out.lines().all(|line| line.chars().count() <= 100), "{out}");
        (status, out)
    };
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let (status, out) = explain(&["--user", "sip:Alice@example.com", "--line", "tel:+1-425-555-0101"]);
    assert_eq!(status, 0, "{out}");
    let [.., controls, device] = out.lines().collect::<Vec<_>>()[..] else { panic!("{out}") };
    assert_eq!(words(controls), "controls 1001@HARD1 Alice, +14255550101, hard phone");
    assert_eq!(words(device), "device ID pbx cti.connection 1001");
    for (user, line, refusal) in [
        ("sip:joe@example.com", "", "404 Unknown user (counter users_unknown)"),
        (
            "sip:carol@example.com",
            "",
            "403 User not enabled for remote call control (counter users_not_enabled)",
        ),
        (
            "sip:alice@example.com",
            "tel:1002",
            "403 User not authorized for this line (counter lines_not_authorized)",
        ),
        ("sip:alice@example.com", "tel:1003", "404 Unknown line (counter lines_unknown)"),
        ("sip:alice@example.com", "tel:1001;device=HARD2", "404 Unknown device (counter devices_unknown)"),
    ] {
        let (status, out) = explain(&["--user", user, "--line", line]);
        assert_eq!(status, 1, "{out}");
        let refused = out.lines().find(|line| line.starts_with("refused ")).map(words);
        assert_eq!(refused, Some(format!("refused {refusal}")), "{out}");
        assert!(out.lines().any(|line| line.starts_with("remedy ")), "{out}");
    }
    let (status, out) = explain(&["--user", "sip:alice@example.com", "--dial", "call me"]);
    assert!(status == 1 && out.contains("invalidCalledDeviceID"), "{out}");
    let (status, out) = explain(&["--user", "sip:alice@example.com", "--peer", "192.0.2.1"]);
    assert!(status == 1 && out.contains("sip.allow"), "{out}");
    let (_, json) = explain_json(&file);
    assert!(
        json.starts_with("{\"succeeds\":true,\"steps\":[{\"step\":\"user\",\"looked_for\":\"alice\","),
        "{json}"
    );
}

fn explain_json(file: &str) -> (i32, String) {
    let (status, out, _) =
        output(&["explain", "--config", file, "--user", "sip:alice@example.com", "--json"]);
    (status, out)
}

#[test]
fn a_running_gateway_explains_what_it_would_do() {
    let (office, socket) = office("ctl-explain");
    let explain = |arguments: &[&str]| {
        let (status, out, err) = output(&[&["ctl", "explain", "--socket", &socket], arguments].concat());
        assert_eq!(err, "", "{out}");
        (status, out)
    };
    let user = ["--user", "sip:alice@example.com", "--line"];
    let (status, out) = explain(&[&user[..], &["tel:+1 (425) 555-0101", "--dial", "1002"]].concat());
    assert_eq!(status, 0, "{out}");
    let device = out.lines().find(|line| line.starts_with("device ID ")).unwrap();
    assert!(device.split_whitespace().eq(["device", "ID", "pbx", "cti.connection", "+14255550101"]), "{out}");
    assert!(out.contains("\ndials "), "{out}");
    let (status, out) = explain(&[&user[..], &["tel:1001%00"]].concat());
    assert!(status == 1 && out.contains("\nremedy "), "{out}");
    let (status, out) = explain(&[&user[..], &["tel:1001", "--json"]].concat());
    assert!(status == 0 && out.starts_with("{\"succeeds\":true,"), "{out}");
    office.close();
}
