//! Reads requests.

use super::{
    super::{
        errors::CstaError,
        model::{MonitorObject, MonitorType, Request, RequestTypes, SnapshotData, SystemStatus},
        read::{self, Element, Reader},
        relayed::Relayed,
        services,
    },
    Malformed,
};

/// Reads the request whose root is `root`.
pub(super) fn read(root: Element<'_>, edition: u8) -> Result<Request<'_>, Malformed> {
    let name = root.tag_name().name();
    let of = |service| Reader { service, root };
    match name {
        "RequestSystemStatus" => Ok(Request::RequestSystemStatus {
            register: of("RequestSystemStatus").optional_text("sysStatRegisterID"),
        }),
        "SystemStatus" => system_status(of("SystemStatus")),
        "SystemRegister" => system_register(of("SystemRegister")),
        "SystemRegisterCancel" => {
            Ok(Request::SystemRegisterCancel { register: register(of("SystemRegisterCancel"))? })
        }
        "SystemRegisterAbort" => {
            Ok(Request::SystemRegisterAbort { register: register(of("SystemRegisterAbort"))? })
        }
        "GetCSTAFeatures" => Ok(Request::GetCstaFeatures),
        "MonitorStart" => monitor_start(of("MonitorStart")),
        "MonitorStop" => {
            let error = CstaError::INVALID_MONITOR_CROSS_REF_ID;
            Ok(Request::MonitorStop { cross_reference: of("MonitorStop").text("monitorCrossRefID", error)? })
        }
        "ChangeMonitorFilter" => change_monitor_filter(of("ChangeMonitorFilter")),
        "SnapshotDevice" => {
            let device = of("SnapshotDevice").device("snapshotObject", CstaError::INVALID_DEVICE_ID)?;
            Ok(Request::SnapshotDevice { device })
        }
        "SnapshotDeviceData" => snapshot_data("SnapshotDevice", of("SnapshotDeviceData")),
        "SnapshotCallData" => snapshot_data("SnapshotCall", of("SnapshotCallData")),
        "StartApplicationSession" => start_session(of("StartApplicationSession")),
        "ResetApplicationSessionTimer" => {
            let reader = of("ResetApplicationSessionTimer");
            Ok(Request::ResetApplicationSessionTimer {
                session: session(reader)?,
                duration: reader.seconds("requestedSessionDuration")?,
            })
        }
        "StopApplicationSession" => {
            let reader = of("StopApplicationSession");
            let reason = read::at(root, &["sessionEndReason", "appEndReason"]).and_then(read::text);
            Ok(Request::StopApplicationSession {
                session: session(reader)?,
                reason: reason.unwrap_or_default(),
            })
        }
        "ApplicationSessionTerminated" => Ok(Request::ApplicationSessionTerminated {
            session: session(of("ApplicationSessionTerminated"))?,
            reason: end_reason(root),
        }),
        _ => match services::named(name).filter(|service| service.is_relayed()) {
            Some(service) => Relayed::read(service, service.request, root, edition).map(Request::Relayed),
            None => Ok(Request::Other { name }),
        },
    }
}

fn register(reader: Reader<'_>) -> Result<&str, Malformed> {
    reader.text("sysStatRegisterID", CstaError::PARAMETER_MISSING)
}

fn session(reader: Reader<'_>) -> Result<&str, Malformed> {
    reader.text("sessionID", CstaError::PARAMETER_MISSING)
}

/// Why a session ends: the text of the only child of `sessionTermReason`, or its own. Some servers name it
/// `sessionEndReason`, as in the request of a client.
fn end_reason(root: Element<'_>) -> &str {
    let reason = ["sessionTermReason", "sessionEndReason"].iter().find_map(|name| read::child(root, name));
    let text = reason.and_then(|reason| read::text(reason.first_element_child().unwrap_or(reason)));
    text.unwrap_or_default()
}

fn system_status(reader: Reader<'_>) -> Result<Request<'_>, Malformed> {
    Ok(Request::SystemStatus {
        register: reader.optional_text("sysStatRegisterID"),
        status: reader.word(
            "systemStatus",
            CstaError::SYSTEM_STATUS_OUT_OF_RANGE,
            SystemStatus::from_word,
        )?,
    })
}

fn system_register(reader: Reader<'_>) -> Result<Request<'_>, Malformed> {
    let element = "requestTypes";
    let node = read::child(reader.root, element);
    let node = node.ok_or(reader.malformed(element, CstaError::PARAMETER_MISSING))?;
    let asks = |name| match read::child(node, name) {
        None => Ok(false),
        Some(member) => {
            read::truth(member).ok_or(reader.malformed(element, CstaError::INVALID_PARAMETER_VALUE))
        }
    };
    let types = RequestTypes {
        system_status: asks("systemStatus")?,
        request_system_status: asks("requestSystemStatus")?,
        switching_function_caps_changed: asks("switchingFunctionCapsChanged")?,
        switching_function_devices_changed: asks("switchingFunctionDevicesChanged")?,
    };
    let error = CstaError::INVALID_PARAMETER_VALUE;
    let filter = reader.optional("requestedStatusFilter", error, read::status_filter)?;
    Ok(Request::SystemRegister { types, filter })
}

fn monitor_start(reader: Reader<'_>) -> Result<Request<'_>, Malformed> {
    let element = "monitorObject";
    let missing = reader.malformed(element, CstaError::INVALID_MONITOR_OBJECT);
    let node = read::child(reader.root, element).ok_or(missing)?;
    let object = if let Some(device) = read::child(node, "deviceObject") {
        let device = read::known_device(device);
        MonitorObject::Device(device.ok_or(reader.malformed("deviceObject", CstaError::INVALID_DEVICE_ID))?)
    } else if read::child(node, "callObject").is_some() {
        MonitorObject::Call(Reader { service: reader.service, root: node }.connection("callObject")?)
    } else {
        return Err(missing);
    };
    let filter =
        reader.optional("requestedMonitorFilter", CstaError::INVALID_MONITOR_FILTER, read::monitor_filter)?;
    let kind = reader.optional("monitorType", CstaError::INVALID_MONITOR_TYPE, |node| {
        MonitorType::from_word(read::text(node)?)
    })?;
    Ok(Request::MonitorStart { object, filter, kind })
}

fn change_monitor_filter(reader: Reader<'_>) -> Result<Request<'_>, Malformed> {
    let error = CstaError::INVALID_MONITOR_FILTER;
    let filter = reader.optional("requestedFilterList", error, read::monitor_filter)?;
    Ok(Request::ChangeMonitorFilter {
        cross_reference: reader.text("monitorCrossRefID", CstaError::INVALID_MONITOR_CROSS_REF_ID)?,
        filter: filter.ok_or(reader.malformed("requestedFilterList", error))?,
    })
}

/// Edition 6's schema has the list itself in place of `snapshotData`; both are read.
fn snapshot_data<'a>(asked: &'static str, reader: Reader<'a>) -> Result<Request<'a>, Malformed> {
    let missing = reader.malformed("snapshotData", CstaError::PARAMETER_MISSING);
    let service = services::named(asked).ok_or(missing)?;
    let is_last = reader.optional("lastSegment", CstaError::INVALID_PARAMETER_VALUE, read::truth)?;
    Ok(Request::SnapshotData(SnapshotData {
        service,
        cross_reference: reader.optional_text("serviceCrossRefID"),
        is_last: is_last.unwrap_or(true),
        items: read::child(reader.root, "snapshotData").unwrap_or(reader.root),
    }))
}

fn start_session(reader: Reader<'_>) -> Result<Request<'_>, Malformed> {
    let missing = |element| reader.malformed(element, CstaError::PARAMETER_MISSING);
    let filled = |path: &[&str]| {
        read::at(reader.root, path).and_then(read::text).filter(|text: &&str| !text.is_empty())
    };
    Ok(Request::StartApplicationSession {
        application: filled(&["applicationInfo", "applicationID"]).ok_or(missing("applicationID"))?,
        protocol_version: filled(&["requestedProtocolVersions", "protocolVersion"])
            .ok_or(missing("protocolVersion"))?,
        duration: reader.seconds("requestedSessionDuration")?,
    })
}
