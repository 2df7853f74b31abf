//! Work on many sessions, done in portions ([`crate::rcc::jobs`]). Anything may happen between two portions; each works
//! on the tables as it finds them.

use super::{Gateway, Step};
use crate::cti::ConnectionRef;
use crate::rcc::jobs::{Job, Stage, portion};
use crate::rcc::moving::Walked;
use crate::rcc::switch_monitor::EventSource;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Message, Request, Response, SystemStatus};
use crate::wire::csta::parse::Document;

/// The most actions that returning one request may cause: if it was to start a switch monitor, each of its clients (at
/// most 64) is answered, with a notice.
const MOST_FOR_ONE: usize = 256;

impl Gateway {
    /// Does a portion of the oldest job.
    pub(super) fn work(&mut self, step: &mut Step<'_>) {
        let Some(job) = self.control.jobs.pop_front() else { return };
        let rest = match job {
            Job::ConnectionLost { connection, stage: Stage::Pending, slot } => {
                let next = self.return_requests(step, connection, slot);
                next.map(|slot| Job::ConnectionLost { connection, stage: Stage::Pending, slot })
            }
            Job::ConnectionLost { connection, stage: Stage::SwitchMonitors, slot } => {
                let next = self.control.drop_switch_monitors(connection, slot);
                next.map(|slot| Job::ConnectionLost { connection, stage: Stage::SwitchMonitors, slot })
            }
            Job::Verification { connection, slot } => {
                let next = self.control.verify_portion(step, connection, slot);
                next.map(|slot| Job::Verification { connection, slot })
            }
            Job::TellStatus { index, status, slot } => {
                let next = self.tell_portion(step, index, status, slot);
                next.map(|slot| Job::TellStatus { index, status, slot })
            }
            Job::DeliverEarly { connection, cross_reference } => {
                let source = EventSource { connection, cross_reference: &cross_reference };
                let more = self.deliver_one_early(step, source);
                if let Some(switch_monitor) = self.control.switch_monitor_of(source) {
                    self.control.ask_snapshots(step, switch_monitor);
                }
                more.then_some(Job::DeliverEarly { connection, cross_reference })
            }
            Job::TellChanges => self.tell_next(step).then_some(Job::TellChanges),
            Job::Rebind => self.rebind_portion(step).then_some(Job::Rebind),
            Job::SignOutAll { slot } => {
                self.sign_out_portion(step, slot).map(|slot| Job::SignOutAll { slot })
            }
        };
        if let Some(rest) = rest {
            self.control.jobs.push_front(rest);
        }
    }

    /// Answers requests that were under way when their connection failed.
    fn return_requests(&mut self, step: &mut Step<'_>, connection: ConnectionRef, slot: u32) -> Option<u32> {
        let (slots, next) = portion(self.control.pool.requests().slots(), slot);
        for slot in slots {
            let Some(handle) = self.control.pool.requests().at(slot) else { continue };
            if step.actions.room() < MOST_FOR_ONE {
                return Some(slot);
            }
            if let Some(ended) = self.control.pool.take_back(step, handle, connection) {
                self.on_answer(step, ended, &Response::Error(CstaError::NETWORK_OUT_OF_SERVICE));
            }
        }
        next
    }

    /// Delivers one early event of a monitor, or its end. Returns false if none is left.
    fn deliver_one_early(&mut self, step: &mut Step<'_>, source: EventSource<'_>) -> bool {
        let Some(early) = self.control.take_early(source) else { return false };
        let document = Document::parse(&early, &self.xml_limits);
        match document.as_ref().map(Document::message) {
            Ok(Ok(Message::Event(event))) => {
                if let Some(switch_monitor) = self.control.switch_monitor_of(source) {
                    self.fan_out(step, switch_monitor, &event, Some(&early));
                }
            }
            Ok(Ok(Message::Request(Request::MonitorStop { .. }))) => {
                self.control.on_switch_monitor_stopped(step, source);
            }
            _ => {}
        }
        true
    }

    /// Tells the client that has waited longest what changed. Returns false if none is left.
    fn tell_next(&mut self, step: &mut Step<'_>) -> bool {
        let Some(monitor) = self.control.first_to_be_told() else { return false };
        self.tell_changes(step, monitor);
        self.control.was_told()
    }

    /// Finds the next session without a connection or a monitor that it should have, and restores it. Returns true if a
    /// portion was searched without finding one.
    fn rebind_portion(&mut self, step: &mut Step<'_>) -> bool {
        match self.control.walk_on(step) {
            Walked::Found(session) => {
                self.settle_session(step, session);
                false
            }
            Walked::More => true,
            Walked::Done => false,
        }
    }

    fn tell_portion(
        &mut self,
        step: &mut Step<'_>,
        index: Option<u8>,
        status: SystemStatus,
        slot: u32,
    ) -> Option<u32> {
        let (slots, next) = portion(self.control.sessions.slots(), slot);
        for slot in slots {
            let session = self.control.sessions.at(slot);
            let registered = session.filter(|session| self.control.is_registered_at(*session, index));
            if let Some(news) = registered.and_then(|session| self.control.status_for(session, status)) {
                self.tell(step, &news);
            }
        }
        next
    }

    fn sign_out_portion(&mut self, step: &mut Step<'_>, slot: u32) -> Option<u32> {
        let (slots, next) = portion(self.control.sessions.slots(), slot);
        for slot in slots {
            if let Some(session) = self.control.sessions.at(slot) {
                self.sign_out(step, session, "the gateway stops");
            }
        }
        next
    }
}
