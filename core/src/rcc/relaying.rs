//! Relaying a client's request according to its service's row. Required members were checked when it was read; here the
//! devices and connections that it names are resolved. Everything else is passed on unchanged.

use alloc::borrow::Cow;

use super::calls::Stage;
use super::control::Control;
use super::reference::call_of;
use super::relay::{Found, Resolved, dialled, numbers};
use super::session::{Carrier, Session};
use super::switch_monitor::{State, SwitchMonitor};
use super::ticket::Ticket;
use crate::cti::ConnectionRef;
use crate::cti::protocol::Urgency;
use crate::line::dial::{Number, dialable};
use crate::line::rules::Rules;
use crate::line::type_of_number::{DYNAMIC, TypeOfNumber};
use crate::line::uri::device_named_by;
use crate::step::{SessionId, Step};
use crate::time::Instant;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::member::{Member, Role};
use crate::wire::csta::model::{Connection, Device, Request};
use crate::wire::csta::relayed::{PrivateData, Relayed};
use crate::wire::csta::services::{Features, Service};
use crate::word::Word;

/// The session of a request, and what applies to its line.
pub(super) struct Own {
    session: SessionId,
    pub(super) link: ConnectionRef,
    /// The number by which the phone system knows the line that the request acts for: the session's, or another that
    /// its user may control.
    number: Word,
    /// The number in the line URI, if that is another.
    dialled_as: Option<Word>,
    /// The phone system whose calls it may name.
    switch: u8,
    /// What the phone system can do for the line.
    features: Features,
    foreign_calls: bool,
    /// The edition of ECMA-323 that the phone system speaks.
    edition: u8,
    now: Instant,
}

impl Own {
    /// Like [`Session::is_named_by`].
    fn is_named_by(&self, identifier: &str) -> bool {
        device_named_by(identifier).is_some_and(|number| {
            *number == *self.number || self.dialled_as.as_ref().is_some_and(|other| **other == *number)
        })
    }
}

/// The connections that a request's members name, as far as they were read: finding them in the document takes longer
/// than all that is decided by them.
#[derive(Default)]
struct Named<'r>(heapless::Vec<(&'static str, Connection<'r>), 2>);

impl<'r> Named<'r> {
    fn connection(&self, relayed: &Relayed<'r>, name: &str) -> Option<Connection<'r>> {
        let read = self.0.iter().find(|(read, _)| *read == name);
        read.map(|(_, connection)| *connection).or_else(|| relayed.connection(name))
    }
}

/// A request to be relayed, resolved.
pub(crate) struct Relay<'r> {
    own: Own,
    resolved: Resolved<'r>,
    relayed: &'r Relayed<'r>,
}

impl Relay<'_> {
    /// Returns its connection.
    pub(super) const fn link(&self) -> ConnectionRef {
        self.own.link
    }

    /// Returns the identifier by which the phone system knows the line that it acts for.
    pub(super) fn line(&self) -> &str {
        &self.own.number
    }
}

