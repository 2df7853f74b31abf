//! The life of a connection: dialled, opened, in service, lost, dialled again.

use alloc::borrow::Cow;
use core::fmt::{self, Display};

use super::{Connection, Known, Pool};
use crate::action::Level;
use crate::cti::connection::{Effect, Event, State, Times};
use crate::cti::news::News;
use crate::cti::offer;
use crate::cti::protocol::{LinkProtocol, Output};
use crate::digest::Digest;
use crate::entropy::Domain;
use crate::expected::Expected as _;
use crate::input::Closed;
use crate::links::Owner;
use crate::reply::Refusal;
use crate::step::{Step, TimerKey};
use crate::time::Duration;

impl<T: Digest + Copy> Pool<T> {
    /// Handles a connection's deadline.
    pub(crate) fn on_timer(&mut self, step: &mut Step<'_>, index: u8) -> News<'static, T> {
        let event = match self.at(index).map(|one| one.state) {
            Some(State::Opening { .. } | State::Asking { .. }) => self.on_opening_due(step, index),
            Some(State::AwaitingHeartbeat { .. }) => self.on_heartbeat_due(index),
            _ => Event::Timer,
        };
        self.on(step, index, event)
    }

    /// A request of the opening was not answered in time. Many phone systems do not answer what they do not know: then
    /// the connection serves, with the features that are presumed.
    fn on_opening_due(&mut self, step: &mut Step<'_>, index: u8) -> Event {
        let mut serves = false;
        self.with_protocol(step, index, |protocol, output| serves = protocol.on_opening_unanswered(output));
        if !serves {
            return Event::Timer;
        }
        let Some(one) = self.at_mut(index).expected("a connection") else { return Event::Timer };
        let configured = one.configured;
        one.known = if configured.is_some() { Known::Configured } else { Known::Unanswered };
        one.features = offer::at_link(configured.unwrap_or_else(offer::presumed));
        if configured.is_none() {
            let why =
                "the phone system did not say what it can do: that it has the usual features is presumed";
            let fields: &[(&str, &dyn Display)] = &[("cti", &one.name), ("why", &why)];
            step.actions.notify(Level::Warn, "cti_features_presumed", fields);
        }
        Event::Unanswered
    }

    /// A heartbeat was not answered in time. If none ever was, that proves nothing: whatever was received since shows
    /// that the link is alive, and otherwise the system's keep-alive judges (TCP).
    fn on_heartbeat_due(&mut self, index: u8) -> Event {
        let Some(one) = self.at_mut(index).expected("a connection") else { return Event::Timer };
        if one.protocol.on_heartbeat_unanswered() {
            return Event::Timer;
        }
        if one.vitals.unanswered() {
            one.attempts = 0;
        }
        Event::Unanswered
    }

    /// Handles the opening of a connection's transport.
    pub(crate) fn on_opened(&mut self, step: &mut Step<'_>, index: u8) -> News<'static, T> {
        self.on(step, index, Event::Opened)
    }

    /// Handles the end of a connection's transport.
    pub(crate) fn on_closed(&mut self, step: &mut Step<'_>, index: u8, why: Closed) -> News<'static, T> {
        // The link is already closed, so that it must not be closed again.
        if let Some(link) = self.at_mut(index).and_then(|connection| connection.link.take()) {
            step.links.release(link);
        }
        self.give_up(step, index, closed_because(why).into())
    }

    /// Gives a connection up, for a reason that its state machine does not know.
    pub(crate) fn give_up(
        &mut self,
        step: &mut Step<'_>,
        index: u8,
        why: Cow<'static, str>,
    ) -> News<'static, T> {
        if let Some(connection) = self.at_mut(index) {
            connection.failure = Some(why);
        }
        self.on(step, index, Event::Failed)
    }

    /// Lets a connection that is down be dialled now, and its pauses begin with the shortest again. One that is not
    /// down is left alone.
    ///
    /// # Errors
    /// If there is no such connection, or it is not down.
    pub(crate) fn redial(&mut self, step: &mut Step<'_>, index: u8) -> Result<(), Refusal> {
        let now = step.now;
        let exists = self.at_mut(index).is_some();
        let down = self.at_mut(index).filter(|one| one.state.next_dial().is_some());
        let Some(connection) = down else {
            step.actions.notify(
                Level::Info,
                "redial_refused",
                &[("why", &"there is no such connection that is down")],
            );
            return Err(if exists { Refusal::NotDown } else { Refusal::NoConnection });
        };
        connection.attempts = 0;
        connection.state = State::Down { retry_at: now };
        step.timers.set(&mut connection.deadline, TimerKey::Connection(index), now);
        Ok(())
    }

    /// Closes the link protocol's session on every open connection. On a connection that is still being dialled there
    /// is none, although the protocol may still hold the state of the connect before.
    pub(crate) fn leave(&mut self, step: &mut Step<'_>) {
        for connection in &mut self.connections {
            if let Some(link) = connection.link.take() {
                if connection.state.is_open() {
                    connection.protocol.close(&mut Output::new(link, step.now, step.actions, step.entropy));
                }
                step.links.release(link);
                step.actions.close(link);
            }
        }
    }

    /// Notes that a message from a connection is discarded.
    pub(crate) fn discard(&self, step: &mut Step<'_>, index: u8, why: &dyn Display) {
        let fields: &[(&str, &dyn Display)] = &[("cti", &self.name_of(index)), ("why", why)];
        step.actions.notify(Level::Warn, "message_discarded", fields);
    }

    fn times(&self, step: &mut Step<'_>, index: u8, event: Event) -> Times {
        let cti = &step.config.cti;
        let attempts = self.at(index).map_or(0, |connection| connection.attempts);
        let longest = self.at(index).and_then(|one| one.protocol.longest_silence());
        let open = self.at(index).and_then(|one| one.protocol.longest_opening());
        let rest = self.at(index).map_or(Duration::ZERO, |one| one.protocol.rest());
        let (min, max) = (cti.reconnect_min, cti.reconnect_max);
        // Nothing is ever retried because the session is open.
        let jitter = if event == Event::Begun { 0 } else { step.entropy.draw(Domain::Jitter) };
        Times {
            connect: cti.connect_timeout,
            heartbeat: longest.map_or(cti.heartbeat, |longest| longest.min(cti.heartbeat)),
            open: open.unwrap_or(cti.heartbeat_timeout),
            service: cti.service_timeout,
            answer: cti.heartbeat_timeout,
            retry: backoff(attempts, min, max, jitter).max(rest),
        }
    }

    /// Gives an event to a connection's state machine and does what the transition requires.
    pub(super) fn on(&mut self, step: &mut Step<'_>, index: u8, event: Event) -> News<'static, T> {
        let times = self.times(step, index, event);
        let latest = self.latest(index);
        let Some(connection) = self.at_mut(index).expected("a connection") else { return News::Nothing };
        let served = connection.state.is_in_service();
        if event == Event::Timer && matches!(connection.state, State::AwaitingHeartbeat { .. }) {
            step.counters.heartbeats_missed += 1;
        }
        let (state, effect) = connection.state.on(event, step.now, times);
        connection.state = state;
        if event == Event::Alive {
            connection.vitals.heard(step.now);
            // Only now, not on coming into service: a connection that fails right after that is dialled at growing
            // intervals.
            connection.attempts = 0;
        }
        let at = state.deadline();
        step.timers.set(&mut connection.deadline, TimerKey::Connection(index), at);
        if !state.is_open() {
            self.set_send_deadline(step, index);
        }
        let Some(connection) = self.at_mut(index).expected("a connection") else { return News::Nothing };
        match effect {
            Effect::Nothing => {}
            Effect::Connect => {
                self.dial(step, index);
                return News::Dialled(index);
            }
            Effect::Open => self.with_protocol(step, index, |protocol, output| protocol.open(output)),
            Effect::Serve => {
                self.serve(step, index);
                return News::InService(latest);
            }
            Effect::Beat => {
                connection.vitals.asked(step.now);
                self.with_protocol(step, index, |protocol, output| protocol.heartbeat(output));
            }
            Effect::GiveUp(why) => {
                self.go_down(step, index, why, served);
                // If it was not in service, it had no requests, and its state is not news.
                if served {
                    step.counters.connections_lost += 1;
                    return News::Lost(latest);
                }
            }
        }
        if event == Event::Alive { News::Alive(latest) } else { News::Nothing }
    }

    pub(super) fn with_protocol(
        &mut self,
        step: &mut Step<'_>,
        index: u8,
        act: impl FnOnce(&mut dyn LinkProtocol, &mut Output<'_>),
    ) {
        let Some(connection) = self.at_mut(index).expected("a connection") else { return };
        let Some(link) = connection.link.expected("a link") else { return };
        act(&mut *connection.protocol, &mut Output::new(link, step.now, step.actions, step.entropy));
    }

    /// Opens the transport. Every connect has a new connection ID.
    fn dial(&mut self, step: &mut Step<'_>, index: u8) {
        let link = step.links.draw();
        step.links.assign(link, Owner::Cti(index));
        let id = self.draw_id();
        let Some(connection) = self.at_mut(index).expected("a connection") else { return };
        connection.link = Some(link);
        connection.id = id;
        connection.overloaded = false;
        connection.reader = Some(connection.protocol.reader());
        connection.attempts = connection.attempts.saturating_add(1);
        step.actions.connect(link, &connection.address);
        let fields: &[(&str, &dyn Display)] =
            &[("cti", &connection.name), ("connection", &id), ("attempt", &connection.attempts)];
        step.actions.notify(Level::Debug, "cti_connecting", fields);
    }

    /// Notes that a connection is in service, and which ones are not yet.
    fn serve(&mut self, step: &mut Step<'_>, index: u8) {
        let Some(connection) = self.at_mut(index).expected("a connection") else { return };
        connection.failure = None;
        connection.vitals.served(step.now);
        step.counters.connections_served += 1;
        let Some(connection) = self.at(index).expected("a connection") else { return };
        let missing = Missing(&self.connections);
        let fields: &[(&str, &dyn Display)] = &[
            ("cti", &connection.name),
            ("connection", &connection.id),
            ("address", &connection.address),
            ("missing", &missing),
        ];
        let is_complete = self.connections.iter().all(|one| one.state.is_in_service());
        let count = if is_complete { 3 } else { 4 };
        step.actions.notify(Level::Info, "cti_in_service", fields.get(..count).unwrap_or_default());
    }

    /// Closes a connection that failed, and notes why.
    fn go_down(&mut self, step: &mut Step<'_>, index: u8, why: &'static str, served: bool) {
        let Some(one) = self.at_mut(index).expected("a connection") else { return };
        let why = one.failure.take().unwrap_or(Cow::Borrowed(why));
        let wait = one.state.deadline().since(step.now).as_millis();
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
        one.last_failure = Some(why);
        one.vitals.failed(step.now, served);
        // The last connection in service is gone. That is logged once; sign-ins meanwhile are counted
        // (`sign_ins_unserved`).
        if served && !self.serves() {
            let count = self.connections.len();
            step.actions.notify(Level::Error, "cti_none_in_service", &[("connections", &count)]);
        }
    }
}

/// How long to wait after attempt number `attempts`: `min` doubled with each attempt, up to `max`, and spread by
/// `jitter` towards the next step, so that gateways do not reconnect at the same time.
fn backoff(attempts: u32, min: Duration, max: Duration, jitter: u64) -> Duration {
    let factor = 1_u64.checked_shl(attempts.clamp(1, 32)).unwrap_or(u64::MAX);
    let longest = min.times(factor).min(max).as_micros();
    let least = (longest / 2).max(min.as_micros());
    Duration::from_micros(least + jitter % (longest.saturating_sub(least) + 1))
}

/// The names of the connections that are not in service.
struct Missing<'a>(&'a [Connection]);

impl Display for Missing<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let missing = self.0.iter().filter(|one| !one.state.is_in_service());
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
        Closed::Unreachable => "there is no route to the address",
        Closed::TimedOut => "connecting took too long",
        Closed::NameUnknown => "the name in the address is unknown",
        Closed::TooSlow => "the phone system does not read what it is sent",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_between_its_bounds_and_is_spread_up_to_the_next() {
        let (min, max) = (Duration::from_secs(1), Duration::from_secs(60));
        for (attempts, least, longest) in
            [(0, 1, 2), (1, 1, 2), (2, 2, 4), (3, 4, 8), (5, 16, 32), (6, 30, 60), (u32::MAX, 30, 60)]
        {
            let waits = [0, 1_000_000, u64::MAX].map(|jitter| backoff(attempts, min, max, jitter));
            let bounds = Duration::from_secs(least)..=Duration::from_secs(longest);
            assert!(waits.iter().all(|wait| bounds.contains(wait)), "{attempts}: {waits:?}");
            assert_ne!(waits[0], waits[1], "{attempts}");
        }
        assert_eq!(backoff(9, min, min, 7), min);
    }
}
