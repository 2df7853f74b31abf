//! The news of the pool of CTI connections ([`crate::cti`]), and what becomes of it.

use super::clients::Clients;
use super::control::Control;
use super::session::Carrier;
use super::switch_monitor::EventSource;
use super::ticket::Ticket;
use crate::cti::news::News;
use crate::cti::pool::{Due, UnderWay};
use crate::cti::protocol::{Slot, Spare};
use crate::expected::Expected as _;
use crate::input::Closed;
use crate::slots::Handle;
use crate::step::Step;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::Response;

impl<C: Carrier> Control<C> {
    /// Handles an open CTI link: that of the connection at `index`.
    pub(crate) fn on_opened<K: Clients<C>>(&mut self, step: &mut Step<'_>, clients: &mut K, index: u8) {
        let news = self.pool.on_opened(step, index);
        self.on_news(step, clients, news);
    }

    /// Processes at most one message from a CTI link, whose reader is checked out meanwhile. Returns how many bytes it
    /// took.
    pub(crate) fn on_bytes<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        index: u8,
        bytes: &[u8],
    ) -> usize {
        let Some(mut reading) = self.pool.check_out(index) else { return bytes.len() };
        let taken = {
            let mut slot = Slot::default();
            let (taken, news) = self.pool.on_bytes(step, &mut reading, bytes, &mut slot);
            self.on_news(step, clients, news);
            taken
        };
        self.pool.put_back(reading);
        self.tell_more(step, clients, index);
        taken
    }

    /// Handles what the connection at `index` has to tell beside a message. There are at most as many news as one
    /// message concerns monitored lines, and requests that the link answers itself.
    fn tell_more<K: Clients<C>>(&mut self, step: &mut Step<'_>, clients: &mut K, index: u8) {
        loop {
            let (mut spare, mut slot) = (Spare::default(), Slot::default());
            let Some(news) = self.pool.more(step, index, &mut spare, &mut slot) else { return };
            self.on_news(step, clients, news);
        }
    }

    /// The time has come for the connection at `index` to send what waits for its turn, and to tell what it still has
    /// to tell.
    pub(crate) fn on_send_due<K: Clients<C>>(&mut self, step: &mut Step<'_>, clients: &mut K, index: u8) {
        self.pool.on_send_due(step, index);
        self.tell_more(step, clients, index);
    }

    /// Handles the end of a CTI link.
    pub(crate) fn on_closed<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        index: u8,
        why: Closed,
    ) {
        let news = self.pool.on_closed(step, index, why);
        self.on_news(step, clients, news);
    }

    /// Handles the timer of a connection.
    pub(crate) fn on_connection_timer<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        index: u8,
    ) {
        let news = self.pool.on_timer(step, index);
        self.on_news(step, clients, news);
    }

    /// Handles a request that the phone system did not answer in time, or that cannot be sent after all: its client gets
    /// an error, and a late answer is dropped.
    pub(crate) fn on_service_timeout<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        handle: Handle<UnderWay<Ticket>>,
    ) {
        let Some(Due { id, ended, refused }) = self.pool.on_request_due(step, handle).expected("a request")
        else {
            return;
        };
        let connection = ended.connection;
        if refused.is_none() {
            self.note_timed_out(step, clients, &ended);
        }
        let error = refused.unwrap_or(CstaError::RESOURCE_OUT_OF_SERVICE);
        self.on_answer(step, clients, ended, &Response::Error(error));
        let news = self.pool.abandon(step, connection, id);
        self.on_news(step, clients, news);
    }

    fn on_news<K: Clients<C>>(&mut self, step: &mut Step<'_>, clients: &mut K, news: News<'_, Ticket>) {
        match news {
            News::Nothing => {}
            News::Dialled(index) => self.on_dialled(index),
            News::InService(connection) => self.on_in_service(step, connection),
            News::Lost(connection) => self.on_lost(step, connection),
            News::Alive(connection) => self.stop_more(step, connection),
            News::Answer(ended, response) => self.on_answer(step, clients, ended, &response),
            News::Event { connection, event, document } => {
                if let Some(switch_monitor) = self.take_event(step, connection, &event, document) {
                    self.fan_out(step, clients, switch_monitor, &event, document);
                }
            }
            News::Told { connection, request, document } => {
                if let Some(news) = self.on_part(step, connection, &request, document) {
                    clients.tell(step, self, &news);
                }
            }
            News::MonitorStopped { connection, cross_reference, document } => {
                let source = EventSource { connection, cross_reference };
                self.on_monitor_stopped(step, source, document);
            }
            News::LateMonitor { connection, cross_reference } => {
                self.on_late_monitor(step, EventSource { connection, cross_reference });
            }
            News::Status { connection, status } => self.on_status(step, connection, status),
        }
    }
}