impl<C: Carrier> Control<C> {
    /// Resolves a client's request into one to the phone system.
    pub(super) fn resolve_relay<'r>(
        &mut self,
        step: &Step<'_>,
        session: SessionId,
        relayed: &'r Relayed<'r>,
    ) -> Result<Relay<'r>, CstaError> {
        let mut resolved = Resolved::default();
        let own = self.resolve(step, session, relayed, &mut resolved)?;
        Ok(Relay { own, resolved, relayed })
    }

    /// Sends a resolved request to the phone system.
    pub(super) fn ask_relay(
        &mut self,
        step: &mut Step<'_>,
        relay: &Relay<'_>,
        ticket: Ticket,
    ) -> Result<(), CstaError> {
        let Relay { own, resolved, relayed } = relay;
        let spoken = self.sessions.get(own.session).map_or(0, |session| session.namespace.edition());
        let passes = self.pool.at(own.link.index()).is_some_and(|one| one.private_data);
        let private_data = if passes { PrivateData::AllButMicrosofts } else { PrivateData::None };
        let edition = if relayed.edition == 0 { spoken } else { relayed.edition };
        resolved.with_values(|given| {
            let request = Request::Relayed(Relayed { given, edition, private_data, ..**relayed });
            let urgency = Urgency::Person(own.session.number());
            self.pool.ask_as(step, own.link, (ticket, urgency), &request)
        })
    }

    /// Resolves the members of the service's row that name a device or a connection, or refuses the request.
    fn resolve<'r>(
        &mut self,
        step: &Step<'_>,
        handle: SessionId,
        relayed: &Relayed<'r>,
        resolved: &mut Resolved<'r>,
    ) -> Result<Own, CstaError> {
        // A service that only phone systems use names no line.
        if !relayed.service.is_offered() || !self.speaks(handle, relayed.service) {
            return Err(CstaError::SERVICE_NOT_SUPPORTED);
        }
        let mut number = self.number_of(handle);
        let link = self.link_with(handle, &number, relayed.service)?;
        if number.is_empty() {
            self.take_line(step, handle, relayed);
            number = self.number_of(handle);
        }
        let mut dialled_as = self.sessions.get(handle).and_then(Session::other_number).map(Word::from);
        let mut named = Named::default();
        if let Some(other) = self.other_line(step, (handle, link, &number), relayed, &mut named) {
            self.link_with(handle, &other, relayed.service)?;
            (number, dialled_as) = (other, None);
        }
        let connection = self.pool.at(link.index());
        let own = Own {
            session: handle,
            link,
            switch: self.switch_of(link),
            features: connection.map(|one| one.features_of(&number)).unwrap_or_default(),
            foreign_calls: connection.is_some_and(|one| one.foreign_calls),
            edition: step.config.cti.protocol_version,
            dialled_as,
            number,
            now: step.now,
        };
        for member in relayed.service.request {
            if let Some(found) = self.find(step, &own, (relayed, &named), member)? {
                if resolved.has_call(&found) && names_two_calls(relayed) {
                    return Err(member.error);
                }
                resolved.push(member, found)?;
            }
        }
        Ok(own)
    }

    /// Sets the line of a session that named none at sign-in: it is the first device that the session names.
    fn take_line(&mut self, step: &Step<'_>, handle: SessionId, relayed: &Relayed<'_>) {
        let lines = relayed.service.request.iter().filter(|member| matches!(member.role, Role::Line { .. }));
        for member in lines {
            if let Some(device) = relayed.device(member.name) {
                self.is_own_line(step, handle, device);
            }
        }
    }

    /// Returns the line that a request acts for, if that is another than the session's: one that the user may control,
    /// and that the request names as its own. In a call of the session's line, the callID decides, whatever device it
    /// names.
    fn other_line<'r>(
        &self,
        step: &Step<'_>,
        (handle, link, number): (SessionId, ConnectionRef, &str),
        relayed: &Relayed<'r>,
        read: &mut Named<'r>,
    ) -> Option<Word> {
        // Without a directory, nobody may.
        step.directory?;
        let session = self.sessions.get(handle)?;
        let is_known = |call: &str| {
            let call = call_of(call, self.switch_of(link));
            call.is_some_and(|call| self.own_call((handle, link, number), call, step.now).is_some())
        };
        let is_other = |device: &Device<'_>| !device.id.is_empty() && !session.is_named_by(device.id);
        let named = |member: &Member| {
            if matches!(member.role, Role::Line { .. }) {
                return relayed.device(member.name).filter(is_other);
            }
            let is_own = matches!(member.role, Role::Own | Role::Held | Role::Active | Role::OwnCall);
            let named = if is_own { relayed.connection(member.name) } else { None }?;
            // What finds no room is read again.
            let _ = read.0.push((member.name, named));
            let device = named.device.filter(is_other)?;
            (!named.call.is_some_and(is_known)).then_some(device)
        };
        let other = relayed.service.request.iter().find_map(named)?;
        self.line_of_user(step, handle, other.id).filter(|line| **line != *number)
    }

    /// Whether an identifier names the line that a request acts for.
    fn is_its(&self, step: &Step<'_>, own: &Own, identifier: &str) -> bool {
        let is_its = |line: Word| *line == *own.number;
        own.is_named_by(identifier) || self.line_of_user(step, own.session, identifier).is_some_and(is_its)
    }

    /// Returns what a member stands for at the phone system. `None` if it is copied, or absent.
    fn find<'r>(
        &self,
        step: &Step<'_>,
        own: &Own,
        (relayed, read): (&Relayed<'r>, &Named<'r>),
        member: &Member,
    ) -> Result<Option<Found<'r>>, CstaError> {
        let rules = &step.config.numbers;
        match member.role {
            Role::Own | Role::Held | Role::Active | Role::OwnCall => {
                let Some(named) = read.connection(relayed, member.name) else { return Ok(None) };
                self.find_own(step, own, (relayed.service, member), named).map(Some)
            }
            Role::Foreign => {
                let Some(named) = relayed.connection(member.name) else { return Ok(None) };
                self.find_foreign(own, member, named, rules).map(Some)
            }
            Role::Line { filled } => {
                let named = relayed.device(member.name).filter(|named| !named.id.is_empty());
                let is_own = named.is_none_or(|named| self.is_its(step, own, named.id));
                find_line(own, member, (named.is_some(), is_own), filled)
            }
            Role::Dialled { in_part, only_if } => {
                dialled(relayed, member, (in_part, only_if), (own.features, own.edition), rules)
            }
            Role::Number => numbers(relayed, member, rules),
            Role::Text
            | Role::Truth
            | Role::Count
            | Role::Word(_)
            | Role::Copied(_)
            | Role::Announced { .. }
            | Role::CrossReference
            | Role::Narrowed
            | Role::Withheld => Ok(None),
        }
    }

    /// Resolves a connection of the session's own line, in any form that clients send. The callID identifies the call;
    /// a missing or far-end deviceID means the line's own connection, so that nobody can act for another device. A
    /// device alone must be the line, and stands for the only call there that can be meant.
    fn find_own<'r>(
        &self,
        step: &Step<'_>,
        own: &Own,
        (service, member): (&Service, &Member),
        named: Connection<'r>,
    ) -> Result<Found<'r>, CstaError> {
        if own.number.is_empty() {
            return Err(member.error);
        }
        let Some(call) = named.call else {
            let is_line = named.device.is_some_and(|device| self.is_its(step, own, device.id));
            // For two connections, or a call to be cleared for all parties, devices alone are not enough.
            return match (member.role == Role::Own, is_line) {
                (true, true) => self.find_static(own, service, member),
                (true, false) => Err(CstaError::PRIVILEGE_VIOLATION_SPECIFIED_DEVICE),
                (false, _) => Err(member.error),
            };
        };
        let call = call_of(call, own.switch).ok_or(member.error)?;
        if let Some(known) = self.own_call((own.session, own.link, &own.number), call, own.now) {
            return Ok(Found::own(known));
        }
        // A callID alone names no device: the phone system could not tell whose call it is. Nor is a call of which only
        // another line is a party a call of this one.
        if member.role == Role::OwnCall || self.is_anothers(own, call, named.device, &step.config.numbers) {
            return Err(member.error);
        }
        let (call, device) = (Word::from(call), own.number.clone());
        Ok(Found::Own { call, device, kind: TypeOfNumber::default() })
    }

    /// Whether a call that is not known at the session's line is known at the other one that is named with it. What is
    /// known at the own line counts only if that is monitored, and the client knows all of it.
    fn is_anothers(&self, own: &Own, call: &str, device: Option<Device<'_>>, rules: &Rules) -> bool {
        let Some(number) = device.and_then(|device| device_named_by(device.id)) else { return false };
        if own.is_named_by(&number) || self.may_be_untold(own.session) {
            return false;
        }
        let shown = number_behind(&number, rules);
        let number = shown.as_deref().unwrap_or(&number);
        if own.is_named_by(number) {
            return false;
        }
        let knows =
            |one: &SwitchMonitor| matches!(one.state, State::Active { .. }) && !one.verification.is_open();
        let is_monitored = self.own_switch_monitor(own.session, own.link, &own.number).is_some_and(knows);
        let other = self.switch_monitors.of_device(own.link, number).filter(|_| is_monitored);
        other
            .and_then(|other| self.switch_monitors.slots.get(other))
            .is_some_and(|other| other.calls.find(call).is_some())
    }

    /// Resolves another device's connection, if the configuration allows it; a device without a callID is enough. If the
    /// gateway monitors that device, the connection is named as the phone system announced it there.
    fn find_foreign<'r>(
        &self,
        own: &Own,
        member: &Member,
        named: Connection<'r>,
        rules: &Rules,
    ) -> Result<Found<'r>, CstaError> {
        if !own.foreign_calls {
            return Err(CstaError::PRIVILEGE_VIOLATION_SPECIFIED_DEVICE);
        }
        let call = match named.call {
            Some(call) => Some(call_of(call, own.switch).ok_or(member.error)?),
            None => None,
        };
        let is_dynamic = |device: &Device<'_>| device.type_of_number == Some(DYNAMIC);
        let (device, escaped) = match named.device {
            Some(device) if !is_dynamic(&device) => match device_named_by(device.id) {
                Some(Cow::Borrowed(id)) => (Some(Device { id, ..device }), None),
                Some(Cow::Owned(id)) => (Some(device), Some(Word::from(&*id))),
                None => (None, None),
            },
            dynamic => (dynamic.filter(|device| !device.id.is_empty()), None),
        };
        let named = device.filter(|device| !is_dynamic(device));
        let behind = || named.and_then(|device| number_behind(device.id, rules));
        let shown = escaped.or_else(|| behind().map(|number| Word::from(&*number)));
        let found = |call| match &shown {
            Some(device) => Found::ForeignAt { call, device: device.clone() },
            None => Found::Foreign(Connection { call, device }),
        };
        let Some(call) = call else {
            // A device alone stands for its only call that can be meant, which the phone system knows.
            return named.map(|_| found(None)).ok_or(member.error);
        };
        let number = shown.as_deref().or(device.map(|device| device.id));
        let monitored = number.and_then(|number| self.switch_monitors.of_device(own.link, number));
        let monitored = monitored.and_then(|monitored| self.switch_monitors.slots.get(monitored));
        let announced = monitored.and_then(|one| one.calls.find_as_named(call, own.now));
        Ok(announced.map_or_else(|| found(Some(call)), Found::own))
    }

    /// Resolves the line's own connection named by the line alone: it is that of the only known call that can be meant.
    /// If none is known, the phone system decides; if several are, nobody can.
    fn find_static<'r>(&self, own: &Own, service: &Service, member: &Member) -> Result<Found<'r>, CstaError> {
        let mut meant = self
            .own_calls(own.session, own.link, &own.number)
            .filter(|call| call.stage == Stage::Unsure || may_mean(service, call.stage));
        let Some(first) = meant.next() else { return Ok(Found::Static(own.number.clone())) };
        if meant.any(|other| other.id != first.id) {
            return Err(member.error);
        }
        Ok(Found::own(first))
    }
}

