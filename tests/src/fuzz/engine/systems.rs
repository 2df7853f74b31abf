//! Phone systems that say what they are made to say.

use std::collections::VecDeque;

use ctigate_core::LinkId;
use ctigate_core::wire::csta::emit::{self, Verbatim};
use ctigate_core::wire::csta::model::{
    CallEvent, CallEventKind, Connection, Device, Event, LocalConnectionState, Namespace, Party,
};

use crate::bench::{ALL_SERVICES, Asked, SESSION, csta, csta_error, features};
use crate::fuzz::choices::Choices;

/// One CTI link, dialled by the gateway.
pub(super) struct System {
    pub(super) link: LinkId,
    pub(super) address: String,
    pub(super) open: bool,
    pub(super) over: bool,
    /// What was asked and is not answered.
    pub(super) asked: VecDeque<Asked>,
    /// How many monitors it started: they are named m1, m2, ...
    pub(super) monitors: usize,
}

impl System {
    pub(super) const fn new(link: LinkId, address: String) -> Self {
        Self { link, address, open: false, over: false, asked: VecDeque::new(), monitors: 0 }
    }

    /// What a phone system answers where all is well.
    pub(super) fn usual_answer(&mut self, asked: &Asked) -> String {
        let session = |root: &str, children: &str| format!("<{root} xmlns=\"{SESSION}\">{children}</{root}>");
        match asked.root() {
            "StartApplicationSession" => session(
                "StartApplicationSessionPosResponse",
                "<sessionID>s1</sessionID><actualProtocolVersion>x</actualProtocolVersion>\
                 <actualSessionDuration>180</actualSessionDuration>",
            ),
            "ResetApplicationSessionTimer" => session("ResetApplicationSessionTimerPosResponse", ""),
            "StopApplicationSession" => session("StopApplicationSessionPosResponse", ""),
            "GetCSTAFeatures" => csta("GetCSTAFeaturesResponse", &features(ALL_SERVICES)),
            "SystemRegister" => csta("SystemRegisterResponse", "<sysStatRegisterID>r1</sysStatRegisterID>"),
            "MonitorStart" => {
                self.monitors += 1;
                let named = format!("<monitorCrossRefID>m{}</monitorCrossRefID>", self.monitors);
                csta("MonitorStartResponse", &named)
            }
            "SnapshotDevice" => csta(
                "SnapshotDeviceResponse",
                "<crossRefIDorSnapshotData><snapshotData/></crossRefIDorSnapshotData>",
            ),
            "MakeCall" => csta(
                "MakeCallResponse",
                "<callingDevice><callID>7</callID><deviceID>1001</deviceID></callingDevice>",
            ),
            other => csta(&format!("{other}Response"), ""),
        }
    }

    /// Any answer: the usual one, an error, one to something else.
    pub(super) fn some_answer(&mut self, choices: &mut Choices<'_>, asked: &Asked) -> String {
        match choices.below(8) {
            0 => csta_error("operation", "invalidDeviceID"),
            1 => csta_error("stateIncompatibility", "invalidObjectState"),
            2 => csta("MonitorStartResponse", "<monitorCrossRefID>m1</monitorCrossRefID>"),
            3 => csta("MakeCallResponse", ""),
            4 => format!("<StartApplicationSessionNegResponse xmlns=\"{SESSION}\"/>"),
            5 => csta(&format!("{}Response", asked.root()), ""),
            _ => self.usual_answer(asked),
        }
    }
}

const NUMBERS: [&str; 5] = ["1001", "1002", "1003", "+14255550100", "trunk"];
const CALLS: [&str; 3] = ["7", "8", "0_99f261b4"];
const CAUSES: [&str; 4] = ["newCall", "normal", "busy", "noCauseKnown"];
const STATES: [LocalConnectionState; 3] =
    [LocalConnectionState::Connected, LocalConnectionState::Hold, LocalConnectionState::Alerting];

/// An event of a monitor.
pub(super) fn event(choices: &mut Choices<'_>, monitors: usize) -> String {
    let known = if choices.chance(24) { 0 } else { monitors.saturating_sub(choices.below(monitors.min(3))) };
    let cross_reference = format!("m{known}");
    if choices.chance(24) {
        let named = format!("<monitorCrossRefID>{cross_reference}</monitorCrossRefID>");
        let root = *choices.pick(&["OfferedEvent", "CallInformationEvent", "MonitorStop", "DeliveredEvent"]);
        return csta(root, &named);
    }
    let device = |choices: &mut Choices<'_>| Device { id: choices.word(&NUMBERS), type_of_number: None };
    let connection = Connection { call: Some(choices.word(&CALLS)), device: Some(device(choices)) };
    let kind = *choices.pick(CallEventKind::ALL);
    let event = Event::Call(CallEvent {
        cross_reference: &cross_reference,
        subject: Party::Device(device(choices)),
        calling: Some(Party::Device(device(choices))),
        called: Some(if choices.chance(64) { Party::NotKnown } else { Party::Device(device(choices)) }),
        redirection: None,
        local: choices.chance(128).then(|| *choices.pick(&STATES)),
        cause: choices.word(&CAUSES),
        ..CallEvent::new(kind, connection)
    });
    let mut out = Vec::new();
    emit::event(&mut out, Namespace::ED3, &event, &mut Verbatim);
    String::from_utf8_lossy(&out).into_owned()
}

/// What a phone system asks or says by itself.
pub(super) fn request(choices: &mut Choices<'_>) -> String {
    match choices.below(6) {
        0 => csta("SystemStatus", "<systemStatus>disabled</systemStatus>"),
        1 => csta("SystemStatus", "<systemStatus>messagesLost</systemStatus>"),
        2 => csta("SystemStatus", "<systemStatus>normal</systemStatus>"),
        3 => csta("RequestSystemStatus", ""),
        4 => format!(
            "<ApplicationSessionTerminated xmlns=\"{SESSION}\"><sessionID>s1</sessionID></ApplicationSessionTerminated>"
        ),
        _ => csta("GetCSTAFeatures", ""),
    }
}
