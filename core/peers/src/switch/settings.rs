//! What the user of one phone, or a computer, has set there (ECMA-269, device features). It knows neither calls nor
//! messages: a setter returns what it changed, and the call model asks what follows for a call.

mod forwarding;
#[cfg(test)]
mod tests;

pub use forwarding::{Defaults, Forward, ForwardingType, Origin, TYPES, Why};

use alloc::string::String;
use alloc::vec::Vec;

use forwarding::Forwards;

/// How often a phone rings before it answers by itself, if nobody says how often.
pub const USUAL_RINGS: u16 = 1;

/// The most rings before a phone answers by itself.
pub const MAX_AUTO_ANSWER_RINGS: u16 = 20;

/// The most rings before a call is forwarded (ECMA-269, ringCount).
pub const MAX_FORWARD_RINGS: u16 = 100;

/// The most callers that a phone's user can choose not to be disturbed by.
pub const MAX_CALLERS: usize = 16;

/// Which calls must not disturb.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoNotDisturb {
    /// Those of this origin.
    pub origin: Origin,
    /// Those of these callers; of all, if it is empty. At most [`MAX_CALLERS`].
    pub callers: Vec<String>,
}

impl DoNotDisturb {
    /// No call may disturb.
    pub const ALL: Self = Self { origin: Origin::All, callers: Vec::new() };
}

/// A lamp that says that a message waits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// The device at which the message is, if that is known.
    pub at: Option<String>,
}

/// Something that changed, with its new value: what monitors of the phone are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// One type of forwarding.
    Forwarding(Forward),
    /// Do not disturb; `None` if every call may.
    DoNotDisturb(Option<DoNotDisturb>),
    /// The message lamp, with the device of the message now or, if it is off, before.
    MessageWaiting(bool, Option<String>),
    /// Whether the microphone is mute.
    MicrophoneMute(bool),
    /// Whether the speaker is mute.
    SpeakerMute(bool),
    /// After how many rings the phone answers by itself; `None` if it does not.
    AutoAnswer(Option<u16>),
    /// Whether those it calls are shown its number.
    CallerId(bool),
    /// Whether it is in service.
    Service(bool),
    /// What it can do: how many calls it can have.
    Capabilities,
}

/// The settings of one phone.
#[derive(Clone, Debug)]
pub struct Settings {
    forwards: Forwards,
    do_not_disturb: Option<DoNotDisturb>,
    message: Option<Message>,
    auto_answer: Option<u16>,
    last_dialled: Option<String>,
    /// The bits of the flags that are set.
    flags: u16,
}

/// What is either so or not; it is not, where nothing was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Flag {
    MicrophoneMute,
    SpeakerMute,
    NumberWithheld,
    OutOfService,
    /// A second call finds the phone busy.
    SingleCall,
}

impl Flag {
    const fn bit(self) -> u16 {
        match self {
            Self::MicrophoneMute => 1,
            Self::SpeakerMute => 1 << 1,
            Self::NumberWithheld => 1 << 2,
            Self::OutOfService => 1 << 3,
            Self::SingleCall => 1 << 4,
        }
    }
}

ctigate_core::digest! { struct DoNotDisturb { origin => origin.number(), callers } }

ctigate_core::digest! { struct Message { at } }

ctigate_core::digest! { struct Settings {
    forwards,
    do_not_disturb,
    message,
    auto_answer,
    last_dialled,
    flags,
} }

impl Origin {
    const fn number(self) -> u16 {
        match self {
            Self::All => 0,
            Self::Internal => 1,
            Self::External => 2,
        }
    }
}

impl Settings {
    /// The settings of a phone at which nothing was set: only the defaults of the phone system apply.
    #[must_use]
    pub fn new(number: &str, defaults: &Defaults) -> Self {
        Self {
            forwards: Forwards::new(number, defaults),
            do_not_disturb: None,
            message: None,
            auto_answer: None,
            last_dialled: None,
            flags: 0,
        }
    }

    /// Takes the forwarding of other settings.
    pub fn forward_as(&mut self, other: &Self) {
        self.forwards.clone_from(&other.forwards);
    }

    const fn has(&self, flag: Flag) -> bool {
        self.flags & flag.bit() != 0
    }

    fn switch(&mut self, flag: Flag, on: bool, change: Change) -> Vec<Change> {
        let flags = if on { self.flags | flag.bit() } else { self.flags & !flag.bit() };
        replaced(&mut self.flags, flags, change)
    }
}

/// What the call model asks.
impl Settings {
    /// The number that a call goes to instead, if it is forwarded. The setting for calls of this origin is stronger than the
    /// one for all calls, and what the user has set is stronger than the phone system's default.
    #[must_use]
    pub fn forward_for(&self, why: Why, external: bool) -> Option<&str> {
        self.forwards.applying(why, external).map(|forward| forward.to.as_str())
    }

    /// How often the phone rings before the call is forwarded as not answered; `None` if it is not.
    #[must_use]
    pub fn rings_before_no_answer(&self, external: bool) -> Option<u16> {
        self.forwards.applying(Why::NoAnswer, external).and_then(|forward| forward.rings)
    }

    /// Whether a call would disturb, so that the phone must not ring.
    #[must_use]
    pub fn disturbs(&self, caller: &str, external: bool) -> bool {
        self.do_not_disturb.as_ref().is_some_and(|refused| {
            let DoNotDisturb { origin, callers } = refused;
            origin.covers(external) && (callers.is_empty() || callers.iter().any(|one| one == caller))
        })
    }

