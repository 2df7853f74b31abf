//! Actions of people and computers at phones, except hanging up.

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::Instant;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::call::Due;
use super::{By, Call, Happening, Kind, Party, Phone, Phones, Refusal};
use crate::switch::config::Answer;

/// The longest number that can be dialled, in bytes.
pub const MAX_NUMBER: usize = 32;

/// Whether a phone can dial `number`: digits, `*`, `#`, and a leading `+`.
#[must_use]
pub fn is_dialable(number: &str) -> bool {
    let keys = number.strip_prefix('+').unwrap_or(number);
    !keys.is_empty()
        && number.len() <= MAX_NUMBER
        && keys.bytes().all(|key| key.is_ascii_digit() || key == b'*' || key == b'#')
}

impl Phones {
    /// Takes the phone off hook: it dials the number it was prompted for, answers a ringing call, or gets a dial tone.
    ///
    /// # Errors
    /// [`Refusal::ActiveCallExists`], [`Refusal::LinesTaken`], [`Refusal::TooManyCalls`].
    pub fn off_hook(
        &mut self,
        now: Instant,
        phone: Handle<Phone>,
        told: &mut Vec<Happening>,
    ) -> Result<Handle<Call>, Refusal> {
        if let Some(call) = self.to_answer(phone) {
            return self.answer(now, call, phone, told).map(|()| call);
        }
        self.may_originate(phone)?;
        self.initiate(phone, String::new(), "newCall", told)
    }

    /// A person dials, after going off hook if necessary.
    ///
    /// # Errors
    /// Those of [`Phones::make_call`].
    pub fn dial(
        &mut self,
        now: Instant,
        phone: Handle<Phone>,
        number: &str,
        told: &mut Vec<Happening>,
    ) -> Result<Handle<Call>, Refusal> {
        if !is_dialable(number) {
            return Err(Refusal::NotANumber);
        }
        let initiated = self.newest(phone, &[State::Initiated]);
        let waits = |call: &&Handle<Call>| self.waits_for_digits(**call, phone);
        let call = if let Some(call) = initiated.as_ref().filter(waits) {
            *call
        } else {
            self.may_originate(phone)?;
            self.initiate(phone, String::new(), "newCall", told)?
        };
        if let Some(call) = self.calls.get_mut(call) {
            call.dialled = String::from(number);
        }
        self.originate(now, call, told);
        Ok(call)
    }

    /// A computer makes a call (ECMA-269, Make Call). With `prompt` the phone first waits for its user.
    ///
    /// # Errors
    /// [`Refusal::NotANumber`], [`Refusal::ActiveCallExists`], [`Refusal::PhoneRings`], [`Refusal::LinesTaken`],
    /// [`Refusal::TooManyCalls`].
    pub fn make_call(
        &mut self,
        now: Instant,
        phone: Handle<Phone>,
        number: &str,
        prompt: bool,
        told: &mut Vec<Happening>,
    ) -> Result<Handle<Call>, Refusal> {
        let open = number.is_empty() || number.strip_suffix(';').is_some_and(is_dialable);
        if !open && !is_dialable(number) {
            return Err(Refusal::NotANumber);
        }
        self.may_originate(phone)?;
        let call = self.initiate(phone, String::from(number), "makeCall", told)?;
        if prompt {
            self.set_prompt(now, call, phone);
        } else if !open {
            self.originate(now, call, told);
        }
        Ok(call)
    }

    /// Lets a phone that is prompted go off hook by itself, or give up, in time.
    pub(super) fn set_prompt(&mut self, now: Instant, call: Handle<Call>, phone: Handle<Phone>) {
        let Some(calling) = self.table.get(phone) else { return };
        let (due, after) = match calling.answer {
            Answer::After(after) if after < calling.no_answer_after => (Due::AutoAnswer, after),
            Answer::After(_) | Answer::Manual | Answer::Busy => (Due::PromptEnds, calling.no_answer_after),
        };
        self.set_due(call, Party::Phone(phone), due, now + after);
    }

