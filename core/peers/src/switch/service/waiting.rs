//! Call control services for calls that wait or end, and for digits (ECMA-269): Park, Camp On, Call Back, Clear Call, Dial
//! Digits, Generate Digits.

use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::errors::CstaError;
use ctigate_core::wire::csta::events::Shape;
use ctigate_core::wire::csta::model::{Connection, LocalConnectionState as State, Request};
use ctigate_core::wire::csta::relayed::Value;

use super::calls::{reason, relayed};
use super::system::{error, static_device};
use crate::switch::phones::{ACTIVE, Party, Phone, Refusal};
use crate::switch::report::known;
use crate::switch::{Step, Switch, To, names};

impl Switch {
    /// Park Call.
    pub(super) fn park_call(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let asked = relayed(request)?;
        let states = [State::Connected, State::Hold];
        let (call, phone) = self.named(asked, "parking", &states, Refusal::NothingActive)?;
        let place = asked.device("parkTo").ok_or(CstaError::INVALID_PARK_TO_DEVICE_ID)?.id;
        let mut told = Vec::new();
        let parked = self.phones.park(step.now, call, phone, place, &mut told).map_err(|refusal| {
            let unknown = refusal == Refusal::DestinationUnknown;
            if unknown { CstaError::INVALID_PARK_TO_DEVICE_ID } else { reason(refusal) }
        })?;
        let (call, device) = self.spelt(call, parked);
        let parked = Connection { call: Some(&call), device: Some(static_device(&device)) };
        self.accept(step, to, asked, &[("parkedTo", Value::Connection(parked))]);
        self.report(step, &told);
        Ok(())
    }

    /// Camp On Call.
    pub(super) fn camp_on_call(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let asked = relayed(request)?;
        let (call, phone) = self.named(asked, "camponConnection", &ACTIVE, Refusal::NothingActive)?;
        let mut told = Vec::new();
        self.phones.camp_on(call, phone, &mut told).map_err(reason)?;
        self.accept(step, to, asked, &[]);
        self.report(step, &told);
        Ok(())
    }

    /// Call Back.
    pub(super) fn call_back(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let asked = relayed(request)?;
        let (call, phone) = self.named(asked, "callbackConnection", &ACTIVE, Refusal::NothingActive)?;
        let mut told = Vec::new();
        let target = self.phones.call_back(call, phone, &mut told).map_err(reason)?;
        let device = self.party_device(Party::Phone(target), "");
        self.accept(step, to, asked, &[("targetDevice", Value::Device(static_device(&device)))]);
        self.report(step, &told);
        self.report_call_back(step, phone, target, true);
        Ok(())
    }

    /// Cancel Call Back.
    pub(super) fn cancel_call_back(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let asked = relayed(request)?;
        let phone = asked.device("originatingDevice").and_then(|device| self.device(device));
        let phone = phone.ok_or(CstaError::INVALID_DEVICE_ID)?;
        let target = asked.device("targetDevice").and_then(|device| self.device(device));
        let target = target.ok_or(CstaError::INVALID_CALLED_DEVICE_ID)?;
        self.phones.cancel_call_back(phone, target).map_err(reason)?;
        self.accept(step, to, asked, &[]);
        self.report_call_back(step, phone, target, false);
        Ok(())
    }

    /// Tells the monitors of a phone that a call will be made later, or no longer.
    pub(in crate::switch) fn report_call_back(
        &self,
        step: &mut Step<'_>,
        phone: Handle<Phone>,
        target: Handle<Phone>,
        is_set: bool,
    ) {
        let Some(shape) = Shape::named("CallBackEvent") else { return };
        let [own, other] = [phone, target].map(|phone| self.party_device(Party::Phone(phone), ""));
        let given = [
            ("originatingDevice", Value::Party(known(&own))),
            ("targetDevice", Value::Party(known(&other))),
            ("callBackSetCanceled", Value::Text(if is_set { "true" } else { "false" })),
        ];
        self.tell_monitors(step, phone, shape, &given);
    }

    /// Clear Call. A callID alone is allowed.
    pub(super) fn clear_call(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let asked = relayed(request)?;
        let named = asked.connection("callToBeCleared").ok_or(CstaError::INVALID_CONNECTION_ID)?;
        let call = match (named.call, named.device) {
            (Some(id), _) => {
                names::find(self.phones.calls(), self.call_salt, id).ok_or(CstaError::INVALID_CALL_ID)?
            }
            (None, _) => self.named(asked, "callToBeCleared", &ACTIVE, Refusal::NothingToClear)?.0,
        };
        let mut told = Vec::new();
        self.phones
            .clear_call(call, &mut told)
            .map_err(|_| error("stateIncompatibility", "noCallToClear"))?;
        self.accept(step, to, asked, &[]);
        self.report(step, &told);
        Ok(())
    }

    /// Dial Digits.
    pub(super) fn dial_digits(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let asked = relayed(request)?;
        let states = [State::Initiated];
        let (call, phone) = self.named(asked, "diallingConnection", &states, Refusal::NothingActive)?;
        let digits = asked.device("diallingSequence").ok_or(CstaError::INVALID_CALLED_DEVICE_ID)?.id;
        let mut told = Vec::new();
        self.phones.dial_digits(step.now, call, phone, digits, &mut told).map_err(reason)?;
        self.accept(step, to, asked, &[]);
        self.report(step, &told);
        Ok(())
    }

    /// Generate Digits.
    pub(super) fn generate_digits(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let asked = relayed(request)?;
        let states = [State::Connected];
        let (call, phone) = self.named(asked, "connectionToSendDigits", &states, Refusal::NothingActive)?;
        let digits = asked.text("charactersToSend").unwrap_or_default();
        if asked.text("digitMode").is_some_and(|mode| mode != "dTMF") {
            return Err(error("operation", "digitModeNotSupported"));
        }
        let mut told = Vec::new();
        self.phones.generate_digits(call, phone, digits, &mut told).map_err(reason)?;
        self.accept(step, to, asked, &[]);
        self.report(step, &told);
        Ok(())
    }
}
