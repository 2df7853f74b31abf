//! Calls that become one: what each client is told, and which call it means.

use super::table::{signed_in, words};
use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Bench, Client, PhoneSystem, csta, only};

const SERVICES: &str = "<callControlServList><alternateCall/><conferenceCall/><holdCall/><makeCall/><reconnectCall/>\
    <transferCall/></callControlServList><monitoringServList><monitorStart/><monitorStop/></monitoringServList>\
    <snapshotServList><snapshotDevice/></snapshotServList>";

const CONSULTING: &str = "5 hold connected, 6 connected connected";

/// A connection in a list: before and after.
type Item<'a> = (Option<(&'a str, &'a str)>, (&'a str, &'a str));

/// A transfer or a conference.
struct Joined<'a> {
    event: &'a str,
    /// The calls before it.
    olds: [&'a str; 2],
    /// The device that did it.
    by: &'a str,
    list: &'a [Item<'a>],
    /// The line's state.
    local: &'a str,
}

impl Joined<'_> {
    fn tell(&self, bench: &mut Bench, system: PhoneSystem, monitor: &str) {
        let Self { event, olds: [first, second], by, list, local } = self;
        let connection = |name: &str, call: &str, device: &str| {
            format!("<{name}><callID>{call}</callID><deviceID>{device}</deviceID></{name}>")
        };
        let item = |(old, (call, device)): &Item<'_>| {
            let old =
                old.map_or_else(String::new, |(call, device)| connection("oldConnection", call, device));
            let new = connection("newConnection", call, device);
            format!("<connectionListItem>{new}{old}</connectionListItem>")
        };
        let items: String = list.iter().map(item).collect();
        let second =
            if second.is_empty() { String::new() } else { connection("secondaryOldCall", second, by) };
        let party = |name: &str, device: &str| {
            format!("<{name}><deviceIdentifier>{device}</deviceIdentifier></{name}>")
        };
        let (subject, party_name, list_name) = if *event == "TransferedEvent" {
            ("transferringDevice", "transferredToDevice", "transferredConnections")
        } else {
            ("conferencingDevice", "addedParty", "conferenceConnections")
        };
        let local = if local.is_empty() {
            String::new()
        } else {
            format!("<localConnectionInfo>{local}</localConnectionInfo>")
        };
        let children = format!(
            "{}{second}{}{}<{list_name}>{items}</{list_name}>{local}<cause>transfer</cause>",
            connection("primaryOldCall", first, by),
            party(subject, by),
            party(party_name, "1003"),
        );
        system.event(bench, event, monitor, &children);
    }
}

