//! What the members of a relayed request stand for at the phone system.

use alloc::boxed::Box;
use alloc::vec::Vec;

use super::calls::Call;
use crate::line::dial::{MAX_DIGITS, deceives, dialable};
use crate::line::rules::{Outcome, Rules};
use crate::line::type_of_number::TypeOfNumber;
use crate::line::uri::number_of;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::member::Member;
use crate::wire::csta::model::{Connection, Device};
use crate::wire::csta::relayed::{Relayed, Value};
use crate::wire::csta::services::Features;
use crate::word::Word;

/// The most members of one request that name a device or a connection.
const MAX_NAMED: usize = 4;

/// The most numbers in one list.
const MAX_LISTED: usize = 64;

/// A number to be dialled: as many digits as a number may have, and the `;` that ends a part of one.
type Digits = heapless::String<{ MAX_DIGITS + 1 }>;

/// What a member stands for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found<'r> {
    /// The line's own connection in a call.
    Own {
        /// The phone system's callID.
        call: Word,
        /// The deviceID of the connection, as the phone system announced it.
        device: Word,
        /// Its `typeOfNumber`.
        kind: TypeOfNumber,
    },
    /// The line's own connection in the only call that can be meant; the line as the phone system knows it.
    Static(Word),
    /// Another device's connection.
    Foreign(Connection<'r>),
    /// The same, of a device by another identifier than the client's.
    ForeignAt {
        /// The phone system's callID.
        call: Option<&'r str>,
        /// The phone system's number or device ID.
        device: Word,
    },
    /// The line that the request acts for, as the phone system knows it.
    Line(Word),
    /// A number to be dialled; if it is dialled in parts, with the sign for that, or empty.
    Digits(Digits),
    /// Another device.
    Device(Box<str>),
    /// Several devices.
    Devices(Vec<Box<str>>),
    /// Nothing: the member is omitted.
    Nothing,
}

impl Found<'_> {
    fn own_call(&self) -> Option<&Word> {
        if let Self::Own { call, .. } = self { Some(call) } else { None }
    }

    /// The line's own connection in a known call.
    pub(super) fn own(call: &Call) -> Self {
        Self::Own { call: call.id.clone(), device: call.device.clone(), kind: call.kind }
    }
}

/// The resolved members of one request.
#[derive(Debug, Default)]
pub(crate) struct Resolved<'r>(heapless::Vec<(&'static str, Found<'r>), MAX_NAMED>);

impl<'r> Resolved<'r> {
    /// Adds what a member stands for. No row has more of these than there is room for.
    pub(crate) fn push(&mut self, member: &Member, found: Found<'r>) -> Result<(), CstaError> {
        let pushed = self.0.push((member.name, found));
        debug_assert!(pushed.is_ok(), "a row names more than {MAX_NAMED} things");
        pushed.map_err(|_| CstaError::GENERIC_OPERATION)
    }

    /// Whether another member stands for a connection of the line in the same call.
    pub(super) fn has_call(&self, found: &Found<'_>) -> bool {
        found.own_call().is_some_and(|call| self.0.iter().any(|(_, other)| other.own_call() == Some(call)))
    }

    /// Calls `write` with the members as written to the phone system.
    pub(super) fn with_values<R>(&self, write: impl FnOnce(&[(&'static str, Value<'_>)]) -> R) -> R {
        // No row has two lists.
        let devices: Vec<Device<'_>> = self.0.iter().flat_map(|(_, found)| listed(found)).collect();
        let values: heapless::Vec<_, MAX_NAMED> =
            self.0.iter().map(|(name, found)| (*name, value(found, &devices))).collect();
        write(&values)
    }
}

fn listed<'f>(found: &'f Found<'_>) -> impl Iterator<Item = Device<'f>> {
    let devices = if let Found::Devices(devices) = found { devices.as_slice() } else { &[] };
    devices.iter().map(|device| plain(device))
}

const fn plain(id: &str) -> Device<'_> {
    Device { id, type_of_number: None }
}

