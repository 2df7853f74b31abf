//! A phone system says twice under which callID a call continues that a client transferred or made a conference: in its
//! response, and in its event. If the two differ, one of them is wrong, and a snapshot tells which.

use alloc::boxed::Box;

use super::calls::is_about;
use super::control::Control;
use super::noting::Field;
use super::session::Carrier;
use super::switch_monitor::SwitchMonitor;
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::slots::Handle;
use crate::step::Step;
use crate::time::Instant;
use crate::wire::csta::member::Role;
use crate::wire::csta::model::{CallEventKind, Event, Response};
use crate::word::Word;

/// The services whose events name the call that results.
const JOINING: [&str; 4] =
    ["ConferenceCall", "SingleStepConferenceCall", "SingleStepTransferCall", "TransferCall"];

/// What named a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Response,
    Event,
}

/// The callID that one of them gave last; the other is still to come.
#[derive(Debug)]
pub(crate) struct Given {
    call: Word,
    by: Source,
    at: Instant,
}

impl<C: Carrier> Control<C> {
    /// Compares an event of a transfer or conference by a switch monitor's line with the response to the request for it.
    pub(super) fn compare_event(
        &mut self,
        step: &mut Step<'_>,
        switch_monitor: Handle<SwitchMonitor>,
        event: &Event<'_>,
    ) {
        let Event::Call(event) = event else { return };
        if !matches!(event.kind, CallEventKind::Transfered | CallEventKind::Conferenced) {
            return;
        }
        let is_by_line =
            self.switch_monitors.slots.get(switch_monitor).is_some_and(|one| is_about(&one.device, event));
        if let Some(call) = event.list().filter(|_| is_by_line).find_map(|item| item.new?.call) {
            self.compare_given(step, switch_monitor, (call, Source::Event));
        }
    }

    /// Compares a response that names the call that results from a transfer or conference with the event.
    pub(super) fn compare_response(
        &mut self,
        step: &mut Step<'_>,
        (link, number): (ConnectionRef, &str),
        response: &Response<'_>,
    ) {
        let Response::Relayed(relayed) = response else { return };
        if !JOINING.contains(&relayed.service.root) {
            return;
        }
        let named =
            relayed.service.response.iter().find(|member| member.role == Role::Announced { own: false });
        let call = named.and_then(|member| relayed.connection(member.name)?.call);
        let switch_monitor = self.switch_monitors.of_device(link, number);
        if let (Some(call), Some(switch_monitor)) = (call, switch_monitor) {
            self.compare_given(step, switch_monitor, (call, Source::Response));
        }
    }

    fn compare_given(
        &mut self,
        step: &mut Step<'_>,
        switch_monitor: Handle<SwitchMonitor>,
        (call, by): (&str, Source),
    ) {
        let Some(one) = self.switch_monitors.slots.get_mut(switch_monitor) else { return };
        let (now, patience) = (step.now, step.config.cti.service_timeout);
        let is_other = |given: &mut Box<Given>| given.by != by && now.since(given.at) <= patience;
        let Some(other) = one.given.take_if(is_other) else {
            one.given = Some(Box::new(Given { call: Word::from(call), by, at: now }));
            return;
        };
        if *other.call == *call {
            return;
        }
        let (response, event) = if by == Source::Event { (&*other.call, call) } else { (call, &*other.call) };
        one.begin_verification();
        let fields: &[Field<'_>] = &[
            ("cti", &self.pool.name_of(one.connection.index())),
            ("device", &one.device),
            ("response", &response),
            ("event", &event),
            ("why", &"response and event of a transfer or conference name different calls"),
        ];
        step.actions.notify(Level::Warn, "calls_differ", fields);
        self.schedule_verification(step);
    }
}

crate::digest! { struct Given { call, by => u64::from(*by == Source::Event), at } }
