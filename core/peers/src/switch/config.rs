//! The phone system's configuration.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::SocketAddr;

use ctigate_core::setting::{self, Checked, ConfigError, Key, Setting};
use ctigate_core::time::Duration;

mod numbers;

use super::phones::{MAX_LINES, MAX_NUMBER, is_dialable};
use super::service::REQUESTS;
use super::settings::Defaults;
pub use numbers::MAX_PHONES;

/// The names for the default phones, numbers 1001 to 1010.
const NAMES: [&str; 10] =
    ["Alice", "Bob", "Carol", "Dave", "Erin", "Frank", "Grace", "Heidi", "Ivan", "Judy"];

/// Every key of the phone system's configuration.
pub const SWITCH_KEYS: &[Key] = &[
    Key::listen("listen", "Where CTI links are accepted (CSTA III over TCP); port 0 lets the kernel choose.")
        .list(8)
        .required(),
    Key::listen("control", "Where lines of text control the phones; unset: nowhere."),
    Key::choice(
        "session",
        &["required", "none"],
        "Whether a CTI link must start an application session (ECMA-354), or has none.",
    )
    .default("\"required\""),
    Key::integer("session_duration", (1, 86_400), "s", "The longest application session without a reset.")
        .default("180"),
    Key::text("application", 64, "The only applicationID that may start a session; empty: any may.")
        .default("\"\""),
    Key::flag(
        "greets",
        "Whether SystemStatus is sent as soon as a link, or its session, is open, as some phone systems do.",
    )
    .default("false"),
    Key::choice(
        "unanswered",
        &REQUESTS,
        "Requests that are read and never answered, such as \"GetCSTAFeatures\": many phone systems answer only what they \
         know.",
    )
    .list(128),
    Key::integer("response_delay_ms", (0, 60_000), "ms", "How long every answer is delayed; events are not.")
        .default("0"),
    Key::integer(
        "lines",
        (1, 8),
        "calls",
        "The most calls at one phone; with one, there is no call waiting.",
    )
    .default("2"),
    Key::flag("offers", "Whether calls are offered to a phone (`OfferedEvent`) before it rings or forwards them.")
        .default("false"),
    Key::flag("permits", "Whether events and snapshots say which services are permitted (`servicesPermitted`).")
        .default("false"),
    Key::integer("parties", (3, 32), "parties", "The most parties of a call.").default("8"),
    Key::choice(
        "merged_calls",
        &["new", "first", "second"],
        "The callID after a transfer or a conference: a new one, the held call's, or the active call's.",
    )
    .default("\"new\""),
    Key::text("parking", 32, "The numbers at which calls are parked, one each; who calls such a number fetches the call.")
        .list(100),
    Key::integer("park_timeout_ms", (1, 3_600_000), "ms", "How long a call is parked before it rings at who parked it.")
        .default("60000"),
    Key::text("mailbox", 32, "The number that answers by itself and records what callers say; empty: none.")
        .default("\"\""),
    Key::integer("mailbox_answer_ms", (0, 60_000), "ms", "How long the mailbox rings before it answers.")
        .default("1000"),
    Key::text("trunk_prefix", 8, "Numbers that begin with this leave through a trunk; empty: none do.")
        .default("\"\""),
    Key::integer("trunks", (1, 1_000), "calls", "The most calls through trunks at a time.").default("8"),
    Key::integer(
        "trunk_answer_ms",
        (0, 3_600_000),
        "ms",
        "How long the party behind a trunk takes to answer.",
    )
    .default("2000"),
    Key::text("trunk_name", 16, "What the names of the trunks begin with; their number follows.").default("\"T\""),
    Key::integer("ring_ms", (100, 60_000), "ms", "How long one ring takes, with the pause behind it.")
        .default("5000"),
    Key::text(
        "forwarding.immediate",
        MAX_NUMBER,
        "The default of all phones: where every call goes, unless a phone's user says otherwise; empty: nowhere.",
    )
    .default("\"\""),
    Key::text("forwarding.busy", MAX_NUMBER, "The same for calls that find the phone busy.").default("\"\""),
    Key::text("forwarding.no_answer", MAX_NUMBER, "The same for calls that are not answered.").default("\"\""),
    Key::integer(
        "forwarding.rings",
        (1, 100),
        "rings",
        "How often a phone rings before a call is forwarded as not answered, unless its user says how often.",
    )
    .default("4"),
    Key::integer("limits.links", (1, 64), "links", "The most CTI and control links at a time.").default("64"),
    Key::integer("limits.calls", (1, 1_000_000), "calls", "The most calls at a time.").default("100000"),
    Key::integer("limits.monitors", (1, 1_000_000), "monitors", "The most monitors at a time.")
        .default("200000"),
    Key::integer(
        "limits.segment",
        (1, 200),
        "devices",
        "The most devices in one message of a list of them (SwitchingFunctionDevices).",
    )
    .default("50"),
    Key::tables("phone[]", 10_000, "The phones; none: 1001 to 1010, Alice to Judy, who answer by hand."),
    Key::text("phone[].number", 32, "The phone's number: digits, `*`, `#`.").required(),
    Key::text(
        "phone[].device",
        40,
        "The device that the phone is a line of: letters, digits, `-`, `_`, `.`; its device ID is `NUMBER:DEVICE` then. A \
         line may be on several devices, and a device have several lines; empty: it is a device by itself.",
    )
    .default("\"\""),
    Key::text("phone[].name", 64, "Whose it is.").default("\"\""),
    Key::text("phone[].model", 64, "The name of its model (`deviceModelName`).")
        .default("\"ctigate phone\""),
    Key::integer("phone[].count", (1, 200_000), "phones", "How many phones, numbered on from `number`.")
        .default("1"),
    Key::choice(
        "phone[].answer",
        &["manual", "auto", "busy"],
        "What it does when it rings; busy never does.",
    )
    .default("\"manual\""),
    Key::integer(
        "phone[].answer_after_ms",
        (0, 3_600_000),
        "ms",
        "How long it rings before it answers by itself.",
    )
    .default("2000"),
    Key::integer("phone[].no_answer_after_ms", (1, 3_600_000), "ms", "How long it rings at most.")
        .default("30000"),
    Key::flag("phone[].call_waiting", "Whether a second call rings while it is in one.").default("true"),
    Key::flag("phone[].hangup_transfers", "Whether hanging up the second of its two calls connects both.")
        .default("false"),
    Key::integer("phone[].pickup_group", (0, 65_535), "", "The group in which calls are picked up; 0: none.")
        .default("0"),
    Key::tables("group[]", 1_000, "Groups of phones under one number; none: none."),
    Key::text("group[].number", 32, "The group's number: digits, `*`, `#`.").required(),
    Key::text("group[].members", 32, "The numbers of its phones.").list(64).required(),
    Key::choice(
        "group[].hunts",
        &["all", "in_turn", "longest_idle"],
        "Whether all its idle phones ring, or one after another: in turn, or the one that was idle longest first.",
    )
    .default("\"all\""),
    Key::integer("group[].queue", (0, 1_000), "calls", "How many calls wait while no phone of it is idle.")
        .default("0"),
];

