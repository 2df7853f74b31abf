//! Numbers that are dialled in parts: `DialDigits` brings the rest.

use super::desk::{Desk, LINE, document, lists};
use super::hostile::make_call;
use super::samples::{connection, element};

#[test]
fn a_call_begins_without_a_whole_number_where_the_link_dials_digits() {
    let mut desk = Desk::new(3, 3);
    for (number, got) in [
        ("", ""),
        (" ", ""),
        ("0;", "0;"),
        ("tel:+1 (425);", "+1425;"),
        ("tel:0049;phone-context=dialstring", "0049"),
    ] {
        let asked = desk.passed("MakeCall", &make_call(number));
        let wanted = element("callingDevice", "1001") + &element("calledDirectoryNumber", got);
        assert_eq!(asked.document, document(3, "MakeCall", &wanted), "{number:?}");
        desk.says(&asked, "CSTAErrorCode", "<operation>generic</operation>");
    }
    for number in [";", "DANCE;", "tel:1-DANCE"] {
        desk.refuses("MakeCall", &make_call(number), "invalidCalledDeviceID");
    }
}

#[test]
fn without_dial_digits_a_number_must_be_whole() {
    let mut desk = Desk::with(3, 3, &lists(|service| service.root != "DialDigits"), &[]);
    for number in ["", " ", ";", "0;", "tel:0049;", "DANCE"] {
        desk.refuses("MakeCall", &make_call(number), "invalidCalledDeviceID");
    }
    let digits = connection("diallingConnection", "17", LINE) + &element("diallingSequence", "34");
    desk.refuses("DialDigits", &digits, "serviceNotSupported");
    assert_eq!(desk.passed("MakeCall", &make_call("tel:0049")).element("calledDirectoryNumber"), "0049");
}

#[test]
fn digits_are_dialled_in_as_many_parts_as_the_client_likes() {
    let mut desk = Desk::with_calls(3, 3);
    for (sequence, got) in [("3 4", "34"), ("5;", "5;"), ("", ""), ("tel:#6*", "#6*")] {
        let named = |call: &str, device: &str, sequence: &str| {
            connection("diallingConnection", call, device) + &element("diallingSequence", sequence)
        };
        let asked = desk.passed("DialDigits", &named("17", LINE, sequence));
        assert_eq!(asked.document, document(3, "DialDigits", &named("7", "1001", got)));
        desk.agrees(&asked);
    }
    let undialable = connection("diallingConnection", "17", LINE) + &element("diallingSequence", "DANCE;");
    desk.refuses("DialDigits", &undialable, "invalidCalledDeviceID");
}
