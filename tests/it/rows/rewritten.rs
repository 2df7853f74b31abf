//! Numbers that rules rewrite before the phone system dials them.

use ctigate_core::setting::{Setting, Value, read_line};
use ctigate_core::wire::csta::member::{Member, Role};
use ctigate_core::wire::csta::services::{Service, all};

use ctigate_tests::bench::Client;

use super::desk::{Desk, LINE, document, lists, yes};
use super::hostile::make_call;
use super::samples::{connection, element, requested};

/// What is dialled at a site with +49 30 1234-xxx, whose extensions are the last four digits, and 0 for an outside line.
const RULES: &str = "numbers.emergency = [\"112\"]\n\
    numbers.dial[0].pattern = \"+49301234xxx\"\n\
    numbers.dial[0].strip = 8\n\
    numbers.dial[1].begins = \"+49\"\n\
    numbers.dial[1].strip = 3\n\
    numbers.dial[1].prepend = \"00\"\n\
    numbers.dial[2].begins = \"1\"\n\
    numbers.dial[2].prepend = \"9\"\n\
    numbers.dial[3].begins = \"88\"\n\
    numbers.dial[3].prepend = \"0049301234\"";

/// What clients are shown there, without rules for dialling it.
const SHOWN: &str = "numbers.emergency = [\"112\"]\n\
    numbers.shown[0].pattern = \"4xxx\"\n\
    numbers.shown[0].prepend = \"+4930123\"\n\
    numbers.shown[1].begins = \"00\"\n\
    numbers.shown[1].strip = 2\n\
    numbers.shown[1].prepend = \"+49\"\n\
    numbers.shown[2].pattern = \"5xxx\"\n\
    numbers.shown[2].strip = 1\n\
    numbers.shown[2].prepend = \"77\"";

fn desk(rules: &str) -> Desk {
    let settings: Vec<Setting> = rules.lines().map(|line| read_line(line).expect("a setting")).collect();
    let settings = settings.iter().map(|setting| (&*setting.key, setting.value.clone()));
    let settings: Vec<(&str, Value)> = settings.chain([yes("cti.connection[0].foreign_calls")]).collect();
    Desk::with(3, 3, &lists(|_| true), &settings)
}

/// A request with its required members, and `dialled` with this number.
fn request(service: &Service, dialled: &Member, number: &str) -> String {
    let is_there = |member: &&Member| member.required || member.name == dialled.name;
    let written = |member: &Member| {
        if member.name == dialled.name {
            let item = member.item_in(3).map(|item| element(item, number));
            return element(member.name, item.as_deref().unwrap_or(number));
        }
        if member.role == Role::Truth {
            return element(member.name, "true");
        }
        requested(member, 3, 3).sent
    };
    service.request.iter().filter(is_there).map(written).collect()
}

#[test]
fn whatever_is_dialled_is_dialled_by_the_rules() {
    let mut desk = desk(RULES);
    desk.is_in_calls();
    let mut elements = 0;
    for service in all() {
        for member in service.request.iter().filter(|member| matches!(member.role, Role::Dialled { .. })) {
            for (number, dialled) in
                [("tel:+49-30-1234-567", "4567"), ("+49 (89) 123456", "0089123456"), ("tel:112", "112")]
            {
                let asked = desk.passed(service.root, &request(service, member, number));
                assert!(asked.document.contains(&format!(">{dialled}<")), "{number}: {}", asked.document);
                desk.says(&asked, "CSTAErrorCode", "<operation>generic</operation>");
            }
            elements += 1;
        }
    }
    assert_eq!(elements, 15);
}

