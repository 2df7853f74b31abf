//! Lines that a session's user may control beside that of the session, by the directory. A request may name one of them:
//! it is then the line that the request acts for.

use super::control::Control;
use super::session::{Carrier, Monitor};
use crate::line::finding::{Finder, Registered};
use crate::step::{SessionId, Step};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Device, Response};
use crate::word::Word;

impl<C: Carrier> Control<C> {
    /// Returns the identifier by which the phone system knows the line that a session's user means by an identifier.
    /// `None` if he may not control it by the directory, if several could be meant, or if there is no directory.
    pub(super) fn line_of_user(&self, step: &Step<'_>, session: SessionId, identifier: &str) -> Option<Word> {
        let directory = step.directory?;
        let user = directory.user_by_id(self.sessions.get(session)?.owner.as_deref()?)?;
        let finder = Finder {
            directory,
            domains: &step.config.directory.domains,
            server: step.config.directory.server,
            rules: &step.config.numbers,
            choice: &|_| None,
            registered: &|_| Registered::NotAsked,
        };
        finder.line_of_user(user, identifier).map(Word::from)
    }

    /// Returns the identifier by which the phone system knows the line that a device names: the session's, or another
    /// that its user may control.
    pub(super) fn line_named(
        &mut self,
        step: &Step<'_>,
        session: SessionId,
        device: Device<'_>,
    ) -> Result<Word, CstaError> {
        if self.is_own_line(step, session, device) {
            return Ok(self.number_of(session));
        }
        let line = self.line_of_user(step, session, device.id);
        line.ok_or(CstaError::PRIVILEGE_VIOLATION_SPECIFIED_DEVICE)
    }

    /// Returns the line that a response to a request for another line than the session's is about, by the devices of
    /// its connections.
    pub(super) fn line_told(
        &self,
        step: &Step<'_>,
        session: SessionId,
        response: &Response<'_>,
    ) -> Option<Word> {
        let named = |device: Option<Device<'_>>| self.line_of_user(step, session, device?.id);
        if let Response::SnapshotDevice { items, .. } = response {
            return items.iter().find_map(|item| named(item.connection.device));
        }
        let Response::Relayed(relayed) = response else { return None };
        relayed.own_connections().find_map(|one| named(one.device))
    }

    /// Returns the identifier by which the phone system knows the line that a monitor is of.
    pub(super) fn line_of(&self, monitor: &Monitor) -> Word {
        monitor.line.as_deref().map_or_else(|| self.number_of(monitor.session), Word::from)
    }

    /// Whether a monitor is of the line that the phone system knows by this identifier.
    pub(super) fn is_of_line(&self, monitor: &Monitor, number: &str) -> bool {
        match &monitor.line {
            Some(line) => **line == *number,
            None => self.sessions.get(monitor.session).is_some_and(|session| session.number() == number),
        }
    }
}
