//! Toy machines, which are small enough to be obviously correct and so test the world itself. One asks over TCP and
//! UDP, one answers; each can be broken in a known way, which the world must detect.

mod answerer;
mod asker;

pub use answerer::Answerer;
pub use asker::Asker;

/// The way in which a toy is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Canary {
    /// Not at all.
    Healthy,
    /// A deadline stays set when it is no longer needed.
    StaleWake,
    /// A tick sets the same deadline again: time stands still.
    Spin,
    /// A change is not included in the incremental fingerprint.
    ForgottenDigest,
    /// What it sends depends on a counter shared by the process.
    OutsideCounter,
    /// What it sends depends on its address in memory.
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
