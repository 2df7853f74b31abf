//! Two calls at one phone (ECMA-269, Consultation Call, Alternate Call, Reconnect Call).

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::Instant;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::{ACTIVE, Call, Happening, Kind, Party, Phone, Phones, Refusal, is_dialable};

impl Phones {
    /// The phone puts its call on hold and calls `number` (ECMA-269, Consultation Call).
    ///
    /// # Errors
    /// [`Refusal::NotANumber`], [`Refusal::WrongState`] unless the phone is connected, [`Refusal::LinesTaken`],
    /// [`Refusal::TooManyCalls`].
    pub fn consult(
        &mut self,
        now: Instant,
        call: Handle<Call>,
        phone: Handle<Phone>,
        number: &str,
        told: &mut Vec<Happening>,
    ) -> Result<Handle<Call>, Refusal> {
        if !is_dialable(number) {
            return Err(Refusal::NotANumber);
        }
        let party = self.party_in(call, phone, State::Connected)?;
        if self.lines_taken(phone) {
            return Err(Refusal::LinesTaken);
        }
        if self.calls.is_full() {
            return Err(Refusal::TooManyCalls);
        }
        self.go(call, party, State::Hold);
        self.tell(call, Kind::Held, party, "consultation", told);
        let made = self.initiate(phone, String::from(number), "consultation", told)?;
        self.originate(now, made, told);
        Ok(made)
    }

    /// The phone puts its active call on hold and retrieves another, or answers it if it rings (ECMA-269, Alternate
    /// Call).
    ///
    /// # Errors
    /// [`Refusal::WrongState`] unless the one is connected and the other held or ringing.
    pub fn alternate(
        &mut self,
        now: Instant,
        (held, active): (Handle<Call>, Handle<Call>),
        phone: Handle<Phone>,
        told: &mut Vec<Happening>,
    ) -> Result<(), Refusal> {
        let party = self.party_in(active, phone, State::Connected)?;
        let rings = match self.state(held, phone) {
            State::Hold => false,
            State::Alerting => true,
            State::Null | State::Initiated | State::Connected | State::Queued | State::Fail => {
                return Err(Refusal::NothingHeld);
            }
        };
        self.go(active, party, State::Hold);
        self.tell(active, Kind::Held, party, "alternate", told);
        if rings {
            return self.answer(now, held, phone, told);
        }
        self.go(held, party, State::Connected);
        self.tell(held, Kind::Retrieved, party, "alternate", told);
        Ok(())
    }

    /// The phone leaves its active call and retrieves a held one (ECMA-269, Reconnect Call).
    ///
    /// # Errors
    /// [`Refusal::NothingActive`], [`Refusal::NothingHeld`].
    pub fn reconnect(
        &mut self,
        (held, active): (Handle<Call>, Handle<Call>),
        phone: Handle<Phone>,
        told: &mut Vec<Happening>,
    ) -> Result<(), Refusal> {
        let party = Party::Phone(phone);
        if !ACTIVE.contains(&self.state(active, phone)) {
            return Err(Refusal::NothingActive);
        }
        if self.state(held, phone) != State::Hold {
            return Err(Refusal::NothingHeld);
        }
        self.clear(active, party, "normalClearing", told)?;
        self.go(held, party, State::Connected);
        self.tell(held, Kind::Retrieved, party, "normal", told);
        Ok(())
    }
}
