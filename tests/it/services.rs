//! Errors in CSTA are answered in CSTA, and GetCSTAFeatures lists exactly what works.

use ctigate_core::Duration;
use ctigate_core::wire::csta::services::all;
use ctigate_tests::bench::{Bench, Client, PhoneSystem, Sip, csta, csta_error, only};

/// A request for a service with all required members, as a client sends it.
fn children(service: &str, line: &str) -> String {
    let connection = "<callID>17</callID><deviceID>tel:1002;phone-context=dialstring</deviceID>";
    match service {
        "SystemRegister" => "<requestTypes><systemStatus>true</systemStatus></requestTypes>\
            <requestedStatusFilter/>"
            .into(),
        "MonitorStart" => format!("<monitorObject><deviceObject>{line}</deviceObject></monitorObject>"),
        "SnapshotDevice" => format!("<snapshotObject>{line}</snapshotObject>"),
        "MakeCall" => format!(
            "<callingDevice>{line}</callingDevice><calledDirectoryNumber>tel:1002</calledDirectoryNumber>"
        ),
        "AnswerCall" => format!("<callToBeAnswered>{connection}</callToBeAnswered>"),
        "ClearConnection" => format!("<connectionToBeCleared>{connection}</connectionToBeCleared>"),
        "HoldCall" => format!("<callToBeHeld>{connection}</callToBeHeld>"),
        "RetrieveCall" => format!("<callToBeRetrieved>{connection}</callToBeRetrieved>"),
        _ => String::new(),
    }
}

/// The phone system's answer to a service.
fn answer(service: &str) -> String {
    let inside = match service {
        "MonitorStart" => "<monitorCrossRefID>m1</monitorCrossRefID>",
        "SnapshotDevice" => "<crossRefIDorSnapshotData><snapshotData/></crossRefIDorSnapshotData>",
        "MakeCall" => "<callingDevice><callID>7</callID><deviceID>1001</deviceID></callingDevice>",
        _ => "",
    };
    csta(&format!("{service}Response"), inside)
}

/// The answer that the client gets to one request.
fn call(bench: &mut Bench, system: PhoneSystem, client: &mut Client, service: &str, inside: &str) -> Sip {
    let mut answers = client.info(bench, service, inside);
    for asked in system.asked(bench) {
        system.say(bench, asked.invoke, &answer(asked.root()));
        answers.extend(client.heard(bench));
    }
    only(&answers, 200)
}

#[test]
fn every_listed_service_works_and_every_unlisted_one_is_its_error() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    let listed = call(&mut bench, system, &mut client, "GetCSTAFeatures", "");
    let lists = |entry: &str| listed.body().contains(&format!("<{entry}/>"));
    let mut worked = Vec::new();
    for entry in all() {
        // These use identifiers from earlier answers.
        let inside = match entry.root {
            "MonitorStop" | "ChangeMonitorFilter" => format!(
                "<monitorCrossRefID>{}</monitorCrossRefID><requestedFilterList/>",
                client_monitor(&mut bench, system, &mut client)
            ),
            "SystemRegisterCancel" => {
                call(
                    &mut bench,
                    system,
                    &mut client,
                    "SystemRegisterCancel",
                    "<sysStatRegisterID>none</sysStatRegisterID>",
                );
                continue;
            }
            root => children(root, &client.uri),
        };
        let response = call(&mut bench, system, &mut client, entry.root, &inside);
        if lists(entry.feature) {
            assert_eq!(response.root(), format!("{}Response", entry.root), "{}", response.body());
            worked.push(entry.root);
        } else {
            assert_eq!(response.element("operation"), "serviceNotSupported", "{}", entry.root);
        }
    }
    assert_eq!(
        worked,
        [
            "GetCSTAFeatures",
            "SystemRegister",
            "RequestSystemStatus",
            "ChangeMonitorFilter",
            "MonitorStart",
            "MonitorStop",
            "SnapshotDevice",
            "AnswerCall",
            "ClearConnection",
            "HoldCall",
            "MakeCall",
            "RetrieveCall",
        ]
    );
}

