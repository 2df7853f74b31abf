//! One user's session: a dialog, the line it controls, the CTI connection it stays on, and its monitors.

use alloc::boxed::Box;

use super::behind::Behind;
use super::outbox::Outbox;
use super::watch::Watch;
use crate::cti::ConnectionRef;
use crate::digest::{Digest, Digester};
use crate::few::Few;
use crate::sip::dialog::Dialog;
use crate::sip::session_timer::Agreed;
use crate::sip::transactions;
use crate::slots::Handle;
use crate::timer::Deadline;
use crate::wire::csta::model::{MonitorFilter, Namespace, StatusFilter};

/// A request received in the name of a session.
pub(crate) type ServerTransaction = transactions::ServerTransaction<Handle<Session>>;
/// A request sent in the name of a session.
pub(crate) type ClientTransaction = transactions::ClientTransaction<Handle<Session>>;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Its INVITE is not answered yet: the phone system is asked whether it knows the line.
    SigningIn {
        /// The INVITE.
        invite: Handle<ServerTransaction>,
    },
    /// Its INVITE was answered 200.
    Established,
}

/// A client's registration for system status (SystemRegister).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Registration {
    /// `sysStatRegisterID`.
    pub(crate) id: u32,
    /// What it does not want.
    pub(crate) filter: StatusFilter,
}

/// One user's session. In this order: that of a phone that was quiet is in no cache, and what an event or a request needs
/// is fetched together.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Session {
    /// The CTI connection it began with and stays on; `None` if there was none in service.
    pub(crate) connection: Option<ConnectionRef>,
    /// How many requests of its client are held.
    pub(crate) unanswered: u32,
    /// The edition and namespace style the client speaks.
    pub(crate) namespace: Namespace,
    /// Its client was told that it is gone, and did not come back to it yet.
    pub(crate) told_gone: bool,
    pub(crate) outbox: Outbox,
    pub(crate) dialog: Dialog,
    pub(crate) phase: Phase,
    /// What it watches, in the order it asked.
    pub(crate) monitors: Few<Handle<Monitor>>,
    /// How many monitors it has had: names the next one.
    pub(crate) monitors_had: u32,
    pub(crate) registration: Option<Registration>,
    pub(crate) timer: Agreed,
    /// When it is ended unless refreshed.
    pub(crate) expiry: Deadline,
    /// When we refresh it, if that is our part.
    pub(crate) refresh: Deadline,
    /// The INVITE or re-INVITE whose 2xx awaits its ACK.
    pub(crate) unacknowledged: Option<Handle<ServerTransaction>>,
}

impl Session {
    /// The number the phone system knows its line by; empty until the client names one.
    pub(crate) fn number(&self) -> &str {
        super::device::number_of(self.line()).unwrap_or_default()
    }

    /// The line URI as the client sent it; empty until it names one.
    pub(crate) fn line(&self) -> &str {
        self.dialog.line()
    }

    /// From's URI.
    pub(crate) fn user(&self) -> &str {
        self.dialog.user()
    }
}

/// One monitor of one client.
#[derive(Debug)]
pub(crate) struct Monitor {
    pub(crate) session: Handle<Session>,
    /// `monitorCrossRefID`, written as 8 hexadecimal digits.
    pub(crate) cross_reference: u32,
    pub(crate) filter: MonitorFilter,
    /// The monitor towards the phone system that feeds it.
    pub(crate) watch: Handle<Watch>,
    /// What its client still believes, from when the monitor lost its watch until it was told what is.
    pub(crate) behind: Option<Box<Behind>>,
}

impl Digest for Phase {
    fn digest(&self, digester: &mut Digester) {
        match self {
            Self::SigningIn { invite } => digester.value(&Some(*invite)),
            Self::Established => digester.value(&None::<Handle<ServerTransaction>>),
        }
    }
}

crate::digest! { struct Session {
    dialog,
    namespace => namespace.uri(),
    connection,
    phase,
    unanswered,
    told_gone,
    monitors,
    monitors_had,
    registration,
    timer,
    expiry,
    refresh,
    unacknowledged,
    outbox,
} }

crate::digest! { struct Registration { id, filter => u64::from(filter.0) } }

crate::digest! { struct Monitor { session, cross_reference, filter => filter.0, watch, behind } }
