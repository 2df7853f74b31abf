//! Builds a directory from entries, whatever they come from, in any order.

use core::fmt;

use super::check::{self, Rule, e164};
use super::mistakes::Shown;
use super::resolve::Resolver;
use super::{
    DeviceKind, Directory, FileId, MAX_ADDRESSES, MAX_APPEARANCES, MAX_ENTRIES, MAX_LINES, Mistakes, Place,
    Role, Span, Texts, number,
};
use alloc::vec::Vec;

/// A user to add.
#[derive(Clone, Copy, Debug)]
pub struct NewUser<'a> {
    /// The user ID.
    pub id: &'a str,
    /// The mail address; empty for none.
    pub mail: &'a str,
    /// The SIP addresses, with their schemes.
    pub sip: &'a [&'a str],
    /// The display name; empty for none.
    pub name: &'a str,
    /// Whether remote call control is enabled.
    pub enabled: bool,
    /// The role.
    pub role: Role,
    /// What the user may control: `NUMBER[/PARTITION][@DEVICE]`; without a device, all appearances of the line.
    pub lines: &'a [&'a str],
}

impl Default for NewUser<'_> {
    fn default() -> Self {
        Self { id: "", mail: "", sip: &[], name: "", enabled: true, role: Role::User, lines: &[] }
    }
}

/// A line to add.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewLine<'a> {
    /// The directory number.
    pub number: &'a str,
    /// The partition; empty for none.
    pub partition: &'a str,
    /// The alias, an E.164 number in any form that [`e164`] reads; empty for none.
    pub e164: &'a str,
    /// The label; empty for none.
    pub label: &'a str,
}

/// A device to add.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewDevice<'a> {
    /// The name.
    pub name: &'a str,
    /// The kind.
    pub kind: DeviceKind,
    /// The description; empty for none.
    pub description: &'a str,
    /// Its lines, `NUMBER[/PARTITION]`, which have the indexes 1, 2 and so on.
    pub lines: &'a [&'a str],
}

/// A line appearance to add. One that a device has in its list of lines is amended.
#[derive(Clone, Copy, Debug, Default)]
pub struct NewAppearance<'a> {
    /// The line, `NUMBER[/PARTITION]`.
    pub line: &'a str,
    /// The device's name; empty for the one appearance of a line that no device carries.
    pub device: &'a str,
    /// The index, from 1 to [`MAX_LINES`]; 0 for that in the device's list or, without one, the first that is free.
    pub index: u32,
    /// The device ID at the phone system; empty for none.
    pub device_id: &'a str,
}

/// How many entries with mistakes a directory was built without.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Users.
    pub users: usize,
    /// Lines.
    pub lines: usize,
    /// Devices.
    pub devices: usize,
    /// Line appearances.
    pub appearances: usize,
}

/// Where entries are collected.
#[derive(Debug, Default)]
pub struct Builder {
    pub(super) texts: Texts,
    /// Texts of which the directory keeps nothing: references.
    pub(super) references: Texts,
    pub(super) users: Vec<UserToAdd>,
    pub(super) addresses: Vec<Span>,
    pub(super) rights: Vec<Span>,
    pub(super) lines: Vec<LineToAdd>,
    pub(super) devices: Vec<DeviceToAdd>,
    pub(super) appearances: Vec<AppearanceToAdd>,
    pub(super) mistakes: Mistakes,
}

