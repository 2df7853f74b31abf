//! The directory of users, lines, devices and line appearances: who may control what.
//!
//! A line appearance is the association of a line (a directory number in a partition) with a device. Lines and devices
//! are many-to-many, and so are users and the line appearances that they may control. A [`Directory`] is built whole by
//! a [`Builder`], whatever its entries come from, and never changes. Texts are in one string, entries in sorted lists:
//! each look-up is a binary search, or goes by a hash where every sign-in makes one. User IDs, mail and SIP addresses and device names compare without case, as
//! directories do; numbers and partitions are compared as they are.

use alloc::vec::Vec;
use core::cmp::Ordering;
use core::ops::Range;

use crate::digest::{Digest, Digester};
use by_text::ByText;
use texts::{Span, Texts};

mod builder;
mod by_text;
mod check;
mod file;
mod fold;
pub mod import;
pub mod ldif;
mod mistakes;
mod reference;
mod resolve;
mod texts;
mod users;
mod write;

pub use builder::{Builder, LeftOut, NewAppearance, NewDevice, NewLine, NewUser};
pub use check::e164;
pub use mistakes::{FileId, MAX_SHOWN, Mistakes, Place};

/// The most users, the most lines, and the most devices.
pub const MAX_ENTRIES: usize = 1_000_000;
/// The most line appearances.
pub const MAX_APPEARANCES: usize = 4_000_000;
/// The most SIP addresses of one user.
pub const MAX_ADDRESSES: usize = 64;
/// The most entries in one user's list of lines, and in one device's.
pub const MAX_LINES: usize = 1_000;

/// A user of one directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UserId(u32);

/// A line of one directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineId(u32);

/// A device of one directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DeviceId(u32);

/// A line appearance of one directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AppearanceId(u32);

/// What a user may do beside controlling lines.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Role {
    /// Nothing.
    #[default]
    User,
    /// Administer the gateway.
    Administrator,
}

/// What a device is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceKind {
    /// A telephone.
    #[default]
    Hard,
    /// A program.
    Soft,
}

/// A user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct User<'d> {
    /// The user ID.
    pub id: &'d str,
    /// The mail address.
    pub mail: Option<&'d str>,
    /// The display name.
    pub name: Option<&'d str>,
    /// Whether remote call control is enabled.
    pub enabled: bool,
    /// The role.
    pub role: Role,
}

/// A line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Line<'d> {
    /// The directory number as the phone system reports it.
    pub number: &'d str,
    /// The partition; empty if there is none.
    pub partition: &'d str,
    /// The E.164 number by which the line is known outside.
    pub e164: Option<&'d str>,
    /// The label for people.
    pub label: Option<&'d str>,
}

/// A device.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Device<'d> {
    /// The name, such as `SEP0002FD3BB5C5`.
    pub name: &'d str,
    /// The kind.
    pub kind: DeviceKind,
    /// The description for people.
    pub description: Option<&'d str>,
}

/// A line appearance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Appearance<'d> {
    /// The line.
    pub line: LineId,
    /// The device; `None` for the one appearance of a line for which no device is known.
    pub device: Option<DeviceId>,
    /// Its place at the device, from 1; 0 without a device.
    pub index: u32,
    /// The device ID at the phone system, if it does not follow from the number.
    pub device_id: Option<&'d str>,
}

/// An index as it is stored.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

/// A stored index.
fn position(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[derive(Clone, Copy, Debug)]
struct UserEntry {
    id: Span,
    mail: Span,
    name: Span,
    /// Where its SIP addresses and its grants begin; they end where those of the next user begin.
    addresses: u32,
    grants: u32,
    enabled: bool,
    role: Role,
}

#[derive(Clone, Copy, Debug)]
struct LineEntry {
    number: Span,
    partition: Span,
    e164: Span,
    label: Span,
}

#[derive(Clone, Copy, Debug)]
struct DeviceEntry {
    name: Span,
    description: Span,
    kind: DeviceKind,
}

#[derive(Clone, Copy, Debug)]
struct AppearanceEntry {
    line: LineId,
    device: Option<DeviceId>,
    index: u32,
    device_id: Span,
}

/// A right: to one appearance of a line, or to all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Grant {
    line: LineId,
    /// `None` for all, which is the first of a line's grants, and then the only one.
    device: Option<DeviceId>,
}

