//! The CTI connections' life, and the way of what they bring.

use core::fmt::{self, Display};

use super::events::EventSource;
use super::jobs::Job;
use super::rebind::rebinds;
use super::{Gateway, Pending, Step, TimerKey};
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::cti::connection::{Effect, Event, State, Times};
use crate::cti::offer;
use crate::cti::pool::{Pool, backoff};
use crate::cti::protocol::{Incoming, Output, Protocol, RequestId};
use crate::entropy::Domain;
use crate::input::Closed;
use crate::links::Owner;
use crate::slots::Handle;

use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Message, Response, SystemStatus};
use crate::wire::csta::parse::Document;
use crate::wire::csta_frame::Framed;

impl Gateway {
    /// The connection as it is now, by place and ID.
    fn reference_of(&self, place: u8) -> ConnectionRef {
        ConnectionRef::new(place, self.pool.at(place).map_or(0, |connection| connection.id))
    }

    fn times(&mut self, step: &mut Step<'_>, place: u8) -> Times {
        let cti = &step.config.cti;
        let attempts = self.pool.at(place).map_or(0, |connection| connection.attempts);
        let longest = self.pool.at(place).and_then(|one| one.protocol.as_ref().longest_silence());
        let (min, max) = (cti.reconnect_min, cti.reconnect_max);
        Times {
            connect: cti.connect_timeout,
            heartbeat: longest.map_or(cti.heartbeat, |longest| longest.min(cti.heartbeat)),
            answer: cti.heartbeat_timeout,
            retry: backoff(attempts, min, max, step.entropy.draw(Domain::Jitter)),
        }
    }

    /// Lets a connection's machine take an event, and does what it wants.
    fn on_connection(&mut self, step: &mut Step<'_>, place: u8, event: Event) {
        let times = self.times(step, place);
        let Some(connection) = self.pool.at_mut(place) else { return };
        let served = connection.state.is_in_service();
        if event == Event::Timer && matches!(connection.state, State::AwaitingHeartbeat { .. }) {
            step.counters.heartbeats_missed += 1;
        }
        let (state, effect) = connection.state.on(event, step.now, times);
        connection.state = state;
        if event == Event::Alive {
            connection.vitals.heard(step.now);
            // Only now: one that fails as soon as it serves is dialled ever more rarely.
            connection.attempts = 0;
        }
        let at = state.deadline();
        step.timers.set(&mut connection.deadline, TimerKey::Connection(place), at);
        match effect {
            Effect::Nothing => {}
            Effect::Connect => self.dial(step, place),
            Effect::Open => {
                self.with_protocol(step, place, |protocol, output| protocol.as_mut().open(output))
            }
            Effect::Serve => self.serve_connection_up(step, place),
            Effect::Beat => {
                connection.vitals.asked(step.now);
                self.with_protocol(step, place, |protocol, output| protocol.as_mut().heartbeat(output));
            }
            Effect::GiveUp(why) => self.give_up(step, place, why, served),
        }
    }

    pub(super) fn on_connection_timer(&mut self, step: &mut Step<'_>, place: u8) {
        self.on_connection(step, place, Event::Timer);
    }

