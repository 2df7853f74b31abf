//! Services about what is set at a phone (ECMA-269, physical and logical device features).

use alloc::string::ToString as _;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::errors::CstaError;
use ctigate_core::wire::csta::model::Request;
use ctigate_core::wire::csta::relayed::{Relayed, Value};

use super::calls::relayed;
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

/// The result of a service.
type Outcome = Result<(), CstaError>;

impl Switch {
    /// Get Forwarding: the phone system's defaults, and what the user has set, active or not.
    pub(super) fn get_forwarding(&mut self, step: &mut Step<'_>, to: To, request: &Request<'_>) -> Outcome {
        let asked = relayed(request)?;
        let forwards = self.set_there(asked)?.1.forwards().to_vec();
        let rings: Vec<_> = forwards.iter().map(rings_of).collect();
        let items = forwards
            .iter()
            .zip(&rings)
            .map(|(forward, rings)| forward_members("forwardDN", forward, rings.as_deref()));
        let items: Vec<Vec<Given<'_>>> = items.collect();
        let list: Vec<Given<'_>> =
            items.iter().map(|item| ("forwardListItem", Value::Elements(item))).collect();
        self.accept(step, to, asked, &[("forwardingList", Value::Elements(&list))]);
        Ok(())
    }

    /// Set Forwarding. Without a type and a destination it is about the phone system's defaults.
    pub(super) fn set_forwarding(&mut self, step: &mut Step<'_>, to: To, request: &Request<'_>) -> Outcome {
        let asked = relayed(request)?;
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

    /// Get Do Not Disturb.
    pub(super) fn get_do_not_disturb(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Outcome {
        let asked = relayed(request)?;
        let refused = self.set_there(asked)?.1.do_not_disturb().cloned();
        let callers = callers_of(refused.as_ref());
        self.accept(step, to, asked, &refused_members(refused.as_ref(), &callers));
        Ok(())
    }

    /// Set Do Not Disturb. Without an origin calls from anywhere are meant, without callers those of all.
    pub(super) fn set_do_not_disturb(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Outcome {
        let asked = relayed(request)?;
        let on = asked.truth("doNotDisturbOn").ok_or(CstaError::PARAMETER_MISSING)?;
        let refused = if on { Some(refused_asked(asked)?) } else { None };
        self.set(step, to, asked, |settings| settings.set_do_not_disturb(refused))
    }

    /// Get Message Waiting Indicator.
    pub(super) fn get_message_waiting(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Outcome {
        let asked = relayed(request)?;
        let message = self.set_there(asked)?.1.message().cloned();
        let mut given =
            Vec::from([("messageWaitingOn", truth(message.is_some())), ("lampIsPresent", truth(true))]);
        let at = message.as_ref().and_then(|message| message.at.as_deref());
        given.extend(at.map(|at| ("deviceForMessage", Value::Device(static_device(at)))));
        self.accept(step, to, asked, &given);
        Ok(())
    }

    /// Set Message Waiting Indicator. The device of the message must be known.
    pub(super) fn set_message_waiting(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Outcome {
        let asked = relayed(request)?;
        let on = asked.truth("messageWaitingOn").ok_or(CstaError::PARAMETER_MISSING)?;
        let at = asked.device("deviceForMessage").filter(|device| !device.id.is_empty());
        if at.is_some_and(|device| self.device(device).is_none()) {
            return Err(CstaError::INVALID_DEVICE_ID);
        }
        self.set(step, to, asked, |settings| settings.set_message_waiting(on, at.map(|device| device.id)))
    }

    /// Get Microphone Mute.
    pub(super) fn get_microphone_mute(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Outcome {
        let asked = relayed(request)?;
        let mute = self.set_there(asked)?.1.is_microphone_mute();
        let names = ["microphoneMuteList", "microphoneMuteItem", "microphoneMuteOn"];
        self.accept_mute(step, to, asked, names, mute)
    }

    /// Set Microphone Mute.
    pub(super) fn set_microphone_mute(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Outcome {
        let asked = relayed(request)?;
        let mute = mute_asked(asked, "microphoneMuteOn")?;
        self.set(step, to, asked, |settings| settings.set_microphone_mute(mute))
    }

    /// Get Speaker Mute.
    pub(super) fn get_speaker_mute(&mut self, step: &mut Step<'_>, to: To, request: &Request<'_>) -> Outcome {
        let asked = relayed(request)?;
        let mute = self.set_there(asked)?.1.is_speaker_mute();
        let names = ["speakerMuteList", "speakerMuteItem", "speakerMuteOn"];
        self.accept_mute(step, to, asked, names, mute)
    }

    /// Set Speaker Mute.
    pub(super) fn set_speaker_mute(&mut self, step: &mut Step<'_>, to: To, request: &Request<'_>) -> Outcome {
        let asked = relayed(request)?;
        let mute = mute_asked(asked, "speakerMuteOn")?;
        self.set(step, to, asked, |settings| settings.set_speaker_mute(mute))
    }

    /// Get Auto Answer.
    pub(super) fn get_auto_answer(&mut self, step: &mut Step<'_>, to: To, request: &Request<'_>) -> Outcome {
        let asked = relayed(request)?;
        let rings = self.set_there(asked)?.1.rings_before_answer();
        let count = rings.map(|rings| rings.to_string());
        let mut given = Vec::from([("autoAnswerOn", truth(rings.is_some()))]);
        given.extend(count.as_deref().map(|count| ("numberOfRings", Value::Text(count))));
        self.accept(step, to, asked, &given);
        Ok(())
    }

    /// Set Auto Answer.
    pub(super) fn set_auto_answer(&mut self, step: &mut Step<'_>, to: To, request: &Request<'_>) -> Outcome {
        let asked = relayed(request)?;
        let on = asked.truth("autoAnswerOn").ok_or(CstaError::PARAMETER_MISSING)?;
        let rings = match asked.text("numberOfRings") {
            Some(text) if on => {
                let rings = text.parse().ok().filter(|rings| *rings <= MAX_AUTO_ANSWER_RINGS);
                rings.ok_or_else(|| error("operation", "autoAnswerOutOfRange"))?
            }
            Some(_) | None => USUAL_RINGS,
        };
        self.set(step, to, asked, |settings| settings.set_auto_answer(on.then_some(rings)))
    }

    /// Get Caller ID Status.
    pub(super) fn get_caller_id_status(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Outcome {
        let asked = relayed(request)?;
        let shown = self.set_there(asked)?.1.shows_number();
        self.accept(step, to, asked, &[("callerIDProvided", truth(shown))]);
        Ok(())
    }

    /// Set Caller ID Status.
    pub(super) fn set_caller_id_status(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Outcome {
        let asked = relayed(request)?;
        let shown = asked.truth("callerIDProvided").ok_or(CstaError::PARAMETER_MISSING)?;
        self.set(step, to, asked, |settings| settings.set_shows_number(shown))
    }

    /// Get Last Number Dialed. The response cannot say that there is none, so that it is refused then.
    pub(super) fn get_last_number(&mut self, step: &mut Step<'_>, to: To, request: &Request<'_>) -> Outcome {
        let asked = relayed(request)?;
        let number =
            self.set_there(asked)?.1.last_dialled().ok_or(CstaError::INVALID_DEVICE_STATE)?.to_string();
        self.accept(step, to, asked, &[("numberDialed", Value::Device(static_device(&number)))]);
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

    fn accept_mute(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        asked: &Relayed<'_>,
        [list, item, on]: [&'static str; 3],
        mute: bool,
    ) -> Outcome {
        apparatus_asked(asked)?;
        let members = [("auditoryApparatus", Value::Text(APPARATUS)), (on, truth(mute))];
        self.accept(step, to, asked, &[(list, Value::Elements(&[(item, Value::Elements(&members))]))]);
        Ok(())
    }
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
