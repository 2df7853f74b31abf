//! Services that the script requests, and their answers.

use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::wire::csta::emit::{self as csta, Verbatim};
use ctigate_core::wire::csta::guard::XmlLimits;
use ctigate_core::wire::csta::member::Role;
use ctigate_core::wire::csta::model::{Device, Message as Csta, Namespace, Request, Response, SnapshotItem};
use ctigate_core::wire::csta::parse::Document;
use ctigate_core::wire::csta::relayed::{Relayed, Value};
use ctigate_core::wire::csta::services;
use ctigate_core::wire::sip::{Message, Method, Start};

use super::calls::text_of;
use super::commands::{Does, Given, Service, Sources};
use super::happening::{Happening, Sort};
use super::script::Order;
use super::transaction::{Effect, Purpose, Told};
use super::values::Values;
use super::{Client, Monitor, Phase, Step};

/// The service that makes a second call about one.
const CONSULTATION: &str = "ConsultationCall";

/// The request for the service `root` with these members. A test checks that every row of the commands has one.
fn request<'a>(root: &str, given: &'a [(&'static str, Value<'a>)]) -> Option<Request<'a>> {
    match (services::named(root)?, given) {
        (service, _) if service.is_relayed() => Some(Request::Relayed(Relayed::request(service, given))),
        (_, &[("snapshotObject", Value::Device(device))]) => Some(Request::SnapshotDevice { device }),
        _ => None,
    }
}

impl Client {
    /// Requests a service for the current line.
    pub(super) fn ask(&mut self, step: &mut Step<'_>, order: &Order) {
        let Does::Asks(service) = order.command.does else { return };
        match service {
            Service::Csta(..) => match order.command.foreign(&order.given) {
                Some((number, _)) => {
                    let request =
                        Request::SnapshotDevice { device: Device { id: number, type_of_number: None } };
                    self.info(step, Purpose::Look, false, &request);
                    self.learning = Some(order.clone());
                }
                None => self.ask_csta(step, order, None),
            },
            Service::Features => self.ask_features(step, true),
            Service::Refresh => self.invite(step, Purpose::Refresh, true),
            Service::Update => self.update(step),
            Service::Raw => {
                let text = order.given.first().and_then(Given::text).unwrap_or_default();
                self.request(step, Method::Info, (Purpose::Raw, true), &[], text.as_bytes());
            }
        }
    }

