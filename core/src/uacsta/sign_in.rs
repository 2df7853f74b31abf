//! Sign-in by INVITE.

use super::beginning::Beginning;
use super::{Control, Leg, Uacsta};
use crate::sip::user_agent::{Overload, Received};
use crate::step::Step;

impl Uacsta {
    /// Handles an INVITE outside any dialog, which signs a user in.
    pub(super) fn on_sign_in(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        received: &Received<'_>,
    ) {
        let Some(mut sign_in) = self.read_sign_in(step, control, received) else { return };
        if control.pool.is_congested() {
            self.ua.turn_away(step, &mut control.sessions, received, Overload::Congested);
            return;
        }
        if !self.find_line(step, control, received, &mut sign_in) {
            return;
        }
        let begun =
            self.begin_session(step, control, received, &sign_in, (&received.local_tag, Beginning::Anew));
        if let Some(session) = begun {
            self.check_line(step, control, session, &sign_in);
        }
    }
}
