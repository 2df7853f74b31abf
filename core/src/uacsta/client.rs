//! Telling and answering a client, in its own edition of CSTA.

use core::net::SocketAddr;

use super::{Control, Leg, Uacsta};
use crate::expected::Expected as _;
use crate::rcc::clients::{Answer, Asked, Checked, Clients};
use crate::rcc::control::{News, What};
use crate::rcc::jobs::portion;
use crate::rcc::session::Carrier;
use crate::rcc::sessions::Sessions;
use crate::rcc::view::{ClientView, in_agreed_edition};
use crate::sip::user_agent::{self, Legs, Phase, Received, Reply, note_announced};
use crate::slots::Handle;
use crate::step::{ClientRequestId, SessionId, Step};
use crate::time::Instant;
use crate::wire::csta::emit::{self, Verbatim};
use crate::wire::csta::model::{Request, Response};

impl Clients<Leg> for Uacsta {
    type Received<'m> = Received<'m>;

    fn tell(&mut self, step: &mut Step<'_>, control: &mut Control<Leg>, news: &News<'_>) {
        let Self { ua, body, .. } = self;
        let Some(session) = control.sessions.get(news.session) else { return };
        let (namespace, agreed) = (session.namespace, step.config.cti.protocol_version);
        body.clear();
        match news.what {
            What::Event { cross_reference, switch, event } => {
                let mut view = ClientView::new(step.config, session, switch, Some(cross_reference));
                emit::event(body, namespace, event, &mut view);
            }
            // MonitorStop is the same message in both directions.
            What::MonitorStopped(cross_reference) => {
                let cross_reference = &cross_reference.text();
                emit::request(body, namespace, &Request::MonitorStop { cross_reference }, &mut Verbatim);
            }
            What::Status(register, status) => {
                let register = register.text();
                let told = Request::SystemStatus { register: Some(&register), status };
                emit::request(body, namespace, &told, &mut Verbatim);
            }
            What::Part(switch, part) => {
                let mut view = ClientView::new(step.config, session, switch, None);
                let told = Request::Relayed(in_agreed_edition(part, agreed));
                emit::request(body, namespace, &told, &mut view);
            }
        }
        ua.send_event(step, &mut control.sessions, news.session, body);
    }

    fn hold(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        received: &Received<'_>,
        session: SessionId,
    ) -> Option<ClientRequestId> {
        self.ua.hold(step, &mut control.sessions, received, session).map(Handle::cast)
    }

    fn reaches(&self, step: &Step<'_>, request: ClientRequestId) -> bool {
        self.ua.reaches(step, request.cast())
    }

    fn answer(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        session: SessionId,
        asked: Asked<'_, Received<'_>>,
        answer: Answer<'_>,
    ) {
        let asked = match asked {
            Asked::AtHand(received) => user_agent::Asked::AtHand(received),
            Asked::Held(request) => user_agent::Asked::Held(request.cast()),
        };
        if control.sessions.get(session).is_none() {
            // RFC 3261 15.1.2: a request still pending when the dialog ended is answered 487.
            self.ua.answer(step, &mut control.sessions, asked, &Reply::new(487));
            return;
        }
        self.body.clear();
        match answer {
            Answer::Own(response) => self.write_response(control, session, response),
            Answer::Relayed(response) => self.write_relayed(step, control, session, response),
            Answer::Error(error) => self.write_response(control, session, &Response::Error(error)),
        }
        self.ua.answer(step, &mut control.sessions, asked, &Reply::document(&self.body));
    }

    fn peer(&self, step: &Step<'_>, control: &Control<Leg>, session: SessionId) -> Option<SocketAddr> {
        self.peer_of(step, control, session)
    }

    fn announced(&mut self, step: &mut Step<'_>, control: &mut Control<Leg>, session: SessionId) {
        note_announced(step, &mut control.sessions, session);
    }

    fn on_line_checked(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        session: SessionId,
        checked: Checked,
    ) {
        self.on_checked(step, control, session, checked);
    }

    fn check_right(&mut self, step: &mut Step<'_>, control: &mut Control<Leg>, session: SessionId) {
        self.recheck_right(step, control, session);
    }

    fn check_links(&mut self, step: &mut Step<'_>, slot: u32) -> Option<u32> {
        let (slots, next) = portion(self.ua.links.slots.slots(), slot);
        self.ua.links.recheck(step, slots);
        next
    }

    fn sign_out(&mut self, step: &mut Step<'_>, control: &mut Control<Leg>, session: SessionId, why: &str) {
        self.end_by_us(step, control, session, why);
    }
}

impl Uacsta {
    /// Writes a response of the gateway's own.
    fn write_response(&mut self, control: &Control<Leg>, session: SessionId, response: &Response<'_>) {
        let namespace = control.sessions.get(session).map(|one| one.namespace).unwrap_or_default();
        emit::response(&mut self.body, namespace, response, &mut Verbatim);
    }

    /// Writes a phone system's response as the client sees it.
    fn write_relayed(
        &mut self,
        step: &Step<'_>,
        control: &Control<Leg>,
        session: SessionId,
        response: &Response<'_>,
    ) {
        let Some(one) = control.sessions.get(session).expected("a session") else { return };
        let link = one.connection.and_then(|connection| control.pool.at(connection.index()));
        let switch = link.map_or(0, |link| link.switch);
        let features = link.map(|link| link.offered_to(|| one.number())).unwrap_or_default();
        let agreed = step.config.cti.protocol_version;
        let mut view = ClientView::new(step.config, one, switch, None).offering(one, features);
        let relayed;
        let response = if let Response::Relayed(told) = response {
            relayed = Response::Relayed(in_agreed_edition(told, agreed));
            &relayed
        } else {
            response
        };
        emit::response(&mut self.body, one.namespace, response, &mut view);
    }
}

impl Carrier for Leg {
    fn line(&self) -> &str {
        self.dialog.line()
    }

    fn device(&self) -> &str {
        self.dialog.device()
    }

    fn set_line(&mut self, line: &str, device: &str) {
        self.dialog.set_line(line, device);
    }

    fn user(&self) -> &str {
        self.dialog.user()
    }

    fn base(&self) -> &str {
        self.dialog.local_tag()
    }

    fn has_decimal_references(&self) -> bool {
        user_agent::is_present_tag(self.dialog.local_tag())
    }

    fn call_id(&self) -> &str {
        self.dialog.call_id()
    }

    fn is_established(&self) -> bool {
        self.phase == Phase::Established
    }

    fn may_be_overtaken(&self) -> bool {
        self.outbox.may_be_overtaken()
    }

    fn expect_announcement(&mut self) {
        self.outbox.announce();
    }

    fn keep_quiet(&mut self, until: Instant) {
        self.outbox.keep_quiet(until);
    }
}

impl Legs for Sessions<Leg> {
    fn leg(&self, session: SessionId) -> Option<&Leg> {
        self.get(session).map(|session| &session.carrier)
    }

    fn leg_mut(&mut self, session: SessionId) -> Option<&mut Leg> {
        self.get_mut(session).map(|session| &mut session.carrier)
    }
}
