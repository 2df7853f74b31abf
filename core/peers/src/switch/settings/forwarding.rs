//! Forwarding of one phone's calls (ECMA-269, Set Forwarding): what its user has set, beside the defaults of the phone
//! system.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

/// What a call meets when it is forwarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// Nothing: each call is forwarded before the phone rings.
    Immediate,
    /// The phone is busy.
    Busy,
    /// The phone rang and was not answered.
    NoAnswer,
    /// The phone is not to be disturbed.
    DoNotDisturb,
}

/// The calls that a setting is about, by where they come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From anywhere.
    All,
    /// From phones of this phone system.
    Internal,
    /// From trunks.
    External,
}

impl Origin {
    /// Whether a call is one of these.
    #[must_use]
    pub const fn covers(self, external: bool) -> bool {
        match self {
            Self::All => true,
            Self::Internal => !external,
            Self::External => external,
        }
    }
}

/// A type of forwarding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ForwardingType {
    /// The schema's word.
    pub word: &'static str,
    /// The word for people.
    pub key: &'static str,
    /// When it applies.
    pub why: Why,
    /// Which calls it applies to.
    pub origin: Origin,
}

const fn forwarding_type(word: &'static str, key: &'static str, why: Why, origin: Origin) -> ForwardingType {
    ForwardingType { word, key, why, origin }
}

/// All types (ECMA-323, `ForwardingType`), in the schema's order.
pub const TYPES: &[ForwardingType] = &[
    forwarding_type("forwardImmediate", "immediate", Why::Immediate, Origin::All),
    forwarding_type("forwardBusy", "busy", Why::Busy, Origin::All),
    forwarding_type("forwardNoAns", "noanswer", Why::NoAnswer, Origin::All),
    forwarding_type("forwardDND", "dnd", Why::DoNotDisturb, Origin::All),
    forwarding_type("forwardBusyInt", "busy-internal", Why::Busy, Origin::Internal),
    forwarding_type("forwardBusyExt", "busy-external", Why::Busy, Origin::External),
    forwarding_type("forwardNoAnsInt", "noanswer-internal", Why::NoAnswer, Origin::Internal),
    forwarding_type("forwardNoAnsExt", "noanswer-external", Why::NoAnswer, Origin::External),
    forwarding_type("forwardImmInt", "immediate-internal", Why::Immediate, Origin::Internal),
    forwarding_type("forwardImmExt", "immediate-external", Why::Immediate, Origin::External),
    forwarding_type("forwardDNDInt", "dnd-internal", Why::DoNotDisturb, Origin::Internal),
    forwarding_type("forwardDNDExt", "dnd-external", Why::DoNotDisturb, Origin::External),
];

impl ForwardingType {
    /// The type that the schema's word stands for.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        TYPES.iter().copied().find(|kind| kind.word == word)
    }

    /// The type that a person's word stands for.
    #[must_use]
    pub fn from_key(key: &str) -> Option<Self> {
        TYPES.iter().copied().find(|kind| kind.key == key)
    }

    /// The type for calls from anywhere.
    #[must_use]
    pub fn general(why: Why) -> Option<Self> {
        TYPES.iter().copied().find(|kind| kind.why == why && kind.origin == Origin::All)
    }
}

/// One setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    /// Its type.
    pub kind: ForwardingType,
    /// Whether it is active.
    pub active: bool,
    /// The number that calls are forwarded to.
    pub to: String,
    /// How often the phone rings first; `None` unless the type is one for calls that are not answered.
    pub rings: Option<u16>,
    /// Whether it is a default of the phone system, and not its user's.
    pub is_default: bool,
}

ctigate_core::digest! { struct Forward { kind => kind.word, active, to, rings, is_default } }

/// The forwarding of a phone's calls.
#[derive(Clone, Debug)]
pub(super) struct Forwards {
    /// The defaults first; of its user's, each type once.
    table: Vec<Forward>,
    /// How often the phone rings before a call is forwarded, if its user does not say.
    rings: u16,
}

ctigate_core::digest! { struct Forwards { table, rings: _ } }

/// The defaults of the phone system: where calls are forwarded to unless the phone's user says otherwise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Defaults {
    /// Where each call goes at once.
    pub immediate: Option<String>,
    /// Where calls go that find the phone busy.
    pub busy: Option<String>,
    /// Where calls go that are not answered.
    pub no_answer: Option<String>,
    /// How often a phone rings before a call counts as not answered.
    pub rings: u16,
}

impl Forwards {
    /// The defaults, active, for the phone of this number; what would forward its calls to itself is left out.
    pub(super) fn new(number: &str, defaults: &Defaults) -> Self {
        let Defaults { immediate, busy, no_answer, rings } = defaults;
        let all = [(Why::Immediate, immediate), (Why::Busy, busy), (Why::NoAnswer, no_answer)];
        let table = all.into_iter().filter_map(|(why, to)| {
            let to = to.as_ref().filter(|to| *to != number)?.clone();
            let rings = (why == Why::NoAnswer).then_some(*rings);
            Some(Forward { kind: ForwardingType::general(why)?, active: true, to, rings, is_default: true })
        });
        Self { table: table.collect(), rings: *rings }
    }

    /// All settings: the defaults, and what its user has set, active or not.
    pub(super) fn all(&self) -> &[Forward] {
        &self.table
    }

    /// Sets one type of the user's; returns what changed.
    pub(super) fn set(&mut self, kind: ForwardingType, to: &str, rings: Option<u16>) -> Option<Forward> {
        let rings = (kind.why == Why::NoAnswer).then(|| rings.unwrap_or(self.rings));
        let new = Forward { kind, active: true, to: to.to_string(), rings, is_default: false };
        match self.table.iter_mut().find(|own| !own.is_default && own.kind == kind) {
            Some(own) if *own == new => return None,
            Some(own) => *own = new.clone(),
            None => self.table.push(new.clone()),
        }
        Some(new)
    }

    /// Makes the user's active settings inactive, of one type or of all; returns what changed.
    pub(super) fn clear(&mut self, kind: Option<ForwardingType>) -> Vec<Forward> {
        let own = |forward: &Forward| !forward.is_default && kind.is_none_or(|kind| forward.kind == kind);
        self.switch(false, own)
    }

    /// Makes the defaults active or inactive; returns what changed.
    pub(super) fn set_defaults(&mut self, active: bool) -> Vec<Forward> {
        self.switch(active, |forward| forward.is_default)
    }

    fn switch(&mut self, active: bool, which: impl Fn(&Forward) -> bool) -> Vec<Forward> {
        let others = self.table.iter_mut().filter(|forward| which(forward) && forward.active != active);
        let changed = others.map(|forward| {
            forward.active = active;
            forward.clone()
        });
        changed.collect()
    }

    /// The setting that applies to a call: the user's before the default; of the user's, the one for calls of this origin
    /// before the one for all.
    pub(super) fn applying(&self, why: Why, external: bool) -> Option<&Forward> {
        let fits = |forward: &&Forward| {
            forward.active && forward.kind.why == why && forward.kind.origin.covers(external)
        };
        let fitting = self.table.iter().filter(fits);
        fitting.min_by_key(|forward| (forward.is_default, forward.kind.origin == Origin::All))
    }
}
