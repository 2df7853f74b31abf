//! What is set at the phones, sign-ins in the middle of calls, and connections that break.

use super::{QUICK, Story, story, story_at};

pub(super) const STORIES: &[Story] = &[
    story(
        "somebody signs in while his calls are held, consulting and ringing",
        "
        phones: dial 1001 1002
        phones: answer 1002
        phones: consult 1001 1003
        phones: answer 1003
        phones: dial 1004 1003
        alice: sign in
        carol: sign in
        bob: sign in
        alice = hold:1002 connected:1003
        bob = connected:1001
        carol = connected:1001 alerting:1004
        ",
    ),
    story(
        "somebody signs into a conference, which shrinks to a call that he holds",
        "
        phones: dial 1001 1002
        phones: answer 1002
        phones: consult 1001 1003
        phones: answer 1003
        phones: conference 1001
        bob: sign in
        phones: hangup 1003
        bob: hold
        bob = hold:1001
        bob: retrieve
        bob = connected:1001
        ",
    ),
    story(
        "forwarding that is set at the phone shows in its client, and calls go there",
        "
        phones: forward 1002 1003
        bob: expect forwarding forwardTo=1003 forwardStatus=true forwardingType=forwardImmediate
        alice: call 1002
        alice = connected:1003
        carol = alerting:1001
        carol: expect delivered lastRedirectionDevice=1002 cause=callForwardImmediate
        bob = none
        phones: forward 1002 off
        bob: expect forwarding forwardStatus=false
        ",
    ),
    story_at(
        "forwarding that is set from the client acts, and ends",
        QUICK,
        "
        bob: forward noanswer 1003
        bob: expect forwarding forwardingType=forwardNoAns forwardTo=1003
        alice: call 1002
        bob = alerting:1001
        time: 2500ms
        bob = none
        carol = alerting:1001
        alice = connected:1003
        alice: hangup
        carol = none
        bob: forward off noanswer
        bob: expect forwarding forwardStatus=false
        alice: call 1002
        time: 2500ms
        bob = alerting:1001
        ",
    ),
    story(
        "forwardings in a circle lead nowhere",
        "
        phones: forward 1002 1003
        phones: forward 1003 1002
        alice: call 1002
        alice: expect failed cause=destNotObtainable
        alice = connected:1002
        bob = none
        carol = none
        ",
    ),
    story(
        "who is not to be disturbed is not, whoever set it",
        "
        bob: dnd on
        bob: expect donotdisturb doNotDisturbOn=true
        alice: call 1002
        alice: expect failed cause=doNotDisturb
        alice: hangup
        bob = none
        phones: dnd 1002 off
        bob: expect donotdisturb doNotDisturbOn=false
        alice: call 1002
        bob = alerting:1001
        ",
    ),
    story_at(
        "a message lights the lamp, and listening puts it out",
        &["mailbox = \"799\""],
        "
        bob: forward 799
        alice: call 1002
        alice = connected:799
        alice: wait established
        alice: hangup
        bob: expect messagewaiting messageWaitingOn=true
        bob: call 799
        bob: wait established
        bob: hangup
        bob: expect messagewaiting messageWaitingOn=false
        bob = none
        ",
    ),
    story(
        "what is muted and answers by itself shows in the client",
        "
        alice: mute on
        alice: expect microphonemute microphoneMuteOn=true
        phones: mute 1001 off
        alice: expect microphonemute microphoneMuteOn=false
        alice: speaker off
        alice: expect speakermute speakerMuteOn=true
        phones: autoanswer 1001 on
        alice: expect autoanswer autoAnswerOn=true
        alice: callerid off
        alice: expect calleridstatus callerIDProvided=false
        alice = none
        ",
    ),
    story(
        "a phone goes out of service in the middle of a call, and comes back",
        "
        alice: call 1002
        bob: answer
        phones: service 1002 out
        bob = none
        alice = none
        bob: expect outofservice
        alice: call 1002
        alice: expect failed cause=destOutOfOrder
        alice: hangup
        phones: service 1002 in
        bob: expect backinservice
        alice: call 1002
        bob = alerting:1001
        ",
    ),
    story(
        "the connection breaks in the middle of a consultation",
        "
        alice: call 1002
        bob: answer
        alice: consult 1003
        carol: answer
        alice = hold:1002 connected:1003
        break
        alice = hold:1002 connected:1003
        alice: transfer
        alice = none
        bob = connected:1003
        carol = connected:1002
        ",
    ),
    story(
        "the connection breaks in the middle of a conference",
        "
        alice: call 1002
        bob: answer
        alice: consult 1003
        carol: answer
        alice = hold:1002 connected:1003
        alice: conference
        bob = connected:1001+1003
        break
        bob: hangup
        bob = none
        alice = connected:1003
        carol = connected:1001
        ",
    ),
    story(
        "a call is transferred while the connection is broken",
        "
        alice: call 1002
        bob: answer
        alice: consult 1003
        carol: answer
        alice = hold:1002 connected:1003
        broken: transfer 1001
        alice = none
        bob = connected:1003
        carol = connected:1002
        ",
    ),
];