/// Returns the phone system's number of a device that the client names by the number that it was shown. `None` if that
/// is the same.
fn number_behind(number: &str, rules: &Rules) -> Option<Number> {
    let digits = dialable(number).ok()?;
    rules.named(&digits).number.ok().filter(|behind| *behind != digits)
}

/// Whether a request names two calls. If they are one by now, it comes too late: a call is not joined with itself.
fn names_two_calls(relayed: &Relayed<'_>) -> bool {
    let call = |role| {
        let member = relayed.service.request.iter().find(|member| member.role == role)?;
        relayed.connection(member.name)?.call
    };
    call(Role::Held) != call(Role::Active)
}

/// Whether a service that names a connection by its device alone may mean a call at this stage.
fn may_mean(service: &Service, stage: Stage) -> bool {
    match service.root {
        "AnswerCall" | "DeflectCall" => stage == Stage::Ringing,
        "HoldCall" => matches!(stage, Stage::Established | Stage::Delivered | Stage::Originated),
        "RetrieveCall" => stage == Stage::Held,
        _ => true,
    }
}

/// Resolves the line that the request acts for.
fn find_line<'r>(
    own: &Own,
    member: &Member,
    (is_named, is_own): (bool, bool),
    filled: bool,
) -> Result<Option<Found<'r>>, CstaError> {
    if !is_own {
        let is_calling = member.error == CstaError::INVALID_CALLING_DEVICE_ID;
        return Err(if is_calling {
            CstaError::PRIVILEGE_VIOLATION_CALLING_DEVICE
        } else {
            CstaError::PRIVILEGE_VIOLATION_SPECIFIED_DEVICE
        });
    }
    match (is_named, filled && !own.number.is_empty()) {
        (true, _) | (false, true) => Ok(Some(Found::Line(own.number.clone()))),
        (false, false) if filled || member.required => Err(member.error),
        (false, false) => Ok(None),
    }
}
