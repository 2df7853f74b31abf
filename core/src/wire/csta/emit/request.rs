//! Requests' bodies.

use alloc::vec::Vec;

use super::{
    super::model::{MonitorObject, MonitorType, Request, RequestTypes},
    Rewrite, copy, relayed,
    writer::Writer,
};

/// What stands inside the root.
pub(super) fn body<R: Rewrite>(w: &mut Writer<'_, R>, request: &Request<'_>) {
    match *request {
        Request::RequestSystemStatus { register } => w.optional("sysStatRegisterID", register),
        Request::SystemStatus { register, status } => {
            w.optional("sysStatRegisterID", register);
            w.leaf("systemStatus", status.word());
        }
        Request::SystemRegister { types, filter } => {
            w.element("requestTypes", |w| request_types(w, types));
            if let Some(filter) = filter {
                w.status_filter("requestedStatusFilter", filter);
            }
        }
        Request::SystemRegisterCancel { register } | Request::SystemRegisterAbort { register } => {
            w.leaf("sysStatRegisterID", register);
        }
        Request::GetCstaFeatures | Request::Other { .. } => {}
        Request::MonitorStart { object, filter, kind } => {
            monitor_object(w, object);
            if let Some(filter) = filter {
                w.monitor_filter("requestedMonitorFilter", filter);
            }
            w.optional("monitorType", kind.map(MonitorType::word));
        }
        Request::MonitorStop { cross_reference } => w.cross_reference(cross_reference),
        Request::SnapshotDevice { device } => w.device("snapshotObject", device),
        Request::SnapshotData(data) => {
            w.optional("serviceCrossRefID", data.cross_reference);
            w.truth("lastSegment", data.is_last);
            w.element("snapshotData", |w| copy::items(w, data.items));
        }
        Request::ChangeMonitorFilter { cross_reference, filter } => {
            w.cross_reference(cross_reference);
            w.monitor_filter("requestedFilterList", filter);
        }
        Request::Relayed(ref relayed) => relayed::body(w, relayed),
        Request::StartApplicationSession { application, protocol_version, duration } => {
            start_session(w, application, &[protocol_version], duration, |_| ());
        }
        Request::ResetApplicationSessionTimer { session, duration } => {
            w.leaf("sessionID", session);
            w.seconds("requestedSessionDuration", duration);
        }
        Request::StopApplicationSession { session, reason } => {
            w.leaf("sessionID", session);
            w.element("sessionEndReason", |w| w.leaf("appEndReason", reason));
        }
        Request::ApplicationSessionTerminated { session, reason } => {
            w.leaf("sessionID", session);
            if !reason.is_empty() {
                w.element("sessionTermReason", |w| w.leaf("appTermReason", reason));
            }
        }
    }
}

/// What a MonitorStart monitors.
pub(super) fn monitor_object<R: Rewrite>(w: &mut Writer<'_, R>, object: MonitorObject<'_>) {
    w.element("monitorObject", |w| match object {
        MonitorObject::Device(device) => w.device("deviceObject", device),
        MonitorObject::Call(connection) => w.connection("callObject", connection),
    });
}

fn request_types<R: Rewrite>(w: &mut Writer<'_, R>, types: RequestTypes) {
    w.truth("systemStatus", types.system_status);
    w.truth("requestSystemStatus", types.request_system_status);
    w.truth("switchingFunctionCapsChanged", types.switching_function_caps_changed);
    w.truth("switchingFunctionDevicesChanged", types.switching_function_devices_changed);
}

/// `StartApplicationSession`'s body.
pub(super) fn start_session<R: Rewrite>(
    w: &mut Writer<'_, R>,
    application: &str,
    versions: &[&str],
    duration: Option<u32>,
    specific: impl FnOnce(&mut Vec<u8>),
) {
    w.element("applicationInfo", |w| {
        w.leaf("applicationID", application);
        let before = w.out.len();
        w.open("applicationSpecificInfo");
        let start = w.out.len();
        specific(w.out);
        if w.out.len() == start {
            w.out.truncate(before);
        } else {
            w.close("applicationSpecificInfo");
        }
    });
    w.element("requestedProtocolVersions", |w| {
        for version in versions {
            w.leaf("protocolVersion", version);
        }
    });
    w.seconds("requestedSessionDuration", duration);
}
