//! Which connection each session is bound to, how many are bound to each connection, and what a client may ask for over
//! it.

use alloc::boxed::Box;

use super::control::Control;
use super::session::Carrier;
use crate::config::MAX_CONNECTIONS;
use crate::cti::ConnectionRef;
use crate::expected::Expected as _;
use crate::line::uri::number_of;
use crate::step::{SessionId, Step};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Device, SystemStatus};
use crate::wire::csta::services::{self, Served, Service};
use crate::word::Word;

/// How many sessions are bound to each connection, by its index.
pub(crate) type BoundCounts = [usize; MAX_CONNECTIONS];

impl<C: Carrier> Control<C> {
    /// Binds a session to a connection, or to none. It is no longer bound to the previous one.
    pub(crate) fn bind(&mut self, session: SessionId, connection: Option<ConnectionRef>) {
        let Some(session) = self.sessions.get_mut(session).expected("a session") else { return };
        let before = core::mem::replace(&mut session.connection, connection);
        if let Some(count) = before.and_then(|before| self.bound.get_mut(usize::from(before.index()))) {
            *count = count.saturating_sub(1);
        }
        if let Some(count) = connection.and_then(|one| self.bound.get_mut(usize::from(one.index()))) {
            *count += 1;
        }
    }

    /// Computes the counts from scratch.
    pub(super) fn recount_bound(&self) -> BoundCounts {
        let mut bound = BoundCounts::default();
        for (_, session) in self.sessions.iter() {
            let index = session.connection.map(|connection| usize::from(connection.index()));
            if let Some(count) = index.and_then(|index| bound.get_mut(index)) {
                *count += 1;
            }
        }
        bound
    }

    /// Returns the status of a session's phone system: for a session whose device is not registered, it is disabled, so
    /// that its client asks again soon.
    pub(crate) fn status_of(&self, session: SessionId) -> SystemStatus {
        let one = self.sessions.get(session).filter(|one| !one.is_unregistered);
        let connection = one.and_then(|one| one.connection);
        match connection.and_then(|connection| self.pool.in_service(connection)) {
            Some(_) => SystemStatus::Normal,
            None => SystemStatus::Disabled,
        }
    }

    /// Returns the session's connection, if it is in service and its phone system offers the service `root` for the
    /// line that it knows as `number`.
    pub(super) fn link_for(
        &self,
        handle: SessionId,
        root: &str,
        number: &str,
    ) -> Result<(ConnectionRef, &'static Service), CstaError> {
        let service = services::named(root).ok_or(CstaError::SERVICE_NOT_SUPPORTED)?;
        Ok((self.link_with(handle, number, service)?, service))
    }

    /// Like [`Self::link_for`], for a service.
    pub(super) fn link_with(
        &self,
        handle: SessionId,
        number: &str,
        service: &'static Service,
    ) -> Result<ConnectionRef, CstaError> {
        let link = self.link_of(handle)?;
        let can = self.pool.at(link.index()).is_some_and(|one| one.features_of(number).has(service));
        if can { Ok(link) } else { Err(CstaError::SERVICE_NOT_SUPPORTED) }
    }

    /// Whether the edition of ECMA-323 that a session's client speaks has a service.
    pub(super) fn speaks(&self, handle: SessionId, service: &Service) -> bool {
        self.sessions.get(handle).is_some_and(|session| session.namespace.edition() >= service.since)
    }

    /// Whether a client may currently use the service named `root`.
    pub(crate) fn offers(&self, handle: SessionId, root: &str) -> bool {
        services::named(root).is_some_and(|service| match service.served {
            Served::Here => true,
            Served::ByLink | Served::Relayed if !self.speaks(handle, service) => false,
            Served::ByLink | Served::Relayed => {
                self.link_with(handle, &self.number_of(handle), service)
                    != Err(CstaError::SERVICE_NOT_SUPPORTED)
            }
            Served::Told | Served::Nowhere => false,
        })
    }

    /// Returns the session's connection, if it is in service. While it is not, requests are rejected at once (S6).
    pub(super) fn link_of(&self, handle: SessionId) -> Result<ConnectionRef, CstaError> {
        let connection = self.sessions.get(handle).and_then(|session| session.connection);
        connection
            .filter(|connection| self.pool.in_service(*connection).is_some())
            .ok_or(CstaError::NETWORK_OUT_OF_SERVICE)
    }

    /// Returns the number by which the phone system knows the session's line.
    pub(crate) fn number_of(&self, handle: SessionId) -> Word {
        self.sessions.get(handle).map(|session| Word::from(session.number())).unwrap_or_default()
    }

    /// Whether a device is the session's line, in any form that clients send (L5). If the session named no line at
    /// sign-in, the first device it names becomes its line.
    pub(super) fn is_own_line(&mut self, step: &Step<'_>, handle: SessionId, device: Device<'_>) -> bool {
        let Some(session) = self.sessions.get(handle) else { return false };
        if !session.line().is_empty() {
            return session.is_named_by(device.id);
        }
        if number_of(device.id).is_none() || device.id.len() > step.config.limits.dialog_bytes {
            return false;
        }
        if let Some(session) = self.sessions.get_mut(handle) {
            session.carrier.set_line(device.id, "");
        }
        true
    }

    /// Sets the identifier by which the phone system knows a session's line.
    pub(crate) fn set_device(&mut self, handle: SessionId, device: &str) {
        let Some(session) = self.sessions.get_mut(handle) else { return };
        let line = Box::<str>::from(session.line());
        let device = if number_of(&line) == Some(device) { "" } else { device };
        session.carrier.set_line(&line, device);
    }

    /// Returns the phone system of a connection.
    pub(super) fn switch_of(&self, connection: ConnectionRef) -> u8 {
        self.pool.at(connection.index()).map_or(0, |one| one.switch)
    }
}
