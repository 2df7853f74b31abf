//! Call control services for calls that wait or end, and for digits (ECMA-269): Park, Camp On, Call Back, Clear Call, Dial
//! Digits, Generate Digits.

use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::errors::CstaError;
use ctigate_core::wire::csta::events::Shape;
use ctigate_core::wire::csta::model::{Connection, LocalConnectionState as State};
use ctigate_core::wire::csta::relayed::{Relayed, Value};

use super::Outcome;
use super::calls::{Meant, reason};
use super::joining::{active, talking};
use super::system::{error, static_device};
use crate::switch::phones::{Party, Phone, Refusal};
use crate::switch::report::known;
use crate::switch::{Step, Switch, To, names};

impl Switch {
    /// Park Call.
    pub(super) fn park_call(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let meant = Meant {
            member: "parking",
            call: |phones, phone| phones.newest(phone, &[State::Connected, State::Hold]),
            none: Refusal::NothingActive,
        };
        let (call, phone) = self.named(asked, &meant)?;
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
    pub(super) fn camp_on_call(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        self.with_call(step, to, asked, &active("camponConnection"), |phones, _, call, phone, told| {
            phones.camp_on(call, phone, told)
        })
    }

    /// Call Back.
    pub(super) fn call_back(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let (call, phone) = self.named(asked, &active("callbackConnection"))?;
        let mut told = Vec::new();
        let target = self.phones.call_back(call, phone, &mut told).map_err(reason)?;
        let device = self.party_device(Party::Phone(target), "");
        self.accept(step, to, asked, &[("targetDevice", Value::Device(static_device(&device)))]);
        self.report(step, &told);
        self.report_call_back(step, phone, target, true);
        Ok(())
    }

    /// Cancel Call Back.
    pub(super) fn cancel_call_back(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
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
    pub(super) fn clear_call(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let named = asked.connection("callToBeCleared").ok_or(CstaError::INVALID_CONNECTION_ID)?;
        let call = match (named.call, named.device) {
            (Some(id), _) => {
                names::find(self.phones.calls(), self.call_salt, id).ok_or(CstaError::INVALID_CALL_ID)?
            }
            (None, _) => {
                self.named(asked, &Meant { none: Refusal::NothingToClear, ..active("callToBeCleared") })?.0
            }
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
    pub(super) fn dial_digits(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let digits = asked.device("diallingSequence").ok_or(CstaError::INVALID_CALLED_DEVICE_ID)?.id;
        let meant = Meant {
            member: "diallingConnection",
            call: |phones, phone| phones.newest(phone, &[State::Initiated]),
            none: Refusal::NothingActive,
        };
        self.with_call(step, to, asked, &meant, |phones, now, call, phone, told| {
            phones.dial_digits(now, call, phone, digits, told)
        })
    }

    /// Generate Digits.
    pub(super) fn generate_digits(&mut self, step: &mut Step<'_>, to: To, asked: &Relayed<'_>) -> Outcome {
        let digits = asked.text("charactersToSend").unwrap_or_default();
        if asked.text("digitMode").is_some_and(|mode| mode != "dTMF") {
            return Err(error("operation", "digitModeNotSupported"));
        }
        let meant = talking("connectionToSendDigits");
        self.with_call(step, to, asked, &meant, |phones, _, call, phone, told| {
            phones.generate_digits(call, phone, digits, told)
        })
    }
}
