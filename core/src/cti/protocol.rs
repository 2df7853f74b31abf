//! The one interface to a link: whatever a phone system speaks, a protocol turns the gateway's typed requests into
//! bytes and the link's bytes into typed answers and events.
//!
//! A protocol has two halves. The [`LinkProtocol`] itself knows the sessions and request numbers of its link, and
//! nothing of clients. Its [`Reader`] only cuts messages out of the stream: it is taken out of the connection while a
//! message is read, so that what a message says can borrow from the reader's bytes while everything else in the gateway
//! changes.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;

use crate::action::Actions;
use crate::digest::Digest;
use crate::input::LinkId;
use crate::time::{Duration, Instant};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Event, ListItem, Request, Response, SystemStatus};
use crate::wire::csta::parse::Document;
use crate::wire::csta::relayed::{Relayed, Value};
use crate::wire::csta::services::Features;

/// Where a protocol writes: its link, for the duration of one step.
pub struct Output<'a> {
    link: LinkId,
    now: Instant,
    actions: &'a mut Actions,
}

impl<'a> Output<'a> {
    pub(crate) const fn new(link: LinkId, now: Instant, actions: &'a mut Actions) -> Self {
        Self { link, now, actions }
    }

    /// The time of the step.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Sends bytes.
    pub fn write(&mut self, bytes: &[u8]) {
        self.actions.write(self.link, bytes);
    }

    /// Sends what `fill` appends, if `fill` succeeds; `fill` must not touch what is there already.
    ///
    /// # Errors
    /// What `fill` failed with; then nothing is sent.
    pub fn try_write_with<E>(&mut self, fill: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        self.actions.try_write_with(self.link, fill)
    }
}

/// Names a request under way. A protocol is given it with the request, and gives it back with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(u64);

impl RequestId {
    pub(crate) const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The name as a number, which no other request ever has.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

crate::digest! { struct RequestId(number) }

/// One message as it was cut out of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'b> {
    /// What the framing says beside the message, such as an invoke ID; 0 where it says nothing.
    pub number: u16,
    /// The message.
    pub bytes: &'b [u8],
}

/// What [`Reader::push`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed<'b> {
    /// All bytes were taken, and they end inside a message.
    Incomplete,
    /// One message.
    Message(Frame<'b>),
    /// The stream is of no more use, and why.
    Broken(&'static str),
}

/// Cuts messages out of a link's stream. It lives as long as one connect of the link.
pub trait Reader: Digest + Send {
    /// Takes from `bytes` up to the end of one message: how many bytes were taken, and what they made. It is called
    /// again with the rest until all is taken.
    fn push<'b>(&'b mut self, bytes: &'b [u8]) -> (usize, Framed<'b>);
}

/// Room for what a message is read into where it does not lie in the message's bytes as it is needed. Empty at first,
/// and gone once what was read is dealt with.
#[derive(Debug, Default)]
pub struct Slot<'b> {
    /// The document that the message is read from, where the link speaks XML.
    pub document: Option<Document<'b>>,
    /// The document that an answer is read from which came in several messages.
    pub whole: Option<Document<'b>>,
    /// The members of an answer that is not read from a document.
    pub values: Vec<(&'static str, Value<'b>)>,
    /// The connections of a call that came of others, of an event that is not read from a document.
    pub list: Vec<ListItem<'b>>,
}

/// What a link's message means to the gateway. Whatever is in it borrows from the message's bytes or from the [`Slot`].
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is read, passed on and forgotten, never stored")]
pub enum Incoming<'d> {
    /// Nothing the gateway must know.
    Nothing,
    /// The link can serve, and this is what it says it can do, if it does.
    Ready(Option<Features>),
    /// A heartbeat was answered.
    Alive,
    /// A request was answered.
    Response(RequestId, Response<'d>),
    /// A request was answered, and the answer is of no use: the error for who asked, and why.
    Unusable(RequestId, CstaError, Cow<'static, str>),
    /// What a response announced, for whoever asked.
    Told {
        /// The request that brings it.
        request: Relayed<'d>,
        /// The CSTA document that it is kept as, where the link speaks CSTA.
        document: Option<&'d [u8]>,
    },
    /// An event.
    Event {
        /// The event.
        event: Event<'d>,
        /// The CSTA document that it is kept as, where the link speaks CSTA.
        document: Option<&'d [u8]>,
    },
    /// The phone system tells how it is.
    Status(SystemStatus),
    /// The phone system stopped a monitor by itself.
    MonitorStopped {
        /// The monitor's name at the phone system.
        cross_reference: &'d str,
        /// The CSTA document that it is kept as, where the link speaks CSTA.
        document: Option<&'d [u8]>,
    },
    /// An answer that nobody waits for any more.
    Late,
    /// The same, which names a monitor. The link has asked the phone system to stop it: its events would have nowhere to
    /// go.
    LateMonitor {
        /// The monitor's name at the phone system.
        cross_reference: &'d str,
    },
    /// An answer to what was never asked.
    Unexpected,
    /// Something was dropped, and why.
    Discarded(Cow<'static, str>),
    /// The link is of no more use, and why.
    Failed(&'static str),
}

/// Why a request cannot be sent. The refusal changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// As many requests are under way, and wait, as may be.
    Busy,
    /// It does not fit into one message of the link.
    TooLong,
    /// The link has no such service.
    NotSupported,
}

/// What a link speaks. Its digest is part of the gateway's: it takes every field that changes.
pub trait LinkProtocol: Digest + Send {
    /// A reader for a new connect of the link.
    fn reader(&self) -> Box<dyn Reader>;

    /// The transport is open: begin the session. All of an earlier connect is forgotten.
    fn open(&mut self, output: &mut Output<'_>);

    /// Ask the phone system for something; `id` is given back with the answer.
    ///
    /// # Errors
    /// Why it cannot be asked just now; then nothing has changed.
    fn request(
        &mut self,
        id: RequestId,
        request: &Request<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Refused>;

    /// Take a message, and answer what it asks of the link itself. `spare` is an empty buffer for bytes that the
    /// message is read from in place of its own, as where an answer came in parts; `slot` is what it is read into.
    fn read<'d, 'b: 'd>(
        &mut self,
        frame: Frame<'b>,
        spare: &'b mut Vec<u8>,
        slot: &'d mut Slot<'b>,
        output: &mut Output<'_>,
    ) -> Incoming<'d>;

    /// Nobody waits for this answer any more; it is [`Incoming::Late`] when it comes.
    fn abandon(&mut self, id: RequestId, output: &mut Output<'_>);

    /// Whether so many answers never came that the link has to be opened anew.
    fn is_worn_out(&self) -> bool;

    /// Send a heartbeat.
    fn heartbeat(&mut self, output: &mut Output<'_>);

    /// The longest time that may pass between two heartbeats, where the link sets one.
    fn longest_silence(&self) -> Option<Duration>;

    /// Take leave, if there is still somebody to take leave of.
    fn close(&mut self, output: &mut Output<'_>);
}
