//! Toy machines: small enough to be plainly right, so that what the world says about them is about the world. One
//! asks over TCP and UDP, one answers; and each can be broken in a known way, to show that the world sees it.

mod answerer;
mod asker;

pub use answerer::Answerer;
pub use asker::Asker;

/// How a toy is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canary {
    /// Not at all.
    Healthy,
    /// A deadline is left set when what it guarded is over.
    StaleWake,
    /// A tick sets the same deadline again: time stands still.
    Spin,
    /// A change is not folded into the fingerprint that is kept.
    ForgottenDigest,
    /// What it says depends on something outside: a counter that the process shares.
    OutsideCounter,
    /// What it says depends on where it lies in memory.
    Address,
    /// A step causes as many actions as there is room for.
    Flood,
    /// A step causes more actions than there is room for.
    Overflow,
    /// It writes to a connection that it was told is closed.
    LateWrite,
    /// It uses a connection's number twice.
    SameLink,
}
