//! Answers of phone systems, and passing them to those they concern.

use super::{Gateway, Step};
use crate::cti::news::Ended;
use crate::rcc::monitoring::Started;
use crate::rcc::ticket::{Ticket, error_of, fits};
use crate::sip::user_agent::{Asked, Reply, may_be_overtaken, note_announced};
use crate::step::{ClientRequestId, SessionId};
use crate::wire::csta::model::{Message, Request, Response};
use crate::wire::csta::parse::Document;
use crate::wire::csta::services::Service;

impl Gateway {
    /// Handles the end of a request to a phone system.
    pub(super) fn on_answer(&mut self, step: &mut Step<'_>, ended: Ended<Ticket>, response: &Response<'_>) {
        let connection = ended.connection;
        match ended.ticket {
            Ticket::VerifyLine(session) => self.on_line_verified(step, session, response),
            Ticket::StartMonitor(switch_monitor) => {
                match self.control.on_switch_monitor_answered(step, switch_monitor, connection, response) {
                    Started::Active(switch_monitor, waiters) => {
                        for waiter in waiters {
                            self.announce_monitor(step, waiter);
                        }
                        self.control.after_start(step, switch_monitor);
                    }
                    Started::Refused(refused) => {
                        self.tell_refusal(step, &refused);
                        self.control.after_refusal(step, &refused, response);
                    }
                    Started::Void => {}
                }
            }
            Ticket::StopMonitor => self.control.on_stop_answered(connection),
            Ticket::Resync(monitor, switch_monitor, number) => {
                if self.control.on_snapshot(step, (monitor, switch_monitor, number), connection, response) {
                    self.tell_changes(step, monitor);
                }
            }
            Ticket::Service { session, request, service } => {
                self.on_served(step, ended, (session, request, service), response);
            }
        }
        self.control.stop_more(step, connection);
    }

    /// Handles the answer to the check of a line at sign-in. The user is refused only if the phone system says that it
    /// does not know the line.
    fn on_line_verified(&mut self, step: &mut Step<'_>, session: SessionId, response: &Response<'_>) {
        let error = error_of(response);
        if error.means_unknown_device() {
            self.refuse_sign_in(step, session, &error);
        } else {
            self.accept_sign_in(step, session);
        }
    }

    /// Handles the answer to a request that a client asked for.
    fn on_served(
        &mut self,
        step: &mut Step<'_>,
        ended: Ended<Ticket>,
        (session, request, service): (SessionId, ClientRequestId, &'static Service),
        response: &Response<'_>,
    ) {
        let overtaken = may_be_overtaken(&self.control.sessions, session);
        let instead = self.control.on_served(step, &ended, overtaken, response);
        let announced = instead.is_none() && fits(service, response);
        if announced {
            while let Some(part) = self.control.early_part(ended.connection, response) {
                self.tell_kept_part(step, ended, &part);
            }
        }
        self.control.after_answer(&ended);
        let asked = Asked::Held(request.cast());
        if self.control.sessions.get(session).is_none() {
            // RFC 3261 15.1.2: a request still pending when the dialog ended is answered 487.
            self.ua.answer(step, &mut self.control.sessions, asked, &Reply::new(487));
            return;
        }
        match instead {
            None if announced => self.relay_response(step, session, asked, response),
            error => self.respond(step, session, asked, Err(error.unwrap_or_else(|| error_of(response)))),
        }
        if service.announces() {
            note_announced(step, &mut self.control.sessions, session);
        }
    }

    /// Sends a part of a list that came before the answer that announces it.
    fn tell_kept_part(&mut self, step: &mut Step<'_>, ended: Ended<Ticket>, part: &[u8]) {
        let document = Document::parse(part, &self.xml_limits);
        if let Ok(Ok(Message::Request(Request::Relayed(told)))) = document.as_ref().map(Document::message)
            && let Some(news) = self.control.on_part(step, ended.connection, &told, Some(part))
        {
            self.tell(step, &news);
        }
    }
}
