//! Lines on several devices, and devices with several lines.

use super::*;

/// 1001 is on the devices A and B, B also has the line 1003; 1002 and 1004 are devices by themselves.
pub(super) fn shared(change: impl FnOnce(&mut SwitchConfig)) -> SwitchConfig {
    config_with(|config| {
        let phone = config.phones[0].clone();
        let lines =
            [("1001", Some("A")), ("1001", Some("B")), ("1003", Some("B")), ("1002", None), ("1004", None)];
        config.phones = lines
            .map(|(number, device)| {
                let device = device.map(String::from);
                crate::switch::config::PhoneConfig { number: number.into(), device, ..phone.clone() }
            })
            .into();
        change(config);
    })
}

#[test]
fn a_call_to_a_line_rings_at_all_its_devices_and_is_answered_at_one() {
    let mut world = world_of(&shared(|_| {}));
    let call = world.dial("1002", "1001");
    assert_eq!(
        world.heard(),
        [
            "ServiceInitiated 1002 newCall 1002:initiated",
            "Originated 1002 newCall 1002:connected",
            "Delivered 1001:A newCall 1002:connected 1001:A:alerting",
            "Delivered 1001:B newCall 1001:B:alerting",
        ]
    );
    for (phone, states) in
        [("1002", "connected alerting"), ("1001:A", "alerting connected"), ("1001:B", "alerting connected")]
    {
        assert_eq!(world.states(phone), [states], "{phone}: the line is one party");
    }
    world.answer(call, "1001:B").unwrap();
    assert_eq!(
        world.heard(),
        [
            "ConnectionCleared 1001:A multipleAlerting 1001:A:null",
            "Established 1001:B newCall 1002:connected 1001:B:connected",
        ]
    );
    assert_eq!((world.states("1001:A").len(), world.states("1003").len()), (0, 0));
    // The other device is free meanwhile.
    let second = world.dial("1001:A", "1003");
    assert_eq!(
        world.states("1003"),
        ["alerting connected"],
        "the number of a line on one device is that phone's"
    );
    world.clear(second, "1001:A").unwrap();
    world.clear(call, "1002").unwrap();
    world.assert_calm();
}

#[test]
fn a_line_that_is_not_answered_is_told_once_and_each_device_stops() {
    for forwards in [false, true] {
        let mut world = world_of(&shared(|_| {}));
        let call = world.dial("1002", "1001");
        let phone = world.phone("1001:B");
        if forwards {
            let kind = crate::switch::settings::ForwardingType::from_key("noanswer").unwrap();
            world.phones.settings_mut(phone).unwrap().forward(kind, "1004", Some(6));
            world.phones.share_forwarding(phone);
        }
        // One of them refuses it.
        world.heard();
        world.clear(call, "1001:B").unwrap();
        assert_eq!(world.heard(), ["ConnectionCleared 1001:B normalClearing 1001:B:null"]);
        world.pass(Duration::from_secs(30));
        let last = if forwards {
            [
                "Diverted 1001:A callForwardNoAnswer 1002:connected 1001:A:null",
                "Delivered 1004 callForwardNoAnswer",
            ]
        } else {
            [
                "ConnectionCleared 1001:A callNotAnswered 1002:connected 1001:A:null",
                "Failed 1002 callNotAnswered",
            ]
        };
        let heard = world.heard();
        assert!(heard.iter().zip(last).all(|(line, start)| line.starts_with(start)), "{heard:?}");
        assert_eq!(heard.len(), 2, "{heard:?}");
        world.clear(call, "1002").unwrap();
        world.assert_calm();
    }
}

#[test]
fn what_takes_a_call_away_from_a_line_stops_it_at_all_its_devices() {
    for way in 0..3 {
        let mut world = world_of(&shared(|_| {}));
        let call = world.dial("1002", "1001");
        world.heard();
        let (from, by) = (Party::Phone(world.phone("1001:A")), world.phone("1004"));
        match way {
            0 => world.deflect(call, "1001:A", "1004").unwrap(),
            1 => world.phones.pick_up(call, from, by, &mut world.told).unwrap(),
            _ => world.clear(call, "1002").unwrap(),
        }
        let heard = world.heard();
        let stops = ["ConnectionCleared 1001:B multipleAlerting 1001:B:null", "Diverted 1001:A "];
        assert!(
            way == 2 || heard.iter().zip(stops).all(|(line, start)| line.starts_with(start)),
            "{heard:?}"
        );
        assert_eq!((world.states("1001:A").len(), world.states("1001:B").len()), (0, 0));
        if way < 2 {
            world.clear(call, "1002").unwrap();
        }
        world.assert_calm();
    }
}

#[test]
fn an_appearance_that_came_into_the_call_of_another_is_a_party_of_its_own() {
    let mut world = world_of(&shared(|_| {}));
    let call = world.dial("1002", "1001");
    world.answer(call, "1001:A").unwrap();
    let enters = world.phone("1001:B");
    world.phones.enter(call, enters, ACTIVE, &mut world.told).unwrap();
    assert_eq!(world.states("1002"), ["connected connected connected"]);
    world.heard();
    world.clear(call, "1001:A").unwrap();
    assert_eq!(
        world.heard(),
        ["ConnectionCleared 1001:A normalClearing 1002:connected 1001:A:null 1001:B:connected"]
    );
    world.clear(call, "1002").unwrap();
    world.assert_calm();
}

#[test]
fn a_line_rings_where_it_can_and_is_busy_only_where_it_is_everywhere() {
    let mut world = world_of(&shared(|config| config.lines = 1));
    let first = world.dial("1001:A", "1003");
    let second = world.dial("1002", "1001");
    assert_eq!(world.states("1001:B"), ["alerting connected"], "{:?}", world.heard());
    world.answer(second, "1001:B").unwrap();
    world.heard();
    let third = world.dial("1004", "1001");
    let heard = world.heard();
    assert_eq!(heard[2], "Failed (1001) busy 1004:connected");
    for (call, phone) in [(third, "1004"), (second, "1002"), (first, "1003")] {
        world.clear(call, phone).unwrap();
    }
    // The line itself may be called from one of its devices.
    let own = world.dial("1001:A", "1001");
    assert_eq!(
        (world.states("1001:A"), world.states("1001:B")),
        (["connected alerting".into()].into(), ["alerting connected".into()].into())
    );
    world.clear(own, "1001:A").unwrap();
    for phone in ["1001:A", "1001:B"] {
        let phone = world.phone(phone);
        world.phones.settings_mut(phone).unwrap().set_in_service(false);
    }
    world.heard();
    let last = world.dial("1002", "1001");
    assert_eq!(world.heard()[2], "Failed (1001) destOutOfOrder 1002:connected");
    world.clear(last, "1002").unwrap();
    world.assert_calm();
}

#[test]
fn forwarding_at_one_device_is_the_line_s() {
    let mut world = world_of(&shared(|_| {}));
    let (set, other) = (world.phone("1001:A"), world.phone("1001:B"));
    let kind = crate::switch::settings::ForwardingType::from_key("immediate").unwrap();
    world.phones.settings_mut(set).unwrap().forward(kind, "1004", None);
    world.phones.share_forwarding(set);
    assert_eq!(world.phones.settings(other).unwrap().forwards().len(), 1);
    let call = world.dial("1002", "1001");
    assert_eq!(world.states("1004"), ["alerting connected"]);
    assert_eq!(world.states("1001:B").len(), 0);
    world.clear(call, "1002").unwrap();
    world.assert_calm();
}
