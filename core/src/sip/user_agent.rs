//! The user agent (RFC 3261 8): SIP links and framing, transactions, dialogs, session timers, responses and their
//! retransmission. It knows nothing of CSTA: documents pass through it as bytes.
//!
//! What it has to report is returned as [`News`].
//!
//! | file | subject |
//! |---|---|
//! | `reader` | reading a connection: framing |
//! | `links` | connections: access, opening, sending, ending |
//! | `leg` | the state of a session's dialog |
//! | `received` | a request being processed, and refusals |
//! | `answering` | responses, immediate or later |
//! | `overload` | refusals when there is no room |
//! | `requests` | our requests in a dialog: events, BYE, refresh |
//! | `outbox` | when a session's events may be sent |
//! | `beginning` | beginning and refreshing a dialog: INVITE, UPDATE, ACK, session timers |
//! | `receiving` | a message's way to its transaction, dialog and method |

mod answering;
mod beginning;
mod leg;
pub(crate) mod links;
mod noting;
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
pub(crate) use received::{Received, Refusal, is_present_tag};
pub(crate) use requests::{Outgoing, note_announced, restart_session_timer};

use super::transactions::Transactions;
use crate::config::Config;
use crate::digest::Digester;
use crate::index::Index;
use crate::step::{AnySession, SessionId, TimerKey};
use crate::timer::Deadline;
use links::SipLinks;

/// What the user agent reports about a message.
pub(crate) enum News<'m> {
    /// Nothing: the user agent has dealt with the message.
    Nothing,
    /// An INVITE outside any dialog (RFC 3261 13.3.1), to be answered.
    SignIn(Received<'m>),
    /// A re-INVITE, to be answered, in a dialog that is not known here, with this tag of ours (RFC 3261 12.2.2).
    Takeover(Received<'m>, &'m str),
    /// A re-INVITE, an INFO or an UPDATE in a session, to be answered.
    InSession(Received<'m>, SessionId),
    /// A session is over, for this reason: BYE, CANCEL, or its client no longer knows the dialog.
    Over(SessionId, &'static str),
}

/// The user agent.
pub(crate) struct UserAgent {
    pub(crate) links: SipLinks,
    pub(crate) transactions: Transactions,
    by_dialog: Index<AnySession>,
    /// The header fields that every response to the current request repeats. Like the other buffers it is reused from
    /// step to step, and its contents mean nothing between steps.
    head: Vec<u8>,
    /// The message being written.
    message: Vec<u8>,
    /// Our `host:port` in the message being written.
    address: Vec<u8>,
}

impl UserAgent {
    /// A user agent without links and sessions.
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            links: SipLinks::new(config),
            transactions: Transactions::new(&config.limits),
            by_dialog: Index::default(),
            head: Vec::new(),
            message: Vec::new(),
            address: Vec::new(),
        }
    }

    /// The fingerprints of the tables, brought up to date, and the number of links of unlisted peers.
    pub(crate) fn fold(&mut self) -> ([u64; 3], usize) {
        let Self { links, transactions, .. } = self;
        ([links.slots.fold(), transactions.server.fold(), transactions.client.fold()], links.unlisted())
    }

    /// The same, recomputed.
    pub(crate) fn recompute(&self) -> ([u64; 3], usize) {
        let Self { links, transactions, .. } = self;
        let tables =
            [links.slots.recompute(), transactions.server.recompute(), transactions.client.recompute()];
        (tables, links.recount_unlisted())
    }

    /// Feeds the state outside the tables.
    pub(crate) fn digest_rest(&self, digester: &mut Digester) {
        let Self { links, transactions, by_dialog, head: _, message: _, address: _ } = self;
        links.digest_rest(digester);
        digester.value(&by_dialog.len());
        digester.value(&transactions.resent());
    }

    /// The record of a deadline, if it is the user agent's.
    pub(crate) fn deadline_of(&mut self, key: TimerKey) -> Option<&mut Deadline> {
        match key {
            TimerKey::Server(handle) => {
                self.transactions.server.get_mut(handle.cast()).map(|one| &mut one.deadline)
            }
            TimerKey::Client(handle) => {
                self.transactions.client.get_mut(handle.cast()).map(|one| &mut one.deadline)
            }
            TimerKey::Link(handle) => self.links.slots.get_mut(handle.cast()).map(|one| &mut one.deadline),
            TimerKey::Expiry(_)
            | TimerKey::Refresh(_)
            | TimerKey::Outbox(_)
            | TimerKey::Pending(_)
            | TimerKey::Connection(_)
            | TimerKey::Send(_)
            | TimerKey::Rebind
            | TimerKey::Stop
            | TimerKey::Unlisted => None,
        }
    }

    /// The number of dialogs in the index.
    pub(crate) fn dialogs(&self) -> usize {
        self.by_dialog.len()
    }
}
