//! Hostile requests: of other editions, with unknown members, about calls of others. Each gets one answer, and the
//! phone system gets none that does not concern the line.

use ctigate_core::setting::Value;
use ctigate_core::wire::csta::services::{Served, Service, all};
use ctigate_tests::bench::{Client, only};

use super::desk::{Desk, LINE, OTHER, SHOWN_LINE, document, error, lists};
use super::samples::{Samples, connection, element};

fn relayed() -> impl Iterator<Item = &'static Service> {
    all().iter().filter(|service| service.served == Served::Relayed)
}

/// A MakeCall for this number.
pub(super) fn make_call(number: &str) -> String {
    element("callingDevice", LINE) + &element("calledDirectoryNumber", number)
}

#[test]
fn every_row_keeps_what_is_of_a_later_edition_from_an_earlier_one() {
    for (spoken, link) in [(6, 3), (3, 6), (5, 4), (6, 5), (6, 6), (4, 4)] {
        let mut desk = Desk::with_calls(link, spoken);
        for service in relayed().filter(|service| service.since <= spoken) {
            let request = Samples::request(service, spoken, link);
            let asked = desk.passed(service.root, &request.sent());
            assert_eq!(asked.document, document(link, service.root, &request.got()), "{spoken} to {link}");
            let response = Samples::response(service, link, spoken);
            let answers = desk.says(&asked, service.response_root, &response.sent());
            let seen = document(spoken, service.response_root, &response.got());
            assert_eq!(only(&answers, 200).body(), seen, "{link} to {spoken}");
            desk.wait();
        }
    }
}

#[test]
fn an_unknown_member_that_names_a_call_or_a_device_goes_nowhere() {
    for inside in [
        "<callID>19</callID>",
        "<to><deviceID>1002</deviceID></to>",
        "<x typeOfNumber=\"other\">1002</x>",
        "<targetDevice>1002</targetDevice>",
        "<to><CallingNumber>1002</CallingNumber></to>",
        "<otherDN>1002</otherDN>",
    ] {
        let mut desk = Desk::with_calls(3, 3);
        let sent = connection("callToBeHeld", "17", "1001") + &element("dance", inside);
        let asked = desk.passed("HoldCall", &sent);
        assert_eq!(asked.document, document(3, "HoldCall", &connection("callToBeHeld", "7", "1001")));
    }
}

#[test]
fn a_service_of_a_later_edition_is_not_served_to_an_earlier_one() {
    for (root, inside) in
        [("MakeConnection", element("initiatingDevice", LINE)), ("GetCallBack", element("device", LINE))]
    {
        Desk::new(6, 3).refuses(root, &inside, "serviceNotSupported");
        Desk::new(6, 6).passed(root, &inside);
    }
}

#[test]
fn the_reason_of_edition_6_stays_away_from_a_link_of_edition_3() {
    let inside = make_call("1002") + "<reason>emergency</reason>";
    for (spoken, link, passes) in [(6, 3, false), (6, 6, true), (3, 3, true), (3, 6, true)] {
        let asked = Desk::new(link, spoken).passed("MakeCall", &inside);
        assert_eq!(asked.document.contains("emergency"), passes, "{spoken} to {link}");
    }
}

#[test]
fn unknown_members_pass_between_equal_editions_alone() {
    let unknown = "<dance><style>waltz &amp; more</style></dance>";
    for (spoken, link) in [(3, 3), (6, 6), (6, 3), (3, 6)] {
        let mut desk = Desk::with_calls(link, spoken);
        let sent = format!("{unknown}{}", connection("callToBeHeld", "17", "1001"));
        let asked = desk.passed("HoldCall", &sent);
        let kept = if spoken == link { unknown } else { "" };
        let got = connection("callToBeHeld", "7", "1001") + kept;
        assert_eq!(asked.document, document(link, "HoldCall", &got), "{spoken} to {link}");
        let named = "<dance><deviceID>1002</deviceID></dance>";
        let answers = desk.says(&asked, "HoldCallResponse", named);
        let seen = if spoken == link { named.replace("1002", OTHER) } else { String::new() };
        let answer = only(&answers, 200);
        assert_eq!(answer.body(), document(spoken, "HoldCallResponse", &seen), "{link} to {spoken}");
    }
}

