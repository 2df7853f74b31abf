//! The rows of the table of commands.

use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::{Command, Does, Put, Service, Takes};

/// All commands, in the order in which `help` lists them.
pub(in crate::client) const COMMANDS: &[Command] = &[
    asks(
        "call",
        &[Takes::Number],
        "MakeCall",
        &[LINE_CALLS, CALLED, NO_PROMPT],
        "Calls a number.",
        "call 1002",
    ),
    asks(
        "answer",
        &[Takes::Call(&[State::Alerting, State::Queued])],
        "AnswerCall",
        &[("callToBeAnswered", Put::Given(0))],
        "Answers a call that rings.",
        "answer",
    ),
    asks(
        "deflect",
        &[Takes::Call(&[State::Alerting]), Takes::Number],
        "DeflectCall",
        &[("callToBeDiverted", Put::Given(0)), ("newDestination", Put::Given(1))],
        "Sends a call that rings to another number.",
        "deflect 1003",
    ),
    asks(
        "hold",
        &[Takes::Call(&[State::Connected])],
        "HoldCall",
        &[("callToBeHeld", Put::Given(0))],
        "Puts a call on hold.",
        "hold 2",
    ),
    asks(
        "retrieve",
        &[Takes::Call(&[State::Hold])],
        "RetrieveCall",
        &[("callToBeRetrieved", Put::Given(0))],
        "Takes a call off hold.",
        "retrieve",
    ),
    asks(
        "hangup",
        &[Takes::Call(CLEARABLE)],
        "ClearConnection",
        &[("connectionToBeCleared", Put::Given(0))],
        "Leaves a call.",
        "hangup 2",
    ),
    asks(
        "clear-call",
        &[Takes::Call(CLEARABLE)],
        "ClearCall",
        &[("callToBeCleared", Put::Given(0))],
        "Ends a call for everybody in it.",
        "clear-call",
    )
    .or("hangup-all"),
    asks(
        "consult",
        &[Takes::Call(ACTIVE), Takes::Number],
        "ConsultationCall",
        &[("existingCall", Put::Given(0)), ("consultedDevice", Put::Given(1))],
        "Holds a call and calls a number about it.",
        "consult 1003",
    ),
    asks(
        "alternate",
        TWO,
        "AlternateCall",
        HELD_FIRST,
        "Holds the active call and retrieves the held one.",
        "alternate",
    ),
    asks(
        "reconnect",
        &[Takes::Call(ACTIVE), Takes::Call(HELD)],
        "ReconnectCall",
        &[("activeCall", Put::Given(0)), ("heldCall", Put::Given(1))],
        "Leaves the active call and retrieves the held one.",
        "reconnect",
    ),
    asks(
        "transfer",
        TWO,
        "TransferCall",
        HELD_FIRST,
        "Connects the held call with the active one, and leaves both.",
        "transfer 1 2",
    ),
    asks(
        "conference",
        TWO,
        "ConferenceCall",
        HELD_FIRST,
        "Makes one call of the held one and the active one.",
        "conference",
    ),
    asks(
        "transfer-to",
        &[Takes::Call(ACTIVE), Takes::Number],
        "SingleStepTransferCall",
        &[("activeCall", Put::Given(0)), ("transferredTo", Put::Given(1))],
        "Transfers a call to a number without asking there.",
        "transfer-to 1003",
    ),
    asks(
        "conference-with",
        &[Takes::Call(ACTIVE), Takes::Number, PARTICIPATION],
        "SingleStepConferenceCall",
        &[
            ("activeCall", Put::Given(0)),
            ("deviceToJoin", Put::Given(1)),
            ("participationType", Put::Given(2)),
        ],
        "Adds a phone to a call, as a listener if silent.",
        "conference-with 1003",
    ),
    asks(
        "pickup",
        &[Takes::Number],
        "DirectedPickupCall",
        &[("callToBePickedUp", Put::At(0, &[State::Alerting])), ("requestingDevice", Put::Line)],
        "Answers a call that rings at another phone.",
        "pickup 1002",
    ),
    asks(
        "pickup-group",
        &[Takes::MaybeNumber],
        "GroupPickupCall",
        &[("newDestination", Put::Line), ("pickGroup", Put::Given(0))],
        "Answers a call that rings in the own pickup group, or in another.",
        "pickup-group",
    ),
    asks(
        "join",
        &[Takes::Number, PARTICIPATION],
        "JoinCall",
        &[
            ("activeCall", Put::At(0, &[State::Connected])),
            ("joiningDevice", Put::Line),
            NO_PROMPT,
            ("participationType", Put::Given(1)),
        ],
        "Joins the call of another phone, as a listener if silent.",
        "join 1002",
    ),
    asks(
        "park",
        &[Takes::Call(ACTIVE), Takes::MaybeNumber],
        "ParkCall",
        &[("parking", Put::Given(0)), ("parkTo", Put::GivenOrLine(1))],
        "Parks a call at a number, or at the own line.",
        "park 700",
    ),
    asks(
        "camp-on",
        &[Takes::Call(FAILED)],
        "CamponCall",
        &[("camponConnection", Put::Given(0))],
        "Waits at a busy phone until it is free.",
        "camp-on",
    ),
    asks(
        "callback",
        &[Takes::Call(FAILED)],
        "CallBack",
        &[("callbackConnection", Put::Given(0))],
        "Has the phone system call when the called phone is free.",
        "callback",
    ),
    asks(
        "callback for",
        &[Takes::Number],
        "CallBackNonCallRelated",
        &[("originatingDevice", Put::Line), ("targetDevice", Put::Given(0))],
        "The same for a phone that was not called.",
        "callback for 1002",
    ),
    asks(
        "callback off",
        &[Takes::MaybeNumber],
        "CancelCallBack",
        &[("originatingDevice", Put::Line), ("targetDevice", Put::GivenOrTarget(0))],
        "Cancels a call back: that of this phone, or the last one.",
        "callback off 1002",
    ),
    asks(
        "intrude",
        &[Takes::Call(FAILED), PARTICIPATION],
        "IntrudeCall",
        &[("intrude", Put::Given(0)), ("participationType", Put::Given(1))],
        "Joins the call of the busy phone that was called, as a listener if silent.",
        "intrude",
    ),
    asks(
        "offhook",
        &[],
        "MakeCall",
        &[LINE_CALLS, ("calledDirectoryNumber", Put::Empty), NO_PROMPT],
        "Goes off hook; `dial` dials then.",
        "offhook",
    ),
    asks(
        "dial",
        &[Takes::Call(&[State::Initiated, State::Connected]), Takes::Number],
        "DialDigits",
        &[("diallingConnection", Put::Given(0)), ("diallingSequence", Put::Given(1))],
        "Dials in a call that is not complete.",
        "dial 1002",
    ),
    asks(
        "digits",
        &[Takes::Call(&[State::Connected]), Takes::Word("digits", "123#")],
        "GenerateDigits",
        &[
            ("connectionToSendDigits", Put::Given(0)),
            ("digitMode", Put::Word("dTMF")),
            ("charactersToSend", Put::Given(1)),
        ],
        "Sends digits as tones (DTMF).",
        "digits 123#",
    ),
    asks(
        "forward off",
        &[Takes::MaybeOneOf(FORWARDING)],
        "SetForwarding",
        &[DEVICE, ("forwardingType", Put::Given(0)), ("activateForward", Put::Word("false"))],
        "Ends forwarding of one kind; without one, of the default kind.",
        "forward off busy",
    ),
    asks(
        "forward default",
        &[],
        "SetForwarding",
        &[DEVICE, ("activateForward", Put::Word("true"))],
        "Forwards as the phone system has it by default.",
        "forward default",
    ),
    asks("forward ?", &[], "GetForwarding", &[DEVICE], "Shows where calls are forwarded.", "forward ?"),
    asks(
        "forward",
        &[Takes::MaybeOneOf(FORWARDING), Takes::Number],
        "SetForwarding",
        &[
            DEVICE,
            ("forwardingType", Put::GivenOr(0, "forwardImmediate")),
            ("activateForward", Put::Word("true")),
            ("forwardDN", Put::Given(1)),
        ],
        "Forwards calls to a number; immediately, unless a kind is given.",
        "forward busy 1003",
    ),
    asks("dnd ?", &[], "GetDoNotDisturb", &[DEVICE], "Shows whether calls are refused.", "dnd ?"),
    asks(
        "dnd",
        ON_OFF,
        "SetDoNotDisturb",
        &[DEVICE, ("doNotDisturbOn", Put::Given(0))],
        "Refuses calls, or no longer (do not disturb).",
        "dnd on",
    ),
    asks("lamp ?", &[], "GetMessageWaitingIndicator", &[DEVICE], "Shows whether messages wait.", "lamp ?"),
    asks(
        "lamp",
        ON_OFF,
        "SetMessageWaitingIndicator",
        &[DEVICE, ("messageWaitingOn", Put::Given(0))],
        "Switches the lamp for waiting messages.",
        "lamp off",
    ),
    asks("mute ?", &[], "GetMicrophoneMute", &[DEVICE], "Shows which microphones are muted.", "mute ?"),
    asks(
        "mute",
        &[Takes::OneOf(TRUTH), APPARATUS],
        "SetMicrophoneMute",
        &[DEVICE, ("auditoryApparatus", Put::GivenOr(1, "1")), ("microphoneMuteOn", Put::Given(0))],
        "Mutes a microphone, or no longer.",
        "mute on",
    ),
    asks("speaker ?", &[], "GetSpeakerMute", &[DEVICE], "Shows which loudspeakers are muted.", "speaker ?"),
    asks(
        "speaker",
        &[Takes::OneOf(UNTRUTH), APPARATUS],
        "SetSpeakerMute",
        &[DEVICE, ("auditoryApparatus", Put::GivenOr(1, "1")), ("speakerMuteOn", Put::Given(0))],
        "Lets a loudspeaker sound; off mutes it.",
        "speaker off",
    ),
    asks(
        "autoanswer ?",
        &[],
        "GetAutoAnswer",
        &[DEVICE],
        "Shows whether the phone answers by itself.",
        "autoanswer ?",
    ),
    asks(
        "autoanswer",
        &[Takes::OneOf(TRUTH), Takes::MaybeWord("rings", "3")],
        "SetAutoAnswer",
        &[DEVICE, ("autoAnswerOn", Put::Given(0)), ("numberOfRings", Put::Given(1))],
        "Lets the phone answer by itself, after so many rings, or no longer.",
        "autoanswer on 3",
    ),
    asks(
        "callerid ?",
        &[],
        "GetCallerIDStatus",
        &[DEVICE],
        "Shows whether the own number is shown.",
        "callerid ?",
    ),
    asks(
        "callerid",
        ON_OFF,
        "SetCallerIDStatus",
        &[DEVICE, ("callerIDProvided", Put::Given(0))],
        "Shows the own number to those who are called, or withholds it.",
        "callerid off",
    ),
    asks("last", &[], "GetLastNumberDialed", &[DEVICE], "Shows the number dialled last.", "last"),
    asks(
        "snapshot",
        &[],
        "SnapshotDevice",
        &[("snapshotObject", Put::Line)],
        "Asks which calls there are at the line.",
        "snapshot",
    ),
    asks(
        "snapshot-call",
        &[Takes::Call(CLEARABLE)],
        "SnapshotCall",
        &[("snapshotObject", Put::Given(0))],
        "Asks who is in a call.",
        "snapshot-call 1",
    ),
    asks("device", &[], "GetLogicalDeviceInformation", &[DEVICE], "Shows what the line can do.", "device"),
    asks("phone", &[], "GetPhysicalDeviceInformation", &[DEVICE], "Shows what the phone is.", "phone"),
    asks(
        "devices",
        &[],
        "GetSwitchingFunctionDevices",
        &[],
        "Asks for the list of devices, which follows in segments.",
        "devices",
    ),
    does("features", &[], Does::Asks(Service::Features), "Asks what the phone system can do.", "features"),
    does("refresh", &[], Does::Asks(Service::Refresh), "Refreshes the session by re-INVITE.", "refresh"),
    does("update", &[], Does::Asks(Service::Update), "Refreshes the session by UPDATE.", "update"),
    does("calls", &[], Does::Shows, "Shows the calls at the line, as the client knows them.", "calls"),
    does("wait", &[EVENT], Does::Waits, WAITS, "wait established 5s"),
    does("expect", &[EVENT], Does::Waits, WAITS, "expect transfered callingDevice=- cause=transfer 5s"),
    does(
        "sleep",
        &[Takes::Text("a time: sleep 200ms")],
        Does::Sleeps,
        "Does nothing for a time.",
        "sleep 200ms",
    ),
    does(
        "raw",
        &[Takes::Text("a CSTA document")],
        Does::Asks(Service::Raw),
        "Sends a document as it is.",
        "raw <GetForwarding xmlns='http://www.ecma-international.org/standards/ecma-323/csta/ed3'/>",
    ),
    does(
        "help",
        &[Takes::Anything],
        Does::Helps,
        "Lists the commands, or says more about one.",
        "help transfer",
    ),
    does("quit", &[Takes::Anything], Does::Quits, "Signs out and ends.", "quit"),
];

