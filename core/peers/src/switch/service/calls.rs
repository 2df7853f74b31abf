//! Call control services (ECMA-269): Make, Answer, Clear Connection, Deflect, Hold, Retrieve.

use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::Instant;
use ctigate_core::wire::csta::errors::CstaError;
use ctigate_core::wire::csta::model::{Connection, LocalConnectionState as State, Response};
use ctigate_core::wire::csta::relayed::{Relayed, Value};

use super::Outcome;
use super::system::{error, static_device};
use crate::switch::phones::{ACTIVE, By, Call, Happening, Party, Phone, Phones, Refusal};
use crate::switch::{Step, Switch, To, names};

/// The call that is meant by a member of a request.
pub(super) struct Meant {
    /// The member, a connection.
    pub(super) member: &'static str,
    /// Which call of a phone it is, if the phone alone is named.
    pub(super) call: fn(&Phones, Handle<Phone>) -> Option<Handle<Call>>,
    /// The refusal if there is none.
    pub(super) none: Refusal,
}

pub(super) fn ringing(phones: &Phones, phone: Handle<Phone>) -> Option<Handle<Call>> {
    phones.newest(phone, &[State::Alerting])
}

pub(super) fn connected(phones: &Phones, phone: Handle<Phone>) -> Option<Handle<Call>> {
    phones.newest(phone, &[State::Connected])
}

pub(super) fn held(phones: &Phones, phone: Handle<Phone>) -> Option<Handle<Call>> {
    phones.newest(phone, &[State::Hold])
}

impl Switch {
    /// Make Call. The default is to prompt.
    pub(super) fn make_call(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let calling = asked.device("callingDevice").ok_or(CstaError::INVALID_CALLING_DEVICE_ID)?;
        let called = asked.device("calledDirectoryNumber").ok_or(CstaError::INVALID_CALLED_DEVICE_ID)?;
        let phone = self.device(calling).ok_or(CstaError::INVALID_CALLING_DEVICE_ID)?;
        let prompt = asked.text("autoOriginate") != Some("doNotPrompt");
        let mut told = Vec::new();
        let made = self.phones.make_call(step.now, phone, called.id, prompt, &mut told);
        let call = made.map_err(reason)?;
        let call = names::name(call, self.call_salt);
        let calling = Connection { call: Some(&call), device: Some(static_device(calling.id)) };
        self.accept(step, to, asked, &[("callingDevice", Value::Connection(calling))]);
        self.report(step, &told);
        Ok(())
    }

    /// Answer Call: a ringing phone answers, a prompting one dials.
    pub(super) fn answer_call(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let meant =
            Meant { member: "callToBeAnswered", call: Phones::to_answer, none: Refusal::NothingToAnswer };
        self.with_call(step, to, asked, &meant, |phones, now, call, phone, told| {
            phones.answer(now, call, phone, told)
        })
    }

    /// Deflect Call.
    pub(super) fn deflect_call(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let destination = asked.device("newDestination").and_then(|device| self.device(device));
        let meant = Meant { member: "callToBeDiverted", call: ringing, none: Refusal::NothingToAnswer };
        self.with_call(step, to, asked, &meant, |phones, now, call, phone, told| {
            let destination = destination.ok_or(Refusal::DestinationUnknown)?;
            phones.deflect(now, call, phone, destination, told)
        })
    }

    /// Hold Call.
    pub(super) fn hold_call(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let meant = Meant { member: "callToBeHeld", call: connected, none: Refusal::NothingActive };
        self.with_call(step, to, asked, &meant, |phones, _, call, phone, told| {
            phones.hold(call, phone, By::Computer, told)
        })
    }

    /// Retrieve Call.
    pub(super) fn retrieve_call(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let meant = Meant { member: "callToBeRetrieved", call: held, none: Refusal::NothingHeld };
        self.with_call(step, to, asked, &meant, |phones, _, call, phone, told| {
            phones.retrieve(call, phone, By::Computer, told)
        })
    }

    /// Does something with the call of a phone that a request names, and answers without announcing anything.
    pub(super) fn with_call(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        asked: &Relayed<'_>,
        meant: &Meant,
        act: impl FnOnce(
            &mut Phones,
            Instant,
            Handle<Call>,
            Handle<Phone>,
            &mut Vec<Happening>,
        ) -> Result<(), Refusal>,
    ) -> Outcome {
        let (call, phone) = self.named(asked, meant)?;
        let mut told = Vec::new();
        act(&mut self.phones, step.now, call, phone, &mut told).map_err(reason)?;
        self.accept(step, to, asked, &[]);
        self.report(step, &told);
        Ok(())
    }

    /// The call and the phone that a request names.
    pub(super) fn named(
        &self,
        asked: &Relayed<'_>,
        meant: &Meant,
    ) -> Result<(Handle<Call>, Handle<Phone>), CstaError> {
        let connection = asked.connection(meant.member).ok_or(CstaError::INVALID_CONNECTION_ID)?;
        self.own(&connection, |switch, phone| (meant.call)(&switch.phones, phone).ok_or(meant.none))
    }

