//! Calls of two and more parties.

use super::{QUICK, Story, story, story_at};

pub(super) const STORIES: &[Story] = &[
    story(
        "a call is made, answered, held, retrieved and ended from the clients",
        "
        alice: call 1002
        alice = connected:1002
        bob = alerting:1001
        bob: answer
        bob = connected:1001
        alice: hold
        alice = hold:1002
        bob = connected:1001
        alice: retrieve
        alice = connected:1002
        bob: hangup
        alice = none
        bob = none
        ",
    ),
    story(
        "the same at the phones",
        "
        phones: dial 1001 1002
        alice = connected:1002
        bob = alerting:1001
        phones: answer 1002
        bob = connected:1001
        phones: hold 1001
        alice = hold:1002
        phones: retrieve 1001
        alice = connected:1002
        phones: hangup 1002
        alice = none
        bob = none
        ",
    ),
    story(
        "a consultation is transferred after it was answered",
        "
        alice: call 1002
        bob: answer
        alice: consult 1003
        alice = hold:1002 connected:1003
        carol = alerting:1001
        carol: answer
        bob = connected:1001
        carol = connected:1001
        alice: transfer
        alice = none
        bob = connected:1003
        carol = connected:1002
        bob: hangup
        carol = none
        ",
    ),
    story(
        "a consultation is transferred before it is answered",
        "
        alice: call 1002
        bob: answer
        alice: consult 1003
        alice = hold:1002 connected:1003
        alice: transfer
        alice = none
        bob = connected:1003
        carol = alerting:1002
        carol: answer
        carol = connected:1002
        carol: hangup
        bob = none
        ",
    ),
    story_at(
        "a transfer that is not answered fails",
        QUICK,
        "
        alice: call 1002
        bob: answer
        alice: consult 1003
        alice = hold:1002 connected:1003
        alice: transfer
        carol = alerting:1002
        time: 4s
        carol = none
        bob = fail:none
        bob: hangup
        bob = none
        ",
    ),
    story(
        "a consultation is reconnected",
        "
        alice: call 1002
        bob: answer
        alice: consult 1003
        carol: answer
        alice = hold:1002 connected:1003
        alice: reconnect
        alice = connected:1002
        bob = connected:1001
        carol = none
        ",
    ),
    story(
        "the held party of a consultation hangs up first",
        "
        alice: call 1002
        bob: answer
        alice: consult 1003
        carol: answer
        bob: hangup
        alice = connected:1003
        bob = none
        alice: hangup
        carol = none
        ",
    ),
    story(
        "the consulted party hangs up first",
        "
        alice: call 1002
        bob: answer
        alice: consult 1003
        carol: answer
        carol: hangup
        alice = hold:1002
        alice: retrieve
        alice = connected:1002
        bob = connected:1001
        ",
    ),
    story(
        "a consultation is alternated twice and transferred at the phone",
        "
        phones: dial 1001 1002
        phones: answer 1002
        phones: consult 1001 1003
        phones: answer 1003
        alice = hold:1002 connected:1003
        alice: alternate
        alice = connected:1002 hold:1003
        carol = connected:1001
        phones: alternate 1001
        alice = hold:1002 connected:1003
        phones: transfer 1001
        alice = none
        bob = connected:1003
        carol = connected:1002
        ",
    ),
    story_at(
        "hanging up the second call transfers the first",
        &[
            "phone[0].number = \"1001\"",
            "phone[0].hangup_transfers = true",
            "phone[1].number = \"1002\"",
            "phone[1].count = 9",
        ],
        "
        alice: call 1002
        bob: answer
        alice: consult 1003
        carol: answer
        phones: hangup 1001
        alice = none
        bob = connected:1003
        carol = connected:1002
        ",
    ),
    story(
        "three confer, the starter leaves",
        "
        alice: call 1002
        bob: answer
        alice: consult 1003
        carol: answer
        alice = hold:1002 connected:1003
        alice: conference
        alice = connected:1002+1003
        bob = connected:1001+1003
        carol = connected:1001+1002
        alice: hangup
        alice = none
        bob = connected:1003
        carol = connected:1002
        ",
    ),
    story(
        "three confer, another leaves",
        "
        phones: dial 1001 1002
        phones: answer 1002
        phones: consult 1001 1003
        phones: answer 1003
        phones: conference 1001
        alice = connected:1002+1003
        carol = connected:1001+1002
        carol: hangup
        carol = none
        alice = connected:1002
        bob = connected:1001
        ",
    ),
    story(
        "five confer, and one after another leaves",
        "
        alice: call 1002
        bob: answer
        alice: consult 1003
        carol: answer
        alice = hold:1002 connected:1003
        alice: conference
        alice = connected:1002+1003
        alice: conference-with 1004
        dave = alerting:1001+1002+1003
        dave: answer
        alice: consult 1005
        erin: answer
        alice = hold:1002+1003+1004 connected:1005
        alice: conference
        erin = connected:1001+1002+1003+1004
        dave = connected:1001+1002+1003+1005
        alice = connected:1002+1003+1004+1005
        alice: hangup
        bob = connected:1003+1004+1005
        phones: hangup 1005
        bob = connected:1003+1004
        dave: hangup
        bob = connected:1003
        bob: hangup
        carol = none
        ",
    ),
    story_at(
        "one who is added to a conference does not answer",
        QUICK,
        "
        alice: call 1002
        bob: answer
        alice: conference-with 1003
        alice = connected:1002+1003
        carol = alerting:1001+1002
        time: 4s
        carol = none
        alice = connected:1002
        bob = connected:1001
        ",
    ),
    story(
        "a conference is held and retrieved by one of three",
        "
        alice: call 1002
        bob: answer
        alice: consult 1003
        carol: answer
        alice = hold:1002 connected:1003
        alice: conference
        bob = connected:1001+1003
        bob: hold
        bob = hold:1001+1003
        alice = connected:1002+1003
        bob: retrieve
        bob = connected:1001+1003
        ",
    ),
    story(
        "a conference is ended for all",
        "
        alice: call 1002
        bob: answer
        alice: consult 1003
        carol: answer
        alice = hold:1002 connected:1003
        alice: conference
        alice = connected:1002+1003
        bob: clear-call
        alice = none
        bob = none
        carol = none
        ",
    ),
    story(
        "a call is transferred in a single step",
        "
        alice: call 1002
        bob: answer
        bob: transfer-to 1003
        bob = none
        alice = connected:1003
        carol = alerting:1001
        carol: answer
        carol = connected:1001
        ",
    ),
    story(
        "a call is transferred to itself, to nobody and to a busy phone in vain",
        "
        alice: call 1002
        bob: answer
        phones: offhook 1004
        alice: transfer-to 1002
        alice: expect error operation/notDifferentDevices
        alice: transfer-to 1999
        alice: expect error operation/invalidDestinationDeviceID
        alice: transfer-to 1004
        alice: expect error stateIncompatibility/invalidDestinationDeviceState
        alice = connected:1002
        bob = connected:1001
        ",
    ),
    story(
        "a consultation of a busy and of an unknown number is no call to transfer to",
        "
        alice: call 1002
        bob: answer
        phones: offhook 1004
        alice: consult 1004
        alice = hold:1002 connected:1004
        alice: transfer
        alice: expect error stateIncompatibility/noCallToComplete
        alice: reconnect
        alice = connected:1002
        alice: consult 1999
        alice = hold:1002 connected:1999
        alice: conference
        alice: expect error stateIncompatibility/noCallToComplete
        alice: reconnect
        alice = connected:1002
        bob = connected:1001
        ",
    ),
    story(
        "a second call waits, is taken by alternating, and both confer",
        "
        alice: call 1002
        bob: answer
        carol: call 1002
        bob = connected:1001 alerting:1003
        bob: alternate
        bob = hold:1001 connected:1003
        carol = connected:1002
        bob: conference
        alice = connected:1002+1003
        bob = connected:1001+1003
        ",
    ),
    story(
        "somebody joins a call, and another intrudes on it",
        "
        alice: call 1002
        bob: answer
        phones: enter 1003 1001
        alice = connected:1002+1003
        carol = connected:1001+1002
        ",
    ),
    story(
        "digits are sent in a call, and complete one",
        "
        alice: offhook
        alice: dial 1002
        alice = connected:1002
        bob: answer
        alice: digits 123#
        bob: expect digitsgenerated digitGeneratedList=123#
        alice = connected:1002
        ",
    ),
    story(
        "what is associated with a call is told to its parties, and goes with it",
        "
        alice: call 1002
        bob: answer
        alice: associate account 4711
        bob: expect callinformation accountInfo=34373131
        alice: expect callinformation accountInfo=34373131
        bob: associate correlator T-17
        alice: expect callinformation accountInfo=- correlatorData.string=542D3137
        phones: associate 1002 subject rent
        alice: expect callinformation subjectOfCall=rent correlatorData.string=-
        alice = connected:1002
        alice: consult 1003
        carol: answer
        alice = hold:1002 connected:1003
        alice: transfer
        bob: expect transfered correlatorData.string=542D3137
        carol: expect transfered correlatorData.string=542D3137
        bob = connected:1003
        carol = connected:1002
        ",
    ),
];