#[test]
fn a_connection_is_named_by_call_device_or_both_in_any_order() {
    let mut desk = Desk::with_calls(3, 3);
    let own = "<callID>7</callID><deviceID>1001</deviceID>";
    for (named, got) in [
        ("<callID>17</callID>", own),
        ("<callID>17</callID><deviceID/>", own),
        ("<callID>17</callID><deviceID>1001</deviceID>", own),
        ("<deviceID>1001</deviceID><callID>17</callID>", own),
        ("<deviceID>tel:1002;phone-context=dialstring</deviceID><callID>17</callID>", own),
        ("<callID>17</callID><deviceID typeOfNumber=\"dynamic\">d4</deviceID>", own),
        ("<deviceID>1001</deviceID>", "<deviceID>1001</deviceID>"),
        ("<deviceID>tel:1001;phone-context=dialstring</deviceID><callID/>", "<deviceID>1001</deviceID>"),
        // The gateway does not know this call: whether the line is in it is for the phone system to check.
        ("<callID>16</callID>", "<callID>6</callID><deviceID>1001</deviceID>"),
    ] {
        let asked = desk.passed("HoldCall", &element("callToBeHeld", named));
        assert_eq!(asked.document, document(3, "HoldCall", &element("callToBeHeld", got)), "{named}");
        desk.agrees(&asked);
    }
    for (named, value) in [
        ("", "invalidConnectionID"),
        ("17", "invalidConnectionID"),
        ("<callID>0_</callID>", "invalidConnectionID"),
        ("<callID>0_<!-- half a call --> 7</callID>", "invalidConnectionID"),
        ("<deviceID>1002</deviceID>", "privilegeViolationSpecifiedDevice"),
        ("<deviceID typeOfNumber=\"dynamic\">d4</deviceID>", "privilegeViolationSpecifiedDevice"),
    ] {
        desk.refuses("HoldCall", &element("callToBeHeld", named), value);
    }
}

#[test]
fn two_connections_go_on_as_named_even_if_they_look_exchanged() {
    let mut desk = Desk::with_calls(3, 3);
    for (held, active) in [("7", "8"), ("8", "7"), ("7", "7")] {
        let named = |prefix: &str| {
            let held = connection("heldCall", &format!("{prefix}{held}"), "1001");
            held + &connection("activeCall", &format!("{prefix}{active}"), "1001")
        };
        let asked = desk.passed("TransferCall", &named("0_"));
        assert_eq!(asked.document, document(3, "TransferCall", &named("")));
        let transferred = connection("transferredCall", "9", "1002");
        let answers = desk.says(&asked, "TransferCallResponse", &transferred);
        assert_eq!(
            only(&answers, 200).element("transferredCall"),
            format!("<callID>19</callID><deviceID>{OTHER}</deviceID>")
        );
    }
}

#[test]
fn two_connections_of_different_phone_systems_are_refused() {
    let mut desk = Desk::with_calls(3, 3);
    for service in ["TransferCall", "ConferenceCall", "AlternateCall", "ReconnectCall"] {
        for (held, active, value) in
            [("17", "1_8", "invalidActiveConnectionID"), ("1_7", "18", "invalidHeldConnectionID")]
        {
            let inside = connection("heldCall", held, LINE) + &connection("activeCall", active, LINE);
            desk.refuses(service, &inside, value);
        }
    }
}

#[test]
fn a_call_that_the_line_has_no_part_in_is_not_cleared() {
    let mut desk = Desk::with_calls(3, 3);
    let mut bob = Client::new(&mut desk.bench, "bob");
    bob.uri = OTHER.into();
    bob.sign_in(&mut desk.bench, desk.system);
    bob.monitor(&mut desk.bench, desk.system, "m2");
    let held = connection("heldConnection", "9", "1002")
        + "<holdingDevice><deviceIdentifier>1002</deviceIdentifier></holdingDevice><cause>normal</cause>";
    desk.system.event(&mut desk.bench, "HeldEvent", "m2", &held);
    assert_eq!(only(&bob.heard(&mut desk.bench), 0).root(), "HeldEvent");
    for named in ["<callID>19</callID>", "<callID>19</callID><deviceID>1001</deviceID>"] {
        desk.refuses("ClearCall", &element("callToBeCleared", named), "invalidCallID");
        desk.refuses("SnapshotCall", &element("snapshotObject", named), "invalidCallID");
    }
    // The gateway knows whose call it is if that line is named, too; otherwise a request about the line's own connection
    // in it is for the phone system to refuse.
    desk.refuses("HoldCall", &connection("callToBeHeld", "19", OTHER), "invalidConnectionID");
    let asked = desk.passed("HoldCall", &connection("callToBeHeld", "19", LINE));
    assert_eq!(asked.document, document(3, "HoldCall", &connection("callToBeHeld", "9", "1001")));
    assert_eq!(bob.heard(&mut desk.bench), []);
}

#[test]
fn a_call_that_is_over_for_the_line_is_not_cleared_any_more() {
    let mut desk = Desk::with_calls(3, 3);
    let clear = connection("callToBeCleared", "17", LINE);
    let asked = desk.passed("ClearCall", &clear);
    desk.agrees(&asked);
    let cleared = connection("droppedConnection", "7", "1001")
        + "<releasingDevice><deviceIdentifier>1001</deviceIdentifier></releasingDevice><cause>normal</cause>";
    desk.system.event(&mut desk.bench, "ConnectionClearedEvent", "m1", &cleared);
    assert_eq!(desk.heard_roots(), ["ConnectionClearedEvent"]);
    desk.refuses("ClearCall", &clear, "invalidCallID");
}

