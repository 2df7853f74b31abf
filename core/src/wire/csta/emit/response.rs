//! Responses' bodies.

use super::{
    super::{model::Response, services::Features},
    Rewrite, copy, relayed, snapshot,
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
        Response::SnapshotDevice { items, source } => snapshot::body(w, items, *source),
        Response::DataFollow { cross_reference, source, .. } => {
            w.element("crossRefIDorSnapshotData", |w| w.leaf("serviceCrossRefID", cross_reference));
            if let Some(source) = *source {
                copy::beside_snapshot(w, source);
            }
        }
        Response::ChangeMonitorFilter { filter } => {
            if let Some(filter) = *filter {
                w.monitor_filter("actualFilterList", filter);
            }
        }
        Response::Relayed(relayed) => relayed::body(w, relayed),
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
        | Response::StopApplicationSession
        | Response::Other { .. } => {}
    }
}

/// `GetCSTAFeaturesResponse`'s two parts; the second is optional and left out where it would be empty.
fn feature_lists<R: Rewrite>(w: &mut Writer<'_, R>, features: Features) {
    let services = features.of_edition(w.edition).services();
    w.element("supportedServices", |w| lists(w, services.map(|service| (service.list, service.feature))));
    if features.events != 0 {
        let events = features.events().map(|event| (event.list, event.feature));
        w.element("supportedEvents", |w| lists(w, events));
    }
}

fn lists<R: Rewrite>(w: &mut Writer<'_, R>, features: impl Iterator<Item = (&'static str, &'static str)>) {
    let mut list = "";
    for (group, feature) in features {
        w.next_group(&mut list, group);
        w.empty(feature);
    }
    w.next_group(&mut list, "");
}
