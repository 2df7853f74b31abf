//! Remote call control, with the pool of CTI connections below it: takes typed requests of clients and news of phone
//! systems, and tells and answers clients. It does not know what carries a session to its client.
//!
//! | file | subject |
//! |---|---|
//! | `session`, `sessions` | sessions and their carriers |
//! | `binding` | which CTI connection a session is bound to, and what its client may ask for |
//! | `choices` | the line appearances that users have chosen |
//! | `stale` | sessions whose connection was replaced |
//! | `jobs` | work on many sessions, done in portions |
//! | `other_line` | other lines that a session's user may control |
//! | `ticket` | the context of a request to a phone system |
//! | `noting` | what notices say of sessions and connections |
//! | `walk`, `moving` | moving sessions to another connection, one after the other |
//! | `verification` | verification of calls of which events were lost |
//! | `early` | events that come before the answer that names their monitor |
//! | `stops` | switch monitors that are no longer needed |
//! | `inquiry` | asking who is in a call |
//! | `resync` | bringing a client up to date after nothing fed its monitor |
//! | `monitoring` | clients' monitors, and the switch monitors that feed them |
//! | `events` | events on their way to clients |
//! | `device_lists`, `relaying`, `services` | clients' requests and their answers |
//! | `connections` | changes in the state of CTI connections |
//! | `clients` | clients as they are seen here: what they are told, and how they are answered |
//! | `not_dialable` | numbers for which requests are refused |
//! | `delivery` | what clients are told of their monitors |
//! | `introducing` | telling clients who is in a call |
//! | `other_device` | controlling a line at another device |
//! | `restoring`, `lifetime` | a session's connection and monitors; its beginning and its end |
//! | `serving`, `answers` | a client's request, and a phone system's answer, on their ways |
//! | `work`, `phone_systems` | portions of jobs; what the pool has to say |
//!
//! Each file uses only those above it.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};

use super::binding::BoundCounts;
use super::choices::Choices;
use super::device_lists::DeviceLists;
use super::early::EarlyEvents;
use super::jobs::Job;
use super::reference::Reference;
use super::session::{Carrier, Monitor};
use super::sessions::Sessions;
use super::stops::Stops;
use super::switch_monitor::SwitchMonitors;
use super::ticket::Ticket;
use super::walk::Walker;
use crate::config::Config;
use crate::cti::pool::Pool;
use crate::cti::protocol::LinkProtocol;
use crate::digest::Digester;
use crate::entropy::{Entropy, Seed};
use crate::few::Few;
use crate::index::Index;
use crate::overview::View;
use crate::slots::{Handle, Slots};
use crate::step::{AnySession, SessionId, TimerKey};
use crate::timer::{Deadline, Timers};
use crate::wire::csta::guard::XmlLimits;
use crate::wire::csta::model::{Event, SystemStatus};
use crate::wire::csta::relayed::Relayed;

/// News for a client.
#[derive(Clone, Copy)]
pub(crate) struct News<'n> {
    /// The client's session.
    pub(crate) session: SessionId,
    /// The content.
    pub(crate) what: What<'n>,
}

/// The content of news for a client.
#[derive(Clone, Copy)]
pub(crate) enum What<'n> {
    /// An event for its monitor with this cross-reference ID, about calls of the phone system numbered `switch`.
    Event { cross_reference: Reference, switch: u8, event: &'n Event<'n> },
    /// Its monitor with this cross-reference ID has ended.
    MonitorStopped(Reference),
    /// The status of the phone system, under its registration with this ID.
    Status(Reference, SystemStatus),
    /// A part of a list that a response announced, from the phone system with this number.
    Part(u8, &'n Relayed<'n>),
}

/// Remote call control. `C` is the carrier of its sessions.
pub(crate) struct Control<C> {
    pub(crate) pool: Pool<Ticket>,
    pub(crate) sessions: Sessions<C>,
    pub(crate) choices: Choices,
    /// The sessions of each user of the directory, by ID without case. Follows from the table.
    pub(super) by_owner: BTreeMap<Box<str>, Few<SessionId>>,
    /// The sessions whose clients were told that they are gone, by user and line.
    pub(super) stale: Index<AnySession>,
    pub(super) monitors: Slots<Monitor>,
    pub(super) switch_monitors: SwitchMonitors,
    pub(super) stops: Stops,
    /// How many sessions are bound to each connection.
    pub(super) bound: BoundCounts,
    pub(super) early: EarlyEvents,
    pub(super) device_lists: DeviceLists,
    pub(crate) jobs: VecDeque<Job>,
    /// The monitors whose clients a job is to tell what changed.
    pub(super) to_be_told: VecDeque<Handle<Monitor>>,
    /// How many snapshots were requested.
    pub(super) snapshots: u64,
    pub(super) walker: Walker,
    pub(super) walk_deadline: Deadline,
    pub(crate) xml_limits: XmlLimits,
}

