//! The client's requests under way, each with its transaction, and the answers it gave, for retransmitted requests.

use alloc::collections::VecDeque;
use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::sip::non_invite_client;
use ctigate_core::time::Instant;
use ctigate_core::wire::sip::{Message, Method};

use super::invite_client;

/// The most answers kept for retransmitted requests.
const ANSWERS: usize = 16;

/// The purpose of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// The first INVITE.
    SignIn,
    /// A re-INVITE.
    Refresh,
    /// An UPDATE.
    Update,
    /// MonitorStart.
    Monitor,
    /// A CSTA service that changes a call; the word says which.
    Service(&'static str),
    /// A snapshot of another phone, to learn the call that a service is about.
    Look,
    /// A document from the script.
    Raw,
    /// BYE.
    Bye,
}

impl Purpose {
    /// Its name in messages to people.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SignIn => "sign-in",
            Self::Refresh => "refresh",
            Self::Update => "update",
            Self::Monitor => "monitor",
            Self::Service(name) => name,
            Self::Look => "look",
            Self::Raw => "raw",
            Self::Bye => "sign-out",
        }
    }
}

#[derive(Debug)]
enum Machine {
    Invite(invite_client::State),
    Other(non_invite_client::State),
}

/// One request.
#[derive(Debug)]
pub(super) struct Transaction {
    branch: String,
    method: &'static str,
    pub(super) purpose: Purpose,
    /// Whether the script's current line waits for it.
    pub(super) for_line: bool,
    /// The `CSeq` number and Request-URI, which an ACK repeats.
    pub(super) sequence: u32,
    pub(super) uri: String,
    machine: Machine,
}

/// What a response or a deadline requires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    Nothing,
    /// Send the request again.
    Resend,
    /// The final response arrived; that of an INVITE needs an ACK.
    Final,
    /// It was retransmitted, and needs another ACK.
    Again,
    /// No final response arrived.
    TimedOut,
}

impl Transaction {
    /// The transaction of a request that was just sent.
    pub(super) fn new(
        (method, sequence, branch): (Method<'static>, u32, String),
        uri: &str,
        purpose: Purpose,
        for_line: bool,
        (bytes, now, reliable): (&[u8], Instant, bool),
    ) -> Self {
        let machine = if method == Method::Invite {
            Machine::Invite(invite_client::State::new(bytes, now, reliable))
        } else {
            Machine::Other(non_invite_client::State::new(bytes, now, reliable))
        };
        Self { branch, method: method.name(), purpose, for_line, sequence, uri: uri.into(), machine }
    }

    /// Whether its answer is still awaited.
    fn is_open(&self) -> bool {
        matches!(
            self.machine,
            Machine::Invite(invite_client::State::Calling { .. } | invite_client::State::Proceeding)
                | Machine::Other(
                    non_invite_client::State::Trying { .. } | non_invite_client::State::Proceeding { .. }
                )
        )
    }

    fn deadline(&self) -> Option<Instant> {
        match &self.machine {
            Machine::Invite(state) => state.deadline(),
            Machine::Other(state) => state.deadline(),
        }
    }

    /// The request, where it may have to be sent again.
    pub(super) fn request(&self) -> Option<&[u8]> {
        match &self.machine {
            Machine::Invite(state) => state.request(),
            Machine::Other(state) => state.request(),
        }
    }

    /// Takes a response's status or, with `None`, the deadline.
    fn on(&mut self, status: Option<u16>, now: Instant, reliable: bool) -> Effect {
        match &mut self.machine {
            Machine::Invite(machine) => {
                use super::invite_client::{Effect as Said, Event, State};
                let event = match status {
                    None => Event::Timer,
                    Some(..200) => Event::Provisional,
                    Some(..300) => Event::Success,
                    Some(_) => Event::Failure,
                };
                let (next, effect) = core::mem::replace(machine, State::Terminated).on(event, now, reliable);
                *machine = next;
                match effect {
                    Said::Nothing => Effect::Nothing,
                    Said::Resend => Effect::Resend,
                    Said::Accepted | Said::Refused => Effect::Final,
                    Said::AcknowledgeAgain => Effect::Again,
                    Said::TimedOut => Effect::TimedOut,
                }
            }
            Machine::Other(machine) => {
                use non_invite_client::{Effect as Said, Event, State};
                let event = match status {
                    None => Event::Timer,
                    Some(..200) => Event::Provisional,
                    Some(_) => Event::Final,
                };
                let (next, effect) = core::mem::replace(machine, State::Terminated).on(event, now, reliable);
                *machine = next;
                match effect {
                    Said::Nothing => Effect::Nothing,
                    Said::Resend => Effect::Resend,
                    Said::Answered => Effect::Final,
                    Said::TimedOut => Effect::TimedOut,
                }
            }
        }
    }

    fn is_over(&self) -> bool {
        matches!(
            self.machine,
            Machine::Invite(invite_client::State::Terminated)
                | Machine::Other(non_invite_client::State::Terminated)
        )
    }
}

/// All requests under way, and the answers given.
#[derive(Debug, Default)]
pub(super) struct Transactions {
    sent: Vec<Transaction>,
    answers: VecDeque<(String, Vec<u8>)>,
}

/// What the owner of a transaction has to know when something happened to it.
#[derive(Debug)]
pub(super) struct Told {
    pub(super) effect: Effect,
    pub(super) purpose: Purpose,
    pub(super) for_line: bool,
    pub(super) sequence: u32,
    pub(super) uri: String,
    /// The request, when it is to be sent again.
    pub(super) request: Vec<u8>,
}

impl Transactions {
    pub(super) fn add(&mut self, transaction: Transaction) {
        self.sent.push(transaction);
    }

