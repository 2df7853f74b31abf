//! The control language: lines of text that control phones and make links fail, for tests and for people. Each line is
//! answered by one line, `ok ...` or `error ...`.
//!
//! A verb is one row of [`verbs::VERBS`] and one handler.

mod calls;
mod features;
mod links;
pub(super) mod verbs;

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::Write as _;

use ctigate_core::action::Level;
use ctigate_core::slots::Handle;
use ctigate_core::time::Duration;
use ctigate_core::wire::csta::model::LocalConnectionState;

use super::link::{Kind, Link, MAX_LINE};
use super::phones::{By, Call, Party, Phone, Refusal};
use super::{Step, Switch, names};
use verbs::{Said, Verb};

/// The longest delay of answers that can be set, in milliseconds.
const MAX_DELAY: u64 = 60_000;

/// The result of a command: the text after `ok` or `error`.
type Done = Result<String, String>;

impl Switch {
    /// Carries out one line; returns the answer, which is empty for an empty line.
    pub(super) fn command(&mut self, step: &mut Step<'_>, line: &str) -> String {
        if line.len() > MAX_LINE {
            return too_long();
        }
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        if words.is_empty() {
            return String::new();
        }
        match self.carry_out(step, line, &words) {
            Ok(answer) if answer.is_empty() => "ok".to_string(),
            Ok(answer) => format!("ok {answer}"),
            Err(why) => format!("error {why}"),
        }
    }

    fn carry_out(&mut self, step: &mut Step<'_>, line: &str, words: &[&str]) -> Done {
        let unknown = || verbs::unknown(&words.join(" "));
        let (word, words) = words.split_first().ok_or_else(unknown)?;
        let verb = Verb::find(word).ok_or_else(unknown)?;
        let done = (verb.handler)(self, step, &Said { verb: verb.word, words, line });
        done.unwrap_or_else(|| {
            let (usage, example) = (verb.usage(), verb.example);
            Err(format!("{:?} is not how it is used: {usage}, for example: {example}", line.trim()))
        })
    }

    /// Verbs that are done with a phone and nothing else.
    fn acts(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let [number] = *said.words else { return None };
        Some(self.phone_acts(step, said.verb, number))
    }

    fn dials(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let [number, dialled] = *said.words else { return None };
        Some(self.dial(step, number, dialled))
    }

    fn deflects(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let [number, to] = *said.words else { return None };
        Some(self.deflect(step, number, to))
    }

    fn shows_phone(&mut self, _step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let [number] = *said.words else { return None };
        Some(self.phone_line(number))
    }

    fn breaks_links(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let most = match (said.verb, said.words) {
            ("close", ["links"]) => usize::MAX,
            ("fail", ["link"]) => 1,
            _ => return None,
        };
        Some(Ok(self.close_links(step, most)))
    }

    fn stalls(&mut self, _step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        self.stalled = is_on(said.words)?;
        Some(Ok(String::new()))
    }

    fn delays(&mut self, _step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let [millis] = *said.words else { return None };
        Some(self.set_delay(millis))
    }

    fn unmonitors(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let [number] = *said.words else { return None };
        Some(self.unmonitor(step, number))
    }

    fn injects(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let [number, _, ..] = *said.words else { return None };
        Some(self.inject(step, number, said.line))
    }

    fn reports_status(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let [word] = *said.words else { return None };
        Some(self.system(step, word))
    }

    fn dial(&mut self, step: &mut Step<'_>, number: &str, dialled: &str) -> Done {
        let phone = self.phone_named(number)?;
        let mut told = Vec::new();
        let call = self.phones.dial(step.now, phone, dialled, &mut told).map_err(why)?;
        self.report(step, &told);
        Ok(names::name(call, self.call_salt))
    }

    fn phone_named(&self, number: &str) -> Result<Handle<Phone>, String> {
        self.phones.find(number).ok_or_else(|| {
            let appearances =
                self.phones.appearances(number).iter().filter_map(|phone| self.phones.phone(*phone));
            let ids: Vec<&str> = appearances.map(|phone| phone.id.as_str()).collect();
            if ids.is_empty() {
                format!("there is no phone {number:?}")
            } else {
                format!("{number} is on several devices: {}", ids.join(", "))
            }
        })
    }

    fn phone_acts(&mut self, step: &mut Step<'_>, action: &str, number: &str) -> Done {
        if action == "hangup"
            && let Some((call, trunk)) = self.call_through(number)
        {
            return self.hang_up(step, call, trunk);
        }
        let phone = self.phone_named(number)?;
        let newest = |state, otherwise| self.phones.newest(phone, &[state]).ok_or(otherwise);
        let mut told = Vec::new();
        let call = match action {
            "offhook" => self.phones.off_hook(step.now, phone, &mut told),
            "answer" => self
                .phones
                .to_answer(phone)
                .ok_or(Refusal::NothingToAnswer)
                .and_then(|call| self.phones.answer(step.now, call, phone, &mut told).map(|()| call)),
            "hold" => newest(LocalConnectionState::Connected, Refusal::NothingActive)
                .and_then(|call| self.phones.hold(call, phone, By::Person, &mut told).map(|()| call)),
            "retrieve" => newest(LocalConnectionState::Hold, Refusal::NothingHeld)
                .and_then(|call| self.phones.retrieve(call, phone, By::Person, &mut told).map(|()| call)),
            _ => {
                if let Some(calls) = self.phones.transferred_by_hanging_up(phone) {
                    self.phones.transfer(calls, phone, &mut told).map(|(call, _)| call)
                } else {
                    let call = self.phones.to_clear(phone).ok_or_else(|| why(Refusal::NothingToClear))?;
                    return self.hang_up(step, call, Party::Phone(phone));
                }
            }
        };
        let call = call.map_err(why)?;
        self.report(step, &told);
        Ok(names::name(call, self.call_salt))
    }

