//! What clients are told after a move, and at sign-in: the table in ARCHITECTURE.md, row by row.

use ctigate_core::Duration;
use ctigate_tests::bench::{Bench, Client, PhoneSystem, Sip, csta, only};

/// A snapshot of the line from the table's words: `5 hold connected, 6 connected alerting`.
pub(super) fn snapshot(calls: &str) -> String {
    let item = |call: &str| {
        let mut words = call.split_whitespace();
        let id = words.next().expect("a callID");
        let state = |state| ["<localConnectionState>", state, "</localConnectionState>"];
        let states: String = words.flat_map(state).collect();
        format!(
            "<snapshotDeviceResponseInfo><connectionIdentifier><callID>{id}</callID><deviceID>1001</deviceID>\
             </connectionIdentifier><localCallState><compoundCallState>{states}</compoundCallState></localCallState>\
             </snapshotDeviceResponseInfo>"
        )
    };
    let items: String = calls.split(',').map(str::trim).filter(|call| !call.is_empty()).map(item).collect();
    let data = format!("<snapshotData>{items}</snapshotData>");
    csta("SnapshotDeviceResponse", &format!("<crossRefIDorSnapshotData>{data}</crossRefIDorSnapshotData>"))
}

/// A client that signs in while its line has these calls, with a monitor that the phone system names `m1`; what it is
/// told.
pub(super) fn signed_in(bench: &mut Bench, system: PhoneSystem, calls: &str) -> (Client, Vec<Sip>) {
    let mut client = Client::new(bench, "alice");
    let body = client.sign_in_body();
    client.send(bench, "INVITE", &body);
    system.serve(bench, "SnapshotDevice", |_| snapshot(calls));
    client.take_tag(&only(&client.heard(bench), 200));
    client.send(bench, "ACK", "");
    client.monitor(bench, system, "m1");
    if !calls.is_empty() {
        system.serve(bench, "SnapshotDevice", |_| snapshot(calls));
        bench.advance(Duration::from_millis(20));
    }
    let told = client.heard(bench);
    (client, told)
}

/// What the table calls these events.
pub(super) fn words(events: &[Sip]) -> String {
    let one = |event: &Sip| {
        if event.root() == "QueuedEvent" {
            assert_eq!(event.element("localConnectionInfo"), "queued", "{event:?}");
        }
        let (root, call) = (event.root().replace("Event", ""), event.element("callID"));
        format!("{root} {}", call.strip_prefix('1').expect("the first phone system's"))
    };
    events.iter().map(one).collect::<Vec<String>>().join(", ")
}

fn rows() -> Vec<[String; 3]> {
    let text = include_str!("../../../ARCHITECTURE.md");
    let (_, table) = text.split_once("| the client knows |").expect("the table");
    let rows = table.lines().skip(2).take_while(|line| line.starts_with('|'));
    let cells = |row: &str| {
        let cells: Vec<String> =
            row.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect();
        cells.try_into().expect("three cells")
    };
    rows.map(cells).collect()
}

#[test]
fn each_row_of_the_table_is_told_after_a_move() {
    assert!(rows().len() > 20);
    for [known, found, told] in rows() {
        let (mut bench, system) = Bench::in_service(&[]);
        let (mut client, _) = signed_in(&mut bench, system, &known);
        let system = system.reconnected(&mut bench);
        super::refresh(&mut bench, system, &mut client, "m2");
        system.serve(&mut bench, "SnapshotDevice", |_| snapshot(&found));
        assert_eq!(words(&client.heard(&mut bench)), told, "{known} | {found}");
    }
}

#[test]
fn a_client_that_signs_in_is_shown_the_calls_of_its_line() {
    for [known, found, told] in rows() {
        // A line that is in no call is not asked for again.
        if known.is_empty() && !told.is_empty() {
            let (mut bench, system) = Bench::in_service(&[]);
            let (_, events) = signed_in(&mut bench, system, &found);
            assert_eq!(words(&events), told, "{found}");
        }
    }
}

