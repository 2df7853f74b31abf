//! A leg: what the user agent keeps for a session.

use super::answering::HeldRequest;
use super::outbox::Outbox;
use crate::sip::dialog::Dialog;
use crate::sip::session_timer::Agreed;
use crate::step::{SessionId, TimerKey};
use crate::timer::Deadline;

/// The phase of a session.
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

/// What the user agent keeps for a session. The order of the fields keeps what an event or a request needs together in
/// memory.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct Leg {
    pub(crate) outbox: Outbox,
    pub(crate) dialog: Dialog,
    pub(crate) phase: Phase,
    /// How many requests of its client are held.
    pub(crate) unanswered: u32,
    pub(crate) timer: Agreed,
    /// When it ends unless it is refreshed.
    pub(crate) expiry: Deadline,
    /// When we refresh it, if we are the refresher.
    pub(crate) refresh: Deadline,
    /// The INVITE or re-INVITE whose 2xx has no ACK yet.
    pub(crate) unacknowledged: Option<HeldRequest>,
}

crate::digest! { struct Leg { unanswered, outbox, dialog, phase, timer, expiry, refresh, unacknowledged } }

impl Leg {
    /// A leg whose INVITE is not held yet.
    pub(super) fn new(dialog: Dialog, timer: Agreed) -> Self {
        Self {
            unanswered: 0,
            outbox: Outbox::default(),
            dialog,
            // This is replaced when the INVITE is held.
            phase: Phase::Established,
            timer,
            expiry: Deadline::default(),
            refresh: Deadline::default(),
            unacknowledged: None,
        }
    }
}

impl Leg {
    /// The record of a deadline, if it is the leg's.
    pub(crate) fn deadline_of(&mut self, key: TimerKey) -> Option<&mut Deadline> {
        match key {
            TimerKey::Expiry(_) => Some(&mut self.expiry),
            TimerKey::Refresh(_) => Some(&mut self.refresh),
            TimerKey::Outbox(_) => self.outbox.deadline(),
            TimerKey::Server(_)
            | TimerKey::Client(_)
            | TimerKey::Link(_)
            | TimerKey::Pending(_)
            | TimerKey::Connection(_)
            | TimerKey::Send(_)
            | TimerKey::Rebind
            | TimerKey::Stop
            | TimerKey::Unlisted => None,
        }
    }
}

/// The user agent's view of the table of sessions, in which it finds its legs.
pub(crate) trait Legs {
    /// A session's leg, while the session lasts.
    fn leg(&self, session: SessionId) -> Option<&Leg>;

    /// The same, for changing it.
    fn leg_mut(&mut self, session: SessionId) -> Option<&mut Leg>;
}