fn client_monitor(bench: &mut Bench, system: PhoneSystem, client: &mut Client) -> String {
    let inside = children("MonitorStart", &client.uri);
    call(bench, system, client, "MonitorStart", &inside).element("monitorCrossRefID").into()
}

#[test]
fn a_registration_is_cancelled_by_its_id() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    let inside = children("SystemRegister", "");
    let id = call(&mut bench, system, &mut client, "SystemRegister", &inside)
        .element("sysStatRegisterID")
        .to_owned();
    let named = format!("<sysStatRegisterID>{id}</sysStatRegisterID>");
    let cancelled = call(&mut bench, system, &mut client, "SystemRegisterCancel", &named);
    assert_eq!(cancelled.root(), "SystemRegisterCancelResponse");
    let again = call(&mut bench, system, &mut client, "SystemRegisterCancel", &named);
    assert_eq!(again.root(), "CSTAErrorCode");
}

#[test]
fn the_phone_system_s_errors_reach_the_client_as_they_are() {
    for (category, value) in [
        ("stateIncompatibility", "noCallToAnswer"),
        ("operation", "invalidConnectionID"),
        ("systemResourceAvailibility", "networkBusy"),
    ] {
        let (mut bench, system, mut client) = Bench::signed_in(&[]);
        client.info(&mut bench, "AnswerCall", &children("AnswerCall", ""));
        system.serve(&mut bench, "AnswerCall", |_| csta_error(category, value));
        assert_eq!(only(&client.heard(&mut bench), 200).element(category), value);
    }
}

#[test]
fn the_call_id_decides_and_a_missing_or_far_device_means_the_own_connection() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    for connection in [
        "<callID>17</callID>",
        "<callID>17</callID><deviceID>tel:1002;phone-context=dialstring</deviceID>",
        "<callID>17</callID><deviceID>tel:1001;phone-context=dialstring;partition=P</deviceID>",
    ] {
        client.info(&mut bench, "HoldCall", &format!("<callToBeHeld>{connection}</callToBeHeld>"));
        let asked = system.serve(&mut bench, "HoldCall", |_| answer("HoldCall"));
        assert_eq!((asked.element("callID"), asked.element("deviceID")), ("7", "1001"), "{connection}");
        only(&client.heard(&mut bench), 200);
    }
}

#[test]
fn nobody_acts_for_another_line() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    let other = "tel:1002;phone-context=dialstring";
    for (service, value) in [
        ("MakeCall", "privilegeViolationCallingDevice"),
        ("MonitorStart", "privilegeViolationSpecifiedDevice"),
        ("SnapshotDevice", "privilegeViolationSpecifiedDevice"),
    ] {
        let refused = call(&mut bench, system, &mut client, service, &children(service, other));
        assert_eq!(refused.element("operation"), value, "{service}");
    }
}

#[test]
fn a_monitor_of_a_call_instead_of_a_line_is_refused() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    let object = "<monitorObject><callObject><callID>17</callID></callObject></monitorObject>";
    let refused = call(&mut bench, system, &mut client, "MonitorStart", object);
    assert_eq!(refused.element("operation"), "invalidMonitorObjectType");
}

#[test]
fn missing_elements_are_named_by_the_most_telling_error() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    for (service, inside, value) in [
        ("MakeCall", "", "invalidCallingDeviceID"),
        ("AnswerCall", "", "invalidConnectionID"),
        ("MonitorStop", "", "invalidMonitorCrossRefID"),
        ("MonitorStop", "<monitorCrossRefID>ffffffff</monitorCrossRefID>", "invalidMonitorCrossRefID"),
        ("HoldCall", "<callToBeHeld><callID>9_7</callID></callToBeHeld>", "invalidConnectionID"),
    ] {
        let refused = call(&mut bench, system, &mut client, service, inside);
        assert_eq!(refused.element("operation"), value, "{service} {inside}");
    }
}

