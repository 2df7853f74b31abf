//! Telling clients about their monitors: answers to MonitorStart, events, ends, and what changed while nothing fed
//! them.

use super::{Gateway, Step};
use crate::cti::ConnectionRef;
use crate::rcc::change::Change;
use crate::rcc::monitoring::{RefusedMonitor, Waiter};
use crate::rcc::resync::ToTell;
use crate::rcc::session::Monitor;
use crate::rcc::switch_monitor::SwitchMonitor;
use crate::rcc::view::hexadecimal;
use crate::sip::user_agent::{Asked, Reply, note_announced};
use crate::slots::Handle;
use crate::step::{ClientRequestId, SessionId};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Event, Message, Response};
use crate::wire::csta::parse::Document;

/// The actions that one change or one event may cause: two events, each with a connection to be opened and a notice.
const MOST_FOR_ONE: usize = 8;

impl Gateway {
    /// Answers a MonitorStart once its switch monitor is active.
    pub(super) fn announce_monitor(&mut self, step: &mut Step<'_>, (waiting, monitor): Waiter) {
        if !self.ua.reaches(step, waiting.cast()) {
            // Its client never learns of it, and will ask again over another connection.
            self.control.forget_monitor(monitor);
        }
        let Some(announcement) = self.control.announcement(monitor) else {
            self.refuse_waiter(step, waiting, CstaError::INVALID_MONITOR_CROSS_REF_ID);
            return;
        };
        let (session, filter) = (announcement.session, announcement.filter);
        let cross_reference = &hexadecimal(announcement.cross_reference);
        let response = Response::MonitorStart { cross_reference, filter };
        self.respond(step, session, Asked::Held(waiting.cast()), Ok(&response));
        note_announced(step, &mut self.control.sessions, session);
    }

    /// Answers a MonitorStart that failed.
    fn refuse_waiter(&mut self, step: &mut Step<'_>, waiting: ClientRequestId, error: CstaError) {
        let asked = Asked::Held(waiting.cast());
        let session = self.ua.owner(waiting.cast());
        let Some(session) = session.filter(|session| self.control.sessions.get(*session).is_some()) else {
            // The session has ended meanwhile (RFC 3261 15.1.2).
            self.ua.answer(step, &mut self.control.sessions, asked, &Reply::new(487));
            return;
        };
        self.respond(step, session, asked, Err(error));
        note_announced(step, &mut self.control.sessions, session);
    }

    /// Tells all clients concerned that a switch monitor was refused.
    pub(super) fn tell_refusal(&mut self, step: &mut Step<'_>, refused: &RefusedMonitor) {
        for (waiting, _) in &refused.waiters {
            self.refuse_waiter(step, *waiting, refused.error);
        }
        for monitor in &refused.unmoved {
            if let Some(news) = self.control.leave_unmoved(step, *monitor, refused.error) {
                self.tell(step, &news);
            }
        }
    }

    /// Starts the switch monitors that a session's monitors lack on its connection.
    pub(super) fn restart_monitors(&mut self, step: &mut Step<'_>, session: SessionId, link: ConnectionRef) {
        let monitors = self.control.sessions.get(session).map(|one| one.monitors.clone());
        for monitor in monitors.unwrap_or_default().iter().copied() {
            if let Some(news) = self.control.restart_monitor(step, (monitor, link)) {
                self.tell(step, &news);
            }
        }
    }

    /// Sends an event of a switch monitor to each client whose monitor it feeds and does not filter it out.
    pub(super) fn fan_out(
        &mut self,
        step: &mut Step<'_>,
        switch_monitor: Handle<SwitchMonitor>,
        event: &Event<'_>,
        document: Option<&[u8]>,
    ) {
        self.control.learn(step, switch_monitor, event);
        let mut index = 0;
        while let Some(monitor) = self.control.fed_by(switch_monitor, index) {
            if let Some(news) = self.control.pass_on(step, monitor, event, document) {
                self.tell(step, &news);
            }
            index += 1;
        }
    }

    /// Tells a client what changed and then the events that waited, as far as one step's actions allow; a job does the
    /// rest.
    pub(super) fn tell_changes(&mut self, step: &mut Step<'_>, monitor: Handle<Monitor>) {
        while step.actions.room() > MOST_FOR_ONE {
            match self.control.next_to_tell(step, monitor) {
                ToTell::Change(change) => self.tell_change(step, monitor, &change),
                ToTell::Held(document) => {
                    if let Ok(document) = Document::parse(&document, &self.xml_limits)
                        && let Ok(Message::Event(event)) = document.message()
                        && let Some(news) = self.control.as_told(step, monitor, &event)
                    {
                        self.tell(step, &news);
                    }
                }
                ToTell::Nothing => return,
            }
        }
        self.control.tell_later(monitor);
    }

    fn tell_change(&mut self, step: &mut Step<'_>, monitor: Handle<Monitor>, change: &Change) {
        let Some(number) = self.control.line_of(monitor) else { return };
        for kind in change.events() {
            let event = Event::Call(change.event(*kind, &number));
            if let Some(news) = self.control.as_seen(monitor, &event, Some(change.switch)) {
                self.tell(step, &news);
            }
        }
    }
}
