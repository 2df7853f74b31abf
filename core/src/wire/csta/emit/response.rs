//! Responses' bodies.

use super::{
    super::{
        model::{Response, SnapshotItem},
        services::{Entry, Features},
    },
    Rewrite,
    writer::Writer,
};

/// What stands inside the root.
pub(super) fn body<R: Rewrite>(w: &mut Writer<'_, R>, response: &Response<'_>) {
    match response {
        Response::RequestSystemStatus { status } => w.leaf("systemStatus", status.word()),
        Response::SystemRegister { register, filter } => {
            w.leaf("sysStatRegisterID", register);
            if let Some(filter) = *filter {
                w.status_filter("actualStatusFilter", filter);
            }
        }
        Response::GetCstaFeatures(features) => feature_lists(w, *features),
        Response::MonitorStart { cross_reference, filter } => {
            w.cross_reference(cross_reference);
            if let Some(filter) = *filter {
                w.monitor_filter("actualMonitorFilter", filter);
            }
        }
        Response::SnapshotDevice(items) => w.element("crossRefIDorSnapshotData", |w| {
            w.element("snapshotData", |w| items.iter().for_each(|item| snapshot_item(w, item)));
        }),
        Response::MakeCall { calling } => w.connection("callingDevice", *calling),
        Response::StartApplicationSession { session, protocol_version, duration } => {
            w.leaf("sessionID", session);
            w.leaf("actualProtocolVersion", protocol_version);
            w.seconds("actualSessionDuration", Some(*duration));
        }
        Response::StartApplicationSessionRefused { error }
        | Response::ResetApplicationSessionTimerRefused { error } => {
            w.element("errorCode", |w| w.leaf("definedError", error));
        }
        Response::ResetApplicationSessionTimer { duration } => w.seconds("actualSessionDuration", *duration),
        Response::Error(error) => match error.value() {
            "" => w.empty(error.category().word()),
            value => w.leaf(error.category().word(), value),
        },
        Response::SystemStatus
        | Response::SystemRegisterCancel
        | Response::MonitorStop
        | Response::AnswerCall
        | Response::ClearConnection
        | Response::HoldCall
        | Response::RetrieveCall
        | Response::StopApplicationSession
        | Response::Other { .. } => {}
    }
}

/// `GetCSTAFeaturesResponse`'s two parts; the second is optional and left out where it would be empty.
fn feature_lists<R: Rewrite>(w: &mut Writer<'_, R>, features: Features) {
    w.element("supportedServices", |w| lists(w, features.services()));
    if features.events != 0 {
        w.element("supportedEvents", |w| lists(w, features.events()));
    }
}

fn lists<R: Rewrite>(w: &mut Writer<'_, R>, entries: impl Iterator<Item = &'static Entry>) {
    let mut list = "";
    for entry in entries {
        w.next_group(&mut list, entry.list);
        w.empty(entry.feature);
    }
    w.next_group(&mut list, "");
}

fn snapshot_item<R: Rewrite>(w: &mut Writer<'_, R>, item: &SnapshotItem<'_>) {
    w.element("snapshotDeviceResponseInfo", |w| {
        w.connection("connectionIdentifier", item.connection);
        if let Some(endpoint) = item.endpoint {
            w.party("endpointDevice", endpoint);
        }
        w.element("localCallState", |w| {
            if item.states.is_empty() {
                w.empty("unknown");
            } else {
                w.element("compoundCallState", |w| {
                    item.states.iter().for_each(|state| w.leaf("localConnectionState", state.word()));
                });
            }
        });
    });
}
