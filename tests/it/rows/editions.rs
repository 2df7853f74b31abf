//! Differences between editions of ECMA-323. A document of the phone system that does not say its edition is in the one
//! agreed with it.

use ctigate_core::wire::csta::events::{Part, Slot, shapes};
use ctigate_core::wire::csta::member::Names;
use ctigate_tests::bench::{Asked, Sip, only};

use super::desk::{Desk, LINE, SHOWN_LINE, document, lists};
use super::samples::{connection, element};

/// An element that no edition has.
const STRANGE: &str = "<dance>waltz</dance>";
/// What edition 6 added to the response to MakeCall, and to an item of a snapshot.
const LINKAGE: &str = "<callLinkageData><globalCallData><globalCallSwitchingSubDomainName>d\
    </globalCallSwitchingSubDomainName></globalCallData></callLinkageData>";

/// The editions of a phone system and of a client, and whether what only one edition may have passes.
const PAIRS: [(u8, u8, bool); 4] = [(3, 3, true), (6, 6, true), (6, 3, false), (3, 6, false)];

/// A document without a namespace.
fn nameless(root: &str, inside: &str) -> String {
    format!("<?xml version=\"1.0\"?><{root}>{inside}</{root}>")
}

/// `text` if `is_there`, else nothing.
fn only_if(is_there: bool, text: &str) -> &str {
    if is_there { text } else { "" }
}

/// The phone system answers without a namespace.
fn says(desk: &mut Desk, asked: &Asked, root: &str, inside: &str) -> Sip {
    desk.system.say(&mut desk.bench, asked.invoke, &nameless(root, inside));
    only(&desk.client.heard(&mut desk.bench), 200)
}

/// The phone system sends something unrequested, without a namespace; returns what the client gets of it.
fn sends(desk: &mut Desk, root: &str, inside: &str) -> String {
    desk.system.say(&mut desk.bench, 9999, &nameless(root, inside));
    desk.wait();
    only(&desk.client.heard(&mut desk.bench), 0).body().to_owned()
}

#[test]
fn a_response_without_a_namespace_is_of_the_agreed_edition() {
    for (link, spoken, passes) in PAIRS {
        let mut desk = Desk::new(link, spoken);
        let inside = element("callingDevice", LINE) + &element("calledDirectoryNumber", "tel:1005");
        let asked = desk.passed("MakeCall", &inside);
        let made = connection("callingDevice", "7", "1001") + LINKAGE + STRANGE;
        let heard = says(&mut desk, &asked, "MakeCallResponse", &made);
        // A client of edition 6 gets the linkage whatever the phone system's edition.
        let rest = only_if(spoken == 6 || passes, LINKAGE).to_owned() + only_if(passes, STRANGE);
        let wanted = connection("callingDevice", "17", LINE) + &rest;
        assert_eq!(heard.body(), document(spoken, "MakeCallResponse", &wanted), "{link} {spoken}");
    }
}

#[test]
fn a_snapshot_without_a_namespace_is_of_the_agreed_edition() {
    for (link, spoken, passes) in PAIRS {
        let mut desk = Desk::new(link, spoken);
        let asked = desk.passed("SnapshotDevice", &element("snapshotObject", LINE));
        let snapshot = |call: &str, line: &str, beside: &str| {
            let own = connection("connectionIdentifier", call, line);
            let state = element("localCallState", "<unknown/>");
            let item = element("snapshotDeviceResponseInfo", &(own + &state + beside));
            element("crossRefIDorSnapshotData", &element("snapshotData", &item))
        };
        let sent = snapshot("7", "1001", &format!("{LINKAGE}{STRANGE}"));
        let heard = says(&mut desk, &asked, "SnapshotDeviceResponse", &sent);
        let rest = only_if(spoken == 6 || passes, LINKAGE).to_owned() + only_if(passes, STRANGE);
        let wanted = snapshot("17", SHOWN_LINE, &rest);
        assert_eq!(heard.body(), document(spoken, "SnapshotDeviceResponse", &wanted), "{link} {spoken}");
    }
}

#[test]
fn an_event_without_a_namespace_is_of_the_agreed_edition() {
    for (link, spoken, passes) in PAIRS {
        let mut desk = Desk::with_calls(link, spoken);
        // A client is answered in the edition that it used last.
        only(&desk.ask("GetCSTAFeatures", ""), 200);
        for root in ["HeldEvent", "QueuedEvent"] {
            let heard = sends(&mut desk, root, &(event(root) + STRANGE));
            assert_eq!(heard.contains(STRANGE), passes, "{link} {spoken}: {heard}");
        }
    }
}

/// An element of an event, with something in it that fits.
fn filled(slot: &Slot) -> String {
    match slot.part {
        Part::CrossReference => element(slot.name, "m1"),
        Part::Connection | Part::SecondConnection | Part::Copy(Names::Connection) => {
            connection(slot.name, "7", "1001")
        }
        Part::Subject | Part::NewParty | Part::Calling | Part::Called | Part::Copy(Names::Within { .. }) => {
            element(slot.name, "<deviceIdentifier>1002</deviceIdentifier>")
        }
        Part::Redirection => element(slot.name, "<notKnown/>"),
        Part::List => {
            element(slot.name, &element("connectionListItem", &connection("newConnection", "7", "1001")))
        }
        Part::LocalState => element(slot.name, "connected"),
        Part::Cause => element(slot.name, "normal"),
        Part::Copy(Names::Device) => element(slot.name, "1002"),
        Part::Copy(Names::None) => element(slot.name, "x"),
    }
}