/// The callID after calls became one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MergedCalls {
    /// A new one.
    New,
    /// That of the first, the held call.
    First,
    /// That of the second, the active call.
    Second,
}

/// How the phones of a group ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hunts {
    /// All that are idle.
    All,
    /// One after another.
    InTurn,
    /// One after another, the one that was idle longest first.
    LongestIdle,
}

/// A group of phones under one number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupConfig {
    /// Its number.
    pub number: String,
    /// The numbers of its phones.
    pub members: Vec<String>,
    /// How they ring.
    pub hunts: Hunts,
    /// How many calls may wait.
    pub queue: usize,
}

/// What a phone does when it rings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// It waits for a person to answer.
    Manual,
    /// It answers by itself after this time, unless it is in another call.
    After(Duration),
    /// It is always busy.
    Busy,
}

ctigate_core::digest! { enum Answer { Manual = 0, After(after) = 1, Busy = 2 } }

/// One phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PhoneConfig {
    /// Its number.
    pub number: String,
    /// The device that it is a line of; `None` if it is a device by itself.
    pub device: Option<String>,
    /// The name of its user.
    pub name: String,
    /// The name of its model.
    pub model: String,
    /// What it does when it rings.
    pub answer: Answer,
    /// The longest time that it rings.
    pub no_answer_after: Duration,
    /// Whether a second call rings while it is in one.
    pub call_waiting: bool,
    /// Whether hanging up the second of two calls connects both.
    pub transfers_by_hanging_up: bool,
    /// The group in which calls are picked up; 0 for none.
    pub pickup_group: u16,
}