/// The directory.
#[derive(Clone, Debug)]
pub struct Directory {
    texts: Texts,
    /// By ID, without case.
    users: Vec<UserEntry>,
    /// Of each user, in its order.
    addresses: Vec<Span>,
    /// Of each user, sorted.
    grants: Vec<Grant>,
    /// By number, then partition.
    lines: Vec<LineEntry>,
    /// By name, without case.
    devices: Vec<DeviceEntry>,
    /// By line, then device.
    appearances: Vec<AppearanceEntry>,
    by_id: ByText,
    by_number: ByText,
    by_mail: Vec<UserId>,
    by_sip: Vec<(Span, UserId)>,
    by_alias: Vec<LineId>,
    /// By device, then index.
    by_device: Vec<AppearanceId>,
    /// Each line of each grant, with its user.
    by_grant: Vec<(LineId, UserId)>,
    hash: u128,
}

/// Two directories are equal if they say the same.
impl PartialEq for Directory {
    fn eq(&self, other: &Self) -> bool {
        self.hash == other.hash
    }
}

impl Eq for Directory {}

impl Default for Directory {
    fn default() -> Self {
        Self::empty()
    }
}

/// The items of a sorted list that are `Equal` by `order`, which are few.
fn equal<T>(sorted: &[T], order: impl Fn(&T) -> Ordering) -> Range<usize> {
    let start = sorted.partition_point(|item| order(item).is_lt());
    let items = sorted.get(start..).unwrap_or_default().iter();
    start..start.saturating_add(items.take_while(|item| order(item).is_eq()).count())
}

/// The indexes of a range as they are stored.
fn numbers(range: Range<usize>) -> Range<u32> {
    number(range.start)..number(range.end)
}

impl Directory {
    /// A directory without entries.
    #[must_use]
    pub fn empty() -> Self {
        Builder::new().finish().0
    }

    /// One without entries, and without the hash that it must get.
    const fn blank(texts: Texts) -> Self {
        Self {
            texts,
            users: Vec::new(),
            addresses: Vec::new(),
            grants: Vec::new(),
            lines: Vec::new(),
            devices: Vec::new(),
            appearances: Vec::new(),
            by_id: ByText::new(),
            by_number: ByText::new(),
            by_mail: Vec::new(),
            by_sip: Vec::new(),
            by_alias: Vec::new(),
            by_device: Vec::new(),
            by_grant: Vec::new(),
            hash: 0,
        }
    }

    /// Whether it has no users.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }

    /// Reads a directory file; `file` is its name in mistakes.
    ///
    /// # Errors
    /// Every mistake, bounded.
    pub fn read(text: &str, file: &str) -> Result<Self, Mistakes> {
        let mut builder = Builder::new();
        builder.read(text, file);
        builder.build()
    }

    /// The hash of what [`Directory::write`] writes: two directories that say the same have the same. It names a
    /// version; it does not resist forgery.
    #[must_use]
    pub const fn hash(&self) -> u128 {
        self.hash
    }

    /// The user with this ID, without case.
    #[must_use]
    pub fn user_by_id(&self, id: &str) -> Option<UserId> {
        let is_it = |index: usize| {
            self.users.get(index).is_some_and(|user| fold::compare(self.texts.get(user.id), id).is_eq())
        };
        self.by_id.find(id, is_it).map(|index| UserId(number(index)))
    }

    /// The user with this mail address, without case.
    #[must_use]
    pub fn user_by_mail(&self, mail: &str) -> Option<UserId> {
        let order = |user: &UserId| fold::compare(self.user(*user).mail.unwrap_or_default(), mail);
        let index = self.by_mail.binary_search_by(order).ok()?;
        self.by_mail.get(index).copied()
    }