/// The fingerprints of the tables: sessions, monitors, switch monitors, requests under way, choices.
pub(crate) type Tables = [u64; 5];

impl<C: Carrier> Control<C> {
    /// Creates remote call control, which dials its CTI connections with the first tick; `protocol` creates their
    /// protocols.
    pub(crate) fn new(
        config: &Config,
        seed: Seed,
        timers: &mut Timers<TimerKey>,
        protocol: impl FnMut(&Config, u8) -> Box<dyn LinkProtocol>,
    ) -> Self {
        let limits = &config.limits;
        let monitors = limits.sessions.saturating_mul(limits.monitors_per_session);
        Self {
            pool: Pool::new(config, timers, protocol),
            sessions: Sessions::new(limits.sessions),
            choices: Choices::new(limits.selections),
            by_owner: BTreeMap::new(),
            stale: Index::default(),
            monitors: Slots::new(monitors),
            switch_monitors: SwitchMonitors::new(monitors, Entropy::new(seed)),
            stops: Stops::default(),
            bound: BoundCounts::default(),
            early: EarlyEvents::default(),
            device_lists: DeviceLists::default(),
            jobs: VecDeque::new(),
            to_be_told: VecDeque::new(),
            snapshots: 0,
            walker: Walker::IDLE,
            walk_deadline: Deadline::default(),
            xml_limits: XmlLimits::from(limits),
        }
    }

    /// Returns the deadline of the walk over the sessions.
    pub(crate) const fn walk_deadline(&mut self) -> &mut Deadline {
        &mut self.walk_deadline
    }

    /// Returns the number of sessions bound to the connection at an index.
    pub(crate) fn bound_to(&self, index: usize) -> usize {
        self.bound.get(index).copied().unwrap_or_default()
    }

    /// Fills in the sizes of the tables.
    pub(crate) fn count(&self, view: &mut View) {
        view.sessions = self.sessions.len();
        view.monitors = self.monitors.len();
        view.switch_monitors = self.switch_monitors.slots.len();
        view.pending = self.pool.requests().len();
        view.early = self.early.len();
        view.jobs = self.jobs.len();
    }

    /// Updates and returns the fingerprints of the tables.
    pub(crate) fn fold(&mut self) -> (Tables, BoundCounts) {
        let tables = [
            self.sessions.fold(),
            self.monitors.fold(),
            self.switch_monitors.slots.fold(),
            self.pool.fold(),
            self.choices.fold(),
        ];
        (tables, self.bound)
    }

    /// Computes the same from scratch.
    pub(crate) fn recompute(&self) -> (Tables, BoundCounts) {
        let tables = [
            self.sessions.recompute(),
            self.monitors.recompute(),
            self.switch_monitors.slots.recompute(),
            self.pool.recompute(),
            self.choices.recompute(),
        ];
        (tables, self.recount_bound())
    }

    /// Feeds the whole state to a digester, the tables by their fingerprints. The indexes follow from the tables.
    pub(crate) fn digest_with(&self, digester: &mut Digester, (tables, bound): (Tables, BoundCounts)) {
        let Self {
            pool,
            sessions: _,
            choices,
            by_owner: _,
            stale,
            monitors: _,
            switch_monitors: _,
            stops,
            bound: _,
            early,
            device_lists,
            jobs,
            to_be_told,
            snapshots,
            walker,
            walk_deadline,
            xml_limits: _,
        } = self;
        for table in tables {
            digester.number(table);
        }
        crate::digest::sequence(digester, bound.iter());
        digester.value(&stale.len());
        digester.value(stops);
        digester.value(pool);
        digester.value(early);
        digester.value(device_lists);
        crate::digest::sequence(digester, jobs.iter());
        crate::digest::sequence(digester, to_be_told.iter());
        digester.number(*snapshots);
        digester.value(walker);
        digester.value(walk_deadline);
        choices.digest_rest(digester);
    }
}
