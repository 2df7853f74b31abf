//! Application sessions (ECMA-354), within which a client is served.

use alloc::format;
use alloc::string::String;

use ctigate_core::action::Level;
use ctigate_core::slots::Handle;
use ctigate_core::time::Duration;
use ctigate_core::timer::Deadline;
use ctigate_core::wire::csta::errors::CstaError;
use ctigate_core::wire::csta::model::{Namespace, Request, Response};
use ctigate_core::wire::csta_frame::EVENT_INVOKE;

use super::link::{Link, Session};
use super::service::MISROUTED;
use super::{Key, Step, Switch, To};

/// The supported editions of ECMA-323.
const EDITIONS: core::ops::RangeInclusive<u8> = 3..=6;

impl Switch {
    /// Start Application Session.
    pub(super) fn start_session(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let Request::StartApplicationSession { application, protocol_version: version, duration: wanted } =
            *request
        else {
            return Err(MISROUTED);
        };
        if !self.config.session_required {
            return Err(CstaError::SERVICE_NOT_SUPPORTED);
        }
        let duration = wanted.unwrap_or(u32::MAX).clamp(1, self.config.session_duration.max(1));
        let salt = self.session_salt;
        let welcome = self.config.application.as_deref().is_none_or(|only| only == application);
        let Some(cti) = self.links.get_mut(to.0).and_then(Link::cti_mut) else { return Ok(()) };
        let refusal = if application.is_empty() || !welcome {
            Some("invalidApplicationInfo")
        } else if !is_spoken(version) {
            Some("requestedProtocolVersionNotSupported")
        } else {
            cti.session.is_some().then_some("maxNumberSessions")
        };
        if let Some(error) = refusal {
            let fields: &[(&str, &dyn core::fmt::Display)] =
                &[("application", &application), ("version", &version), ("error", &error)];
            step.actions.notify(Level::Warn, "session_refused", fields);
            self.respond(step, to, &Response::StartApplicationSessionRefused { error });
            return Ok(());
        }
        cti.epoch = cti.epoch.wrapping_add(1);
        let id = format!("{}_{:08x}", super::names::name(to.0, salt), cti.epoch);
        let session = cti.session.insert(Session { id: id.clone(), duration, deadline: Deadline::default() });
        let ends = step.now + Duration::from_secs(u64::from(duration));
        self.timers.set(&mut session.deadline, Key::Session(to.0), ends);
        if let Some(namespace) = Namespace::parse(version) {
            cti.namespace = namespace;
        }
        step.actions.notify(
            Level::Info,
            "session_started",
            &[("session", &id), ("application", &application), ("duration", &duration)],
        );
        let answer = Response::StartApplicationSession { session: &id, protocol_version: version, duration };
        self.respond(step, to, &answer);
        self.greet(step, to.0);
        Ok(())
    }

    /// Reset Application Session Timer: the heartbeat.
    pub(super) fn reset_session(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let Request::ResetApplicationSessionTimer { session: id, duration: wanted } = *request else {
            return Err(MISROUTED);
        };
        if !self.config.session_required {
            return Err(CstaError::SERVICE_NOT_SUPPORTED);
        }
        let longest = self.config.session_duration.max(1);
        let Some(session) = self.session_named(to.0, id) else {
            self.client_error(step, to.0, "the session whose timer is to be reset is not this link's");
            self.respond(
                step,
                to,
                &Response::ResetApplicationSessionTimerRefused { error: "invalidSessionID" },
            );
            return Ok(());
        };
        session.duration = wanted.unwrap_or(session.duration).clamp(1, longest);
        let duration = session.duration;
        let ends = step.now + Duration::from_secs(u64::from(duration));
        let mut deadline = core::mem::take(&mut session.deadline);
        self.timers.set(&mut deadline, Key::Session(to.0), ends);
        if let Some(session) = self.session_named(to.0, id) {
            session.deadline = deadline;
        }
        self.respond(step, to, &Response::ResetApplicationSessionTimer { duration: Some(duration) });
        Ok(())
    }

    /// Stop Application Session: everything that the client set up in the session ends with it.
    pub(super) fn stop_session(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let Request::StopApplicationSession { session: id, reason } = *request else {
            return Err(MISROUTED);
        };
        if !self.config.session_required {
            return Err(CstaError::SERVICE_NOT_SUPPORTED);
        }
        if self.session_named(to.0, id).is_none() {
            return Err(CstaError::INVALID_PARAMETER_VALUE);
        }
        self.end_session(to.0);
        step.actions.notify(Level::Info, "session_stopped", &[("session", &id), ("reason", &reason)]);
        self.respond(step, to, &Response::StopApplicationSession);
        Ok(())
    }

    /// Handles a session that was not reset in time.
    pub(super) fn session_expired(&mut self, step: &mut Step<'_>, handle: Handle<Link>) {
        self.terminate_session(step, handle);
        self.drop_link(
            step,
            handle,
            Level::Warn,
            "session_expired",
            "the session timer was not reset in time",
        );
    }

    /// Tells the client that its session is over, if it has one.
    pub(super) fn terminate_session(&mut self, step: &mut Step<'_>, handle: Handle<Link>) {
        if let Some(id) = self.end_session(handle) {
            let request = Request::ApplicationSessionTerminated { session: &id, reason: "" };
            self.say(step, handle, EVENT_INVOKE, &request);
        }
    }

    /// Ends the link's session with its monitors and its registration; returns its sessionID.
    fn end_session(&mut self, handle: Handle<Link>) -> Option<String> {
        let cti = self.links.get_mut(handle).and_then(Link::cti_mut)?;
        let mut session = cti.session.take()?;
        cti.epoch = cti.epoch.wrapping_add(1);
        cti.registration = None;
        self.timers.cancel(&mut session.deadline, Key::Session(handle));
        self.monitors.begin_sweep();
        Some(session.id)
    }

    fn session_named(&mut self, handle: Handle<Link>, id: &str) -> Option<&mut Session> {
        let cti = self.links.get_mut(handle).and_then(Link::cti_mut)?;
        cti.session.as_mut().filter(|session| session.id == id)
    }
}

/// Whether a protocol version names a supported edition; a vendor's suffix is ignored.
fn is_spoken(version: &str) -> bool {
    match Namespace::parse(version) {
        Some(Namespace::International(edition) | Namespace::Ch(edition)) => EDITIONS.contains(&edition),
        None => false,
    }
}
