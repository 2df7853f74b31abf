//! Phone systems that send what the operations choose.

use std::collections::VecDeque;

use ctigate_core::LinkId;
use ctigate_core::wire::csta::events::{Shape, shapes};
use ctigate_core::wire::csta::member::Role;
use ctigate_core::wire::csta::services::{self, Service};

use crate::bench::{Asked, SESSION, csta, csta_error};
use crate::fuzz::choices::Choices;
use crate::fuzz::rows::{self, Form, Voice};

/// The invoke ID of unrequested messages of a phone system.
pub(super) const TOLD: u16 = 9999;

/// One CTI link, dialled by the gateway.
pub(super) struct System {
    pub(super) link: LinkId,
    pub(super) address: String,
    pub(super) open: bool,
    pub(super) over: bool,
    /// Requests that are not answered.
    pub(super) asked: VecDeque<Asked>,
    /// How many monitors it started, named m1, m2, ...
    pub(super) monitors: usize,
    /// How many answers it gave whose data may come later, named d1, d2, ...
    pub(super) lists: usize,
}

impl System {
    pub(super) const fn new(link: LinkId, address: String) -> Self {
        Self { link, address, open: false, over: false, asked: VecDeque::new(), monitors: 0, lists: 0 }
    }

    /// The normal answer of a phone system; documents after the first are data that it announces.
    pub(super) fn usual_answer(&mut self, asked: &Asked) -> Vec<String> {
        let session = |root: &str, children: &str| format!("<{root} xmlns=\"{SESSION}\">{children}</{root}>");
        vec![match asked.root() {
            "StartApplicationSession" => session(
                "StartApplicationSessionPosResponse",
                "<sessionID>s1</sessionID><actualProtocolVersion>x</actualProtocolVersion>\
                 <actualSessionDuration>180</actualSessionDuration>",
            ),
            "ResetApplicationSessionTimer" => session("ResetApplicationSessionTimerPosResponse", ""),
            "StopApplicationSession" => session("StopApplicationSessionPosResponse", ""),
            "GetCSTAFeatures" => csta("GetCSTAFeaturesResponse", &rows::features()),
            "SystemRegister" => csta("SystemRegisterResponse", "<sysStatRegisterID>r1</sysStatRegisterID>"),
            "MonitorStart" => {
                self.monitors += 1;
                let named = format!("<monitorCrossRefID>m{}</monitorCrossRefID>", self.monitors);
                csta("MonitorStartResponse", &named)
            }
            "GetThirdPartyDeviceId" => {
                let device = format!("<device>{}:CM1::0</device>", asked.element("extension"));
                csta("GetThirdPartyDeviceIdResponse", &device)
            }
            other => match services::named(other) {
                Some(service) if is_snapshot(service) => return self.snapshot(service, asked),
                Some(service) if service.is_relayed() => return self.relayed(service, asked),
                _ => csta(&format!("{other}Response"), ""),
            },
        }]
    }

    /// A snapshot: empty in its answer, or one that comes in two parts with a call in each.
    fn snapshot(&mut self, service: &Service, asked: &Asked) -> Vec<String> {
        self.lists += 1;
        let reference = format!("d{}", self.lists);
        let voice = voice(line_of(service, asked), &reference);
        let say = |form, items| rows::snapshot(&mut Choices::new(&[items]), service, form, voice);
        if self.lists.is_multiple_of(3) {
            let parts = [Form::Part { last: false }, Form::Part { last: true }].map(|form| say(form, 1));
            [vec![say(Form::Announced, 0)], parts.to_vec()].concat()
        } else {
            vec![say(Form::Whole, 0)]
        }
    }

    /// All members of the service's row, and the list that it announces.
    fn relayed(&mut self, service: &Service, asked: &Asked) -> Vec<String> {
        let announces = service.response.iter().any(|member| member.role == Role::CrossReference);
        self.lists += usize::from(announces);
        let reference = format!("d{}", self.lists);
        let voice = voice(line_of(service, asked), &reference);
        let none = &mut Choices::new(&[]);
        let mut said = vec![rows::response(none, service, voice)];
        if announces {
            said.push(rows::list_of_devices(none, voice));
        }
        said
    }

