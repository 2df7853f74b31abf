//! Connections go back to the phone system as it announced them.

use ctigate_tests::bench::{Bench, Client, PhoneSystem, csta};

use super::{delivered, desk, told};

const PARTIES: &str = "<callingDevice><deviceIdentifier>1002</deviceIdentifier></callingDevice>\
    <calledDevice><deviceIdentifier>1001</deviceIdentifier></calledDevice>\
    <lastRedirectionDevice><notRequired/></lastRedirectionDevice>";

/// The own connections that phone systems announce, as elements.
const ANNOUNCED: [&str; 6] = [
    "<deviceID>1001</deviceID>",
    "<deviceID>N&lt;1001&gt;;noa=nk</deviceID>",
    "<deviceID>sip:1001@pbx</deviceID>",
    "<deviceID typeOfNumber=\"other\">1001:CM1:192.0.2.10:0</deviceID>",
    "<deviceID typeOfNumber=\"deviceNumber\">4711</deviceID>",
    "<deviceID typeOfNumber=\"dynamic\">d4</deviceID>",
];

/// The document that the phone system gets if the client asks for `service` with `inside`.
fn asked(
    (bench, system, client): (&mut Bench, PhoneSystem, &mut Client),
    service: &str,
    inside: &str,
) -> String {
    client.info(bench, service, inside);
    let asked = system.serve(bench, service, |_| csta(&format!("{service}Response"), ""));
    client.heard(bench);
    asked.document
}

#[test]
fn a_connection_goes_back_as_the_phone_system_announced_it() {
    for announced in ANNOUNCED {
        let (mut bench, system, mut client) = desk();
        system.event(&mut bench, "DeliveredEvent", "m1", &delivered(announced, PARTIES));
        let seen = told(&mut bench, &client);
        let (_, shown) = seen.split_once("<connection>").unwrap();
        let (shown, _) = shown.split_once("</connection>").unwrap();
        for (service, element) in
            [("AnswerCall", "callToBeAnswered"), ("ClearConnection", "connectionToBeCleared")]
        {
            let inside = format!("<{element}>{shown}</{element}>");
            let document = asked((&mut bench, system, &mut client), service, &inside);
            let expected = format!("<{element}><callID>7</callID>{announced}</{element}>");
            assert!(document.contains(&expected), "{expected} in {document}");
        }
    }
}

#[test]
fn a_line_alone_means_the_only_call_that_a_service_can_mean() {
    let (mut bench, system, mut client) = desk();
    system.event(&mut bench, "DeliveredEvent", "m1", &delivered(ANNOUNCED[1], PARTIES));
    let inside =
        "<callToBeAnswered><deviceID>tel:1001;phone-context=dialstring</deviceID></callToBeAnswered>";
    let document = asked((&mut bench, system, &mut client), "AnswerCall", inside);
    let expected = format!("<callToBeAnswered><callID>7</callID>{}</callToBeAnswered>", ANNOUNCED[1]);
    assert!(document.contains(&expected), "{expected} in {document}");
}

#[test]
fn a_line_alone_with_several_calls_that_may_be_meant_is_refused() {
    let (mut bench, system, mut client) = desk();
    for call in ["7", "8"] {
        let event = delivered(ANNOUNCED[0], PARTIES).replace(">7<", &format!(">{call}<"));
        system.event(&mut bench, "DeliveredEvent", "m1", &event);
    }
    client.heard(&mut bench);
    let inside =
        "<callToBeAnswered><deviceID>tel:1001;phone-context=dialstring</deviceID></callToBeAnswered>";
    let [refused] = client.info(&mut bench, "AnswerCall", inside).try_into().expect("one answer");
    assert_eq!(refused.element("operation"), "invalidConnectionID");
}

#[test]
fn a_line_alone_without_a_known_call_is_left_to_the_phone_system() {
    let (mut bench, system, mut client) = desk();
    let inside =
        "<callToBeAnswered><deviceID>tel:1001;phone-context=dialstring</deviceID></callToBeAnswered>";
    let document = asked((&mut bench, system, &mut client), "AnswerCall", inside);
    assert!(
        document.contains("<callToBeAnswered><deviceID>1001</deviceID></callToBeAnswered>"),
        "{document}"
    );
}

#[test]
fn an_event_with_half_a_connection_is_completed() {
    let (mut bench, system, client) = desk();
    // A callID alone: the connection is that of the device that the event is about.
    system.event(&mut bench, "DeliveredEvent", "m1", &delivered("", PARTIES));
    let seen = told(&mut bench, &client);
    let (_, connection) = seen.split_once("<connection>").unwrap();
    assert!(connection.contains("<deviceID>tel:1001;phone-context=dialstring</deviceID>"), "{seen}");
    // A deviceID alone: the only call of the line.
    let established = "<establishedConnection><deviceID>1001</deviceID></establishedConnection>\
        <answeringDevice><deviceIdentifier>1001</deviceIdentifier></answeringDevice>\
        <localConnectionInfo>connected</localConnectionInfo><cause>newCall</cause>";
    system.event(&mut bench, "EstablishedEvent", "m1", established);
    let seen = told(&mut bench, &client);
    assert!(seen.contains("<establishedConnection><callID>"), "{seen}");
}
