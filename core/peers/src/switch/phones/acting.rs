//! Actions of people and computers at phones, except hanging up.

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::Instant;
use ctigate_core::timer::Deadline;
use ctigate_core::wire::csta::model::{CallEventKind, LocalConnectionState};

use super::{By, Call, Due, Far, Happening, Phone, Phones, Refusal, Side};
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
        self.initiate(phone, String::new(), By::Person, told)
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
        let initiated = self.newest(phone, &[LocalConnectionState::Initiated]);
        let waits = |call: &&Handle<Call>| self.call(**call).is_some_and(|call| call.dialled.is_empty());
        let call = if let Some(call) = initiated.as_ref().filter(waits) {
            *call
        } else {
            self.may_originate(phone)?;
            self.initiate(phone, String::new(), By::Person, told)?
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
        if !is_dialable(number) {
            return Err(Refusal::NotANumber);
        }
        self.may_originate(phone)?;
        let call = self.initiate(phone, String::from(number), By::Computer, told)?;
        if !prompt {
            self.originate(now, call, told);
            return Ok(call);
        }
        let Some(calling) = self.table.get(phone) else { return Ok(call) };
        let (due, after) = match calling.answer {
            Answer::After(after) if after < calling.no_answer_after => (Due::AutoAnswer, after),
            Answer::After(_) | Answer::Manual | Answer::Busy => (Due::PromptEnds, calling.no_answer_after),
        };
        self.set_due(call, due, now + after);
        Ok(call)
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
            self.originate(now, call, told);
            return Ok(());
        }
        if self.state(call, phone) != LocalConnectionState::Alerting {
            return Err(Refusal::WrongState);
        }
        if self.active(phone).is_some() {
            return Err(Refusal::ActiveCallExists);
        }
        self.cancel_due(call);
        self.go(call, Side::Far, LocalConnectionState::Connected);
        self.tell(call, CallEventKind::Established, Side::Far, "newCall", told);
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
        let side = self.side_in(call, phone, LocalConnectionState::Connected)?;
        self.go(call, side, LocalConnectionState::Hold);
        self.tell(call, CallEventKind::Held, side, cause_of_key(by), told);
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
        let side = self.side_in(call, phone, LocalConnectionState::Hold)?;
        if self.active(phone).is_some() {
            return Err(Refusal::ActiveCallExists);
        }
        self.go(call, side, LocalConnectionState::Connected);
        self.tell(call, CallEventKind::Retrieved, side, cause_of_key(by), told);
        Ok(())
    }

    /// The call that going off hook would answer: the newest prompting one, else the newest ringing one.
    #[must_use]
    pub fn to_answer(&self, phone: Handle<Phone>) -> Option<Handle<Call>> {
        self.newest(phone, &[LocalConnectionState::Initiated])
            .filter(|call| self.is_prompted(*call, phone))
            .or_else(|| self.newest(phone, &[LocalConnectionState::Alerting]))
    }

    /// Whether `phone` is prompted to go off hook for `call`.
    #[must_use]
    pub fn is_prompted(&self, call: Handle<Call>, phone: Handle<Phone>) -> bool {
        self.call(call).is_some_and(|call| {
            call.caller == phone
                && call.caller_state == LocalConnectionState::Initiated
                && !call.dialled.is_empty()
        })
    }

    fn side_in(
        &self,
        call: Handle<Call>,
        phone: Handle<Phone>,
        state: LocalConnectionState,
    ) -> Result<Side, Refusal> {
        let side = self.side(call, phone).ok_or(Refusal::WrongState)?;
        if self.state(call, phone) == state { Ok(side) } else { Err(Refusal::WrongState) }
    }

    fn may_originate(&self, phone: Handle<Phone>) -> Result<(), Refusal> {
        if self.active(phone).is_some() {
            return Err(Refusal::ActiveCallExists);
        }
        if self.newest(phone, &[LocalConnectionState::Alerting]).is_some() {
            return Err(Refusal::PhoneRings);
        }
        if self.lines_taken(phone) {
            return Err(Refusal::LinesTaken);
        }
        if self.calls.is_full() { Err(Refusal::TooManyCalls) } else { Ok(()) }
    }

    fn lines_taken(&self, phone: Handle<Phone>) -> bool {
        self.table.get(phone).is_none_or(|phone| phone.calls.len() >= self.rules.lines)
    }

    /// Begins a call: its phone is off hook, or prompted to be.
    fn initiate(
        &mut self,
        phone: Handle<Phone>,
        dialled: String,
        by: By,
        told: &mut Vec<Happening>,
    ) -> Result<Handle<Call>, Refusal> {
        let call = Call {
            caller: phone,
            caller_state: LocalConnectionState::Null,
            dialled,
            far: Far::Nobody,
            far_state: LocalConnectionState::Null,
            by,
            deadline: Deadline::default(),
            due: Due::RingingEnds,
            ringing_since: Instant::ZERO,
            diverted_by: None,
        };
        let call = self.calls.insert(call).map_err(|_| Refusal::TooManyCalls)?;
        self.attach(call, phone);
        self.go(call, Side::Caller, LocalConnectionState::Initiated);
        self.tell(call, CallEventKind::ServiceInitiated, Side::Caller, cause_of_call(by), told);
        Ok(call)
    }

    fn attach(&mut self, call: Handle<Call>, phone: Handle<Phone>) {
        if let Some(phone) = self.table.get_mut(phone) {
            let attached = phone.calls.push(call);
            debug_assert!(attached.is_ok(), "lines were counted before");
        }
    }

    /// Routes a call to the number dialled.
    fn originate(&mut self, now: Instant, handle: Handle<Call>, told: &mut Vec<Happening>) {
        self.cancel_due(handle);
        self.go(handle, Side::Caller, LocalConnectionState::Connected);
        let Some(call) = self.calls.get(handle) else { return };
        let (by, caller, dialled) = (call.by, call.caller, call.dialled.clone());
        self.tell(handle, CallEventKind::Originated, Side::Caller, cause_of_call(by), told);
        if let Some(phone) = self.find(&dialled) {
            if self.is_busy(phone, caller) {
                self.fail_far(handle, "busy", told);
            } else {
                self.ring(now, handle, phone, told);
            }
        } else if self.leads_outside(&dialled) {
            self.seize_trunk(now, handle, told);
        } else {
            self.fail_far(handle, "destNotObtainable", told);
        }
    }

    /// Whether the phone is busy for a call of `caller`.
    pub(super) fn is_busy(&self, phone: Handle<Phone>, caller: Handle<Phone>) -> bool {
        let always = self.table.get(phone).is_some_and(|phone| phone.answer == Answer::Busy);
        phone == caller || always || self.lines_taken(phone) || self.is_off_hook_only(phone)
    }

    /// Whether the phone has a dial tone or a failed call; then no second call is offered.
    fn is_off_hook_only(&self, phone: Handle<Phone>) -> bool {
        self.newest(phone, &[LocalConnectionState::Initiated, LocalConnectionState::Fail]).is_some()
    }

    fn leads_outside(&self, dialled: &str) -> bool {
        let prefix = self.rules.trunk_prefix.as_deref().filter(|prefix| !prefix.is_empty());
        prefix.and_then(|prefix| dialled.strip_prefix(prefix)).is_some_and(|rest| !rest.is_empty())
    }

    /// Makes the phone ring.
    pub(super) fn ring(
        &mut self,
        now: Instant,
        handle: Handle<Call>,
        phone: Handle<Phone>,
        told: &mut Vec<Happening>,
    ) {
        let Some(called) = self.table.get(phone) else { return };
        let (due, after) = match called.answer {
            Answer::After(after) if after < called.no_answer_after => (Due::AutoAnswer, after),
            Answer::After(_) | Answer::Manual | Answer::Busy => (Due::RingingEnds, called.no_answer_after),
        };
        if let Some(call) = self.calls.get_mut(handle) {
            call.far = Far::Phone(phone);
            call.ringing_since = now;
        }
        self.attach(handle, phone);
        self.go(handle, Side::Far, LocalConnectionState::Alerting);
        self.set_due(handle, due, now + after);
        let is_diverted = self.calls.get(handle).is_some_and(|call| call.diverted_by.is_some());
        let cause = if is_diverted { "redirected" } else { "newCall" };
        self.tell(handle, CallEventKind::Delivered, Side::Far, cause, told);
    }

    fn seize_trunk(&mut self, now: Instant, handle: Handle<Call>, told: &mut Vec<Happening>) {
        let free = (1..=self.rules.trunks).find(|trunk| !self.trunks_taken.contains(trunk));
        let Some(trunk) = free else {
            self.fail_far(handle, "trunksBusy", told);
            return;
        };
        self.trunks_taken.insert(trunk);
        if let Some(call) = self.calls.get_mut(handle) {
            call.far = Far::Trunk(trunk);
        }
        self.go(handle, Side::Far, LocalConnectionState::Connected);
        self.tell(handle, CallEventKind::NetworkReached, Side::Far, "newCall", told);
        self.set_due(handle, Due::TrunkAnswers, now + self.rules.trunk_answers_after);
    }

    /// Fails the far end's connection, with a cause that the caller sees.
    fn fail_far(&mut self, handle: Handle<Call>, cause: &'static str, told: &mut Vec<Happening>) {
        self.go(handle, Side::Far, LocalConnectionState::Fail);
        self.tell(handle, CallEventKind::Failed, Side::Far, cause, told);
    }
}

const fn cause_of_call(by: By) -> &'static str {
    match by {
        By::Person => "newCall",
        By::Computer => "makeCall",
    }
}

const fn cause_of_key(by: By) -> &'static str {
    match by {
        By::Person => "keyOperation",
        By::Computer => "normal",
    }
}
