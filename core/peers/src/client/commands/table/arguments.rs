//! What several rows of the table of commands have in common.

use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::super::{Put, Takes};

/// What `wait` and `expect` do.
pub(super) const WAITS: &str =
    "Waits until this happens; fails if it does not in time, or happens where `no` says it must not.";

/// The argument of `wait` and `expect`, with an example.
pub(super) const EVENT: Takes = Takes::Text("an event: wait established 5s");

pub(super) const DEVICE: (&str, Put) = ("device", Put::Line);
pub(super) const LINE_CALLS: (&str, Put) = ("callingDevice", Put::Line);
pub(super) const CALLED: (&str, Put) = ("calledDirectoryNumber", Put::Given(0));
pub(super) const NO_PROMPT: (&str, Put) = ("autoOriginate", Put::Word("doNotPrompt"));

/// The states in which a call can be cleared, the likeliest first.
pub(super) const CLEARABLE: &[State] =
    &[State::Connected, State::Initiated, State::Fail, State::Alerting, State::Queued, State::Hold];

/// The states of the active one of two calls, the likeliest first: a consultation may still ring.
pub(super) const ACTIVE: &[State] = &[State::Connected, State::Initiated, State::Fail];

pub(super) const HELD: &[State] = &[State::Hold];

/// The states of a call to somebody who is busy, the likeliest first.
pub(super) const FAILED: &[State] = &[State::Fail, State::Queued, State::Connected, State::Initiated];

/// A held call and an active one.
pub(super) const TWO: &[Takes] = &[Takes::Call(HELD), Takes::Call(ACTIVE)];

pub(super) const HELD_FIRST: &[(&str, Put)] = &[("heldCall", Put::Given(0)), ("activeCall", Put::Given(1))];

pub(super) const ON_OFF: &[Takes] = &[Takes::OneOf(TRUTH)];

pub(super) const TRUTH: &[(&str, &str)] = &[("on", "true"), ("off", "false")];

pub(super) const UNTRUTH: &[(&str, &str)] = &[("on", "false"), ("off", "true")];

/// The microphone or loudspeaker: usually a phone has one.
pub(super) const APPARATUS: Takes = Takes::MaybeWord("apparatus", "1");

pub(super) const PARTICIPATION: Takes =
    Takes::MaybeOneOf(&[("active", "active"), ("silent", "silent"), ("none", "none")]);

/// The kinds of forwarding, as people and as ECMA-323 call them.
pub(super) const FORWARDING: &[(&str, &str)] = &[
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
