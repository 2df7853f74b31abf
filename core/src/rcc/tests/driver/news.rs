//! Handles the pool's news, the timers and the jobs, as the engine does.

use alloc::borrow::ToOwned as _;
use alloc::format;

use super::{Bare, Driver};
use crate::cti::ConnectionRef;
use crate::cti::news::{Ended, News};
use crate::cti::protocol::Slot;
use crate::digest::Digester;
use crate::input::Closed;
use crate::rcc::control::Control;
use crate::rcc::jobs::{Job, Stage, portion};
use crate::rcc::monitoring::Started;
use crate::rcc::moving::Walked;
use crate::rcc::switch_monitor::{EventSource, SwitchMonitor};
use crate::rcc::ticket::{Ticket, fits};
use crate::slots::Handle;
use crate::step::{Step, TimerKey};
use crate::timer::Timers;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Message, Request, Response};
use crate::wire::csta::parse::Document;

impl Driver {
    /// Handles a line that a connection's link received.
    pub(in crate::rcc::tests) fn on_line(&mut self, step: &mut Step<'_>, index: u8, line: &str) {
        let Some(mut reading) = self.control.pool.check_out(index) else { return };
        let mut slot = Slot::default();
        let (_, news) = self.control.pool.on_bytes(step, &mut reading, line.as_bytes(), &mut slot);
        self.on_news(step, news);
        drop(slot);
        self.control.pool.put_back(reading);
    }

    pub(in crate::rcc::tests) fn on_opened(&mut self, step: &mut Step<'_>, index: u8) {
        let news = self.control.pool.on_opened(step, index);
        self.on_news(step, news);
    }

    pub(in crate::rcc::tests) fn on_closed(&mut self, step: &mut Step<'_>, index: u8) {
        let news = self.control.pool.on_closed(step, index, Closed::ByPeer);
        self.on_news(step, news);
    }

    fn on_news(&mut self, step: &mut Step<'_>, news: News<'_, Ticket>) {
        match news {
            News::Nothing | News::Told { .. } => {}
            News::Dialled(index) => self.control.on_dialled(index),
            News::InService(connection) => self.control.on_in_service(step, connection),
            News::Lost(connection) => self.control.on_lost(step, connection),
            News::Alive(connection) => self.control.stop_more(step, connection),
            News::Answer(ended, response) => self.on_answer(step, ended, &response),
            News::Event { connection, event, document } => {
                if let Some(switch_monitor) = self.control.take_event(step, connection, &event, document) {
                    self.fan_out(step, switch_monitor, &event, document);
                }
            }
            News::MonitorStopped { connection, cross_reference, document } => {
                let source = EventSource { connection, cross_reference };
                self.control.on_monitor_stopped(step, source, document);
            }
            News::LateMonitor { connection, cross_reference } => {
                self.control.on_late_monitor(step, EventSource { connection, cross_reference });
            }
            News::Status { connection, status } => self.control.on_status(step, connection, status),
        }
    }

    fn on_answer(&mut self, step: &mut Step<'_>, ended: Ended<Ticket>, response: &Response<'_>) {
        let connection = ended.connection;
        match ended.ticket {
            Ticket::VerifyLine(_) => {}
            Ticket::StartMonitor(switch_monitor) => {
                self.on_switch_monitor_answered(step, switch_monitor, connection, response);
            }
            Ticket::StopMonitor => self.control.on_stop_answered(connection),
            Ticket::Resync(monitor, switch_monitor, number) => {
                if self.control.on_snapshot(step, (monitor, switch_monitor, number), connection, response) {
                    self.tell_changes(step, monitor);
                }
            }
            Ticket::Service { session, request, service } => {
                let client = self.client_of(session);
                let overtaken = client.is_some_and(|client| !client.under_way.is_empty());
                let instead = self.control.on_served(step, &ended, overtaken, response);
                let is_fit = instead.is_none() && fits(service, response);
                self.control.after_answer(&ended);
                let bound = self.control.sessions.get(session).and_then(|one| one.connection);
                let switch = bound.map_or(0, |bound| self.control.switch_of(bound));
                self.note(|| format!("   to {session}: {} overtaken {overtaken}", response.name()));
                if let Some(client) = self.answer(request)
                    && let Response::SnapshotDevice { items, .. } = response
                    && is_fit
                {
                    client.see(switch, items);
                    client.has_to_ask = false;
                    client.asked_early |= client.starting > 0;
                }
            }
        }
        self.control.stop_more(step, connection);
    }

    fn on_switch_monitor_answered(
        &mut self,
        step: &mut Step<'_>,
        switch_monitor: Handle<SwitchMonitor>,
        connection: ConnectionRef,
        response: &Response<'_>,
    ) {
        match self.control.on_switch_monitor_answered(step, switch_monitor, connection, response) {
            Started::Active(switch_monitor, waiters) => {
                for waiter in waiters {
                    self.announce_monitor(waiter);
                }
                self.control.after_start(step, switch_monitor);
            }
            Started::Refused(refused) => {
                for (waiting, _) in &refused.waiters {
                    self.answer(*waiting);
                }
                for monitor in &refused.unmoved {
                    if let Some(news) = self.control.leave_unmoved(step, *monitor, refused.error) {
                        self.tell(&news);
                    }
                }
                self.control.after_refusal(step, &refused, response);
            }
            Started::Void => {}
        }
    }