    /// Whether the answer to a request for `purpose` is still awaited.
    pub(super) fn has(&self, purpose: Purpose) -> bool {
        self.sent.iter().any(|transaction| transaction.purpose == purpose && transaction.is_open())
    }

    /// Takes a response, if it answers one of the requests (RFC 3261 17.1.3).
    pub(super) fn response(&mut self, response: &Message<'_>, now: Instant, reliable: bool) -> Option<Told> {
        let branch = response.via()?.branch?;
        let method = response.cseq()?.method.name();
        let index = self.sent.iter().position(|sent| sent.branch == branch && sent.method == method)?;
        self.tell(index, Some(response.status()?), now, reliable)
    }

    /// The earliest deadline.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.sent.iter().filter_map(Transaction::deadline).min()
    }

    /// Handles one deadline that is reached.
    pub(super) fn tick(&mut self, now: Instant, reliable: bool) -> Option<Told> {
        let due = |sent: &Transaction| sent.deadline().is_some_and(|at| at <= now);
        let index = self.sent.iter().position(due)?;
        self.tell(index, None, now, reliable)
    }

    fn tell(&mut self, index: usize, status: Option<u16>, now: Instant, reliable: bool) -> Option<Told> {
        let sent = self.sent.get_mut(index)?;
        let effect = sent.on(status, now, reliable);
        let request = if effect == Effect::Resend { sent.request().map(Vec::from) } else { None };
        let told = Told {
            effect,
            purpose: sent.purpose,
            for_line: sent.for_line,
            sequence: sent.sequence,
            uri: sent.uri.clone(),
            request: request.unwrap_or_default(),
        };
        if sent.is_over() {
            self.sent.remove(index);
        }
        Some(told)
    }

    /// The answer already given to a request with this branch.
    pub(super) fn answer(&self, branch: &str) -> Option<&[u8]> {
        self.answers.iter().find(|(known, _)| known == branch).map(|(_, answer)| answer.as_slice())
    }

    /// Keeps an answer, in case its request is retransmitted.
    pub(super) fn keep_answer(&mut self, branch: &str, answer: &[u8]) {
        if self.answers.len() >= ANSWERS {
            self.answers.pop_front();
        }
        self.answers.push_back((branch.into(), answer.into()));
    }
}

ctigate_core::digest! { struct Transactions { sent, answers } }

ctigate_core::digest! { struct Transaction { branch, method, purpose => purpose.name(), for_line, sequence, uri, machine } }

ctigate_core::digest! { enum Machine { Invite(state), Other(state) } }