/// What `wait` and `expect` do.
const WAITS: &str =
    "Waits until this happens; fails if it does not in time, or happens where `no` says it must not.";

/// The argument of `wait` and `expect`, with an example.
const EVENT: Takes = Takes::Text("an event: wait established 5s");

const DEVICE: (&str, Put) = ("device", Put::Line);
const LINE_CALLS: (&str, Put) = ("callingDevice", Put::Line);
const CALLED: (&str, Put) = ("calledDirectoryNumber", Put::Given(0));
const NO_PROMPT: (&str, Put) = ("autoOriginate", Put::Word("doNotPrompt"));

/// The states in which a call can be cleared, the likeliest first.
const CLEARABLE: &[State] =
    &[State::Connected, State::Initiated, State::Fail, State::Alerting, State::Queued, State::Hold];

/// The states of the active one of two calls, the likeliest first: a consultation may still ring.
const ACTIVE: &[State] = &[State::Connected, State::Initiated, State::Fail];

const HELD: &[State] = &[State::Hold];

/// The states of a call to somebody who is busy, the likeliest first.
const FAILED: &[State] = &[State::Fail, State::Queued, State::Connected, State::Initiated];

/// A held call and an active one.
const TWO: &[Takes] = &[Takes::Call(HELD), Takes::Call(ACTIVE)];