/// The phone system's configuration. The bounds and default of each field are in [`SWITCH_KEYS`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a key of its own")]
pub struct SwitchConfig {
    /// Where CTI links are accepted (key `listen`).
    pub cti: Vec<SocketAddr>,
    /// Where control links are accepted (key `control`).
    pub control: Option<SocketAddr>,
    /// Whether services need an application session (key `session`).
    pub session_required: bool,
    /// The longest application session without a reset, in seconds.
    pub session_duration: u32,
    /// The only applicationID that may start a session; `None` for any.
    pub application: Option<String>,
    /// Whether SystemStatus is sent as soon as a link, or its session, is open.
    pub greets: bool,
    /// Requests that are never answered, by their roots' names.
    pub unanswered: Vec<String>,
    /// How long every answer is delayed.
    pub response_delay: Duration,
    /// The most calls at one phone.
    pub lines: usize,
    /// Whether calls are offered before a phone rings or forwards them.
    pub offers: bool,
    /// Whether events say which services are permitted.
    pub permits: bool,
    /// The most parties of a call.
    pub parties: usize,
    /// The callID after calls became one.
    pub merged_calls: MergedCalls,
    /// The numbers at which calls are parked.
    pub parking: Vec<String>,
    /// How long a call is parked at most.
    pub park_timeout: Duration,
    /// The number of the mailbox.
    pub mailbox: Option<String>,
    /// How long the mailbox rings.
    pub mailbox_answers_after: Duration,
    /// What the names of trunks begin with.
    pub trunk_name: String,
    /// Groups of phones under one number.
    pub groups: Vec<GroupConfig>,
    /// Numbers that begin with this leave through a trunk.
    pub trunk_prefix: Option<String>,
    /// The most calls through trunks at a time.
    pub trunks: u16,
    /// How long the party behind a trunk takes to answer.
    pub trunk_answers_after: Duration,
    /// How long one ring takes, with the pause behind it.
    pub ring: Duration,
    /// Where calls are forwarded to unless a phone's user says otherwise.
    pub forwarding: Defaults,
    /// The most links.
    pub links: usize,
    /// The most calls.
    pub calls: usize,
    /// The most monitors.
    pub monitors: usize,
    /// The most devices in one message of a list of them.
    pub segment: usize,
    /// The phones.
    pub phones: Vec<PhoneConfig>,
}

impl Default for SwitchConfig {
    /// Ten phones that are answered by hand, and no address to listen on.
    fn default() -> Self {
        let (checked, _) = setting::check(SWITCH_KEYS, &[]);
        Self::from_checked(&checked, default_phones())
    }
}

impl PhoneConfig {
    /// Its device ID: the number, and behind a colon the device that it is a line of, if it is not one by itself.
    #[must_use]
    pub fn id(&self) -> String {
        match &self.device {
            Some(device) => format!("{}:{device}", self.number),
            None => self.number.clone(),
        }
    }
}

/// The name of the model of phones that no other is said of.
const MODEL: &str = "ctigate phone";