#[test]
fn a_connection_of_another_monitored_line_is_announced_to_nobody() {
    let mut desk = Desk::with_calls(3, 3);
    let mut bob = Client::new(&mut desk.bench, "bob");
    bob.uri = OTHER.into();
    bob.sign_in(&mut desk.bench, desk.system);
    bob.monitor(&mut desk.bench, desk.system, "m2");
    let asked = desk.passed("MakeCall", &make_call("1003"));
    desk.bench.notices();
    let answers = desk.says(&asked, "MakeCallResponse", &connection("callingDevice", "9", "1002"));
    let answer = only(&answers, 200);
    assert_eq!((answer.element("operation"), error(&answer)), ("generic", "generic"));
    assert!(!answer.body().contains("1002") && !answer.body().contains("19"));
    let notices = desk.bench.notices();
    assert!(notices.iter().any(|notice| notice.starts_with("response_refused ")), "{notices:?}");
    assert_eq!(bob.heard(&mut desk.bench), []);
    // Nor was anything noted about it.
    desk.wait();
    desk.refuses("ClearCall", &connection("callToBeCleared", "19", LINE), "invalidCallID");
    // The client still gets events of its own calls.
    desk.held("7");
    assert_eq!(desk.heard_roots(), ["HeldEvent"]);
}

#[test]
fn a_foreign_connection_may_lack_either_half_and_keeps_a_dynamic_device() {
    let mut desk = Desk::with_calls(3, 3);
    for (named, got) in [
        ("<callID>15</callID>", "<callID>5</callID>"),
        ("<deviceID>sip:1002@example.com</deviceID>", "<deviceID>1002</deviceID>"),
        (
            "<deviceID>sip:1002@example.com</deviceID><callID>15</callID>",
            "<callID>5</callID><deviceID>1002</deviceID>",
        ),
        (
            "<callID>15</callID><deviceID typeOfNumber=\"dynamic\">tel:d4</deviceID>",
            "<callID>5</callID><deviceID typeOfNumber=\"dynamic\">tel:d4</deviceID>",
        ),
    ] {
        let inside = element("callToBePickedUp", named) + &element("requestingDevice", SHOWN_LINE);
        let asked = desk.passed("DirectedPickupCall", &inside);
        let got = element("callToBePickedUp", got) + "<requestingDevice>1001</requestingDevice>";
        assert_eq!(asked.document, document(3, "DirectedPickupCall", &got));
        desk.agrees(&asked);
    }
}

#[test]
fn two_numbers_are_dialled_at_once_only_where_the_link_has_a_list() {
    let inside = |list: &str| connection("callToBeDiverted", "17", LINE) + &element("newDestination", list);
    let two = inside("<device>tel:1002</device><device>tel:1003</device>");
    let mut desk = Desk::new(6, 6);
    let asked = desk.passed("DeflectCall", &two);
    assert_eq!(asked.element("newDestination"), "<device>1002</device><device>1003</device>");
    let none_of_them = inside("<device>tel:1002</device><device>DANCE</device>");
    desk.refuses("DeflectCall", &none_of_them, "invalidDestinationDeviceID");
    desk.refuses("DeflectCall", &inside("<device/>"), "invalidDestinationDeviceID");
    let many: String = (0..65).map(|number| element("device", &number.to_string())).collect();
    desk.refuses("DeflectCall", &inside(&many), "invalidDestinationDeviceID");
    Desk::new(3, 6).refuses("DeflectCall", &two, "invalidDestinationDeviceID");
}

#[test]
fn a_number_is_forwarded_to_only_if_forwarding_is_switched_on() {
    let mut desk = Desk::new(3, 3);
    let inside = |activate: &str, number: &str| {
        let device = element("device", LINE) + &element("activateForward", activate);
        device + &element("forwardDN", number)
    };
    for (activate, number, got) in
        [("true", "tel:+1 425", "+1425"), ("false", "tel:1002", "1002"), ("0", "anybody", "anybody")]
    {
        let asked = desk.passed("SetForwarding", &inside(activate, number));
        assert_eq!(asked.element("forwardDN"), got);
        desk.agrees(&asked);
    }
    desk.refuses("SetForwarding", &inside("1", "anybody"), "invalidForwardingDestination");
}

#[test]
fn a_full_queue_is_told_to_the_client_and_nothing_hangs() {
    let more = [("cti.window", Value::Integer(1)), ("cti.queue", Value::Integer(0))];
    let mut desk = Desk::with(3, 3, &lists(|_| true), &more);
    let asked = desk.passed("HoldCall", &connection("callToBeHeld", "17", LINE));
    desk.refuses("MakeCall", &make_call("1002"), "resourceBusy");
    desk.agrees(&asked);
    let asked = desk.passed("MakeCall", &make_call("1002"));
    let answers = desk.says(&asked, "MakeCallResponse", &connection("callingDevice", "9", "1001"));
    assert_eq!(only(&answers, 200).root(), "MakeCallResponse");
}
