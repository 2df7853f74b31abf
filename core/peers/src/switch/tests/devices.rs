//! What devices there are, and what each can do.

use super::features::{heard, says};
use super::*;
use crate::switch::features;

/// The parts of a list that were sent: the number of each, whether it is the last, and its devices.
fn parts(world: &mut World, link: LinkId, id: &str) -> Vec<(String, bool, Vec<String>)> {
    world.calm();
    let part = |xml: &str| {
        let inner = |name: &str| {
            let from = xml.split_once(&format!("<{name}>")).unwrap().1;
            from.split_once(&format!("</{name}>")).unwrap().0.to_string()
        };
        assert_eq!(inner("serviceCrossRefID"), id);
        let devices = xml.split("<deviceID>").skip(1).map(|rest| rest.split_once('<').unwrap().0.to_string());
        (inner("segmentID"), inner("lastSegment") == "true", devices.collect())
    };
    let frames = world.frames(link);
    assert!(frames.iter().all(|(invoke, _)| *invoke == 9999), "{frames:?}");
    frames.iter().map(|(_, xml)| part(xml)).collect()
}

fn list(world: &mut World, link: LinkId, inside: &str) -> Vec<(String, bool, Vec<String>)> {
    let answer = says(world, link, "GetSwitchingFunctionDevices", inside);
    let id = answer.split_once("<serviceCrossRefID>").expect(&answer).1.split_once('<').unwrap().0;
    parts(world, link, id)
}

#[test]
fn the_devices_come_in_messages_of_bounded_size() {
    let mut world = World::new(|config| {
        config.segment = 4;
        config.trunk_prefix = Some("0".into());
        config.trunks = 2;
    });
    let alice = world.client();
    let sent = list(&mut world, alice, "");
    let numbers: Vec<(&str, bool, usize)> =
        sent.iter().map(|(number, last, devices)| (number.as_str(), *last, devices.len())).collect();
    assert_eq!(numbers, [("1", false, 4), ("2", false, 4), ("3", true, 4)]);
    let all: Vec<&String> = sent.iter().flat_map(|(_, _, devices)| devices).collect();
    assert_eq!(
        (all[0].as_str(), all[9].as_str(), all[10].as_str(), all[11].as_str()),
        ("1001", "1010", "T1", "T2")
    );
}

#[test]
fn the_devices_of_a_category_or_one_alone_are_listed() {
    let mut world = World::new(|config| {
        config.trunk_prefix = Some("0".into());
        config.parking = ["701".into(), "702".into()].into();
        config.mailbox = Some("700".into());
    });
    let alice = world.client();
    for (inside, count) in [
        ("", 21),
        ("<requestedDeviceCategory>park</requestedDeviceCategory>", 2),
        ("<requestedDeviceCategory>voiceUnit</requestedDeviceCategory>", 1),
        ("<requestedDeviceID>702</requestedDeviceID>", 1),
        ("<requestedDeviceCategory>station</requestedDeviceCategory>", 10),
        ("<requestedDeviceCategory>networkInterface</requestedDeviceCategory>", 8),
        ("<requestedDeviceCategory>groupHunt</requestedDeviceCategory>", 0),
        ("<requestedDeviceID>1003</requestedDeviceID>", 1),
        ("<requestedDeviceID>T8</requestedDeviceID>", 1),
        (
            "<requestedDeviceID>1003</requestedDeviceID><requestedDeviceCategory>park</requestedDeviceCategory>",
            0,
        ),
    ] {
        let sent = list(&mut world, alice, inside);
        assert_eq!(sent.len(), 1, "{inside}");
        assert_eq!((sent[0].0.as_str(), sent[0].1, sent[0].2.len()), ("1", true, count), "{inside}");
    }
    for (inside, error) in [
        ("<requestedDeviceID>1099</requestedDeviceID>", "operation/invalidDeviceID"),
        ("<requestedDeviceID>T9</requestedDeviceID>", "operation/invalidDeviceID"),
        ("<requestedDeviceID>T01</requestedDeviceID>", "operation/invalidDeviceID"),
        ("<requestedDeviceCategory>phone</requestedDeviceCategory>", "operation/invalidParameterValue"),
    ] {
        assert_eq!(says(&mut world, alice, "GetSwitchingFunctionDevices", inside), error, "{inside}");
        assert_eq!(parts(&mut world, alice, ""), []);
    }
}

