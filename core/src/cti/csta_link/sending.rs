//! Sends requests: at once, when their turn has come, or when the phone system has named the devices in them.

use alloc::format;
use alloc::vec::Vec;

use super::devices::{Filled, Gap};
use super::waiting::Queued;
use super::{Asked, CstaLink, LAST_INVOKE, Sent};
use crate::cti::protocol::{Incoming, Output, Refused, RequestId, Urgency};
use crate::wire::csta::emit::{self, Verbatim};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::Request;
use crate::wire::csta::services::{self, Service};
use crate::wire::csta_frame::{self, TooLong};

/// Why a request was not written.
enum Unwritten {
    TooLong,
    /// It names a device whose identifier must be asked for.
    Unnamed,
}

impl From<TooLong> for Unwritten {
    fn from(TooLong: TooLong) -> Self {
        Self::TooLong
    }
}

impl CstaLink {
    /// Draws an invoke ID that is not in use.
    pub(super) fn draw_invoke(&mut self) -> Option<u16> {
        for _ in 0..LAST_INVOKE {
            let invoke = self.next_invoke;
            self.next_invoke = if invoke >= LAST_INVOKE { 1 } else { invoke + 1 };
            if !self.outstanding.contains_key(&invoke) && !self.abandoned.contains_key(&invoke) {
                return Some(invoke);
            }
        }
        debug_assert!(false, "a worn-out link is given up before its invoke IDs are used up");
        None
    }

    /// Whether the window has room for a request.
    pub(super) fn has_room(&self) -> bool {
        self.by_request.len() + self.devices.as_ref().map_or(0, |devices| devices.asking()) < self.window
    }

