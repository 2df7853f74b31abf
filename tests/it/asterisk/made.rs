//! Stories that no recording tells, in events as Asterisk writes them.

use ctigate_tests::ami::{self, Channel, PARKING, ROOM, TALK, called, caller};
use ctigate_tests::recordings::Step;

use super::World;

impl World {
    /// A world with a connection.
    pub(super) fn connected() -> Self {
        let mut world = Self::new();
        world.step(&Step::Opened);
        world.step(&Step::Came(b"Asterisk Call Manager/11.0.0\r\n".to_vec()));
        world.lost = false;
        world
    }

    pub(super) fn event(
        &mut self,
        name: &str,
        before: &[(&str, &str)],
        channels: &[(&str, &Channel)],
        after: &[(&str, &str)],
    ) {
        self.step(&Step::Came(ami::event(name, before, channels, after).into_bytes()));
        assert!(!self.lost, "rejected: {name}");
    }

    pub(super) fn begins(&mut self, channel: &Channel) {
        self.event("Newchannel", &[], &[("", channel)], &[]);
    }

    pub(super) fn is(&mut self, channel: &mut Channel, state: &'static str) {
        channel.state = state;
        self.event("Newstate", &[], &[("", channel)], &[]);
    }

    pub(super) fn dials(&mut self, from: &Channel, to: &Channel) {
        self.event("DialBegin", &[], &[("", from), ("Dest", to)], &[("DialString", "x")]);
    }

    /// A call rings.
    pub(super) fn rings(&mut self, from: &Channel, to: &mut Channel) {
        self.begins(to);
        self.dials(from, to);
        self.is(to, "Ringing");
    }

    pub(super) fn enters(&mut self, channel: &Channel, bridge: &str, technology: &str) {
        self.bridge("BridgeEnter", channel, bridge, technology);
    }

    pub(super) fn leaves(&mut self, channel: &Channel, bridge: &str, technology: &str) {
        self.bridge("BridgeLeave", channel, bridge, technology);
    }

    fn bridge(&mut self, event: &str, channel: &Channel, bridge: &str, technology: &str) {
        let lines = ami::bridge(bridge, technology);
        self.event(event, &lines, &[("", channel)], &[]);
    }

    /// A call is answered, and the two talk.
    pub(super) fn talk(&mut self, from: &mut Channel, to: &mut Channel, bridge: &str) {
        self.is(to, "Up");
        if from.state != "Up" {
            self.is(from, "Up");
        }
        self.enters(to, bridge, TALK);
        self.enters(from, bridge, TALK);
    }

    pub(super) fn ends(&mut self, channel: &Channel, cause: &str) {
        self.event("Hangup", &[], &[("", channel)], &[("Cause", cause), ("Cause-txt", "x")]);
    }

    /// What a line was told since the last time.
    pub(super) fn told(&mut self, line: &str) -> Vec<String> {
        self.told.remove(line).unwrap_or_default()
    }
}

pub(super) fn anna(exten: &'static str) -> Channel {
    caller("PJSIP/1001-00000001", "1001", exten, "1.1")
}

pub(super) fn bernd(of: &Channel) -> Channel {
    called("PJSIP/1002-00000002", "1002", "1.2", of)
}

/// Anna calls Bernd, whose phone rings.
pub(super) fn ringing() -> (World, Channel, Channel) {
    let mut world = World::connected();
    let anna = anna("1002");
    world.begins(&anna);
    let mut bernd = bernd(&anna);
    world.rings(&anna, &mut bernd);
    (world, anna, bernd)
}

/// The same, and he answers, in the bridge `b`.
pub(super) fn talking() -> (World, Channel, Channel) {
    let (mut world, mut anna, mut bernd) = ringing();
    world.talk(&mut anna, &mut bernd, "b");
    (world, anna, bernd)
}

pub(super) fn clara(of: &Channel) -> Channel {
    called("PJSIP/1003-00000003", "1003", "1.3", of)
}

#[test]
fn several_contacts_of_an_endpoint_are_one_connection() {
    let mut world = World::connected();
    let mut anna = anna("1002");
    world.begins(&anna);
    let (mut desk, mut mobile) = (bernd(&anna), called("PJSIP/1002-00000009", "1002", "1.9", &anna));
    world.rings(&anna, &mut desk);
    world.rings(&anna, &mut mobile);
    assert_eq!(world.told("1002"), ["A Delivered 1002 1001>1002 alerting newCall"]);
    world.talk(&mut anna, &mut mobile, "b");
    world.ends(&desk, "26");
    assert_eq!(world.told("1002"), ["A Established 1002 1001>1002 connected newCall"]);
    world.ends(&mobile, "16");
    assert_eq!(world.told("1002"), ["A ConnectionCleared 1002 1001>1002 null normalClearing"]);
    world.ends(&anna, "16");
    world.assert_over("");
}

