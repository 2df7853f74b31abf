//! SIP messages (RFC 3261): bytes to typed, borrowed messages and back. No state machine here.
//!
//! A message's way in: [`Framer`] on streams (RFC 3261 18.3), then [`Message::parse`], which keeps the headers in place and
//! reads what is asked for on demand. Its way out: [`emit`], by hand, into a buffer.

mod access;
pub mod address;
pub mod dial;
pub mod emit;
pub mod flaw;
pub mod framer;
mod head;
pub mod header;
pub mod list;
pub mod media;
pub mod message;
pub mod method;
pub mod multipart;
mod octets;
pub mod session;
pub mod status;
pub mod uri;
pub mod via;

pub use address::NameAddress;
pub use flaw::{Flaw, ParseError};
pub use framer::{Frame, FrameError, Framed, Framer};
pub use header::{Header, Headers, Name};
pub use media::MediaType;
pub use message::{CSeq, Limits, Message, Scratch, Start};
pub use method::Method;
pub use session::{Refresher, SessionExpires};
pub use status::reason_phrase;
pub use uri::{Scheme, Uri};
pub use via::Via;
