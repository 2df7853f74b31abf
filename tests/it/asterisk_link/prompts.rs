//! A user makes a call: his own phone, which is called first, answers by itself if it is set up so.

use ctigate_core::setting::Value;
use ctigate_tests::ami::Channel;
use ctigate_tests::bench::{Acted, Asterisk, Bench, Client, only};

use super::{ENDPOINTS, OBJECT, bench, end, happen, made, sign_in, state, text, told};

const CONNECTED: &str = "CONNECTEDLINE(num)=1002";
const CALL_INFO: &str = "PJSIP_HEADER(add,Call-Info)=<sip:127.0.0.1>;answer-after=0";
const ALERT_INFO: &str = "PJSIP_HEADER(add,Alert-Info)=<http://127.0.0.1>;info=alert-autoanswer;delay=0";

/// A gateway with these settings, whose client of 1001 asks for a call to 1002.
fn making(more: &[(&str, Value)]) -> (Bench, Asterisk, Client, Acted) {
    making_at(1001, more)
}

fn making_at(line: usize, more: &[(&str, Value)]) -> (Bench, Asterisk, Client, Acted) {
    let mut bench = bench(more);
    let asterisk = Asterisk::answer(&mut bench, ENDPOINTS, &[]);
    let (mut client, _) = sign_in(&mut bench, "alice", line);
    let own = |text: &str| text.replace("1001", &line.to_string());
    only(&client.info(&mut bench, "MonitorStart", &own(OBJECT)), 200);
    let call = "<callingDevice>1001</callingDevice><calledDirectoryNumber>1002</calledDirectoryNumber>";
    client.info(&mut bench, "MakeCall", &own(call));
    let originate = asterisk.only(&mut bench, "Originate");
    asterisk.accept(&mut bench, &originate, &[]);
    (bench, asterisk, client, originate)
}

/// The phone is called.
fn calls(bench: &mut Bench, asterisk: Asterisk, originate: &Acted) -> Channel {
    let anna = made(originate);
    happen(bench, asterisk, "Newchannel", &[("", &anna)], &[]);
    happen(bench, asterisk, "DialBegin", &[("Dest", &anna)], &[("DialString", "1001")]);
    anna
}

fn named(names: &[&str]) -> (&'static str, Value) {
    ("cti.connection[0].auto_answer", Value::List(names.iter().map(|name| text(name)).collect()))
}

const BY_NOTIFY: (&str, Value) = ("cti.connection[0].answer_prompts", Value::Flag(true));

#[test]
fn a_phone_that_answers_for_headers_is_sent_them_and_others_are_not() {
    for (endpoints, expected) in [
        (&["1003", "1001"][..], &[CONNECTED, CALL_INFO, ALERT_INFO][..]),
        (&["*"], &[CONNECTED, CALL_INFO, ALERT_INFO]),
        (&["1002", "100"], &[CONNECTED]),
        (&[], &[CONNECTED]),
    ] {
        let (.., originate) = making(&[named(endpoints)]);
        assert_eq!(originate.values("Variable"), expected, "{endpoints:?}");
    }
    let own = ("cti.connection[0].auto_answer_call_info", text("answer-after=3"));
    let none = ("cti.connection[0].auto_answer_alert_info", text(""));
    let (.., originate) = making(&[named(&["1001"]), own, none]);
    let expected = [CONNECTED, "PJSIP_HEADER(add,Call-Info)=answer-after=3"];
    assert_eq!(originate.values("Variable"), expected);
}

#[test]
fn an_obedient_phone_is_told_to_answer_once_it_rings_if_that_is_configured() {
    let (mut bench, asterisk, client, originate) = making(&[BY_NOTIFY]);
    let mut anna = calls(&mut bench, asterisk, &originate);
    assert_eq!(asterisk.acted(&mut bench), []);
    state(&mut bench, asterisk, &mut anna, "Ringing");
    let notify = asterisk.only(&mut bench, "PJSIPNotify");
    assert_eq!((notify.value("Channel"), notify.value("Variable")), (anna.name, "Event=talk"));
    asterisk.accept(&mut bench, &notify, &[("Message", "NOTIFY sent")]);
    state(&mut bench, asterisk, &mut anna, "Ringing");
    assert_eq!(asterisk.acted(&mut bench), [], "once");
    state(&mut bench, asterisk, &mut anna, "Up");
    let told = told(&mut bench, &client);
    assert!(told.contains(&"OriginatedEvent connected".to_owned()), "{told:?}");
    assert_eq!(asterisk.acted(&mut bench), []);
}

#[test]
fn a_phone_is_not_told_to_answer_that_does_so_itself_or_does_not_obey() {
    // Without the key; by a header; one that is not obedient.
    let cases = [(1001, &[][..]), (1001, &[BY_NOTIFY, named(&["1001"])]), (1002, &[BY_NOTIFY])];
    for (line, more) in cases {
        let (mut bench, asterisk, _, originate) = making_at(line, more);
        let mut phone = calls(&mut bench, asterisk, &originate);
        state(&mut bench, asterisk, &mut phone, "Ringing");
        state(&mut bench, asterisk, &mut phone, "Up");
        assert_eq!(asterisk.acted(&mut bench), [], "{line} {more:?}");
    }
    // It was answered, or is gone, before it was heard to ring.
    for gone in [false, true] {
        let (mut bench, asterisk, _, originate) = making(&[BY_NOTIFY]);
        let mut anna = calls(&mut bench, asterisk, &originate);
        if gone {
            end(&mut bench, asterisk, &anna, "0");
            happen(&mut bench, asterisk, "Newchannel", &[("", &anna)], &[]);
        } else {
            state(&mut bench, asterisk, &mut anna, "Up");
        }
        state(&mut bench, asterisk, &mut anna, "Ringing");
        assert_eq!(asterisk.acted(&mut bench), [], "gone: {gone}");
    }
}

#[test]
fn a_call_that_rings_at_an_obedient_phone_is_left_to_its_user() {
    let (mut bench, asterisk, _, originate) = making(&[BY_NOTIFY]);
    calls(&mut bench, asterisk, &originate);
    super::ringing(&mut bench, asterisk);
    assert_eq!(asterisk.acted(&mut bench), []);
}
