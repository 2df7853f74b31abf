//! Taking over a dialog that was begun at another node, without any state shared between the two (S10).
//!
//! A node that dies leaves clients behind whose next refresh, a re-INVITE with RequestSystemStatus in the old dialog,
//! comes to another node (RFC 3261 12.2.2 lets that accept it); a node that was restarted gets its own former dialogs
//! back the same way. All that is needed is in the request: our tag in To, the route set in Record-Route (12.1.1), the
//! line in the body; and cross-reference IDs are a function of our tag and a count
//! ([`crate::rcc::session::Session::reference`]). So the monitor that the client started first is made again under the
//! ID it holds, with the default filter, and events go on; SIPE, which never sends a second MonitorStart, needs nothing
//! else.
//!
//! A proxy that stays in the path must add Record-Route to re-INVITEs too (16.6, step 4, asks for it): otherwise our
//! requests have no route, go over the refresh's connection with the Contact alone, and a proxy that knows no way
//! answers them 404, which ends the session.
//!
//! What cannot be known is left out: further monitors, filters, and registrations. What the client asks for then gets
//! identifiers that the dead node cannot have given out, as their count goes on from a number drawn; our CSeq, which a
//! client may demand to grow (RFC 3261 12.2.2), goes on from the time of day (8.1.1.5 proposes the same).

use core::fmt::Display;

use super::sign_in::Beginning;
use super::{Gateway, Step};
use crate::action::Level;
use crate::entropy::Domain;
use crate::sip::user_agent::{Received, Refusal};
use crate::time::Instant;

/// Where counts go on at least, whatever the time of day: no dialog has had so many requests and monitors.
const FAR: u32 = 1 << 20;

/// The highest CSeq to go on from: it is to stay below 2^31 (RFC 3261 8.1.1.5).
const LAST: u32 = (1 << 31) - FAR;

/// When 2024 began, in microseconds since 1970.
const BEGINNING_OF_2024: u64 = 1_704_067_200_000_000;

/// How far apart two of our `CSeq` are, in microseconds: no client is sent so many requests for long.
const QUARTER: u64 = 250_000;

impl Gateway {
    /// A re-INVITE in a dialog that is not known here, under our tag. Only one that is a complete sign-in can be taken
    /// over: without a line it gets 481, as any other request does. The tag's length is bounded with the dialog's other
    /// texts (`limits.dialog_bytes`).
    pub(super) fn on_takeover(&mut self, step: &mut Step<'_>, received: &Received<'_>, tag: &str) {
        let Some(sign_in) = self.read_sign_in(step, received) else { return };
        if sign_in.line.is_empty() {
            let refusal = Refusal::new(481, "Unknown dialog, and no line to take it over with");
            self.ua.refuse(step, &mut self.control.sessions, received, &refusal);
            return;
        }
        let beginning =
            Beginning::Continued { sequence: self.sequence_at(step.now), monitors: self.draw_count(step) };
        let Some((handle, connection)) = self.begin_session(step, received, &sign_in, tag, beginning) else {
            return;
        };
        step.counters.takeovers += 1;
        if let Some(session) = self.control.sessions.get(handle) {
            let fields: &[(&str, &dyn Display)] = &[
                ("session", &handle),
                ("user", &session.user()),
                ("call_id", &session.carrier.dialog.call_id()),
            ];
            step.actions.notify(Level::Info, "dialog_taken_over", fields);
        }
        self.control.recreate_monitor(step, handle);
        self.verify_line(step, handle, connection);
    }

    /// A CSeq above all that another node can have reached in a dialog that it took over, or began, earlier: the
    /// quarters of a second since 2024 began, which are used up in 2041.
    fn sequence_at(&self, now: Instant) -> u32 {
        let since = self.unix_micros(now).unwrap_or(0).saturating_sub(BEGINNING_OF_2024);
        u32::try_from(since / QUARTER).unwrap_or(LAST).clamp(FAR, LAST)
    }

    /// Where the count that names monitors goes on: anywhere, so that no other node has been there.
    fn draw_count(&mut self, step: &mut Step<'_>) -> u32 {
        let drawn = step.entropy.draw(Domain::Reference) ^ self.unix_micros(step.now).unwrap_or(0);
        FAR + u32::try_from(drawn % u64::from(u32::MAX - 2 * FAR)).unwrap_or(0)
    }

    /// The time of day, if it was told.
    fn unix_micros(&self, now: Instant) -> Option<u64> {
        self.clock.map(|(at, seconds)| seconds * 1_000_000 + now.since(at).as_micros())
    }
}
