//! Calls that other applications make and move, and what the gateway asks of the model.

use super::World;
use ctigate_tests::ami::{Channel, TALK, called, caller};

use super::made::{anna, bernd, clara, ringing, talking};

/// A held call of 1002 with 1001, and one with 1003, and their channels: 1001's, 1002's two, 1003's.
pub(super) fn consulting() -> (World, [Channel; 4]) {
    let (mut world, anna, bernd) = talking();
    world.event("Hold", &[], &[("", &bernd)], &[]);
    let mut second = caller("PJSIP/1002-00000004", "1002", "1003", "1.4");
    world.begins(&second);
    let mut clara = clara(&second);
    world.rings(&second, &mut clara);
    world.talk(&mut second, &mut clara, "c");
    for line in ["1001", "1002", "1003"] {
        world.told(line);
    }
    (world, [anna, bernd, second, clara])
}

#[test]
fn a_phone_that_another_application_calls_rings_for_whom_it_shows() {
    let mut world = World::connected();
    let mut anna = Channel { state: "Down", ..anna("s") };
    world.begins(&anna);
    let mut display = anna.clone();
    display.connected = "1002";
    world.event("NewConnectedLine", &[], &[("", &display)], &[]);
    world.event("DialBegin", &[], &[("Dest", &display)], &[("DialString", "1001")]);
    world.is(&mut anna, "Ringing");
    world.is(&mut anna, "Up");
    assert_eq!(
        world.told("1001"),
        ["A Delivered 1001 1002>1001 alerting newCall", "A Established 1001 1002>1001 connected newCall"]
    );
    world.ends(&anna, "16");
    world.assert_over("");
}

#[test]
fn a_transfer_is_told_though_the_two_do_not_meet_in_a_bridge() {
    let (mut world, [anna, bernd, second, clara]) = consulting();
    let legs = [("OrigTransferer", &bernd), ("SecondTransferer", &second)];
    let to = [("DestType", "App"), ("DestApp", "Queue")];
    world.event("AttendedTransfer", &[("Result", "Success"), ("IsExternal", "Yes")], &legs, &to);
    assert_eq!(
        world.told("1002"),
        ["A Transfered 1002 1001>1002 null transfer and B to 1003: 1001=A 1003=B"]
    );
    assert_eq!(world.told("1001"), ["A Transfered 1002 1001>1002 connected transfer to 1003: 1001=A 1003=B"]);
    for channel in [&bernd, &second, &anna, &clara] {
        world.ends(channel, "16");
    }
    world.assert_over("");
}

#[test]
fn a_transfer_by_a_bridge_names_the_held_call_first_whichever_is_older() {
    for swaps in [false, true] {
        let (mut world, [anna, bernd, second, clara]) = consulting();
        if swaps {
            world.event("Unhold", &[], &[("", &bernd)], &[]);
            world.event("Hold", &[], &[("", &second)], &[]);
            world.told("1002");
        }
        for channel in [&anna, &clara] {
            world.leaves(channel, if channel.number == "1001" { "b" } else { "c" }, TALK);
            world.enters(channel, "d", TALK);
        }
        let told = world.told("1002");
        let expected = if swaps {
            "B Transfered 1002 1002>1003 null transfer and A to 1001: 1003=B 1001=A"
        } else {
            "A Transfered 1002 1001>1002 null transfer and B to 1003: 1001=A 1003=B"
        };
        assert_eq!(told, [expected]);
        for channel in [&bernd, &second, &anna, &clara] {
            world.ends(channel, "16");
        }
        world.assert_over("");
    }
}

#[test]
fn the_channels_of_a_call_are_found_for_actions() {
    let (mut world, [anna, bernd, second, clara]) = consulting();
    world.event(
        "Rename",
        &[("Channel", bernd.name), ("Newname", "PJSIP/1002-000000ff"), ("Uniqueid", "1.2")],
        &[],
        &[],
    );
    let calls: Vec<_> = world.calls.at("1002").collect();
    let names = |call| {
        let (own, others) = world.calls.channels_of("1002", call);
        let names = |channels: Vec<ctigate_core::cti::asterisk::calls::ChannelName>| {
            channels.iter().map(|channel| channel.name.to_string()).collect::<Vec<_>>()
        };
        (names(own), names(others))
    };
    assert_eq!(
        names(calls[0].call),
        (Vec::from(["PJSIP/1002-000000ff".into()]), Vec::from([anna.name.into()]))
    );
    assert_eq!(names(calls[1].call), (Vec::from([second.name.into()]), Vec::from([clara.name.into()])));
    assert_eq!((&*calls[1].calling.number, &*calls[1].called.number), ("1002", "1003"));
    for channel in [&bernd, &second, &anna, &clara] {
        world.ends(channel, "16");
    }
    world.assert_over("");
}

#[test]
fn a_call_that_is_ended_for_its_user_did_not_fail() {
    let (mut world, anna, bernd) = ringing();
    world.told("1001");
    let call = world.calls.at("1001").next().unwrap().call;
    world.calls.ends("1001", call);
    world.ends(&bernd, "127");
    world.ends(&anna, "127");
    assert_eq!(
        world.told("1001"),
        [
            "A ConnectionCleared 1002 1001>1002 connected normalClearing",
            "A ConnectionCleared 1001 1001>1002 null normalClearing",
        ]
    );
    world.assert_over("");
}

#[test]
fn local_channels_that_stay_do_not_show() {
    let mut world = World::connected();
    let mut anna = anna("2001");
    world.begins(&anna);
    let half = |name, unique| Channel { number: "", ..called(name, "", unique, &anna) };
    let (mut one, mut two) =
        (half("Local/1002@internal-00000001;1", "1.8"), half("Local/1002@internal-00000001;2", "1.9"));
    world.begins(&one);
    two.state = "Ring";
    world.begins(&two);
    let lines = [("Context", "internal"), ("Exten", "1002"), ("LocalOptimization", "No")];
    world.event("LocalBridge", &[], &[("LocalOne", &one), ("LocalTwo", &two)], &lines);
    world.dials(&anna, &one);
    let mut bernd = bernd(&anna);
    two.exten = "1002";
    world.rings(&two, &mut bernd);
    world.is(&mut one, "Ringing");
    world.is(&mut bernd, "Up");
    world.enters(&bernd, "b", TALK);
    world.is(&mut two, "Up");
    world.enters(&two, "b", TALK);
    world.is(&mut one, "Up");
    world.enters(&one, "c", TALK);
    world.is(&mut anna, "Up");
    world.enters(&anna, "c", TALK);
    assert_eq!(
        world.told("1001")[2..],
        ["A Delivered 1002 1001>2001 connected newCall", "A Established 1002 1001>2001 connected newCall"]
    );
    for channel in [&bernd, &two, &one, &anna] {
        world.ends(channel, "16");
    }
    world.assert_over("");
}
