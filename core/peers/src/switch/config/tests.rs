use alloc::string::{String, ToString};
use alloc::vec;
use alloc::vec::Vec;

use ctigate_core::setting::{Setting, Value};
use ctigate_core::time::Duration;

use super::numbers::numbered_on;
use super::{Answer, SwitchConfig};

fn set(key: &str, value: Value) -> Setting {
    Setting { key: key.into(), value }
}

fn text(key: &str, value: &str) -> Setting {
    set(key, Value::Text(value.into()))
}

fn listen() -> Setting {
    set("listen", Value::List(vec![Value::Text("127.0.0.1:0".into())]))
}

#[test]
fn without_phones_there_are_ten_people_who_answer_by_hand() {
    let config = SwitchConfig::from_settings(&[listen()]).unwrap();
    assert_eq!(config.phones, SwitchConfig::default().phones);
    let numbers: Vec<&str> = config.phones.iter().map(|phone| phone.number.as_str()).collect();
    assert_eq!(numbers, ["1001", "1002", "1003", "1004", "1005", "1006", "1007", "1008", "1009", "1010"]);
    assert_eq!(config.phones[1].name, "Bob");
    assert!(config.phones.iter().all(|phone| phone.answer == Answer::Manual));
    assert_eq!((config.session_duration, config.lines, config.links), (180, 2, 64));
}

#[test]
fn a_phone_counted_out_makes_a_row_of_phones() {
    let settings = [
        listen(),
        text("phone[0].number", "0099"),
        set("phone[0].count", Value::Integer(3)),
        text("phone[0].name", "Desk"),
        text("phone[0].answer", "auto"),
        set("phone[0].answer_after_ms", Value::Integer(5)),
    ];
    let config = SwitchConfig::from_settings(&settings).unwrap();
    let numbers: Vec<&str> = config.phones.iter().map(|phone| phone.number.as_str()).collect();
    assert_eq!(numbers, ["0099", "0100", "0101"]);
    assert_eq!(config.phones[1].name, "Desk 0100");
    assert_eq!(config.phones[2].answer, Answer::After(Duration::from_millis(5)));
}

#[test]
fn counting_on_keeps_the_length_or_fails() {
    assert_eq!(numbered_on("98", 1), Some(String::from("99")));
    assert_eq!(numbered_on("98", 2), None);
    assert_eq!(numbered_on("*1", 1), None);
    assert_eq!(numbered_on("*1", 0), Some(String::from("*1")));
}

#[test]
fn everything_wrong_is_reported_at_once() {
    let settings = [
        text("sesion", "none"),
        set("lines", Value::Integer(9)),
        text("forwarding.busy", "bob"),
        text("phone[0].number", "1001"),
        text("phone[1].number", "alice"),
        text("phone[2].number", "1001"),
        text("phone[3].answer", "never"),
    ];
    let errors = SwitchConfig::from_settings(&settings).unwrap_err();
    let shown: Vec<String> = errors.iter().map(ToString::to_string).collect();
    for part in [
        "sesion = \"none\": is not a key; the nearest is session",
        "lines = 9",
        "forwarding.busy = \"bob\": must be a number that can be dialled",
        "phone[1].number = \"alice\": must be digits",
        "phone[2].number = \"1001\": gives 1001, which phone[0] has already",
        "phone[3].answer = \"never\"",
        "phone[3].number: is missing",
        "listen: is missing",
    ] {
        assert!(shown.iter().any(|error| error.starts_with(part)), "{part} is not in {shown:#?}");
    }
    assert_eq!(shown.len(), 8, "{shown:#?}");
}

#[test]
fn what_is_never_answered_must_be_a_request() {
    let names = |names: &[&str]| {
        let list = names.iter().map(|name| Value::Text((*name).into())).collect();
        SwitchConfig::from_settings(&[listen(), set("unanswered", Value::List(list))])
    };
    let config = names(&["GetCSTAFeatures", "StartApplicationSession", "ParkCall"]).unwrap();
    assert_eq!(config.unanswered.len(), 3);
    let errors = names(&["Dance"]).unwrap_err();
    assert!(errors[0].to_string().contains("\"Dance\""), "{errors:?}");
}

#[test]
fn a_line_may_be_on_several_devices_and_a_device_have_several_lines() {
    let phones = |lines: &[(&str, &str)], more: &[Setting]| {
        let mut settings = vec![listen()];
        for (index, (number, device)) in lines.iter().enumerate() {
            settings.push(text(&alloc::format!("phone[{index}].number"), number));
            settings.push(text(&alloc::format!("phone[{index}].device"), device));
        }
        settings.extend_from_slice(more);
        SwitchConfig::from_settings(&settings)
    };
    let config = phones(&[("1001", "SEP1"), ("1001", "SEP2"), ("1002", "SEP2"), ("1003", "")], &[]).unwrap();
    let ids: Vec<String> = config.phones.iter().map(super::PhoneConfig::id).collect();
    assert_eq!(ids, ["1001:SEP1", "1001:SEP2", "1002:SEP2", "1003"]);
    let members = |member: &str| {
        let members = Value::List(vec![Value::Text(member.into())]);
        phones(
            &[("1001", "A"), ("1001", "B"), ("1002", "B")],
            &[text("group[0].number", "600"), set("group[0].members", members)],
        )
    };
    assert!(["1001:A", "1002", "1002:B"].iter().all(|member| members(member).is_ok()));
    let count = [set("phone[0].count", Value::Integer(2))];
    for (wrong, part) in [
        (
            phones(&[("1001", "A"), ("1001", "A")], &[]),
            "phone[1].number = \"1001\": gives 1001:A, which phone[0] has already",
        ),
        (
            phones(&[("1001", "A"), ("1001", "")], &[]),
            "phone[1].number = \"1001\": gives 1001, which phone[0] has already",
        ),
        (
            phones(&[("1001", ""), ("1001", "A")], &[]),
            "phone[1].number = \"1001\": gives 1001:A, which phone[0] has already",
        ),
        (
            phones(&[("1001", "A:1")], &[]),
            "phone[0].device = \"A:1\": must be letters, digits, `-`, `_` and `.`",
        ),
        (
            phones(&[("1001", "A")], &count),
            "phone[0].device = \"A\": must be left out where count is more than 1",
        ),
        (
            phones(&[("1001", "A")], &[text("mailbox", "1001")]),
            "mailbox = \"1001\": gives 1001, which phone[0] has already",
        ),
        (
            members("1001"),
            "group[0].members = [\"1001\"]: has \"1001\", which is on 2 devices: name one as NUMBER:DEVICE",
        ),
        (members("1004"), "group[0].members = [\"1004\"]: has \"1004\", which is no phone's number"),
    ] {
        let errors: Vec<String> = wrong.unwrap_err().iter().map(ToString::to_string).collect();
        assert_eq!(errors, [part]);
    }
}
