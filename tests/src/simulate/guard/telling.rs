//! Checks what events say of calls and settings, and what requests name, against what was observed at phone systems.

use crate::simulate::client::belief::{call_ids, element_with, number, parts};
use crate::simulate::inbox::{element, root};
use crate::simulate::plan::{FIRST_PHONE, PHONES};
use crate::simulate::seen::SeenCalls;

/// The services that name connections of the client's line alone.
const OWN: [&str; 10] = [
    "TransferCall",
    "ConferenceCall",
    "AlternateCall",
    "ReconnectCall",
    "HoldCall",
    "RetrieveCall",
    "ClearConnection",
    "ConsultationCall",
    "SingleStepTransferCall",
    "SingleStepConferenceCall",
];

/// Checks an event of a setting, or of a party that left: it must be about the client's `line`.
///
/// # Errors
/// What is wrong.
pub(super) fn check_subject(line: &str, text: &str) -> Result<(), String> {
    let device = |name: &str| {
        let device = parts(text, name).find_map(|device| element_with(device, "deviceIdentifier"));
        device.map(number)
    };
    match root(text) {
        "ForwardingEvent" | "DoNotDisturbEvent" => {
            let device = device("device");
            if device.as_deref() == Some(line) {
                return Ok(());
            }
            Err(format!(
                "an event reaches a session that it does not belong to: {line} is told of {device:?}\n{text}"
            ))
        }
        "ConnectionClearedEvent" => {
            let own = device("releasingDevice").as_deref() == Some(line);
            let over = element(text, "localConnectionInfo") == Some("null");
            if own == over {
                return Ok(());
            }
            Err(format!("an event clears the wrong party: own {own}, over {over}\n{text}"))
        }
        _ => Ok(()),
    }
}

/// Checks an event of a transfer or a conference: which call it names first, from where its parties come, and who they
/// are.
///
/// # Errors
/// What is wrong.
pub(super) fn check_merger(calls: &SeenCalls, text: &str) -> Result<(), String> {
    let raw = |call: &str| call.split_once('_').map_or_else(String::new, |(_, call)| call.to_owned());
    let by =
        ["transferringDevice", "conferencingDevice"].into_iter().find_map(|name| parts(text, name).next());
    let by =
        by.and_then(|by| element_with(by, "deviceIdentifier")).map(number).and_then(|by| by.parse().ok());
    let cause = element(text, "cause").unwrap_or_default();
    let Some(primary) = element(text, "callID").map(raw) else { return Ok(()) };
    if let Some(by) = by.filter(|_| ["transfer", "conference"].contains(&cause))
        && !calls.held.contains(&(primary, by))
    {
        return Err(format!("an event names the wrong call as the first: {by} never held it\n{text}"));
    }
    let mut list = Vec::new();
    let mut result = None;
    for item in parts(text, "connectionListItem") {
        let Some(new) = parts(item, "newConnection").next() else { continue };
        result = element(new, "callID").map(raw).or(result);
        let Some(phone) = element_with(new, "deviceID").and_then(|device| number(device).parse().ok()) else {
            continue;
        };
        if !(FIRST_PHONE..FIRST_PHONE.saturating_add(PHONES)).contains(&phone) {
            continue;
        }
        list.push(phone);
        let old = parts(item, "oldConnection").find_map(|old| element(old, "callID")).map(raw);
        if old.is_some_and(|old| !calls.ever.contains(&(old, phone))) {
            return Err(format!("an event names a call that a party never was in: {phone}\n{text}"));
        }
    }
    let Some(result) = result else { return Ok(()) };
    if list.is_empty() || calls.ever_were_in(&result, &list) {
        return Ok(());
    }
    Err(format!("an event names other parties than there are: {list:?} in {result}\n{text}"))
}

/// Checks a request to a phone system, which `asked` led to: it must name the same calls in the same order, and
/// connections of the client's `line` alone.
///
/// # Errors
/// What is wrong.
pub(super) fn check_request(line: &str, asked: &str, request: &str) -> Result<(), String> {
    if !OWN.iter().any(|service| request.contains(&format!("<{service} "))) {
        return Ok(());
    }
    let strip = |call: &&str| call.split_once('_').map_or_else(String::new, |(_, call)| call.to_owned());
    let named: Vec<String> = call_ids(asked).iter().map(strip).collect();
    let passed: Vec<String> = call_ids(request).into_iter().map(str::to_owned).collect();
    let sorted = |calls: &[String]| {
        let mut calls = calls.to_vec();
        calls.sort_unstable();
        calls
    };
    if named != passed && sorted(&named) == sorted(&passed) {
        return Err(format!("a request exchanges the calls that were named\n{asked}\n{request}"));
    }
    let devices = parts(request, "deviceID").chain(
        request.split("<deviceID ").skip(1).filter_map(|rest| rest.split_once('>')?.1.split('<').next()),
    );
    let other = devices.map(number).find(|device| device != line);
    other.map_or(Ok(()), |other| {
        Err(format!("a request names a connection of another line: {other}, not {line}\n{asked}\n{request}"))
    })
}
