//! Verbs for what people do at their phones with more than one call, with calls of others, and with digits.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::model::LocalConnectionState as State;

use super::verbs::Said;
use super::{Done, why};
use crate::octets::hexadecimal;
use crate::switch::phones::{
    ACTIVE, Call, Data, Form, Happening, MAX_OCTETS, Participation, Party, Phone, Refusal, SORTS,
};
use crate::switch::{Step, Switch, names};

/// The call that an action was about, or that came of it.
type Acted = Result<Handle<Call>, Refusal>;

impl Switch {
    /// Verbs about the calls of one phone, some of them with a number.
    pub(super) fn joins(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let (words, participation) = participation(said.words);
        let (number, to) = match *words {
            [number] => (number, None),
            [number, to] => (number, Some(to)),
            _ => return None,
        };
        let phone = match self.phone_named(number) {
            Ok(phone) => phone,
            Err(why) => return Some(Err(why)),
        };
        let mut told = Vec::new();
        let acted = self.join_by(step, (said.verb, participation), (phone, to), &mut told)?;
        Some(self.acted(step, acted, &told))
    }

    /// Does what the verb says; `None` if it lacks a number or has one too many.
    fn join_by(
        &mut self,
        step: &Step<'_>,
        (verb, participation): (&str, Option<Participation>),
        (phone, to): (Handle<Phone>, Option<&str>),
        told: &mut Vec<Happening>,
    ) -> Option<Acted> {
        if participation.is_some() && !matches!((verb, to), ("conference", Some(_)) | ("intrude", None)) {
            return None;
        }
        let (now, takes_part) = (step.now, participation.unwrap_or_default());
        let newest = |states: &[State], refusal| self.phones.newest(phone, states).ok_or(refusal);
        let active = newest(&ACTIVE, Refusal::NothingActive);
        let held = newest(&[State::Hold], Refusal::NothingHeld);
        let waiting = held.or_else(|_| newest(&[State::Alerting], Refusal::NothingHeld));
        let both = held.and_then(|held| active.map(|active| (held, active)));
        let phones = &mut self.phones;
        Some(match (verb, to) {
            ("consult", Some(to)) => active.and_then(|call| phones.consult(now, call, phone, to, told)),
            ("alternate", None) => waiting.and_then(|held| {
                active.and_then(|active| phones.alternate(now, (held, active), phone, told).map(|()| held))
            }),
            ("reconnect", None) => {
                both.and_then(|calls| phones.reconnect(calls, phone, told).map(|()| calls.0))
            }
            ("transfer", None) => {
                both.and_then(|calls| phones.transfer(calls, phone, told)).map(|(call, _)| call)
            }
            ("transfer", Some(to)) => active
                .and_then(|call| phones.single_step_transfer(now, call, phone, to, told))
                .map(|(call, _)| call),
            ("conference", None) => both.and_then(|calls| phones.conference(calls, phone, told)),
            ("conference", Some(to)) => active.and_then(|call| {
                phones.single_step_conference(now, call, phone, (to, takes_part), told).map(|_| call)
            }),
            ("intrude", None) => active.and_then(|call| phones.intrude(call, phone, takes_part, told)),
            ("campon", None) => active.and_then(|call| phones.camp_on(call, phone, told).map(|()| call)),
            ("park", Some(at)) => {
                active.and_then(|call| phones.park(now, call, phone, at, told).map(|_| call))
            }
            ("digits", Some(digits)) => active.and_then(|call| {
                let dials = phones.dial_digits(now, call, phone, digits, told);
                dials.or_else(|_| phones.generate_digits(call, phone, digits, told)).map(|()| call)
            }),
            ("pickup", None) => phones
                .to_pick_up(phone)
                .ok_or(Refusal::NothingToPickUp)
                .and_then(|(call, from)| phones.pick_up(call, from, phone, told).map(|()| call)),
            _ => return None,
        })
    }