    /// Clear Connection, of a phone or of the trunk that a call uses.
    pub(super) fn clear_connection(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let connection =
            &asked.connection("connectionToBeCleared").ok_or(CstaError::INVALID_CONNECTION_ID)?;
        let (call, party) = self.to_be_cleared(connection)?;
        let mut told = Vec::new();
        let cleared = self.phones.clear(call, party, "normalClearing", &mut told);
        cleared.map_err(|_| CstaError::NO_CONNECTION_TO_CLEAR)?;
        self.accept(step, to, asked, &[]);
        self.report(step, &told);
        Ok(())
    }

    /// Answers a request that was carried out, with what its response announces.
    pub(super) fn accept(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        asked: &Relayed<'_>,
        given: &[(&'static str, Value<'_>)],
    ) {
        self.respond(step, to, &Response::Relayed(Relayed::response(asked.service, given)));
    }

    fn to_be_cleared(&self, connection: &Connection<'_>) -> Result<(Handle<Call>, Party), CstaError> {
        if let (Some(call), Some(device)) = (connection.call, connection.device)
            && let Some(handle) = names::find(self.phones.calls(), self.call_salt, call)
            && let Some(party) = self.party_at(handle, device.id)
            && self.device(device).is_none()
        {
            return Ok((handle, party));
        }
        let (call, phone) = self.own(connection, |switch, phone| {
            let active = switch.phones.newest(phone, &ACTIVE);
            active.or_else(|| switch.phones.to_clear(phone)).ok_or(Refusal::NothingToClear)
        })?;
        Ok((call, Party::Phone(phone)))
    }

    /// The party of a call whose device has this ID.
    pub(super) fn party_at(&self, call: Handle<Call>, id: &str) -> Option<Party> {
        let parties = self.phones.call(call)?.parties().iter().map(|one| one.party);
        let line = self.phones.appearances(id);
        let is_on_line = |party: &Party| matches!(party, Party::Phone(phone) if line.contains(phone));
        parties
            .clone()
            .find(|party| self.party_device(*party, "") == id)
            .or_else(|| parties.clone().find(is_on_line))
    }

    /// The call and the phone that a client's connection identifier names. As our device IDs are static, a phone alone
    /// may stand for its only suitable call; a call alone names no connection.
    pub(super) fn own(
        &self,
        connection: &Connection<'_>,
        fitting: impl Fn(&Self, Handle<Phone>) -> Result<Handle<Call>, Refusal>,
    ) -> Result<(Handle<Call>, Handle<Phone>), CstaError> {
        let device = connection.device.ok_or(CstaError::INVALID_CONNECTION_ID)?;
        let phone = self.device(device);
        let Some(call) = connection.call else {
            let phone = phone.ok_or(CstaError::INVALID_DEVICE_ID)?;
            return Ok((fitting(self, phone).map_err(reason)?, phone));
        };
        let call =
            names::find(self.phones.calls(), self.call_salt, call).ok_or(CstaError::INVALID_CALL_ID)?;
        let phone = phone.ok_or(CstaError::INVALID_DEVICE_ID)?;
        let party = self.phones.state(call, phone) != State::Null;
        if party { Ok((call, phone)) } else { Err(CstaError::INVALID_CONNECTION_ID) }
    }
}

/// The CSTA error for a refusal.
pub(super) fn reason(refusal: Refusal) -> CstaError {
    match refusal {
        Refusal::ActiveCallExists => error("stateIncompatibility", "connectedCallExists"),
        Refusal::PhoneRings => CstaError::INVALID_CALLING_DEVICE_STATE,
        Refusal::LinesTaken => CstaError::RESOURCE_BUSY,
        Refusal::TooManyCalls => CstaError::RESOURCE_LIMIT_EXCEEDED,
        Refusal::NotANumber => CstaError::INVALID_CALLED_DEVICE_ID,
        Refusal::WrongState => CstaError::INVALID_CONNECTION_STATE,
        Refusal::NothingToAnswer | Refusal::NothingToPickUp => CstaError::NO_CALL_TO_ANSWER,
        Refusal::NothingActive => CstaError::NO_ACTIVE_CALL,
        Refusal::NothingHeld => CstaError::NO_HELD_CALL,
        Refusal::NothingToClear => CstaError::NO_CONNECTION_TO_CLEAR,
        Refusal::SamePhone => error("operation", "invalidDestination"),
        Refusal::DestinationBusy => error("stateIncompatibility", "invalidDestinationDeviceState"),
        Refusal::DestinationUnknown => CstaError::INVALID_DESTINATION_DEVICE_ID,
        Refusal::SameParty => error("operation", "notDifferentDevices"),
        Refusal::TooManyParties => error("systemResourceAvailibility", "conferenceMemberLimitExceeded"),
        Refusal::NotReached | Refusal::NotBusy => error("stateIncompatibility", "noCallToComplete"),
        Refusal::PlaceTaken => error("stateIncompatibility", "invalidParkToDeviceState"),
        Refusal::NoCallBack => error("operation", "invalidFeature"),
        Refusal::NotDigits => error("operation", "charactersToSendNotSupported"),
        Refusal::TrunksTaken => error("systemResourceAvailibility", "networkBusy"),
        Refusal::OnlyListens => error("operation", "requestIncompatibleWithConnection"),
        Refusal::OutOfService => error("systemResourceAvailibility", "deviceOutOfService"),
    }
}
