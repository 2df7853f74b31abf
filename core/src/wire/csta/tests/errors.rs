//! The errors for incomplete messages.

use alloc::string::ToString as _;

use super::read;
use crate::wire::csta::errors::CstaError;

/// A document, the element that is missing or cannot be read, and the error.
const CASES: &[(&str, &str, CstaError)] = &[
    ("<SystemStatus/>", "systemStatus", CstaError::PARAMETER_MISSING),
    (
        "<SystemStatus><systemStatus>?</systemStatus></SystemStatus>",
        "systemStatus",
        CstaError::SYSTEM_STATUS_OUT_OF_RANGE,
    ),
    ("<SystemRegister/>", "requestTypes", CstaError::PARAMETER_MISSING),
    (
        "<SystemRegister><requestTypes><systemStatus>?</systemStatus></requestTypes></SystemRegister>",
        "requestTypes",
        CstaError::INVALID_PARAMETER_VALUE,
    ),
    ("<SystemRegisterCancel/>", "sysStatRegisterID", CstaError::PARAMETER_MISSING),
    ("<MonitorStart/>", "monitorObject", CstaError::INVALID_MONITOR_OBJECT),
    ("<MonitorStart><monitorObject/></MonitorStart>", "monitorObject", CstaError::INVALID_MONITOR_OBJECT),
    (
        "<MonitorStart><monitorObject><deviceObject> </deviceObject></monitorObject></MonitorStart>",
        "deviceObject",
        CstaError::INVALID_DEVICE_ID,
    ),
    (
        "<MonitorStart><monitorObject><callObject/></monitorObject></MonitorStart>",
        "callObject",
        CstaError::INVALID_CONNECTION_ID,
    ),
    (
        "<MonitorStart><monitorObject><deviceObject>1</deviceObject></monitorObject><requestedMonitorFilter>\
             <callcontrol><held>maybe</held></callcontrol></requestedMonitorFilter></MonitorStart>",
        "requestedMonitorFilter",
        CstaError::INVALID_MONITOR_FILTER,
    ),
    (
        "<MonitorStart><monitorObject><deviceObject>1</deviceObject></monitorObject><monitorType>?</monitorType>\
             </MonitorStart>",
        "monitorType",
        CstaError::INVALID_MONITOR_TYPE,
    ),
    ("<MonitorStop/>", "monitorCrossRefID", CstaError::INVALID_MONITOR_CROSS_REF_ID),
    ("<SnapshotDevice/>", "snapshotObject", CstaError::INVALID_DEVICE_ID),
    ("<MakeCall/>", "callingDevice", CstaError::INVALID_CALLING_DEVICE_ID),
    (
        "<MakeCall><callingDevice>1</callingDevice></MakeCall>",
        "calledDirectoryNumber",
        CstaError::INVALID_CALLED_DEVICE_ID,
    ),
    ("<AnswerCall/>", "callToBeAnswered", CstaError::INVALID_CONNECTION_ID),
    (
        "<ClearConnection><connectionToBeCleared><callID/><deviceID/></connectionToBeCleared></ClearConnection>",
        "connectionToBeCleared",
        CstaError::INVALID_CONNECTION_ID,
    ),
    ("<HoldCall/>", "callToBeHeld", CstaError::INVALID_CONNECTION_ID),
    ("<RetrieveCall/>", "callToBeRetrieved", CstaError::INVALID_CONNECTION_ID),
    ("<StartApplicationSession/>", "applicationID", CstaError::PARAMETER_MISSING),
    ("<StopApplicationSession/>", "sessionID", CstaError::PARAMETER_MISSING),
    ("<MonitorStartResponse/>", "monitorCrossRefID", CstaError::INVALID_MONITOR_CROSS_REF_ID),
    ("<MakeCallResponse/>", "callingDevice", CstaError::INVALID_CONNECTION_ID),
    (
        "<SnapshotDeviceResponse><serviceCrossRefID>1</serviceCrossRefID></SnapshotDeviceResponse>",
        "snapshotData",
        CstaError::PARAMETER_MISSING,
    ),
    ("<HeldEvent/>", "monitorCrossRefID", CstaError::INVALID_MONITOR_CROSS_REF_ID),
    (
        "<HeldEvent><monitorCrossRefID>1</monitorCrossRefID></HeldEvent>",
        "heldConnection",
        CstaError::INVALID_CONNECTION_ID,
    ),
];

#[test]
fn the_most_telling_error_is_found_for_what_is_missing() {
    for &(text, element, error) in CASES {
        let document = read(text);
        let malformed = document.message().unwrap_err();
        assert_eq!(
            (malformed.service, malformed.element, malformed.error),
            (document.name(), element, error),
            "{text}"
        );
    }
}

#[test]
fn a_complaint_names_service_element_and_error() {
    let malformed = read("<MonitorStop/>").message().unwrap_err();
    assert_eq!(
        malformed.to_string(),
        "MonitorStop: monitorCrossRefID is missing or cannot be read (operation/invalidMonitorCrossRefID)"
    );
}
