//! Requests of clients.

use ctigate_core::wire::csta::services::{self, Service};

use super::choices::Choices;
use super::mangle;
use super::rows::{self, Voice};
use crate::bench::{Client, csta};

/// The usual requests of clients, and some that clients must not send; any row of the services may come in addition.
const USUAL: [&str; 18] = [
    "MonitorStart",
    "MonitorStart",
    "MonitorStart",
    "MonitorStart",
    "MakeCall",
    "MakeCall",
    "MakeCall",
    "MonitorStop",
    "SnapshotDevice",
    "SnapshotCall",
    "GetSwitchingFunctionDevices",
    "AnswerCall",
    "ClearConnection",
    "HoldCall",
    "SystemRegister",
    "SystemStatus",
    "DeliveredEvent",
    "MakeCallResponse",
];

/// Other lines, and numbers that can be dialled, dialled in parts, or not dialled.
const DEVICES: [&str; 11] = [
    "tel:+3222220220",
    "tel:1002;phone-context=dialstring",
    "tel:1003",
    "1002",
    "tel:+14255550100;ext=7",
    "*21*1003#",
    "tel:1001;phone-context=dialstring",
    "12;",
    "",
    "sip:bob@example.com",
    "nobody&amp;nowhere",
];

const CALLS: [&str; 4] = ["17", "18", "1_7", "7"];

const METHODS: [&str; 14] = [
    "INFO",
    "INFO",
    "INFO",
    "INFO",
    "INFO",
    "INFO",
    "UPDATE",
    "INVITE",
    "BYE",
    "CANCEL",
    "OPTIONS",
    "ACK",
    "REGISTER",
    "SUBSCRIBE",
];

/// A CSTA document.
fn service(choices: &mut Choices<'_>, client: &Client) -> String {
    let voice = voice(client, if choices.chance(24) { 6 } else { 3 }, &client.reference);
    let root = if choices.chance(96) { choices.pick(services::all()).root } else { choices.word(&USUAL) };
    let text = match services::named(root).filter(|service| service.is_relayed()) {
        Some(service) => rows::request(choices, service, voice),
        None => csta(root, &interpreted(choices, root, client)),
    };
    mangle::document(choices, text)
}

fn voice<'a>(client: &'a Client, edition: u8, monitor: &'a str) -> Voice<'a> {
    Voice { edition, line: &client.uri, devices: &DEVICES, calls: &CALLS, reference: monitor }
}

/// A complete and valid request of a relayed service.
pub(super) fn right_request(client: &mut Client, service: &Service) -> String {
    let body = rows::request(&mut Choices::new(&[]), service, voice(client, service.since.max(3), ""));
    client.request("INFO", &body)
}

/// The content of a request that the gateway interprets itself.
fn interpreted(choices: &mut Choices<'_>, root: &str, client: &Client) -> String {
    let Client { uri, reference: monitor, .. } = client;
    match root {
        "MonitorStart" => {
            let filter = choices.chance(48).then_some(
                "<requestedMonitorFilter><callcontrol><held>true</held></callcontrol></requestedMonitorFilter>",
            );
            format!(
                "<monitorObject><deviceObject>{uri}</deviceObject></monitorObject>{}",
                filter.unwrap_or_default()
            )
        }
        "MonitorStop" | "DeliveredEvent" => format!("<monitorCrossRefID>{monitor}</monitorCrossRefID>"),
        "ChangeMonitorFilter" => format!(
            "<monitorCrossRefID>{monitor}</monitorCrossRefID><requestedFilterList><callcontrol><held>true</held>\
             </callcontrol></requestedFilterList>"
        ),
        "SnapshotDevice" => format!("<snapshotObject>{uri}</snapshotObject>"),
        "SystemRegister" => "<requestTypes><systemStatus>true</systemStatus></requestTypes>".into(),
        "SystemRegisterCancel" => "<sysStatRegisterID>1</sysStatRegisterID>".into(),
        "SystemStatus" => "<systemStatus>normal</systemStatus>".into(),
        _ => String::new(),
    }
}

/// Any request.
pub(super) fn request(choices: &mut Choices<'_>, client: &mut Client) -> String {
    let method = *choices.pick(&METHODS);
    let body = match method {
        "INFO" if choices.chance(8) => String::new(),
        "INFO" => service(choices, client),
        "INVITE" if choices.chance(64) => String::new(),
        "INVITE" => mangle::document(choices, client.sign_in_body()),
        _ if choices.chance(16) => service(choices, client),
        _ => String::new(),
    };
    // A CSeq that does not increase: of a CANCEL or ACK, or by quirk 2.
    if matches!(method, "CANCEL" | "ACK") || choices.chance(24) {
        client.sequence = client.sequence.saturating_sub(1);
    }
    client.request(method, &body)
}

/// A new dialog's first request, for any line.
pub(super) fn sign_in(choices: &mut Choices<'_>, client: &mut Client) -> String {
    client.gateway_tag.clear();
    if choices.chance(64) {
        client.uri = (*choices.pick(&["tel:1002;phone-context=dialstring", "tel:1003", "tel:1001"])).into();
    }
    let more = ["Supported: timer\r\n", "", "Supported: timer\r\nSession-Expires: 120;refresher=uas\r\n"];
    if choices.chance(64) {
        client.more = (*choices.pick(&more)).into();
    }
    let body = mangle::document(choices, client.sign_in_body());
    client.request("INVITE", &body)
}