    /// The user with this SIP address, which begins with its scheme, without case.
    #[must_use]
    pub fn user_by_sip(&self, address: &str) -> Option<UserId> {
        let order = |(span, _): &(Span, UserId)| fold::compare(self.texts.get(*span), address);
        let index = self.by_sip.binary_search_by(order).ok()?;
        self.by_sip.get(index).map(|(_, user)| *user)
    }

    /// The user; an empty one for an ID of another directory.
    #[must_use]
    pub fn user(&self, user: UserId) -> User<'_> {
        let Some(entry) = self.users.get(position(user.0)) else { return User::default() };
        User {
            id: self.texts.get(entry.id),
            mail: self.texts.some(entry.mail),
            name: self.texts.some(entry.name),
            enabled: entry.enabled,
            role: entry.role,
        }
    }

    /// The SIP addresses of a user.
    pub fn sip_addresses(&self, user: UserId) -> impl Iterator<Item = &str> {
        let range = self.range_of(user, |entry| entry.addresses, self.addresses.len());
        self.addresses.get(range).unwrap_or_default().iter().map(|span| self.texts.get(*span))
    }

    /// What belongs to a user in a list where each user's part begins at `start`.
    fn range_of(&self, user: UserId, start: impl Fn(&UserEntry) -> u32, end: usize) -> Range<usize> {
        let index = position(user.0);
        let Some(entry) = self.users.get(index) else { return 0..0 };
        let next = self.users.get(index.saturating_add(1));
        position(start(entry))..next.map_or(end, |next| position(start(next)))
    }

    fn grants_of(&self, user: UserId) -> &[Grant] {
        self.grants.get(self.range_of(user, |entry| entry.grants, self.grants.len())).unwrap_or_default()
    }

    /// All users, by ID.
    pub fn users(&self) -> impl ExactSizeIterator<Item = UserId> {
        numbers(0..self.users.len()).map(UserId)
    }

    /// All lines, by number and partition.
    pub fn lines(&self) -> impl ExactSizeIterator<Item = LineId> {
        numbers(0..self.lines.len()).map(LineId)
    }

    /// All devices, by name.
    pub fn devices(&self) -> impl ExactSizeIterator<Item = DeviceId> {
        numbers(0..self.devices.len()).map(DeviceId)
    }

    /// All line appearances, by line; also those that are only implied.
    pub fn appearances(&self) -> impl ExactSizeIterator<Item = AppearanceId> {
        numbers(0..self.appearances.len()).map(AppearanceId)
    }

    /// The line; an empty one for an ID of another directory.
    #[must_use]
    pub fn line(&self, line: LineId) -> Line<'_> {
        let Some(entry) = self.lines.get(position(line.0)) else { return Line::default() };
        Line {
            number: self.texts.get(entry.number),
            partition: self.texts.get(entry.partition),
            e164: self.texts.some(entry.e164),
            label: self.texts.some(entry.label),
        }
    }

    /// The device; an empty one for an ID of another directory.
    #[must_use]
    pub fn device(&self, device: DeviceId) -> Device<'_> {
        let Some(entry) = self.devices.get(position(device.0)) else { return Device::default() };
        Device {
            name: self.texts.get(entry.name),
            kind: entry.kind,
            description: self.texts.some(entry.description),
        }
    }

    /// The line appearance; an empty one for an ID of another directory.
    #[must_use]
    pub fn appearance(&self, appearance: AppearanceId) -> Appearance<'_> {
        let Some(entry) = self.appearances.get(position(appearance.0)) else {
            return Appearance { line: LineId(u32::MAX), device: None, index: 0, device_id: None };
        };
        let AppearanceEntry { line, device, index, device_id } = *entry;
        Appearance { line, device, index, device_id: self.texts.some(device_id) }
    }

    /// The lines with this number, in every partition.
    pub fn lines_numbered(&self, dn: &str) -> impl Iterator<Item = LineId> {
        let is_it = |line: &LineEntry| self.texts.get(line.number) == dn;
        let first = self.by_number.find(dn, |index| self.lines.get(index).is_some_and(is_it));
        let start = first.unwrap_or(self.lines.len());
        let lines = self.lines.get(start..).unwrap_or_default();
        let count = lines.iter().take_while(|line| is_it(line)).count();
        numbers(start..start.saturating_add(count)).map(LineId)
    }

    /// The line with this number in this partition; the empty partition is one of its own.
    #[must_use]
    pub fn line_in(&self, dn: &str, partition: &str) -> Option<LineId> {
        let order = |line: &LineEntry| {
            (self.texts.get(line.number), self.texts.get(line.partition)).cmp(&(dn, partition))
        };
        self.lines.binary_search_by(order).ok().map(|index| LineId(number(index)))
    }

    /// The lines with this alias, an E.164 number with its `+`.
    pub fn lines_with_alias(&self, e164: &str) -> impl Iterator<Item = LineId> {
        let found = equal(&self.by_alias, |line| self.line(*line).e164.cmp(&Some(e164)));
        self.by_alias.get(found).unwrap_or_default().iter().copied()
    }

    /// The device with this name, without case.
    #[must_use]
    pub fn device_named(&self, name: &str) -> Option<DeviceId> {
        let order = |device: &DeviceEntry| fold::compare(self.texts.get(device.name), name);
        self.devices.binary_search_by(order).ok().map(|index| DeviceId(number(index)))
    }

    /// The appearances of a line: one for each device that carries it or, without any, one without a device.
    pub fn appearances_of_line(&self, line: LineId) -> impl Iterator<Item = AppearanceId> {
        numbers(equal(&self.appearances, |entry| entry.line.cmp(&line))).map(AppearanceId)
    }

    /// The line appearances of a device, by index.
    pub fn appearances_of_device(&self, device: DeviceId) -> impl Iterator<Item = AppearanceId> {
        let found = equal(&self.by_device, |id| self.appearance(*id).device.cmp(&Some(device)));
        self.by_device.get(found).unwrap_or_default().iter().copied()
    }

    /// The appearance of a line at a device.
    #[must_use]
    pub fn appearance_at(&self, line: LineId, device: Option<DeviceId>) -> Option<AppearanceId> {
        let order = |entry: &AppearanceEntry| (entry.line, entry.device).cmp(&(line, device));
        self.appearances.binary_search_by(order).ok().map(|index| AppearanceId(number(index)))
    }

    /// The line appearances that a user may control, each once, by line.
    pub fn appearances_of_user(&self, user: UserId) -> impl Iterator<Item = AppearanceId> {
        self.grants_of(user).iter().flat_map(move |grant| {
            let Grant { line, device } = *grant;
            let granted = move |id: &AppearanceId| device.is_none() || self.appearance(*id).device == device;
            self.appearances_of_line(line).filter(granted)
        })
    }

    /// The users who may control the line, at all or some of its devices, by ID.
    pub fn users_of_line(&self, line: LineId) -> impl Iterator<Item = UserId> {
        let found = equal(&self.by_grant, |(granted, _)| granted.cmp(&line));
        self.by_grant.get(found).unwrap_or_default().iter().map(|(_, user)| *user)
    }

    /// Whether a user may control a line appearance. Whether he is enabled at all does not matter here.
    #[must_use]
    pub fn may_control(&self, user: UserId, appearance: AppearanceId) -> bool {
        let Appearance { line, device, .. } = self.appearance(appearance);
        let grants = self.grants_of(user);
        let has = |device| grants.binary_search(&Grant { line, device }).is_ok();
        has(None) || device.is_some() && has(device)
    }
}

#[cfg(test)]
mod tests;

impl Digest for AppearanceId {
    fn digest(&self, digester: &mut Digester) {
        digester.number(u64::from(self.0));
    }
}
