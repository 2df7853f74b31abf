//! The verbs of the control language: one table, from which lines are read, and help and documentation are made.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Done, Step, Switch};

/// What a line says behind its verb.
pub(super) struct Said<'a> {
    /// The verb.
    pub(super) verb: &'a str,
    /// The words behind it.
    pub(super) words: &'a [&'a str],
    /// The whole line.
    pub(super) line: &'a str,
}

/// Carries out a line; `None` if the words behind the verb are not what it takes. Nothing is changed then.
type Handler = fn(&mut Switch, &mut Step<'_>, &Said<'_>) -> Option<Done>;

/// A verb of the control language.
pub struct Verb {
    /// The first word of its lines.
    pub word: &'static str,
    /// What stands behind it: words in capitals are names of values, `|` is between alternatives; empty for nothing.
    pub arguments: &'static str,
    /// What happens, in one line.
    pub doc: &'static str,
    /// A line with it.
    pub example: &'static str,
    pub(super) handler: Handler,
}

const fn verb(
    word: &'static str,
    arguments: &'static str,
    doc: &'static str,
    example: &'static str,
    handler: Handler,
) -> Verb {
    Verb { word, arguments, doc, example, handler }
}

/// All verbs, in the order in which `help` lists them.
pub const VERBS: &[Verb] = &[
    verb("offhook", "PHONE", "Somebody takes the handset off the hook.", "offhook 1001", Switch::acts),
    verb("dial", "PHONE NUMBER", "Somebody dials, on or off the hook.", "dial 1001 1002", Switch::dials),
    verb(
        "answer",
        "PHONE",
        "The call that rings there is answered; a phone that was prompted to dial dials.",
        "answer 1002",
        Switch::acts,
    ),
    verb(
        "deflect",
        "PHONE TO-PHONE",
        "The newest call that rings there goes to another phone.",
        "deflect 1002 1003",
        Switch::deflects,
    ),
    verb("hold", "PHONE", "The connected call is held.", "hold 1001", Switch::acts),
    verb("retrieve", "PHONE", "The newest held call is retrieved.", "retrieve 1001", Switch::acts),
    verb(
        "hangup",
        "PHONE|TRUNK",
        "The phone, or the party that is reached through a trunk, leaves the call.",
        "hangup 1001",
        Switch::acts,
    ),
    verb(
        "consult",
        "PHONE NUMBER",
        "The active call is held, and the number called.",
        "consult 1001 1003",
        Switch::joins,
    ),
    verb(
        "alternate",
        "PHONE",
        "The active call is held, and the other retrieved or answered.",
        "alternate 1001",
        Switch::joins,
    ),
    verb(
        "reconnect",
        "PHONE",
        "The active call is left, and the held one retrieved.",
        "reconnect 1001",
        Switch::joins,
    ),
    verb(
        "transfer",
        "PHONE [NUMBER]",
        "The held call and the active one are connected, or the active one goes on to the number.",
        "transfer 1001 1003",
        Switch::joins,
    ),
    verb(
        "conference",
        "PHONE [NUMBER [active|silent|none]]",
        "The held call and the active one become one, or the number is added to the active one: silent, it only \
         listens; none, not even that.",
        "conference 1001",
        Switch::joins,
    ),
    verb(
        "enter",
        "PHONE OF-PHONE [active|silent|none]",
        "The phone enters the call of another: silent, it only listens.",
        "enter 1003 1001",
        Switch::takes_part,
    ),
    verb(
        "intrude",
        "PHONE [active|silent|none]",
        "The phone, which met a busy one, enters the call that keeps it busy: silent, it only listens.",
        "intrude 1001",
        Switch::joins,
    ),
    verb(
        "campon",
        "PHONE",
        "The call waits until the phone that it met busy is free.",
        "campon 1001",
        Switch::joins,
    ),
    verb(
        "callback",
        "PHONE [off TO-PHONE]",
        "The call ends and is made again when both phones are idle; or no longer.",
        "callback 1001",
        Switch::wants_call_back,
    ),
    verb(
        "pickup",
        "PHONE [AT-PHONE]",
        "The phone answers the call that rings at another, or in its pickup group.",
        "pickup 1003 1002",
        Switch::takes_part,
    ),
    verb(
        "park",
        "PHONE AT",
        "The active call waits at a number for parking.",
        "park 1001 701",
        Switch::joins,
    ),
    verb(
        "digits",
        "PHONE DIGITS",
        "Digits of a number that is not complete yet, or for the others in the call.",
        "digits 1001 123#",
        Switch::joins,
    ),
    verb(
        "associate",
        "PHONE account|auth|correlator|qualifying|subject|languages DATA",
        "The phone's call gets these data; what it had before of other sorts stays.",
        "associate 1001 account 4711",
        Switch::associates,
    ),
    verb(
        "incoming",
        "FROM|withheld NUMBER",
        "Somebody outside calls, through a trunk.",
        "incoming 0301234567 1001",
        Switch::comes_in,
    ),
    verb(
        "forward",
        "PHONE [TYPE] NUMBER [RINGS]|off [TYPE]|default on|off",
        "Calls of this type (immediate, busy, noanswer, dnd, each also with -internal or -external; immediate unless \
         given) are forwarded, after so many rings if they are not answered, or no longer; default: those that the phone \
         system forwards by itself.",
        "forward 1001 noanswer 1003 3",
        Switch::forwards,
    ),
    verb(
        "dnd",
        "PHONE on|off [internal|external]",
        "Calls must not disturb the phone, or may again.",
        "dnd 1001 on",
        Switch::disturbs,
    ),
    verb(
        "lamp",
        "PHONE on|off [FOR-PHONE]",
        "The message lamp goes on or off; for whom the message is, if it is not the phone's own.",
        "lamp 1001 on",
        Switch::lights,
    ),
    verb("mute", "PHONE on|off", "The microphone is mute, or no longer.", "mute 1001 on", Switch::switches),
    verb("speaker", "PHONE on|off", "The speaker is on, or mute.", "speaker 1001 off", Switch::switches),
    verb(
        "autoanswer",
        "PHONE on|off [RINGS]",
        "The phone answers by itself, after so many rings (1 unless given), or no longer.",
        "autoanswer 1001 on 0",
        Switch::answers_by_itself,
    ),
    verb(
        "callerid",
        "PHONE on|off",
        "Whether those that the phone calls are shown its number.",
        "callerid 1001 off",
        Switch::switches,
    ),
    verb(
        "callwaiting",
        "PHONE on|off",
        "Whether the phone rings for a call while it is in another; off: it is busy.",
        "callwaiting 1001 off",
        Switch::switches,
    ),
    verb(
        "service",
        "PHONE in|out",
        "The phone goes out of service, and out of its calls, or comes back.",
        "service 1001 out",
        Switch::serves,
    ),
    verb("settings", "PHONE", "Shows what is set at the phone.", "settings 1001", Switch::shows_settings),
    verb("phone", "PHONE", "Shows the phone and its calls.", "phone 1001", Switch::shows_phone),
    verb("status", "", "Shows what there is in all, and how it answers.", "status", |switch, _, said| {
        said.words.is_empty().then(|| Ok(switch.status_line()))
    }),
    verb(
        "close",
        "links",
        "All CTI links break, as if the cable were cut.",
        "close links",
        Switch::breaks_links,
    ),
    verb("fail", "link", "One CTI link breaks, as if the cable were cut.", "fail link", Switch::breaks_links),
    verb("stall", "on|off", "Whether requests are read but not answered.", "stall on", Switch::stalls),
    verb(
        "delay",
        "MILLISECONDS",
        "How long every answer is delayed from now on; events are not.",
        "delay 500",
        Switch::delays,
    ),
    verb("ask", "", "Every client is asked for its system status.", "ask", |switch, step, said| {
        said.words.is_empty().then(|| Ok(switch.ask_all(step)))
    }),
    verb(
        "unmonitor",
        "PHONE",
        "The phone system stops all monitors of the phone by itself.",
        "unmonitor 1001",
        Switch::unmonitors,
    ),
    verb(
        "event",
        "PHONE XML",
        "This document goes to the phone's monitors; REF in it stands for the monitorCrossRefID.",
        "event 1001 <CallInformationEvent><monitorCrossRefID>REF</monitorCrossRefID></CallInformationEvent>",
        Switch::injects,
    ),
    verb(
        "system",
        "STATUS",
        "The phone system has this status and reports it.",
        "system overloadReached",
        Switch::reports_status,
    ),
    verb("help", "[VERB]", "Lists the verbs, or says more about one.", "help dial", |_, _, said| help(said)),
];

impl Verb {
    /// The verb with what it takes: `dial PHONE NUMBER`.
    #[must_use]
    pub fn usage(&self) -> String {
        if self.arguments.is_empty() { self.word.into() } else { format!("{} {}", self.word, self.arguments) }
    }

    /// The verb that is this word.
    pub(super) fn find(word: &str) -> Option<&'static Self> {
        VERBS.iter().find(|verb| verb.word == word)
    }
}

/// All verbs with what they take, in one line.
pub(super) fn list() -> String {
    let usages: Vec<String> = VERBS.iter().map(Verb::usage).collect();
    usages.join(", ")
}

/// The error for a word that is no verb.
pub(super) fn unknown(said: &str) -> String {
    format!("{said:?} is not a command; the commands are: {}", list())
}

fn help(said: &Said<'_>) -> Option<Done> {
    match *said.words {
        [] => Some(Ok(list())),
        [word] => {
            let about = Verb::find(word).ok_or_else(|| unknown(word));
            let text = |verb: &Verb| format!("{}: {} Example: {}", verb.usage(), verb.doc, verb.example);
            Some(about.map(text))
        }
        _ => None,
    }
}
