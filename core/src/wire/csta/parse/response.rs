//! Responses.

use alloc::vec::Vec;

use roxmltree::Node;

use super::{
    super::{
        errors::CstaError,
        model::{LocalConnectionState, Response, SnapshotItem, SystemStatus},
        read::{self, Element, Reader},
        services::{EVENTS, Entry, Features, SERVICES},
    },
    Misshapen,
};

/// The response whose root is `root`.
pub(super) fn read(root: Element<'_>) -> Result<Response<'_>, Misshapen> {
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
        "MakeCallResponse" => {
            Ok(Response::MakeCall { calling: of("MakeCallResponse").connection("callingDevice")? })
        }
        "AnswerCallResponse" => Ok(Response::AnswerCall),
        "ClearConnectionResponse" => Ok(Response::ClearConnection),
        "HoldCallResponse" => Ok(Response::HoldCall),
        "RetrieveCallResponse" => Ok(Response::RetrieveCall),
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
        _ => Ok(Response::Other { name }),
    }
}

/// CSTAErrorCode: whatever it says, it is a refusal, so what cannot be read is `unspecified`.
fn error_code(root: Element<'_>) -> CstaError {
    let child = root.first_element_child();
    let error = child.and_then(|child| {
        let value = read::text(child).unwrap_or_default();
        CstaError::find(child.tag_name().name(), value)
    });
    error.unwrap_or(CstaError::UNSPECIFIED)
}

/// ECMA-354's `errorCode`: the text of its one child, or its own.
fn session_error(root: Element<'_>) -> &str {
    let Some(code) = read::child(root, "errorCode") else { return "" };
    read::text(code.first_element_child().unwrap_or(code)).unwrap_or_default()
}

fn system_register(reader: Reader<'_>) -> Result<Response<'_>, Misshapen> {
    let register = reader.text("sysStatRegisterID", CstaError::PARAMETER_MISSING)?;
    let error = CstaError::INVALID_PARAMETER_VALUE;
    let filter = reader.optional("actualStatusFilter", error, read::status_filter)?;
    Ok(Response::SystemRegister { register, filter })
}

fn monitor_start(reader: Reader<'_>) -> Result<Response<'_>, Misshapen> {
    let cross_reference = reader.text("monitorCrossRefID", CstaError::INVALID_MONITOR_CROSS_REF_ID)?;
    let filter =
        reader.optional("actualMonitorFilter", CstaError::INVALID_MONITOR_FILTER, read::monitor_filter)?;
    Ok(Response::MonitorStart { cross_reference, filter })
}

fn start_session(reader: Reader<'_>) -> Result<Response<'_>, Misshapen> {
    let missing = CstaError::PARAMETER_MISSING;
    let duration = reader.seconds("actualSessionDuration")?;
    Ok(Response::StartApplicationSession {
        session: reader.text("sessionID", missing)?,
        protocol_version: reader.text("actualProtocolVersion", missing)?,
        duration: duration.ok_or(reader.misshapen("actualSessionDuration", missing))?,
    })
}

/// What the lists announce. A member that says `false` announces nothing.
fn features(root: Element<'_>) -> Features {
    let members = |part: &str, list: &str, feature: &str| {
        let member = read::at(root, &[part, list, feature]);
        member.is_some_and(|member| read::truth(member) != Some(false))
    };
    let has = |part: &'static str| move |entry: &&Entry| members(part, entry.list, entry.feature);
    let services = SERVICES.iter().filter(has("supportedServices"));
    let set = services.fold(Features::NONE, |set, entry| set.with_service(entry.root));
    let events = EVENTS.iter().filter(has("supportedEvents"));
    events.fold(set, |set, entry| set.with_event(entry.root))
}

/// SnapshotDevice's calls. A reference to data that follow in other messages is not read: those messages are not modelled.
fn snapshot(reader: Reader<'_>) -> Result<Response<'_>, Misshapen> {
    let missing = reader.misshapen("snapshotData", CstaError::PARAMETER_MISSING);
    let data = read::at(reader.root, &["crossRefIDorSnapshotData", "snapshotData"]).ok_or(missing)?;
    let items = data.children().filter(|child| child.tag_name().name() == "snapshotDeviceResponseInfo");
    items.map(|item| snapshot_item(reader, item)).collect::<Result<Vec<_>, _>>().map(Response::SnapshotDevice)
}

fn snapshot_item<'a>(reader: Reader<'a>, item: Element<'a>) -> Result<SnapshotItem<'a>, Misshapen> {
    Ok(SnapshotItem {
        connection: Reader { service: reader.service, root: item }.connection("connectionIdentifier")?,
        endpoint: read::child(item, "endpointDevice").map(read::party),
        states: read::child(item, "localCallState").and_then(call_state).unwrap_or_default(),
    })
}

/// The states of a call's parties, this device's first. `None` where they are unknown or cannot be read; parties beyond
/// the eighth are left out.
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
