//! Notices about sessions, with the peer that carries them.

use core::net::SocketAddr;

use super::{Control, Leg, Uacsta};
use crate::action::Level;
use crate::rcc::noting::Field;
use crate::step::{SessionId, Step};

/// The most fields that a notice has beside those of the session.
const MOST_FIELDS: usize = 8;

impl Uacsta {
    /// The address that a session's client was last heard from.
    pub(super) fn peer_of(
        &self,
        step: &Step<'_>,
        control: &Control<Leg>,
        session: SessionId,
    ) -> Option<SocketAddr> {
        self.ua.links.peer_of(step.links, control.sessions.get(session)?.carrier.dialog.flow)
    }

    /// Notifies the operator of what concerns a session: the notice names it, and its peer.
    pub(super) fn note(
        &self,
        step: &mut Step<'_>,
        control: &Control<Leg>,
        what: (Level, &'static str),
        session: SessionId,
        more: &[Field<'_>],
    ) {
        let peer = self.peer_of(step, control, session);
        let peer = peer.as_ref().map(|peer| -> Field<'_> { ("peer", peer) });
        let fields: heapless::Vec<Field<'_>, MOST_FIELDS> =
            peer.into_iter().chain(more.iter().copied()).collect();
        control.note_session(step, what, session, &fields);
    }
}
