//! What ties the pool of CTI connections ([`crate::cti`]) to the rest: each of its news, and who is concerned.

use super::events::EventSource;
use super::jobs::Job;
use super::rebind::rebinds;
use super::{Gateway, Step};
use crate::cti::ConnectionRef;
use crate::cti::news::{Ended, News};
use crate::cti::pool::UnderWay;
use crate::cti::protocol::Slot;
use crate::engine::outcome::Ticket;
use crate::input::Closed;
use crate::slots::Handle;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Response, SystemStatus};

impl Gateway {
    /// Deals with what the pool has to say.
    fn on_news(&mut self, step: &mut Step<'_>, news: News<'_, Ticket>) {
        match news {
            News::Nothing => {}
            News::Dialled(index) => {
                self.stops.renew(index);
                self.early.renew(index);
                self.device_lists.renew(index);
            }
            News::InService(connection) => self.on_in_service(step, connection),
            News::Lost(connection) => {
                self.lose_connection(connection);
                self.tell_all(Some(connection.index()), SystemStatus::Disabled);
                self.want_rebind(step);
            }
            News::Alive(connection) => self.stop_more(step, connection),
            News::Answer(ended, response) => self.on_outcome(step, ended, &response),
            News::Event { connection, event, document } => self.on_event(step, connection, &event, document),
            News::Told { connection, request, document } => {
                self.on_told(step, connection, &request, document);
            }
            News::MonitorStopped { connection, cross_reference, document } => {
                self.on_monitor_stopped(step, EventSource { connection, cross_reference }, document);
            }
            News::Status { connection, status } => self.on_status(step, connection, status),
        }
    }

    fn on_in_service(&mut self, step: &mut Step<'_>, connection: ConnectionRef) {
        self.want_rebind(step);
        // Where sessions are moved nothing of theirs is void: those that lost it are told when they are moved.
        if !rebinds(step.config) {
            // The first is good news for all: whoever INVITEs anew is served (S9).
            let is_first = self.pool.serving() == 1;
            self.tell_all((!is_first).then_some(connection.index()), SystemStatus::Enabled);
        }
    }

    /// The phone system says how it is.
    fn on_status(&mut self, step: &mut Step<'_>, connection: ConnectionRef, status: SystemStatus) {
        // ECMA-269, System Status: there are no monitors any more. As long as none of ours is active, it is how a phone
        // system introduces itself: the first MonitorStarts may go out right behind the registration.
        if status == SystemStatus::Enabled && self.watches.is_any_active(connection) {
            let why = "the phone system says it has begun anew";
            let news = self.pool.give_up(step, connection.index(), why);
            self.on_news(step, news);
            return;
        }
        if status == SystemStatus::MessagesLost {
            let job = Job::Doubt { connection, slot: 0 };
            if !self.jobs.contains(&job) {
                self.jobs.push_back(job);
            }
        }
        self.tell_all(Some(connection.index()), status);
    }

    pub(super) fn on_connection_timer(&mut self, step: &mut Step<'_>, index: u8) {
        let news = self.pool.on_timer(step, index);
        self.on_news(step, news);
    }

    pub(super) fn on_cti_opened(&mut self, step: &mut Step<'_>, index: u8) {
        let news = self.pool.on_opened(step, index);
        self.on_news(step, news);
    }

    pub(super) fn on_cti_closed(&mut self, step: &mut Step<'_>, index: u8, why: Closed) {
        let news = self.pool.on_closed(step, index, why);
        self.on_news(step, news);
    }

    /// Bytes of a CTI link: at most one message. The reader is checked out while the message is dealt with.
    pub(super) fn on_cti_bytes(&mut self, step: &mut Step<'_>, index: u8, bytes: &[u8]) -> usize {
        let Some(mut reading) = self.pool.check_out(index) else { return bytes.len() };
        let taken = {
            let mut slot = Slot::default();
            let (taken, news) = self.pool.on_bytes(step, &mut reading, bytes, &mut slot);
            self.on_news(step, news);
            taken
        };
        self.pool.put_back(reading);
        taken
    }

    /// The phone system says nothing: the client is told so, a late answer is dropped.
    pub(super) fn on_service_timeout(&mut self, step: &mut Step<'_>, handle: Handle<UnderWay<Ticket>>) {
        let Some((id, ended)) = self.pool.on_request_due(step, handle) else { return };
        let Ended { ticket: _, connection } = ended;
        self.on_outcome(step, ended, &Response::Error(CstaError::RESOURCE_OUT_OF_SERVICE));
        let news = self.pool.abandon(step, connection, id);
        self.on_news(step, news);
    }
}
