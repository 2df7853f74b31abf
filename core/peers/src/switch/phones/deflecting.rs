//! Deflecting ringing calls to another phone (ECMA-269, Deflect Call).

use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::Instant;
use ctigate_core::wire::csta::model::{CallEventKind, LocalConnectionState};

use super::{Call, Far, Happening, Phone, Phones, Refusal, Side};

impl Phones {
    /// Deflects a call that rings at `phone` to `to`.
    ///
    /// # Errors
    /// If the call does not ring there, or cannot be deflected to `to`.
    pub fn deflect(
        &mut self,
        now: Instant,
        handle: Handle<Call>,
        phone: Handle<Phone>,
        to: Handle<Phone>,
        told: &mut Vec<Happening>,
    ) -> Result<(), Refusal> {
        let call = self.calls.get(handle).ok_or(Refusal::WrongState)?;
        if call.far != Far::Phone(phone) || call.far_state != LocalConnectionState::Alerting {
            return Err(Refusal::WrongState);
        }
        if to == phone {
            return Err(Refusal::SamePhone);
        }
        if self.is_busy(to, call.caller) {
            return Err(Refusal::DestinationBusy);
        }
        self.cancel_due(handle);
        self.go(handle, Side::Far, LocalConnectionState::Null);
        self.tell(handle, CallEventKind::Diverted, Side::Far, "redirected", told);
        if let Some(diverted) = told.last_mut() {
            diverted.destination = Some(to);
        }
        if let Some(phone) = self.table.get_mut(phone) {
            phone.calls.retain(|call| *call != handle);
        }
        if let Some(call) = self.calls.get_mut(handle) {
            call.diverted_by = Some(phone);
        }
        self.ring(now, handle, to, told);
        Ok(())
    }
}
