//! Deflecting ringing calls to another phone (ECMA-269, Deflect Call).

use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::Instant;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::{Call, Detail, Happening, Kind, Party, Phone, Phones, Refusal};

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
        if self.state(handle, phone) != State::Alerting {
            return Err(Refusal::WrongState);
        }
        if to == phone {
            return Err(Refusal::SamePhone);
        }
        if call.connection(Party::Phone(to)).is_some() || !self.is_free(to) {
            return Err(Refusal::DestinationBusy);
        }
        self.divert(handle, Party::Phone(phone), Party::Phone(to), "redirected", told);
        self.ring(now, handle, to, "redirected", told);
        Ok(())
    }

    /// Takes a call away from a party at which it was not answered, to another.
    pub(super) fn divert(
        &mut self,
        handle: Handle<Call>,
        from: Party,
        to: Party,
        cause: &'static str,
        told: &mut Vec<Happening>,
    ) {
        self.stop_other_appearances(handle, from, told);
        let joins_as = self.participation(handle, from);
        self.go(handle, from, State::Null);
        self.tell_more(handle, Kind::Diverted, from, cause, Detail::Destination(to), told);
        self.remove(handle, from);
        if let Some(call) = self.calls.get_mut(handle) {
            call.diverted_by = Some(from);
            call.joins_as = joins_as;
        }
    }
}
