//! Delivery to clients of what concerns their monitors: answers to MonitorStart, events, ends, and what changed while
//! nothing fed them.

use super::change::Change;
use super::clients::{Answer, Asked, Clients};
use super::control::Control;
use super::monitoring::RefusedMonitor;
use super::resync::ToTell;
use super::session::{Carrier, Monitor};
use super::switch_monitor::{SwitchMonitor, Waiter};
use crate::cti::ConnectionRef;
use crate::expected::Expected as _;
use crate::slots::Handle;
use crate::step::{SessionId, Step};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Event, Message, Namespace, Response};
use crate::wire::csta::parse::Document;

/// The most actions that one change or one event may cause: two events, each with a connection to be opened and a
/// notice.
const MOST_FOR_ONE: usize = 8;

impl<C: Carrier> Control<C> {
    /// Answers a MonitorStart once its switch monitor is active.
    pub(super) fn announce_monitor<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        waiter: Waiter,
    ) {
        if !clients.reaches(step, waiter.request) {
            // Its client never learns of it, and will ask again over another connection.
            self.forget_monitor(waiter.monitor);
        }
        let Some(announcement) = self.announcement(waiter.monitor) else {
            let error = CstaError::INVALID_MONITOR_CROSS_REF_ID;
            self.note_failed(step, clients, waiter.session, ("MonitorStart", true), error);
            self.answer_waiter(step, clients, waiter, Answer::Error(error));
            return;
        };
        let cross_reference = &announcement.cross_reference.text();
        let response = Response::MonitorStart { cross_reference, filter: announcement.filter };
        self.answer_waiter(step, clients, waiter, Answer::Own(&response));
    }

    /// Answers a MonitorStart that was held.
    fn answer_waiter<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        Waiter { request, session, monitor: _ }: Waiter,
        answer: Answer<'_>,
    ) {
        clients.answer(step, self, session, Asked::Held(request), answer);
        clients.announced(step, self, session);
    }

    /// Answers a MonitorStart that was held with an error.
    pub(super) fn refuse_waiter<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        waiter: Waiter,
        error: CstaError,
    ) {
        self.note_failed(step, clients, waiter.session, ("MonitorStart", true), error);
        self.answer_waiter(step, clients, waiter, Answer::Error(error));
    }

    /// Tells all clients concerned that a switch monitor was refused.
    pub(super) fn tell_refusal<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        refused: &RefusedMonitor,
    ) {
        for waiter in &refused.waiters {
            self.refuse_waiter(step, clients, *waiter, refused.error);
        }
        for monitor in &refused.unmoved {
            if let Some(news) = self.leave_unmoved(step, *monitor, refused.error) {
                clients.tell(step, self, &news);
            }
        }
    }

    /// Starts the switch monitors that a session's monitors lack on its connection.
    pub(super) fn restart_monitors<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        session: SessionId,
        link: ConnectionRef,
    ) {
        let monitors = self.sessions.get(session).map(|one| one.monitors.clone());
        for monitor in monitors.unwrap_or_default().iter().copied() {
            if let Some(news) = self.restart_monitor(step, (monitor, link)) {
                clients.tell(step, self, &news);
            }
        }
    }

    /// Sends an event of a switch monitor to each client whose monitor it feeds and does not filter it out.
    pub(super) fn fan_out<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        switch_monitor: Handle<SwitchMonitor>,
        event: &Event<'_>,
        document: Option<&[u8]>,
    ) {
        // What is completed must be kept completed, if it has to wait.
        let whole = self.completed(switch_monitor, event);
        let whole = whole.as_ref().and_then(|whole| whole.of(event));
        let (event, document) = whole.as_ref().map_or((event, document), |whole| (whole, None));
        let replaced = self.learn(step, switch_monitor, event);
        self.compare_event(step, switch_monitor, event);
        let mut index = 0;
        while let Some(monitor) = self.switch_monitors.fed_by(switch_monitor, index) {
            if let Some(news) = self.pass_on(step, monitor, (event, document), &replaced) {
                clients.tell(step, self, &news);
            }
            index += 1;
        }
    }

    /// Tells a client what changed and then the events that waited, as far as one step's actions allow; a job does the
    /// rest.
    pub(super) fn tell_changes<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        monitor: Handle<Monitor>,
    ) {
        while step.actions.room() > MOST_FOR_ONE {
            match self.next_to_tell(step, monitor) {
                ToTell::Change(change) => self.tell_change(step, clients, monitor, &change),
                ToTell::Held(document) => {
                    if let Ok(document) = Document::parse(&document, &self.xml_limits)
                        && let Ok(Message::Event(event)) = document.message()
                        && let Some(news) = self.as_told(step, monitor, &event)
                    {
                        clients.tell(step, self, &news);
                    }
                }
                ToTell::Nothing => return,
            }
        }
        self.tell_later(monitor);
    }

    fn tell_change<K: Clients<C>>(
        &mut self,
        step: &mut Step<'_>,
        clients: &mut K,
        monitor: Handle<Monitor>,
        change: &Change,
    ) {
        let Some(number) = self.monitors.get(monitor).map(|one| self.line_of(one)).expected("a monitor")
        else {
            return;
        };
        let namespace = Namespace::International(step.config.cti.protocol_version);
        if let Some(queued) = change.queued_event(&number, namespace)
            && let Ok(document) = Document::parse(&queued, &self.xml_limits)
            && let Ok(Message::Event(event)) = document.message()
            && let Some(news) = self.as_seen(monitor, &event, Some(change.switch))
        {
            clients.tell(step, self, &news);
        }
        for kind in change.events() {
            let event = Event::Call(change.event(*kind, &number));
            if let Some(news) = self.as_seen(monitor, &event, Some(change.switch)) {
                clients.tell(step, self, &news);
            }
        }
    }
}
