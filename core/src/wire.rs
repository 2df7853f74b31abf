//! Conversion between bytes and typed messages, in both directions. Nothing here holds state between messages, except
//! that framers hold the bytes of an incomplete one.

pub mod ami;
pub mod csta;
pub mod csta_frame;
pub mod sip;