#[test]
fn a_network_that_only_makes_progress_is_said_to_ring() {
    let mut world = World::connected();
    let anna = anna("0301234567");
    world.begins(&anna);
    let trunk = called("PJSIP/trunk-0000000a", "0301234567", "1.2", &anna);
    world.begins(&trunk);
    world.dials(&anna, &trunk);
    let progress = [("DialStatus", "PROGRESS")];
    world.event("DialState", &[], &[("", &anna), ("Dest", &trunk)], &progress);
    world.event("DialState", &[], &[("", &anna), ("Dest", &trunk)], &progress);
    assert_eq!(
        world.told("1001")[2..],
        [
            "A NetworkReached 0301234567 1001>0301234567 connected newCall",
            "A Delivered 0301234567 1001>0301234567 connected networkSignal",
        ]
    );
    world.ends(&trunk, "127");
    world.ends(&anna, "127");
    world.assert_over("");
}

#[test]
fn a_caller_who_is_redirected_rings_elsewhere() {
    let (mut world, mut anna, bernd) = ringing();
    world.told("1001");
    world.ends(&bernd, "16");
    anna.exten = "1003";
    let mut clara = clara(&anna);
    world.rings(&anna, &mut clara);
    assert_eq!(world.told("1002")[1..], ["A Diverted 1002 1001>1002 null redirected from 1002"]);
    assert_eq!(
        world.told("1001"),
        [
            "A Diverted 1002 1001>1002 connected redirected from 1002",
            "A Delivered 1003 1001>1002 connected redirected from 1002",
        ]
    );
    assert_eq!(world.told("1003"), ["A Delivered 1003 1001>1002 alerting redirected from 1002"]);
    world.ends(&clara, "127");
    world.ends(&anna, "127");
    world.assert_over("");
}

#[test]
fn a_call_is_forwarded_when_the_phone_is_busy_or_nobody_answers() {
    for (hangup, why, cause) in
        [("17", "callForwardBusy", "busy"), ("0", "callForwardNoAnswer", "callNotAnswered")]
    {
        let (mut world, mut anna, bernd) = ringing();
        world.told("1001");
        world.ends(&bernd, hangup);
        anna.exten = "1003";
        let mut clara = clara(&anna);
        world.rings(&anna, &mut clara);
        assert_eq!(
            world.told("1001"),
            [
                format!("A ConnectionCleared 1002 1001>1002 connected {cause}"),
                format!("A Delivered 1003 1001>1002 connected {why} from 1002"),
            ]
        );
        world.ends(&clara, "127");
        world.ends(&anna, "127");
        world.assert_over(cause);
    }
}

#[test]
fn the_called_channel_says_why_a_call_failed() {
    for (hangup, cause) in
        [("17", "busy"), ("21", "blocked"), ("19", "callNotAnswered"), ("20", "destOutOfOrder")]
    {
        let (mut world, anna, bernd) = ringing();
        world.told("1001");
        world.ends(&bernd, hangup);
        // The dialplan's own choice.
        world.ends(&anna, "34");
        assert_eq!(
            world.told("1001"),
            [
                format!("A ConnectionCleared 1002 1001>1002 connected {cause}"),
                format!("A Failed 1001 1001>1002 fail {cause}"),
                "A ConnectionCleared 1001 1001>1002 null normalClearing".to_owned(),
            ]
        );
        world.assert_over(cause);
    }
}

#[test]
fn a_phone_that_is_not_registered_fails_by_the_dialplan() {
    let mut world = World::connected();
    let anna = anna("1002");
    world.begins(&anna);
    world.ends(&anna, "20");
    assert_eq!(world.told("1001")[2], "A Failed 1002 1001>1002 connected destOutOfOrder");
    world.assert_over("");
}

#[test]
fn voice_mail_answers_for_who_does_not() {
    let (mut world, mut anna, bernd) = ringing();
    world.ends(&bernd, "0");
    world.told("1001");
    world.is(&mut anna, "Up");
    assert_eq!(world.told("1001"), ["A Established 1002 1001>1002 connected newCall"]);
    assert_eq!(world.told("1002").len(), 2, "rang, and no longer");
    world.ends(&anna, "16");
    assert_eq!(world.told("1001"), ["A ConnectionCleared 1001 1001>1002 null normalClearing"]);
    world.assert_over("");
}

