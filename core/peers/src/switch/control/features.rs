//! Control lines with which people set something at a phone. What follows is the same as if a computer had set it.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::{Done, Said, Step, Switch, is_on};
use crate::switch::settings::{
    Change, DoNotDisturb, ForwardingType, MAX_AUTO_ANSWER_RINGS, MAX_FORWARD_RINGS, Origin, Settings, TYPES,
    USUAL_RINGS, Why,
};

impl Switch {
    /// `forward PHONE [TYPE] NUMBER [RINGS]`, `forward PHONE off [TYPE]`, `forward PHONE default on|off`.
    pub(super) fn forwards(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let (number, words) = said.words.split_first()?;
        match *words {
            ["off"] => Some(self.set_at(step, number, |settings| settings.stop_forwarding(None))),
            ["off", kind] => {
                Some(kind_said(kind).and_then(|kind| {
                    self.set_at(step, number, |settings| settings.stop_forwarding(Some(kind)))
                }))
            }
            ["default", ref on @ ..] => {
                let active = is_on(on)?;
                Some(self.set_at(step, number, |settings| settings.set_default_forwarding(active)))
            }
            [to] => Some(self.forward(step, number, "immediate", to, None)),
            [kind, to] => Some(self.forward(step, number, kind, to, None)),
            [kind, to, rings] => Some(self.forward(step, number, kind, to, Some(rings))),
            _ => None,
        }
    }

    fn forward(
        &mut self,
        step: &mut Step<'_>,
        number: &str,
        kind: &str,
        to: &str,
        rings: Option<&str>,
    ) -> Done {
        let phone = self.phone_named(number)?;
        let kind = kind_said(kind)?;
        if !self.may_forward(phone, to) {
            return Err(format!("calls cannot be forwarded to {to:?}"));
        }
        if rings.is_some() && kind.why != Why::NoAnswer {
            return Err(format!("{} forwarding has no number of rings", kind.key));
        }
        let rings = rings.map(|rings| count(rings, 1, MAX_FORWARD_RINGS)).transpose()?;
        self.set_at(step, number, |settings| settings.forward(kind, to, rings))
    }

    /// `dnd PHONE on|off [internal|external]`.
    pub(super) fn disturbs(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let (number, origin, on) = match *said.words {
            [number, on] => (number, Origin::All, on),
            [number, on, "internal"] => (number, Origin::Internal, on),
            [number, on, "external"] => (number, Origin::External, on),
            _ => return None,
        };
        let refused = is_on(&[on])?.then_some(DoNotDisturb { origin, ..DoNotDisturb::ALL });
        Some(self.set_at(step, number, |settings| settings.set_do_not_disturb(refused)))
    }

    /// `lamp PHONE on|off [FOR-PHONE]`.
    pub(super) fn lights(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let (number, on, at) = match *said.words {
            [number, on] => (number, on, None),
            [number, on, at] => (number, on, Some(at)),
            _ => return None,
        };
        let on = is_on(&[on])?;
        let known = at.map_or(Ok(()), |at| self.phone_named(at).map(|_| ()));
        Some(known.and_then(|()| self.set_at(step, number, |settings| settings.set_message_waiting(on, at))))
    }

    /// `autoanswer PHONE on|off [RINGS]`.
    pub(super) fn answers_by_itself(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let (number, on, rings) = match *said.words {
            [number, on] => (number, on, Ok(USUAL_RINGS)),
            [number, on, rings] => (number, on, count(rings, 0, MAX_AUTO_ANSWER_RINGS)),
            _ => return None,
        };
        let on = is_on(&[on])?;
        Some(rings.and_then(|rings| {
            self.set_at(step, number, |settings| settings.set_auto_answer(on.then_some(rings)))
        }))
    }

    /// Verbs that take a phone and `on` or `off`.
    pub(super) fn switches(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let (number, words) = said.words.split_first()?;
        let on = is_on(words)?;
        Some(self.set_at(step, number, |settings| match said.verb {
            "mute" => settings.set_microphone_mute(on),
            "speaker" => settings.set_speaker_mute(!on),
            "callerid" => settings.set_shows_number(on),
            _ => settings.set_call_waiting(on),
        }))
    }

