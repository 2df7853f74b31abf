//! One user's session: the line it controls, its CTI connection, its monitors, and its carrier.

use alloc::boxed::Box;

use super::history::History;
use super::reference::Reference;
use super::resync_state::Resync;
use super::switch_monitor::SwitchMonitor;
use crate::cti::ConnectionRef;
use crate::digest::Digest;
use crate::few::Few;
use crate::line::tel::Tel;
use crate::line::uri::{device_id_in, number_of};
use crate::slots::Handle;
use crate::step::SessionId;
use crate::time::Instant;
use crate::wire::csta::model::{MonitorFilter, Namespace, StatusFilter};

/// A client's registration for system status (SystemRegister).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Registration {
    /// `sysStatRegisterID`.
    pub(crate) id: Reference,
    /// What it does not want.
    pub(crate) filter: StatusFilter,
}

/// What carries a session's messages to and from its client: a SIP dialog, or anything else that can.
pub(crate) trait Carrier: Digest {
    /// Returns the line URI as the client sent it; empty until it names one.
    fn line(&self) -> &str;

    /// Returns the identifier by which the phone system knows the line; empty if that is the number in the line URI.
    fn device(&self) -> &str;

    /// Sets the line URI, and the identifier by which the phone system knows the line; empty if that is the number in
    /// the line URI.
    fn set_line(&mut self, line: &str, device: &str);

    /// Returns the user's URI.
    fn user(&self) -> &str;

    /// Returns the text that the session's identifiers derive from: unique, and known to a node that takes over (S10).
    fn base(&self) -> &str;

    /// Whether the client's identifiers are decimal numbers. Those of a session that began at a node of an earlier
    /// version are not.
    fn has_decimal_references(&self) -> bool;

    /// Returns what names it in logs: the Call-ID of the dialog.
    fn call_id(&self) -> &str;

    /// Whether the client was told that its sign-in succeeded.
    fn is_established(&self) -> bool;

    /// Whether events for the client are still on their way, so that one may reach it after an answer that is sent now.
    fn may_be_overtaken(&self) -> bool;

    /// Lets the client's events wait for the answer to a request of its own that announces an identifier.
    fn expect_announcement(&mut self);

    /// Lets the client's events wait, after an answer that announced an identifier at once.
    fn keep_quiet(&mut self, until: Instant);
}

/// One user's session. The order of the fields matters: the session of a quiet phone is in no cache, and what an event
/// or a request needs is fetched together.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Session<C> {
    /// The CTI connection it is bound to; `None` if none was in service when it began.
    pub(crate) connection: Option<ConnectionRef>,
    /// The edition and namespace style the client speaks.
    pub(crate) namespace: Namespace,
    /// Whether its client was told that the session is gone and has not used it since.
    pub(crate) told_gone: bool,
    /// Whether the phone system said that the line's device is not registered.
    pub(crate) is_unregistered: bool,
    /// Whether its line may have calls that its next monitor does not report: it is shown them then.
    pub(crate) may_have_calls: bool,
    /// The carrier. It is stored here because a message needs both.
    pub(crate) carrier: C,
    /// The client's monitors, in the order in which they were started.
    pub(crate) monitors: Few<Handle<Monitor>>,
    /// How many monitors it has had: numbers the next one.
    pub(crate) monitors_had: u32,
    pub(crate) registration: Option<Registration>,
    /// The user's ID in the directory, without case.
    pub(crate) owner: Option<Box<str>>,
    /// What operators want to know of it.
    pub(crate) history: History,
}

impl<C: Carrier> Session<C> {
    /// Returns the number or other identifier by which the phone system knows its line; empty until the client names
    /// one.
    pub(crate) fn number(&self) -> &str {
        match self.carrier.device() {
            "" => number_of(self.line()).unwrap_or_default(),
            device => device,
        }
    }

    /// Returns the number in its line URI, if the phone system knows the line by another identifier.
    pub(crate) fn other_number(&self) -> Option<&str> {
        if self.carrier.device().is_empty() { None } else { number_of(self.line()) }
    }

    /// Whether a client means its own line by an identifier: in the form of its line URI, with or without partition and
    /// device, or as the phone system knows it (L5).
    pub(crate) fn is_named_by(&self, identifier: &str) -> bool {
        // As most do.
        if !identifier.is_empty() && identifier == self.line() {
            return true;
        }
        if let Some(id) = device_id_in(identifier) {
            return *id == *self.number();
        }
        let number = number_of(identifier);
        if number.is_some() && (number == Some(self.number()) || number == self.other_number()) {
            return true;
        }
        let is_same = |named: Tel<'_>| {
            named.subscriber() == self.number()
                || Tel::read(self.line()).is_ok_and(|line| line.subscriber() == named.subscriber())
        };
        Tel::read(identifier).is_ok_and(is_same)
    }

    /// Returns the line URI as the client sent it; empty until it names one.
    pub(crate) fn line(&self) -> &str {
        self.carrier.line()
    }

    /// Returns the user's URI.
    pub(crate) fn user(&self) -> &str {
        self.carrier.user()
    }

    /// Returns the session's identifier number `count`, at an attempt ([`Reference::derive`]).
    pub(super) fn reference(&self, count: u32, attempt: u32) -> Reference {
        Reference::derive(self.carrier.base(), count, attempt, self.carrier.has_decimal_references())
    }
}

/// One monitor of one client.
#[derive(Debug)]
pub(crate) struct Monitor {
    pub(crate) session: SessionId,
    /// The client's `monitorCrossRefID`.
    pub(crate) cross_reference: Reference,
    pub(crate) filter: MonitorFilter,
    /// The identifier by which the phone system knows its line; `None` if that is the session's.
    pub(crate) line: Option<Box<str>>,
    /// The switch monitor that feeds it, or fed it last; `None` before the first.
    pub(crate) source: Option<Handle<SwitchMonitor>>,
    /// What its client knows, from the loss of the switch monitor until the client is up to date again.
    pub(crate) resync: Option<Box<Resync>>,
}

crate::digest! { struct Session<C> {
    connection,
    namespace => namespace.uri(),
    told_gone,
    is_unregistered,
    may_have_calls,
    carrier,
    monitors,
    monitors_had,
    registration,
    owner,
    history: _,
} }

crate::digest! { struct Registration { id, filter => u64::from(filter.0) } }

crate::digest! { struct Monitor { session, cross_reference, filter => filter.0, line, source, resync } }
