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

/// A contact of an endpoint is there, or no longer is.
fn registers(bench: &mut Bench, asterisk: Asterisk, (endpoint, host): (&str, u8), status: &str) {
    let lines = format!(
        "URI: sip:phone@192.0.2.{host}\r\nContactStatus: {status}\r\nAOR: {endpoint}\r\nEndpointName: {endpoint}\r\n\
         RoundtripUsec: 0\r\n\r\n"
    );
    asterisk.say(bench, &format!("Event: ContactStatus\r\nPrivilege: system,all\r\n{lines}"));
}

#[test]
fn a_phone_that_announced_it_in_a_call_obeys_until_another_registers() {
    let (mut bench, asterisk, mut client, own) = ringing(&[]);
    assert!(!offers_to_answer(&mut bench, &mut client));
    assert!(!is_told_to_answer(&mut bench, asterisk, &mut client, &own));
    registers(&mut bench, asterisk, ("1002", 1), "NonQualified");
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
    for status in ["Reachable", "Unreachable", "Updated", "NonQualified"] {
        registers(&mut bench, asterisk, ("1002", 1), status);
        assert_eq!(told(&mut bench, &client), Vec::<String>::new(), "it is the same phone");
    }
    registers(&mut bench, asterisk, ("1003", 2), "NonQualified");
    assert!(is_told_to_answer(&mut bench, asterisk, &mut client, &own));
    for (host, status) in [(2, "NonQualified"), (2, "Removed"), (1, "Removed"), (1, "NonQualified")] {
        registers(&mut bench, asterisk, ("1002", host), status);
        assert_eq!(told(&mut bench, &client), [CHANGED]);
        assert!(!is_told_to_answer(&mut bench, asterisk, &mut client, &own));
        announces(&mut bench, asterisk, "1002", ("yes", "yes"));
        assert_eq!(told(&mut bench, &client), [CHANGED]);
    }
    announces(&mut bench, asterisk, "1002", ("no", "yes"));
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

#[test]
fn what_a_phone_announces_does_not_count_if_another_one_would_not_be_told() {
    let mut bench = bench(&[]);
    let asterisk = Asterisk::greet(&mut bench);
    let challenge = asterisk.only(&mut bench, "Challenge");
    asterisk.accept(&mut bench, &challenge, &[("Challenge", "1")]);
    let login = asterisk.only(&mut bench, "Login");
    // To a user without read = system Asterisk does not tell that it has started.
    asterisk.accept(&mut bench, &login, &[]);
    for probe in asterisk.acted(&mut bench) {
        asterisk.refuse(&mut bench, &probe, "Channel not specified");
    }
    let [endpoints, status] = asterisk.acted(&mut bench).try_into().expect("two lists");
    asterisk.list_endpoints(&mut bench, &endpoints, ENDPOINTS);
    asterisk.list_channels(&mut bench, &status, &[]);
    let (mut client, _) = sign_in(&mut bench, "bob", 1002);
    only(&client.info(&mut bench, "MonitorStart", &OBJECT.replace("1001", "1002")), 200);
    announces(&mut bench, asterisk, "1002", ("yes", "yes"));
    assert_eq!(told(&mut bench, &client), Vec::<String>::new());
    assert!(!offers_to_answer(&mut bench, &mut client));
    let shown = bench.engine().connections().next().map(|one| one.remarks).unwrap_or_default();
    assert!(shown.len() == 1 && shown[0].contains("no read = system"), "{shown:?}");
}

/// The only action of the next 31 s.
fn asked_in_half_a_minute(bench: &mut Bench, asterisk: Asterisk) -> Acted {
    let [asked] = asterisk.acted_within(bench, 31).try_into().expect("contacts are asked for once");
    asked
}

const YEALINK: (&str, &str) = ("1002", "Yealink SIP-T46S 66.86.0.15");

fn obedient_user_agents() -> (&'static str, Value) {
    ("cti.connection[0].obedient_user_agents", Value::List(vec![text("Yealink SIP-T4*"), text("PolycomVVX")]))
}

/// The same where two phones of a user agent that obeys have registered at 1002.
fn ringing_at_yealink() -> (Bench, Asterisk, Client, String) {
    let (mut bench, asterisk, client, own) = ringing(&[obedient_user_agents()]);
    registers(&mut bench, asterisk, ("1002", 1), "NonQualified");
    let asked = asked_in_half_a_minute(&mut bench, asterisk);
    asterisk.list_contacts(&mut bench, &asked, &[YEALINK, YEALINK]);
    assert_eq!(told(&mut bench, &client), [CHANGED]);
    (bench, asterisk, client, own)
}

#[test]
fn a_list_of_contacts_tells_nothing_of_phones_that_came_meanwhile() {
    let (mut bench, asterisk, mut client, own) = ringing_at_yealink();
    registers(&mut bench, asterisk, ("1003", 3), "NonQualified");
    let asked = asked_in_half_a_minute(&mut bench, asterisk);
    assert_eq!(told(&mut bench, &client), Vec::<String>::new());
    asterisk.list_some_contacts(&mut bench, &asked, &[YEALINK]);
    registers(&mut bench, asterisk, ("1002", 2), "NonQualified");
    assert_eq!(told(&mut bench, &client), [CHANGED]);
    asterisk.end_contacts(&mut bench, &asked, 1);
    assert_eq!(told(&mut bench, &client), Vec::<String>::new());
    assert!(
        !is_told_to_answer(&mut bench, asterisk, &mut client, &own),
        "it is not known which phone that is"
    );
    let asked = asked_in_half_a_minute(&mut bench, asterisk);
    asterisk.list_contacts(&mut bench, &asked, &[YEALINK, YEALINK]);
    assert_eq!(told(&mut bench, &client), [CHANGED]);
    assert!(is_told_to_answer(&mut bench, asterisk, &mut client, &own));
}

#[test]
fn a_list_of_contacts_that_lacks_one_or_its_end_is_asked_for_again() {
    let (mut bench, asterisk, mut client, own) = ringing_at_yealink();
    registers(&mut bench, asterisk, ("1003", 3), "NonQualified");
    let asked = asked_in_half_a_minute(&mut bench, asterisk);
    asterisk.list_some_contacts(&mut bench, &asked, &[YEALINK]);
    assert_eq!(told(&mut bench, &client), Vec::<String>::new());
    asterisk.end_contacts(&mut bench, &asked, 2);
    assert_eq!(told(&mut bench, &client), [CHANGED]);
    assert!(!is_told_to_answer(&mut bench, asterisk, &mut client, &own), "a phone may be missing");
    let lost = asked_in_half_a_minute(&mut bench, asterisk);
    asterisk.list_some_contacts(&mut bench, &lost, &[YEALINK]);
    assert_eq!(asterisk.acted_within(&mut bench, 55), []);
    let [asked] = asterisk.acted_within(&mut bench, 10).try_into().expect("the end is taken for lost");
    // What comes late of the one that was given up counts for nothing.
    asterisk.list_some_contacts(&mut bench, &asked, &[YEALINK]);
    asterisk.end_contacts(&mut bench, &lost, 1);
    assert_eq!(told(&mut bench, &client), Vec::<String>::new());
    asterisk.end_contacts(&mut bench, &asked, 1);
    assert_eq!(told(&mut bench, &client), [CHANGED]);
    assert!(is_told_to_answer(&mut bench, asterisk, &mut client, &own));
    assert_eq!(asterisk.acted_within(&mut bench, 120), []);
}

#[test]
fn an_endpoint_obeys_if_all_its_phones_are_of_user_agents_that_do() {
    let (mut bench, asterisk, mut client, own) = ringing(&[obedient_user_agents()]);
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
        registers(&mut bench, asterisk, ("1003", 3), "Removed");
        registers(&mut bench, asterisk, ("1002", 2), "Created");
        registers(&mut bench, asterisk, ("1002", 2), "Removed");
        let until_then: &[&str] = if last { &[CHANGED] } else { &[] };
        assert_eq!(told(&mut bench, &client), until_then, "{contacts:?}");
        assert!(!is_told_to_answer(&mut bench, asterisk, &mut client, &own), "{contacts:?}");
        let asked = asked_in_half_a_minute(&mut bench, asterisk);
        asterisk.list_contacts(&mut bench, &asked, contacts);
        let expected: &[&str] = if obeys { &[CHANGED] } else { &[] };
        assert_eq!(told(&mut bench, &client), expected, "{contacts:?}");
        assert_eq!(is_told_to_answer(&mut bench, asterisk, &mut client, &own), obeys, "{contacts:?}");
        last = obeys;
    }
}
