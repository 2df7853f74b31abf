//! Taking over a dialog that was begun at another node, without any state shared between the two (S10).
//!
//! When a node dies, the next refresh of its clients, a re-INVITE with RequestSystemStatus in the old dialog, reaches
//! another node, which may accept it (RFC 3261 12.2.2). A node that was restarted gets its own former dialogs back in
//! the same way. The request has everything that is needed: our tag in To, the route set in Record-Route (12.1.1), the
//! line in the body; and cross-reference IDs are a function of our tag and a count
//! ([`crate::rcc::session::Session::reference`]). So the client's first monitor is recreated under the ID that the
//! client holds, with the default filter, and events continue. SIPE, which never sends a second MonitorStart, needs
//! nothing else.
//!
//! A proxy that stays in the path must add Record-Route to re-INVITEs too (16.6, step 4). Otherwise our requests have
//! no route and go over the connection of the refresh to the Contact; if the proxy cannot route that, it answers 404,
//! which ends the session.
//!
//! Further monitors, filters and registrations are lost. Later monitors get identifiers that the dead node cannot have
//! used, since their count continues from a random number. Our CSeq must grow (RFC 3261 12.2.2), so it continues from
//! the time of day, as 8.1.1.5 suggests.

use core::fmt::Display;

use super::beginning::Beginning;
use super::{Control, Leg, Uacsta};
use crate::action::Level;
use crate::entropy::Domain;
use crate::sip::user_agent::{Received, Refusal};
use crate::step::Step;
use crate::time::Instant;

/// The least number that counts continue from, whatever the time of day: more requests and monitors than any dialog has
/// had.
const FAR: u32 = 1 << 20;

/// The highest CSeq to continue from: CSeq must stay below 2^31 (RFC 3261 8.1.1.5).
const LAST: u32 = (1 << 31) - FAR;

/// The beginning of 2024, in microseconds since 1970.
const BEGINNING_OF_2024: u64 = 1_704_067_200_000_000;

/// The time in microseconds that one CSeq stands for. No client is sent requests faster than that for long.
const QUARTER: u64 = 250_000;

impl Uacsta {
    /// Handles a re-INVITE in a dialog that is not known here, with `tag` as our tag. Without a line it is answered
    /// 481, as any other request is. The tag's length is limited along with the dialog's other texts
    /// (`limits.dialog_bytes`).
    pub(super) fn on_takeover(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        received: &Received<'_>,
        tag: &str,
    ) {
        let Some(mut sign_in) = self.read_sign_in(step, control, received) else { return };
        if sign_in.line.is_empty() {
            let refusal = Refusal::new(481, "Unknown dialog, and no line to take it over with");
            self.ua.refuse(step, &mut control.sessions, received, &refusal);
            return;
        }
        if !self.find_line(step, control, received, &mut sign_in) {
            return;
        }
        let beginning =
            Beginning::Continued { sequence: self.sequence_at(step.now), monitors: self.draw_count(step) };
        let Some(handle) = self.begin_session(step, control, received, &sign_in, (tag, beginning)) else {
            return;
        };
        step.counters.takeovers += 1;
        let fields: &[(&str, &dyn Display)] = &[("peer", &received.peer)];
        control.note_session(step, (Level::Info, "dialog_taken_over"), handle, fields);
        control.recreate_monitor(step, handle);
        self.check_line(step, control, handle, &sign_in);
    }

    /// Returns a CSeq above any that another node can have reached in the dialog: the quarters of a second since the
    /// beginning of 2024. They last until 2041.
    fn sequence_at(&self, now: Instant) -> u32 {
        let since = self.unix_micros(now).unwrap_or(0).saturating_sub(BEGINNING_OF_2024);
        u32::try_from(since / QUARTER).unwrap_or(LAST).clamp(FAR, LAST)
    }

    /// Draws the number from which the count of monitors continues: at random, so that no other node has used it.
    fn draw_count(&mut self, step: &mut Step<'_>) -> u32 {
        let drawn = step.entropy.draw(Domain::Reference) ^ self.unix_micros(step.now).unwrap_or(0);
        FAR + u32::try_from(drawn % u64::from(u32::MAX - 2 * FAR)).unwrap_or(0)
    }

    /// Returns the time of day, if an [`Input::Clock`](crate::input::Input::Clock) has come.
    fn unix_micros(&self, now: Instant) -> Option<u64> {
        self.clock.map(|(at, seconds)| seconds * 1_000_000 + now.since(at).as_micros())
    }
}
