//! Which phones obey NOTIFY: as they announce it in calls, and by their user agents.

use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::ami::{called, caller};
use ctigate_tests::bench::{Acted, Asterisk, Bench, Client, Sip, only};

use super::{ENDPOINTS, OBJECT, bench, happen, sign_in, state, text, told};

const CHANGED: &str = "DeviceCapsChangedEvent ";

/// A gateway with these settings, whose client monitors 1002, where a call rings. The connection of that call.
fn ringing(more: &[(&str, Value)]) -> (Bench, Asterisk, Client, String) {
    let mut bench = bench(more);
    let asterisk = Asterisk::answer(&mut bench, ENDPOINTS, &[]);
    let (mut client, _) = sign_in(&mut bench, "bob", 1002);
    only(&client.info(&mut bench, "MonitorStart", &OBJECT.replace("1001", "1002")), 200);
    let dora = caller("PJSIP/1004-00000001", "1004", "1002", "1.1");
    let mut bernd = called("PJSIP/1002-00000002", "1002", "1.2", &dora);
    happen(&mut bench, asterisk, "Newchannel", &[("", &dora)], &[]);
    happen(&mut bench, asterisk, "Newchannel", &[("", &bernd)], &[]);
    happen(&mut bench, asterisk, "DialBegin", &[("", &dora), ("Dest", &bernd)], &[("DialString", "x")]);
    state(&mut bench, asterisk, &mut bernd, "Ringing");
    bench.advance(Duration::from_millis(20));
    let own = client.heard(&mut bench).pop().map(|event| event.element("connection").to_owned());
    (bench, asterisk, client, own.expect("it rings"))
}

/// Whether the phone is told to answer when the client wants it.
fn is_told_to_answer(bench: &mut Bench, asterisk: Asterisk, client: &mut Client, own: &str) -> bool {
    let wanted = format!("<callToBeAnswered>{own}</callToBeAnswered>");
    let said = client.info(bench, "AnswerCall", &wanted);
    let acted = asterisk.acted(bench);
    for notify in &acted {
        assert_eq!((notify.name(), notify.value("Variable")), ("PJSIPNotify", "Event=talk"));
        asterisk.accept(bench, notify, &[]);
    }
    let answer = only(&[said, client.heard(bench)].concat(), 200);
    let is_refused = answer.root() == "CSTAErrorCode";
    assert_eq!(is_refused, acted.is_empty(), "{}", answer.body());
    assert!(!is_refused || answer.body().contains("serviceNotSupported"), "{}", answer.body());
    !is_refused
}

/// Whether the client's line is offered that it answers calls.
fn offers_to_answer(bench: &mut Bench, client: &mut Client) -> bool {
    let features: Sip = only(&client.info(bench, "GetCSTAFeatures", ""), 200);
    features.body().contains("answerCall")
}

/// The dialplan tells what a phone announced in a call.
fn announces(bench: &mut Bench, asterisk: Asterisk, endpoint: &str, (talk, hold): (&str, &str)) {
    let lines =
        format!("UserEvent: PhoneObeys\r\nEndpoint: {endpoint}\r\nTalk: {talk}\r\nHold: {hold}\r\n\r\n");
    asterisk.say(bench, &format!("Event: UserEvent\r\nPrivilege: user,all\r\n{lines}"));
}

/// A contact of an endpoint is another one now.
fn registers(bench: &mut Bench, asterisk: Asterisk, endpoint: &str, status: &str) {
    let lines = format!(
        "URI: sip:phone@192.0.2.1\r\nContactStatus: {status}\r\nAOR: {endpoint}\r\nEndpointName: {endpoint}\r\n\
         RoundtripUsec: 0\r\n\r\n"
    );
    asterisk.say(bench, &format!("Event: ContactStatus\r\nPrivilege: system,all\r\n{lines}"));
}

