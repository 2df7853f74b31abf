//! Sessions in odd places: without a connection, without a line, with lines and names of any length.

use ctigate_core::setting::Value;
use ctigate_core::{Duration, Instant};
use ctigate_tests::bench::{Bench, Client, Line, PhoneSystem, csta, only};

use super::{HELD, call, signed_in};

#[test]
fn what_does_not_fit_into_a_frame_is_refused_and_the_connection_lives() {
    let (mut bench, system, mut client) = signed_in(&[]);
    // Each `>` takes four bytes on its way to the phone system.
    let inside = format!("<callToBeHeld><callID>0_{}</callID></callToBeHeld>", ">".repeat(20_000));
    let refused = only(&client.info(&mut bench, "HoldCall", &inside), 200);
    assert_eq!(refused.root(), "CSTAErrorCode");
    assert_eq!(system.asked(&mut bench), []);
    assert_eq!(bench.engine().view().pending, 0);
    let answer = "<callToBeAnswered><callID>0_7</callID></callToBeAnswered>";
    client.info(&mut bench, "AnswerCall", answer);
    system.serve(&mut bench, "AnswerCall", |_| csta("AnswerCallResponse", ""));
    only(&client.heard(&mut bench), 200);
}