    /// Requests a CSTA service. `foreign` is another phone's connection, if the service is about one and a snapshot
    /// showed it.
    fn ask_csta(&mut self, step: &mut Step<'_>, order: &Order, foreign: Option<(&str, Device<'_>)>) {
        let Order { command, given } = order;
        let Does::Asks(Service::Csta(root, elements)) = command.does else { return };
        let mut body = Vec::new();
        let target = self.target.as_deref();
        let from = Sources { line: &self.config.line, calls: &self.calls, target, given, foreign };
        match command.values(elements, &from) {
            Ok(values) => {
                let Some(request) = request(root, &values) else { return };
                let existing = values.iter().find_map(|(_, value)| {
                    if let Value::Connection(existing) = value { Some(*existing) } else { None }
                });
                let consults = existing.filter(|_| root == CONSULTATION);
                self.consulting = consults.and_then(|existing| existing.call).map(String::from);
                csta::request(&mut body, Namespace::ED3, &request, &mut Verbatim);
            }
            Err(what) => {
                self.runner.answered();
                self.fail(step, &what);
                return;
            }
        }
        self.request(step, Method::Info, (Purpose::Service(command.name()), true), &[], &body);
    }

    /// Goes on with the current line, whose service is about another phone's call. `items` are the calls there, if the
    /// client may know them; else the phone alone names the call.
    fn looked(&mut self, step: &mut Step<'_>, items: &[SnapshotItem<'_>]) {
        let Some(order) = self.learning.take() else { return };
        let states = order.command.foreign(&order.given).map_or(&[][..], |(_, states)| states);
        let fits = |item: &&SnapshotItem<'_>| item.states.first().is_some_and(|state| states.contains(state));
        let found = items.iter().find(fits).map(|item| item.connection);
        self.ask_csta(step, &order, found.and_then(|found| Some((found.call?, found.device?))));
    }

    /// Takes a response.
    pub(super) fn response(&mut self, step: &mut Step<'_>, response: &Message<'_>, reliable: bool) {
        let Some(told) = self.transactions.response(response, step.now, reliable) else { return };
        let success = response.status().is_some_and(|status| status < 300);
        let invite = matches!(told.purpose, Purpose::SignIn | Purpose::Refresh);
        let last = matches!(told.effect, Effect::Final | Effect::Again);
        if invite && last && success {
            if told.effect == Effect::Final {
                self.dialog.learn(response, true);
            }
            self.acknowledge_success(step, told.sequence);
        } else if invite && last {
            self.acknowledge_failure(step, &told.uri, response);
        }
        if told.effect != Effect::Final {
            return;
        }
        if success {
            self.succeeded(step, &told, response);
        } else {
            self.refused(step, &told, response);
        }
        if told.for_line {
            self.runner.answered();
        }
    }

    fn succeeded(&mut self, step: &mut Step<'_>, told: &Told, response: &Message<'_>) {
        if !matches!(told.purpose, Purpose::SignIn | Purpose::Refresh) {
            self.lost = 0;
        }
        let limits = XmlLimits::default();
        let body = response.csta_body();
        let document = body.and_then(|body| Document::parse(body, &limits).ok());
        let message = document.as_ref().and_then(|document| document.message().ok());
        match told.purpose {
            Purpose::SignIn | Purpose::Refresh => {
                let status = match message {
                    Some(Csta::Response(Response::RequestSystemStatus { status })) => Some(status),
                    Some(_) | None => None,
                };
                self.invited(step, told.purpose, response, status);
            }
            Purpose::Update => {
                self.dialog.learn(response, false);
                self.schedule_refresh(step, response);
                let happening =
                    Happening::new(Sort::Result, "refreshed").with_some("session-expires", self.expires);
                self.happen(step, happening);
            }
            Purpose::Bye => {
                self.happen(step, Happening::new(Sort::Result, "signed-out"));
                self.finish(step, None);
            }
            Purpose::Raw => {
                let text = String::from_utf8_lossy(body.unwrap_or_default());
                self.happen(step, Happening::new(Sort::Result, "response").with("body", &text));
            }
            Purpose::Look => match message {
                Some(Csta::Response(Response::SnapshotDevice { items, .. })) => self.looked(step, &items),
                Some(_) | None => self.looked(step, &[]),
            },
            Purpose::Monitor | Purpose::Service(_) => {
                if let Some(Csta::Response(answer)) = message {
                    self.answered(step, told.purpose, &answer);
                } else {
                    self.malformed(step, told.purpose.name());
                }
            }
        }
        if told.purpose == Purpose::Monitor && self.monitor == Monitor::Asked {
            self.monitor = Monitor::None;
        }
    }

    /// Takes a service's answer.
    fn answered(&mut self, step: &mut Step<'_>, purpose: Purpose, answer: &Response<'_>) {
        let result = |name: &str| Happening::new(Sort::Result, name);
        let happening = match answer {
            Response::MonitorStart { cross_reference, .. } => {
                self.monitor = Monitor::Running((*cross_reference).into());
                result("monitor").with("xref", cross_reference)
            }
            Response::MonitorStop => result("monitor-stopped"),
            Response::Relayed(relayed) => self.relayed(purpose, relayed),
            Response::GetCstaFeatures(features) => {
                let names: Vec<&str> = features.services().map(|service| service.root).collect();
                result("features")
                    .with("services", &names.join(","))
                    .with("events", &features.events().count())
            }
            Response::SnapshotDevice { items, source } => {
                let values = source.map(Values::of).unwrap_or_default();
                self.snapshot(items).told_by(values)
            }
            Response::Error(error) => Happening::new(Sort::Fault, "error")
                .with("category", &error.category().word())
                .with_some("value", Some(error.value()).filter(|value| !value.is_empty()))
                .with("service", &purpose.name()),
            Response::RequestSystemStatus { .. }
            | Response::SystemStatus
            | Response::SystemRegister { .. }
            | Response::SystemRegisterCancel
            | Response::ChangeMonitorFilter { .. }
            | Response::DataFollow { .. }
            | Response::StartApplicationSession { .. }
            | Response::StartApplicationSessionRefused { .. }
            | Response::ResetApplicationSessionTimer { .. }
            | Response::ResetApplicationSessionTimerRefused { .. }
            | Response::StopApplicationSession
            | Response::Other { .. } => result("ok").with("service", &purpose.name()),
        };
        self.happen(step, happening);
    }

    /// Handles the response to a relayed service, which may announce a call of the line.
    fn relayed(&mut self, purpose: Purpose, relayed: &Relayed<'_>) -> Happening {
        let values = relayed.source.map(Values::of).unwrap_or_default();
        if let Some(own) = relayed.own_connections().next() {
            let about = self.consulting.take().filter(|_| relayed.service.root == CONSULTATION);
            self.calls.made(&own, about.as_deref());
            return Happening::new(Sort::Result, "made")
                .with_some("call", own.call)
                .with_some("device", own.device.map(|it| it.id))
                .told_by(values);
        }
        let result = Happening::new(Sort::Result, "ok").with("service", &purpose.name());
        match (relayed.service.root, relayed.source) {
            ("SnapshotCall", Some(root)) => {
                let parties = self.calls.found_parties(root).join("+");
                return result.with("with", &parties).told_by(values);
            }
            ("CallBack", _) => self.target = relayed.device("targetDevice").map(|device| device.id.into()),
            _ => {}
        }
        // Of a call that came of others, its events tell the rest.
        let mut announced =
            relayed.members.iter().filter(|member| matches!(member.role, Role::Announced { .. }));
        match announced.find_map(|member| relayed.connection(member.name)?.call) {
            Some(call) => result.with("call", &call).told_by(values),
            None => result.showing(values),
        }
    }

    /// Takes a segment of a list of devices.
    pub(super) fn segment(&mut self, step: &mut Step<'_>, relayed: &Relayed<'_>) {
        let values = relayed.source.map(Values::of).unwrap_or_default();
        let devices: Vec<String> = values.named("deviceID").map(text_of).collect();
        let happening = Happening::new(Sort::Result, "devices")
            .with_some("segment", relayed.text("segmentID"))
            .with_some("last", relayed.text("lastSegment"))
            .with("count", &devices.len())
            .with("devices", &devices.join(","));
        self.happen(step, happening.told_by(values));
    }

    fn snapshot(&mut self, items: &[SnapshotItem<'_>]) -> Happening {
        self.calls.found(items);
        let mut calls = Vec::new();
        for item in items {
            let states: Vec<&str> = item.states.iter().map(|state| state.word()).collect();
            calls.push([item.connection.call.unwrap_or_default(), states.join("+").as_str()].join("="));
        }
        let happening = Happening::new(Sort::Result, "snapshot").with("count", &items.len());
        if calls.is_empty() { happening } else { happening.with("calls", &calls.join(",")) }
    }

    fn refused(&mut self, step: &mut Step<'_>, told: &Told, response: &Message<'_>) {
        let status = response.status().unwrap_or_default();
        let reason = match response.start {
            Start::Response { reason, .. } => reason,
            Start::Request { .. } => "",
        };
        if told.purpose == Purpose::Bye {
            // The session is over, whatever the status (RFC 3261 15.1.1).
            self.happen(step, Happening::new(Sort::Result, "signed-out").with("status", &status));
            self.finish(step, None);
            return;
        }
        let leaving = matches!(self.phase, Phase::Leaving { .. });
        if leaving && status == 481 && matches!(told.purpose, Purpose::Service(_)) {
            // The BYE overtook MonitorStop, which is then unnecessary.
            return;
        }
        let lost = matches!(status, 481 | 404 | 410);
        if told.purpose == Purpose::Look && !lost {
            return self.looked(step, &[]);
        }
        let happening =
            Happening::new(Sort::Fault, "refused").with("status", &status).with("reason", &reason);
        self.happen(step, happening);
        match told.purpose {
            Purpose::SignIn => {
                self.refresh_at = None;
                if leaving {
                    self.failed = true;
                    self.finish(step, None);
                } else {
                    self.phase = Phase::Ended;
                }
            }
            // The answer to BYE is still to come.
            _ if leaving => {}
            Purpose::Refresh => self.session_ended(step, &"refresh refused"),
            Purpose::Monitor => self.monitor = Monitor::None,
            Purpose::Update | Purpose::Service(_) | Purpose::Look | Purpose::Raw if lost => {
                self.learning = None;
                self.session_lost(step, status);
            }
            Purpose::Update | Purpose::Service(_) | Purpose::Look | Purpose::Raw | Purpose::Bye => {}
        }
    }

    /// Handles a request without an answer.
    pub(super) fn unanswered(&mut self, step: &mut Step<'_>, told: &Told) {
        let happening = Happening::new(Sort::Fault, "no-answer").with("to", &told.purpose.name());
        self.happen(step, happening);
        match told.purpose {
            Purpose::SignIn => self.finish(step, Some(super::COULD_NOT_CONNECT)),
            Purpose::Bye => self.finish(step, None),
            Purpose::Refresh => self.session_ended(step, &"refresh not answered"),
            Purpose::Monitor => self.monitor = Monitor::None,
            Purpose::Look => self.looked(step, &[]),
            Purpose::Update | Purpose::Service(_) | Purpose::Raw => {}
        }
        if told.for_line {
            self.runner.answered();
        }
    }
}
