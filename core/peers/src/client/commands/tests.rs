//! Tests of the table of commands.

use super::*;
use crate::client::calls::tests::calls;

#[test]
fn no_two_commands_have_the_same_words() {
    let names = |command: &Command| [Some(command.word), command.alias].into_iter().flatten();
    for name in COMMANDS.iter().flat_map(names) {
        let namesakes = COMMANDS.iter().filter(|other| names(other).any(|other| other == name));
        assert_eq!(namesakes.count(), 1, "{name}");
    }
}

#[test]
fn help_names_every_command_in_the_order_of_the_table() {
    assert_eq!(
        words(),
        "call, answer, deflect, hold, retrieve, hangup, clear-call, consult, alternate, reconnect, transfer, conference, \
         transfer-to, conference-with, pickup, pickup-group, join, park, camp-on, callback, intrude, offhook, dial, digits, \
         associate, forward, dnd, lamp, mute, speaker, autoanswer, callerid, last, snapshot, snapshot-call, device, phone, devices, \
         features, refresh, update, calls, wait, expect, sleep, raw, help, quit"
    );
}

#[test]
fn every_command_has_help_and_an_example_that_begins_with_it() {
    for entry in manual() {
        assert!(entry.help.ends_with(['.']) && entry.help.len() > 10, "{entry:?}");
        let words: Vec<&str> =
            entry.usage.split_whitespace().take_while(|word| !word.contains(['[', '|'])).collect();
        assert!(entry.example.starts_with(words.first().unwrap()), "{entry:?}");
        let about = about(&entry.usage);
        let shown = about.iter().any(|line| line.contains(entry.help) && line.contains(entry.example));
        assert!(shown, "{about:?}");
    }
    assert_eq!(
        about("hangup-all"),
        [
            "clear-call [CALL]: Ends a call for everybody in it. (ClearCall) Also: hangup-all. Example: clear-call"
        ]
    );
    assert_eq!(about("forward").len(), 4);
    assert!(about("dance").is_empty());
}

fn given(line: &str) -> Result<(&'static str, Vec<Given>), String> {
    let (command, text) = find(line).unwrap();
    take(command, text).map(|given| (command.word, given))
}

fn text(text: &str) -> Given {
    Given::Text(text.into())
}

#[test]
fn a_call_may_be_named_before_the_other_arguments() {
    let nothing = || Given::Nothing;
    for (line, word, arguments) in [
        ("hold", "hold", [nothing()].to_vec()),
        ("hold 2", "hold", [Given::Call(2)].to_vec()),
        ("hold #2", "hold", [Given::Call(2)].to_vec()),
        ("hangup-all 1", "clear-call", [Given::Call(1)].to_vec()),
        ("transfer", "transfer", [nothing(), nothing()].to_vec()),
        ("transfer 1 2", "transfer", [Given::Call(1), Given::Call(2)].to_vec()),
        ("consult 1003", "consult", [nothing(), text("tel:1003")].to_vec()),
        ("consult 2 1003", "consult", [Given::Call(2), text("tel:1003")].to_vec()),
        ("consult 11", "consult", [nothing(), text("tel:11")].to_vec()),
        ("park", "park", [nothing(), nothing()].to_vec()),
        ("park 7", "park", [nothing(), text("tel:7")].to_vec()),
        ("park #2", "park", [Given::Call(2), nothing()].to_vec()),
        ("park 2 700", "park", [Given::Call(2), text("tel:700")].to_vec()),
        ("digits 123#", "digits", [nothing(), text("123#")].to_vec()),
        ("digits 2 #", "digits", [Given::Call(2), text("#")].to_vec()),
        ("digits #1", "digits", [nothing(), text("#1")].to_vec()),
        (
            "conference-with 1003 silent",
            "conference-with",
            [nothing(), text("tel:1003"), text("silent")].to_vec(),
        ),
        ("forward 1003", "forward", [nothing(), text("tel:1003")].to_vec()),
        ("forward busy-internal 1003", "forward", [text("forwardBusyInt"), text("tel:1003")].to_vec()),
        ("forward off", "forward off", [nothing()].to_vec()),
        ("forward off noanswer", "forward off", [text("forwardNoAns")].to_vec()),
        ("forward ?", "forward ?", [].to_vec()),
        ("dnd on", "dnd", [text("true")].to_vec()),
        ("speaker on", "speaker", [text("false"), nothing()].to_vec()),
        ("mute off 2", "mute", [text("false"), text("2")].to_vec()),
        ("callback", "callback", [nothing()].to_vec()),
        ("callback off", "callback off", [nothing()].to_vec()),
    ] {
        assert_eq!(given(line), Ok((word, arguments)), "{line}");
    }
}