/// An entry is `bad` if it has a mistake that was noted.
#[derive(Clone, Copy, Debug)]
pub(super) struct UserToAdd {
    pub(super) id: Span,
    pub(super) mail: Span,
    pub(super) name: Span,
    /// Where its addresses and rights begin.
    pub(super) addresses: u32,
    pub(super) rights: u32,
    pub(super) enabled: bool,
    pub(super) role: Role,
    pub(super) place: Place,
    pub(super) bad: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct LineToAdd {
    pub(super) number: Span,
    pub(super) partition: Span,
    pub(super) e164: Span,
    pub(super) label: Span,
    pub(super) place: Place,
    pub(super) bad: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct DeviceToAdd {
    pub(super) name: Span,
    pub(super) description: Span,
    pub(super) kind: DeviceKind,
    pub(super) place: Place,
    pub(super) bad: bool,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct AppearanceToAdd {
    /// References.
    pub(super) line: Span,
    pub(super) device: Span,
    pub(super) index: u32,
    pub(super) device_id: Span,
    /// Whether it is from a device's list of lines.
    pub(super) listed: bool,
    pub(super) place: Place,
    pub(super) bad: bool,
}

/// The mistakes of one entry.
struct Entry<'b> {
    mistakes: &'b mut Mistakes,
    place: Place,
    kind: &'static str,
    key: &'b str,
    bad: bool,
}

impl Entry<'_> {
    fn mistake(&mut self, what: fmt::Arguments<'_>) {
        self.bad = true;
        let Self { mistakes, place, kind, key, bad: _ } = self;
        mistakes.add(*place, format_args!("{kind} {}: {what}", Shown(key)));
    }

    /// Checks the text by which the entry is known.
    fn name(&mut self, what: &str, rule: &Rule) {
        if !rule.allows(self.key) {
            self.mistake(format_args!("the {what} must be {}", rule.bound));
        }
    }

    /// Checks a text that may be missing.
    fn text(&mut self, what: &str, text: &str, rule: &Rule) {
        if !text.is_empty() && !rule.allows(text) {
            self.mistake(format_args!("{what} {}: must be {}", Shown(text), rule.bound));
        }
    }

    /// Checks the number of entries in a list.
    fn count(&mut self, what: &str, count: usize, most: usize) {
        if count > most {
            self.mistake(format_args!("{what}: has {count} entries, and must have at most {most}"));
        }
    }

    /// Checks the number of entries of a kind.
    fn room(&mut self, count: usize, most: usize) {
        if count >= most {
            self.mistake(format_args!("is one too many: at most {most}"));
        }
    }
}

impl Builder {
    /// A builder without entries.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Names a file that entries come from.
    pub fn file(&mut self, name: &str) -> FileId {
        self.mistakes.file(name)
    }

    /// Notes a mistake that was found elsewhere: the directory cannot be built.
    pub fn mistake(&mut self, place: Place, what: fmt::Arguments<'_>) {
        self.mistakes.add(place, what);
    }

