//! Reads responses.

use alloc::vec::Vec;

use roxmltree::Node;

use super::{
    super::{
        errors::CstaError,
        model::{LocalConnectionState, OnCall, Party, Response, SnapshotItem, SystemStatus},
        read::{self, Element, Reader},
        relayed::Relayed,
        services::{self, EVENTS, Features, Service},
    },
    Malformed,
};

/// Reads the response whose root is `root`.
pub(super) fn read(root: Element<'_>, edition: u8) -> Result<Response<'_>, Malformed> {
    let name = root.tag_name().name();
    let of = |service| Reader { service, root };
    match name {
        "CSTAErrorCode" => Ok(Response::Error(error_code(root))),
        "RequestSystemStatusResponse" => {
            let unknown = CstaError::SYSTEM_STATUS_OUT_OF_RANGE;
            let status =
                of("RequestSystemStatusResponse").word("systemStatus", unknown, SystemStatus::from_word)?;
            Ok(Response::RequestSystemStatus { status })
        }
        "SystemStatusResponse" => Ok(Response::SystemStatus),
        "SystemRegisterResponse" => system_register(of("SystemRegisterResponse")),
        "SystemRegisterCancelResponse" => Ok(Response::SystemRegisterCancel),
        "GetCSTAFeaturesResponse" => Ok(Response::GetCstaFeatures(features(root))),
        "MonitorStartResponse" => monitor_start(of("MonitorStartResponse")),
        "MonitorStopResponse" => Ok(Response::MonitorStop),
        "SnapshotDeviceResponse" => snapshot(of("SnapshotDeviceResponse")),
        "ChangeMonitorFilterResponse" => {
            let error = CstaError::INVALID_MONITOR_FILTER;
            let reader = of("ChangeMonitorFilterResponse");
            let filter = reader.optional("actualFilterList", error, read::monitor_filter)?;
            Ok(Response::ChangeMonitorFilter { filter })
        }
        "StartApplicationSessionPosResponse" => start_session(of("StartApplicationSessionPosResponse")),
        "StartApplicationSessionNegResponse" => {
            Ok(Response::StartApplicationSessionRefused { error: session_error(root) })
        }
        "ResetApplicationSessionTimerPosResponse" => {
            let duration = of("ResetApplicationSessionTimerPosResponse").seconds("actualSessionDuration")?;
            Ok(Response::ResetApplicationSessionTimer { duration })
        }
        "ResetApplicationSessionTimerNegResponse" => {
            Ok(Response::ResetApplicationSessionTimerRefused { error: session_error(root) })
        }
        "StopApplicationSessionPosResponse" => Ok(Response::StopApplicationSession),
        _ => {
            let service = name.strip_suffix("Response").and_then(services::named);
            match service.filter(|service| service.is_relayed()) {
                Some(service) => relayed(service, root, edition),
                None => Ok(Response::Other { name }),
            }
        }
    }
}

/// Reads a CSTAErrorCode. It is a refusal in any case, so an unreadable one becomes `unspecified`.
fn error_code(root: Element<'_>) -> CstaError {
    let child = root.first_element_child();
    let error = child.and_then(|child| {
        let value = read::text(child).unwrap_or_default();
        CstaError::find(child.tag_name().name(), value)
    });
    error.unwrap_or(CstaError::UNSPECIFIED)
}

/// Reads ECMA-354's `errorCode`: the text of its only child, or its own.
fn session_error(root: Element<'_>) -> &str {
    let Some(code) = read::child(root, "errorCode") else { return "" };
    read::text(code.first_element_child().unwrap_or(code)).unwrap_or_default()
}

fn system_register(reader: Reader<'_>) -> Result<Response<'_>, Malformed> {
    let register = reader.text("sysStatRegisterID", CstaError::PARAMETER_MISSING)?;
    let error = CstaError::INVALID_PARAMETER_VALUE;
    let filter = reader.optional("actualStatusFilter", error, read::status_filter)?;
    Ok(Response::SystemRegister { register, filter })
}

fn monitor_start(reader: Reader<'_>) -> Result<Response<'_>, Malformed> {
    let cross_reference = reader.text("monitorCrossRefID", CstaError::INVALID_MONITOR_CROSS_REF_ID)?;
    let filter =
        reader.optional("actualMonitorFilter", CstaError::INVALID_MONITOR_FILTER, read::monitor_filter)?;
    Ok(Response::MonitorStart { cross_reference, filter })
}

fn start_session(reader: Reader<'_>) -> Result<Response<'_>, Malformed> {
    let missing = CstaError::PARAMETER_MISSING;
    let duration = reader.seconds("actualSessionDuration")?;
    Ok(Response::StartApplicationSession {
        session: reader.text("sessionID", missing)?,
        protocol_version: reader.text("actualProtocolVersion", missing)?,
        duration: duration.ok_or(reader.malformed("actualSessionDuration", missing))?,
    })
}

/// Reads the services and events that the lists announce. A member with the value `false` announces nothing.
fn features(root: Element<'_>) -> Features {
    let members = |part: &str, list: &str, feature: &str| {
        let member = read::at(root, &[part, list, feature]);
        member.is_some_and(|member| read::truth(member) != Some(false))
    };
    let services = services::all().iter().filter(|one| members("supportedServices", one.list, one.feature));
    let set = services.fold(Features::NONE, Features::with);
    let events = EVENTS.iter().filter(|one| members("supportedEvents", one.list, one.feature));
    events.fold(set, |set, entry| set.with_event(entry.root))
}

/// Reads a response by its row. Its data may follow in other messages.
fn relayed<'a>(service: &'static Service, root: Element<'a>, edition: u8) -> Result<Response<'a>, Malformed> {
    match data_follow(root) {
        Some(cross_reference) => Ok(Response::DataFollow { service, cross_reference, source: Some(root) }),
        None => Relayed::read(service, service.response, root, edition).map(Response::Relayed),
    }
}

fn data_follow(root: Element<'_>) -> Option<&str> {
    read::at(root, &["crossRefIDorSnapshotData", "serviceCrossRefID"])
        .and_then(read::text)
        .filter(|text| !text.is_empty())
}

/// Reads SnapshotDevice's calls, or the cross-reference ID of the messages that bring them.
fn snapshot(reader: Reader<'_>) -> Result<Response<'_>, Malformed> {
    if let (Some(service), Some(cross_reference)) =
        (services::named("SnapshotDevice"), data_follow(reader.root))
    {
        return Ok(Response::DataFollow { service, cross_reference, source: Some(reader.root) });
    }
    let missing = reader.malformed("snapshotData", CstaError::PARAMETER_MISSING);
    let data = read::at(reader.root, &["crossRefIDorSnapshotData", "snapshotData"]).ok_or(missing)?;
    let items = data.children().filter(|child| child.tag_name().name() == "snapshotDeviceResponseInfo");
    let items = items.map(|item| snapshot_item(reader, item)).collect::<Result<Vec<_>, _>>()?;
    Ok(Response::SnapshotDevice { items, source: Some(reader.root) })
}

fn snapshot_item<'a>(reader: Reader<'a>, item: Element<'a>) -> Result<SnapshotItem<'a>, Malformed> {
    Ok(SnapshotItem {
        connection: Reader { service: reader.service, root: item }.connection("connectionIdentifier")?,
        endpoint: read::child(item, "endpointDevice").map(read::party),
        states: read::child(item, "localCallState").and_then(call_state).unwrap_or_default(),
        source: Some(item),
    })
}

impl SnapshotItem<'_> {
    /// Returns the states of the parties beyond those in `states`, as far as they can be read.
    pub fn further_states(&self) -> impl Iterator<Item = Option<LocalConnectionState>> {
        let state = self.source.and_then(|source| read::at(source, &["localCallState", "compoundCallState"]));
        let parties = state.into_iter().flat_map(|state| state.children()).filter(Node::is_element);
        let known = if self.states.is_empty() { usize::MAX } else { self.states.len() };
        parties.skip(known).map(|party| LocalConnectionState::from_word(read::text(party)?))
    }
}

impl<'a> Relayed<'a> {
    /// The parties of a call that this response to `SnapshotCall` came with in a document.
    pub fn on_call(&self) -> impl Iterator<Item = OnCall<'a>> + use<'a> {
        let path = &["crossRefIDorSnapshotData", "snapshotData"];
        let data = self.source.and_then(|source| read::at(source, path));
        let items = data.into_iter().flat_map(|data| data.children());
        items.filter(|item| item.tag_name().name() == "snapshotCallResponseInfo").map(|item| OnCall {
            device: read::child(item, "deviceOnCall").map_or(Party::NotKnown, read::party),
            connection: read::child(item, "callIdentifier").map(read::connection),
            state: read::child_text(item, "localConnectionInfo").and_then(LocalConnectionState::from_word),
        })
    }
}

/// Reads the states of a call's parties, this device's first. `None` if they are unknown or cannot be read; parties
/// beyond the eighth are left to [`SnapshotItem::further_states`].
fn call_state(node: Element<'_>) -> Option<heapless::Vec<LocalConnectionState, 8>> {
    if let Some(compound) = read::child(node, "compoundCallState") {
        let parties = compound.children().filter(Node::is_element);
        parties.take(8).map(|party| LocalConnectionState::from_word(read::text(party)?)).collect()
    } else {
        simple_call_state(read::child_text(node, "simpleCallState")?)
            .map(|states| states.into_iter().collect())
    }
}

/// ECMA-269's short names for the states of a call of two parties: this device's state, then the other's.
fn simple_call_state(word: &str) -> Option<[LocalConnectionState; 2]> {
    use LocalConnectionState::{Alerting, Connected, Fail, Hold, Initiated, Null, Queued};
    Some(match word {
        "callNull" => [Null, Null],
        "callPending" => [Initiated, Null],
        "callOriginated" => [Connected, Null],
        "callDelivered" => [Connected, Alerting],
        "callDeliveredHeld" => [Hold, Alerting],
        "callReceived" => [Alerting, Connected],
        "callEstablished" => [Connected, Connected],
        "callEstablishedHeld" => [Hold, Connected],
        "callReceivedOnHold" => [Alerting, Hold],
        "callEstablishedOnHold" => [Connected, Hold],
        "callQueued" => [Connected, Queued],
        "callQueuedHeld" => [Hold, Queued],
        "callFailed" => [Connected, Fail],
        "callFailedHeld" => [Hold, Fail],
        "callBlocked" => [Null, Fail],
        _ => return None,
    })
}
