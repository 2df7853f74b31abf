//! Services about what is set at a phone (ECMA-269, physical and logical device features).

use alloc::string::ToString as _;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::errors::CstaError;
use ctigate_core::wire::csta::relayed::{Relayed, Value};

use super::Outcome;
use super::system::{error, static_device};
use crate::switch::changes::{
    APPARATUS, Given, callers_of, forward_members, refused_members, rings_of, truth,
};
use crate::switch::phones::{Phone, is_dialable};
use crate::switch::settings::{
    Change, DoNotDisturb, ForwardingType, MAX_AUTO_ANSWER_RINGS, MAX_CALLERS, MAX_FORWARD_RINGS, Origin,
    Settings, USUAL_RINGS, Why,
};
use crate::switch::{Step, Switch, To};

/// What a setter changed, or why it changed nothing.
type Changed = Result<Vec<Change>, CstaError>;

/// Accepts a request, with what its response says.
type Accept<'f> = &'f mut dyn FnMut(&[Given<'_>]) -> Outcome;

/// Says what is set at a phone.
pub(super) type Says = fn(&Settings, &Relayed<'_>, Accept<'_>) -> Outcome;

/// Sets something at a phone.
pub(super) type Sets = fn(&mut Settings, &Relayed<'_>) -> Changed;

impl Switch {
    /// Set Forwarding. Without a type and a destination it is about the phone system's defaults.
    pub(super) fn set_forwarding(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let (phone, settings) = self.set_there(asked)?;
        let active = asked.truth("activateForward").ok_or(CstaError::PARAMETER_MISSING)?;
        let kind = asked.text("forwardingType").map(|word| {
            ForwardingType::from_word(word).ok_or_else(|| error("operation", "invalidForwardingType"))
        });
        let destination = asked.device("forwardDN").map(|device| device.id).filter(|id| !id.is_empty());
        if asked.text("ringDuration").is_some() {
            return Err(error("operation", "parameterNotSupported"));
        }
        let Some(kind) = kind.transpose()? else {
            let has_defaults = settings.forwards().iter().any(|forward| forward.is_default);
            if destination.is_some() || !has_defaults {
                return Err(CstaError::PARAMETER_MISSING);
            }
            return self.set(step, to, asked, |settings| settings.set_default_forwarding(active));
        };
        if !active {
            return self.set(step, to, asked, |settings| settings.stop_forwarding(Some(kind)));
        }
        let rings = rings_asked(asked, kind)?;
        let destination = destination.ok_or(CstaError::PARAMETER_MISSING)?;
        if !self.may_forward(phone, destination) {
            return Err(CstaError::INVALID_FORWARDING_DESTINATION);
        }
        self.set(step, to, asked, |settings| settings.forward(kind, destination, rings))
    }

    /// Whether a phone's calls can be forwarded to a number: one that can be dialled, and is not the phone's own.
    pub(in crate::switch) fn may_forward(&self, phone: Handle<Phone>, number: &str) -> bool {
        is_dialable(number) && self.phones.phone(phone).is_some_and(|phone| phone.number != number)
    }

    /// Set Message Waiting Indicator. The device of the message must be known.
    pub(super) fn set_message_waiting(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        asked: &Relayed<'_>,
    ) -> Outcome {
        let on = asked.truth("messageWaitingOn").ok_or(CstaError::PARAMETER_MISSING)?;
        let at = asked.device("deviceForMessage").filter(|device| !device.id.is_empty());
        if at.is_some_and(|device| self.device(device).is_none()) {
            return Err(CstaError::INVALID_DEVICE_ID);
        }
        self.set(step, to, asked, |settings| settings.set_message_waiting(on, at.map(|device| device.id)))
    }

    /// Says what is set at the phone that a request is about.
    pub(super) fn say_set(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        asked: &Relayed<'_>,
        says: Says,
    ) -> Outcome {
        let settings = self.set_there(asked)?.1.clone();
        says(&settings, asked, &mut |given| {
            self.accept(step, to, asked, given);
            Ok(())
        })
    }

    /// Changes what is set at the phone that a request is about, accepts it, and tells the monitors.
    pub(super) fn set_as(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>, sets: Sets) -> Outcome {
        let phone = self.set_there(asked)?.0;
        let mut result = Ok(());
        let changes = self.change(phone, |settings| {
            sets(settings, asked).unwrap_or_else(|error| {
                result = Err(error);
                Vec::new()
            })
        });
        result?;
        self.accept(step, to, asked, &[]);
        self.report_changes(step, phone, &changes);
        Ok(())
    }

    /// The phone that a request is about, which must be in service, and what is set there.
    fn set_there(&self, asked: &Relayed<'_>) -> Result<(Handle<Phone>, &Settings), CstaError> {
        let phone = asked.device("device").and_then(|device| self.device(device));
        let phone = phone.ok_or(CstaError::INVALID_DEVICE_ID)?;
        let settings = self.phones.settings(phone).ok_or(CstaError::INVALID_DEVICE_ID)?;
        if settings.is_in_service() { Ok((phone, settings)) } else { Err(CstaError::DEVICE_OUT_OF_SERVICE) }
    }

    /// Changes what is set at the phone that a request is about, accepts it, and tells the monitors.
    fn set(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        asked: &Relayed<'_>,
        set: impl FnOnce(&mut Settings) -> Vec<Change>,
    ) -> Outcome {
        let phone = self.set_there(asked)?.0;
        let changes = self.change(phone, set);
        self.accept(step, to, asked, &[]);
        self.report_changes(step, phone, &changes);
        Ok(())
    }
}

/// Get Forwarding: the phone system's defaults, and what the user has set, active or not.
pub(super) fn forwarding(settings: &Settings, _: &Relayed<'_>, accept: Accept<'_>) -> Outcome {
    let forwards = settings.forwards();
    let rings: Vec<_> = forwards.iter().map(rings_of).collect();
    let items = forwards
        .iter()
        .zip(&rings)
        .map(|(forward, rings)| forward_members("forwardDN", forward, rings.as_deref()));
    let items: Vec<Vec<Given<'_>>> = items.collect();
    let list: Vec<Given<'_>> = items.iter().map(|item| ("forwardListItem", Value::Elements(item))).collect();
    accept(&[("forwardingList", Value::Elements(&list))])
}

/// Get Do Not Disturb.
pub(super) fn do_not_disturb(settings: &Settings, _: &Relayed<'_>, accept: Accept<'_>) -> Outcome {
    let refused = settings.do_not_disturb();
    let callers = callers_of(refused);
    accept(&refused_members(refused, &callers))
}

/// Set Do Not Disturb. Without an origin calls from anywhere are meant, without callers those of all.
pub(super) fn set_do_not_disturb(settings: &mut Settings, asked: &Relayed<'_>) -> Changed {
    let on = asked.truth("doNotDisturbOn").ok_or(CstaError::PARAMETER_MISSING)?;
    let refused = if on { Some(refused_asked(asked)?) } else { None };
    Ok(settings.set_do_not_disturb(refused))
}

/// Get Message Waiting Indicator.
pub(super) fn message_waiting(settings: &Settings, _: &Relayed<'_>, accept: Accept<'_>) -> Outcome {
    let message = settings.message();
    let mut given =
        Vec::from([("messageWaitingOn", truth(message.is_some())), ("lampIsPresent", truth(true))]);
    let at = message.and_then(|message| message.at.as_deref());
    given.extend(at.map(|at| ("deviceForMessage", Value::Device(static_device(at)))));
    accept(&given)
}

/// Get Microphone Mute.
pub(super) fn microphone_mute(settings: &Settings, asked: &Relayed<'_>, accept: Accept<'_>) -> Outcome {
    let names = ["microphoneMuteList", "microphoneMuteItem", "microphoneMuteOn"];
    say_mute(asked, accept, names, settings.is_microphone_mute())
}

/// Set Microphone Mute.
pub(super) fn set_microphone_mute(settings: &mut Settings, asked: &Relayed<'_>) -> Changed {
    Ok(settings.set_microphone_mute(mute_asked(asked, "microphoneMuteOn")?))
}

/// Get Speaker Mute.
pub(super) fn speaker_mute(settings: &Settings, asked: &Relayed<'_>, accept: Accept<'_>) -> Outcome {
    let names = ["speakerMuteList", "speakerMuteItem", "speakerMuteOn"];
    say_mute(asked, accept, names, settings.is_speaker_mute())
}

/// Set Speaker Mute.
pub(super) fn set_speaker_mute(settings: &mut Settings, asked: &Relayed<'_>) -> Changed {
    Ok(settings.set_speaker_mute(mute_asked(asked, "speakerMuteOn")?))
}

/// Get Auto Answer.
pub(super) fn auto_answer(settings: &Settings, _: &Relayed<'_>, accept: Accept<'_>) -> Outcome {
    let rings = settings.rings_before_answer();
    let count = rings.map(|rings| rings.to_string());
    let mut given = Vec::from([("autoAnswerOn", truth(rings.is_some()))]);
    given.extend(count.as_deref().map(|count| ("numberOfRings", Value::Text(count))));
    accept(&given)
}

/// Set Auto Answer.
pub(super) fn set_auto_answer(settings: &mut Settings, asked: &Relayed<'_>) -> Changed {
    let on = asked.truth("autoAnswerOn").ok_or(CstaError::PARAMETER_MISSING)?;
    let rings = match asked.text("numberOfRings") {
        Some(text) if on => {
            let rings = text.parse().ok().filter(|rings| *rings <= MAX_AUTO_ANSWER_RINGS);
            rings.ok_or_else(|| error("operation", "autoAnswerOutOfRange"))?
        }
        Some(_) | None => USUAL_RINGS,
    };
    Ok(settings.set_auto_answer(on.then_some(rings)))
}

/// Get Caller ID Status.
pub(super) fn caller_id_status(settings: &Settings, _: &Relayed<'_>, accept: Accept<'_>) -> Outcome {
    accept(&[("callerIDProvided", truth(settings.shows_number()))])
}

/// Set Caller ID Status.
pub(super) fn set_caller_id_status(settings: &mut Settings, asked: &Relayed<'_>) -> Changed {
    let shown = asked.truth("callerIDProvided").ok_or(CstaError::PARAMETER_MISSING)?;
    Ok(settings.set_shows_number(shown))
}

/// Get Last Number Dialed. The response cannot say that there is none, so that it is refused then.
pub(super) fn last_number(settings: &Settings, _: &Relayed<'_>, accept: Accept<'_>) -> Outcome {
    let number = settings.last_dialled().ok_or(CstaError::INVALID_DEVICE_STATE)?;
    accept(&[("numberDialed", Value::Device(static_device(number)))])
}

/// Says whether something is mute: the names are those of the list, of its items, and of their truth value.
fn say_mute(
    asked: &Relayed<'_>,
    accept: Accept<'_>,
    [list, item, on]: [&'static str; 3],
    mute: bool,
) -> Outcome {
    apparatus_asked(asked)?;
    let members = [("auditoryApparatus", Value::Text(APPARATUS)), (on, truth(mute))];
    accept(&[(list, Value::Elements(&[(item, Value::Elements(&members))]))])
}

/// Whether a request asks for silence.
fn mute_asked(asked: &Relayed<'_>, member: &str) -> Result<bool, CstaError> {
    apparatus_asked(asked)?;
    asked.truth(member).ok_or(CstaError::PARAMETER_MISSING)
}

/// Checks that a request names the apparatus that phones have, or none.
fn apparatus_asked(asked: &Relayed<'_>) -> Outcome {
    let is_known = asked.text("auditoryApparatus").is_none_or(|apparatus| apparatus == APPARATUS);
    if is_known { Ok(()) } else { Err(CstaError::OBJECT_NOT_KNOWN) }
}

/// The ring count that a request asks for, which only types about calls that are not answered have.
fn rings_asked(asked: &Relayed<'_>, kind: ForwardingType) -> Result<Option<u16>, CstaError> {
    let Some(text) = asked.text("ringCount") else { return Ok(None) };
    if kind.why != Why::NoAnswer {
        return Err(error("operation", "ringCountNotSupported"));
    }
    let rings = text.parse().ok().filter(|rings| (1..=MAX_FORWARD_RINGS).contains(rings));
    rings.map(Some).ok_or_else(|| error("operation", "ringCountOutOfRange"))
}

/// The calls that must not disturb, as a request says.
fn refused_asked(asked: &Relayed<'_>) -> Result<DoNotDisturb, CstaError> {
    let part = |name| match asked.text_within("callOrigination", name) {
        None => Ok(None),
        Some("true" | "1") => Ok(Some(true)),
        Some("false" | "0") => Ok(Some(false)),
        Some(_) => Err(CstaError::INVALID_PARAMETER_VALUE),
    };
    let origin = match (part("internal")?, part("external")?) {
        (None, None) | (Some(true), Some(true)) => Origin::All,
        (Some(true), _) => Origin::Internal,
        (_, Some(true)) => Origin::External,
        _ => return Err(error("operation", "invalidDoNotDisturb")),
    };
    let callers = asked.devices("callingDeviceList").map(|device| {
        let id = device.map(|device| device.id).filter(|id| !id.is_empty());
        id.map(Into::into).ok_or(CstaError::INVALID_PARAMETER_VALUE)
    });
    let callers = callers.take(MAX_CALLERS.saturating_add(1)).collect::<Result<Vec<_>, _>>()?;
    if callers.len() > MAX_CALLERS {
        return Err(CstaError::RESOURCE_LIMIT_EXCEEDED);
    }
    Ok(DoNotDisturb { origin, callers })
}
