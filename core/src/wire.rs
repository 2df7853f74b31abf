//! Bytes and typed messages, in both directions. Nothing here knows any state.

pub mod csta;
pub mod csta_frame;
pub mod sip;