    fn entry<'b>(mistakes: &'b mut Mistakes, place: Place, kind: &'static str, key: &'b str) -> Entry<'b> {
        Entry { mistakes, place, kind, key, bad: false }
    }

    /// Adds a user.
    pub fn user(&mut self, place: Place, user: &NewUser<'_>) {
        let NewUser { id, mail, sip, name, enabled, role, lines } = *user;
        let mut entry = Self::entry(&mut self.mistakes, place, "user", id);
        entry.name("user ID", &check::USER_ID);
        entry.text("mail", mail, &check::MAIL);
        entry.text("name", name, &check::NAME);
        for address in sip {
            entry.text("sip", address, &check::SIP);
        }
        entry.count("sip", sip.len(), MAX_ADDRESSES);
        entry.count("lines", lines.len(), MAX_LINES);
        entry.room(self.users.len(), MAX_ENTRIES);
        let bad = entry.bad;
        let (addresses, rights) = (number(self.addresses.len()), number(self.rights.len()));
        if !bad {
            for address in sip.iter().filter(|address| !address.is_empty()) {
                self.addresses.push(self.texts.push(address));
            }
            for line in lines {
                self.rights.push(self.references.push(line));
            }
        }
        let [id, mail, name] =
            [id, mail, name].map(|text| if bad { Span::default() } else { self.texts.push(text) });
        self.users.push(UserToAdd { id, mail, name, addresses, rights, enabled, role, place, bad });
    }

    /// Adds a line.
    pub fn line(&mut self, place: Place, line: &NewLine<'_>) {
        let NewLine { number, partition, e164: alias, label } = *line;
        let mut entry = Self::entry(&mut self.mistakes, place, "line", number);
        entry.name("number", &check::NUMBER);
        entry.text("partition", partition, &check::PARTITION);
        entry.text("e164", alias, &check::E164);
        entry.text("label", label, &check::NAME);
        entry.room(self.lines.len(), MAX_ENTRIES);
        let bad = entry.bad;
        let (number, partition) = (self.texts.push(number), self.texts.push(partition));
        let e164 = self.texts.push(&e164(alias).unwrap_or_default());
        let label = if bad { Span::default() } else { self.texts.push(label) };
        self.lines.push(LineToAdd { number, partition, e164, label, place, bad });
    }

    /// Adds a device, and its line appearances.
    pub fn device(&mut self, place: Place, device: &NewDevice<'_>) {
        let NewDevice { name, kind, description, lines } = *device;
        let mut entry = Self::entry(&mut self.mistakes, place, "device", name);
        entry.name("name", &check::DEVICE);
        entry.text("description", description, &check::NAME);
        entry.count("lines", lines.len(), MAX_LINES);
        entry.room(self.devices.len(), MAX_ENTRIES);
        let bad = entry.bad;
        let name = self.texts.push(name);
        let description = if bad { Span::default() } else { self.texts.push(description) };
        self.devices.push(DeviceToAdd { name, description, kind, place, bad });
        for (line, index) in lines.iter().take(MAX_LINES).zip(1..) {
            let line = self.references.push(line);
            let device = self.references.push(self.texts.get(name));
            let device_id = Span::default();
            self.push_appearance(AppearanceToAdd {
                line,
                device,
                index,
                device_id,
                listed: true,
                place,
                bad,
            });
        }
    }

    /// Adds a line appearance.
    pub fn appearance(&mut self, place: Place, appearance: &NewAppearance<'_>) {
        let NewAppearance { line, device, index, device_id } = *appearance;
        let mut entry = Self::entry(&mut self.mistakes, place, "line appearance", line);
        entry.text("device_id", device_id, &check::DEVICE_ID);
        if position_exceeds(index) {
            entry.mistake(format_args!("index {index}: must be from 1 to {MAX_LINES}"));
        }
        if device.is_empty() && index > 0 {
            entry.mistake(format_args!("index {index}: needs a device"));
        }
        let bad = entry.bad;
        let (line, device) = (self.references.push(line), self.references.push(device));
        let device_id = if bad { Span::default() } else { self.texts.push(device_id) };
        self.push_appearance(AppearanceToAdd { line, device, index, device_id, listed: false, place, bad });
    }

    fn push_appearance(&mut self, appearance: AppearanceToAdd) {
        if self.appearances.len() < MAX_APPEARANCES {
            self.appearances.push(appearance);
        } else {
            let what = format_args!("line appearances: must be at most {MAX_APPEARANCES}");
            self.mistakes.add(appearance.place, what);
        }
    }

    /// The directory of all entries.
    ///
    /// # Errors
    /// Every mistake in them, bounded.
    pub fn build(self) -> Result<Directory, Mistakes> {
        let (directory, mistakes, _) = self.finish();
        if mistakes.is_empty() { Ok(directory) } else { Err(mistakes) }
    }

    /// The directory of the entries without mistakes, the mistakes of the others, and how many these are. Of two that
    /// contradict each other the first is kept. A line whose appearance is left out may be without any, and a user of
    /// whose lines one is left out is left out too.
    #[must_use]
    pub fn finish(self) -> (Directory, Mistakes, LeftOut) {
        Resolver::new(self).finish()
    }
}

/// Whether an index is above its limit.
fn position_exceeds(index: u32) -> bool {
    super::position(index) > MAX_LINES
}
