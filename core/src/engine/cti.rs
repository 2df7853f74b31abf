//! Deals with the news of the pool of CTI connections ([`crate::cti`]).

use super::{Gateway, Step};
use crate::cti::news::{Ended, News};
use crate::cti::pool::UnderWay;
use crate::cti::protocol::Slot;
use crate::input::Closed;
use crate::rcc::switch_monitor::EventSource;
use crate::rcc::ticket::Ticket;
use crate::slots::Handle;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::Response;

impl Gateway {
    /// Deals with news of the pool.
    fn on_cti_news(&mut self, step: &mut Step<'_>, news: News<'_, Ticket>) {
        match news {
            News::Nothing => {}
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
            News::Told { connection, request, document } => {
                if let Some(news) = self.control.on_part(step, connection, &request, document) {
                    self.tell(step, &news);
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

    pub(super) fn on_connection_timer(&mut self, step: &mut Step<'_>, index: u8) {
        let news = self.control.pool.on_timer(step, index);
        self.on_cti_news(step, news);
    }

    pub(super) fn on_cti_opened(&mut self, step: &mut Step<'_>, index: u8) {
        let news = self.control.pool.on_opened(step, index);
        self.on_cti_news(step, news);
    }

    pub(super) fn on_cti_closed(&mut self, step: &mut Step<'_>, index: u8, why: Closed) {
        let news = self.control.pool.on_closed(step, index, why);
        self.on_cti_news(step, news);
    }

    /// Processes at most one message from a CTI link. Its reader is checked out meanwhile.
    pub(super) fn on_cti_bytes(&mut self, step: &mut Step<'_>, index: u8, bytes: &[u8]) -> usize {
        let Some(mut reading) = self.control.pool.check_out(index) else { return bytes.len() };
        let taken = {
            let mut slot = Slot::default();
            let (taken, news) = self.control.pool.on_bytes(step, &mut reading, bytes, &mut slot);
            self.on_cti_news(step, news);
            taken
        };
        self.control.pool.put_back(reading);
        taken
    }

    /// Handles a request that the phone system did not answer in time: its client gets an error, and a late answer is
    /// dropped.
    pub(super) fn on_service_timeout(&mut self, step: &mut Step<'_>, handle: Handle<UnderWay<Ticket>>) {
        let Some((id, ended)) = self.control.pool.on_request_due(step, handle) else { return };
        let Ended { ticket: _, connection } = ended;
        self.on_answer(step, ended, &Response::Error(CstaError::RESOURCE_OUT_OF_SERVICE));
        let news = self.control.pool.abandon(step, connection, id);
        self.on_cti_news(step, news);
    }
}
