//! Dialogs that are taken over while their lines have calls: the client is shown the existing ones, and they continue.

use super::{orphan, other_node, refresh};
use ctigate_tests::bench::{Bench, Client, PhoneSystem, Sip, only};

/// A dialog taken over up to the snapshot of its line; the ID that the client holds.
fn behind() -> (Bench, PhoneSystem, Client, String) {
    let (mut client, id) = orphan();
    let (mut bench, system) = other_node(&mut client, &[]);
    refresh(&mut bench, &mut client);
    system.knows_line(&mut bench);
    only(&client.heard(&mut bench), 200);
    client.send(&mut bench, "ACK", "");
    system.start_monitor(&mut bench, "m9");
    (bench, system, client, id)
}

/// An event about a call of the line's.
fn say(bench: &mut Bench, system: PhoneSystem, (event, call): (&str, &str)) {
    let (connection, device, more, local) = match event {
        "HeldEvent" => ("heldConnection", "holdingDevice", "", "hold"),
        "RetrievedEvent" => ("retrievedConnection", "retrievingDevice", "", "connected"),
        "EstablishedEvent" => (
            "establishedConnection",
            "answeringDevice",
            "<lastRedirectionDevice><notRequired/></lastRedirectionDevice>",
            "connected",
        ),
        _ => ("droppedConnection", "releasingDevice", "", "null"),
    };
    let children = format!(
        "<{connection}><callID>{call}</callID><deviceID>1001</deviceID></{connection}>\
         <{device}><deviceIdentifier>1001</deviceIdentifier></{device}>{more}\
         <localConnectionInfo>{local}</localConnectionInfo><cause>normal</cause>"
    );
    system.event(bench, event, "m9", &children);
}

/// The events about calls that a client gets, all with the ID that it holds.
fn told(client: &Client, bench: &mut Bench, id: &str) -> Vec<String> {
    let one = |event: &Sip| {
        assert_eq!(event.element("monitorCrossRefID"), id, "{event:?}");
        assert!(event.header("From").ends_with(&format!(";tag={}", client.gateway_tag)), "{event:?}");
        format!("{} {} {}", event.root(), event.element("callID"), event.element("localConnectionInfo"))
    };
    client.heard(bench).iter().map(one).collect()
}

#[test]
fn s10_the_calls_there_are_are_shown_to_the_client_and_go_on() {
    let (mut bench, system, client, id) = behind();
    let calls = [
        ("5", "1002", ["alerting", "connected"]),
        ("6", "1003", ["connected", "connected"]),
        ("7", "1004", ["hold", "connected"]),
        ("8", "1005", ["connected", "alerting"]),
    ];
    system.has_calls(&mut bench, &calls);
    let shown = [
        "DeliveredEvent 15 alerting",
        "EstablishedEvent 16 connected",
        "EstablishedEvent 17 connected",
        "HeldEvent 17 hold",
        "DeliveredEvent 18 connected",
    ];
    assert_eq!(told(&client, &mut bench, &id), shown);
    for (event, said) in [
        (("EstablishedEvent", "5"), "EstablishedEvent 15 connected"),
        (("RetrievedEvent", "7"), "RetrievedEvent 17 connected"),
        (("ConnectionClearedEvent", "6"), "ConnectionClearedEvent 16 null"),
    ] {
        say(&mut bench, system, event);
        assert_eq!(told(&client, &mut bench, &id), [said]);
    }
}

#[test]
fn s10_an_event_before_the_snapshot_neither_is_lost_nor_contradicts_it() {
    let (mut bench, system, client, id) = behind();
    say(&mut bench, system, ("EstablishedEvent", "6"));
    say(&mut bench, system, ("HeldEvent", "7"));
    assert_eq!(told(&client, &mut bench, &id), [""; 0], "which calls there are is not known yet");
    system.has_calls(&mut bench, &[("7", "1004", ["hold", "connected"])]);
    let shown = ["EstablishedEvent 17 connected", "HeldEvent 17 hold", "EstablishedEvent 16 connected"];
    assert_eq!(told(&client, &mut bench, &id), shown);
    say(&mut bench, system, ("ConnectionClearedEvent", "6"));
    assert_eq!(told(&client, &mut bench, &id), ["ConnectionClearedEvent 16 null"]);
}

#[test]
fn s10_a_further_takeover_shows_them_once_more() {
    let (mut bench, system, mut client, id) = behind();
    system.has_calls(&mut bench, &[("7", "1004", ["hold", "connected"])]);
    assert_eq!(told(&client, &mut bench, &id).len(), 2);
    let (mut third, system) = other_node(&mut client, &[]);
    refresh(&mut third, &mut client);
    system.knows_line(&mut third);
    only(&client.heard(&mut third), 200);
    client.send(&mut third, "ACK", "");
    system.start_monitor(&mut third, "m9");
    system.has_calls(&mut third, &[("7", "1004", ["connected", "connected"])]);
    assert_eq!(told(&client, &mut third, &id), ["EstablishedEvent 17 connected"]);
    say(&mut third, system, ("ConnectionClearedEvent", "7"));
    assert_eq!(told(&client, &mut third, &id), ["ConnectionClearedEvent 17 null"]);
}
