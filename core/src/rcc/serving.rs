//! Serving a client's request.

use super::clients::{Answer, Asked, Clients};
use super::control::Control;
use super::not_dialable::number_of_refusal;
use super::services::{Question, Verdict};
use super::session::Carrier;
use super::switch_monitor::Waiter;
use crate::slots::Handle;
use crate::step::{SessionId, Step};
use crate::wire::csta::model::{Request, Response};

impl<C: Carrier> Control<C> {
    /// Serves one CSTA request of a client: it is answered, or held until the phone system answers.
    pub(crate) fn serve<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        received: &K::Received<'_>,
        session: SessionId,
        request: &Request<'_>,
    ) {
        let asked = Asked::AtHand(received);
        match self.request(step, session, request) {
            Verdict::Answer(response) => {
                clients.answer(step, self, session, asked, Answer::Own(&response));
            }
            Verdict::Refuse(error) => {
                if let Some(number) = number_of_refusal(request, error, &step.config.numbers) {
                    self.note_not_dialled(step, clients, (session, request.name()), error, &number);
                } else {
                    self.note_failed(step, clients, session, (request.name(), false), error);
                }
                clients.answer(step, self, session, asked, Answer::Error(error));
            }
            Verdict::Registered(registration) => {
                let register = &registration.id.text();
                let response = Response::SystemRegister { register, filter: Some(registration.filter) };
                clients.answer(step, self, session, asked, Answer::Own(&response));
                let quiet_until = step.now + step.config.sip.event_delay;
                self.change_carrier(session, |carrier| carrier.keep_quiet(quiet_until));
            }
            Verdict::Stop(monitor) => {
                clients.answer(step, self, session, asked, Answer::Own(&Response::MonitorStop));
                self.drop_monitor(step, monitor);
            }
            Verdict::Monitor(monitor) => self.begin_monitor(step, clients, received, session, monitor),
            Verdict::Ask(question) => self.ask_for_client(step, clients, received, session, &question),
        }
    }

    /// Holds a MonitorStart until its switch monitor is active.
    fn begin_monitor<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        received: &K::Received<'_>,
        session: SessionId,
        monitor: Handle<super::session::Monitor>,
    ) {
        let Some(request) = clients.hold(step, self, received, session) else {
            self.drop_monitor(step, monitor);
            return;
        };
        self.change_carrier(session, Carrier::expect_announcement);
        let waiter = Waiter { request, session, monitor };
        if let Some(switch_monitor) = self.join(waiter) {
            self.announce_monitor(step, clients, waiter);
            self.ask_snapshots(step, switch_monitor);
        }
    }

    /// Holds a request until the phone system answers.
    fn ask_for_client<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        received: &K::Received<'_>,
        session: SessionId,
        question: &Question<'_>,
    ) {
        let Some(held) = clients.hold(step, self, received, session) else { return };
        if let Err(error) = self.ask(step, held, question) {
            self.note_failed(step, clients, session, (question.service.root, false), error);
            clients.answer(step, self, session, Asked::Held(held), Answer::Error(error));
        } else if question.service.announces() {
            self.change_carrier(session, Carrier::expect_announcement);
        }
    }

    fn change_carrier(&mut self, session: SessionId, change: impl FnOnce(&mut C)) {
        if let Some(one) = self.sessions.get_mut(session) {
            change(&mut one.carrier);
        }
    }
}
