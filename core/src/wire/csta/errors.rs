//! CSTAErrorCode: a category and one of its values, spelt as in edition 3's schema.

use core::fmt;

use super::model::words;

mod values;

words! {
    /// The categories of CSTAErrorCode (ECMA-323: exactly one child of the document's root).
    pub enum ErrorCategory {
        /// The request itself cannot be carried out.
        Operation = "operation",
        /// Too many requests.
        PerformanceManagement = "performanceManagement",
        /// The private data are at fault.
        PrivateData = "privateData",
        /// A vendor's own code; its text is not kept.
        PrivateErrorCode = "privateErrorCode",
        /// Security data are at fault.
        Security = "security",
        /// The state of a device, call or connection does not allow it.
        StateIncompatibility = "stateIncompatibility",
        /// A subscribed resource (a licence) is not available.
        SubscribedResourceAvailability = "subscribedResourceAvailability",
        /// A system resource is not available (so spelt in the schema).
        SystemResourceAvailability = "systemResourceAvailibility",
        /// No further information.
        Unspecified = "unspecified",
    }
}

/// One error of CSTAErrorCode: a category and, where the category has values, one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CstaError {
    category: ErrorCategory,
    value: &'static str,
}

/// Declares constants for errors that the gateway uses, and the list of them for the test.
macro_rules! constants {
    ($($(#[$doc:meta])* $name:ident = $category:ident / $value:literal;)+) => {
        impl CstaError {
            $($(#[$doc])* pub const $name: Self = Self { category: ErrorCategory::$category, value: $value };)+

            #[cfg(test)]
            const CONSTANTS: &'static [Self] = &[$(Self::$name,)+];
        }
    };
}

constants! {
    /// The request failed for an unspecified reason.
    GENERIC_OPERATION = Operation / "generic";
    /// A parameter is missing.
    PARAMETER_MISSING = Operation / "atLeastOneConditionalParameterNotProvided";
    /// A parameter's value cannot be read, or has no meaning here.
    INVALID_PARAMETER_VALUE = Operation / "invalidParameterValue";
    /// The monitorCrossRefID is missing or unknown.
    INVALID_MONITOR_CROSS_REF_ID = Operation / "invalidMonitorCrossRefID";
    /// The monitor filter cannot be read.
    INVALID_MONITOR_FILTER = Operation / "invalidMonitorFilter";
    /// The monitor object is missing or unknown.
    INVALID_MONITOR_OBJECT = Operation / "invalidMonitorObject";
    /// This kind of monitor object is not monitored.
    INVALID_MONITOR_OBJECT_TYPE = Operation / "invalidMonitorObjectType";
    /// The monitor type cannot be read.
    INVALID_MONITOR_TYPE = Operation / "invalidMonitorType";
    /// The object is not known.
    OBJECT_NOT_KNOWN = Operation / "objectNotKnown";
    /// The call is not known.
    INVALID_CALL_ID = Operation / "invalidCallID";
    /// The connection is missing or unknown.
    INVALID_CONNECTION_ID = Operation / "invalidConnectionID";
    /// The device is missing or unknown.
    INVALID_DEVICE_ID = Operation / "invalidDeviceID";
    /// The called device is missing or cannot be dialled.
    INVALID_CALLED_DEVICE_ID = Operation / "invalidCalledDeviceID";
    /// The calling device is missing or unknown.
    INVALID_CALLING_DEVICE_ID = Operation / "invalidCallingDeviceID";
    /// The destination of a call is missing or cannot be dialled.
    INVALID_DESTINATION_DEVICE_ID = Operation / "invalidDestinationDeviceID";
    /// The devices that a service wants are one and the same.
    NOT_DIFFERENT_DEVICES = Operation / "notDifferentDevices";
    /// The device to park at is missing or cannot be dialled.
    INVALID_PARK_TO_DEVICE_ID = Operation / "invalidParkToDeviceID";
    /// The number to forward to is missing or cannot be dialled.
    INVALID_FORWARDING_DESTINATION = Operation / "invalidForwardingDestination";
    /// The held connection is missing or unknown.
    INVALID_HELD_CONNECTION_ID = Operation / "invalidHeldConnectionID";
    /// The active connection is missing or unknown.
    INVALID_ACTIVE_CONNECTION_ID = Operation / "invalidActiveConnectionID";
    /// The cross-reference ID of data that follow is missing or unknown.
    INVALID_CROSS_REF_ID = Operation / "invalidCrossRefID";
    /// The sysStatRegisterID is not one of ours.
    SYS_STAT_REG_ID_NOT_SUPPORTED = Operation / "sysStatRegIDNotSupported";
    /// The client may not control this device.
    PRIVILEGE_VIOLATION_SPECIFIED_DEVICE = Operation / "privilegeViolationSpecifiedDevice";
    /// The client may not call from this device.
    PRIVILEGE_VIOLATION_CALLING_DEVICE = Operation / "privilegeViolationCallingDevice";
    /// The client may not call this device.
    PRIVILEGE_VIOLATION_CALLED_DEVICE = Operation / "privilegeViolationCalledDevice";
    /// The service is not supported.
    SERVICE_NOT_SUPPORTED = Operation / "serviceNotSupported";
    /// Security forbids it.
    SECURITY_VIOLATION = Operation / "securityViolation";
    /// The system status value cannot be read.
    SYSTEM_STATUS_OUT_OF_RANGE = Operation / "systemStatusOutOfRange";
    /// The connection's state does not allow it.
    INVALID_CONNECTION_STATE = StateIncompatibility / "invalidConnectionState";
    /// The device's state does not allow it.
    INVALID_DEVICE_STATE = StateIncompatibility / "invalidDeviceState";
    /// The calling device's state does not allow it.
    INVALID_CALLING_DEVICE_STATE = StateIncompatibility / "invalidCallingDeviceState";
    /// There is no active call.
    NO_ACTIVE_CALL = StateIncompatibility / "noActiveCall";
    /// There is no ringing call.
    NO_CALL_TO_ANSWER = StateIncompatibility / "noCallToAnswer";
    /// There is no such call.
    NO_CALL_TO_CLEAR = StateIncompatibility / "noCallToClear";
    /// There is no such connection.
    NO_CONNECTION_TO_CLEAR = StateIncompatibility / "noConnectionToClear";
    /// There is no call on hold.
    NO_HELD_CALL = StateIncompatibility / "noHeldCall";
    /// The subscription allows no more monitors on the object.
    OBJECT_MONITOR_LIMIT_EXCEEDED = SubscribedResourceAvailability / "objectMonitorLimitExceeded";
    /// Too many requests are outstanding.
    OUTSTANDING_REQUEST_LIMIT_EXCEEDED = SubscribedResourceAvailability / "outstandingReqLimitExceeded";
    /// A resource is not available, for an unspecified reason.
    GENERIC_SYSTEM_RESOURCE = SystemResourceAvailability / "generic";
    /// A resource is busy.
    RESOURCE_BUSY = SystemResourceAvailability / "resourceBusy";
    /// The network is busy.
    NETWORK_BUSY = SystemResourceAvailability / "networkBusy";
    /// A resource is out of service.
    RESOURCE_OUT_OF_SERVICE = SystemResourceAvailability / "resourceOutOfService";
    /// The device is out of service.
    DEVICE_OUT_OF_SERVICE = SystemResourceAvailability / "deviceOutOfService";
    /// The called device is out of service.
    CALLED_DEVICE_OUT_OF_SERVICE = SystemResourceAvailability / "calledDeviceOutOfService";
    /// The calling device is out of service.
    CALLING_DEVICE_OUT_OF_SERVICE = SystemResourceAvailability / "callingDeviceOutOfService";
    /// The network is out of service: the CTI connection, for example.
    NETWORK_OUT_OF_SERVICE = SystemResourceAvailability / "networkOutOfService";
    /// A limit of this node is reached.
    RESOURCE_LIMIT_EXCEEDED = SystemResourceAvailability / "resourceLimitExceeded";
    /// The limit of monitors is reached.
    OVERALL_MONITOR_LIMIT_EXCEEDED = SystemResourceAvailability / "overallMonitorLimitExceeded";
    /// The limit of registrations is reached.
    REGISTRATION_LIMIT_EXCEEDED = SystemResourceAvailability / "registrationLimitExceeded";
    /// There are too many requests at once.
    PERFORMANCE_LIMIT_EXCEEDED = PerformanceManagement / "performanceLimitExceeded";
    /// No further information.
    UNSPECIFIED = Unspecified / "";
}

impl CstaError {
    /// The error of category `category` and value `value`, both spelt as in the schema;
    /// `systemResourceAvailability`, which the schema misspells, may also be spelt correctly. A value that the category
    /// does not list becomes its `generic` value if it has one, since later editions add values. Returns `None` for an
    /// unknown category, or if nothing fits.
    #[must_use]
    pub fn find(category: &str, value: &str) -> Option<Self> {
        let category = match category {
            "systemResourceAvailability" => ErrorCategory::SystemResourceAvailability,
            category => ErrorCategory::from_word(category)?,
        };
        let values = values::of(category);
        let listed = |wanted: &str| values.iter().copied().find(|value| *value == wanted);
        let value = match category {
            ErrorCategory::PrivateErrorCode | ErrorCategory::Unspecified => "",
            ErrorCategory::Operation
            | ErrorCategory::PerformanceManagement
            | ErrorCategory::PrivateData
            | ErrorCategory::Security
            | ErrorCategory::StateIncompatibility
            | ErrorCategory::SubscribedResourceAvailability
            | ErrorCategory::SystemResourceAvailability => listed(value).or_else(|| listed("generic"))?,
        };
        Some(Self { category, value })
    }

    /// Every error of edition 3, in the schema's order.
    pub fn all() -> impl Iterator<Item = Self> {
        ErrorCategory::ALL
            .iter()
            .flat_map(|&category| values::of(category).iter().map(move |&value| Self { category, value }))
    }

    /// The category.
    #[must_use]
    pub const fn category(self) -> ErrorCategory {
        self.category
    }

    /// The value as the schema spells it; empty for `unspecified` and `privateErrorCode`.
    #[must_use]
    pub const fn value(self) -> &'static str {
        self.value
    }
}

impl CstaError {
    /// Whether it means that the device is not known: phone systems use several values for that.
    #[must_use]
    pub fn means_unknown_device(self) -> bool {
        [Self::INVALID_DEVICE_ID, Self::OBJECT_NOT_KNOWN, Self::INVALID_CALLING_DEVICE_ID].contains(&self)
    }

    /// Whether the same request may succeed later, because something is busy or out of service now.
    #[must_use]
    pub const fn is_passing(self) -> bool {
        matches!(
            self.category,
            ErrorCategory::SystemResourceAvailability
                | ErrorCategory::SubscribedResourceAvailability
                | ErrorCategory::PerformanceManagement
        )
    }
}

impl fmt::Display for CstaError {
    /// Writes `operation/serviceNotSupported`, or the category alone if it has no values.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.category.word())?;
        if self.value.is_empty() { Ok(()) } else { write!(f, "/{}", self.value) }
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;

    use super::*;

    #[test]
    fn each_constant_is_in_the_schemas_tables() {
        for error in CstaError::CONSTANTS {
            assert!(values::of(error.category).contains(&error.value), "{error}");
        }
    }

    #[test]
    fn each_error_is_found_by_its_spelling() {
        assert_eq!(CstaError::all().count(), 193 + 2 + 1 + 1 + 4 + 28 + 5 + 27 + 1);
        for error in CstaError::all() {
            assert_eq!(CstaError::find(error.category().word(), error.value()), Some(error));
        }
    }

    #[test]
    fn a_category_that_the_schema_misspells_is_read_in_both_spellings_and_written_as_there() {
        for category in ["systemResourceAvailability", "systemResourceAvailibility"] {
            let found = CstaError::find(category, "resourceBusy");
            assert_eq!(found, Some(CstaError::RESOURCE_BUSY));
        }
        assert_eq!(CstaError::RESOURCE_BUSY.category().word(), "systemResourceAvailibility");
    }

    #[test]
    fn a_value_of_a_later_edition_becomes_the_generic_one() {
        assert_eq!(CstaError::find("operation", "fromEdition9"), Some(CstaError::GENERIC_OPERATION));
        assert_eq!(CstaError::find("privateData", "fromEdition9"), None);
        assert_eq!(CstaError::find("operations", "generic"), None);
    }

    #[test]
    fn an_error_shows_as_category_and_value() {
        assert_eq!(CstaError::SERVICE_NOT_SUPPORTED.to_string(), "operation/serviceNotSupported");
        assert_eq!(CstaError::RESOURCE_BUSY.to_string(), "systemResourceAvailibility/resourceBusy");
        assert_eq!(CstaError::UNSPECIFIED.to_string(), "unspecified");
    }
}
