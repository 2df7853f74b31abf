//! Messages on a CTI link: frames in; answers, requests and events out.

use alloc::vec::Vec;

use ctigate_core::action::Level;
use ctigate_core::slots::Handle;
use ctigate_core::time::{Duration, Instant};
use ctigate_core::wire::csta::emit::{self, Verbatim};
use ctigate_core::wire::csta::errors::CstaError;
use ctigate_core::wire::csta::events::Shape;
use ctigate_core::wire::csta::guard::XmlLimits;
use ctigate_core::wire::csta::model::{Message, Namespace, Request, Response, SystemStatus};
use ctigate_core::wire::csta::parse::{Document, Kind};
use ctigate_core::wire::csta::relayed::Value;
use ctigate_core::wire::csta_frame::{self, EVENT_INVOKE, Framed, LAST_INVOKE};

use super::link::{Answer, Asked, Delayed, Link, MAX_DELAYED, QUESTION_TIMEOUT, Question};
use super::{Key, Step, Switch, To, service};

impl Switch {
    /// Handles the result of the framer.
    pub(super) fn framed(&mut self, step: &mut Step<'_>, handle: Handle<Link>, found: &Framed<'_>) {
        match found {
            Framed::Incomplete => {}
            Framed::Frame { invoke, document } => self.document(step, handle, *invoke, document),
            Framed::Broken(error) => {
                let why = alloc::format!("{error}");
                self.drop_link(step, handle, Level::Warn, "link_broken", &why);
            }
        }
    }

    fn document(&mut self, step: &mut Step<'_>, handle: Handle<Link>, invoke: u16, bytes: &[u8]) {
        let document = match Document::parse(bytes, &XmlLimits::default()) {
            Ok(document) => document,
            Err(error) => {
                self.client_error(step, handle, &alloc::format!("{error}"));
                self.refuse(step, handle, invoke, CstaError::GENERIC_OPERATION);
                return;
            }
        };
        if let Some(namespace) = document.namespace() {
            if let Some(cti) = self.links.get_mut(handle).and_then(Link::cti_mut) {
                cti.namespace = namespace;
            }
        } else if !document.is_application_session() && !document.is_unqualified() {
            self.client_error(step, handle, "the document is in no namespace of CSTA's");
            if document.kind() == Kind::Request {
                self.refuse(step, handle, invoke, CstaError::GENERIC_OPERATION);
            }
            return;
        }
        match document.message() {
            Ok(Message::Request(request)) => self.request(step, handle, invoke, &request),
            Ok(Message::Response(response)) => self.settle(step, handle, invoke, &response),
            Ok(Message::Event(_)) => self.client_error(step, handle, "a client must not send events"),
            Err(malformed) => {
                self.client_error(step, handle, &alloc::format!("{malformed}"));
                if document.kind() == Kind::Request {
                    let error = if service::is_unknown(document.name()) {
                        CstaError::SERVICE_NOT_SUPPORTED
                    } else {
                        malformed.error
                    };
                    self.refuse(step, handle, invoke, error);
                }
            }
        }
    }

    fn request(&mut self, step: &mut Step<'_>, handle: Handle<Link>, invoke: u16, request: &Request<'_>) {
        if !is_answerable(invoke) {
            self.client_error(step, handle, "a request's invoke ID is not 0000 to 9998");
            return;
        }
        if self.stalled || self.config.unanswered.iter().any(|name| name == request.name()) {
            step.actions.notify(Level::Debug, "request_ignored", &[("invoke", &invoke)]);
            return;
        }
        let delayed = self.links.get(handle).and_then(Link::cti).map(|cti| &cti.delayed);
        if delayed.is_some_and(|delayed| delayed.iter().any(|one| one.invoke == invoke)) {
            self.client_error(step, handle, "an invoke ID is used again before its answer came");
        }
        if delayed.is_some_and(|delayed| delayed.len() >= MAX_DELAYED) {
            self.write_response(
                step,
                (handle, invoke),
                &Response::Error(CstaError::PERFORMANCE_LIMIT_EXCEEDED),
            );
            return;
        }
        if let Err(error) = self.serve(step, (handle, invoke), request) {
            step.actions.notify(Level::Debug, "request_refused", &[("invoke", &invoke), ("error", &error)]);
            self.respond(step, (handle, invoke), &Response::Error(error));
        }
    }

