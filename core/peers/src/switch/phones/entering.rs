//! Phones that come into a call of others (ECMA-269, Join Call, Intrude Call).

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::Instant;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::{Call, Happening, Kind, Merged, Moved, Participation, Party, Phone, Phones, Refusal};

/// The call that a phone comes into as soon as it goes off hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    call: Handle<Call>,
    participation: Participation,
}

ctigate_core::digest! { struct Entry { call, participation } }

impl Phones {
    /// The phone enters a call of others (ECMA-269, Join Call).
    ///
    /// # Errors
    /// [`Refusal::WrongState`] if nobody is connected in it, [`Refusal::SameParty`], [`Refusal::TooManyParties`], and why
    /// the phone cannot have an active call more.
    pub fn enter(
        &mut self,
        call: Handle<Call>,
        phone: Handle<Phone>,
        participation: Participation,
        told: &mut Vec<Happening>,
    ) -> Result<(), Refusal> {
        self.may_enter(call, phone)?;
        self.may_talk(phone)?;
        self.come_into(None, call, (phone, participation), participation.cause("joinCall"), told);
        Ok(())
    }

    /// The phone is prompted to go off hook, and enters the call when it does; unless the call is over by then, or
    /// has become another. Returns the call that the phone has meanwhile.
    ///
    /// # Errors
    /// Those of [`Phones::enter`], and those of [`Phones::off_hook`].
    pub fn prompt_to_enter(
        &mut self,
        now: Instant,
        call: Handle<Call>,
        phone: Handle<Phone>,
        participation: Participation,
        told: &mut Vec<Happening>,
    ) -> Result<Handle<Call>, Refusal> {
        self.may_enter(call, phone)?;
        self.may_originate(phone)?;
        let own = self.initiate(phone, String::new(), "joinCall", told)?;
        if let Some(own) = self.calls.get_mut(own) {
            own.entry = Some(Entry { call, participation });
        }
        self.set_prompt(now, own, phone);
        Ok(own)
    }

    /// The phone that was prompted went off hook.
    pub(super) fn enter_prompted(
        &mut self,
        own: Handle<Call>,
        phone: Handle<Phone>,
        entry: Entry,
        told: &mut Vec<Happening>,
    ) {
        let Entry { call, participation } = entry;
        if self.may_enter(call, phone).is_ok() {
            let cause = participation.cause("joinCall");
            self.come_into(Some(own), call, (phone, participation), cause, told);
        } else {
            self.end(own, "callCancelled", told);
        }
    }

    /// The phone, which met a busy phone, enters the call that keeps it busy (ECMA-269, Intrude Call). Returns that call.
    ///
    /// # Errors
    /// [`Refusal::NotBusy`] unless the call failed for that, [`Refusal::SameParty`], [`Refusal::TooManyParties`].
    pub fn intrude(
        &mut self,
        own: Handle<Call>,
        phone: Handle<Phone>,
        participation: Participation,
        told: &mut Vec<Happening>,
    ) -> Result<Handle<Call>, Refusal> {
        let busy = self.met_busy(own, phone)?;
        let call = self.newest(busy, &[State::Connected]).ok_or(Refusal::NotBusy)?;
        // Where nobody talks, the busy phone itself met a busy one, or dials.
        let may = self.may_enter(call, phone);
        may.map_err(|why| if why == Refusal::WrongState { Refusal::NotBusy } else { why })?;
        self.come_into(Some(own), call, (phone, participation), participation.cause("intrude"), told);
        Ok(call)
    }

    /// Checks that a phone can come into a call in which others talk.
    fn may_enter(&self, call: Handle<Call>, phone: Handle<Phone>) -> Result<(), Refusal> {
        let entered = self.calls.get(call).ok_or(Refusal::WrongState)?;
        if entered.connection(Party::Phone(phone)).is_some() {
            return Err(Refusal::SameParty);
        }
        let is_connected = entered.talking().any(|one| one.state == State::Connected);
        if !is_connected || entered.talking().count() < 2 {
            return Err(Refusal::WrongState);
        }
        if entered.parties.len() >= self.rules.parties {
            return Err(Refusal::TooManyParties);
        }
        Ok(())
    }

    /// The phone comes into a call, out of its own if it has one.
    fn come_into(
        &mut self,
        own: Option<Handle<Call>>,
        call: Handle<Call>,
        (phone, participation): (Handle<Phone>, Participation),
        cause: &'static str,
        told: &mut Vec<Happening>,
    ) {
        let party = Party::Phone(phone);
        let Some(entered) = self.calls.get_mut(call) else { return };
        entered.joins_as = participation;
        let mut list: Vec<Moved> =
            entered.reached().map(|one| Moved { party: one.party, old: Some(call) }).collect();
        list.push(Moved { party, old: own });
        if let Some(own) = own {
            self.remove(own, party);
            self.end(own, "normal", told);
        }
        self.join(call, party);
        self.go(call, party, State::Connected);
        let (primary, secondary) = own.map_or((call, None), |own| (own, Some(call)));
        let merged = Merged { primary, secondary, by: party, added: party, list };
        self.tell_merged(call, Kind::Conferenced, merged, cause, told);
    }
}
