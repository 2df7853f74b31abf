//! CSTA in SIP dialogs (uaCSTA, ECMA TR/87): ties the user agent ([`crate::sip::user_agent`]) to remote call control
//! ([`crate::rcc`]), neither of which knows the other. A session begins with an INVITE and is carried by its dialog; a
//! client's requests and its events come and go in INFOs.
//!
//! | file | subject |
//! |---|---|
//! | `noting` | notices about sessions |
//! | `client` | telling and answering a client, in its own edition of CSTA |
//! | `sleep`, `sessions` | a session's end |
//! | `refused` | what became of refused sign-ins, for operators |
//! | `appearance` | the line appearance that a sign-in means |
//! | `beginning` | a session's beginning |
//! | `choosing` | asking the phone system for a line, and for its devices |
//! | `rights` | what becomes of sessions when the directory has changed |
//! | `sign_in`, `takeover` | a session's beginning |
//! | `refresh`, `in_session` | requests in a session |
//! | `news` | what the user agent has to say |
//!
//! Each file calls only into those above it.

mod appearance;
mod beginning;
mod choosing;
mod client;
mod in_session;
mod news;
mod noting;
mod refresh;
pub(crate) mod refused;
mod rights;
mod sessions;
mod sign_in;
mod sleep;
mod takeover;

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use crate::config::Config;
use crate::digest::Digester;
use crate::rcc::control::Control;
use crate::sip::user_agent::{Leg, UserAgent};
use crate::step::SessionId;
use crate::time::Instant;
use choosing::Choosing;
use refused::Refused;

/// CSTA in SIP dialogs, with the user agent that carries them.
pub(crate) struct Uacsta {
    pub(crate) ua: UserAgent,
    /// When the process was last found to have been suspended.
    slept: Option<Instant>,
    /// The last time of day that was given, in seconds since 1970, and when it came.
    clock: Option<(Instant, u64)>,
    /// The CSTA document being written. It is reused from step to step, and its contents mean nothing between steps.
    body: Vec<u8>,
    /// Sign-ins that wait for the choice of a device.
    choosing: BTreeMap<SessionId, Choosing>,
    /// The last refused sign-ins.
    pub(crate) refused: Refused,
}

impl Uacsta {
    /// Creates a user agent without sessions.
    pub(crate) fn new(config: &Config) -> Self {
        Self {
            ua: UserAgent::new(config),
            slept: None,
            clock: None,
            body: Vec::new(),
            choosing: BTreeMap::new(),
            refused: Refused::default(),
        }
    }

    /// Sets the time of day.
    pub(crate) const fn set_clock(&mut self, now: Instant, unix_micros: u64) {
        self.clock = Some((now, unix_micros / 1_000_000));
    }

    /// Feeds the state outside the user agent's tables to a digester.
    pub(crate) fn digest_rest(&self, digester: &mut Digester) {
        let Self { ua, slept, clock, body: _, choosing, refused } = self;
        ua.digest_rest(digester);
        digester.value(slept);
        digester.value(&clock.map(|(at, _)| at));
        digester.value(&clock.map(|(_, seconds)| seconds));
        digester.value(choosing);
        refused.digest(digester);
    }
}
