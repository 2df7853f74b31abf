//! What operators want to know of a session: since when it lasts, and what last went wrong in it. Nothing depends on it,
//! so it is in no fingerprint.

use alloc::boxed::Box;
use core::fmt;

use super::control::Control;
use super::session::Carrier;
use crate::step::SessionId;
use crate::time::Instant;
use crate::wire::csta::errors::CstaError;

/// The most that is kept of a service's name, in bytes: a client may ask for one that nobody knows.
const MOST_BYTES: usize = 64;

/// The history of a session.
#[derive(Debug)]
pub(crate) struct History {
    /// When its INVITE came, or the one with which it was taken over from another node.
    pub(crate) since: Instant,
    /// What last went wrong. Most sessions have none.
    pub(crate) trouble: Option<Box<Trouble>>,
}

/// Something that went wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Trouble {
    /// When.
    pub(crate) at: Instant,
    /// The service that failed.
    pub(crate) service: Box<str>,
    /// Why.
    pub(crate) why: Why,
}

/// Why something went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Why {
    /// The error that the client was told.
    Error(CstaError),
    /// What the log says.
    Said(&'static str),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.why {
            Why::Error(error) => write!(f, "{}: {error}", self.service),
            Why::Said(why) => write!(f, "{}: {why}", self.service),
        }
    }
}

impl History {
    /// The history of a session that begins.
    pub(crate) const fn new(since: Instant) -> Self {
        Self { since, trouble: None }
    }
}

impl<C: Carrier> Control<C> {
    /// Keeps what went wrong with a service in a session, for operators.
    pub(crate) fn keep_trouble(&mut self, at: Instant, session: SessionId, service: &str, why: Why) {
        let Some(one) = self.sessions.get_mut(session) else { return };
        // The name of a service is ASCII; a client's word for one that does not exist may be anything.
        let ends = service.char_indices().map(|(end, _)| end).chain([service.len()]);
        let end = ends.take_while(|end| *end <= MOST_BYTES).last().unwrap_or_default();
        let service = Box::from(service.get(..end).unwrap_or_default());
        one.history.trouble = Some(Box::new(Trouble { at, service, why }));
    }
}
