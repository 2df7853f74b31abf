//! What clients say.

use core::fmt::Write as _;

use super::choices::Choices;
use super::mangle;
use crate::bench::{Client, Sip, document};

/// The bodies that clients send.
const SERVICES: [&str; 20] = [
    "MonitorStart",
    "MonitorStart",
    "MonitorStart",
    "MakeCall",
    "MakeCall",
    "MakeCall",
    "SystemRegister",
    "MonitorStop",
    "AnswerCall",
    "ClearConnection",
    "HoldCall",
    "RetrieveCall",
    "SnapshotDevice",
    "RequestSystemStatus",
    "GetCSTAFeatures",
    "SystemRegisterCancel",
    "TransferCall",
    "SystemStatus",
    "DeliveredEvent",
    "MakeCallResponse",
];

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

/// A CSTA document; `monitor` is the last cross-reference the client was told.
fn service(choices: &mut Choices<'_>, client: &Client, monitor: &str) -> String {
    let root = *choices.pick(&SERVICES);
    let uri = &client.uri;
    let call = *choices.pick(&["0_7", "0_8", "1_7", "7"]);
    let connection =
        |element: &str| format!("<{element}><callID>{call}</callID><deviceID>{uri}</deviceID></{element}>");
    let children = match root {
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
        "SnapshotDevice" => format!("<snapshotObject>{uri}</snapshotObject>"),
        "MakeCall" => format!(
            "<callingDevice>{uri}</callingDevice><calledDirectoryNumber>tel:+3222220220</calledDirectoryNumber>\
             <autoOriginate>doNotPrompt</autoOriginate>"
        ),
        "AnswerCall" => connection("callToBeAnswered"),
        "ClearConnection" => connection("connectionToBeCleared"),
        "HoldCall" => connection("callToBeHeld"),
        "RetrieveCall" => connection("callToBeRetrieved"),
        "SystemRegister" => "<requestTypes><systemStatus>true</systemStatus></requestTypes>".into(),
        "SystemRegisterCancel" => "<sysStatRegisterID>1</sysStatRegisterID>".into(),
        "SystemStatus" => "<systemStatus>normal</systemStatus>".into(),
        _ => String::new(),
    };
    mangle::document(choices, document(root, &children))
}

/// Any request.
pub(super) fn request(choices: &mut Choices<'_>, client: &mut Client, monitor: &str) -> String {
    let method = *choices.pick(&METHODS);
    let body = match method {
        "INFO" if choices.chance(8) => String::new(),
        "INFO" => service(choices, client, monitor),
        "INVITE" if choices.chance(64) => String::new(),
        "INVITE" => mangle::document(choices, client.sign_in_body()),
        _ if choices.chance(16) => service(choices, client, monitor),
        _ => String::new(),
    };
    // Quirk 2, a CANCEL's or ACK's own: a CSeq that does not go on.
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

/// An answer to a request of the gateway's.
pub(super) fn answer(status: u16, request: &Sip) -> String {
    let mut answer = format!("SIP/2.0 {status} X\r\n");
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        let _infallible = write!(answer, "{name}: {}\r\n", request.header(name));
    }
    answer + "Content-Length: 0\r\n\r\n"
}