fn default_phones() -> Vec<PhoneConfig> {
    let numbered = NAMES.iter().zip(1001_u32..);
    numbered
        .map(|(name, number)| PhoneConfig {
            number: number.to_string(),
            device: None,
            name: String::from(*name),
            model: String::from(MODEL),
            answer: Answer::Manual,
            no_answer_after: Duration::from_secs(30),
            call_waiting: true,
            transfers_by_hanging_up: false,
            pickup_group: 0,
        })
        .collect()
}

impl SwitchConfig {
    /// Builds the configuration from `settings`, with defaults for the keys they leave out.
    ///
    /// # Errors
    /// Everything that is wrong.
    pub fn from_settings(settings: &[Setting]) -> Result<Self, Vec<ConfigError>> {
        let (checked, mut errors) = setting::check(SWITCH_KEYS, settings);
        for key in ["forwarding.immediate", "forwarding.busy", "forwarding.no_answer"] {
            if checked.text(key).is_some_and(|number| !number.is_empty() && !is_dialable(number)) {
                errors.push(checked.error(key, "must be a number that can be dialled".into()));
            }
        }
        let phones = numbers::check(&checked, &mut errors);
        if errors.is_empty() { Ok(Self::from_checked(&checked, phones)) } else { Err(errors) }
    }

    fn from_checked(checked: &Checked, phones: Vec<PhoneConfig>) -> Self {
        let text = |name| checked.text(name).filter(|text| !text.is_empty()).map(String::from);
        let millis = |name| Duration::from_millis(checked.number(name));
        Self {
            cti: checked.texts("listen").filter_map(|text| text.parse().ok()).collect(),
            control: checked.text("control").and_then(|text| text.parse().ok()),
            session_required: checked.text("session") != Some("none"),
            session_duration: checked.number("session_duration"),
            application: text("application"),
            greets: checked.flag("greets"),
            unanswered: checked.texts("unanswered").map(String::from).collect(),
            response_delay: millis("response_delay_ms"),
            lines: checked.number::<usize>("lines").min(MAX_LINES),
            offers: checked.flag("offers"),
            permits: checked.flag("permits"),
            parties: checked.number("parties"),
            merged_calls: match checked.text("merged_calls") {
                Some("first") => MergedCalls::First,
                Some("second") => MergedCalls::Second,
                _ => MergedCalls::New,
            },
            parking: checked.texts("parking").map(String::from).collect(),
            park_timeout: millis("park_timeout_ms"),
            mailbox: text("mailbox"),
            mailbox_answers_after: millis("mailbox_answer_ms"),
            trunk_name: checked.text("trunk_name").unwrap_or("T").into(),
            groups: checked.tables("group").map(|table| group(checked, &table)).collect(),
            trunk_prefix: text("trunk_prefix"),
            trunks: checked.number("trunks"),
            trunk_answers_after: millis("trunk_answer_ms"),
            ring: millis("ring_ms"),
            forwarding: Defaults {
                immediate: text("forwarding.immediate"),
                busy: text("forwarding.busy"),
                no_answer: text("forwarding.no_answer"),
                rings: checked.number("forwarding.rings"),
            },
            links: checked.number("limits.links"),
            calls: checked.number("limits.calls"),
            monitors: checked.number("limits.monitors"),
            segment: checked.number("limits.segment"),
            phones,
        }
    }
}

/// The group of one `[[group]]` table.
fn group(checked: &Checked, table: &str) -> GroupConfig {
    let key = |field: &str| format!("{table}.{field}");
    GroupConfig {
        number: checked.text(&key("number")).unwrap_or_default().into(),
        members: checked.texts(&key("members")).map(String::from).collect(),
        hunts: match checked.text(&key("hunts")) {
            Some("in_turn") => Hunts::InTurn,
            Some("longest_idle") => Hunts::LongestIdle,
            _ => Hunts::All,
        },
        queue: checked.number(&key("queue")),
    }
}

#[cfg(test)]
mod tests;
