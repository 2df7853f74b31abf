//! Digits that are dialled little by little, and digits that are sent in a call (ECMA-269, Dial Digits, Generate
//! Digits).

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::Instant;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::{Call, Detail, Happening, Kind, Party, Phone, Phones, Refusal, is_dialable};

/// The most digits that are sent at once.
pub const MAX_DIGITS: usize = 64;

impl Phones {
    /// Dials (more) digits in a call that was begun without a whole number. A sequence that ends with `;` is continued
    /// later.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] unless the call waits for digits, [`Refusal::NotANumber`].
    pub fn dial_digits(
        &mut self,
        now: Instant,
        call: Handle<Call>,
        phone: Handle<Phone>,
        digits: &str,
        told: &mut Vec<Happening>,
    ) -> Result<(), Refusal> {
        if !self.waits_for_digits(call, phone) {
            return Err(Refusal::WrongState);
        }
        let begun = self.calls.get(call).map(|call| call.dialled.clone()).unwrap_or_default();
        let mut number = String::from(begun.trim_end_matches(';'));
        let more = digits.strip_suffix(';');
        number.push_str(more.unwrap_or(digits));
        if !is_dialable(&number) {
            return Err(Refusal::NotANumber);
        }
        let party = Party::Phone(phone);
        let detail = Detail::Digits(String::from(more.unwrap_or(digits)));
        self.tell_more(call, Kind::DigitsDialed, party, "normal", detail, told);
        if more.is_some() {
            number.push(';');
        }
        if let Some(call) = self.calls.get_mut(call) {
            call.dialled = number;
        }
        if more.is_none() {
            self.originate(now, call, told);
        }
        Ok(())
    }

    /// Whether the phone is off hook for a call whose number is not complete.
    pub(super) fn waits_for_digits(&self, call: Handle<Call>, phone: Handle<Phone>) -> bool {
        let is_open =
            |call: &Call| (call.dialled.is_empty() || call.dialled.ends_with(';')) && call.entry.is_none();
        self.state(call, phone) == State::Initiated && self.calls.get(call).is_some_and(is_open)
    }

    /// Sends digits to the others in a call.
    ///
    /// # Errors
    /// [`Refusal::WrongState`] unless the phone is connected, [`Refusal::OnlyListens`], [`Refusal::NotDigits`].
    pub fn generate_digits(
        &self,
        call: Handle<Call>,
        phone: Handle<Phone>,
        digits: &str,
        told: &mut Vec<Happening>,
    ) -> Result<(), Refusal> {
        let party = self.party_in(call, phone, State::Connected)?;
        self.may_act(call, phone)?;
        let is_tone = |byte: u8| byte.is_ascii_digit() || b"*#ABCD".contains(&byte);
        if digits.is_empty() || digits.len() > MAX_DIGITS || !digits.bytes().all(is_tone) {
            return Err(Refusal::NotDigits);
        }
        self.tell_more(call, Kind::DigitsGenerated, party, "", Detail::Digits(String::from(digits)), told);
        Ok(())
    }
}
