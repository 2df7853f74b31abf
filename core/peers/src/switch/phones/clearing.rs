//! Clearing connections (ECMA-269, Clear Connection): first the one that is cleared, then the other, since a call of
//! two parties ends with either.

use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::model::{CallEventKind, LocalConnectionState};

use super::{Call, Far, Happening, Phone, Phones, Refusal, Side};

impl Phones {
    /// Clears the connection of `side`, and with it the call.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] if there is no such connection.
    pub fn clear(
        &mut self,
        handle: Handle<Call>,
        side: Side,
        cause: &'static str,
        told: &mut Vec<Happening>,
    ) -> Result<(), Refusal> {
        let call = self.call(handle).ok_or(Refusal::WrongState)?;
        let there = match side {
            Side::Caller => call.caller_state != LocalConnectionState::Null,
            Side::Far => call.far != Far::Nobody && call.far_state != LocalConnectionState::Null,
        };
        if !there {
            return Err(Refusal::WrongState);
        }
        self.cancel_due(handle);
        self.leave(handle, side, cause, told);
        let other = match side {
            Side::Caller => Side::Far,
            Side::Far => Side::Caller,
        };
        self.leave(handle, other, cause, told);
        self.calls.remove(handle);
        Ok(())
    }

    /// The call that hanging up ends: the active one, else a ringing one, else the newest held one.
    #[must_use]
    pub fn to_clear(&self, phone: Handle<Phone>) -> Option<Handle<Call>> {
        self.active(phone)
            .or_else(|| self.newest(phone, &[LocalConnectionState::Alerting]))
            .or_else(|| self.newest(phone, &[LocalConnectionState::Hold]))
    }

    /// Clears one party's connection; the call itself stays.
    pub(super) fn leave(
        &mut self,
        handle: Handle<Call>,
        side: Side,
        cause: &'static str,
        told: &mut Vec<Happening>,
    ) {
        let Some(call) = self.calls.get(handle) else { return };
        let (caller, far) = (call.caller, call.far);
        let state = match side {
            Side::Caller => call.caller_state,
            Side::Far => call.far_state,
        };
        if state == LocalConnectionState::Null {
            return;
        }
        self.go(handle, side, LocalConnectionState::Null);
        let leaver = match (side, far) {
            (Side::Caller, _) => Some(caller),
            (Side::Far, Far::Phone(phone)) => Some(phone),
            (Side::Far, Far::Trunk(trunk)) => {
                self.trunks_taken.remove(&trunk);
                None
            }
            // A far end that was never reached has no phone to free, and there is no phone to see it.
            (Side::Far, Far::Nobody) => return,
        };
        self.tell(handle, CallEventKind::ConnectionCleared, side, cause, told);
        if let Some(phone) = leaver.and_then(|phone| self.table.get_mut(phone)) {
            phone.calls.retain(|call| *call != handle);
        }
    }
}