#[test]
fn a_number_that_the_rules_make_too_long_is_refused() {
    let mut desk = desk(RULES);
    let longest = "8".repeat(54);
    let asked = desk.passed("MakeCall", &make_call(&longest));
    assert_eq!(asked.element("calledDirectoryNumber"), format!("0049301234{longest}"));
    desk.says(&asked, "CSTAErrorCode", "<operation>generic</operation>");
    desk.refuses("MakeCall", &make_call(&format!("{longest}8")), "invalidCalledDeviceID");
    for number in ["tel:+49%0030", "tel:+4930;x=\u{202e}", "+49 30\u{7f}"] {
        desk.refuses("MakeCall", &make_call(number), "invalidCalledDeviceID");
    }
}

#[test]
fn a_part_of_a_number_is_dialled_as_it_is_and_a_whole_one_by_the_rules() {
    let mut desk = desk(RULES);
    desk.is_in_calls();
    for (number, dialled) in [("", ""), ("1;", "1;"), ("tel:+49;", "+49;"), ("1", "91")] {
        let asked = desk.passed("MakeCall", &make_call(number));
        let wanted = element("callingDevice", "1001") + &element("calledDirectoryNumber", dialled);
        assert_eq!(asked.document, document(3, "MakeCall", &wanted), "{number:?}");
        desk.says(&asked, "CSTAErrorCode", "<operation>generic</operation>");
    }
    // Only one with a + begins here, and one without ; ends here.
    for (sequence, dialled) in [("1", "1"), ("112", "112"), ("+49;", "+49;"), ("+49 30 1234 567", "4567")] {
        let inside = connection("diallingConnection", "17", LINE) + &element("diallingSequence", sequence);
        let asked = desk.passed("DialDigits", &inside);
        assert_eq!(asked.element("diallingSequence"), dialled);
        desk.agrees(&asked);
    }
}

#[test]
fn what_a_client_was_shown_is_understood_when_it_sends_it_back() {
    let mut desk = desk(SHOWN);
    let mut passes = |service: &str, inside: &str, part: &str| {
        let asked = desk.passed(service, inside);
        assert!(asked.document.contains(part), "{inside}: {}", asked.document);
        desk.says(&asked, "CSTAErrorCode", "<operation>generic</operation>");
    };
    for (shown, number) in [
        ("tel:+49301234567", "4567"),
        ("tel:+49-30-1234-567", "4567"),
        ("tel:4567;phone-context=dialstring", "4567"),
        ("tel:+4989123456", "0089123456"),
        ("tel:77001;phone-context=dialstring", "5001"),
        ("tel:112;phone-context=dialstring", "112"),
        ("tel:+14255550101", "+14255550101"),
    ] {
        passes("MakeCall", &make_call(shown), &element("calledDirectoryNumber", number));
        for call in ["", "<callID>17</callID>"] {
            let picked = element("callToBePickedUp", &(call.to_owned() + &element("deviceID", shown)));
            let by = element("requestingDevice", LINE);
            passes("DirectedPickupCall", &(picked + &by), &element("deviceID", number));
        }
        let group = element("newDestination", LINE) + &element("pickGroup", shown);
        passes("GroupPickupCall", &group, &element("pickGroup", number));
    }
}

#[test]
fn a_call_of_another_line_named_as_it_was_shown_is_refused() {
    let mut desk = desk(SHOWN);
    desk.is_in_calls();
    let mut other = Client::new(&mut desk.bench, "bob");
    other.uri = "tel:4567;phone-context=dialstring".into();
    other.sign_in(&mut desk.bench, desk.system);
    other.monitor(&mut desk.bench, desk.system, "m2");
    desk.wait();
    let inside = "<heldConnection><callID>9</callID><deviceID>4567</deviceID></heldConnection>\
        <holdingDevice><deviceIdentifier>4567</deviceIdentifier></holdingDevice><cause>normal</cause>";
    desk.system.event(&mut desk.bench, "HeldEvent", "m2", inside);
    for named in ["tel:4567;phone-context=dialstring", "tel:+49301234567"] {
        desk.refuses("HoldCall", &connection("callToBeHeld", "19", named), "invalidConnectionID");
    }
}