    fn with_protocol(
        &mut self,
        step: &mut Step<'_>,
        place: u8,
        act: impl FnOnce(&mut Protocol, &mut Output<'_>),
    ) {
        let Some(connection) = self.pool.at_mut(place) else { return };
        let Some(link) = connection.link else { return };
        act(&mut connection.protocol, &mut Output { link, now: step.now, actions: step.actions });
    }

    /// Opens the transport; every connect has a new connection ID.
    fn dial(&mut self, step: &mut Step<'_>, place: u8) {
        let link = step.links.draw();
        step.links.assign(link, Owner::Cti(place));
        let id = self.pool.draw_id();
        let Some(connection) = self.pool.at_mut(place) else { return };
        connection.link = Some(link);
        connection.id = id;
        connection.starting = 0;
        self.stops.renew(place);
        self.early.renew(place);
        self.device_lists.renew(place);
        connection.overloaded = false;
        connection.framer = crate::wire::csta_frame::Framer::default();
        connection.attempts = connection.attempts.saturating_add(1);
        step.actions.connect(link, &connection.address);
        let fields: &[(&str, &dyn Display)] =
            &[("cti", &connection.name), ("connection", &id), ("attempt", &connection.attempts)];
        step.actions.notify(Level::Debug, "cti_connecting", fields);
    }

    fn serve_connection_up(&mut self, step: &mut Step<'_>, place: u8) {
        let Some(connection) = self.pool.at_mut(place) else { return };
        connection.failure = None;
        connection.vitals.served(step.now);
        step.counters.connections_served += 1;
        self.tell_in_service(step, place);
        self.want_rebind(step);
        // Where sessions are moved nothing of theirs is void: those that lost it are told when they are moved.
        if !rebinds(step.config) {
            // The first is good news for all: whoever INVITEs anew is served (S9).
            let is_first = self.pool.connections.iter().filter(|one| one.state.is_in_service()).count() == 1;
            self.tell_all((!is_first).then_some(place), SystemStatus::Enabled);
        }
    }

    /// Says that a connection serves, and which do not yet.
    fn tell_in_service(&self, step: &mut Step<'_>, place: u8) {
        let Some(connection) = self.pool.at(place) else { return };
        let missing = Missing(&self.pool);
        let fields: &[(&str, &dyn Display)] = &[
            ("cti", &connection.name),
            ("connection", &connection.id),
            ("address", &connection.address),
            ("missing", &missing),
        ];
        let is_complete = self.pool.connections.iter().all(|one| one.state.is_in_service());
        let count = if is_complete { 3 } else { 4 };
        step.actions.notify(Level::Info, "cti_in_service", fields.get(..count).unwrap_or_default());
    }

    /// A connection is of no more use: what was under way is returned, its sessions are told, it is dialled again.
    fn give_up(&mut self, step: &mut Step<'_>, place: u8, why: &'static str, served: bool) {
        let connection = self.reference_of(place);
        let Some(one) = self.pool.at_mut(place) else { return };
        let why = one.failure.unwrap_or(why);
        one.failure = Some(why);
        let State::Down { retry_at } = one.state else { return };
        let wait = retry_at.since(step.now).as_millis();
        let fields: &[(&str, &dyn Display)] = &[
            ("cti", &one.name),
            ("connection", &one.id),
            ("address", &one.address),
            ("why", &why),
            ("retry_in_ms", &wait),
        ];
        step.actions.notify(Level::Error, "cti_out_of_service", fields);
        if let Some(link) = one.link.take() {
            step.links.release(link);
            step.actions.close(link);
        }
        one.failure = None;
        one.last_failure = Some(why);
        one.vitals.failed(step.now, served);
        self.note_unserved(step, served);
        // One that was not in service had no requests, and nobody need hear that it still is not.
        if served {
            step.counters.connections_lost += 1;
            self.lose_connection(connection);
            self.tell_all(Some(place), SystemStatus::Disabled);
            self.want_rebind(step);
        }
    }

    /// The last connection in service is gone: said once; what it means is counted (`sign_ins_unserved`).
    fn note_unserved(&self, step: &mut Step<'_>, served: bool) {
        if served && !self.pool.serves() {
            let count = self.pool.connections.len();
            step.actions.notify(Level::Error, "cti_none_in_service", &[("connections", &count)]);
        }
    }

    /// Fails a connection for a reason of its own.
    fn fail(&mut self, step: &mut Step<'_>, place: u8, why: &'static str) {
        if let Some(connection) = self.pool.at_mut(place) {
            connection.failure = Some(why);
        }
        self.on_connection(step, place, Event::Failed);
    }

    /// Nobody waits for an answer any more. Each that never comes costs an invoke ID: with too few left, the connection
    /// is renewed.
    pub(super) fn abandon(
        &mut self,
        step: &mut Step<'_>,
        connection: ConnectionRef,
        pending: Handle<Pending>,
    ) {
        if self.pool.in_service(connection).is_none() {
            return;
        }
        self.with_protocol(step, connection.place(), |protocol, output| {
            protocol.as_mut().abandon(RequestId(pending.number()), output);
        });
        if self.pool.at(connection.place()).is_some_and(|one| one.protocol.as_ref().is_worn_out()) {
            self.fail(
                step,
                connection.place(),
                "too few invoke IDs are left: too many requests got no answer",
            );
        }
    }

    pub(super) fn on_cti_opened(&mut self, step: &mut Step<'_>, place: u8) {
        self.on_connection(step, place, Event::Opened);
    }

    pub(super) fn on_cti_closed(&mut self, step: &mut Step<'_>, place: u8, why: Closed) {
        // The link is closed already: nothing is to be closed again.
        if let Some(link) = self.pool.at_mut(place).and_then(|connection| connection.link.take()) {
            step.links.release(link);
        }
        self.fail(step, place, closed_because(why));
    }

    /// Bytes of a CTI link: at most one frame.
    pub(super) fn on_cti_bytes(&mut self, step: &mut Step<'_>, place: u8, bytes: &[u8]) -> usize {
        let reference = self.reference_of(place);
        let Some(connection) = self.pool.at_mut(place) else { return bytes.len() };
        let mut framer = core::mem::take(&mut connection.framer);
        let (taken, found) = framer.push(bytes);
        match found {
            Framed::Incomplete => {}
            Framed::Frame { invoke, document } => self.on_cti_frame(step, reference, invoke, document),
            Framed::Broken(error) => {
                self.fail(step, place, error.text());
                return bytes.len();
            }
        }
        if let Some(connection) = self.pool.at_mut(place).filter(|one| one.id == reference.id) {
            connection.framer = framer;
        }
        taken
    }

    fn on_cti_frame(&mut self, step: &mut Step<'_>, connection: ConnectionRef, invoke: u16, bytes: &[u8]) {
        let place = connection.place();
        let document = match Document::parse(bytes, &self.xml_limits) {
            Ok(document) => document,
            Err(error) => {
                step.counters.documents_discarded += 1;
                self.discard_from(step, place, &error);
                return;
            }
        };
        let Some(one) = self.pool.at_mut(place) else { return };
        let Some(link) = one.link else { return };
        let mut output = Output { link, now: step.now, actions: step.actions };
        let incoming = match &mut one.protocol {
            Protocol::Csta(protocol) => protocol.on_document(invoke, &document, &mut output),
        };
        match incoming {
            Incoming::Nothing => {}
            Incoming::Ready(features) => {
                one.features = offer::at_link(features.unwrap_or_else(offer::presumed));
                self.on_connection(step, place, Event::Ready);
            }
            Incoming::Alive => {
                self.on_connection(step, place, Event::Alive);
                self.stop_more(step, connection);
            }
            Incoming::Response(RequestId(pending), response) => {
                self.on_outcome(step, Handle::from_number(pending), &response);
            }
            Incoming::Whole(RequestId(pending), whole) => self.on_whole_answer(step, place, pending, &whole),
            Incoming::Told(relayed) => self.on_told(step, connection, &relayed, bytes),
            Incoming::Malformed(RequestId(pending), malformed) => {
                self.on_unusable(step, place, pending, (CstaError::UNSPECIFIED, &malformed));
            }
            Incoming::Unusable(RequestId(pending), error, why) => {
                self.on_unusable(step, place, pending, (error, &why));
            }
            Incoming::Event(event) => self.on_event(step, connection, &event, bytes),
            Incoming::Status(SystemStatus::Disabled) => {
                self.fail(step, place, "the phone system says it is disabled");
            }
            // ECMA-269, System Status: there are no monitors any more. As long as none of ours is active, it is how a phone
            // system introduces itself: the first MonitorStarts may go out right behind the registration.
            Incoming::Status(SystemStatus::Enabled) if self.watches.is_any_active(connection) => {
                self.fail(step, place, "the phone system says it has begun anew");
            }
            Incoming::Status(SystemStatus::Initializing) => {
                self.fail(step, place, "the phone system says it is initializing");
            }
            Incoming::Status(status) => self.on_status(place, status),
            Incoming::MonitorStopped(cross_reference) => {
                self.on_monitor_stopped(step, EventSource { connection, cross_reference }, bytes);
            }
            Incoming::Late => {
                step.counters.answers_late += 1;
                self.discard_from(step, place, &"a late response");
            }
            Incoming::Unexpected => {
                step.counters.answers_unknown += 1;
                self.discard_from(step, place, &"an unexpected response");
            }
            Incoming::Discarded(why) => {
                step.counters.documents_discarded += 1;
                self.discard_from(step, place, &why);
            }
            Incoming::Failed(why) => self.fail(step, place, why),
        }
    }

    /// The data that a response announced are all here: put together, they are what was asked for.
    fn on_whole_answer(&mut self, step: &mut Step<'_>, place: u8, pending: u64, whole: &[u8]) {
        let document = match Document::parse(whole, &self.xml_limits) {
            Ok(document) => document,
            Err(error) => {
                let why: &dyn Display = &error;
                return self.on_unusable(step, place, pending, (CstaError::RESOURCE_LIMIT_EXCEEDED, why));
            }
        };
        let message = document.message();
        let why: &dyn Display = match &message {
            Ok(Message::Response(response)) => {
                return self.on_outcome(step, Handle::from_number(pending), response);
            }
            Ok(_) => &"an answer in parts that is none",
            Err(malformed) => malformed,
        };
        self.on_unusable(step, place, pending, (CstaError::UNSPECIFIED, why));
    }

    /// There is an answer, and it is of no use: who asked gets an error, and need not wait for more.
    fn on_unusable(
        &mut self,
        step: &mut Step<'_>,
        place: u8,
        pending: u64,
        (error, why): (CstaError, &dyn Display),
    ) {
        step.counters.documents_discarded += 1;
        self.discard_from(step, place, why);
        self.on_outcome(step, Handle::from_number(pending), &Response::Error(error));
    }

    /// The phone system says how it is, and goes on serving.
    fn on_status(&mut self, place: u8, status: SystemStatus) {
        if let Some(one) = self.pool.at_mut(place) {
            one.overloaded = match status {
                SystemStatus::OverloadImminent | SystemStatus::OverloadReached => true,
                SystemStatus::OverloadRelieved | SystemStatus::Normal | SystemStatus::Enabled => false,
                SystemStatus::Disabled
                | SystemStatus::Initializing
                | SystemStatus::PartiallyDisabled
                | SystemStatus::MessagesLost => one.overloaded,
            };
        }
        if status == SystemStatus::MessagesLost {
            let job = Job::Doubt { connection: self.reference_of(place), slot: 0 };
            if !self.jobs.contains(&job) {
                self.jobs.push_back(job);
            }
        }
        self.tell_all(Some(place), status);
    }

    pub(super) fn discard_from(&self, step: &mut Step<'_>, place: u8, why: &dyn Display) {
        step.discard(&self.pool.at(place).map_or("", |connection| &connection.name), why);
    }

    /// Takes leave of every phone system. What still knows of an earlier connect has nothing to say on one that is
    /// only being dialled.
    pub(super) fn leave_links(&mut self, step: &mut Step<'_>) {
        for connection in &mut self.pool.connections {
            if let Some(link) = connection.link.take() {
                if connection.state.is_open() {
                    connection.protocol.as_mut().close(&mut Output {
                        link,
                        now: step.now,
                        actions: step.actions,
                    });
                }
                step.links.release(link);
                step.actions.close(link);
            }
        }
    }
}

/// The names of the connections that are not in service.
struct Missing<'a>(&'a Pool);

impl Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = self.0.connections.iter().filter(|one| !one.state.is_in_service());
        for (count, one) in missing.enumerate() {
            let comma = if count == 0 { "" } else { "," };
            write!(f, "{comma}{}", one.name)?;
        }
        Ok(())
    }
}

const fn closed_because(why: Closed) -> &'static str {
    match why {
        Closed::ByPeer => "the phone system closed the connection",
        Closed::Broken => "the connection broke",
        Closed::Refused => "the phone system refused the connection",
        Closed::Unreachable => "there is no way to the address",
        Closed::TimedOut => "connecting took too long",
        Closed::NameUnknown => "the address has a name that is not known",
        Closed::TooSlow => "the phone system does not read what it is sent",
    }
}