#[test]
fn a_silent_phone_system_is_told_to_the_client_in_time_and_its_late_answer_dropped() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.info(&mut bench, "AnswerCall", &children("AnswerCall", ""));
    bench.advance(Duration::from_millis(4_999));
    assert_eq!(client.heard(&mut bench), []);
    bench.advance(Duration::from_millis(1));
    let told = only(&client.heard(&mut bench), 200);
    assert_eq!(told.element("systemResourceAvailibility"), "resourceOutOfService");
    system.serve(&mut bench, "AnswerCall", |_| answer("AnswerCall"));
    assert_eq!(client.heard(&mut bench), []);
}

#[test]
fn a_monitor_s_filter_keeps_events_back_and_is_told_in_the_answer() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    let inside = format!(
        "{}<requestedMonitorFilter><callcontrol><held>true</held></callcontrol></requestedMonitorFilter>",
        children("MonitorStart", &client.uri)
    );
    let started = call(&mut bench, system, &mut client, "MonitorStart", &inside);
    assert!(started.body().contains("<held>true</held>"));
    bench.advance(Duration::from_millis(20));
    for (event, connection, device) in [
        ("HeldEvent", "heldConnection", "holdingDevice"),
        ("RetrievedEvent", "retrievedConnection", "retrievingDevice"),
    ] {
        let inside = format!(
            "<{connection}><callID>7</callID><deviceID>1001</deviceID></{connection}>\
             <{device}><deviceIdentifier>1001</deviceIdentifier></{device}><cause>normal</cause>"
        );
        system.event(&mut bench, event, "m1", &inside);
    }
    let roots: Vec<String> = client.heard(&mut bench).iter().map(|event| event.root().to_owned()).collect();
    assert_eq!(roots, ["RetrievedEvent"]);
}

#[test]
fn events_name_the_own_line_without_partition_and_others_as_dial_strings() {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    client.uri = "tel:1001;phone-context=dialstring;partition=P;device=SEP1".into();
    client.sign_in(&mut bench, system);
    client.monitor(&mut bench, system, "m1");
    let inside = "<offeredConnection><callID>7</callID><deviceID>1001</deviceID></offeredConnection>\
        <offeredDevice><deviceIdentifier>1001</deviceIdentifier></offeredDevice>\
        <callingDevice><deviceIdentifier>+14255550150</deviceIdentifier></callingDevice>\
        <calledDevice><deviceIdentifier>1002</deviceIdentifier></calledDevice><cause>newCall</cause>";
    system.event(&mut bench, "OfferedEvent", "m1", inside);
    let [event] = client.heard(&mut bench).try_into().expect("one event, of a kind that is passed on");
    assert_eq!(event.root(), "OfferedEvent");
    for part in [
        "<callID>17</callID><deviceID>tel:1001;phone-context=dialstring</deviceID>",
        "<callingDevice><deviceIdentifier>tel:+14255550150</deviceIdentifier></callingDevice>",
        "<calledDevice><deviceIdentifier>tel:1002;phone-context=dialstring</deviceIdentifier></calledDevice>",
    ] {
        assert!(event.body().contains(part), "{part} in {}", event.body());
    }
}

#[test]
fn what_the_link_cannot_do_is_neither_listed_nor_served() {
    let mut bench = Bench::new();
    let system =
        PhoneSystem::answer_with(&mut bench, "<callControlServList><makeCall/></callControlServList>");
    let mut client = Client::new(&mut bench, "alice");
    client.invite(&mut bench);
    let listed = call(&mut bench, system, &mut client, "GetCSTAFeatures", "");
    assert!(listed.body().contains("<makeCall/>") && !listed.body().contains("<holdCall/>"));
    let refused = call(&mut bench, system, &mut client, "HoldCall", &children("HoldCall", ""));
    assert_eq!(refused.element("operation"), "serviceNotSupported");
}
