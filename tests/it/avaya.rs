//! Device identifiers that are not numbers, at a phone system that behaves as an Avaya does: it knows devices only by
//! the identifiers that it gave out, and sends the events that a monitor names.

use ctigate_core::setting::Value;
use ctigate_tests::bench::{Asked, Bench, Client, PhoneSystem, csta_error, only, snapshot};
use ctigate_tests::sip::{Sip, csta};

fn text(key: &'static str, value: &str) -> (&'static str, Value) {
    (key, Value::Text(value.into()))
}

/// An Avaya, which is asked for its devices.
fn avaya() -> Vec<(&'static str, Value)> {
    vec![
        text("cti.connection[0].login", "avaya"),
        text("cti.connection[0].user", "cti"),
        text("cti.connection[0].password_file", "/etc/ctigate/aes.password"),
        text("cti.connection[0].device_id", "ask"),
        text("cti.connection[0].switch_name", "CM1"),
    ]
}

/// The identifier of a device at the switch CM1.
fn id(number: &str) -> String {
    format!("{number}:CM1::0")
}

/// Answers the question for a device's identifier.
fn name_device(bench: &mut Bench, system: PhoneSystem) -> String {
    let answer = |asked: &Asked| {
        assert!(asked.document.contains("xmlns=\"http://www.avaya.com/csta\""), "{}", asked.document);
        assert_eq!(asked.element("switchName"), "CM1");
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><GetThirdPartyDeviceIdResponse \
             xmlns=\"http://www.avaya.com/csta\"><device typeOfNumber=\"other\" mediaClass=\"voice\" \
             bitRate=\"constant\">{}</device></GetThirdPartyDeviceIdResponse>",
            id(asked.element("extension"))
        )
    };
    system.serve(bench, "GetThirdPartyDeviceId", answer).element("extension").to_owned()
}

/// Signs in and monitors the line.
fn monitored(bench: &mut Bench, system: PhoneSystem) -> Client {
    let mut client = Client::new(bench, "alice");
    let body = client.sign_in_body();
    client.send(bench, "INVITE", &body);
    assert_eq!(name_device(bench, system), "1001");
    let asked = system.serve(bench, "SnapshotDevice", |_| snapshot(&id("1001"), &[]));
    assert_eq!(asked.element("snapshotObject"), id("1001"));
    let answer = only(&client.heard(bench), 200);
    client.take_tag(&answer);
    client.send(bench, "ACK", "");
    let object = client.monitor_object();
    client.info(bench, "MonitorStart", &object);
    let asked = system.start_monitor(bench, "m1");
    assert_eq!(asked.element("deviceObject"), id("1001"), "it is not asked for again");
    assert_eq!(asked.element("invertFilter"), "true");
    assert_eq!(asked.element("delivered"), "true", "what is named is wanted");
    only(&client.heard(bench), 200);
    client
}

/// The client's view of an event, without the signs that surround it.
fn told(bench: &mut Bench, client: &mut Client) -> Sip {
    bench.sleep(ctigate_core::Duration::from_millis(100));
    let heard = client.heard(bench);
    let [event] = <[Sip; 1]>::try_from(heard).expect("one event");
    event
}

#[test]
fn devices_are_asked_for_and_their_identifiers_stay_between_gateway_and_phone_system() {
    let mut bench = Bench::with(&avaya());
    let system = PhoneSystem::answer(&mut bench);
    let mut client = monitored(&mut bench, system);
    let own = format!("<callID>7</callID><deviceID typeOfNumber=\"other\">{}</deviceID>", id("1001"));
    let device = |name: &str, number: &str| {
        format!("<{name}><deviceIdentifier typeOfNumber=\"other\">{}</deviceIdentifier></{name}>", id(number))
    };
    let children = format!(
        "<connection>{own}</connection>{}{}{}<lastRedirectionDevice><notRequired/></lastRedirectionDevice>\
         <localConnectionInfo>alerting</localConnectionInfo><cause>newCall</cause>",
        device("alertingDevice", "1001"),
        device("callingDevice", "1002"),
        device("calledDevice", "1001")
    );
    system.event(&mut bench, "DeliveredEvent", "m1", &children);
    let event = told(&mut bench, &mut client);
    assert_eq!(event.element("deviceID"), "tel:1001;phone-context=dialstring");
    assert_eq!(
        event.element("callingDevice"),
        "<deviceIdentifier>tel:1002;phone-context=dialstring</deviceIdentifier>"
    );
    assert!(!event.body().contains("CM1"), "{}", event.body());

    let connection = format!(
        "<callToBeAnswered><callID>{}</callID><deviceID>{}</deviceID></callToBeAnswered>",
        event.element("callID"),
        client.uri
    );
    client.info(&mut bench, "AnswerCall", &connection);
    let asked = system.serve(&mut bench, "AnswerCall", |_| csta("AnswerCallResponse", ""));
    assert!(asked.document.contains(&own), "{}", asked.document);
    only(&client.heard(&mut bench), 200);
}

