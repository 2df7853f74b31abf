//! Events of time: phones that answer by themselves, and ringing that ends.

use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::Instant;
use ctigate_core::timer::Timers;
use ctigate_core::wire::csta::model::{CallEventKind, LocalConnectionState};

use super::{Call, Due, Far, Happening, Phones, Side};

impl Phones {
    /// Handles at most one overdue deadline; returns whether there was one.
    pub fn tick(&mut self, now: Instant, told: &mut Vec<Happening>) -> bool {
        let Some((_, handle)) = self.timers.pop_due(now) else { return false };
        let Some(call) = self.calls.get_mut(handle) else { return true };
        Timers::<Handle<Call>>::fired(&mut call.deadline);
        match call.due {
            Due::PromptEnds => {
                let cleared = self.clear(handle, Side::Caller, "callNotAnswered", told);
                debug_assert!(cleared.is_ok(), "a prompted call has its caller");
            }
            Due::AutoAnswer => self.answer_itself(now, handle, told),
            Due::RingingEnds => self.ringing_ends(handle, told),
            Due::TrunkAnswers => {
                self.tell(handle, CallEventKind::Established, Side::Far, "networkSignal", told);
            }
        }
        true
    }

    /// Lets a phone answer by itself. If it is in another call, it keeps ringing until its time is over.
    fn answer_itself(&mut self, now: Instant, handle: Handle<Call>, told: &mut Vec<Happening>) {
        let Some(call) = self.calls.get(handle) else { return };
        let phone = match call.far {
            Far::Phone(phone) => phone,
            Far::Nobody | Far::Trunk(_) => call.caller,
        };
        let since = call.ringing_since;
        if self.answer(now, handle, phone, told).is_err() {
            let rings = self.table.get(phone).map(|phone| phone.no_answer_after).unwrap_or_default();
            self.set_due(handle, Due::RingingEnds, (since + rings).max(now));
        }
    }

    /// Ends ringing without an answer: the called phone leaves the call, and the caller's connection fails. If the
    /// caller has it on hold, and may be in another call, the call ends.
    fn ringing_ends(&mut self, handle: Handle<Call>, told: &mut Vec<Happening>) {
        let held = |call: &Call| call.caller_state == LocalConnectionState::Hold;
        if self.calls.get(handle).is_some_and(held) {
            let cleared = self.clear(handle, Side::Far, "callNotAnswered", told);
            debug_assert!(cleared.is_ok(), "a ringing phone can be cleared");
            return;
        }
        self.leave(handle, Side::Far, "callNotAnswered", told);
        if let Some(call) = self.calls.get_mut(handle) {
            call.far = Far::Nobody;
        }
        self.go(handle, Side::Caller, LocalConnectionState::Fail);
        self.tell(handle, CallEventKind::Failed, Side::Caller, "callNotAnswered", told);
    }
}
