//! Tests of the commands that say why a user controls no line, and what a user's session does.

use crate::office::Office;
use crate::program::output;

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
        line.map(|line| line[name.len()..].trim().to_owned()).unwrap_or_else(|| panic!("{name} in {shown}"))
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
    assert!(err.contains(": nobody has no session; "), "{err}");
    drop(alice);
    office.close();
}
