//! The interface to a link. A link protocol turns the gateway's typed requests into bytes and the link's bytes into
//! typed answers and events, whatever the phone system speaks.
//!
//! A protocol has two halves. The [`LinkProtocol`] knows the session and the request numbers of its link, and nothing
//! of clients. Its [`Reader`] cuts messages out of the stream. It is taken out of the connection while a message is
//! processed, so that the message can borrow from the reader's bytes while everything else in the gateway changes.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;

use crate::action::Actions;
use crate::config::Config;
use crate::digest::Digest;
use crate::entropy::Entropy;
use crate::input::LinkId;
use crate::secret::Fill;
use crate::time::{Duration, Instant};
use crate::wire::ami;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Event, ListItem, Request, Response, SystemStatus};
use crate::wire::csta::parse::Document;
use crate::wire::csta::relayed::{Relayed, Value};
use crate::wire::csta::services::Features;

/// The output of a protocol: its link, for the duration of one step.
pub struct Output<'a> {
    link: LinkId,
    now: Instant,
    actions: &'a mut Actions,
    entropy: &'a Entropy,
}

impl<'a> Output<'a> {
    pub(crate) const fn new(
        link: LinkId,
        now: Instant,
        actions: &'a mut Actions,
        entropy: &'a Entropy,
    ) -> Self {
        Self { link, now, actions, entropy }
    }

    /// A number that nobody who does not know the seed can guess, another one for each purpose and connect.
    #[must_use]
    pub fn unguessable(&self, purpose: &[u8]) -> u64 {
        let key = self.entropy.key([purpose, &self.link.number().to_le_bytes()]);
        u64::try_from(key >> 64).unwrap_or(0)
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

    /// Sends what `fill` appends, if `fill` succeeds; `fill` must not change what the buffer already holds.
    ///
    /// # Errors
    /// The error of `fill`; then nothing is sent.
    pub fn try_write_with<E>(&mut self, fill: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> Result<(), E> {
        self.actions.try_write_with(self.link, fill)
    }

    /// Like [`Self::try_write_with`], with a secret that the host fills in: `fill` returns where, as indexes in the
    /// buffer.
    ///
    /// # Errors
    /// The error of `fill`; then nothing is sent.
    pub fn try_write_secret_with<E>(
        &mut self,
        fill: impl FnOnce(&mut Vec<u8>) -> Result<Fill, E>,
    ) -> Result<(), E> {
        self.actions.try_write_secret_with(self.link, fill)
    }
}

/// Identifies a request under way. A protocol is given it with the request and returns it with the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RequestId(u64);

impl RequestId {
    pub(crate) const fn new(number: u64) -> Self {
        Self(number)
    }

    /// The ID as a number, which no other request ever has.
    #[must_use]
    pub const fn number(self) -> u64 {
        self.0
    }
}

crate::digest! { struct RequestId(number) }

/// One message cut out of the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'b> {
    /// A number that the framing carries, such as an invoke ID; 0 if it carries none.
    pub number: u16,
    /// The message.
    pub bytes: &'b [u8],
    /// Its lines, if the link speaks AMI.
    pub lines: Option<ami::Message<'b>>,
}

impl<'b> Frame<'b> {
    /// A message of which the reader knows no more.
    #[must_use]
    pub const fn new(number: u16, bytes: &'b [u8]) -> Self {
        Self { number, bytes, lines: None }
    }
}

/// The result of [`Reader::push`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framed<'b> {
    /// All bytes were taken; they end inside a message.
    Incomplete,
    /// One message.
    Message(Frame<'b>),
    /// The stream cannot be read any further, for this reason.
    Broken(&'static str),
}

/// Cuts messages out of a link's stream, for one connect of the link.
pub trait Reader: Digest + Send {
    /// Takes bytes up to the end of one message. Returns how many were taken, and the result. It is called again with
    /// the rest until all are taken.
    fn push<'b>(&'b mut self, bytes: &'b [u8]) -> (usize, Framed<'b>);
}

/// Storage for what cannot be borrowed from the message's bytes directly. It is empty at first, and dropped once the
/// message has been processed.
#[derive(Debug, Default)]
pub struct Slot<'b> {
    /// The message's document, if the link speaks XML.
    pub document: Option<Document<'b>>,
    /// The document of an answer that came in several messages.
    pub whole: Option<Document<'b>>,
    /// The members of an answer, if they are not in a document.
    pub values: Vec<(&'static str, Value<'b>)>,
    /// The connections of a call that resulted from others, for an event that is not in a document.
    pub list: Vec<ListItem<'b>>,
}

