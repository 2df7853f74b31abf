//! A line at several devices: a client of one of them sees the others as other devices, by the same number.

use std::sync::Arc;

use ctigate_core::Seed;
use ctigate_core::config::Config;
use ctigate_core::engine::Engine;
use ctigate_core::line::directory::Directory;
use ctigate_core::line::forms::{APPEARANCE, APPEARANCES};
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Bench, Client, PhoneSystem, csta, csta_error, only};

use super::{delivered, escaped, told, written};
use crate::reloading::{domains, signed_in};

/// Alice and Bob share a line, which is at a device of each; Carol may control it at both.
const DIRECTORY: &str = "ctigate directory 1
line 1001
device SEP1
device SEP2
appearance 1001 SEP1 1 device_id=1001:SEP1
appearance 1001 SEP2 1 device_id=1001:SEP2
user alice line=1001@SEP1
user bob line=1001@SEP2
user carol line=1001
";

fn shared(config: Config, seed: Seed) -> Engine {
    let directory = Directory::read(DIRECTORY, "shared").expect("a right directory");
    Engine::new(config, seed).with_directory(Arc::new(directory))
}

/// A user at the first device, with a monitor.
fn at_first(user: &'static str, more: &[(&str, Value)]) -> (Bench, PhoneSystem, Client) {
    let settings: Vec<(&str, Value)> = more.iter().cloned().chain([domains()]).collect();
    let mut bench = Bench::of(&settings, shared);
    let services = "<monitoringServList><monitorStart/></monitoringServList><snapshotServList><snapshotDevice/>\
        </snapshotServList><callControlServList><makeCall/><answerCall/><directedPickupCall/></callControlServList>";
    let system = PhoneSystem::answer_with(&mut bench, services);
    let mut client = signed_in(&mut bench, system, user, APPEARANCE.0);
    client.monitor(&mut bench, system, "m1");
    bench.advance(ctigate_core::Duration::from_millis(20));
    (bench, system, client)
}

/// An `EstablishedEvent` of call 7, in which this device has answered.
fn established(device: &str, answering: &str, local: &str) -> String {
    format!(
        "<establishedConnection><callID>7</callID>{device}</establishedConnection>\
         <answeringDevice>{answering}</answeringDevice>\
         <callingDevice><deviceIdentifier>1003</deviceIdentifier></callingDevice>\
         <calledDevice><deviceIdentifier>1001</deviceIdentifier></calledDevice>\
         <lastRedirectionDevice><notRequired/></lastRedirectionDevice>\
         <localConnectionInfo>{local}</localConnectionInfo><cause>newCall</cause>"
    )
}

const PARTIES: &str = "<callingDevice><deviceIdentifier>1003</deviceIdentifier></callingDevice>\
    <calledDevice><deviceIdentifier>1001</deviceIdentifier></calledDevice>\
    <lastRedirectionDevice><notRequired/></lastRedirectionDevice>";

/// The other appearance as clients at the first one are shown it.
const OTHER: &str = "tel:1001;phone-context=dialstring;device-id=1001:SEP2";

#[test]
fn a_call_answered_at_another_appearance_is_not_shown_at_the_own_connection() {
    let (mut bench, system, client) = at_first("alice", &[]);
    for form in APPEARANCES {
        let (device, answering) = (written(form, "deviceID"), written(form, "deviceIdentifier"));
        system.event(&mut bench, "EstablishedEvent", "m1", &established(&device, &answering, "queued"));
        let seen = told(&mut bench, &client);
        let id = escaped(form.seen);
        for part in [
            format!("<deviceID>{id}</deviceID></establishedConnection>"),
            format!("<answeringDevice><deviceIdentifier>{id}</deviceIdentifier></answeringDevice>"),
            "<calledDevice><deviceIdentifier>tel:1001;phone-context=dialstring</deviceIdentifier></calledDevice>".into(),
        ] {
            assert!(seen.contains(&part), "{form:?}: {part} in {seen}");
        }
    }
}

