//! Events that a running Asterisk told in another order than the recordings have.

use ctigate_tests::ami::{PARKING, ROOM, TALK, called, caller};

use super::made::{clara, ringing, talking};
use super::made_by_others::consulting;

#[test]
fn a_caller_that_ends_before_the_phone_that_rang_is_told_why_it_failed() {
    for (hangup, cause) in
        [("17", "busy"), ("21", "blocked"), ("0", "callNotAnswered"), ("20", "destOutOfOrder")]
    {
        let (mut world, anna, bernd) = ringing();
        world.told("1001");
        world.told("1002");
        // The dialplan's own choice.
        world.ends(&anna, "34");
        assert!(world.told("1001").is_empty());
        world.ends(&bernd, hangup);
        assert_eq!(
            world.told("1001"),
            [
                format!("A ConnectionCleared 1002 1001>1002 connected {cause}"),
                format!("A Failed 1001 1001>1002 fail {cause}"),
                "A ConnectionCleared 1001 1001>1002 null normalClearing".to_owned(),
            ]
        );
        assert_eq!(world.told("1002"), [format!("A ConnectionCleared 1002 1001>1002 null {cause}")]);
        world.assert_over(cause);
    }
}

#[test]
fn a_caller_that_ends_before_the_phones_of_a_group_waits_for_all() {
    let (mut world, anna, bernd) = ringing();
    let mut clara = clara(&anna);
    world.rings(&anna, &mut clara);
    // A second device of hers rings nowhere yet.
    let mobile = called("PJSIP/1003-00000009", "1003", "1.9", &anna);
    world.begins(&mobile);
    for phone in [&anna, &bernd] {
        world.ends(phone, "0");
    }
    assert_eq!(
        world.told("1001").last().unwrap(),
        "A ConnectionCleared 1002 1001>1002 connected callNotAnswered"
    );
    world.ends(&clara, "0");
    world.ends(&mobile, "0");
    assert_eq!(world.told("1001").last().unwrap(), "A ConnectionCleared 1001 1001>1002 null normalClearing");
    world.assert_over("");
}

#[test]
fn a_caller_who_gives_up_is_gone_at_once() {
    let (mut world, anna, bernd) = ringing();
    world.told("1001");
    world.event("HangupRequest", &[], &[("", &anna)], &[]);
    world.ends(&anna, "127");
    assert_eq!(world.told("1001"), ["A ConnectionCleared 1001 1001>1002 null normalClearing"]);
    world.ends(&bernd, "127");
    world.assert_over("");
}

/// All orders of four events.
fn orders() -> impl Iterator<Item = [usize; 4]> {
    let all = (0..256).map(|number| [number & 3, number >> 2 & 3, number >> 4 & 3, number >> 6]);
    all.filter(|order| (0..4).all(|event| order.contains(&event)))
}

#[test]
fn a_transfer_is_told_in_whatever_order_the_channels_meet_and_end() {
    assert_eq!(orders().count(), 24);
    for order in orders() {
        let (mut world, [anna, bernd, second, clara]) = consulting();
        for event in order {
            match event {
                0 => world.enters(&anna, "d", TALK),
                1 => world.enters(&clara, "d", TALK),
                2 => world.ends(&bernd, "16"),
                _ => world.ends(&second, "16"),
            }
        }
        let moved = "transfer to 1003: 1001=A 1003=B";
        let told = ["1001", "1002", "1003"].map(|line| world.told(line).join("; "));
        assert_eq!(told[0], format!("A Transfered 1002 1001>1002 connected {moved}"), "{order:?}");
        let own = "A Transfered 1002 1001>1002 null transfer and B to 1003: 1001=A 1003=B";
        assert_eq!(told[1], own, "{order:?}");
        assert_eq!(told[2], format!("B Transfered 1002 1002>1003 connected {moved}"), "{order:?}");
        world.ends(&anna, "16");
        world.ends(&clara, "16");
        world.assert_over("");
    }
}

#[test]
fn a_call_that_ends_beside_another_one_is_no_transfer() {
    for user_first in [false, true] {
        let (mut world, [anna, bernd, second, clara]) = consulting();
        let mut ends = [&bernd, &anna];
        if !user_first {
            ends.reverse();
        }
        for channel in ends {
            world.ends(channel, "16");
        }
        assert_eq!(
            world.told("1002").last().unwrap(),
            "A ConnectionCleared 1002 1001>1002 null normalClearing"
        );
        world.ends(&second, "16");
        world.ends(&clara, "16");
        world.assert_over("");
    }
}

#[test]
fn the_end_of_a_fetched_call_is_told_to_who_has_another_one() {
    let (mut world, anna, bernd) = talking();
    let place = [("Parkinglot", "default"), ("ParkingSpace", "701")];
    world.event("ParkedCall", &[], &[("Parkee", &anna)], &place);
    world.leaves(&anna, "b", TALK);
    world.enters(&anna, "p", PARKING);
    world.ends(&bernd, "16");
    let mut clara = caller("PJSIP/1003-00000003", "1003", "701", "1.3");
    world.begins(&clara);
    world.is(&mut clara, "Up");
    world.event("UnParkedCall", &[], &[("Parkee", &anna), ("Retriever", &clara)], &place);
    world.leaves(&anna, "p", PARKING);
    world.enters(&anna, "c", TALK);
    world.enters(&clara, "c", TALK);
    let dora = caller("PJSIP/1004-00000004", "1004", "1003", "1.4");
    let mut again = called("PJSIP/1003-00000005", "1003", "1.5", &dora);
    world.begins(&dora);
    world.rings(&dora, &mut again);
    world.told("1003");
    // Her channel ends before that of the other one, whose call is gone with it.
    world.leaves(&clara, "c", TALK);
    world.leaves(&anna, "c", TALK);
    world.ends(&clara, "16");
    world.ends(&anna, "16");
    assert_eq!(
        world.told("1003"),
        [
            "B ConnectionCleared 1001 1003>701 connected normalClearing",
            "B ConnectionCleared 1003 1003>701 null normalClearing"
        ]
    );
    world.ends(&again, "127");
    world.ends(&dora, "127");
    world.assert_over("");
}

#[test]
fn a_call_is_over_whose_other_one_is_alone_in_a_conference_room() {
    let (mut world, [anna, bernd, second, clara]) = consulting();
    world.told("1002");
    world.leaves(&anna, "b", TALK);
    world.enters(&anna, "r", ROOM);
    world.leaves(&bernd, "b", TALK);
    world.ends(&bernd, "16");
    let told = world.told("1002");
    assert!(told.last().is_some_and(|last| last.contains(" ConnectionCleared 1002 ")), "{told:?}");
    for channel in [&second, &clara, &anna] {
        world.ends(channel, "16");
    }
    world.assert_over("");
}
