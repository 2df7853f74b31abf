//! What every sans-IO machine of this project has in common: gateway, phone system and scripted client.

use alloc::vec::Vec;

use crate::action::Actions;
use crate::input::{Input, Listen, Taken};
use crate::overview::{Overview, Selection};
use crate::time::Instant;

/// The name of this build of the core, and so of the gateway: a hash of its sources without tests and of its locked
/// dependencies.
pub const BUILD: &str = env!("CTIGATE_BUILD");

/// Why a machine wants to be woken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// A timer is due then; the name says which kind.
    Timer(&'static str),
    /// An earlier step left work.
    Backlog,
}

/// When a machine wants to be woken, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wake {
    /// When; a time that is not after `now` means at once.
    pub at: Instant,
    /// Why.
    pub why: Why,
}

/// A deterministic state machine: what it does is a function of its configuration, its seed and its inputs.
pub trait Machine {
    /// The addresses to listen on; they never change.
    fn listens(&self) -> Vec<Listen>;

    /// Takes one input and adds actions for the shell. Processes at most one message, one timer or one portion of a
    /// job.
    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken;

    /// When it next needs an [`Input::Tick`]; `None` if nothing happens without an input from outside.
    fn next_wake(&self) -> Option<Wake>;

    /// A fingerprint of the whole state, kept up to date from step to step.
    fn digest(&mut self) -> u64;

    /// The same fingerprint, recomputed from the whole state; must equal [`Machine::digest`].
    fn full_digest(&self) -> u64;

    /// The name of the build that determines its behaviour and its fingerprints: the core's, for a machine that
    /// consists of nothing else.
    fn build(&self) -> &'static str {
        BUILD
    }

    /// What an operator may see of it; `None` for a machine that is not operated. Its cost does not depend on the
    /// number of sessions.
    fn overview(&self) -> Option<Overview> {
        None
    }

    /// At most `most` of the users' choices that are in force, from the first user behind `after`, with user IDs in
    /// order.
    fn selections(&self, after: &str, most: usize) -> Vec<Selection> {
        let _ = (after, most);
        Vec::new()
    }
}

/// So that programs can hold machines of different kinds.
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

    fn selections(&self, after: &str, most: usize) -> Vec<Selection> {
        (**self).selections(after, most)
    }
}