#[test]
fn a_number_that_is_dialled_is_asked_for_once_too() {
    let mut bench = Bench::with(&avaya());
    let system = PhoneSystem::answer(&mut bench);
    let mut client = monitored(&mut bench, system);
    for is_known in [false, true] {
        let call = format!(
            "<callingDevice>{}</callingDevice><calledDirectoryNumber>tel:0014255550101;phone-context=dialstring\
             </calledDirectoryNumber>",
            client.uri
        );
        client.info(&mut bench, "MakeCall", &call);
        if !is_known {
            assert_eq!(name_device(&mut bench, system), "0014255550101");
        }
        let refused = csta_error("stateIncompatibility", "invalidConnectionState");
        let asked = system.serve(&mut bench, "MakeCall", |_| refused);
        assert_eq!(asked.element("callingDevice"), id("1001"));
        assert_eq!(asked.element("calledDirectoryNumber"), id("0014255550101"));
        only(&client.heard(&mut bench), 200);
    }
}

#[test]
fn a_sign_in_for_a_device_that_the_phone_system_does_not_name_is_answered_404() {
    let mut bench = Bench::with(&avaya());
    let system = PhoneSystem::answer(&mut bench);
    let mut client = Client::new(&mut bench, "alice");
    let body = client.sign_in_body();
    client.send(&mut bench, "INVITE", &body);
    system.serve(&mut bench, "GetThirdPartyDeviceId", |_| csta_error("operation", "invalidDeviceID"));
    only(&client.heard(&mut bench), 404);
    assert_eq!(bench.engine().view().sessions, 0);
}

#[test]
fn a_session_that_moves_is_named_as_its_new_connection_names_it() {
    let settings = [
        text("cti.connection[0].address", "127.0.0.1:4000"),
        text("cti.connection[0].device_id", "{number}:CM1:192.0.2.10:0"),
        text("cti.connection[1].address", "127.0.0.1:4001"),
        text("cti.connection[1].device_id", "PJSIP/{number}"),
        text("cti.recovery", "rebind"),
    ];
    let (mut bench, [first, second]) = Bench::with_systems::<2>(&settings);
    let mut client = Client::new(&mut bench, "alice");
    client.sign_in(&mut bench, first);
    let object = client.monitor_object();
    client.info(&mut bench, "MonitorStart", &object);
    assert_eq!(first.start_monitor(&mut bench, "m1").element("deviceObject"), "1001:CM1:192.0.2.10:0");
    only(&client.heard(&mut bench), 200);

    bench.close(first.link());
    assert_eq!(second.start_monitor(&mut bench, "m2").element("deviceObject"), "PJSIP/1001");
    let asked = second.serve(&mut bench, "SnapshotDevice", |_| snapshot("PJSIP/1001", &[]));
    assert_eq!(asked.element("snapshotObject"), "PJSIP/1001");
    let held = "<heldConnection><callID>7</callID><deviceID>PJSIP/1001</deviceID></heldConnection><holdingDevice>\
         <deviceIdentifier>PJSIP/1001</deviceIdentifier></holdingDevice><localConnectionInfo>hold\
         </localConnectionInfo><cause>normal</cause>";
    client.heard(&mut bench);
    second.event(&mut bench, "HeldEvent", "m2", held);
    assert_eq!(told(&mut bench, &mut client).element("deviceID"), "tel:1001;phone-context=dialstring");
}
