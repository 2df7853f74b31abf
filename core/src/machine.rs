//! What every sans-IO machine of this project has in common: gateway, phone system and scripted client.

use alloc::vec::Vec;

use crate::action::Actions;
use crate::input::{Input, Listen, Taken};
use crate::overview::Overview;
use crate::time::Instant;

/// The hash that names this build of the core, and so of the gateway: equal sources (tests are none) and equal locked
/// dependencies, equal name.
pub const BUILD: &str = env!("CTIGATE_BUILD");

/// Why a machine wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A timer is due then; the name says which kind.
    Timer(&'static str),
    /// Work was left over from an earlier step.
    Backlog,
}

/// When a machine wants to be woken, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// When; not after `now` means at once.
    pub at: Instant,
    /// Why.
    pub why: Why,
}

/// A deterministic state machine: what it does is a function of its birth (configuration and seed) and its inputs.
pub trait Machine {
    /// The addresses it wants to listen on; constant over its life.
    fn listens(&self) -> Vec<Listen>;

    /// Takes one input and says what it wants. Does at most one message's, one timer's or one portion's work.
    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken;

    /// When it next wants a [`Input::Tick`]; `None` if only an input from outside can change anything.
    fn next_wake(&self) -> Option<Wake>;

    /// A fingerprint of the whole state, kept up to date from step to step.
    fn digest(&mut self) -> u64;

    /// The same fingerprint, computed anew from everything: must equal [`Machine::digest`].
    fn full_digest(&self) -> u64;

    /// The build that names what it does, and in which its fingerprints may be compared: that of the core, unless more
    /// than the core decides it.
    fn build(&self) -> &'static str {
        BUILD
    }

    /// What an operator may see of it; nothing for a machine that nobody operates. Changes nothing, costs the same
    /// whatever the number of sessions.
    fn overview(&self) -> Option<Overview> {
        None
    }
}

/// A boxed machine is a machine, so that programs can hold machines of different kinds.
impl<M: Machine + ?Sized> Machine for alloc::boxed::Box<M> {
    fn listens(&self) -> Vec<Listen> {
        (**self).listens()
    }

    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        (**self).step(now, input, actions)
    }

    fn next_wake(&self) -> Option<Wake> {
        (**self).next_wake()
    }

    fn digest(&mut self) -> u64 {
        (**self).digest()
    }

    fn full_digest(&self) -> u64 {
        (**self).full_digest()
    }

    fn build(&self) -> &'static str {
        (**self).build()
    }

    fn overview(&self) -> Option<Overview> {
        (**self).overview()
    }
}
