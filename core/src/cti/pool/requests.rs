//! Requests under way, each with its ticket and its time-out.

use core::fmt::Display;

use super::{Connection, Pool};
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::cti::news::{Ended, News};
use crate::cti::protocol::{Output, Refused, RequestId, Urgency};
use crate::digest::Digest;
use crate::slots::{Handle, Slots};
use crate::step::{Step, TimerKey};
use crate::timer::Deadline;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::Request;

/// A request that the phone system has not answered yet.
#[derive(Debug)]
pub(crate) struct UnderWay<T> {
    connection: ConnectionRef,
    ticket: T,
    deadline: Deadline,
    /// Why it cannot be sent after all; it is due at once then.
    refused: Option<CstaError>,
}

/// A request that is due.
pub(crate) struct Due<T> {
    pub(crate) id: RequestId,
    pub(crate) ended: Ended<T>,
    /// Why it was not sent; `None` if it was not answered in time.
    pub(crate) refused: Option<CstaError>,
}

impl<T: Digest + Copy> Pool<T> {
    /// Sends a request that nobody in particular waits for over this connect of a connection; `ticket` comes back with
    /// the answer.
    ///
    /// # Errors
    /// The CSTAErrorCode to return if it cannot be sent; then nothing has changed.
    pub(crate) fn ask(
        &mut self,
        step: &mut Step<'_>,
        connection: ConnectionRef,
        ticket: T,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        self.ask_as(step, connection, (ticket, Urgency::Background), request)
    }

    /// Sends a request, as urgent as it is, over this connect of a connection; `ticket` comes back with the answer.
    ///
    /// # Errors
    /// The CSTAErrorCode to return if it cannot be sent; then nothing has changed.
    pub(crate) fn ask_as(
        &mut self,
        step: &mut Step<'_>,
        connection: ConnectionRef,
        (ticket, urgency): (T, Urgency),
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let one = self.in_service(connection).ok_or(CstaError::NETWORK_OUT_OF_SERVICE)?;
        let link = one.link.ok_or(CstaError::NETWORK_OUT_OF_SERVICE)?;
        let under_way = UnderWay { connection, ticket, deadline: Deadline::default(), refused: None };
        let handle =
            self.requests.insert(under_way).map_err(|_| CstaError::OUTSTANDING_REQUEST_LIMIT_EXCEEDED)?;
        let mut output = Output::new(link, step.now, step.actions, step.entropy);
        let id = RequestId::new(handle.number());
        let one = self.at_mut(connection.index()).ok_or(Refused::Busy);
        let asked = one.and_then(|one| {
            one.protocol.request(id, urgency, request, &mut output)?;
            Ok(one.protocol.extra_time(id))
        });
        let extra = match asked {
            Ok(extra) => extra,
            Err(refused) => {
                self.requests.remove(handle);
                return Err(match refused {
                    Refused::Busy => CstaError::RESOURCE_BUSY,
                    Refused::TooLong => CstaError::INVALID_PARAMETER_VALUE,
                    // A client whose monitor is refused for good never asks again, so it is refused as if it had timed
                    // out.
                    Refused::Unanswered if request.name() == "MonitorStart" => {
                        CstaError::RESOURCE_OUT_OF_SERVICE
                    }
                    Refused::NotSupported | Refused::Unanswered => CstaError::SERVICE_NOT_SUPPORTED,
                });
            }
        };
        let at = step.now + step.config.cti.service_timeout + extra;
        if let Some(under_way) = self.requests.get_mut(handle) {
            step.timers.set(&mut under_way.deadline, TimerKey::Pending(handle.cast()), at);
        }
        step.counters.services += 1;
        self.set_send_deadline(step, connection.index());
        Ok(())
    }

    /// Sends what has waited for its turn on the connection at `index`.
    pub(crate) fn on_send_due(&mut self, step: &mut Step<'_>, index: u8) {
        if self.at(index).is_some_and(|one| one.state.is_open()) {
            self.with_protocol(step, index, |protocol, output| protocol.on_send_due(output));
        }
        self.set_send_deadline(step, index);
    }

    /// Lets requests end that cannot be sent after all: each is due at once, in a step of its own.
    pub(super) fn refuse(&mut self, step: &mut Step<'_>, requests: &[RequestId], error: CstaError) {
        for id in requests {
            let handle = Handle::from_number(id.number());
            if let Some(under_way) = self.requests.get_mut(handle) {
                under_way.refused = Some(error);
                step.timers.set(&mut under_way.deadline, TimerKey::Pending(handle.cast()), step.now);
            }
        }
    }

    /// Handles a request that was not answered in time, or cannot be sent after all. The caller first deals with the returned ticket, then calls
    /// [`Self::abandon`] with the returned ID.
    pub(crate) fn on_request_due(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<UnderWay<T>>,
    ) -> Option<Due<T>> {
        let refused = self.requests.get(handle).and_then(|under_way| under_way.refused);
        let ended = self.end(step, handle)?;
        if refused.is_none() {
            step.counters.services_timed_out += 1;
        }
        Some(Due { id: RequestId::new(handle.number()), ended, refused })
    }

    /// Gives up a request. Each answer that never comes costs an invoke ID; when too few are left, the connection is
    /// dialled again.
    pub(crate) fn abandon(
        &mut self,
        step: &mut Step<'_>,
        connection: ConnectionRef,
        id: RequestId,
    ) -> News<'static, T> {
        if self.in_service(connection).is_none() {
            return News::Nothing;
        }
        let index = connection.index();
        let unanswered = |pool: &Self| pool.at(index).map(Connection::unanswered).unwrap_or_default();
        let before = unanswered(self);
        self.with_protocol(step, index, |protocol, output| protocol.abandon(id, output));
        for service in unanswered(self).services().filter(|service| !before.has(service)) {
            let why = "the phone system never answers it: it is asked again once a minute only";
            let name = self.at(index).map_or("", |one| &one.name);
            let fields: &[(&str, &dyn Display)] =
                &[("cti", &name), ("service", &service.root), ("why", &why)];
            step.actions.notify(Level::Warn, "service_unanswered", fields);
        }
        self.set_send_deadline(step, index);
        if self.at(index).is_some_and(|one| one.protocol.is_worn_out()) {
            let why = "too few invoke IDs are left: too many requests got no answer";
            return self.give_up(step, index, why.into());
        }
        News::Nothing
    }

    /// Removes a request if it is under way over this connect, which has ended.
    pub(crate) fn take_back(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<UnderWay<T>>,
        connection: ConnectionRef,
    ) -> Option<Ended<T>> {
        let is_of_connection = self.requests.get(handle).is_some_and(|one| one.connection == connection);
        if is_of_connection { self.end(step, handle) } else { None }
    }

    /// Removes a request that has ended.
    pub(super) fn end(&mut self, step: &mut Step<'_>, handle: Handle<UnderWay<T>>) -> Option<Ended<T>> {
        let UnderWay { connection, ticket, mut deadline, refused: _ } = self.requests.remove(handle)?;
        step.timers.cancel(&mut deadline, TimerKey::Pending(handle.cast()));
        Some(Ended { ticket, connection })
    }

    /// The requests under way.
    pub(crate) const fn requests(&self) -> &Slots<UnderWay<T>> {
        &self.requests
    }

    /// The record of a request's deadline.
    pub(crate) fn request_deadline(&mut self, handle: Handle<UnderWay<T>>) -> Option<&mut Deadline> {
        self.requests.get_mut(handle).map(|one| &mut one.deadline)
    }
}

crate::digest! { struct UnderWay<T> { connection, ticket, deadline, refused => refused.map_or("", CstaError::value) } }