#[test]
fn no_client_gets_an_element_of_an_event_that_its_edition_has_not() {
    let mut later = 0;
    for spoken in 3..=6 {
        let mut desk = Desk::with_calls(6, spoken);
        only(&desk.ask("GetCSTAFeatures", ""), 200);
        for shape in shapes() {
            let inside: String = shape.slots.iter().map(filled).collect();
            desk.system.say(&mut desk.bench, 9999, &document(6, shape.root, &inside));
            desk.wait();
            let heard = desk.client.heard(&mut desk.bench);
            let told = heard.iter().find(|event| event.root() == shape.root).expect(shape.root);
            for slot in shape.slots {
                let is_there = told.body().contains(&format!("<{}>", slot.name));
                assert_eq!(is_there, slot.since <= spoken, "{} {} in {spoken}", shape.root, slot.name);
                later += usize::from(!is_there);
            }
        }
    }
    assert!(later > 30, "{later}");
}

#[test]
fn what_a_client_is_shown_after_a_move_is_in_its_edition() {
    for spoken in 2..=6 {
        let mut desk = Desk::with_calls(6, spoken);
        only(&desk.ask("GetCSTAFeatures", ""), 200);
        let lost = document(6, "SystemStatus", "<systemStatus>messagesLost</systemStatus>");
        desk.system.say(&mut desk.bench, 9999, &lost);
        let asked = desk.system.asked(&mut desk.bench);
        let asked = asked.iter().find(|asked| asked.root() == "SnapshotDevice").expect("a snapshot");
        let states =
            ["hold", "connected", "connected"].map(|state| element("localConnectionState", state)).concat();
        let item = connection("connectionIdentifier", "9", "1001")
            + &element("localCallState", &element("compoundCallState", &states));
        let data = element("snapshotData", &element("snapshotDeviceResponseInfo", &item));
        let snapshot = element("crossRefIDorSnapshotData", &data);
        desk.system.say(&mut desk.bench, asked.invoke, &document(6, "SnapshotDeviceResponse", &snapshot));
        desk.wait();
        let heard = desk.client.heard(&mut desk.bench);
        let roots: Vec<&str> = heard.iter().map(Sip::root).collect();
        let expected = ["ConnectionClearedEvent", "ConnectionClearedEvent", "EstablishedEvent", "HeldEvent"];
        assert_eq!(roots, expected, "{spoken}");
        let namespace = format!("csta/ed{spoken}\"");
        assert!(heard.iter().all(|event| event.body().contains(&namespace)), "{heard:?}");
    }
}

/// An event that is modelled, or one that is not.
fn event(root: &str) -> String {
    let name = if root == "HeldEvent" { "heldConnection" } else { "queuedConnection" };
    element("monitorCrossRefID", "m1") + &connection(name, "7", "1001") + "<cause>normal</cause>"
}

#[test]
fn a_list_of_devices_without_a_namespace_is_of_the_agreed_edition() {
    for (link, spoken, passes) in PAIRS {
        let mut desk = Desk::new(link, spoken);
        let asked = desk.passed("GetSwitchingFunctionDevices", "");
        let named = element("serviceCrossRefID", "x1");
        says(&mut desk, &asked, "GetSwitchingFunctionDevicesResponse", &named);
        let part = named + "<lastSegment>true</lastSegment><deviceList/>" + STRANGE;
        let heard = sends(&mut desk, "SwitchingFunctionDevices", &part);
        assert_eq!(heard.contains(STRANGE), passes, "{link} {spoken}: {heard}");
    }
}

#[test]
fn a_device_is_told_to_have_what_the_client_s_edition_has_alone() {
    let info =
        |services: &[&str]| element("logDevServList", &element("callControlServList", &members(services)));
    for (link, spoken, told) in [(6, 3, &["makeCall"][..]), (6, 6, &["makeCall", "makeConnection"])] {
        let mut desk = Desk::with(link, spoken, &lists(|_| true), &[]);
        let asked = desk.passed("GetLogicalDeviceInformation", &element("device", LINE));
        let root = "GetLogicalDeviceInformationResponse";
        let heard = only(&desk.says(&asked, root, &info(&["makeCall", "makeConnection"])), 200);
        assert_eq!(heard.element("logDevServList"), element("callControlServList", &members(told)));
        // A list that has only later services becomes empty and is left out.
        let asked = desk.passed("GetLogicalDeviceInformation", &element("device", LINE));
        let heard = only(&desk.says(&asked, root, &info(&["makeConnection"])), 200);
        assert_eq!(heard.body().contains("logDevServList"), spoken == 6);
    }
}

/// The members of a list.
fn members(services: &[&str]) -> String {
    services.iter().map(|name| element(name, "")).collect()
}
