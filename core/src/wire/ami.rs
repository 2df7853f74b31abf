//! Messages of the Asterisk Manager Interface (AMI): lines `Key: value`, ended by an empty line.
//!
//! Reading: [`Reader`] cuts messages out of a stream and checks them, [`Message`] finds their values. Asterisk writes
//! some values as callers sent them, line ends and all, so that a message may have been written by a caller: what shows
//! it is in `check`, and such a message is rejected with a [`Flaw`]. [`Message::parts`] says who has part in an event,
//! so that what concerns nobody is left at that.
//!
//! Writing: an [`Action`] is written by its type. What comes from elsewhere is a [`Value`] or a [`Token`], which cannot hold
//! what would be another line, or syntax. An action has an ID that nobody can guess ([`ActionIds`]), so that no response
//! can be forged.

mod check;
pub mod escape;
pub mod flaw;
pub mod kinds;
mod lines;
pub mod message;
pub mod read;
pub mod rights;
pub mod value;
pub mod write;

pub use flaw::Flaw;
pub use lines::{Line, Lines, MAX_KEY, MAX_LINE, MAX_LINES, MAX_MESSAGE};
pub use message::{Kind, Message, Part};
pub use read::{Read, Reader, Scope};
pub use rights::Rights;
pub use value::{ActionIds, Token, Unwritable, Value, Variable};
pub use write::Action;

#[cfg(test)]
mod tests;