    /// After how many rings the phone answers by itself; `None` if it does not.
    #[must_use]
    pub const fn rings_before_answer(&self) -> Option<u16> {
        self.auto_answer
    }

    /// Whether those it calls are shown its number.
    #[must_use]
    pub const fn shows_number(&self) -> bool {
        !self.has(Flag::NumberWithheld)
    }

    /// Whether it is in service. A phone out of service has no calls and takes part in no service.
    #[must_use]
    pub const fn is_in_service(&self) -> bool {
        !self.has(Flag::OutOfService)
    }

    /// Whether it rings for a call while it is in another; otherwise it is busy.
    #[must_use]
    pub const fn has_call_waiting(&self) -> bool {
        !self.has(Flag::SingleCall)
    }

    /// Notes the number that was dialled there last.
    pub fn dialled(&mut self, number: &str) {
        if !number.is_empty() && self.last_dialled.as_deref() != Some(number) {
            self.last_dialled = Some(number.into());
        }
    }
}

/// What services report.
impl Settings {
    /// All forwarding: the phone system's defaults, and what the user has set, active or not.
    #[must_use]
    pub fn forwards(&self) -> &[Forward] {
        self.forwards.all()
    }

    /// Which calls must not disturb, if any.
    #[must_use]
    pub const fn do_not_disturb(&self) -> Option<&DoNotDisturb> {
        self.do_not_disturb.as_ref()
    }

    /// The message that waits, if any.
    #[must_use]
    pub const fn message(&self) -> Option<&Message> {
        self.message.as_ref()
    }

    /// Whether the microphone is mute.
    #[must_use]
    pub const fn is_microphone_mute(&self) -> bool {
        self.has(Flag::MicrophoneMute)
    }

    /// Whether the speaker is mute.
    #[must_use]
    pub const fn is_speaker_mute(&self) -> bool {
        self.has(Flag::SpeakerMute)
    }

    /// The number that was dialled last, if any was.
    #[must_use]
    pub fn last_dialled(&self) -> Option<&str> {
        self.last_dialled.as_deref()
    }
}

/// What is set. Each setter returns what it changed: nothing, if everything was so before.
impl Settings {
    /// Forwards calls to `to`; `rings` is for types about calls that are not answered, and the phone system's number of rings
    /// if it is `None`.
    pub fn forward(&mut self, kind: ForwardingType, to: &str, rings: Option<u16>) -> Vec<Change> {
        self.forwards.set(kind, to, rings).into_iter().map(Change::Forwarding).collect()
    }

    /// Ends what the user has set, of one type or of all.
    pub fn stop_forwarding(&mut self, kind: Option<ForwardingType>) -> Vec<Change> {
        self.forwards.clear(kind).into_iter().map(Change::Forwarding).collect()
    }

    /// Whether the phone system's defaults apply to this phone.
    pub fn set_default_forwarding(&mut self, active: bool) -> Vec<Change> {
        self.forwards.set_defaults(active).into_iter().map(Change::Forwarding).collect()
    }

    /// Which calls must not disturb, if any.
    pub fn set_do_not_disturb(&mut self, refused: Option<DoNotDisturb>) -> Vec<Change> {
        let change = Change::DoNotDisturb(refused.clone());
        replaced(&mut self.do_not_disturb, refused, change)
    }

    /// Whether a message waits, and where.
    pub fn set_message_waiting(&mut self, on: bool, at: Option<&str>) -> Vec<Change> {
        let message = on.then(|| Message { at: at.map(String::from) });
        let either = message.as_ref().or(self.message.as_ref());
        let change = Change::MessageWaiting(on, either.and_then(|message| message.at.clone()));
        replaced(&mut self.message, message, change)
    }

    /// Whether the microphone is mute.
    pub fn set_microphone_mute(&mut self, mute: bool) -> Vec<Change> {
        self.switch(Flag::MicrophoneMute, mute, Change::MicrophoneMute(mute))
    }

    /// Whether the speaker is mute.
    pub fn set_speaker_mute(&mut self, mute: bool) -> Vec<Change> {
        self.switch(Flag::SpeakerMute, mute, Change::SpeakerMute(mute))
    }

    /// After how many rings the phone answers by itself; `None` for never.
    pub fn set_auto_answer(&mut self, rings: Option<u16>) -> Vec<Change> {
        replaced(&mut self.auto_answer, rings, Change::AutoAnswer(rings))
    }

    /// Whether those it calls are shown its number.
    pub fn set_shows_number(&mut self, shows: bool) -> Vec<Change> {
        self.switch(Flag::NumberWithheld, !shows, Change::CallerId(shows))
    }

    /// Whether the phone is in service.
    pub fn set_in_service(&mut self, in_service: bool) -> Vec<Change> {
        self.switch(Flag::OutOfService, !in_service, Change::Service(in_service))
    }

    /// Whether it rings for a call while it is in another.
    pub fn set_call_waiting(&mut self, waits: bool) -> Vec<Change> {
        self.switch(Flag::SingleCall, !waits, Change::Capabilities)
    }
}

/// Replaces a value; returns the change if there is one.
fn replaced<T: PartialEq>(old: &mut T, new: T, change: Change) -> Vec<Change> {
    if *old == new {
        return Vec::new();
    }
    *old = new;
    Vec::from([change])
}