/// Buffers for what is not read from a message's own bytes. They are empty at first.
#[derive(Debug, Default)]
pub struct Spare {
    /// For a message in which identifiers had to be replaced.
    pub numbered: Vec<u8>,
    /// For a message that had to be decoded.
    pub text: Vec<u8>,
    /// For an answer that came in several messages.
    pub whole: Vec<u8>,
    /// For the words of what is told beside a message.
    pub words: String,
}

/// What a link's message means to the gateway. It borrows from the message's bytes or from the [`Slot`].
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "it is read, passed on and forgotten, never stored")]
pub enum Incoming<'d> {
    /// Nothing.
    Nothing,
    /// The session is open; the phone system was asked what it can do.
    Begun,
    /// The link can serve; with the features it reports, if it does.
    Ready(Option<Features>),
    /// The features that it reports after it came into service without them.
    Features(Features),
    /// A heartbeat was answered.
    Alive,
    /// A request was answered.
    Response(RequestId, Response<'d>),
    /// A request was answered, but the answer is unusable: the error to return, and why.
    Unusable(RequestId, CstaError, Cow<'static, str>),
    /// Requests that waited for something else cannot be sent after all.
    Refused {
        /// The requests.
        requests: Vec<RequestId>,
        /// The error to return for each.
        error: CstaError,
        /// Why, if the phone system did not say it.
        why: Option<String>,
    },
    /// A message that an earlier response announced.
    Told {
        /// The message, which is a request of the phone system.
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
    /// The phone system reported its status.
    Status(SystemStatus),
    /// The phone system stopped a monitor by itself.
    MonitorStopped {
        /// The monitor's name at the phone system.
        cross_reference: &'d str,
        /// The CSTA document that it is kept as, where the link speaks CSTA.
        document: Option<&'d [u8]>,
    },
    /// An answer to a request that was given up.
    Late,
    /// An answer to a MonitorStart that was given up. The link has asked the phone system to stop the monitor.
    LateMonitor {
        /// The monitor's name at the phone system.
        cross_reference: &'d str,
    },
    /// An answer to a request that was never sent.
    Unexpected,
    /// An event of a kind that is not known, with the name of its root.
    UnknownEvent(&'d str),
    /// The message was discarded, for this reason.
    Discarded(Cow<'static, str>),
    /// The link has failed, for this reason.
    Failed(Cow<'static, str>),
}

/// Who waits for a request, which matters where the rate of messages is limited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Urgency {
    /// A person: the number of the user's session. Such requests are sent before all others, one of each user in turn.
    Person(u64),
    /// Nobody in particular: it starts or stops a monitor, or gets a snapshot.
    Background,
}

/// Why a request cannot be sent. The refusal changed nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The window and the queue are full.
    Busy,
    /// It does not fit into one message of the link.
    TooLong,
    /// The link has no such service.
    NotSupported,
    /// The phone system never answered this service over this connect and was asked again within the last minute.
    Unanswered,
}

/// What a link speaks. Its digest is part of the gateway's and must include every field that changes.
pub trait LinkProtocol: Digest + Send {
    /// A reader for a new connect of the link.
    fn reader(&self) -> Box<dyn Reader>;

    /// Begins the session; called when the transport is open. Forgets the state of an earlier connect.
    fn open(&mut self, output: &mut Output<'_>);

    /// Sends a request, now or when its turn has come; `id` is returned with the answer.
    ///
    /// # Errors
    /// Why it cannot be sent; then nothing has changed.
    fn request(
        &mut self,
        id: RequestId,
        urgency: Urgency,
        request: &Request<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Refused>;

    /// Reads a message, and answers it if it concerns the link itself. `spare` and `slot` are storage for what is
    /// read.
    fn read<'d, 'b: 'd>(
        &mut self,
        frame: Frame<'b>,
        spare: &'b mut Spare,
        slot: &'d mut Slot<'b>,
        output: &mut Output<'_>,
    ) -> Incoming<'d>;

    /// Whether there is more to be told by [`Self::more`] than the last message meant at once.
    fn has_more(&self) -> bool {
        false
    }

    /// What is still to be told: further meanings of a message, or answers that the link gives itself.
    fn more<'d, 'b: 'd>(
        &mut self,
        _spare: &'b mut Spare,
        _slot: &'d mut Slot<'b>,
        _output: &mut Output<'_>,
    ) -> Incoming<'d> {
        Incoming::Nothing
    }

    /// Gives up a request; its answer is [`Incoming::Late`] if it still comes.
    fn abandon(&mut self, id: RequestId, output: &mut Output<'_>);

    /// How much longer than usual the answer to a request may take that was just given, because it waits for its turn.
    fn extra_time(&self, _id: RequestId) -> Duration {
        Duration::ZERO
    }

    /// When the next request that waits for its turn is to be sent, by [`Self::on_send_due`].
    fn next_send(&self, _now: Instant) -> Option<Instant> {
        None
    }

    /// Sends requests that have waited for their turn.
    fn on_send_due(&mut self, _output: &mut Output<'_>) {}

    /// How long it takes until all requests that wait now are sent, because the rate is limited.
    fn backlog(&self) -> Duration {
        Duration::ZERO
    }

    /// Follows a changed configuration, as far as it can without opening the session again.
    fn reconfigure(&mut self, _config: &Config) {}

    /// Whether so many answers never came that the link must be opened again.
    fn is_worn_out(&self) -> bool;

    /// Sends a heartbeat.
    fn heartbeat(&mut self, output: &mut Output<'_>);

    /// How long the session may take to open, if the link sets a limit of its own.
    fn longest_opening(&self) -> Option<Duration> {
        None
    }

    /// Handles a request of the opening that was not answered in time: the one that opens the session, or the one for
    /// the features. Returns whether the link serves all the same.
    fn on_opening_unanswered(&mut self, _output: &mut Output<'_>) -> bool {
        false
    }

    /// Handles a heartbeat that was not answered in time. Returns whether that shows that the link is dead. It does not
    /// if the phone system never answered one.
    fn on_heartbeat_unanswered(&mut self) -> bool {
        true
    }

    /// How long a connect is not tried again at least after it failed: the phone system has refused the login, say.
    fn rest(&self) -> Duration {
        Duration::ZERO
    }

    /// Whether heartbeats stay unanswered on this connect without a meaning.
    fn is_mute(&self) -> bool {
        false
    }

    /// The services that the phone system is asked for only once a minute, since it never answered them.
    fn unanswered(&self) -> Features {
        Features::NONE
    }

    /// What an operator should know of the session: rights that the user lacks, say.
    fn remarks(&self) -> Vec<Cow<'static, str>> {
        Vec::new()
    }

    /// Whether the phone system has a device, if that is known.
    fn knows(&self, _device: &str) -> Option<bool> {
        None
    }

    /// Whether some devices can do less than the link.
    fn devices_differ(&self) -> bool {
        false
    }

    /// What a device cannot do of what the link can.
    fn lacks(&self, _device: &str) -> Features {
        Features::NONE
    }

    /// The longest time that may pass between two heartbeats, if the link sets a limit.
    fn longest_silence(&self) -> Option<Duration>;

    /// Ends the session, if one is open.
    fn close(&mut self, output: &mut Output<'_>);
}