    /// Verbs about the call of another phone.
    pub(super) fn takes_part(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let (words, participation) = participation(said.words);
        let (number, other) = match *words {
            [_] if said.verb == "pickup" => return self.joins(step, said),
            [number, other] if said.verb == "enter" || participation.is_none() => (number, other),
            _ => return None,
        };
        let found = self.phone_named(number).and_then(|phone| Ok((phone, self.phone_named(other)?)));
        let (phone, other) = match found {
            Ok(found) => found,
            Err(why) => return Some(Err(why)),
        };
        let mut told = Vec::new();
        let acted = if said.verb == "pickup" {
            let rings = self.phones.newest(other, &[State::Alerting]).ok_or(Refusal::NothingToPickUp);
            rings.and_then(|call| {
                self.phones.pick_up(call, Party::Phone(other), phone, &mut told).map(|()| call)
            })
        } else {
            let talks = self.phones.newest(other, &[State::Connected]).ok_or(Refusal::NothingActive);
            talks.and_then(|call| {
                self.phones.enter(call, phone, participation.unwrap_or_default(), &mut told).map(|()| call)
            })
        };
        Some(self.acted(step, acted, &told))
    }

    /// A call gets data.
    pub(super) fn associates(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let [number, key, value] = *said.words else { return None };
        let sort = SORTS.iter().find(|sort| sort.key == key)?;
        let written = if sort.form == Form::Text { value.into() } else { hexadecimal(value) };
        let data = Data::of(sort, written);
        let phone = match self.phone_named(number) {
            Ok(phone) if value.len() <= MAX_OCTETS => phone,
            Ok(_) => return Some(Err(format!("{} octets are too many: at most {MAX_OCTETS}", value.len()))),
            Err(why) => return Some(Err(why)),
        };
        let call = self.phones.to_clear(phone).ok_or(Refusal::NothingActive);
        let mut told = Vec::new();
        let acted = call.and_then(|call| self.phones.associate(call, phone, data, &mut told).map(|()| call));
        Some(self.acted(step, acted, &told))
    }

    /// A call comes in through a trunk.
    pub(super) fn comes_in(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let [from, to] = *said.words else { return None };
        let number = (from != "withheld").then_some(from);
        let mut told = Vec::new();
        let acted = self.phones.come_in(step.now, number, to, &mut told);
        Some(self.acted(step, acted, &told))
    }

    /// Somebody wants to be called back, or no longer.
    pub(super) fn wants_call_back(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let (number, given_up) = match *said.words {
            [number] => (number, None),
            [number, "off", target] => (number, Some(target)),
            _ => return None,
        };
        Some(self.call_back_by(step, number, given_up))
    }

    fn call_back_by(&mut self, step: &mut Step<'_>, number: &str, given_up: Option<&str>) -> Done {
        let phone = self.phone_named(number)?;
        if let Some(target) = given_up {
            let target = self.phone_named(target)?;
            self.phones.cancel_call_back(phone, target).map_err(why)?;
            self.report_call_back(step, phone, target, false);
            return Ok(String::new());
        }
        let call = self.phones.active(phone).ok_or_else(|| why(Refusal::NothingActive))?;
        let mut told = Vec::new();
        let target = self.phones.call_back(call, phone, &mut told).map_err(why)?;
        self.report(step, &told);
        self.report_call_back(step, phone, target, true);
        Ok(names::name(call, self.call_salt))
    }

    /// Reports what came of an action at a phone.
    fn acted(&self, step: &mut Step<'_>, acted: Acted, told: &[Happening]) -> Done {
        let call = acted.map_err(why)?;
        self.report(step, told);
        Ok(names::name(call, self.call_salt))
    }
}

/// The words of a line without how somebody is to take part in a call, if they end with that.
fn participation<'a, 'b>(words: &'b [&'a str]) -> (&'b [&'a str], Option<Participation>) {
    let found = words.split_last().and_then(|(last, rest)| Some((rest, Participation::from_word(last)?)));
    found.map_or((words, None), |(rest, participation)| (rest, Some(participation)))
}