#[test]
fn a_parked_call_that_nobody_fetches_rings_back() {
    let (mut world, anna, bernd) = talking();
    world.told("1001");
    let place = [("ParkerDialString", "PJSIP/1002"), ("Parkinglot", "default"), ("ParkingSpace", "701")];
    world.event("ParkedCall", &[], &[("Parkee", &anna)], &place);
    world.leaves(&anna, "b", TALK);
    world.enters(&anna, "p", PARKING);
    world.ends(&bernd, "16");
    world.event("ParkedCallTimeOut", &[], &[("Parkee", &anna)], &place);
    world.leaves(&anna, "p", PARKING);
    let mut again = called("PJSIP/1002-00000007", "1002", "1.7", &anna);
    world.rings(&anna, &mut again);
    assert_eq!(
        world.told("1001"),
        [
            "A Queued 701 1001>1002 connected park",
            "A ConnectionCleared 1002 1001>1002 connected normalClearing",
            "A Diverted 701 1001>1002 connected recall",
            "A Delivered 1002 1001>1002 connected recall",
        ]
    );
    assert_eq!(world.told("1002").last().unwrap(), "A Delivered 1002 1001>1002 alerting recall");
    world.ends(&again, "127");
    world.ends(&anna, "127");
    world.assert_over("");
}

#[test]
fn a_call_that_is_parked_by_a_transfer_is_at_its_place_in_either_order() {
    let place = [("Parkinglot", "default"), ("ParkingSpace", "701")];
    let transfer =
        [("Result", "Success"), ("IsExternal", "Yes"), ("Context", "internal"), ("Extension", "700")];
    for is_parked_first in [true, false] {
        let (mut world, anna, bernd) = talking();
        world.told("1001");
        if is_parked_first {
            world.event("ParkedCall", &[], &[("Parkee", &anna)], &place);
        }
        world.event(
            "BlindTransfer",
            &transfer[..1],
            &[("Transferer", &bernd), ("Transferee", &anna)],
            &transfer[1..],
        );
        if !is_parked_first {
            world.event("ParkedCall", &[], &[("Parkee", &anna)], &place);
        }
        world.leaves(&anna, "b", TALK);
        world.enters(&anna, "p", PARKING);
        world.ends(&bernd, "16");
        let told: &[&str] = if is_parked_first {
            &[
                "A Queued 701 1001>1002 connected park",
                "A Transfered 1002 1001>700 connected singleStepTransfer to 700: 1001=A 701=-",
            ]
        } else {
            &[
                "A Transfered 1002 1001>700 connected singleStepTransfer to 700: 1001=A",
                "A Queued 701 1001>700 connected park",
            ]
        };
        assert_eq!(world.told("1001"), told);
        assert_eq!(world.calls.at("1001").next().unwrap().states.len(), 2, "itself and its place");
        world.ends(&anna, "16");
        world.assert_over("");
    }
}

#[test]
fn calls_parked_in_one_bridge_do_not_hear_each_other() {
    let mut world = World::connected();
    let (mut anna, mut clara) = (anna("700"), caller("PJSIP/1003-00000003", "1003", "700", "1.3"));
    for (one, space) in [(&mut anna, "701"), (&mut clara, "702")] {
        world.begins(one);
        world.is(one, "Up");
        let place = [("Parkinglot", "default"), ("ParkingSpace", space)];
        world.event("ParkedCall", &[], &[("Parkee", one)], &place);
        world.enters(one, "p", PARKING);
    }
    assert!(world.told("1001").iter().all(|line| !line.contains("1003")));
    assert_eq!(world.calls.at("1001").next().unwrap().states.len(), 2, "itself and its place");
    world.ends(&anna, "16");
    world.ends(&clara, "16");
    world.assert_over("");
}

#[test]
fn who_leaves_a_conference_room_and_dials_on_is_in_a_call_of_his_own() {
    let mut world = World::connected();
    let (mut anna, mut clara) = (anna("8000"), caller("PJSIP/1003-00000003", "1003", "8000", "1.3"));
    for one in [&mut anna, &mut clara] {
        world.begins(one);
        world.is(one, "Up");
        world.enters(one, "r", ROOM);
    }
    world.told("1001");
    world.told("1003");
    world.leaves(&anna, "r", ROOM);
    anna.exten = "1002";
    let mut bernd = bernd(&anna);
    world.rings(&anna, &mut bernd);
    assert_eq!(world.told("1003"), ["B ConnectionCleared 1001 1003>8000 connected normalClearing"]);
    assert_eq!(world.told("1001")[0], "A ConnectionCleared 1003 1001>8000 connected normalClearing");
    assert_eq!(world.told("1002").len(), 1);
    for (one, cause) in [(&bernd, "127"), (&anna, "16"), (&clara, "16")] {
        world.ends(one, cause);
    }
    world.assert_over("");
}

