//! Why a connection ended, in the words of CSTA (ECMA-269, `EventCause`), by the cause of a channel's Hangup (ITU-T
//! Q.850, as Asterisk numbers it).

/// What the Hangup of a channel means that was called and not answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unanswered {
    /// The caller gave up: no failure.
    GivenUp,
    /// The call goes on elsewhere: it was answered there, or redirected.
    Elsewhere,
    /// It failed, for this cause.
    Failed(&'static str),
}

/// Answered elsewhere (`AST_CAUSE_ANSWERED_ELSEWHERE`).
const ELSEWHERE: u16 = 26;
/// Normal clearing: of a channel that rings, since its caller was redirected.
const NORMAL: u16 = 16;
/// No cause that the network knows: of a channel that rings, since its caller gave up.
const INTERWORKING: u16 = 127;

/// The causes of failures; what is not listed is `normal`.
const FAILURES: &[(&[u16], &str)] = &[
    // Dial leaves 0 in a channel that did not answer in time.
    (&[0, 18, 19], "callNotAnswered"),
    (&[17], "busy"),
    (&[21], "blocked"),
    (&[1, 2, 3, 25, 28], "destNotObtainable"),
    (&[20, 27], "destOutOfOrder"),
    (&[22], "numberChanged"),
    (&[34], "trunksBusy"),
    (&[38], "networkOutOfOrder"),
    (&[42], "networkCongestion"),
    (&[41, 44, 47], "resourcesNotAvailable"),
    (&[58, 65, 66, 79, 88], "incompatibleDestination"),
];

/// The cause of a call that failed.
pub(super) fn failure(cause: u16) -> &'static str {
    FAILURES.iter().find(|(causes, _)| causes.contains(&cause)).map_or("normal", |(_, word)| word)
}

/// What a Hangup means for a channel that was called and not answered.
pub(super) fn unanswered(cause: u16) -> Unanswered {
    match cause {
        NORMAL | ELSEWHERE => Unanswered::Elsewhere,
        INTERWORKING => Unanswered::GivenUp,
        _ => Unanswered::Failed(failure(cause)),
    }
}

/// The cause with which the prompt of a phone ends whose user was to be connected first.
pub(super) fn prompt(cause: u16) -> &'static str {
    match failure(cause) {
        "callNotAnswered" => "callNotAnswered",
        "busy" | "blocked" => "callCancelled",
        _ => "normalClearing",
    }
}
