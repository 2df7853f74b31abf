//! System services and monitors.

use alloc::string::{String, ToString as _};

use ctigate_core::action::Level;
use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::errors::CstaError;
use ctigate_core::wire::csta::model::{Device, MonitorObject, MonitorType, Request, RequestTypes, Response};

use super::{MISROUTED, features};
use crate::switch::link::{Link, Registration};
use crate::switch::monitors::{Monitor, Refused};
use crate::switch::phones::{Party, Phone};
use crate::switch::{Step, Switch, To, is_alive, names};

impl Switch {
    pub(super) fn request_system_status(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let Request::RequestSystemStatus { .. } = request else { return Err(MISROUTED) };
        self.respond(step, to, &Response::RequestSystemStatus { status: self.status });
        Ok(())
    }

    pub(super) fn client_status(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let Request::SystemStatus { status, .. } = *request else { return Err(MISROUTED) };
        step.actions.notify(Level::Info, "client_status", &[("status", &status.word())]);
        self.respond(step, to, &Response::SystemStatus);
        Ok(())
    }

    pub(super) fn get_features(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let Request::GetCstaFeatures = request else { return Err(MISROUTED) };
        self.respond(step, to, &Response::GetCstaFeatures(features()));
        Ok(())
    }

    /// System Register. A filter is only allowed with systemStatus; without one, nothing is filtered out.
    pub(super) fn system_register(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let Request::SystemRegister { types, filter } = *request else { return Err(MISROUTED) };
        let RequestTypes {
            system_status,
            request_system_status,
            switching_function_caps_changed,
            switching_function_devices_changed,
        } = types;
        if switching_function_caps_changed || switching_function_devices_changed {
            return Err(error("operation", "parameterNotSupported"));
        }
        if !system_status && !request_system_status {
            return Err(CstaError::PARAMETER_MISSING);
        }
        if filter.is_some() && !system_status {
            return Err(CstaError::PARAMETER_MISSING);
        }
        let id = alloc::format!("r{}", names::name(to.0, self.session_salt));
        let Some(cti) = self.links.get_mut(to.0).and_then(Link::cti_mut) else { return Ok(()) };
        if cti.registration.is_some() {
            return Err(CstaError::REGISTRATION_LIMIT_EXCEEDED);
        }
        let kept = filter.unwrap_or_default();
        cti.registration = Some(Registration { id: id.clone(), system_status, filter: kept });
        self.respond(step, to, &Response::SystemRegister { register: &id, filter });
        Ok(())
    }

    pub(super) fn system_register_cancel(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let Request::SystemRegisterCancel { register } = *request else { return Err(MISROUTED) };
        let cti = self.links.get_mut(to.0).and_then(Link::cti_mut);
        let registration = cti.map(|cti| &mut cti.registration);
        let taken = registration.and_then(|own| own.take_if(|own| own.id == register));
        if taken.is_none() {
            return Err(error("operation", "invalidParameterValue"));
        }
        self.respond(step, to, &Response::SystemRegisterCancel);
        Ok(())
    }

    /// Monitor Start, for device objects and monitors of type device.
    pub(super) fn monitor_start(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let Request::MonitorStart { object, filter, kind } = *request else { return Err(MISROUTED) };
        let MonitorObject::Device(device) = object else {
            return Err(CstaError::INVALID_MONITOR_OBJECT_TYPE);
        };
        if kind == Some(MonitorType::Call) {
            return Err(error("operation", "monitorTypeNotSupported"));
        }
        let phone = self.device(device).ok_or(CstaError::INVALID_DEVICE_ID)?;
        let epoch = self.links.get(to.0).and_then(Link::cti).map_or(0, |cti| cti.epoch);
        self.bury_dead(phone);
        let monitor = Monitor { phone, link: to.0, epoch, filter: filter.unwrap_or_default() };
        let handle = self.monitors.start(monitor).map_err(|refused| match refused {
            Refused::Phone => CstaError::OBJECT_MONITOR_LIMIT_EXCEEDED,
            Refused::Switch => CstaError::OVERALL_MONITOR_LIMIT_EXCEEDED,
        })?;
        let cross_reference = self.monitors.cross_reference(handle);
        step.actions.notify(
            Level::Debug,
            "monitor_started",
            &[("device", &device.id), ("reference", &cross_reference)],
        );
        self.respond(step, to, &Response::MonitorStart { cross_reference: &cross_reference, filter });
        Ok(())
    }

    /// Removes the phone's dead monitors at once, to make room.
    fn bury_dead(&mut self, phone: Handle<Phone>) {
        for (handle, monitor) in self.monitors.of(phone) {
            if !is_alive(&self.links, &monitor) {
                self.monitors.stop(handle);
            }
        }
    }

    pub(super) fn monitor_stop(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let Request::MonitorStop { cross_reference } = *request else { return Err(MISROUTED) };
        let own = |monitor: &Monitor| monitor.link == to.0 && is_alive(&self.links, monitor);
        let found = self.monitors.find(cross_reference).filter(|(_, monitor)| own(monitor));
        let (handle, _) = found.ok_or(CstaError::INVALID_MONITOR_CROSS_REF_ID)?;
        self.monitors.stop(handle);
        step.actions.notify(Level::Debug, "monitor_stopped", &[("reference", &cross_reference)]);
        self.respond(step, to, &Response::MonitorStop);
        Ok(())
    }

    /// The phone that a client's device identifier names. Its number is the same in every type of the schema.
    pub(in crate::switch) fn device(&self, device: Device<'_>) -> Option<Handle<Phone>> {
        let readable = device.type_of_number.is_none_or(is_type_of_number);
        if readable { self.phones.find(device.id) } else { None }
    }

    /// The device ID of a party: a number, or a trunk's name.
    pub(in crate::switch) fn party_device(&self, party: Party, dialled: &str) -> String {
        match party {
            Party::Phone(phone) => self.phones.phone(phone).map(|phone| phone.id.clone()).unwrap_or_default(),
            Party::Trunk(trunk) => alloc::format!("{}{trunk}", self.config.trunk_name),
            Party::Place(place) => {
                self.phones.place(place).map(|place| place.number.clone()).unwrap_or_default()
            }
            Party::Dialled => dialled.to_string(),
        }
    }
}

/// Whether the schema has this `typeOfNumber` (ECMA-323, DeviceID).
fn is_type_of_number(name: &str) -> bool {
    let whole = ["dialingNumber", "deviceNumber", "implicitPublic", "implicitPrivate", "other"];
    let parts = ["explicitPublic:", "explicitPrivate:"];
    whole.contains(&name) || parts.iter().any(|part| name.starts_with(part))
}

/// A device identifier of the default type.
pub(in crate::switch) const fn static_device(id: &str) -> Device<'_> {
    Device { id, type_of_number: None }
}

/// An error of the schema that has no constant.
pub(in crate::switch) fn error(category: &str, value: &str) -> CstaError {
    let found = CstaError::find(category, value);
    debug_assert!(
        found.is_some_and(|found| found.value() == value),
        "{category}/{value} is not in the schema"
    );
    found.unwrap_or(CstaError::UNSPECIFIED)
}
