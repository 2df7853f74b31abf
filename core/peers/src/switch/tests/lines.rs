//! Lines on several devices, as monitors and control lines see them.

use super::features::says;
use super::*;

/// 1001 is on the devices A and B; 1002 and 1004 are devices by themselves.
fn shared() -> World {
    World::new(|config| {
        let phone = config.phones[0].clone();
        let lines = [("1001", Some("A")), ("1001", Some("B")), ("1002", None), ("1004", None)];
        config.phones = lines
            .map(|(number, device)| {
                let device = device.map(String::from);
                super::super::PhoneConfig { number: number.into(), device, ..phone.clone() }
            })
            .into();
    })
}

#[test]
fn each_appearance_is_monitored_and_answered_by_its_device_id() {
    let mut world = shared();
    let alice = world.client();
    for phone in ["1001:A", "1001:B", "1002"] {
        world.monitor(alice, phone);
    }
    let called = world.command("dial 1002 1001");
    let call = called.trim().rsplit(' ').next().unwrap();
    assert_eq!(
        world.events(alice, call),
        [
            "1002: ServiceInitiated 1002 [1002 - -] initiated newCall",
            "1002: Originated 1002 [1002 - 1001] connected newCall",
            "1002: Delivered 1001:A [1001:A 1002 1001] connected newCall",
            "1001:A: Delivered 1001:A [1001:A 1002 1001] alerting newCall",
            "1001:B: Delivered 1001:B [1001:B 1002 1001] alerting newCall",
        ]
    );
    let answer = about("AnswerCall", connection(call, "1001:B"));
    assert_eq!(world.outcome(alice, &answer), "AnswerCallResponse");
    assert_eq!(
        world.events(alice, call),
        [
            "1001:A: ConnectionCleared 1001:A [1001:A - -] null multipleAlerting",
            "1002: Established 1001:B [1001:B 1002 1001] connected newCall",
            "1001:B: Established 1001:B [1001:B 1002 1001] connected newCall",
        ]
    );
    assert_eq!(world.command("phone 1001:A"), "ok 1001:A Alice: on hook");
    assert_eq!(world.command("phone 1002"), format!("ok 1002 Alice: {call} connected, 1001:B connected"));
}

#[test]
fn the_number_of_a_shared_line_is_no_device_and_who_names_it_is_told_which_are() {
    let mut world = shared();
    assert_eq!(world.command("answer 1001"), "error 1001 is on several devices: 1001:A, 1001:B");
    assert_eq!(world.command("answer 1003"), "error there is no phone \"1003\"");
    let alice = world.client();
    let object = MonitorObject::Device(device("1001"));
    let request = Request::MonitorStart { object, filter: None, kind: None };
    assert_eq!(world.outcome(alice, &request), "operation/invalidDeviceID");
    let said = says(&mut world, alice, "GetLogicalDeviceInformation", "<device>1001:A</device>");
    for part in [
        "<appearanceType>basicBridged</appearanceType>",
        "<hasPhysicalElement>false</hasPhysicalElement>",
        "<otherPhysicalDeviceList><deviceID>A</deviceID></otherPhysicalDeviceList>",
    ] {
        assert!(said.contains(part), "{part} is not in {said}");
    }
}

#[test]
fn a_call_that_rings_at_a_line_is_picked_up_by_its_number() {
    for names_call in [true, false] {
        let mut world = shared();
        let alice = world.client();
        let called = world.command("dial 1002 1001");
        let call = called.trim().rsplit(' ').next().unwrap();
        let rings = Connection { call: names_call.then_some(call), device: Some(device("1001")) };
        let by = Value::Device(device("1004"));
        let given = [("callToBePickedUp", Value::Connection(rings)), ("requestingDevice", by)];
        let outcome = world.outcome(alice, &asks("DirectedPickupCall", given.into()));
        assert_eq!(outcome, "DirectedPickupCallResponse");
        assert_eq!(world.command("phone 1002"), format!("ok 1002 Alice: {call} connected, 1004 connected"));
        assert_eq!(world.command("phone 1001:B"), "ok 1001:B Alice: on hook");
    }
}

#[test]
fn forwarding_of_a_line_is_told_at_all_its_appearances() {
    let mut world = shared();
    let alice = world.client();
    world.monitor(alice, "1001:A");
    world.monitor(alice, "1001:B");
    assert_eq!(world.command("forward 1001:A 1002"), "ok");
    let told = world.frames(alice);
    let devices: Vec<bool> = ["1001:A", "1001:B"]
        .iter()
        .map(|id| told.iter().any(|(_, xml)| xml.contains(&format!(">{id}<"))))
        .collect();
    assert_eq!((told.len(), devices), (2, [true, true].into()), "{told:?}");
    assert_eq!(world.command("settings 1001:B"), world.command("settings 1001:A"));
    assert_eq!(world.command("mute 1001:A on"), "ok");
    assert_eq!(world.frames(alice).len(), 1, "the rest is the phone's own");
}

#[test]
fn a_line_of_a_device_that_is_not_registered_has_no_snapshot() {
    let mut world = shared();
    let alice = world.client();
    for phone in ["1001:A", "1002"] {
        assert_eq!(world.command(&format!("service {phone} out")), "ok");
    }
    let mut outcome = |id| world.outcome(alice, &Request::SnapshotDevice { device: device(id) });
    assert_eq!(outcome("1001:A"), "systemResourceAvailibility/deviceOutOfService");
    assert_eq!(
        (outcome("1001:B"), outcome("1002")),
        ("SnapshotDeviceResponse".into(), "SnapshotDeviceResponse".into())
    );
    assert_eq!(world.command("service 1001:A in"), "ok");
    let snapshot = Request::SnapshotDevice { device: device("1001:A") };
    assert_eq!(world.outcome(alice, &snapshot), "SnapshotDeviceResponse");
}