const HELD_FIRST: &[(&str, Put)] = &[("heldCall", Put::Given(0)), ("activeCall", Put::Given(1))];

const ON_OFF: &[Takes] = &[Takes::OneOf(TRUTH)];

const TRUTH: &[(&str, &str)] = &[("on", "true"), ("off", "false")];

const UNTRUTH: &[(&str, &str)] = &[("on", "false"), ("off", "true")];

/// The microphone or loudspeaker: usually a phone has one.
const APPARATUS: Takes = Takes::MaybeWord("apparatus", "1");

const PARTICIPATION: Takes = Takes::MaybeOneOf(&[("active", "active"), ("silent", "silent")]);

/// The kinds of forwarding, as people and as ECMA-323 call them.
const FORWARDING: &[(&str, &str)] = &[
    ("immediate", "forwardImmediate"),
    ("busy", "forwardBusy"),
    ("noanswer", "forwardNoAns"),
    ("dnd", "forwardDND"),
    ("busy-internal", "forwardBusyInt"),
    ("busy-external", "forwardBusyExt"),
    ("noanswer-internal", "forwardNoAnsInt"),
    ("noanswer-external", "forwardNoAnsExt"),
    ("immediate-internal", "forwardImmInt"),
    ("immediate-external", "forwardImmExt"),
    ("dnd-internal", "forwardDNDInt"),
    ("dnd-external", "forwardDNDExt"),
];

/// A command that requests a CSTA service.
const fn asks(
    word: &'static str,
    takes: &'static [Takes],
    request: &'static str,
    elements: &'static [(&'static str, Put)],
    help: &'static str,
    example: &'static str,
) -> Command {
    does(word, takes, Does::Asks(Service::Csta(request, elements)), help, example)
}

const fn does(
    word: &'static str,
    takes: &'static [Takes],
    does: Does,
    help: &'static str,
    example: &'static str,
) -> Command {
    Command { word, alias: None, takes, does, help, example }
}

impl Command {
    /// The same command, with a second name.
    const fn or(self, alias: &'static str) -> Self {
        Self { alias: Some(alias), ..self }
    }
}
