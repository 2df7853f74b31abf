//! Calls that ring elsewhere, wait, or come from outside.

use super::{QUICK, Story, story, story_at};

pub(super) const STORIES: &[Story] = &[
    story(
        "a ringing call is deflected",
        "
        alice: call 1002
        bob: deflect 1003
        bob = none
        alice = connected:1003
        carol = alerting:1001
        carol: answer
        carol = connected:1001
        ",
    ),
    story(
        "a ringing call is picked up at the phone",
        "
        alice: call 1002
        bob = alerting:1001
        phones: pickup 1003 1002
        bob = none
        carol = connected:1001
        alice = connected:1003
        ",
    ),
    story(
        "a ringing call is picked up, and a call joined, from the client",
        "
        alice: call 1002
        bob = alerting:1001
        carol: pickup 1002
        carol = connected:1001
        alice = connected:1003
        bob = none
        bob: join 1001
        bob = connected:1001+1003
        alice = connected:1002+1003
        ",
    ),
    story_at(
        "a member of the pickup group takes a ringing call",
        &[
            "phone[0].number = \"1001\"",
            "phone[1].number = \"1002\"",
            "phone[1].pickup_group = 5",
            "phone[2].number = \"1003\"",
            "phone[2].pickup_group = 5",
        ],
        "
        alice: call 1002
        bob = alerting:1001
        carol: pickup-group
        carol = connected:1001
        bob = none
        alice = connected:1003
        ",
    ),
    story_at(
        "all phones of a group ring and one answers",
        &["group[0].number = \"800\"", "group[0].members = [\"1002\", \"1003\"]"],
        "
        alice: call 800
        bob = alerting:1001+1003
        carol: answer
        carol = connected:1001
        bob = none
        alice = connected:1003
        ",
    ),
    story_at(
        "a call is transferred to a group",
        &["group[0].number = \"800\"", "group[0].members = [\"1002\", \"1003\"]"],
        "
        alice: call 1004
        dave: answer
        dave: transfer-to 800
        dave = none
        bob = alerting:1001+1003
        carol: answer
        carol = connected:1001
        bob = none
        alice = connected:1003
        ",
    ),
    story_at(
        "a parked call is fetched",
        &["parking = [\"701\"]"],
        "
        alice: call 1002
        bob: answer
        bob: park 701
        bob = none
        alice = connected:701
        phones: dial 1003 701
        carol = connected:1001
        alice = connected:1003
        ",
    ),
    story_at(
        "a parked call that nobody fetches comes back",
        &["parking = [\"701\"]", "park_timeout_ms = 5000"],
        "
        alice: call 1002
        bob: answer
        bob: park 701
        bob = none
        time: 6s
        bob = alerting:1001
        bob: answer
        alice = connected:1002
        ",
    ),
    story_at(
        "a call camps on at a busy phone and is taken",
        &["phone[0].number = \"1001\"", "phone[0].count = 10", "phone[0].call_waiting = false"],
        "
        bob: call 1003
        carol: answer
        alice: call 1002
        alice: camp-on
        alice = connected:1002
        bob = connected:1003 queued:1001
        carol: hangup
        bob = alerting:1001
        bob: answer
        bob = connected:1001
        alice = connected:1002
        ",
    ),
    story_at(
        "a busy phone is called back when it is free",
        &["phone[0].number = \"1001\"", "phone[0].count = 10", "phone[0].call_waiting = false"],
        "
        bob: call 1003
        carol: answer
        alice: call 1002
        alice: callback
        alice = none
        carol: hangup
        alice = initiated:none
        phones: offhook 1001
        alice = connected:1002
        bob = alerting:1001
        ",
    ),
    story_at(
        "somebody intrudes on the call that keeps a phone busy",
        &["phone[0].number = \"1001\"", "phone[0].count = 10", "phone[0].call_waiting = false"],
        "
        bob: call 1003
        carol: answer
        alice: call 1002
        alice: intrude
        alice = connected:1002+1003
        bob = connected:1001+1003
        carol = connected:1001+1002
        ",
    ),
    story_at(
        "a call goes out through a trunk, and its far end hangs up",
        &["trunk_prefix = \"0\""],
        "
        alice: call 0301234567
        alice: wait established
        alice = connected:0301234567
        phones: hangup T1
        alice = none
        ",
    ),
    story(
        "a call with a number comes in, and one that withholds it",
        "
        phones: incoming 0301234567 1001
        alice = alerting:0301234567
        alice: answer
        phones: incoming withheld 1002
        bob = alerting:unknown
        bob: hangup
        bob = none
        alice: hangup
        alice = none
        ",
    ),
    story_at(
        "nobody answers",
        QUICK,
        "
        alice: call 1002
        bob = alerting:1001
        time: 4s
        bob = none
        alice = fail:none
        alice: hangup
        alice = none
        ",
    ),
    story(
        "who only listens keeps no call alive",
        "
        alice: call 1002
        bob: answer
        bob = connected:1001
        carol: join 1002 silent
        carol: expect conferenced cause=silentParticipation
        carol = connected:1001+1002
        alice = connected:1002+1003
        phones: hold 1003
        carol = hold:1001+1002
        carol: retrieve
        carol = connected:1001+1002
        alice: conference-with 1004 silent
        alice: expect conferenced cause=silentParticipation
        dave: answer
        dave = connected:1001+1002+1003
        bob: hangup
        alice = none
        bob = none
        carol = none
        dave = none
        ",
    ),
    story(
        "a phone that is prompted to join a call joins when it is answered",
        "
        alice: call 1002
        bob: answer
        bob = connected:1001
        carol: join prompt 1002
        carol = initiated:none
        alice = connected:1002
        phones: answer 1003
        carol = connected:1001+1002
        alice = connected:1002+1003
        bob: hangup
        alice = connected:1003
        carol = connected:1001
        ",
    ),
];
