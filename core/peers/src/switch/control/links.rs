//! Control lines that concern CTI clients: requests that the switch sends them on its own initiative.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::action::Level;
use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::model::{Request, SystemStatus};
use ctigate_core::wire::csta_frame::{self, EVENT_INVOKE};

use super::Done;
use crate::switch::link::{Asked, Link};
use crate::switch::monitors::Monitor;
use crate::switch::phones::Phone;
use crate::switch::{Key, Step, Switch, is_alive};

impl Switch {
    /// The links that are served: those in a session, or all if no session is required.
    fn served_links(&self) -> Vec<Handle<Link>> {
        let served = |handle: &Handle<Link>| {
            let cti = self.links.get(*handle).and_then(Link::cti);
            cti.is_some_and(|cti| cti.session.is_some() || !self.config.session_required)
        };
        self.cti_links().into_iter().filter(served).collect()
    }

    /// The sysStatRegisterID of a request to the client, if it registered.
    fn register(&self, handle: Handle<Link>) -> Option<String> {
        let cti = self.links.get(handle).and_then(Link::cti)?;
        cti.registration.as_ref().map(|registration| registration.id.clone())
    }

    /// Asks every client for its status.
    pub(super) fn ask_all(&mut self, step: &mut Step<'_>) -> String {
        let mut asked = 0_usize;
        for link in self.served_links() {
            let register = self.register(link);
            let request = Request::RequestSystemStatus { register: register.as_deref() };
            if self.ask(step, link, Asked::RequestSystemStatus, &request) {
                asked = asked.saturating_add(1);
            }
        }
        format!("asked {asked}")
    }

    /// Stops all monitors of a phone (ECMA-269, Monitor Stop, from switch to client).
    pub(super) fn unmonitor(&mut self, step: &mut Step<'_>, number: &str) -> Done {
        let phone = self.phone_named(number)?;
        let mut stopped = 0_usize;
        for (cross_reference, monitor) in self.alive_monitors(phone) {
            let request = Request::MonitorStop { cross_reference: &cross_reference };
            self.ask(step, monitor.link, Asked::MonitorStop, &request);
            if let Some((handle, _)) = self.monitors.find(&cross_reference) {
                self.monitors.stop(handle);
                stopped = stopped.saturating_add(1);
            }
        }
        Ok(format!("stopped {stopped}"))
    }

    /// Sends an event that the operator supplies to a phone's monitors, such as one that this switch never sends.
    pub(super) fn inject(&self, step: &mut Step<'_>, number: &str, text: &str) -> Done {
        let phone = self.phone_named(number)?;
        let xml = text.find('<').and_then(|start| text.get(start..));
        let xml = xml.ok_or_else(|| String::from("an event is an XML document"))?.trim_end();
        let monitors = self.alive_monitors(phone);
        for (cross_reference, monitor) in &monitors {
            let Some(link) = self.links.get(monitor.link) else { continue };
            let document = xml.replace("REF", cross_reference);
            step.actions.write_with(link.id, |out| {
                let framed =
                    csta_frame::frame(out, EVENT_INVOKE, |out| out.extend_from_slice(document.as_bytes()));
                debug_assert!(framed.is_ok(), "a line is shorter than a frame, whatever is put into it");
            });
        }
        Ok(format!("told {}", monitors.len()))
    }

    fn alive_monitors(&self, phone: Handle<Phone>) -> Vec<(String, Monitor)> {
        let alive = self.monitors.of(phone).into_iter().filter(|(_, monitor)| is_alive(&self.links, monitor));
        alive.map(|(handle, monitor)| (self.monitors.cross_reference(handle), monitor)).collect()
    }

    /// Changes the switch's status, and reports it to every client that registered for it, and to those without a
    /// registration (ECMA-269, System Status).
    pub(super) fn system(&mut self, step: &mut Step<'_>, word: &str) -> Done {
        let Some(status) = SystemStatus::from_word(word) else {
            let words: Vec<&str> = SystemStatus::ALL.iter().map(|status| status.word()).collect();
            return Err(format!("a system status is one of {}", words.join(", ")));
        };
        match status {
            SystemStatus::Enabled => {
                self.void_monitors();
                self.status = SystemStatus::Normal;
            }
            SystemStatus::Disabled => {
                self.void_monitors();
                self.status = status;
            }
            SystemStatus::OverloadRelieved => self.status = SystemStatus::Normal,
            SystemStatus::MessagesLost => {}
            SystemStatus::PartiallyDisabled
            | SystemStatus::Initializing
            | SystemStatus::Normal
            | SystemStatus::OverloadImminent
            | SystemStatus::OverloadReached => self.status = status,
        }
        let mut told = 0_usize;
        for link in self.served_links() {
            let registration =
                self.links.get(link).and_then(Link::cti).and_then(|cti| cti.registration.as_ref());
            let wanted = registration.is_none_or(|own| own.system_status && !own.filter.excludes(status));
            let register = registration.map(|own| own.id.clone());
            let request = Request::SystemStatus { register: register.as_deref(), status };
            if wanted && self.ask(step, link, Asked::SystemStatus, &request) {
                told = told.saturating_add(1);
            }
        }
        step.actions.notify(Level::Info, "system_status", &[("status", &status.word()), ("told", &told)]);
        Ok(format!("told {told}"))
    }

    /// Ends all monitors, as `enabled` and `disabled` imply, and drops the answers that are still due.
    fn void_monitors(&mut self) {
        for link in self.cti_links() {
            if let Some(cti) = self.links.get_mut(link).and_then(Link::cti_mut) {
                cti.epoch = cti.epoch.wrapping_add(1);
                cti.delayed.clear();
                self.timers.cancel(&mut cti.delayed_deadline, Key::Answer(link));
            }
        }
        self.monitors.begin_sweep();
    }
}
