//! SIP messages (RFC 3261): conversion from bytes to typed, borrowed messages and back.
//!
//! Reading a message: [`Framer`] on streams (RFC 3261 18.3), then [`Message::parse`], which notes where the headers are
//! and reads each on demand. Writing one: [`emit`], by hand, into a buffer.

mod access;
pub mod address;
pub mod body;
pub mod emit;
pub mod flaw;
pub mod framer;
mod head;
pub mod header;
mod host;
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
pub use body::Unacceptable;
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