#[test]
fn a_transferred_call_is_transferred_again_when_its_first_call_is_over() {
    let (mut world, anna, bernd) = talking();
    let mut second = caller("PJSIP/1002-00000004", "1002", "1003", "1.4");
    world.begins(&second);
    let mut clara = clara(&second);
    world.rings(&second, &mut clara);
    world.talk(&mut second, &mut clara, "c");
    world.leaves(&anna, "b", TALK);
    world.leaves(&second, "c", TALK);
    world.enters(&anna, "c", TALK);
    clara.linked = "1.1";
    world.ends(&second, "16");
    world.ends(&bernd, "16");
    world.told("1001");
    world.told("1003");
    // Anna transfers Clara, whose Linkedid is that of Anna's call.
    let transfer = [("Result", "Success")];
    let to = [("IsExternal", "Yes"), ("Context", "internal"), ("Extension", "1004")];
    world.event("BlindTransfer", &transfer, &[("Transferer", &anna), ("Transferee", &clara)], &to);
    world.leaves(&anna, "c", TALK);
    world.leaves(&clara, "c", TALK);
    world.ends(&anna, "16");
    clara.exten = "1004";
    let mut last = called("PJSIP/1004-00000005", "1004", "1.5", &clara);
    world.rings(&clara, &mut last);
    world.talk(&mut clara, &mut last, "d");
    assert_eq!(world.told("1001"), ["A Transfered 1001 1003>1004 null singleStepTransfer to 1004: 1003=B"]);
    assert_eq!(
        world.told("1003"),
        [
            "B Transfered 1001 1003>1004 connected singleStepTransfer to 1004: 1003=B",
            "B Delivered 1004 1003>1004 connected singleStepTransfer",
            "B Established 1004 1003>1004 connected singleStepTransfer",
        ]
    );
    assert_eq!(world.told("1004").len(), 2);
    world.ends(&last, "16");
    world.ends(&clara, "16");
    world.assert_over("");
}

#[test]
fn a_transfer_that_failed_and_an_unhold_without_a_hold_say_nothing() {
    let (mut world, anna, bernd) = talking();
    world.told("1001");
    world.event("Unhold", &[], &[("", &bernd)], &[]);
    let to = [("IsExternal", "Yes"), ("Context", "internal"), ("Extension", "4711")];
    for result in ["Fail", "Invalid", "Not Permitted"] {
        world.event(
            "BlindTransfer",
            &[("Result", result)],
            &[("Transferer", &bernd), ("Transferee", &anna)],
            &to,
        );
    }
    assert!(world.told("1001").is_empty());
    world.ends(&anna, "16");
    world.ends(&bernd, "16");
    world.assert_over("");
}

#[test]
fn a_line_may_have_a_name_that_is_no_number() {
    let mut world = World::connected();
    world.calls.add_line("anna");
    world.calls.watch("anna", true);
    world.lines.push("anna".to_owned());
    let anna = caller("PJSIP/anna-00000001", "1001", "1002", "1.1");
    world.begins(&anna);
    assert_eq!(world.told["anna"].len(), 2);
    let at: Vec<_> = world.calls.at("anna").collect();
    assert_eq!((at.len(), at[0].states.len()), (1, 1));
    world.calls.watch("anna", false);
    world.believed.clear();
    world.ends(&anna, "127");
    assert_eq!(world.told["anna"].len(), 2, "nobody watches it");
    world.assert_over("");
}

#[test]
fn a_number_from_outside_may_have_been_redirected() {
    for (number, redirected) in [("+49305551002", ""), ("+49307777", " perhaps redirected")] {
        let mut world = World::connected();
        let mut trunk = caller("PJSIP/trunk-00000001", "+49301", number, "1.1");
        world.begins(&trunk);
        trunk.exten = "1002";
        let mut bernd = bernd(&trunk);
        world.rings(&trunk, &mut bernd);
        assert_eq!(
            world.told("1002"),
            [format!("A Delivered 1002 +49301>{number} alerting newCall{redirected}")]
        );
        world.ends(&bernd, "127");
        world.ends(&trunk, "127");
        world.assert_over(number);
    }
}
