//! Doing the jobs ([`super::jobs`]), one portion a step.

use super::clients::Clients;
use super::control::Control;
use super::jobs::{Job, Stage, portion};
use super::moving::Walked;
use super::session::Carrier;
use super::switch_monitor::EventSource;
use crate::cti::ConnectionRef;
use crate::expected::Expected as _;
use crate::step::Step;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Message, Request, Response, SystemStatus};
use crate::wire::csta::parse::Document;

/// The most actions that returning one request may cause: if it was to start a switch monitor, each of its clients (at
/// most 64) is answered, with a notice.
const MOST_FOR_ONE: usize = 256;

impl<C: Carrier> Control<C> {
    /// Follows a changed configuration, and queues the jobs that look at connections and sessions. They begin anew if
    /// those for an earlier change are not done.
    pub(crate) fn reconfigure(&mut self, step: &mut Step<'_>) {
        self.pool.reconfigure(step.config);
        self.jobs.retain(|job| !matches!(job, Job::CheckLinks { .. } | Job::CheckRights { .. }));
        self.jobs.push_back(Job::CheckRights { slot: 0 });
        self.jobs.push_back(Job::CheckLinks { slot: 0 });
        self.schedule_rebind(step);
    }

    /// Does a portion of the oldest job.
    pub(crate) fn work<K: Clients<C>>(&mut self, step: &mut Step<'_>, clients: &mut K) {
        let Some(job) = self.jobs.pop_front() else { return };
        let rest = match job {
            Job::ConnectionLost { connection, stage: Stage::Pending, slot } => {
                let next = self.return_requests(step, clients, connection, slot);
                next.map(|slot| Job::ConnectionLost { connection, stage: Stage::Pending, slot })
            }
            Job::ConnectionLost { connection, stage: Stage::SwitchMonitors, slot } => {
                let next = self.drop_switch_monitors(connection, slot);
                next.map(|slot| Job::ConnectionLost { connection, stage: Stage::SwitchMonitors, slot })
            }
            Job::Verification { connection, slot } => {
                let next = self.verify_portion(step, connection, slot);
                next.map(|slot| Job::Verification { connection, slot })
            }
            Job::TellStatus { index, status, slot } => {
                let next = self.tell_portion(step, clients, (index, status), slot);
                next.map(|slot| Job::TellStatus { index, status, slot })
            }
            Job::DeliverEarly { connection, cross_reference } => {
                let source = EventSource { connection, cross_reference: &cross_reference };
                let more = self.deliver_one_early(step, clients, source);
                if let Some(switch_monitor) = self.switch_monitor_of(source) {
                    self.ask_snapshots(step, switch_monitor);
                }
                more.then_some(Job::DeliverEarly { connection, cross_reference })
            }
            Job::TellChanges => self.tell_next(step, clients).then_some(Job::TellChanges),
            Job::Rebind => self.rebind_portion(step, clients).then_some(Job::Rebind),
            Job::CheckLinks { slot } => clients.check_links(step, slot).map(|slot| Job::CheckLinks { slot }),
            Job::CheckRights { slot } => {
                self.check_rights_portion(step, clients, slot).map(|slot| Job::CheckRights { slot })
            }
            Job::SignOutAll { slot } => {
                self.sign_out_portion(step, clients, slot).map(|slot| Job::SignOutAll { slot })
            }
        };
        if let Some(rest) = rest {
            self.jobs.push_front(rest);
        }
    }

    /// Answers requests that were under way when their connection failed.
    fn return_requests<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        connection: ConnectionRef,
        slot: u32,
    ) -> Option<u32> {
        let (slots, next) = portion(self.pool.requests().slots(), slot);
        for slot in slots {
            let Some(handle) = self.pool.requests().at(slot) else { continue };
            if step.actions.room() < MOST_FOR_ONE {
                return Some(slot);
            }
            if let Some(ended) = self.pool.take_back(step, handle, connection) {
                self.on_answer(step, clients, ended, &Response::Error(CstaError::NETWORK_OUT_OF_SERVICE));
            }
        }
        next
    }

    /// Delivers one early event of a monitor, or its end. Returns false if none is left.
    fn deliver_one_early<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        source: EventSource<'_>,
    ) -> bool {
        let Some(early) = self.take_early(source) else { return false };
        let document = Document::parse(&early, &self.xml_limits);
        match document.as_ref().map(Document::message) {
            Ok(Ok(Message::Event(event))) => {
                if let Some(switch_monitor) = self.switch_monitor_of(source) {
                    self.fan_out(step, clients, switch_monitor, &event, Some(&early));
                }
            }
            Ok(Ok(Message::Request(Request::MonitorStop { .. }))) => {
                self.on_switch_monitor_stopped(step, source);
            }
            _ => {}
        }
        true
    }

    /// Tells the client that has waited longest what changed. Returns false if none is left.
    fn tell_next<K: Clients<C>>(&mut self, step: &mut Step<'_>, clients: &mut K) -> bool {
        let Some(monitor) = self.first_to_be_told().expected("a monitor to be told") else { return false };
        self.tell_changes(step, clients, monitor);
        self.was_told()
    }

    /// Finds the next session without a connection or a monitor that it should have, and restores it. Returns true if a
    /// portion was searched without finding one.
    fn rebind_portion<K: Clients<C>>(&mut self, step: &mut Step<'_>, clients: &mut K) -> bool {
        match self.walk_on(step) {
            Walked::Found(session) => {
                self.restore_session(step, clients, session);
                false
            }
            Walked::More => true,
            Walked::Done => false,
        }
    }

    fn tell_portion<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        (index, status): (Option<u8>, SystemStatus),
        slot: u32,
    ) -> Option<u32> {
        let (slots, next) = portion(self.sessions.slots(), slot);
        for slot in slots {
            let session = self.sessions.at(slot);
            let registered = session.filter(|session| self.is_registered_at(*session, index));
            if let Some(news) = registered.and_then(|session| self.status_for(session, status)) {
                clients.tell(step, self, &news);
            }
        }
        next
    }

    fn check_rights_portion<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        slot: u32,
    ) -> Option<u32> {
        let (slots, next) = portion(self.sessions.slots(), slot);
        for slot in slots {
            // A session that moves to another device is told what becomes of all its calls.
            if step.actions.room() < MOST_FOR_ONE {
                return Some(slot);
            }
            if let Some(session) = self.sessions.at(slot) {
                clients.check_right(step, self, session);
            }
        }
        next
    }

    fn sign_out_portion<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        slot: u32,
    ) -> Option<u32> {
        let (slots, next) = portion(self.sessions.slots(), slot);
        for slot in slots {
            if let Some(session) = self.sessions.at(slot) {
                clients.sign_out(step, self, session, "the gateway stops");
            }
        }
        next
    }
}
