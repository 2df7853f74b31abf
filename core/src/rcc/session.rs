//! One user's session: the line it controls, the CTI connection it stays on, its monitors, and what carries it.

use alloc::boxed::Box;

use super::resync_state::Resync;
use super::switch_monitor::SwitchMonitor;
use crate::cti::ConnectionRef;
use crate::digest::{Digest, Digester};
use crate::few::Few;
use crate::slots::Handle;
use crate::step::SessionId;
use crate::wire::csta::model::{MonitorFilter, Namespace, StatusFilter};

/// A client's registration for system status (SystemRegister).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Registration {
    /// `sysStatRegisterID`.
    pub(crate) id: u32,
    /// What it does not want.
    pub(crate) filter: StatusFilter,
}

/// What carries a session's messages to its client and back: a SIP dialog, and what else there may be.
pub(crate) trait Carrier: Digest {
    /// The line URI as the client sent it; empty until it names one.
    fn line(&self) -> &str;

    /// Notes the line URI.
    fn set_line(&mut self, line: &str);

    /// The user's URI.
    fn user(&self) -> &str;

    /// What the session's identifiers are made of: unique, and known to whichever node carries the session on (S10).
    fn base(&self) -> &str;

    /// Whether the client was told that it is signed in.
    fn is_established(&self) -> bool;
}

/// One user's session. In this order: that of a phone that was quiet is in no cache, and what an event or a request
/// needs is fetched together.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Session<C> {
    /// The CTI connection it began with and stays on; `None` if there was none in service.
    pub(crate) connection: Option<ConnectionRef>,
    /// The edition and namespace style the client speaks.
    pub(crate) namespace: Namespace,
    /// Its client was told that it is gone, and did not come back to it yet.
    pub(crate) told_gone: bool,
    /// What carries it. It stands here in the entry, since a message needs both.
    pub(crate) carrier: C,
    /// What it switch monitors, in the order it asked.
    pub(crate) monitors: Few<Handle<Monitor>>,
    /// How many monitors it has had: names the next one.
    pub(crate) monitors_had: u32,
    pub(crate) registration: Option<Registration>,
}

impl<C: Carrier> Session<C> {
    /// The number the phone system knows its line by; empty until the client names one.
    pub(crate) fn number(&self) -> &str {
        super::device::number_of(self.line()).unwrap_or_default()
    }

    /// The line URI as the client sent it; empty until it names one.
    pub(crate) fn line(&self) -> &str {
        self.carrier.line()
    }

    /// The user's URI.
    pub(crate) fn user(&self) -> &str {
        self.carrier.user()
    }

    /// The session's identifier number `count`: a function of its carrier's base and the count alone, so that another
    /// node that carries it on arrives at the same (S10).
    pub(crate) fn reference(&self, count: u32) -> u32 {
        let mut digester = Digester::new();
        digester.text(self.carrier.base());
        digester.number(u64::from(count));
        u32::try_from(digester.finish() >> 32).unwrap_or(0)
    }
}

/// One monitor of one client.
#[derive(Debug)]
pub(crate) struct Monitor {
    pub(crate) session: SessionId,
    /// `monitorCrossRefID`, written as 8 hexadecimal digits.
    pub(crate) cross_reference: u32,
    pub(crate) filter: MonitorFilter,
    /// The monitor towards the phone system that feeds it; `None` before the first does.
    pub(crate) source: Option<Handle<SwitchMonitor>>,
    /// What its client still believes, from when the monitor lost its switch monitor until it was told what is.
    pub(crate) resync: Option<Box<Resync>>,
}

crate::digest! { struct Session<C> {
    connection,
    namespace => namespace.uri(),
    told_gone,
    carrier,
    monitors,
    monitors_had,
    registration,
} }

crate::digest! { struct Registration { id, filter => u64::from(filter.0) } }

crate::digest! { struct Monitor { session, cross_reference, filter => filter.0, source, resync } }