    /// The phone answers `call`, which is ringing or prompting there.
    ///
    /// # Errors
    /// [`Refusal::WrongState`], [`Refusal::ActiveCallExists`].
    pub fn answer(
        &mut self,
        now: Instant,
        call: Handle<Call>,
        phone: Handle<Phone>,
        told: &mut Vec<Happening>,
    ) -> Result<(), Refusal> {
        let prompted = self.is_prompted(call, phone);
        if prompted {
            match self.calls.get(call).and_then(|call| call.entry) {
                Some(entry) => self.enter_prompted(call, phone, entry, told),
                None => self.originate(now, call, told),
            }
            return Ok(());
        }
        if self.state(call, phone) != State::Alerting {
            return Err(Refusal::WrongState);
        }
        if self.active(phone).is_some() {
            return Err(Refusal::ActiveCallExists);
        }
        let party = Party::Phone(phone);
        self.cancel_due(call, party);
        self.stop_other_appearances(call, party, told);
        self.go(call, party, State::Connected);
        self.tell(call, Kind::Established, party, "newCall", told);
        self.stop_others_ringing(call, party, told);
        Ok(())
    }

    /// The phone puts `call` on hold.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] unless it is connected.
    pub fn hold(
        &mut self,
        call: Handle<Call>,
        phone: Handle<Phone>,
        by: By,
        told: &mut Vec<Happening>,
    ) -> Result<(), Refusal> {
        let party = self.party_in(call, phone, State::Connected)?;
        self.go(call, party, State::Hold);
        self.tell(call, Kind::Held, party, cause_of_key(by), told);
        Ok(())
    }

    /// The phone retrieves `call`.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] unless it is held, [`Refusal::ActiveCallExists`] if another call is active.
    pub fn retrieve(
        &mut self,
        call: Handle<Call>,
        phone: Handle<Phone>,
        by: By,
        told: &mut Vec<Happening>,
    ) -> Result<(), Refusal> {
        let party = self.party_in(call, phone, State::Hold)?;
        if self.active(phone).is_some() {
            return Err(Refusal::ActiveCallExists);
        }
        self.go(call, party, State::Connected);
        self.tell(call, Kind::Retrieved, party, cause_of_key(by), told);
        Ok(())
    }

    /// Whether the phone is out of service.
    pub(super) fn is_out_of_service(&self, phone: Handle<Phone>) -> bool {
        self.table.get(phone).is_none_or(|phone| !phone.settings.is_in_service())
    }

    /// The call that going off hook would answer: the newest prompting one, else the newest ringing one.
    #[must_use]
    pub fn to_answer(&self, phone: Handle<Phone>) -> Option<Handle<Call>> {
        self.newest(phone, &[State::Initiated])
            .filter(|call| self.is_prompted(*call, phone))
            .or_else(|| self.newest(phone, &[State::Alerting]))
    }

    /// Whether `phone` is prompted to go off hook for `call`.
    #[must_use]
    pub fn is_prompted(&self, call: Handle<Call>, phone: Handle<Phone>) -> bool {
        self.state(call, phone) == State::Initiated
            && self.call(call).is_some_and(|call| is_dialable(&call.dialled) || call.entry.is_some())
    }

    /// The party that `phone` is in a call, if its connection is in this state.
    pub(super) fn party_in(
        &self,
        call: Handle<Call>,
        phone: Handle<Phone>,
        state: State,
    ) -> Result<Party, Refusal> {
        if self.state(call, phone) == state { Ok(Party::Phone(phone)) } else { Err(Refusal::WrongState) }
    }

    pub(super) fn may_originate(&self, phone: Handle<Phone>) -> Result<(), Refusal> {
        if self.is_out_of_service(phone) {
            return Err(Refusal::OutOfService);
        }
        if self.active(phone).is_some() {
            return Err(Refusal::ActiveCallExists);
        }
        if self.newest(phone, &[State::Alerting]).is_some() {
            return Err(Refusal::PhoneRings);
        }
        if self.lines_taken(phone) {
            return Err(Refusal::LinesTaken);
        }
        if self.calls.is_full() { Err(Refusal::TooManyCalls) } else { Ok(()) }
    }

    /// Begins a call: its phone is off hook, or prompted to be.
    pub(super) fn initiate(
        &mut self,
        phone: Handle<Phone>,
        dialled: String,
        began: &'static str,
        told: &mut Vec<Happening>,
    ) -> Result<Handle<Call>, Refusal> {
        let calling = Party::Phone(phone);
        let call = Call { dialled, ..Call::new(calling, began) };
        let call = self.calls.insert(call).map_err(|_| Refusal::TooManyCalls)?;
        self.join(call, calling);
        self.go(call, calling, State::Initiated);
        self.tell(call, Kind::ServiceInitiated, calling, began, told);
        Ok(call)
    }
}

const fn cause_of_key(by: By) -> &'static str {
    match by {
        By::Person => "keyOperation",
        By::Computer => "normal",
    }
}