fn value<'v>(found: &'v Found<'_>, devices: &'v [Device<'v>]) -> Value<'v> {
    match found {
        Found::Own { call, device, kind } => {
            let device = Device { id: device, type_of_number: kind.word() };
            Value::Connection(Connection { call: Some(call), device: Some(device) })
        }
        Found::Static(line) => Value::Connection(Connection { call: None, device: Some(plain(line)) }),
        Found::Foreign(connection) => Value::Connection(*connection),
        Found::ForeignAt { call, device } => {
            Value::Connection(Connection { call: *call, device: Some(plain(device)) })
        }
        Found::Line(line) => Value::Device(plain(line)),
        Found::Digits(digits) => Value::Device(plain(digits)),
        Found::Device(device) => Value::Device(plain(device)),
        Found::Devices(_) => Value::Devices(devices),
        Found::Nothing => Value::Nothing,
    }
}

/// Resolves a number to be dialled, by the rules for these. A phone must not go off hook for what it cannot dial (client
/// quirk 5). Only if it may be dialled in parts, and `DialDigits` can bring the rest, may it be empty or end in `;`
/// (ECMA-269, Make Call); no rule applies to a part, since none can know what the whole number is.
pub(crate) fn dialled<'r>(
    relayed: &Relayed<'_>,
    member: &Member,
    (in_part, only_if): (bool, Option<&str>),
    (features, edition): (Features, u8),
    rules: &Rules,
) -> Result<Option<Found<'r>>, CstaError> {
    let mut devices = relayed.devices(member.name);
    let Some(first) = devices.next() else {
        return if member.required { Err(member.error) } else { Ok(None) };
    };
    let first = first.ok_or(member.error)?;
    if only_if.is_some_and(|name| relayed.truth(name) != Some(true)) {
        // It is not dialled, but names what is switched off, if anything.
        return named(first, member, rules).map(Some);
    }
    let goes_on = features.has_service("DialDigits");
    if in_part && first.id.is_empty() && goes_on {
        return Ok(Some(Found::Digits(Digits::new())));
    }
    if let Some(begun) = first.id.strip_suffix(';').filter(|_| in_part) {
        // If nothing can bring the rest, the beginning must not be dialled as if it were the whole number.
        let begun = part(begun, ";").filter(|_| goes_on).ok_or(member.error)?;
        return Ok(Some(Found::Digits(begun)));
    }
    if first.id.is_empty() && !member.required {
        return Ok(Some(Found::Nothing));
    }
    let only = if is_rest(relayed, first) { part(first.id, "") } else { whole(first.id, rules) };
    let only = only.ok_or(member.error)?;
    let mut others = devices.peekable();
    if others.peek().is_none() {
        return Ok(Some(Found::Digits(only)));
    }
    // Several devices, if the member is a list in the phone system's edition.
    if member.item_in(edition).is_none() {
        return Err(member.error);
    }
    let mut listed: Vec<Box<str>> = Vec::new();
    listed.push(Box::from(only.as_str()));
    for other in others {
        let other = whole(other.ok_or(member.error)?.id, rules).ok_or(member.error)?;
        if listed.len() >= MAX_LISTED {
            return Err(member.error);
        }
        listed.push(Box::from(other.as_str()));
    }
    Ok(Some(Found::Devices(listed)))
}

/// Whether a number is the rest of one that was begun before. One with a `+` begins with that.
fn is_rest(relayed: &Relayed<'_>, number: Device<'_>) -> bool {
    relayed.service.root == "DialDigits" && dialable(number.id).is_ok_and(|digits| !digits.starts_with('+'))
}

/// Returns the digits of a part of a number, followed by `end`. `None` if it cannot be dialled.
fn part(text: &str, end: &str) -> Option<Digits> {
    let mut digits = Digits::new();
    digits.push_str(&dialable(text).ok()?).ok()?;
    digits.push_str(end).ok()?;
    Some(digits)
}

/// Returns the digits that the phone system dials for a number. `None` if it cannot be dialled, as it is or by the
/// rules.
fn whole(text: &str, rules: &Rules) -> Option<Digits> {
    let number = rules.dial(&dialable(text).ok()?).number.ok()?;
    Digits::try_from(number.as_str()).ok()
}

/// Resolves devices that are named but not dialled. All are needed, since a shorter list would mean something else.
pub(crate) fn numbers<'r>(
    relayed: &Relayed<'_>,
    member: &Member,
    rules: &Rules,
) -> Result<Option<Found<'r>>, CstaError> {
    let mut listed: Vec<Box<str>> = Vec::new();
    for named in relayed.devices(member.name) {
        let device = named.ok_or(member.error)?;
        // An empty deviceID names nobody.
        if device.id.is_empty() {
            continue;
        }
        if listed.len() >= MAX_LISTED {
            return Err(member.error);
        }
        listed.push(number(device.id, |digits| rules.named(digits)).ok_or(member.error)?);
    }
    if member.list.is_some() {
        return Ok((!listed.is_empty()).then_some(Found::Devices(listed)));
    }
    // A DeviceID cannot be empty: if the client left it empty, it is omitted.
    let is_there = relayed.device(member.name).is_some();
    Ok(listed.into_iter().next().map(Found::Device).or(is_there.then_some(Found::Nothing)))
}

/// Resolves a device that may be empty and then stands for nothing. It is named as it was when it was dialled.
fn named<'r>(device: Device<'_>, member: &Member, rules: &Rules) -> Result<Found<'r>, CstaError> {
    if device.id.is_empty() {
        return Ok(Found::Nothing);
    }
    number(device.id, |digits| rules.dial(digits)).map(Found::Device).ok_or(member.error)
}

/// Returns the number of a device: its digits by the rules, or what its URI has in their place.
fn number(id: &str, by_rules: impl FnOnce(&str) -> Outcome) -> Option<Box<str>> {
    match dialable(id) {
        Ok(digits) => by_rules(&digits).number.ok().map(|number| Box::from(number.as_str())),
        Err(_) => number_of(id).filter(|_| !deceives(id)).map(Box::from),
    }
}