    /// `service PHONE in|out`. A phone that goes out of service leaves its calls first.
    pub(super) fn serves(&mut self, step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let (number, in_service) = match *said.words {
            [number, "in"] => (number, true),
            [number, "out"] => (number, false),
            _ => return None,
        };
        Some(self.phone_named(number).map(|phone| {
            if !in_service {
                let mut told = Vec::new();
                self.phones.fall_out(phone, &mut told);
                self.report(step, &told);
            }
            let changes = self.change(phone, |settings| settings.set_in_service(in_service));
            self.report_changes(step, phone, &changes);
            String::new()
        }))
    }

    /// `settings PHONE`: what is set there, as far as it is not what it was at first.
    pub(super) fn shows_settings(&mut self, _step: &mut Step<'_>, said: &Said<'_>) -> Option<Done> {
        let [number] = *said.words else { return None };
        let phone = self.phone_named(number);
        Some(phone.map(|phone| {
            let shown = self.phones.settings(phone).map(shown).unwrap_or_default();
            if shown.is_empty() { "nothing is set".into() } else { shown.join(", ") }
        }))
    }

    /// Sets something at a phone that is in service, and tells its monitors.
    fn set_at(
        &mut self,
        step: &mut Step<'_>,
        number: &str,
        set: impl FnOnce(&mut Settings) -> Vec<Change>,
    ) -> Done {
        let phone = self.phone_named(number)?;
        if !self.phones.settings(phone).is_some_and(Settings::is_in_service) {
            return Err("the phone is out of service".into());
        }
        let changes = self.change(phone, set);
        self.report_changes(step, phone, &changes);
        Ok(String::new())
    }
}

/// The type of forwarding that a person's word stands for.
fn kind_said(key: &str) -> Result<ForwardingType, String> {
    ForwardingType::from_key(key).ok_or_else(|| {
        let keys: Vec<&str> = TYPES.iter().map(|kind| kind.key).collect();
        format!("{key:?} is not a type of forwarding; the types are: {}", keys.join(", "))
    })
}

/// A number of rings.
fn count(text: &str, least: u16, most: u16) -> Result<u16, String> {
    let count = text.parse().ok().filter(|count| (least..=most).contains(count));
    count.ok_or_else(|| format!("a number of rings is from {least} to {most}"))
}

/// What is set, as far as it differs from a phone at which nothing was set.
fn shown(settings: &Settings) -> Vec<String> {
    let mut shown = Vec::new();
    for forward in settings.forwards().iter().filter(|forward| forward.active) {
        let rings = forward.rings.map(|rings| format!(" after {rings} rings")).unwrap_or_default();
        let whose = if forward.is_default { " by default" } else { "" };
        shown.push(format!("forward {} to {}{rings}{whose}", forward.kind.key, forward.to));
    }
    if let Some(refused) = settings.do_not_disturb() {
        let which = match refused.origin {
            Origin::All => "",
            Origin::Internal => " internal",
            Origin::External => " external",
        };
        let from = if refused.callers.is_empty() { "" } else { " from " };
        shown.push(format!("dnd{which}{from}{}", refused.callers.join(" ")));
    }
    if let Some(message) = settings.message() {
        let at = message.at.as_ref().map(|at| format!(" for {at}")).unwrap_or_default();
        shown.push(format!("lamp{at}"));
    }
    if let Some(rings) = settings.rings_before_answer() {
        shown.push(format!("autoanswer after {rings} rings"));
    }
    let words = [
        (settings.is_microphone_mute(), "microphone mute"),
        (settings.is_speaker_mute(), "speaker mute"),
        (!settings.shows_number(), "number withheld"),
        (!settings.has_call_waiting(), "no call waiting"),
        (!settings.is_in_service(), "out of service"),
    ];
    shown.extend(words.iter().filter(|(is_so, _)| *is_so).map(|(_, word)| (*word).to_string()));
    shown
}
