//! What the phone systems speak, and what is to be known of them for that.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::auto_answer::AutoAnswer;
use crate::setting::{Checked, ConfigError, Key};
use crate::time::Duration;

pub(super) const CONTEXT: Key = Key::text(
    "cti.connection[].context",
    80,
    "With kind = \"asterisk\": the context of the dialplan in which the phones dial.",
)
.default("\"from-internal\"")
.needs_restart();

pub(super) const OBEDIENT: Key = Key::text(
    "cti.connection[].obedient",
    80,
    "With kind = \"asterisk\": the endpoints whose phones answer, hold and retrieve when NOTIFY with Event: talk or hold \
     tells them to; \"*\" stands for all. A phone that does not know it loses the call.",
)
.list(1_000)
.needs_restart();

pub(super) const OBEDIENT_USER_AGENTS: Key = Key::text(
    "cti.connection[].obedient_user_agents",
    80,
    "With kind = \"asterisk\": the user agents whose phones obey likewise, as they say it when they register: how their \
     names begin, such as \"Yealink SIP-T4\"; a * at the end may say so. An endpoint counts if all its phones are among \
     them.",
)
.list(100)
.needs_restart();

pub(super) const LEARN_OBEDIENCE: Key = Key::flag(
    "cti.connection[].learn_obedience",
    "With kind = \"asterisk\": whether a phone obeys likewise once the dialplan has told by UserEvent(PhoneObeys) that it \
     announced it in a call.",
)
.default("true")
.needs_restart();

pub(super) const FAMILIES: Key = Key::text(
    "cti.connection[].families",
    80,
    "With kind = \"asterisk\": the families of its database for forwarding always, if busy, and if nobody answers, and \
     for do not disturb.",
)
.list(4)
.default("[\"CF\", \"CFB\", \"CFU\", \"DND\"]")
.needs_restart();

pub(super) const POLL: Key = Key::integer(
    "cti.connection[].poll",
    (0, 86_400),
    "s",
    "With kind = \"asterisk\": how long it takes from one reading of all that the families hold to the next. So what other \
     programs write there is told, of which nobody else tells. 0: never.",
)
.default("300")
.needs_restart();

pub(super) const MAILBOX_CONTEXT: Key = Key::text(
    "cti.connection[].mailbox_context",
    80,
    "With kind = \"asterisk\": the context of voicemail.conf in which lines have mailboxes of their numbers.",
)
.default("\"default\"")
.needs_restart();

pub(super) const PICKUP: Key = Key::text(
    "cti.connection[].pickup",
    16,
    "With kind = \"asterisk\": what is dialled before the number of a phone that rings, to pick up its call.",
)
.default("\"**\"")
.needs_restart();

pub(super) const GROUP_PICKUP: Key = Key::text(
    "cti.connection[].group_pickup",
    16,
    "With kind = \"asterisk\": the number in the dialplan that picks up a call that rings in the group of the phone that \
     dials it. Unset: there is none.",
)
.needs_restart();

pub(super) const ROOMS: Key = Key::span(
    "cti.connection[].rooms",
    (1, 999_999),
    "number",
    "With kind = \"asterisk\": the numbers of conference rooms (ConfBridge) in the dialplan, to which calls go that become \
     conferences. Unset: there are none.",
)
.needs_restart();

pub(super) const CHANNELS: Key = Key::integer(
    "cti.connection[].channels",
    (2, 100_000),
    "channels",
    "With kind = \"asterisk\": the most channels of the phone system that are followed.",
)
.default("20000")
.needs_restart();

/// What a phone system speaks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum ConnectionKind {
    /// CSTA III over TCP.
    #[default]
    Csta,
    /// The manager interface of Asterisk.
    Asterisk(Box<Asterisk>),
}

/// What is to be known of an Asterisk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Asterisk {
    /// The context of its dialplan in which the users' phones dial.
    pub context: String,
    /// The endpoints whose phones obey NOTIFY with `Event: talk` and `Event: hold`; `*` stands for all.
    pub obedient: Vec<String>,
    /// How the user agents begin whose phones obey likewise.
    pub obedient_user_agents: Vec<String>,
    /// Whether phones obey likewise that announced it in a call.
    pub learns_obedience: bool,
    /// The families of its database with what is set for lines: forwarding immediately, if busy, if there is no answer,
    /// and do not disturb.
    pub families: Vec<String>,
    /// The pause between two readings of all that is set for lines, if they are read.
    pub poll: Option<Duration>,
    /// The context of `voicemail.conf` in which lines have mailboxes of their numbers.
    pub mailbox_context: String,
    /// What is dialled before the number of a phone that rings, to pick up its call.
    pub pickup: String,
    /// The number that picks up a call that rings in the group of the phone that dials it, if there is one.
    pub group_pickup: Option<String>,
    /// The first and the last number of the conference rooms in its dialplan, if there are any.
    pub rooms: Option<(u32, u32)>,
    /// The most channels that are followed.
    pub channels: usize,
    /// How phones answer by themselves when their users make calls.
    pub auto_answer: AutoAnswer,
}

impl Asterisk {
    /// Whether some phones may obey NOTIFY.
    #[must_use]
    pub fn may_obey(&self) -> bool {
        self.learns_obedience || !self.obedient.is_empty() || !self.obedient_user_agents.is_empty()
    }
}

/// Appends an error for each setting of an Asterisk that cannot be meant.
pub(super) fn check(checked: &Checked, table: &str, errors: &mut Vec<ConfigError>) {
    let families = format!("{table}.families");
    if checked.texts(&families).count() != 4 {
        let bound = "must name four: always, busy, no answer, do not disturb";
        errors.push(checked.error(&families, bound.into()));
    }
    let agents = format!("{table}.obedient_user_agents");
    if checked.texts(&agents).any(|agent| agent.trim_matches(['*', ' ']).is_empty()) {
        let bound =
            format!("each must say how a name begins; for all phones, set {table}.obedient to [\"*\"]");
        errors.push(checked.error(&agents, bound));
    }
}

impl ConnectionKind {
    /// That of the connection with this table.
    pub(super) fn from_checked(checked: &Checked, table: &str) -> Self {
        let key = |field: &str| format!("{table}.{field}");
        match checked.text(&key("kind")) {
            Some("asterisk") => Self::Asterisk(Box::new(Asterisk {
                context: checked.text(&key("context")).map(String::from).unwrap_or_default(),
                obedient: checked.texts(&key("obedient")).map(String::from).collect(),
                obedient_user_agents: checked.texts(&key("obedient_user_agents")).map(String::from).collect(),
                learns_obedience: checked.flag(&key("learn_obedience")),
                families: checked.texts(&key("families")).map(String::from).collect(),
                poll: Some(checked.number(&key("poll"))).filter(|poll| *poll > 0).map(Duration::from_secs),
                mailbox_context: checked.text(&key("mailbox_context")).map(String::from).unwrap_or_default(),
                pickup: checked.text(&key("pickup")).map(String::from).unwrap_or_default(),
                group_pickup: checked
                    .text(&key("group_pickup"))
                    .filter(|code| !code.is_empty())
                    .map(String::from),
                rooms: checked.span(&key("rooms")),
                channels: checked.number(&key("channels")),
                auto_answer: AutoAnswer::from_checked(checked, table),
            })),
            _ => Self::Csta,
        }
    }
}
