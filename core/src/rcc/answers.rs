//! Answers of phone systems, and passing them to those they concern.

use super::clients::{Answer, Asked, Checked, Clients};
use super::control::Control;
use super::device_lists::MAX_EARLY;
use super::monitoring::Started;
use super::session::Carrier;
use super::ticket::{Ticket, error_of, fits};
use crate::cti::ConnectionRef;
use crate::cti::news::Ended;
use crate::step::{ClientRequestId, SessionId, Step};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Message, Request, Response};
use crate::wire::csta::parse::Document;
use crate::wire::csta::services::Service;

impl<C: Carrier> Control<C> {
    /// Handles the end of a request to a phone system.
    pub(super) fn on_answer<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        ended: Ended<Ticket>,
        response: &Response<'_>,
    ) {
        let connection = ended.connection;
        match ended.ticket {
            Ticket::VerifyLine(session) => {
                self.note_checked(step, session, response);
                // The user is refused only if the phone system says that it does not know the line.
                let checked = match error_of(response) {
                    error if error.means_unknown_device() => Checked::Unknown(error),
                    CstaError::DEVICE_OUT_OF_SERVICE => Checked::Unregistered,
                    _ => Checked::Known,
                };
                clients.on_line_checked(step, self, session, checked);
            }
            Ticket::StartMonitor(switch_monitor) => {
                match self.on_switch_monitor_answered(step, switch_monitor, connection, response) {
                    Started::Active(switch_monitor, waiters) => {
                        for waiter in waiters {
                            self.announce_monitor(step, clients, waiter);
                        }
                        self.after_start(step, switch_monitor);
                    }
                    Started::Refused(refused) => {
                        self.tell_refusal(step, clients, &refused);
                        self.after_refusal(step, &refused, response);
                    }
                    Started::Void => {}
                }
            }
            Ticket::StopMonitor => self.on_stop_answered(connection),
            Ticket::Resync(monitor, switch_monitor, number) => {
                if self.on_snapshot(step, (monitor, switch_monitor, number), connection, response) {
                    self.tell_changes(step, clients, monitor);
                }
            }
            Ticket::Parties(switch_monitor, number) => {
                self.on_parties(step, clients, (switch_monitor, number), (connection, response));
            }
            Ticket::Service { session, request, service, is_for_other } => {
                self.on_client_served(
                    step,
                    clients,
                    connection,
                    (session, request, (service, is_for_other)),
                    response,
                );
            }
        }
        self.stop_more(step, connection);
    }

    /// Handles the answer to a request that a client asked for.
    fn on_client_served<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        connection: ConnectionRef,
        (session, request, (service, is_for_other)): (SessionId, ClientRequestId, (&'static Service, bool)),
        response: &Response<'_>,
    ) {
        let instead = self.on_served(step, connection, (session, service, is_for_other), response);
        let is_fit = instead.is_none() && fits(service, response);
        if is_fit {
            self.tell_early_parts(step, clients, connection, response);
        }
        if service.brings_list() {
            self.device_lists.answered(connection);
        }
        let answer = match instead {
            None if is_fit => Answer::Relayed(response),
            error => {
                let error = error.unwrap_or_else(|| error_of(response));
                self.note_failed(step, clients, session, (service.root, false), error);
                Answer::Error(error)
            }
        };
        clients.answer(step, self, session, Asked::Held(request), answer);
        if service.announces() {
            clients.announced(step, self, session);
        }
    }

    /// Sends the parts of a list that came before the response that announces it.
    fn tell_early_parts<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        connection: ConnectionRef,
        response: &Response<'_>,
    ) {
        for _ in 0..MAX_EARLY {
            let Some(part) = self.early_part(connection, response) else { return };
            let document = Document::parse(&part, &self.xml_limits);
            if let Ok(Ok(Message::Request(Request::Relayed(told)))) = document.as_ref().map(Document::message)
                && let Some(news) = self.on_part(step, connection, &told, Some(&part))
            {
                clients.tell(step, self, &news);
            }
        }
    }
}
