//! The one interface behind which link protocols stand: CSTA III over TCP now, others later.
//!
//! A protocol turns the gateway's typed requests into bytes and the link's messages into [`Incoming`]; it knows the
//! sessions and invoke IDs of its link, and nothing of clients. Framing is beside it, because an [`Incoming`] borrows
//! from the bytes that were framed.

use alloc::boxed::Box;

use super::csta_link::CstaLink;
use crate::action::Actions;
use crate::config::Cti;
use crate::digest::{Digest, Digester};
use crate::input::LinkId;
use crate::time::{Duration, Instant};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Event, Request, Response, SystemStatus};
use crate::wire::csta::parse::Malformed;
use crate::wire::csta::relayed::Relayed;
use crate::wire::csta::services::Features;

/// Where a protocol writes.
pub(crate) struct Output<'a> {
    pub(crate) link: LinkId,
    pub(crate) now: Instant,
    pub(crate) actions: &'a mut Actions,
}

/// Who asked the phone system, in the asker's own words: given back with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RequestId(pub(crate) u64);

/// What a link's message means to the gateway.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is read, passed on and forgotten, never stored")]
pub(crate) enum Incoming<'d> {
    /// Nothing the gateway must know.
    Nothing,
    /// The link can serve, and this is what it says it can do, if it does.
    Ready(Option<Features>),
    /// A heartbeat was answered.
    Alive,
    /// A request was answered.
    Response(RequestId, Response<'d>),
    /// A request was answered by data that came in several messages: a whole response, made of them.
    Whole(RequestId, Box<[u8]>),
    /// A request was answered, and the answer cannot be read.
    Malformed(RequestId, Malformed),
    /// A request was answered, and the answer is of no use: the error for who asked, and why.
    Unusable(RequestId, CstaError, &'static str),
    /// What a response announced, for whoever asked.
    Told(Relayed<'d>),
    /// An event.
    Event(Event<'d>),
    /// The phone system tells how it is.
    Status(SystemStatus),
    /// The phone system stopped a monitor by itself.
    MonitorStopped(&'d str),
    /// An answer that nobody waits for any more.
    Late,
    /// An answer to what was never asked.
    Unexpected,
    /// Something was dropped, and why.
    Discarded(&'static str),
    /// The link is of no more use, and why.
    Failed(&'static str),
}

/// Why a request cannot be sent. The refusal changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Window and queue are full.
    Busy,
    /// It does not fit into one message of the link.
    TooLong,
}

/// A link protocol's duties.
pub(crate) trait LinkProtocol {
    /// The transport is open: begin the session. All of an earlier connect is forgotten.
    fn open(&mut self, output: &mut Output<'_>);
    /// Ask the phone system for something.
    fn request(
        &mut self,
        who: RequestId,
        request: &Request<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Refused>;
    /// Nobody waits for this answer any more; it is dropped when it comes.
    fn abandon(&mut self, who: RequestId, output: &mut Output<'_>);
    /// Whether so many answers never came that the link has to be opened anew.
    fn is_worn_out(&self) -> bool;
    /// Send a heartbeat.
    fn heartbeat(&mut self, output: &mut Output<'_>);
    /// The longest time that may pass between two heartbeats, where the link sets one.
    fn longest_silence(&self) -> Option<Duration>;
    /// Take leave, if there is still somebody to take leave of.
    fn close(&mut self, output: &mut Output<'_>);
}

/// The link protocols there are.
pub(crate) enum Protocol {
    /// CSTA III over TCP.
    Csta(Box<CstaLink>),
}

impl Protocol {
    pub(crate) fn new(config: &Cti) -> Self {
        Self::Csta(Box::new(CstaLink::new(config)))
    }

    /// The protocol behind the interface.
    pub(crate) fn as_ref(&self) -> &dyn LinkProtocol {
        match self {
            Self::Csta(link) => &**link,
        }
    }

    /// The protocol behind the interface, to be used.
    pub(crate) fn as_mut(&mut self) -> &mut dyn LinkProtocol {
        match self {
            Self::Csta(link) => &mut **link,
        }
    }
}

impl Digest for Protocol {
    fn digest(&self, digester: &mut Digester) {
        match self {
            Self::Csta(link) => digester.value(&**link),
        }
    }
}