    /// Answers a message that is not a valid request, if it can be answered.
    fn refuse(&mut self, step: &mut Step<'_>, handle: Handle<Link>, invoke: u16, error: CstaError) {
        if is_answerable(invoke) && !self.stalled {
            self.respond(step, (handle, invoke), &Response::Error(error));
        }
    }

    /// Logs an error of a client.
    pub(super) fn client_error(&self, step: &mut Step<'_>, handle: Handle<Link>, why: &str) {
        if let Some(link) = self.links.get(handle) {
            step.actions.notify(Level::Warn, "client_error", &[("link", &link.id), ("why", &why)]);
        }
    }

    /// Answers a request, at once or after the delay and all earlier answers.
    pub(super) fn respond(&mut self, step: &mut Step<'_>, to: To, response: &Response<'_>) {
        if !self.holds_back(to.0) {
            self.write_response(step, to, response);
            return;
        }
        let Some(cti) = self.links.get(to.0).and_then(Link::cti) else { return };
        let mut frame = Vec::new();
        let framed = csta_frame::frame(&mut frame, to.1, |out| {
            emit::response(out, cti.namespace, response, &mut Verbatim);
        });
        debug_assert!(framed.is_ok(), "no answer is longer than a frame");
        self.hold_back(step.now, to, Answer::Frame(frame));
    }

    /// Whether answers over this link are delayed now.
    pub(super) fn holds_back(&self, handle: Handle<Link>) -> bool {
        let cti = self.links.get(handle).and_then(Link::cti);
        self.delay > Duration::ZERO || cti.is_some_and(|cti| !cti.delayed.is_empty())
    }

    /// Delays an answer until the delay is over and all earlier answers are sent.
    pub(super) fn hold_back(&mut self, now: Instant, to: To, answer: Answer) {
        let delay = self.delay;
        let Some(cti) = self.links.get_mut(to.0).and_then(Link::cti_mut) else { return };
        let last = cti.delayed.back().map_or(now, |one| one.at);
        let at = (now + delay).max(last);
        cti.delayed.push_back(Delayed { at, invoke: to.1, answer });
        if !cti.delayed_deadline.is_set() {
            self.timers.set(&mut cti.delayed_deadline, Key::Answer(to.0), at);
        }
    }

    pub(super) fn write_response(&self, step: &mut Step<'_>, to: To, response: &Response<'_>) {
        self.write_frame(step, to, |out, namespace| emit::response(out, namespace, response, &mut Verbatim));
    }

    /// Sends an answer that `fill` writes in the client's edition.
    pub(super) fn write_frame(
        &self,
        step: &mut Step<'_>,
        to: To,
        fill: impl FnOnce(&mut Vec<u8>, Namespace),
    ) {
        let Some(link) = self.links.get(to.0) else { return };
        let Some(cti) = link.cti() else { return };
        step.actions.write_with(link.id, |out| {
            let framed = csta_frame::frame(out, to.1, |out| fill(out, cti.namespace));
            debug_assert!(framed.is_ok(), "no answer is longer than a frame");
        });
    }

    /// Sends the first delayed answer.
    pub(super) fn release_answer(&mut self, step: &mut Step<'_>, handle: Handle<Link>) {
        let Some(link) = self.links.get_mut(handle) else { return };
        let id = link.id;
        let Some(cti) = link.cti_mut() else { return };
        let released = cti.delayed.pop_front();
        if let Some(next) = cti.delayed.front() {
            self.timers.set(&mut cti.delayed_deadline, Key::Answer(handle), next.at);
        }
        match released {
            Some(Delayed { answer: Answer::Frame(frame), .. }) => step.actions.write(id, &frame),
            Some(Delayed { answer: Answer::Snapshot(phone), invoke, .. }) => {
                self.write_snapshot(step, (handle, invoke), phone);
            }
            Some(Delayed { answer: Answer::List(list), invoke, .. }) => {
                self.announce_list(step, (handle, invoke), list);
            }
            None => {}
        }
    }

