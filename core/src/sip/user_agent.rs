//! The user agent (RFC 3261 8): SIP links and framing, transactions, dialogs, session timers, the answers to requests
//! and what a repetition is answered with. It knows nothing of CSTA: documents go through it as bytes.
//!
//! Calls go down into it; what it has to say comes back as [`News`].
//!
//! | file | subject |
//! |---|---|
//! | `reader` | what reads a connection: framing |
//! | `links` | connections: access, those that we open, sending |
//! | `leg` | what it keeps of a session |
//! | `received` | a request at hand, and why one is refused |
//! | `answering` | answers, at once or later |
//! | `overload` | turning away what is too much |
//! | `requests` | requests of ours in a dialog: events, BYE, refresh |
//! | `outbox` | when a session's events may be sent |
//! | `beginning` | what begins and refreshes a dialog: INVITE, UPDATE, ACK, session timers |
//! | `receiving` | a message's way to its transaction, dialog and method |

mod answering;
mod beginning;
mod leg;
pub(crate) mod links;
mod outbox;
mod overload;
mod reader;
mod received;
mod receiving;
mod requests;
#[cfg(test)]
mod tests;

use alloc::vec::Vec;

pub(crate) use answering::{Asked, HeldRequest, Reply};
pub(crate) use leg::{Leg, Legs, Phase};
pub(crate) use links::on_datagram;
pub(crate) use overload::Overload;
pub(crate) use reader::{Origin, Read};
pub(crate) use received::{Received, Refusal};
pub(crate) use requests::{
    Outgoing, expect_announcement, keep_quiet, may_be_overtaken, note_announced, restart_session_timer,
};

use super::transactions::Transactions;
use crate::config::Config;
use crate::digest::Digester;
use crate::index::Index;
use crate::step::{AnySession, SessionId, TimerKey};
use crate::timer::Deadline;
use links::SipLinks;

/// What the user agent has to say of a message: one thing at most.
pub(crate) enum News<'m> {
    /// Nothing: it dealt with the message by itself.
    Nothing,
    /// An INVITE outside any dialog (RFC 3261 13.3.1), to be answered.
    SignIn(Received<'m>),
    /// A re-INVITE in a dialog that is not known here and has this tag of ours (RFC 3261 12.2.2), to be answered.
    Takeover(Received<'m>, &'m str),
    /// A re-INVITE, an INFO or an UPDATE in a session, to be answered.
    InSession(Received<'m>, SessionId),
    /// A session is over, and why: by BYE or CANCEL, or because its client does not know the dialog any more.
    Over(SessionId, &'static str),
}

/// The user agent.
pub(crate) struct UserAgent {
    pub(crate) links: SipLinks,
    pub(crate) transactions: Transactions,
    by_dialog: Index<AnySession>,
    /// The lines that every response to the request at hand repeats. Like the other buffers it is reused from step to
    /// step and means nothing between two.
    head: Vec<u8>,
    /// A message on its way out.
    message: Vec<u8>,
    /// How the other side should know us.
    address: Vec<u8>,
}

impl UserAgent {
    /// A user agent without links and sessions.
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            links: SipLinks::new(config),
            transactions: Transactions::new(config.limits.transactions),
            by_dialog: Index::default(),
            head: Vec::new(),
            message: Vec::new(),
            address: Vec::new(),
        }
    }

    /// The fingerprints of the tables, kept up to date, and how many links are of unlisted peers.
    pub(crate) fn fold(&mut self) -> ([u64; 3], usize) {
        let Self { links, transactions, .. } = self;
        ([links.slots.fold(), transactions.server.fold(), transactions.client.fold()], links.unlisted())
    }

    /// The same, computed anew.
    pub(crate) fn recompute(&self) -> ([u64; 3], usize) {
        let Self { links, transactions, .. } = self;
        let tables =
            [links.slots.recompute(), transactions.server.recompute(), transactions.client.recompute()];
        (tables, links.recount_unlisted())
    }

    /// Feeds what stands beside the tables.
    pub(crate) fn digest_rest(&self, digester: &mut Digester) {
        let Self { links, transactions: _, by_dialog, head: _, message: _, address: _ } = self;
        links.digest_rest(digester);
        digester.value(&by_dialog.len());
    }

    /// Where one of its deadlines is noted, if it is one of its.
    pub(crate) fn deadline_of(&mut self, key: TimerKey) -> Option<&mut Deadline> {
        match key {
            TimerKey::Server(handle) => {
                self.transactions.server.get_mut(handle.cast()).map(|one| &mut one.deadline)
            }
            TimerKey::Client(handle) => {
                self.transactions.client.get_mut(handle.cast()).map(|one| &mut one.deadline)
            }
            TimerKey::Redial(handle) => self.links.slots.get_mut(handle.cast()).map(|one| &mut one.deadline),
            TimerKey::Expiry(_)
            | TimerKey::Refresh(_)
            | TimerKey::Outbox(_)
            | TimerKey::Pending(_)
            | TimerKey::Connection(_)
            | TimerKey::Rebind
            | TimerKey::Stop => None,
        }
    }

    /// How many dialogs can be found.
    pub(crate) fn dialogs(&self) -> usize {
        self.by_dialog.len()
    }
}