#[test]
fn what_a_command_needs_is_told_with_an_example() {
    let told = |line: &str| given(line).unwrap_err();
    assert_eq!(told("call"), "'call' needs a number: call 1002");
    assert_eq!(told("expect"), "'expect' needs an event: wait established 5s");
    assert_eq!(told("sleep"), "'sleep' needs a time: sleep 200ms");
    assert_eq!(told("raw"), "'raw' needs a CSTA document");
    assert_eq!(told("consult"), "'consult' needs a number: consult 1003");
    assert_eq!(told("digits"), "'digits' needs digits: digits 123#");
    assert_eq!(told("dnd"), "'dnd' needs one of on, off: dnd on");
    assert_eq!(told("hold 1 2"), "'hold' does not take '2': hold 2");
    assert_eq!(told("alternate x"), "'alternate' does not take 'x': alternate");
}

#[test]
fn a_row_takes_calls_by_state_or_number_and_none_twice() {
    let connection = |call| Connection { call: Some(call), device: Some(device("tel:1001")) };
    let calls = calls(&[
        ("1", "tel:1001", State::Hold),
        ("2", "tel:1001", State::Hold),
        ("3", "tel:1001", State::Connected),
    ]);
    let values = |line: &str| {
        let (command, text) = find(line).unwrap();
        let given = take(command, text).unwrap();
        let Does::Asks(Service::Csta(_, elements)) = command.does else { panic!("{line}") };
        let from = Sources { line: "tel:1001", calls: &calls, target: None, given: &given, foreign: None };
        command.values(elements, &from).map(|values| {
            let call =
                |value| if let Value::Connection(it) = value { it.call.map(String::from) } else { None };
            values.into_iter().map(|(_, value)| call(value)).collect::<Vec<_>>()
        })
    };
    assert_eq!(calls.connection(None, &[State::Hold], &[]), connection("2"));
    let both = |first: &str, second: &str| Ok([Some(first.into()), Some(second.into())].to_vec());
    assert_eq!(values("transfer"), both("2", "3"));
    assert_eq!(values("reconnect"), both("3", "2"));
    assert_eq!(values("transfer 1 3"), both("1", "3"));
    assert_eq!(values("transfer 3"), both("3", "2"), "not the same call twice");
    assert_eq!(values("hold 7"), Err("hold: there is no call 7: 1, 2, 3".into()));
}

#[test]
fn a_number_keeps_the_scheme_it_has() {
    assert_eq!(number("sip:bob@example.com"), "sip:bob@example.com");
    assert_eq!(number("+431234"), "tel:+431234");
}

#[test]
fn words_are_completed_by_what_may_stand_there() {
    let complete = |line: &str| completions(line, &[1, 2]);
    assert_eq!(complete("ho"), ["hold"]);
    assert_eq!(complete("hold "), ["1", "2"]);
    assert_eq!(complete("transfer 1 "), ["1", "2"]);
    assert_eq!(complete("dnd "), ["?", "off", "on"]);
    assert_eq!(complete("dnd on "), [""; 0]);
    assert_eq!(complete("forward b"), ["busy", "busy-external", "busy-internal"]);
    assert_eq!(complete("forward off noanswer-"), ["noanswer-external", "noanswer-internal"]);
    assert_eq!(complete("callback "), ["1", "2", "for", "off"]);
    assert_eq!(complete("help tra"), ["transfer", "transfer-to"]);
    assert_eq!(complete("expect no transf"), ["transfered"]);
    assert_eq!(complete("wait transfered prim"), ["primaryOldCall="]);
    assert_eq!(complete("hangup-"), ["hangup-all"]);
    assert!(complete("").contains(&"call".into()));
    assert!(complete("dance ").is_empty());
}
