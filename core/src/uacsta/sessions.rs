//! Ending a session.

use super::{Control, Leg, Uacsta};
use crate::action::Level;
use crate::rcc::session::Carrier as _;
use crate::sip::user_agent::{Asked, Outgoing, Overload, Phase, Received, Reply};
use crate::step::{SessionId, Step};

impl Uacsta {
    /// Ends a session on our initiative, with a BYE unless another node may have taken the dialog over.
    pub(crate) fn end_by_us(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        session: SessionId,
        why: &str,
    ) {
        let phase = control.sessions.get(session).map(|one| one.carrier.phase);
        if let Some(Phase::SigningIn { invite }) = phase {
            self.ua.answer(step, &mut control.sessions, Asked::Held(invite), &Reply::new(480));
        } else if !self.may_be_elsewhere(control, step.now, session) {
            self.ua.send_request(step, &mut control.sessions, session, Outgoing::Bye);
        }
        self.end_session(step, control, session, why);
    }

    /// Forgets a session and everything that belongs to it, and counts its end.
    pub(super) fn end_session(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        session: SessionId,
        why: &str,
    ) {
        if self.forget_session(step, control, session, why) {
            step.counters.sessions_ended += 1;
        }
    }

    /// Forgets a session and everything that belongs to it. Returns whether it had begun.
    fn forget_session(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        session: SessionId,
        why: &str,
    ) -> bool {
        let Self { ua, choosing, .. } = self;
        choosing.remove(&session);
        ua.leave_invite(step, &mut control.sessions, session);
        let Some(one) = control.sessions.get(session) else { return false };
        // The end of a session that never began has been logged as a refusal or a CANCEL.
        let has_begun = one.carrier.is_established();
        if has_begun {
            control.note_session(step, (Level::Info, "session_ended"), session, &[("why", &why)]);
        }
        if let Some(leg) = control.remove_session(step, session) {
            ua.forget(step, session, leg);
        }
        has_begun
    }

    /// Leaves a session to another node. No BYE is sent, since the dialog continues there.
    pub(super) fn hand_over(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        received: &Received<'_>,
        session: SessionId,
    ) {
        self.ua.turn_away(step, &mut control.sessions, received, Overload::Leaving);
        step.counters.sessions_handed_over += 1;
        self.forget_session(step, control, session, "left to another node: this one drains");
    }
}
