//! Calls that become one in a conference room of an Asterisk.

use ctigate_core::Duration;
use ctigate_tests::ami::{self, Channel, ROOM, TALK, called, caller};
use ctigate_tests::bench::{Asterisk, Bench, only};

use super::{ENDPOINTS, OBJECT, bench, end, enter, happen, sign_in, state, talking};

/// A channel leaves the bridge in which it talked.
fn leave(bench: &mut Bench, asterisk: Asterisk, channel: &Channel, bridge: &str) {
    asterisk.say(bench, &ami::event("BridgeLeave", &ami::bridge(bridge, TALK), &[("", channel)], &[]));
}

fn enter_room(bench: &mut Bench, asterisk: Asterisk, channel: &Channel) {
    asterisk.say(bench, &ami::event("BridgeEnter", &ami::bridge("room", ROOM), &[("", channel)], &[]));
}

/// 1001 holds a call with 1002 and talks to 1003, and makes a conference of both; the channels that go to the room go
/// there in this order: 0 is that of 1001, 1 that of 1002, 2 that of 1003.
fn conferred(order: [usize; 3]) -> Vec<String> {
    let mut bench = bench(&[]);
    let asterisk = Asterisk::answer(&mut bench, ENDPOINTS, &[]);
    let (mut client, _) = sign_in(&mut bench, "alice", 1001);
    only(&client.info(&mut bench, "MonitorStart", OBJECT), 200);
    let (bernd, anna) = talking(&mut bench, asterisk);
    happen(&mut bench, asterisk, "Hold", &[("", &anna)], &[]);
    let mut second = caller("PJSIP/1001-00000003", "1001", "1003", "1.3");
    let mut clara = called("PJSIP/1003-00000004", "1003", "1.4", &second);
    happen(&mut bench, asterisk, "Newchannel", &[("", &second)], &[]);
    happen(&mut bench, asterisk, "Newchannel", &[("", &clara)], &[]);
    happen(&mut bench, asterisk, "DialBegin", &[("", &second), ("Dest", &clara)], &[("DialString", "x")]);
    state(&mut bench, asterisk, &mut clara, "Ringing");
    state(&mut bench, asterisk, &mut clara, "Up");
    state(&mut bench, asterisk, &mut second, "Up");
    enter(&mut bench, asterisk, &clara, "b2");
    enter(&mut bench, asterisk, &second, "b2");
    bench.advance(Duration::from_millis(20));
    client.heard(&mut bench);

    let going = [(&second, "b2"), (&bernd, "b1"), (&clara, "b2")];
    for (channel, bridge) in going {
        leave(&mut bench, asterisk, channel, bridge);
    }
    leave(&mut bench, asterisk, &anna, "b1");
    for index in order {
        enter_room(&mut bench, asterisk, going[index].0);
    }
    end(&mut bench, asterisk, &anna, "16");
    bench.advance(Duration::from_millis(20));
    let told = client.heard(&mut bench);
    let calls = |event: &ctigate_tests::bench::Sip| {
        let id = |name| event.element(name).split("<callID>").nth(1).and_then(|rest| rest.split('<').next());
        let ids = ["primaryOldCall", "secondaryOldCall", "droppedConnection"].map(id);
        ids.into_iter().flatten().collect::<Vec<_>>().join(" ")
    };
    told.iter().map(|event| format!("{} {}", event.root(), calls(event))).collect()
}

#[test]
fn who_made_a_conference_of_two_calls_is_in_one_call_then() {
    // The first call is held, the second one is active and goes on.
    let right = ["ConferencedEvent 1200003 1200001", "ConnectionClearedEvent 1200001"];
    for order in [[0, 2, 1], [2, 0, 1], [1, 0, 2], [0, 1, 2]] {
        assert_eq!(conferred(order), right, "{order:?}");
    }
}

#[test]
fn alternating_answers_a_call_that_waits() {
    let mut bench = bench(&[]);
    let asterisk = Asterisk::answer(&mut bench, ENDPOINTS, &[]);
    let (mut client, _) = sign_in(&mut bench, "alice", 1001);
    only(&client.info(&mut bench, "MonitorStart", OBJECT), 200);
    talking(&mut bench, asterisk);
    bench.advance(Duration::from_millis(20));
    let active = client.heard(&mut bench)[0].element("connection").to_owned();
    let clara = caller("PJSIP/1003-00000003", "1003", "1001", "1.3");
    let mut waiting = called("PJSIP/1001-00000004", "1001", "1.4", &clara);
    happen(&mut bench, asterisk, "Newchannel", &[("", &clara)], &[]);
    happen(&mut bench, asterisk, "Newchannel", &[("", &waiting)], &[]);
    happen(&mut bench, asterisk, "DialBegin", &[("", &clara), ("Dest", &waiting)], &[("DialString", "x")]);
    state(&mut bench, asterisk, &mut waiting, "Ringing");
    bench.advance(Duration::from_millis(20));
    let rings = client.heard(&mut bench)[0].element("connection").to_owned();
    let members = format!("<heldCall>{rings}</heldCall><activeCall>{active}</activeCall>");
    assert!(client.info(&mut bench, "AlternateCall", &members).is_empty(), "Asterisk is asked first");
    let told = asterisk.acted(&mut bench);
    let notified: Vec<_> = told.iter().map(|one| (one.value("Channel"), one.value("Variable"))).collect();
    assert_eq!(notified, [("PJSIP/1001-00000002", "Event=hold"), ("PJSIP/1001-00000004", "Event=talk")]);
    asterisk.accept(&mut bench, &told[1], &[]);
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "AlternateCallResponse");
}