#[test]
fn a_phone_that_announced_it_in_a_call_obeys_until_it_registers_anew() {
    let (mut bench, asterisk, mut client, own) = ringing(&[]);
    assert!(!offers_to_answer(&mut bench, &mut client));
    assert!(!is_told_to_answer(&mut bench, asterisk, &mut client, &own));
    // Half of it is not enough; another phone's is none of this one's.
    announces(&mut bench, asterisk, "1002", ("yes", "no"));
    announces(&mut bench, asterisk, "1003", ("yes", "yes"));
    assert_eq!(told(&mut bench, &client), Vec::<String>::new());
    assert!(!is_told_to_answer(&mut bench, asterisk, &mut client, &own));
    announces(&mut bench, asterisk, "1002", ("yes", "yes"));
    announces(&mut bench, asterisk, "1002", ("yes", "yes"));
    assert_eq!(told(&mut bench, &client), [CHANGED]);
    assert!(offers_to_answer(&mut bench, &mut client));
    assert!(is_told_to_answer(&mut bench, asterisk, &mut client, &own));
    registers(&mut bench, asterisk, "1002", "Reachable");
    assert_eq!(told(&mut bench, &client), Vec::<String>::new(), "it is the same phone");
    registers(&mut bench, asterisk, "1002", "NonQualified");
    assert_eq!(told(&mut bench, &client), [CHANGED]);
    assert!(!is_told_to_answer(&mut bench, asterisk, &mut client, &own));
    assert_eq!(
        asterisk.acted(&mut bench),
        [],
        "no user agents are configured, so contacts are not asked for"
    );
}

#[test]
fn what_a_phone_announces_counts_only_if_that_is_configured() {
    let never = ("cti.connection[0].learn_obedience", Value::Flag(false));
    let (mut bench, asterisk, mut client, own) = ringing(&[never]);
    announces(&mut bench, asterisk, "1002", ("yes", "yes"));
    assert_eq!(told(&mut bench, &client), Vec::<String>::new());
    assert!(!is_told_to_answer(&mut bench, asterisk, &mut client, &own));
}

/// The only action of the next 31 s, beside heartbeats, which are answered.
fn asked_in_half_a_minute(bench: &mut Bench, asterisk: Asterisk) -> Acted {
    let mut asked = Vec::new();
    for _ in 0..31 {
        bench.advance(Duration::from_secs(1));
        for action in asterisk.acted(bench) {
            if action.name() == "Ping" {
                asterisk.accept(bench, &action, &[("Ping", "Pong")]);
            } else {
                asked.push(action);
            }
        }
    }
    let [asked] = asked.try_into().expect("contacts are asked for once");
    asked
}

#[test]
fn an_endpoint_obeys_if_all_its_phones_are_of_user_agents_that_do() {
    let agents = Value::List(vec![text("Yealink SIP-T4*"), text("PolycomVVX")]);
    let (mut bench, asterisk, mut client, own) =
        ringing(&[("cti.connection[0].obedient_user_agents", agents)]);
    assert!(!is_told_to_answer(&mut bench, asterisk, &mut client, &own), "none is registered");
    let mut last = false;
    for (contacts, obeys) in [
        (&[("1002", "Yealink SIP-T46S 66.86.0.15"), ("1003", "Zoiper")][..], true),
        (&[("1002", "Yealink SIP-T46S 66.86.0.15"), ("1002", "Zoiper")], false),
        (&[("1002", "PolycomVVX-VVX_411-UA/6.4"), ("1002", "Yealink SIP-T48G 35")], true),
        (&[("1002", "baresip v1.1.0")], false),
        (&[("1001", "Yealink SIP-T46S"), ("1002", "Yealink SIP-T2")], false),
        (&[], false),
        (&[("1002", "PolycomVVX-VVX_411-UA/6.4")], true),
    ] {
        // Any number of changes within half a minute are looked at once.
        registers(&mut bench, asterisk, "1003", "Removed");
        registers(&mut bench, asterisk, "1002", "Created");
        let asked = asked_in_half_a_minute(&mut bench, asterisk);
        asterisk.list_contacts(&mut bench, &asked, contacts);
        let expected: &[&str] = if obeys == last { &[] } else { &[CHANGED] };
        assert_eq!(told(&mut bench, &client), expected, "{contacts:?}");
        assert_eq!(is_told_to_answer(&mut bench, asterisk, &mut client, &own), obeys, "{contacts:?}");
        last = obeys;
    }
}
