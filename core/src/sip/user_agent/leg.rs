//! What the user agent keeps of a session: its leg.

use super::answering::HeldRequest;
use super::outbox::Outbox;
use crate::sip::dialog::Dialog;
use crate::sip::session_timer::Agreed;
use crate::step::{SessionId, TimerKey};
use crate::timer::Deadline;

/// Where a session stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Its INVITE is not answered yet.
    SigningIn {
        /// The INVITE.
        invite: HeldRequest,
    },
    /// Its INVITE was answered 200.
    Established,
}

crate::digest! { enum Phase { SigningIn { invite } = 1, Established = 0 } }

/// A session seen from the user agent. In this order: what an event or a request needs is fetched together.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) outbox: Outbox,
    pub(crate) dialog: Dialog,
    pub(crate) phase: Phase,
    /// How many requests of its client are held.
    pub(crate) unanswered: u32,
    pub(crate) timer: Agreed,
    /// When it is ended unless refreshed.
    pub(crate) expiry: Deadline,
    /// When we refresh it, if that is our part.
    pub(crate) refresh: Deadline,
    /// The INVITE or re-INVITE whose 2xx awaits its ACK.
    pub(crate) unacknowledged: Option<HeldRequest>,
}

crate::digest! { struct Leg { unanswered, outbox, dialog, phase, timer, expiry, refresh, unacknowledged } }

impl Leg {
    /// One whose INVITE is still to be held.
    pub(super) fn new(dialog: Dialog, timer: Agreed) -> Self {
        Self {
            unanswered: 0,
            outbox: Outbox::default(),
            dialog,
            // Replaced as soon as the INVITE is held.
            phase: Phase::Established,
            timer,
            expiry: Deadline::default(),
            refresh: Deadline::default(),
            unacknowledged: None,
        }
    }
}

impl Leg {
    /// Where one of its deadlines is noted, if it is one of its.
    pub(crate) fn deadline_of(&mut self, key: TimerKey) -> Option<&mut Deadline> {
        match key {
            TimerKey::Expiry(_) => Some(&mut self.expiry),
            TimerKey::Refresh(_) => Some(&mut self.refresh),
            TimerKey::Outbox(_) => self.outbox.deadline(),
            TimerKey::Server(_)
            | TimerKey::Client(_)
            | TimerKey::Redial(_)
            | TimerKey::Pending(_)
            | TimerKey::Connection(_)
            | TimerKey::Rebind
            | TimerKey::Stop => None,
        }
    }
}

/// Where the user agent finds its legs: the table of sessions, as it is lent to it.
pub(crate) trait Legs {
    /// A session's leg, while the session lasts.
    fn leg(&self, session: SessionId) -> Option<&Leg>;

    /// The same, to be changed.
    fn leg_mut(&mut self, session: SessionId) -> Option<&mut Leg>;
}
