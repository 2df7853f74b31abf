//! The beginning of a session: it is created, and its INVITE answered.

use alloc::boxed::Box;
use alloc::string::ToString as _;

use super::appearance::{SignIn, addressed, identity};
use super::{Control, Leg, Uacsta};
use crate::action::Level;
use crate::expected::Expected as _;
use crate::sip::user_agent::{HeldRequest, Overload, Phase, Received, Refusal};
use crate::step::{SessionId, Step};
use crate::wire::csta::emit::{self, Verbatim};
use crate::wire::csta::model::Message as Csta;
use crate::wire::csta::model::{Namespace, Request, Response, SystemStatus};
use crate::wire::csta::parse::Document;
use crate::wire::csta::references;
use crate::wire::sip::media::CSTA_XML;

/// How a session's dialog begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Beginning {
    /// Here, with this INVITE.
    Anew,
    /// At another node, or before this one was restarted: our CSeq continues from `sequence`, the count of its monitors
    /// from `monitors`.
    Continued { sequence: u32, monitors: u32 },
}

impl Uacsta {
    /// Creates the session of an INVITE, which is held, with `local_tag` as our tag. It takes the next connection in
    /// service. Returns `None` if the INVITE was refused, because there is no room or because it cannot begin a dialog.
    pub(super) fn begin_session(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        received: &Received<'_>,
        sign_in: &SignIn,
        (local_tag, beginning): (&str, Beginning),
    ) -> Option<SessionId> {
        let timer = self.ua.settle_timer(step, &mut control.sessions, received)?;
        if let Some(stale) = control.stale_session_of(step, &sign_in.user, &sign_in.line) {
            self.end_session(step, control, stale, "its client signed in again");
        }
        if control.sessions.is_full() {
            self.ua.turn_away(step, &mut control.sessions, received, Overload::Full);
            return None;
        }
        let (sequence, monitors_had) = match beginning {
            Beginning::Anew => (0, 0),
            Beginning::Continued { sequence, monitors } => (sequence, monitors),
        };
        let begun = (local_tag, &*sign_in.line, sequence);
        let mut leg = self.ua.begin_leg(step, &mut control.sessions, received, begun, timer)?;
        leg.dialog.set_user(&sign_in.user);
        leg.dialog.set_line(&sign_in.line, &sign_in.device);
        let session = control.add_session(step.now, leg, sign_in.namespace, monitors_had).ok()?;
        control.set_owner(session, sign_in.owner.as_deref());
        if self.ua.hold_invite(step, &mut control.sessions, received, session).is_none() {
            control.sessions.remove(session);
            return None;
        }
        // Only now, so that a refused INVITE takes no turn.
        control.take_turn(session);
        Some(session)
    }

    /// Asks the phone system whether it knows the line; if it cannot be asked, the sign-in is accepted.
    pub(super) fn verify_line(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        session: SessionId,
    ) {
        if !control.check_line(step, session) {
            self.accept_sign_in(step, control, session);
        }
    }

    /// Answers a sign-in 200.
    pub(super) fn accept_sign_in(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        handle: SessionId,
    ) {
        // Its client may have given up meanwhile.
        let Some(session) = control.sessions.get_mut(handle) else { return };
        let Phase::SigningIn { invite } = session.carrier.phase else {
            debug_assert!(false, "a session signs in once");
            return;
        };
        session.carrier.phase = Phase::Established;
        self.refused.disprove(session.user(), session.number());
        control.begin_session(step, self, handle);
        let status = control.status_of(handle);
        step.counters.sign_ins += 1;
        step.counters.sign_ins_unserved += u64::from(status == SystemStatus::Disabled);
        self.note(step, control, (Level::Info, "session_started"), handle, &[("status", &status.word())]);
        self.answer_invite(step, control, handle, invite, status);
        control.feed_session(step, self, handle);
    }

    /// Answers an INVITE or re-INVITE with 200, always with a RequestSystemStatusResponse (client quirk 6).
    pub(super) fn answer_invite(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        session: SessionId,
        invite: HeldRequest,
        status: SystemStatus,
    ) {
        let Self { ua, body, .. } = self;
        let sessions = &mut control.sessions;
        let one = sessions.get(session).expected("a session");
        let Some(namespace) = one.map(|one| one.namespace) else { return };
        body.clear();
        emit::response(body, namespace, &Response::RequestSystemStatus { status }, &mut Verbatim);
        ua.accept_invite(step, sessions, session, invite, (body, status == SystemStatus::Disabled));
    }

    /// Reads the CSTA document in a request. Returns `None` if there is none that can be read; the request is refused
    /// then.
    pub(super) fn read_document<'m>(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        received: &Received<'m>,
    ) -> Option<Document<'m>> {
        let Some(body) = received.document else {
            let refusal = Refusal::with(415, "Accept", CSTA_XML);
            self.ua.refuse(step, &mut control.sessions, received, &refusal);
            return None;
        };
        let checked = references::check(body);
        match checked.and_then(|()| Document::parse(body, &control.xml_limits)) {
            Ok(document) => Some(document),
            Err(error) => {
                let detail = error.to_string();
                let refusal = Refusal { detail, ..Refusal::new(400, "Malformed CSTA document") };
                self.ua.refuse(step, &mut control.sessions, received, &refusal);
                None
            }
        }
    }

    /// Reads the body of an INVITE. Returns `None` if the INVITE was refused.
    pub(super) fn read_sign_in(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        received: &Received<'_>,
    ) -> Option<SignIn> {
        let document = self.read_document(step, control, received)?;
        let is_sign_in = matches!(document.message(), Ok(Csta::Request(Request::RequestSystemStatus { .. })));
        if !is_sign_in {
            let refusal = Refusal::new(488, "An INVITE carries RequestSystemStatus here");
            self.ua.refuse(step, &mut control.sessions, received, &refusal);
            return None;
        }
        let line = document.line().filter(|line| !line.is_empty()).unwrap_or_else(|| addressed(received));
        if line.len() > step.config.limits.dialog_bytes {
            self.ua.refuse(step, &mut control.sessions, received, &Refusal::new(400, "Line URI too long"));
            return None;
        }
        let namespace = document.namespace().unwrap_or(Namespace::ED3);
        let user = Box::from(identity(step, received));
        Some(SignIn {
            namespace,
            line: Box::from(line),
            device: Box::default(),
            user,
            owner: None,
            depends: None,
        })
    }
}