    /// Any answer: the normal one, an error, one to another service, or one made from its row by random choices.
    pub(super) fn some_answer(&mut self, choices: &mut Choices<'_>, asked: &Asked) -> Vec<String> {
        vec![match choices.below(10) {
            0 => csta_error("operation", "invalidDeviceID"),
            1 => csta_error("stateIncompatibility", "invalidObjectState"),
            2 => csta("MonitorStartResponse", "<monitorCrossRefID>m1</monitorCrossRefID>"),
            3 => csta("MakeCallResponse", ""),
            4 => format!("<StartApplicationSessionNegResponse xmlns=\"{SESSION}\"/>"),
            5 => csta(&format!("{}Response", asked.root()), ""),
            6 | 7 => match services::named(asked.root()) {
                Some(service) => self.some_response(choices, service, asked),
                None => return self.usual_answer(asked),
            },
            _ => return self.usual_answer(asked),
        }]
    }

    fn some_response(&self, choices: &mut Choices<'_>, service: &Service, asked: &Asked) -> String {
        let reference = format!("d{}", self.lists.saturating_sub(choices.below(3)));
        let voice = voice(line_of(service, asked), &reference);
        if is_snapshot(service) {
            let form = *choices.pick(&[Form::Whole, Form::Announced]);
            return rows::snapshot(choices, service, form, voice);
        }
        rows::response(choices, service, voice)
    }
}

fn is_snapshot(service: &Service) -> bool {
    services::named(service.data_root).is_some()
}

/// The line that a request is about, or some line if it names none.
fn line_of<'a>(service: &Service, asked: &'a Asked) -> &'a str {
    let lines = service.request.iter().filter(|member| matches!(member.role, Role::Line { .. }));
    let names = lines.map(|member| member.name).chain(["snapshotObject", "deviceID"]);
    let mut found =
        names.map(|name| asked.element(name)).filter(|line| !line.is_empty() && !line.contains('<'));
    found.next().unwrap_or("1001")
}

const NUMBERS: [&str; 5] = ["1002", "1001", "1003", "+14255550100", "trunk"];
const CALLS: [&str; 3] = ["7", "8", "0_99f261b4"];

const fn voice<'a>(line: &'a str, reference: &'a str) -> Voice<'a> {
    Voice { edition: 3, line, devices: &NUMBERS, calls: &CALLS, reference }
}

/// An event of a monitor, or data of a list.
pub(super) fn event(choices: &mut Choices<'_>, system: &System) -> String {
    let one_of = |choices: &mut Choices<'_>, count: usize| {
        if choices.chance(24) { 0 } else { count.saturating_sub(choices.below(count.min(3))) }
    };
    let edition = if choices.chance(16) { 6 } else { 3 };
    let line = choices.word(&["1001", "1002", "1003"]);
    if choices.chance(24) {
        let reference = format!("d{}", one_of(choices, system.lists));
        return data(choices, Voice { edition, ..voice(line, &reference) });
    }
    let reference = format!("m{}", one_of(choices, system.monitors));
    if choices.chance(16) {
        let named = format!("<monitorCrossRefID>{reference}</monitorCrossRefID>");
        let root = *choices.pick(&["OfferedEvent", "MonitorStop", "DeliveredEvent", "DancedEvent"]);
        return csta(root, &named);
    }
    let all: Vec<&'static Shape> = shapes().collect();
    let shape = rows::some_shape(choices, &all);
    rows::event(choices, shape, Voice { edition, ..voice(line, &reference) })
}

/// A part of a snapshot, or of a list of devices.
fn data(choices: &mut Choices<'_>, voice: Voice<'_>) -> String {
    let form = Form::Part { last: choices.chance(128) };
    match services::named(choices.word(&["SnapshotDevice", "SnapshotCall", ""])) {
        Some(service) => rows::snapshot(choices, service, form, voice),
        None => rows::list_of_devices(choices, voice),
    }
}

/// An unrequested message of a phone system.
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
