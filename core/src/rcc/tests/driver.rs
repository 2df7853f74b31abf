//! Drives remote call control as the engine does ([`crate::engine`]), with clients that get typed news instead of SIP
//! ([`super::desks`]).

use alloc::borrow::ToOwned as _;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::client::Client;
use super::desks::{Bare, Desks};
use super::phone_systems::LINES;
use crate::digest::Digester;
use crate::input::Closed;
use crate::rcc::clients::Clients as _;
use crate::rcc::control::Control;
use crate::rcc::jobs::Job;
use crate::step::{SessionId, Step, TimerKey};
use crate::timer::Timers;
use crate::wire::csta::model::{Device, MonitorObject, Namespace, Request};

/// Remote call control and its clients.
pub(super) struct Driver {
    pub(super) control: Control<Bare>,
    pub(super) desks: Desks,
    sessions_had: u64,
}

impl Driver {
    pub(super) const fn new(control: Control<Bare>, clients: Vec<Client>) -> Self {
        Self { control, desks: Desks::new(clients), sessions_had: 0 }
    }

    /// Adds a line to the story, if it is recorded.
    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        self.desks.note(line);
    }

    pub(super) fn sign_in(&mut self, step: &mut Step<'_>, client: usize, is_established: bool) {
        self.sessions_had += 1;
        let line = format!("tel:{};phone-context=dialstring", LINES[self.desks.clients[client].line]);
        let carrier = Bare::new(line, format!("session {}", self.sessions_had), is_established);
        let session = self.control.add_session(step.now, carrier, Namespace::ED3, 0).unwrap();
        if self.sessions_had.is_multiple_of(2) {
            self.control.sessions.get_mut(session).unwrap().may_have_calls = false;
        }
        self.control.take_turn(session);
        self.desks.clients[client].session = Some(session);
        self.note(|| format!("client {client} signs in: {session}"));
        if is_established {
            self.accept(step, session);
        }
    }

    /// Tells a client that its sign-in succeeded.
    pub(super) fn accept(&mut self, step: &mut Step<'_>, session: SessionId) {
        let Self { control, desks, .. } = self;
        let Some(one) = control.sessions.get_mut(session) else { return };
        one.carrier.establish();
        control.begin_session(step, desks, session);
        control.feed_session(step, desks, session);
    }

    pub(super) fn sign_out(&mut self, step: &mut Step<'_>, client: usize) {
        self.note(|| format!("client {client} signs out"));
        if let Some(session) = self.desks.clients[client].session {
            self.desks.sign_out(step, &mut self.control, session, "");
        }
    }

    /// Ends all sessions, as when the gateway stops.
    pub(super) fn sign_all_out(&mut self) {
        self.control.jobs.push_back(Job::SignOutAll { slot: 0 });
    }

    /// Lets a client receive the next event on its way.
    pub(super) fn receive(&mut self, client: usize) {
        let client = &mut self.desks.clients[client];
        client.receive();
        let session = client.session.and_then(|session| self.control.sessions.get_mut(session));
        if let Some(one) = session {
            one.carrier.set_under_way(!client.under_way.is_empty());
        }
    }

    /// Refreshes a session. If its connection is gone, it takes the next one in service.
    pub(super) fn refresh(&mut self, step: &mut Step<'_>, client: usize) {
        self.note(|| format!("client {client} refreshes"));
        if let Some(session) = self.desks.clients[client].session {
            self.control.renew_connection(step, &mut self.desks, session);
        }
    }

    /// Requests a monitor of a client's line.
    pub(super) fn start_monitor(&mut self, step: &mut Step<'_>, client: usize) {
        let object = MonitorObject::Device(self.device_of(client));
        self.request(step, client, &Request::MonitorStart { object, filter: None, kind: None });
    }

    /// Requests the end of a client's first monitor.
    pub(super) fn stop_monitor(&mut self, step: &mut Step<'_>, client: usize) {
        if let Some(one) = self.desks.clients[client].monitors.first() {
            let cross_reference = &one.cross_reference.text();
            self.request(step, client, &Request::MonitorStop { cross_reference });
        }
    }

    /// Requests a snapshot of a client's line.
    pub(super) fn ask_for_calls(&mut self, step: &mut Step<'_>, client: usize) {
        let device = self.device_of(client);
        self.request(step, client, &Request::SnapshotDevice { device });
    }

    fn device_of(&self, client: usize) -> Device<'static> {
        Device { id: LINES[self.desks.clients[client].line], type_of_number: None }
    }

    fn request(&mut self, step: &mut Step<'_>, client: usize, request: &Request<'_>) {
        self.note(|| format!("client {client} asks: {}", request.name()));
        let Self { control, desks, .. } = self;
        let Some(session) = desks.clients[client].session else { return };
        let Some(one) = control.sessions.get(session).filter(|one| one.carrier.may_request()) else { return };
        let is_bound = one.connection.is_some();
        if !control.prepare_session(step, desks, session) {
            return;
        }
        if !is_bound {
            control.renew_connection(step, desks, session);
        }
        desks.quiet = false;
        control.serve(step, desks, request, session, request);
    }

    /// Handles a line that a connection's link received.
    pub(super) fn on_line(&mut self, step: &mut Step<'_>, index: u8, line: &str) {
        self.control.on_bytes(step, &mut self.desks, index, line.as_bytes());
    }

    pub(super) fn on_opened(&mut self, step: &mut Step<'_>, index: u8) {
        self.control.on_opened(step, &mut self.desks, index);
    }

    pub(super) fn on_closed(&mut self, step: &mut Step<'_>, index: u8) {
        self.control.on_closed(step, &mut self.desks, index, Closed::ByPeer);
    }

    /// Handles the earliest timer that is due, or else a portion of the oldest job. Returns false if there is neither.
    pub(super) fn tick(&mut self, step: &mut Step<'_>) -> bool {
        let Self { control, desks, .. } = self;
        let Some((_, key)) = step.timers.pop_due(step.now) else {
            let is_busy = !control.jobs.is_empty();
            control.work(step, desks);
            return is_busy;
        };
        match key {
            TimerKey::Connection(index) => {
                Timers::<TimerKey>::fired(control.pool.deadline(index).unwrap());
                control.on_connection_timer(step, desks, index);
            }
            TimerKey::Pending(handle) => {
                Timers::<TimerKey>::fired(control.pool.request_deadline(handle.cast()).unwrap());
                control.on_service_timeout(step, desks, handle.cast());
            }
            TimerKey::Rebind => {
                Timers::<TimerKey>::fired(control.walk_deadline());
                control.on_walk_timer(step);
            }
            TimerKey::Server(_)
            | TimerKey::Client(_)
            | TimerKey::Expiry(_)
            | TimerKey::Refresh(_)
            | TimerKey::Outbox(_)
            | TimerKey::Link(_)
            | TimerKey::Send(_)
            | TimerKey::Stop
            | TimerKey::Unlisted => panic!("remote call control has no such timer: {key:?}"),
        }
        true
    }

    /// Returns the digest, and checks that the fingerprints kept up to date equal those computed from scratch.
    pub(super) fn digest(&mut self) -> u64 {
        let (kept, anew) = (self.control.fold(), self.control.recompute());
        let digest = |control: &Control<Bare>, tables| {
            let mut digester = Digester::new();
            control.digest_with(&mut digester, tables);
            digester.finish()
        };
        let kept = digest(&self.control, kept);
        if kept != digest(&self.control, anew) {
            self.desks.broken.push("the digest that is kept differs from the one computed anew".to_owned());
        }
        kept
    }
}