    /// Deflects the newest call that rings at a phone to another phone.
    fn deflect(&mut self, step: &mut Step<'_>, number: &str, to: &str) -> Done {
        let (phone, to) = (self.phone_named(number)?, self.phone_named(to)?);
        let ringing = self.phones.newest(phone, &[LocalConnectionState::Alerting]);
        let call = ringing.ok_or_else(|| why(Refusal::NothingToAnswer))?;
        let mut told = Vec::new();
        self.phones.deflect(step.now, call, phone, to, &mut told).map_err(why)?;
        self.report(step, &told);
        Ok(names::name(call, self.call_salt))
    }

    /// The call that uses the trunk of this name, and the trunk.
    fn call_through(&self, name: &str) -> Option<(Handle<Call>, Party)> {
        let named = |party: &Party| matches!(party, Party::Trunk(_)) && self.party_device(*party, "") == name;
        self.phones.calls().iter().find_map(|(handle, call)| {
            call.parties().iter().map(|one| one.party).find(named).map(|party| (handle, party))
        })
    }

    fn hang_up(&mut self, step: &mut Step<'_>, call: Handle<Call>, party: Party) -> Done {
        let mut told = Vec::new();
        self.phones.clear(call, party, "normalClearing", &mut told).map_err(why)?;
        self.report(step, &told);
        Ok(names::name(call, self.call_salt))
    }

    fn status_line(&self) -> String {
        let sessions =
            self.links.iter().filter_map(|(_, link)| link.cti()).filter(|cti| cti.session.is_some());
        format!(
            "phones={} calls={} monitors={} links={} sessions={} status={} stalled={} delay={}",
            self.phones.count(),
            self.phones.calls().len(),
            self.monitors.count(),
            self.links.len(),
            sessions.count(),
            self.status.word(),
            if self.stalled { "yes" } else { "no" },
            self.delay.as_millis(),
        )
    }

    /// Shows a phone: `1001 Alice: 0_99f261b4 connected, 1002 alerting`.
    fn phone_line(&self, number: &str) -> Done {
        let handle = self.phone_named(number)?;
        let name = self.phones.phone(handle).map(|phone| phone.name.as_str()).unwrap_or_default();
        let mut line = format!("{number} {name}:");
        let mut idle = true;
        for seen in self.phones.snapshot(handle) {
            let call = names::name(seen.handle, self.call_salt);
            let separator = if idle { "" } else { ";" };
            let _to_memory = write!(line, "{separator} {call} {}", seen.own().word());
            for (party, state) in seen.others() {
                let other = self.party_device(party, &seen.call.dialled);
                let _to_memory = write!(line, ", {other} {}", state.word());
            }
            idle = false;
        }
        if idle {
            line.push_str(" on hook");
        }
        Ok(line)
    }

    fn cti_links(&self) -> Vec<Handle<Link>> {
        let cti = self.links.iter().filter(|(_, link)| matches!(link.kind, Kind::Cti(_)));
        cti.map(|(handle, _)| handle).collect()
    }

    /// Breaks CTI links, as if the cable were cut: sessions are not terminated first.
    fn close_links(&mut self, step: &mut Step<'_>, most: usize) -> String {
        let links: Vec<_> = self.cti_links().into_iter().take(most).collect();
        for handle in &links {
            self.drop_link(step, *handle, Level::Info, "link_dropped", "a control line asked for it");
        }
        format!("closed {}", links.len())
    }

    fn set_delay(&mut self, millis: &str) -> Done {
        let delay = millis.parse().ok().filter(|millis| *millis <= MAX_DELAY);
        let delay: u64 = delay.ok_or_else(|| format!("a delay is a number from 0 to {MAX_DELAY}"))?;
        self.delay = Duration::from_millis(delay);
        Ok(String::new())
    }
}

/// The answer to a line that is too long.
pub(super) fn too_long() -> String {
    format!("error the line is longer than {MAX_LINE} bytes")
}

/// Whether the words are `on`, or `off`.
fn is_on(words: &[&str]) -> Option<bool> {
    match *words {
        ["on"] => Some(true),
        ["off"] => Some(false),
        _ => None,
    }
}

/// A refusal in words.
fn why(refusal: Refusal) -> String {
    let why = match refusal {
        Refusal::ActiveCallExists => "the phone has an active call already",
        Refusal::PhoneRings => "the phone rings",
        Refusal::LinesTaken => "all lines of the phone are taken",
        Refusal::TooManyCalls => "the limit of calls is reached",
        Refusal::NotANumber => "that number cannot be dialled",
        Refusal::WrongState => "the connection is in another state",
        Refusal::NothingToAnswer => "no call rings there",
        Refusal::NothingActive => "the phone has no active call",
        Refusal::NothingHeld => "the phone has no held call",
        Refusal::NothingToClear => "the phone has no call",
        Refusal::SamePhone => "the call rings there already",
        Refusal::DestinationBusy => "the destination is busy",
        Refusal::DestinationUnknown => "that number leads nowhere",
        Refusal::SameParty => "a party would be twice in the call",
        Refusal::TooManyParties => "the call would have too many parties",
        Refusal::NotReached => "nobody else is in the call",
        Refusal::NothingToPickUp => "no call rings or waits there",
        Refusal::PlaceTaken => "another call is parked there",
        Refusal::NotBusy => "the call did not meet a busy phone",
        Refusal::NoCallBack => "no such call was to be made later",
        Refusal::NotDigits => "those are no digits that can be sent",
        Refusal::TrunksTaken => "all trunks are taken",
        Refusal::OnlyListens => "the phone only listens in the call",
        Refusal::OutOfService => "the phone is out of service",
    };
    why.to_string()
}