    /// Handles the earliest timer that is due, or else a portion of the oldest job. Returns false if there is neither.
    pub(in crate::rcc::tests) fn tick(&mut self, step: &mut Step<'_>) -> bool {
        let Some((_, key)) = step.timers.pop_due(step.now) else { return self.work(step) };
        match key {
            TimerKey::Connection(index) => {
                Timers::<TimerKey>::fired(self.control.pool.deadline(index).unwrap());
                let news = self.control.pool.on_timer(step, index);
                self.on_news(step, news);
            }
            TimerKey::Pending(handle) => {
                Timers::<TimerKey>::fired(self.control.pool.request_deadline(handle.cast()).unwrap());
                let (id, ended) = self.control.pool.on_request_due(step, handle.cast()).unwrap();
                let connection = ended.connection;
                self.on_answer(step, ended, &Response::Error(CstaError::RESOURCE_OUT_OF_SERVICE));
                let news = self.control.pool.abandon(step, connection, id);
                self.on_news(step, news);
            }
            TimerKey::Rebind => {
                Timers::<TimerKey>::fired(self.control.walk_deadline());
                self.control.on_walk_timer(step);
            }
            TimerKey::Server(_)
            | TimerKey::Client(_)
            | TimerKey::Expiry(_)
            | TimerKey::Refresh(_)
            | TimerKey::Outbox(_)
            | TimerKey::Redial(_)
            | TimerKey::Stop => panic!("remote call control has no such timer: {key:?}"),
        }
        true
    }

    fn work(&mut self, step: &mut Step<'_>) -> bool {
        let Some(job) = self.control.jobs.pop_front() else { return false };
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
            Job::TellStatus { .. } | Job::SignOutAll { .. } => None,
            Job::DeliverEarly { connection, cross_reference } => {
                let source = EventSource { connection, cross_reference: &cross_reference };
                let more = self.deliver_one_early(step, source);
                if let Some(switch_monitor) = self.control.switch_monitor_of(source) {
                    self.control.ask_snapshots(step, switch_monitor);
                }
                more.then_some(Job::DeliverEarly { connection, cross_reference })
            }
            Job::TellChanges => {
                let first = self.control.first_to_be_told();
                if let Some(monitor) = first {
                    self.tell_changes(step, monitor);
                }
                (first.is_some() && self.control.was_told()).then_some(Job::TellChanges)
            }
            Job::Rebind => self.walk_on(step).then_some(Job::Rebind),
        };
        if let Some(rest) = rest {
            self.control.jobs.push_front(rest);
        }
        true
    }

    fn walk_on(&mut self, step: &mut Step<'_>) -> bool {
        match self.control.walk_on(step) {
            Walked::Found(session) => {
                if let Ok(link) = self.control.link_of(session) {
                    self.restart_monitors(step, session, link);
                } else {
                    self.rebind_session(step, session);
                }
                false
            }
            Walked::More => true,
            Walked::Done => false,
        }
    }

    fn return_requests(&mut self, step: &mut Step<'_>, connection: ConnectionRef, slot: u32) -> Option<u32> {
        let (slots, next) = portion(self.control.pool.requests().slots(), slot);
        for slot in slots {
            let Some(handle) = self.control.pool.requests().at(slot) else { continue };
            if let Some(ended) = self.control.pool.take_back(step, handle, connection) {
                self.on_answer(step, ended, &Response::Error(CstaError::NETWORK_OUT_OF_SERVICE));
            }
        }
        next
    }

    fn deliver_one_early(&mut self, step: &mut Step<'_>, source: EventSource<'_>) -> bool {
        let Some(early) = self.control.take_early(source) else { return false };
        let document = Document::parse(&early, &self.xml_limits).unwrap();
        match document.message() {
            Ok(Message::Event(event)) => {
                if let Some(switch_monitor) = self.control.switch_monitor_of(source) {
                    self.fan_out(step, switch_monitor, &event, Some(&early));
                }
            }
            Ok(Message::Request(Request::MonitorStop { .. })) => {
                self.control.on_switch_monitor_stopped(step, source);
            }
            _ => panic!("something else was kept"),
        }
        true
    }

    /// Returns the digest, and checks that the fingerprints kept up to date equal those computed from scratch.
    pub(in crate::rcc::tests) fn digest(&mut self) -> u64 {
        let (kept, anew) = (self.control.fold(), self.control.recompute());
        let digest = |control: &Control<Bare>, tables| {
            let mut digester = Digester::new();
            control.digest_with(&mut digester, tables);
            digester.finish()
        };
        let kept = digest(&self.control, kept);
        if kept != digest(&self.control, anew) {
            self.broken.push("the digest that is kept differs from the one computed anew".to_owned());
        }
        kept
    }
}