#[test]
fn a_client_that_signs_in_without_calls_costs_no_further_snapshot() {
    let (mut bench, system) = Bench::in_service(&[]);
    for calls in ["", "5 null connected"] {
        let mut client = Client::new(&mut bench, "alice");
        let body = client.sign_in_body();
        client.send(&mut bench, "INVITE", &body);
        system.serve(&mut bench, "SnapshotDevice", |_| snapshot(calls));
        client.take_tag(&only(&client.heard(&mut bench), 200));
        client.send(&mut bench, "ACK", "");
        client.info(&mut bench, "MonitorStart", &client.monitor_object());
        let asked = system.asked(&mut bench);
        assert!(asked.iter().all(|asked| asked.root() == "MonitorStart"), "{asked:?}");
    }
}

#[test]
fn a_second_client_of_a_line_is_shown_the_calls_that_the_first_one_knows() {
    let (mut bench, system) = Bench::in_service(&[]);
    let calls = "5 hold connected, 6 connected connected";
    let (alice, _) = signed_in(&mut bench, system, calls);
    let mut bob = Client::new(&mut bench, "bob");
    // Its sign-in finds no calls yet; the monitor of the line knows better.
    bob.sign_in(&mut bench, system);
    let object = bob.monitor_object();
    only(&bob.info(&mut bench, "MonitorStart", &object), 200);
    system.serve(&mut bench, "SnapshotDevice", |_| snapshot(calls));
    bench.advance(Duration::from_millis(20));
    assert_eq!(words(&bob.heard(&mut bench)), "Established 5, Held 5, Established 6");
    assert_eq!(alice.heard(&mut bench), []);
}

#[test]
fn calls_are_shown_once_the_monitor_starts_that_was_refused_before() {
    let (mut bench, system) = Bench::in_service(&[]);
    let mut client = Client::new(&mut bench, "alice");
    let body = client.sign_in_body();
    client.send(&mut bench, "INVITE", &body);
    system.serve(&mut bench, "SnapshotDevice", |_| snapshot("5 connected connected"));
    client.take_tag(&only(&client.heard(&mut bench), 200));
    client.send(&mut bench, "ACK", "");
    let object = client.monitor_object();
    client.info(&mut bench, "MonitorStart", &object);
    let busy = ctigate_tests::bench::csta_error("systemResourceAvailibility", "resourceBusy");
    system.serve(&mut bench, "MonitorStart", |_| busy);
    client.heard(&mut bench);
    client.monitor(&mut bench, system, "m1");
    system.serve(&mut bench, "SnapshotDevice", |_| snapshot("5 connected connected"));
    bench.advance(Duration::from_millis(20));
    assert_eq!(words(&client.heard(&mut bench)), "Established 5");
}

#[test]
fn a_call_of_more_parties_than_count_is_kept_and_said_once() {
    let crowd = format!("5 connected{} alerting connected", " null".repeat(7));
    let told = |bench: &mut Bench| {
        let notices = bench.notices();
        notices
            .into_iter()
            .filter(|notice| notice.starts_with("parties_not_counted"))
            .collect::<Vec<String>>()
    };
    for (limit, shown) in [(8, "Originated 5"), (9, "Delivered 5"), (10, "Established 5")] {
        let limit = [("limits.parties", ctigate_core::setting::Value::Integer(limit))];
        let (mut bench, system) = Bench::in_service(&limit);
        let (mut client, events) = signed_in(&mut bench, system, &crowd);
        assert_eq!(words(&events), shown);
        let notices = told(&mut bench);
        assert_eq!(notices.len(), usize::from(shown != "Established 5"), "{notices:?}");
        if let Some(notice) = notices.first() {
            assert!(notice.contains("call=5") && notice.contains("parties=10"), "{notice}");
        }
        let system = system.reconnected(&mut bench);
        super::refresh(&mut bench, system, &mut client, "m2");
        system.serve(&mut bench, "SnapshotDevice", |_| snapshot(&crowd));
        assert_eq!(words(&client.heard(&mut bench)), "", "nothing has changed");
        assert_eq!(told(&mut bench), [""; 0], "it was said before");
    }
}
