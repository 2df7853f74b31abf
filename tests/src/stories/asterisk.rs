//! Which stories an Asterisk cannot tell, and why.

/// Stories, and why they are not told: what is missing, as docs/asterisk.md names it, and what is the matter with it.
pub(super) const CANNOT: &[(&str, &str)] = &[
    ("a consultation is transferred before it is answered", UNANSWERED),
    ("a transfer that is not answered fails", UNANSWERED),
    ("a consultation is alternated twice and transferred at the phone", BOTH),
    ("a call is transferred while the connection is broken", BOTH),
    (
        "hanging up the second call transfers the first",
        "a phone that transfers when it hangs up: SIP has none",
    ),
    ("three confer, another leaves", MIXES),
    ("somebody signs into a conference, which shrinks to a call that he holds", MIXES),
    ("five confer, and one after another leaves", ADDS),
    ("one who is added to a conference does not answer", ADDS),
    ("a conference is ended for all", "ClearCall: it is not built"),
    ("a call is transferred to itself, to nobody and to a busy phone in vain", HANDSET),
    ("a consultation of a busy and of an unknown number is no call to transfer to", FAILED),
    ("somebody joins a call, and another intrudes on it", JOINS),
    ("a ringing call is picked up, and a call joined, from the client", JOINS),
    ("who only listens keeps no call alive", JOINS),
    ("a phone that is prompted to join a call joins when it is answered", JOINS),
    ("somebody intrudes on the call that keeps a phone busy", "IntrudeCall: it is not built"),
    ("digits are sent in a call, and complete one", HANDSET),
    (
        "what is associated with a call is told to its parties, and goes with it",
        "AssociateData: Asterisk has no such data",
    ),
    ("forwardings in a circle lead nowhere", FAILED),
    ("who is not to be disturbed is not, whoever set it", FAILED),
    ("nobody answers", FAILED),
    (
        "a message lights the lamp, and listening puts it out",
        "SetMessageWaitingIndicator: what waits is what the voice mail counts",
    ),
    (
        "what is muted and answers by itself shows in the client",
        "a phone's own mute key was pressed: the phone tells nobody",
    ),
    (
        "a phone goes out of service in the middle of a call, and comes back",
        "OutOfService: Asterisk keeps the call of a phone that is gone",
    ),
    ("a call camps on at a busy phone and is taken", "CampOnCall: it is not built"),
    ("a busy phone is called back when it is free", "CallBack: it is not built"),
];

const UNANSWERED: &str =
    "a transfer before the consulted one has answered: two channels can only be connected once both are up";
const BOTH: &str = "a phone that obeys NOTIFY and that people use: no phone of these tests does both";
const MIXES: &str = "a conference that a phone mixes by itself: Asterisk sees several calls";
const ADDS: &str = "SingleStepConferenceCall: it is not built";
const JOINS: &str = "JoinCall: it is not built";
const HANDSET: &str = "a handset off the hook: a phone tells Asterisk of a call only when it is dialled";
const FAILED: &str = "a call that fails and stays: Asterisk ends the caller's call with it";