const TO_CAROL: &[Item<'_>] = &[(Some(("5", "1002")), ("7", "1002")), (Some(("6", "1003")), ("7", "1003"))];
const ALL: &[Item<'_>] = &[
    (Some(("5", "1002")), ("7", "1002")),
    (Some(("5", "1001")), ("7", "1001")),
    (Some(("6", "1003")), ("7", "1003")),
];

/// What happens, the calls before it, the event, and what the client is told.
const ROWS: &[(&str, &str, Joined<'_>, &str)] = &[
    (
        "the line transfers its calls",
        CONSULTING,
        Joined { event: "TransferedEvent", olds: ["5", "6"], by: "1001", list: TO_CAROL, local: "null" },
        "Transfered 5, ConnectionCleared 5, ConnectionCleared 6",
    ),
    (
        "the same, without the line's state",
        CONSULTING,
        Joined { event: "TransferedEvent", olds: ["5", "6"], by: "1001", list: TO_CAROL, local: "" },
        "Transfered 5, ConnectionCleared 5, ConnectionCleared 6",
    ),
    (
        "the line makes its calls a conference",
        CONSULTING,
        Joined { event: "ConferencedEvent", olds: ["5", "6"], by: "1001", list: ALL, local: "connected" },
        "Conferenced 5, ConnectionCleared 5, ConnectionCleared 6",
    ),
    (
        "the far end transfers the call",
        "5 connected connected",
        Joined {
            event: "TransferedEvent",
            olds: ["5", "6"],
            by: "1002",
            list: &[(Some(("5", "1001")), ("7", "1001")), (Some(("6", "1003")), ("7", "1003"))],
            local: "connected",
        },
        "Transfered 5, ConnectionCleared 5",
    ),
    (
        "the call keeps its callID",
        "5 connected connected",
        Joined {
            event: "ConferencedEvent",
            olds: ["5", ""],
            by: "1002",
            list: &[(Some(("5", "1001")), ("5", "1001")), (None, ("5", "1003"))],
            local: "connected",
        },
        "Conferenced 5",
    ),
    (
        "the list says nothing of before",
        "5 connected connected",
        Joined {
            event: "TransferedEvent",
            olds: ["5", ""],
            by: "1002",
            list: &[(None, ("7", "1003")), (None, ("7", "1001"))],
            local: "",
        },
        "Transfered 5, ConnectionCleared 5",
    ),
    (
        "the list is empty",
        "5 connected connected",
        Joined { event: "TransferedEvent", olds: ["5", ""], by: "1002", list: &[], local: "connected" },
        "Transfered 5",
    ),
    (
        "other parties' calls alone",
        "8 connected connected",
        Joined { event: "TransferedEvent", olds: ["5", "6"], by: "1002", list: TO_CAROL, local: "" },
        "Transfered 5",
    ),
];

#[test]
fn quirk_13_what_a_transfer_or_conference_replaces_is_cleared_after_it() {
    for (what, calls, joined, told) in ROWS {
        let (mut bench, system) = Bench::in_service(&[]);
        let (client, _) = signed_in(&mut bench, system, calls);
        joined.tell(&mut bench, system, "m1");
        assert_eq!(words(&client.heard(&mut bench)), *told, "{what}");
    }
}

#[test]
fn quirk_13_sipe_s_own_call_ends_for_it_when_it_is_transferred_at_the_phone() {
    let (mut bench, system, mut client, _) = Bench::monitored(&[]);
    bench.golden(
        "quirk-13-transferred-calls-end",
        "SIPE knows no TransferedEvent, and no callID but the one that MakeCall gave it. The phone puts its call on hold,\n\
         consults another and transfers: the call is over for SIPE, too.",
    );
    client.info(&mut bench, "MakeCall", &client.call_to("1002"));
    let made = "<callingDevice><callID>5</callID><deviceID>1001</deviceID></callingDevice>";
    system.serve(&mut bench, "MakeCall", |_| csta("MakeCallResponse", made));
    bench.advance(Duration::from_millis(20));
    for (event, call, state) in [
        ("EstablishedEvent", "5", "connected"),
        ("HeldEvent", "5", "hold"),
        ("EstablishedEvent", "6", "connected"),
    ] {
        super::own(system, &mut bench, "m1", (event, call, state));
    }
    client.heard(&mut bench);
    bench.note("The transfer: call 7 is the other two's.");
    Joined { event: "TransferedEvent", olds: ["5", "6"], by: "1001", list: TO_CAROL, local: "null" }
        .tell(&mut bench, system, "m1");
    let told = words(&client.heard(&mut bench));
    assert_eq!(told, "Transfered 5, ConnectionCleared 5, ConnectionCleared 6");
}

#[test]
fn quirk_13_a_client_that_is_told_of_a_conference_late_has_its_calls_cleared_too() {
    let (mut bench, system) = Bench::in_service(&[]);
    let (mut client, _) = signed_in(&mut bench, system, CONSULTING);
    let system = system.reconnected(&mut bench);
    super::refresh(&mut bench, system, &mut client, "m2");
    // The snapshot is not answered yet; the client knows both calls.
    let joined =
        Joined { event: "ConferencedEvent", olds: ["5", "6"], by: "1001", list: ALL, local: "connected" };
    joined.tell(&mut bench, system, "m2");
    assert_eq!(words(&client.heard(&mut bench)), "Conferenced 5");
    let calls = "7 connected connected connected";
    system.serve(&mut bench, "SnapshotDevice", |_| super::table::snapshot(calls));
    assert_eq!(words(&client.heard(&mut bench)), "ConnectionCleared 5, ConnectionCleared 6");
}

/// Asks for a service about a call, and returns the callID that the phone system is asked for.
fn asked_for(bench: &mut Bench, system: PhoneSystem, client: &mut Client, call: &str) -> String {
    let held = format!("<callToBeHeld><callID>1{call}</callID></callToBeHeld>");
    assert_eq!(client.info(bench, "HoldCall", &held), []);
    let asked = system.asked(bench);
    let asked = asked.iter().find(|asked| asked.root() == "HoldCall").expect("a HoldCall");
    assert_eq!(asked.element("deviceID"), "1001");
    system.say(bench, asked.invoke, &csta("HoldCallResponse", ""));
    client.heard(bench);
    asked.element("callID").to_owned()
}

#[test]
fn a_former_call_id_stands_for_the_call_until_its_client_was_told() {
    let mut bench = Bench::new();
    let system = PhoneSystem::answer_with(&mut bench, SERVICES);
    let (mut client, _) = signed_in(&mut bench, system, CONSULTING);
    // The answer to MakeCall holds back the events.
    client.info(&mut bench, "MakeCall", &client.call_to("1004"));
    let [question] = system.asked(&mut bench).try_into().expect("a MakeCall");
    let joined =
        Joined { event: "ConferencedEvent", olds: ["5", "6"], by: "1001", list: ALL, local: "connected" };
    joined.tell(&mut bench, system, "m1");
    bench.advance(Duration::from_secs(3));
    for (named, meant) in [("5", "7"), ("6", "7"), ("7", "7"), ("8", "8")] {
        assert_eq!(asked_for(&mut bench, system, &mut client, named), meant, "{named}");
    }
    // Two calls that are one by now are not joined again.
    let both = "<heldCall><callID>15</callID></heldCall><activeCall><callID>16</callID></activeCall>";
    let answers = client.info(&mut bench, "ConferenceCall", both);
    let refused = answers.iter().find(|answer| answer.root() == "CSTAErrorCode").expect("a refusal");
    assert_eq!(refused.element("operation"), "invalidActiveConnectionID");
    let made = "<callingDevice><callID>9</callID><deviceID>1001</deviceID></callingDevice>";
    system.say(&mut bench, question.invoke, &csta("MakeCallResponse", made));
    bench.advance(Duration::from_millis(20));
    client.heard(&mut bench);
    // Now it knows. The callIDs of before are as unknown as any.
    bench.advance(Duration::from_secs(2));
    for (named, meant) in [("5", "5"), ("6", "6"), ("7", "7")] {
        assert_eq!(asked_for(&mut bench, system, &mut client, named), meant, "{named}");
    }
}

#[test]
fn a_request_that_crosses_the_event_of_a_transfer_goes_to_the_call_that_results() {
    let (mut bench, system) = Bench::in_service(&[]);
    let (mut client, _) = signed_in(&mut bench, system, "5 connected connected");
    let list: &[Item<'_>] = &[(Some(("5", "1001")), ("7", "1001")), (None, ("7", "1003"))];
    let joined = Joined { event: "TransferedEvent", olds: ["5", ""], by: "1002", list, local: "connected" };
    joined.tell(&mut bench, system, "m1");
    client.heard(&mut bench);
    bench.advance(Duration::from_micros(1_999_999));
    assert_eq!(asked_for(&mut bench, system, &mut client, "5"), "7");
    bench.advance(Duration::from_micros(1));
    assert_eq!(asked_for(&mut bench, system, &mut client, "5"), "5");
    // A call that is over leaves no name behind.
    joined.tell(&mut bench, system, "m1");
    let list: &[Item<'_>] = &[(Some(("7", "1001")), ("9", "1001"))];
    Joined { event: "TransferedEvent", olds: ["7", ""], by: "1003", list, local: "connected" }
        .tell(&mut bench, system, "m1");
    super::own(system, &mut bench, "m1", ("ConnectionClearedEvent", "9", "null"));
    client.heard(&mut bench);
    assert_eq!(asked_for(&mut bench, system, &mut client, "7"), "7");
}

#[test]
fn a_response_to_a_transfer_that_names_another_call_than_its_event_is_verified() {
    for (response, event_first, differs) in [("7", false, false), ("9", false, true), ("9", true, true)] {
        let mut bench = Bench::new();
        let system = PhoneSystem::answer_with(&mut bench, SERVICES);
        let (mut client, _) = signed_in(&mut bench, system, CONSULTING);
        let both = "<heldCall><callID>15</callID></heldCall><activeCall><callID>16</callID></activeCall>";
        client.info(&mut bench, "ConferenceCall", both);
        let [asked] = system.asked(&mut bench).try_into().expect("a ConferenceCall");
        let joined =
            Joined { event: "ConferencedEvent", olds: ["5", "6"], by: "1001", list: ALL, local: "connected" };
        if event_first {
            joined.tell(&mut bench, system, "m1");
        }
        let result =
            format!("<conferenceCall><callID>{response}</callID><deviceID>1002</deviceID></conferenceCall>");
        system.say(&mut bench, asked.invoke, &csta("ConferenceCallResponse", &result));
        if !event_first {
            joined.tell(&mut bench, system, "m1");
        }
        bench.advance(Duration::from_millis(20));
        let heard = client.heard(&mut bench);
        assert_eq!(heard[0].root(), "ConferenceCallResponse");
        assert_eq!(words(&heard[1..]), "Conferenced 5, ConnectionCleared 5, ConnectionCleared 6");
        let notices = bench.notices();
        let told = notices.iter().filter(|notice| notice.starts_with("calls_differ")).count();
        assert_eq!(told, usize::from(differs), "{notices:?}");
        if differs {
            // The snapshot has the last word.
            let calls = super::table::snapshot("9 connected connected connected");
            system.serve(&mut bench, "SnapshotDevice", |_| calls);
            assert_eq!(words(&client.heard(&mut bench)), "ConnectionCleared 7, Established 9");
        }
        assert_eq!(bench.engine().view().pending, 0);
    }
}

#[test]
fn a_new_call_under_a_former_call_id_is_the_one_that_is_meant() {
    let (mut bench, system) = Bench::in_service(&[]);
    let (mut client, _) = signed_in(&mut bench, system, "5 connected connected");
    let list: &[Item<'_>] = &[(Some(("5", "1001")), ("7", "1001"))];
    Joined { event: "TransferedEvent", olds: ["5", ""], by: "1002", list, local: "connected" }
        .tell(&mut bench, system, "m1");
    super::own(system, &mut bench, "m1", ("DeliveredEvent", "5", "alerting"));
    assert_eq!(
        words(&client.heard(&mut bench)),
        "Transfered 5, ConnectionCleared 5, Delivered 5",
        "each is told of in its turn"
    );
    assert_eq!(asked_for(&mut bench, system, &mut client, "5"), "5");
}

#[test]
fn clients_of_several_lines_in_one_call_each_see_their_own_side() {
    let (mut bench, system) = Bench::in_service(&[]);
    let (alice, _) = signed_in(&mut bench, system, CONSULTING);
    let mut others = Vec::new();
    for (number, call) in [(1002_usize, "5"), (1003, "6")] {
        let mut client = Client::of_line(&mut bench, &format!("user{number}"), number);
        client.sign_in(&mut bench, system);
        let name = format!("m{number}");
        let id = client.monitor(&mut bench, system, &name);
        let children = format!(
            "<establishedConnection><callID>{call}</callID><deviceID>{number}</deviceID></establishedConnection>\
             <answeringDevice><deviceIdentifier>{number}</deviceIdentifier></answeringDevice>\
             <localConnectionInfo>connected</localConnectionInfo><cause>normal</cause>"
        );
        system.event(&mut bench, "EstablishedEvent", &name, &children);
        client.heard(&mut bench);
        others.push((client, name, id));
    }
    let transfer =
        |local| Joined { event: "TransferedEvent", olds: ["5", "6"], by: "1001", list: TO_CAROL, local };
    transfer("null").tell(&mut bench, system, "m1");
    assert_eq!(words(&alice.heard(&mut bench)), "Transfered 5, ConnectionCleared 5, ConnectionCleared 6");
    for ((client, name, id), told) in others.iter().zip(["ConnectionCleared 5", "ConnectionCleared 6"]) {
        transfer("connected").tell(&mut bench, system, name);
        let events = client.heard(&mut bench);
        assert_eq!(words(&events), format!("Transfered 5, {told}"));
        assert!(events.iter().all(|event| event.element("monitorCrossRefID") == id));
    }
    assert_eq!(alice.heard(&mut bench), [], "the others' events are not hers");
}

#[test]
fn two_calls_of_which_one_is_another_line_s_are_not_joined() {
    let mut bench = Bench::new();
    let system = PhoneSystem::answer_with(&mut bench, SERVICES);
    let (mut alice, _) = signed_in(&mut bench, system, "5 hold connected");
    let mut bob = Client::of_line(&mut bench, "bob", 1002);
    bob.sign_in(&mut bench, system);
    bob.monitor(&mut bench, system, "m2");
    let held = "<heldConnection><callID>9</callID><deviceID>1002</deviceID></heldConnection>\
        <holdingDevice><deviceIdentifier>1002</deviceIdentifier></holdingDevice><cause>normal</cause>";
    system.event(&mut bench, "HeldEvent", "m2", held);
    bob.heard(&mut bench);
    let own = |name: &str| format!("<{name}><callID>15</callID><deviceID>1001</deviceID></{name}>");
    let his = |name: &str| format!("<{name}><callID>19</callID><deviceID>1002</deviceID></{name}>");
    for service in ["TransferCall", "ConferenceCall", "AlternateCall", "ReconnectCall"] {
        for (inside, value) in [
            (own("heldCall") + &his("activeCall"), "invalidActiveConnectionID"),
            (his("heldCall") + &own("activeCall"), "invalidHeldConnectionID"),
        ] {
            bench.notices();
            let refused = only(&alice.info(&mut bench, service, &inside), 200);
            assert_eq!(refused.element("operation"), value, "{service}");
            assert_eq!(system.asked(&mut bench), [], "{service}");
            assert!(bench.notices().iter().any(|notice| notice.contains(value)), "{service}");
        }
    }
    assert_eq!(bob.heard(&mut bench), []);
}

#[test]
fn calls_at_two_phone_systems_are_not_joined_even_while_the_client_knows_both() {
    let text = |text: &str| Value::Text(text.into());
    let mut bench = Bench::with(&[
        ("cti.connection[0].switch", text("here")),
        ("cti.connection[1].address", text("127.0.0.1:4001")),
        ("cti.connection[1].switch", text("there")),
    ]);
    let systems = PhoneSystem::answer_all_with(&mut bench, SERVICES);
    let [here, there] = systems.try_into().expect("two phone systems");
    let (mut client, _) = signed_in(&mut bench, here, "5 hold connected");
    bench.close(here.link());
    client.invite(&mut bench);
    let asked = there.asked(&mut bench);
    // It makes a call at the other phone system before it was told that the first one's is over.
    client.info(&mut bench, "MakeCall", &client.call_to("1004"));
    let made = "<callingDevice><callID>6</callID><deviceID>1001</deviceID></callingDevice>";
    there.serve(&mut bench, "MakeCall", |_| csta("MakeCallResponse", made));
    only(&client.heard(&mut bench), 200);
    for (service, held, active, value) in [
        ("TransferCall", "15", "26", "invalidHeldConnectionID"),
        ("TransferCall", "26", "15", "invalidActiveConnectionID"),
        ("ConferenceCall", "15", "26", "invalidHeldConnectionID"),
        ("ConferenceCall", "26", "15", "invalidActiveConnectionID"),
    ] {
        let inside = format!(
            "<heldCall><callID>{held}</callID></heldCall><activeCall><callID>{active}</callID></activeCall>"
        );
        let refused = only(&client.info(&mut bench, service, &inside), 200);
        assert_eq!(refused.element("operation"), value, "{service} {held} {active}");
        assert_eq!(there.asked(&mut bench), []);
    }
    assert_eq!(asked[0].root(), "MonitorStart");
}