    /// Sends a request of ours.
    pub(super) fn say(&self, step: &mut Step<'_>, handle: Handle<Link>, invoke: u16, request: &Request<'_>) {
        let Some(link) = self.links.get(handle) else { return };
        let Some(cti) = link.cti() else { return };
        step.actions.write_with(link.id, |out| {
            let framed = csta_frame::frame(out, invoke, |out| {
                emit::request(out, cti.namespace, request, &mut Verbatim);
            });
            debug_assert!(framed.is_ok(), "no request of ours is longer than a frame");
        });
    }

    /// Opens the association, if it is the switch that does so: a SystemStatus that introduces it.
    pub(super) fn greet(&mut self, step: &mut Step<'_>, handle: Handle<Link>) {
        if self.config.greets {
            let request = Request::SystemStatus { register: None, status: SystemStatus::Enabled };
            self.ask(step, handle, Asked::SystemStatus, &request);
        }
    }

    /// Sends the client a request that it must answer in time; returns whether it could be sent.
    pub(super) fn ask(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Link>,
        asked: Asked,
        request: &Request<'_>,
    ) -> bool {
        let Some(cti) = self.links.get_mut(handle).and_then(Link::cti_mut) else { return false };
        let Some(invoke) = cti.next_invoke() else {
            step.actions.notify(
                Level::Warn,
                "question_dropped",
                &[("why", &"too many requests are unanswered")],
            );
            return false;
        };
        cti.questions.insert(invoke, Question { at: step.now, asked });
        if !cti.question_deadline.is_set() {
            let at = step.now + QUESTION_TIMEOUT;
            self.timers.set(&mut cti.question_deadline, Key::Question(handle), at);
        }
        self.say(step, handle, invoke, request);
        true
    }

    /// Handles the client's answer to a request of ours.
    fn settle(&mut self, step: &mut Step<'_>, handle: Handle<Link>, invoke: u16, response: &Response<'_>) {
        let Some(cti) = self.links.get_mut(handle).and_then(Link::cti_mut) else { return };
        let Some(question) = cti.questions.remove(&invoke) else {
            self.client_error(step, handle, "an answer without a request");
            return;
        };
        match cti.questions.values().map(|question| question.at).min() {
            Some(oldest) => {
                self.timers.set(&mut cti.question_deadline, Key::Question(handle), oldest + QUESTION_TIMEOUT);
            }
            None => self.timers.cancel(&mut cti.question_deadline, Key::Question(handle)),
        }
        if let Response::Error(error) = response {
            step.actions.notify(Level::Debug, "question_refused", &[("invoke", &invoke), ("error", error)]);
        } else if !question.asked.fits(response) {
            self.client_error(step, handle, "an answer of another kind than the request");
        }
    }

    /// Sends an event.
    pub(super) fn tell(
        &self,
        step: &mut Step<'_>,
        handle: Handle<Link>,
        shape: &Shape,
        cross_reference: &str,
        given: &[(&'static str, Value<'_>)],
    ) {
        let Some(link) = self.links.get(handle) else { return };
        let Some(cti) = link.cti() else { return };
        step.actions.write_with(link.id, |out| {
            let framed = csta_frame::frame(out, EVENT_INVOKE, |out| {
                emit::composed_event(out, cti.namespace, shape, cross_reference, given);
            });
            debug_assert!(framed.is_ok(), "no event of ours is longer than a frame");
        });
    }
}

/// Whether a request with this invoke ID is answered: some clients begin with 0000.
const fn is_answerable(invoke: u16) -> bool {
    invoke <= LAST_INVOKE
}
