//! Notices about sessions, monitors and requests: each names all that it is about, always in the same way.

use core::fmt::{self, Display};
use core::net::SocketAddr;

use super::clients::Clients;
use super::control::Control;
use super::history::Why;
use super::session::{Carrier, Session};
use super::ticket::Ticket;
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::cti::news::Ended;
use crate::step::{SessionId, Step};
use crate::wire::csta::errors::CstaError;

/// A field of a notice.
pub(crate) type Field<'a> = (&'a str, &'a dyn Display);

/// Why a service failed whose request is not answered.
const NO_ANSWER: &str = "the phone system did not answer in time";
/// The most fields of a notice about a session.
const MOST_FIELDS: usize = 16;

/// A peer's address, if there is one.
pub(super) struct Shown(pub(super) Option<SocketAddr>);

impl Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.map_or(Ok(()), |peer| peer.fmt(f))
    }
}

impl<C: Carrier> Control<C> {
    /// The name of a connection: the configured one, or its address.
    pub(crate) fn cti_name(&self, connection: ConnectionRef) -> &str {
        self.pool.name_of(connection.index())
    }

    /// Notifies the operator of what concerns a session: the notice names the session, its user, line and Call-ID and
    /// the connection that it is bound to, as far as these are known, before `more`.
    pub(crate) fn note_session(
        &self,
        step: &mut Step<'_>,
        (level, name): (Level, &'static str),
        session: SessionId,
        more: &[Field<'_>],
    ) {
        let one = self.sessions.get(session);
        let (user, line) = one.map_or(("", ""), |one| (one.user(), one.line()));
        let call_id = one.map_or("", |one| one.carrier.call_id());
        let bound = one.and_then(|one| one.connection).map_or("", |connection| self.cti_name(connection));
        let known: [(&str, &&str); 4] =
            [("user", &user), ("line", &line), ("call_id", &call_id), ("cti", &bound)];
        let names_other = more.iter().any(|(key, _)| *key == "cti");
        let mut fields: heapless::Vec<Field<'_>, MOST_FIELDS> = heapless::Vec::new();
        let mut add = |field| {
            let added = fields.push(field);
            debug_assert!(added.is_ok(), "a notice has at most {MOST_FIELDS} fields");
        };
        add(("session", &session));
        for (key, value) in known {
            let is_replaced = key == "cti" && names_other;
            if !value.is_empty() && !is_replaced {
                add((key, value));
            }
        }
        more.iter().copied().for_each(add);
        step.actions.notify(level, name, &fields);
    }

    /// Notes that a client's service was refused: by the phone system, or on its way there. That is a warning if the
    /// line is of no use without it.
    pub(super) fn note_failed<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &K,
        session: SessionId,
        (service, disables_line): (&str, bool),
        error: CstaError,
    ) {
        self.keep_trouble(step.now, session, service, Why::Error(error));
        let level = if disables_line { Level::Warn } else { Level::Info };
        let device = self.sessions.get(session).map(Session::number).unwrap_or_default();
        let peer = clients.peer(step, self, session);
        let fields: &[Field<'_>] =
            &[("service", &service), ("device", &device), ("error", &error), ("peer", &Shown(peer))];
        let count = if peer.is_some() { 4 } else { 3 };
        self.note_session(step, (level, "service_failed"), session, fields.get(..count).unwrap_or_default());
    }

    /// Notes that the phone system did not answer a request in time.
    pub(super) fn note_timed_out<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &K,
        ended: &Ended<Ticket>,
    ) {
        let Ended { ticket, connection } = ended;
        let (session, service, switch_monitor) = match *ticket {
            Ticket::VerifyLine(session) => (Some(session), "SnapshotDevice", None),
            Ticket::StartMonitor(switch_monitor) => (None, "MonitorStart", Some(switch_monitor)),
            Ticket::StopMonitor => (None, "MonitorStop", None),
            Ticket::Resync(monitor, switch_monitor, _) => {
                let session = self.monitors.get(monitor).map(|monitor| monitor.session);
                (session, "SnapshotDevice", Some(switch_monitor))
            }
            Ticket::Parties(switch_monitor, _) => (None, "SnapshotCall", Some(switch_monitor)),
            Ticket::Service { session, service, .. } => (Some(session), service.root, None),
        };
        if let Some(session) = session {
            self.keep_trouble(step.now, session, service, Why::Said(NO_ANSWER));
        }
        let switch_monitor = switch_monitor.and_then(|one| self.switch_monitors.slots.get(one));
        let number = session.and_then(|session| self.sessions.get(session)).map(Session::number);
        let device = switch_monitor.map(|one| &*one.device).or(number).unwrap_or_default();
        let peer = session.and_then(|session| clients.peer(step, self, session));
        let all: [(Field<'_>, bool); 5] = [
            (("cti", &self.cti_name(*connection)), true),
            (("service", &service), true),
            (("device", &device), !device.is_empty()),
            (("why", &NO_ANSWER), true),
            (("peer", &Shown(peer)), peer.is_some()),
        ];
        let fields: heapless::Vec<Field<'_>, 5> =
            all.into_iter().filter_map(|(field, is_known)| is_known.then_some(field)).collect();
        match session {
            Some(session) => self.note_session(step, (Level::Warn, "service_timed_out"), session, &fields),
            None => step.actions.notify(Level::Warn, "service_timed_out", &fields),
        }
    }
}
