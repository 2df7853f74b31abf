//! Switch monitors that are no longer needed. They are stopped a few at a time per connection: when thousands of users
//! sign out at once, they wait here and not in the connection's queue, where all other requests would be stuck behind
//! them. One that waits still serves a client that comes back for its device.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use super::control::Control;
use super::noting::Field;
use super::session::Carrier;
use super::switch_monitor::{EventSource, State, SwitchMonitor};
use super::ticket::Ticket;
use crate::action::Level;
use crate::config::MAX_CONNECTIONS;
use crate::cti::ConnectionRef;
use crate::slots::Handle;
use crate::step::Step;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::Request;

/// The most stops that may be unanswered per connection.
const AT_ONCE: usize = 64;

/// The most switch monitors that one step looks at: some may have new clients and are skipped.
const LOOKED_AT: usize = 16;

/// The switch monitors of one connection that are no longer needed.
#[derive(Default)]
struct Queue {
    /// How many stops are not answered yet.
    unanswered: usize,
    /// The waiting switch monitors, each once.
    waiting: VecDeque<Handle<SwitchMonitor>>,
}

/// The switch monitors that are no longer needed, by connection index.
#[derive(Default)]
pub(super) struct Stops([Queue; MAX_CONNECTIONS]);

impl Stops {
    /// Forgets what belonged to a connection that is dialled again.
    pub(super) fn renew(&mut self, index: u8) {
        if let Some(one) = self.at(index) {
            *one = Queue::default();
        }
    }

    fn at(&mut self, index: u8) -> Option<&mut Queue> {
        self.0.get_mut(usize::from(index))
    }
}

impl<C: Carrier> Control<C> {
    /// Stops a switch monitor that is no longer needed, as soon as its connection has room.
    pub(super) fn stop_switch_monitor(&mut self, step: &mut Step<'_>, handle: Handle<SwitchMonitor>) {
        let Some(switch_monitor) =
            self.switch_monitors.slots.get_mut(handle).filter(|switch_monitor| !switch_monitor.stopping)
        else {
            return;
        };
        let connection = switch_monitor.connection;
        if self.pool.in_service(connection).is_none() {
            self.switch_monitors.remove(handle);
            return;
        }
        switch_monitor.stopping = true;
        if let Some(one) = self.stops.at(connection.index()) {
            one.waiting.push_back(handle);
        }
        self.stop_more(step, connection);
    }

    /// Notes that a MonitorStop was answered or given up.
    pub(super) fn on_stop_answered(&mut self, connection: ConnectionRef) {
        if let Some(one) = self.stops_of(connection) {
            one.unanswered = one.unanswered.saturating_sub(1);
        }
    }

    /// Stops the switch monitors that have waited longest, as far as there is room.
    pub(super) fn stop_more(&mut self, step: &mut Step<'_>, connection: ConnectionRef) {
        for _ in 0..LOOKED_AT {
            let room = self.stops_of(connection).filter(|one| one.unanswered < AT_ONCE);
            let Some(handle) = room.and_then(|one| one.waiting.pop_front()) else { return };
            if !self.stop_one(step, connection, handle) {
                if let Some(one) = self.stops_of(connection) {
                    one.waiting.push_front(handle);
                }
                return;
            }
        }
    }

    /// Returns the record of a connection, if this connect of it is in service.
    fn stops_of(&mut self, connection: ConnectionRef) -> Option<&mut Queue> {
        self.pool.in_service(connection).is_some().then(|| self.stops.at(connection.index())).flatten()
    }

    /// Stops a switch monitor, unless it has new clients. Returns false if that is not possible now.
    fn stop_one(
        &mut self,
        step: &mut Step<'_>,
        connection: ConnectionRef,
        handle: Handle<SwitchMonitor>,
    ) -> bool {
        // It may have ended at the phone system since it was queued.
        let Some(switch_monitor) = self.switch_monitors.slots.get_mut(handle) else { return true };
        let State::Active { cross_reference } = &switch_monitor.state else {
            debug_assert!(false, "a switch monitor that is being started was to be stopped");
            return true;
        };
        if !switch_monitor.monitors.is_empty() {
            switch_monitor.stopping = false;
            return true;
        }
        let cross_reference = Box::<str>::from(&**cross_reference);
        match self.ask_to_stop(step, EventSource { connection, cross_reference: &cross_reference }) {
            Ok(()) => {}
            Err(CstaError::INVALID_PARAMETER_VALUE) => {
                let device = self.switch_monitors.slots.get(handle).map_or("", |one| &one.device);
                let fields: &[Field<'_>] = &[
                    ("cti", &self.cti_name(connection)),
                    ("service", &"MonitorStop"),
                    ("device", &device),
                    ("cross_reference", &cross_reference),
                    ("why", &"its name does not fit into a request"),
                ];
                step.actions.notify(Level::Warn, "monitor_left_behind", fields);
            }
            Err(CstaError::SERVICE_NOT_SUPPORTED) => {
                let why = "the phone system never answers MonitorStop";
                step.actions.notify(Level::Debug, "monitor_left_behind", &[("why", &why)]);
            }
            Err(_) => return false,
        }
        self.switch_monitors.remove(handle);
        true
    }

    /// Asks the phone system to stop a monitor.
    pub(super) fn ask_to_stop(
        &mut self,
        step: &mut Step<'_>,
        source: EventSource<'_>,
    ) -> Result<(), CstaError> {
        let EventSource { connection, cross_reference } = source;
        let request = Request::MonitorStop { cross_reference };
        self.pool.ask(step, connection, Ticket::StopMonitor, &request)?;
        if let Some(one) = self.stops_of(connection) {
            one.unanswered += 1;
        }
        Ok(())
    }
}

crate::digest! { struct Stops(queues) }

crate::digest! { struct Queue { unanswered, waiting } }