#[test]
fn another_appearance_is_shown_by_the_number_that_address_books_have() {
    let rule = [
        ("numbers.shown[0].digits", Value::Integer(4)),
        ("numbers.shown[0].prepend", Value::Text("+4930123".into())),
    ];
    let (mut bench, system, client) = at_first("alice", &rule);
    let answering = "<deviceIdentifier>1001:SEP2</deviceIdentifier>";
    system.event(
        &mut bench,
        "EstablishedEvent",
        "m1",
        &established("<deviceID>1001:SEP2</deviceID>", answering, "queued"),
    );
    let seen = told(&mut bench, &client);
    assert!(seen.contains(&format!("<deviceID>{OTHER}</deviceID>")), "{seen}");
    let shown = "<answeringDevice><deviceIdentifier>tel:+49301231001;device-id=1001:SEP2</deviceIdentifier>";
    assert!(seen.contains(shown), "{seen}");
}

#[test]
fn what_a_client_sends_back_of_another_appearance_is_understood() {
    let allowed = [("cti.connection[0].foreign_calls", Value::Flag(true))];
    let (mut bench, system, mut client) = at_first("alice", &allowed);
    let rings = delivered("<deviceID>1001:SEP1</deviceID>", PARTIES);
    system.event(&mut bench, "DeliveredEvent", "m1", &rings);
    let call = client.heard(&mut bench).pop().expect("the event").element("callID").to_owned();
    // In a call of the own line the callID decides.
    for device in [OTHER, APPEARANCE.0, "1001:SEP1", "tel:1001;phone-context=dialstring;device-id=1001:SEP1"]
    {
        let named = format!("<callID>{call}</callID><deviceID>{device}</deviceID>");
        client.info(&mut bench, "AnswerCall", &format!("<callToBeAnswered>{named}</callToBeAnswered>"));
        let asked = system.serve(&mut bench, "AnswerCall", |_| csta("AnswerCallResponse", ""));
        assert!(asked.document.contains("<callID>7</callID><deviceID>1001:SEP1</deviceID>"), "{asked:?}");
        client.heard(&mut bench);
    }
    // A call that is brought to the own line is named at the device where it is.
    for (named, device) in [
        (OTHER, "1001:SEP2"),
        ("tel:1001;phone-context=dialstring;device-id=1001:Room%202%3B", "1001:Room 2;"),
    ] {
        let inside = format!(
            "<callToBePickedUp><callID>18</callID><deviceID>{named}</deviceID></callToBePickedUp>\
             <requestingDevice>{}</requestingDevice>",
            APPEARANCE.0
        );
        client.info(&mut bench, "DirectedPickupCall", &inside);
        let answer = |_: &_| csta_error("operation", "generic");
        let asked = system.serve(&mut bench, "DirectedPickupCall", answer);
        let wanted = format!("<callID>8</callID><deviceID>{device}</deviceID>");
        assert!(asked.document.contains(&wanted), "{wanted} in {asked:?}");
        client.heard(&mut bench);
    }
    // The number is dialled.
    let make = format!(
        "<callingDevice>{}</callingDevice><calledDirectoryNumber>{OTHER}</calledDirectoryNumber>",
        APPEARANCE.0
    );
    client.info(&mut bench, "MakeCall", &make);
    let asked = system.serve(&mut bench, "MakeCall", |_| csta_error("operation", "generic"));
    assert_eq!(asked.element("calledDirectoryNumber"), "1001");
}

#[test]
fn another_appearance_is_monitored_only_by_a_user_who_may_control_it() {
    let object = format!("<monitorObject><deviceObject>{OTHER}</deviceObject></monitorObject>");
    let (mut bench, _, mut alice) = at_first("alice", &[]);
    let refused = only(&alice.info(&mut bench, "MonitorStart", &object), 200);
    assert!(refused.body().contains("privilegeViolationSpecifiedDevice"), "{refused:?}");

    let (mut bench, system, mut carol) = at_first("carol", &[]);
    assert!(carol.info(&mut bench, "MonitorStart", &object).is_empty(), "the phone system is asked");
    assert_eq!(system.start_monitor(&mut bench, "m2").element("deviceObject"), "1001:SEP2");
    assert!(only(&carol.heard(&mut bench), 200).body().contains("monitorCrossRefID"));
}