    /// Sends a request of the gateway's, now or when its turn has come.
    pub(super) fn send(
        &mut self,
        id: RequestId,
        urgency: Urgency,
        request: &Request<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Refused> {
        let service = row(request);
        if !self.silence.may_ask(service, output.now()) {
            return Err(Refused::Unanswered);
        }
        let may_send = self.has_room() && self.waiting.lets_pass(urgency, output.now());
        if may_send {
            match self.send_now(id, service, request, output)? {
                Some(()) => return Ok(()),
                None if self.holds_too_much() => return Err(Refused::Busy),
                None => {}
            }
        } else if self.waiting.len() >= self.queue_limit || self.waiting.is_congested(urgency) {
            return Err(Refused::Busy);
        }
        let mut document = Vec::new();
        let gaps = self.write(&mut document, request);
        if document.len() > csta_frame::MAX_DOCUMENT {
            return Err(Refused::TooLong);
        }
        let document = document.into_boxed_slice();
        self.waiting.push(Queued { id, service, document, gaps, urgency, since: output.now() });
        self.expect_data(id, request);
        if may_send {
            self.send_queued(output);
        }
        Ok(())
    }

    /// Sends a request if all devices in it are known.
    fn send_now(
        &mut self,
        id: RequestId,
        service: Option<&'static Service>,
        request: &Request<'_>,
        output: &mut Output<'_>,
    ) -> Result<Option<()>, Refused> {
        let invoke = self.draw_invoke().ok_or(Refused::Busy)?;
        let mut gaps = Vec::new();
        let written = output.try_write_with(|out| {
            csta_frame::frame(out, invoke, |out| gaps = self.write(out, request))?;
            if gaps.is_empty() { Ok(()) } else { Err(Unwritten::Unnamed) }
        });
        match written {
            Ok(()) => {}
            Err(Unwritten::TooLong) => return Err(Refused::TooLong),
            Err(Unwritten::Unnamed) => return Ok(None),
        }
        self.waiting.sent(output.now());
        self.await_answer(invoke, Sent { id, service, at: output.now(), answers: self.silence.answers() });
        self.expect_data(id, request);
        Ok(Some(()))
    }

    /// Appends a request as the phone system takes it. Returns where identifiers are missing that must be asked for.
    fn write(&self, out: &mut Vec<u8>, request: &Request<'_>) -> Vec<Gap> {
        if let Some(devices) = &self.devices {
            return devices.write(out, self.namespace, request);
        }
        emit::request(out, self.namespace, request, &mut Verbatim);
        Vec::new()
    }

    /// Whether as many requests wait for the names of devices as may wait.
    fn holds_too_much(&self) -> bool {
        let most = self.queue_limit.max(self.window);
        self.devices.as_ref().is_some_and(|devices| devices.holding() >= most)
    }

    /// Sends waiting requests, as far as the window and the rate allow.
    pub(super) fn send_queued(&mut self, output: &mut Output<'_>) {
        while self.has_room() {
            let Some(queued) = self.waiting.pop(output.now()) else { return };
            let filled = match &mut self.devices {
                Some(devices) => devices.fill(queued),
                None => Filled::Whole(queued),
            };
            match filled {
                Filled::Whole(queued) => self.send_document(queued, output),
                Filled::Held => {}
                Filled::Ask(queued, gap) => self.ask_device(queued, gap, output),
            }
        }
    }

    fn send_document(&mut self, queued: Queued, output: &mut Output<'_>) {
        let Queued { id, service, document, .. } = queued;
        // If no invoke ID is left, or the phone system's names are too long, the request is left to its time-out, which
        // has the effect of a missing answer.
        let Some(invoke) = self.draw_invoke() else { return };
        if write_frame(output, invoke, |out| out.extend_from_slice(&document)).is_ok() {
            let answers = self.silence.answers();
            self.await_answer(invoke, Sent { id, service, at: output.now(), answers });
            self.waiting.sent(output.now());
        }
    }

    /// Asks the phone system for the identifier of a device that a request names.
    fn ask_device(&mut self, queued: Queued, gap: Gap, output: &mut Output<'_>) {
        let Some(invoke) = self.draw_invoke() else { return };
        let Some(devices) = &mut self.devices else { return };
        let switch_name = devices.switch_name();
        let written = write_frame(output, invoke, |out| {
            emit::third_party_device_id(out, switch_name, gap.number());
        });
        debug_assert!(written.is_ok(), "a name and a number are short");
        self.waiting.sent(output.now());
        devices.asked(invoke, gap, queued);
        self.outstanding.insert(invoke, Asked::Device(invoke));
    }

    /// Takes the answer to the question for a device: its identifier, or why there is none. What waited for it is sent,
    /// or refused.
    pub(super) fn on_device<'d>(
        &mut self,
        invoke: u16,
        answer: Result<&str, (CstaError, Option<&str>)>,
        output: &mut Output<'_>,
    ) -> Incoming<'d> {
        let Some(devices) = &mut self.devices else { return Incoming::Unexpected };
        let waited = devices.answered(invoke, answer.ok());
        let incoming = match answer {
            Ok(_) => {
                waited.into_iter().rev().for_each(|queued| self.waiting.push_front(queued));
                Incoming::Nothing
            }
            Err((error, is)) => {
                for queued in &waited {
                    self.gathering.answered(queued.id);
                }
                let requests = waited.iter().map(|queued| queued.id).collect();
                let why = is.map(|is| format!("the answer to GetThirdPartyDeviceId {is}"));
                Incoming::Refused { requests, error, why }
            }
        };
        self.send_queued(output);
        incoming
    }

    /// Takes the late answer to a question that was given up, if it is that.
    pub(super) fn on_late_device(&mut self, invoke: u16, id: Option<&str>, output: &mut Output<'_>) {
        let is_question = self.devices.as_ref().is_some_and(|devices| devices.is_question(invoke));
        if is_question && self.abandoned.contains_key(&invoke) {
            self.on_device(invoke, id.ok_or((CstaError::UNSPECIFIED, None)), output);
        }
    }

    /// Gives up a request that waits for the identifier of a device.
    pub(super) fn abandon_held(&mut self, id: RequestId, output: &mut Output<'_>) {
        let Some(invoke) = self.devices.as_mut().and_then(|devices| devices.abandon(id)) else { return };
        if self.outstanding.remove(&invoke).is_some() {
            let answers = self.silence.answers();
            self.abandoned.insert(invoke, Sent { id, service: None, at: output.now(), answers });
        }
        self.send_queued(output);
    }

    /// Prepares for an answer whose data may come in separate messages, before or after it.
    fn expect_data(&mut self, id: RequestId, request: &Request<'_>) {
        if matches!(request.name(), "SnapshotDevice" | "SnapshotCall") {
            self.gathering.expect(id);
        }
    }

    fn await_answer(&mut self, invoke: u16, sent: Sent) {
        self.outstanding.insert(invoke, Asked::Service(sent));
        self.by_request.insert(sent.id, invoke);
    }
}

/// The row of a request.
fn row(request: &Request<'_>) -> Option<&'static Service> {
    if let Request::Relayed(relayed) = request {
        Some(relayed.service)
    } else {
        services::named(request.name())
    }
}

pub(super) fn write_frame(
    output: &mut Output<'_>,
    invoke: u16,
    fill: impl FnOnce(&mut Vec<u8>),
) -> Result<(), TooLong> {
    output.try_write_with(|out| csta_frame::frame(out, invoke, fill))
}
