//! What is set at the phones, sign-ins in the middle of calls, and connections that break.

use super::{Story, story};

pub(super) const STORIES: &[Story] = &[
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
