//! Remote call control, with the pool of CTI connections below it: takes typed requests of clients and news of phone
//! systems, and says what to tell which client. It knows nothing of what carries a session to its client.
//!
//! | file | subject |
//! |---|---|
//! | `session`, `sessions` | sessions, and what carries them |
//! | `binding` | which CTI connection a session is bound to, and what its client may ask for |
//! | `stale` | sessions whose connection was replaced |
//! | `jobs` | what touches many sessions, done in portions |
//! | `ticket` | what belongs to a request that a phone system was asked |
//! | `walk`, `moving` | sessions that are moved to another connection, one after the other |
//! | `verification` | calls that may be other than they are known |
//! | `early` | events that come before the answer that names their monitor |
//! | `stops` | monitors at the phone system that nobody needs any more |
//! | `resync` | bringing a client up to date after nothing fed its monitor |
//! | `monitoring` | clients' monitors, and those at the phone system that feed them |
//! | `events` | events on their way to clients |
//! | `device_lists`, `relaying`, `services` | what clients ask for, and the answers |
//! | `connections` | what becomes of CTI connections, and who is concerned |
//!
//! Each names only those above it.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use super::binding::Held;
use super::device_lists::DeviceLists;
use super::early::EarlyEvents;
use super::jobs::Job;
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
use crate::index::Index;
use crate::overview::View;
use crate::slots::{Handle, Slots};
use crate::step::{AnySession, SessionId, TimerKey};
use crate::timer::{Deadline, Timers};
use crate::wire::csta::model::{Event, SystemStatus};
use crate::wire::csta::relayed::Relayed;

/// Something that a client is to be told.
#[derive(Clone, Copy)]
pub(crate) struct News<'n> {
    /// Whose client.
    pub(crate) session: SessionId,
    /// What.
    pub(crate) what: What<'n>,
}

/// What a client is to be told.
#[derive(Clone, Copy)]
pub(crate) enum What<'n> {
    /// An event of its monitor of this cross-reference ID, about calls of the phone system numbered `switch`.
    Event { cross_reference: u32, switch: u8, event: &'n Event<'n> },
    /// Its monitor of this cross-reference ID is dead.
    MonitorStopped(u32),
    /// How the phone system is, as its registration of this ID asked for.
    Status(u32, SystemStatus),
    /// A part of what a response announced, from the phone system numbered so.
    Part(u8, &'n Relayed<'n>),
}

/// Remote call control. `C` is what carries sessions.
pub(crate) struct Control<C> {
    pub(crate) pool: Pool<Ticket>,
    pub(crate) sessions: Sessions<C>,
    /// Those whose clients were told that they are gone, by user and line.
    pub(super) stale: Index<AnySession>,
    pub(super) monitors: Slots<Monitor>,
    pub(super) switch_monitors: SwitchMonitors,
    pub(super) stops: Stops,
    /// How many sessions are bound to each connection.
    pub(super) held: Held,
    pub(super) early: EarlyEvents,
    pub(super) device_lists: DeviceLists,
    pub(crate) jobs: VecDeque<Job>,
    /// The monitors whose clients a job tells what changed.
    pub(super) to_be_told: VecDeque<Handle<Monitor>>,
    pub(super) walker: Walker,
    pub(super) walk_deadline: Deadline,
}

/// The fingerprints of the tables: of sessions, monitors, monitors at phone systems, requests under way.
pub(crate) type Tables = [u64; 4];

impl<C: Carrier> Control<C> {
    /// Nobody's. It dials its CTI connections as soon as time begins; each speaks what `protocol` makes for it.
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
            stale: Index::default(),
            monitors: Slots::new(monitors),
            switch_monitors: SwitchMonitors::new(monitors, Entropy::new(seed)),
            stops: Stops::default(),
            held: Held::default(),
            early: EarlyEvents::default(),
            device_lists: DeviceLists::default(),
            jobs: VecDeque::new(),
            to_be_told: VecDeque::new(),
            walker: Walker::IDLE,
            walk_deadline: Deadline::default(),
        }
    }

    /// Where the deadline of the walk over the sessions is noted.
    pub(crate) const fn walk_deadline(&mut self) -> &mut Deadline {
        &mut self.walk_deadline
    }

    /// How many sessions are bound to the connection at an index.
    pub(crate) fn bound_to(&self, index: usize) -> usize {
        self.held.get(index).copied().unwrap_or_default()
    }

    /// How many of everything there are.
    pub(crate) fn count(&self, view: &mut View) {
        view.sessions = self.sessions.len();
        view.monitors = self.monitors.len();
        view.switch_monitors = self.switch_monitors.slots.len();
        view.pending = self.pool.requests().len();
        view.early = self.early.len();
        view.jobs = self.jobs.len();
    }

    /// The fingerprints of the tables, kept up to date.
    pub(crate) fn fold(&mut self) -> (Tables, Held) {
        let tables =
            [self.sessions.fold(), self.monitors.fold(), self.switch_monitors.slots.fold(), self.pool.fold()];
        (tables, self.held)
    }

    /// The same, computed anew.
    pub(crate) fn recompute(&self) -> (Tables, Held) {
        let tables = [
            self.sessions.recompute(),
            self.monitors.recompute(),
            self.switch_monitors.slots.recompute(),
            self.pool.recompute(),
        ];
        (tables, self.recount_held())
    }

    /// Feeds everything, with the fingerprints of the tables. The indexes follow from the tables.
    pub(crate) fn digest_with(&self, digester: &mut Digester, (tables, held): (Tables, Held)) {
        let Self {
            pool,
            sessions: _,
            stale,
            monitors: _,
            switch_monitors: _,
            stops,
            held: _,
            early,
            device_lists,
            jobs,
            to_be_told,
            walker,
            walk_deadline,
        } = self;
        for table in tables {
            digester.number(table);
        }
        crate::digest::sequence(digester, held.iter());
        digester.value(&stale.len());
        digester.value(stops);
        digester.value(pool);
        digester.value(early);
        digester.value(device_lists);
        crate::digest::sequence(digester, jobs.iter());
        crate::digest::sequence(digester, to_be_told.iter());
        digester.value(walker);
        digester.value(walk_deadline);
    }
}