#[test]
fn lists_of_devices_take_turns_end_with_their_link_and_are_few() {
    let mut world = World::new(|config| config.segment = 1);
    let (alice, bob) = (world.client(), world.client());
    for link in [alice, bob, bob] {
        let answer = says(&mut world, link, "GetSwitchingFunctionDevices", "");
        assert!(answer.contains("<serviceCrossRefID>"), "{answer}");
    }
    world.step(Input::Tick);
    world.step(Input::Tick);
    world.step(Input::Tick);
    assert_eq!((world.frames(alice).len(), world.frames(bob).len()), (1, 2));
    world.close(bob);
    assert_eq!(world.frames(alice).len(), 9);
    for _ in 0..64 {
        says(&mut world, alice, "GetSwitchingFunctionDevices", "");
    }
    let answer = says(&mut world, alice, "GetSwitchingFunctionDevices", "");
    assert_eq!(answer, "subscribedResourceAvailability/outstandingReqLimitExceeded");
}

#[test]
fn a_list_of_devices_follows_its_answer_however_late_that_is() {
    let mut world = world();
    let alice = world.client();
    world.command("delay 100");
    world.send(alice, &asks("GetSwitchingFunctionDevices", Vec::new()));
    world.pass(Duration::from_millis(99));
    assert_eq!(world.frames(alice), []);
    world.pass(Duration::from_millis(1));
    let frames = world.frames(alice);
    assert_eq!(frames.len(), 2, "{frames:?}");
    assert!(frames[0].1.contains("GetSwitchingFunctionDevicesResponse"), "{frames:?}");
    assert!(frames[1].1.contains("<SwitchingFunctionDevices"), "{frames:?}");
}

#[test]
fn a_phone_s_information_names_exactly_the_services_that_are_served() {
    let mut world = world();
    let alice = world.client();
    let device = "<device>1001</device>";
    let logical = says(&mut world, alice, "GetLogicalDeviceInformation", device);
    let physical = says(&mut world, alice, "GetPhysicalDeviceInformation", device);
    let of_phones =
        |list: &str| !list.starts_with("capE") && !list.starts_with("system") && !list.starts_with("monit");
    let listed = features();
    for entry in services::all().iter().filter(|entry| of_phones(entry.list)) {
        let (name, text) =
            (entry.feature, if entry.list.starts_with("physDev") { &physical } else { &logical });
        let is_named = text.contains(&format!("<{name}/>"));
        let applies = !["snapshotServList", "vendorSpecificServList"].contains(&entry.list);
        assert_eq!(is_named, applies && listed.has(entry), "{} in {text}", entry.root);
    }
    for part in [
        "<deviceCategory>station</deviceCategory><namedDeviceTypes>station</namedDeviceTypes><hasPhysicalElement>true",
        "<maxActiveCalls>2</maxActiveCalls><maxHeldCalls>2</maxHeldCalls><maxFwdSettings>12</maxFwdSettings>",
        "<logDevServList><callControlServList>",
        "<logDevEvtsList><callControlEvtsList>",
        "<deviceMaintEvtsList><backInService/><deviceCapsChanged/><outOfService/></deviceMaintEvtsList>",
    ] {
        assert!(logical.contains(part), "{part} is not in {logical}");
    }
    assert!(
        physical.contains("<physDevEvtsList><messageWaiting/><microphoneMute/><speakerMute/>"),
        "{physical}"
    );
    world.command("callwaiting 1001 off");
    let logical = says(&mut world, alice, "GetLogicalDeviceInformation", device);
    assert!(logical.contains("<maxActiveCalls>1</maxActiveCalls>"), "{logical}");
    for root in ["GetLogicalDeviceInformation", "GetPhysicalDeviceInformation"] {
        assert_eq!(says(&mut world, alice, root, "<device>1099</device>"), "operation/invalidDeviceID");
    }
}

#[test]
fn the_mailbox_lights_the_lamp_and_listening_puts_it_out() {
    let mut world = World::new(|config| config.mailbox = Some("700".into()));
    let alice = world.client();
    world.command("forward 1002 700");
    world.command("dial 1001 1002");
    world.pass(Duration::from_secs(2));
    world.monitor(alice, "1002");
    world.command("hangup 1001");
    let lamp = |on| {
        format!(
            "1002: <MessageWaitingEvent><targetDevice><deviceIdentifier>1002</deviceIdentifier></targetDevice>\
             <deviceForMessage>700</deviceForMessage><messageWaitingOn>{on}</messageWaitingOn></MessageWaitingEvent>"
        )
    };
    assert_eq!(heard(&mut world, alice), [lamp(true)]);
    assert_eq!(world.command("settings 1002"), "ok forward immediate to 700, lamp for 700");
    world.command("dial 1002 700");
    world.pass(Duration::from_secs(2));
    heard(&mut world, alice);
    world.command("hangup 1002");
    assert_eq!(heard(&mut world, alice).last(), Some(&lamp(false)));
    let got = says(&mut world, alice, "GetMessageWaitingIndicator", "<device>1002</device>");
    assert!(got.contains("<messageWaitingOn>false</messageWaitingOn><lampIsPresent>true"), "{got}");
}
