//! A captured session of SIPE 1.25.0, byte for byte: sign-in, features, monitor, a call, a refresh, sign-out. The
//! gateway's tag is `gw1` and the monitor's cross-reference ID `99fda87c` (`tests/data/sipe`).

/// The sign-in.
pub const INVITE: &str = include_str!("../data/sipe/01-invite.sip");
/// The sign-in's ACK.
pub const ACK: &str = include_str!("../data/sipe/02-ack.sip");
/// GetCSTAFeatures.
pub const FEATURES: &str = include_str!("../data/sipe/03-info-GetCSTAFeatures.sip");
/// MonitorStart.
pub const MONITOR: &str = include_str!("../data/sipe/04-info-MonitorStart.sip");
/// MakeCall.
pub const CALL: &str = include_str!("../data/sipe/05-info-MakeCall.sip");
/// The refresh.
pub const REINVITE: &str = include_str!("../data/sipe/06-invite.sip");
/// The refresh's ACK, whose CSeq goes back to 1.
pub const REACK: &str = include_str!("../data/sipe/07-ack.sip");
/// MonitorStop.
pub const STOP: &str = include_str!("../data/sipe/08-info-MonitorStop.sip");

/// MonitorStop for the monitor with this cross-reference ID, whose length is that of the request's body.
#[must_use]
pub fn stop(cross_reference: &str) -> String {
    let (head, body) = STOP.split_once("\r\n\r\n").unwrap_or_default();
    let named = body.replace("99fda87c", cross_reference);
    let length = |body: &str| format!("Content-Length: {}", body.len());
    format!("{}\r\n\r\n{named}", head.replace(&length(body), &length(&named)))
}

/// The sign-out.
pub const BYE: &str = include_str!("../data/sipe/09-bye.sip");
