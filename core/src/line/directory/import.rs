//! Imports people from tables and LDAP directories: each row is a user with his line and its device, or only a line.

use alloc::borrow::Cow;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::super::rules::Rules;
use super::super::tel::Tel;
use super::builder::{Builder, LeftOut, NewAppearance, NewDevice, NewLine, NewUser};
use super::ldif::{Entry, Ldif};
use super::mistakes::Shown;
use super::{DeviceKind, Directory, FileId, Mistakes, Place, Role, e164, fold};

/// The names of the attributes of an LDAP directory from which an import takes what it needs. Of several, the first that
/// an entry has counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attributes {
    /// The user ID.
    pub id: Vec<String>,
    /// The display name.
    pub name: Vec<String>,
    /// The mail address.
    pub mail: Vec<String>,
    /// The SIP address.
    pub sip: Vec<String>,
    /// The line URI.
    pub line: Vec<String>,
    /// The telephone number.
    pub number: Vec<String>,
}

/// A column of a table to import.
#[derive(Clone, Copy, Debug)]
pub struct Column {
    /// Its name in the header, compared without case.
    pub name: &'static str,
    /// What it has.
    pub doc: &'static str,
    set: for<'r> fn(&mut Row<'r>, &'r str) -> Result<(), &'static str>,
}

/// A row to import. What is empty is missing.
#[derive(Clone, Debug, Default)]
pub struct Row<'r> {
    id: &'r str,
    mail: &'r str,
    sip: Vec<Cow<'r, str>>,
    name: &'r str,
    is_disabled: bool,
    role: Role,
    line: &'r str,
    partition: &'r str,
    e164: &'r str,
    label: &'r str,
    device: &'r str,
    kind: Option<DeviceKind>,
    description: &'r str,
    device_id: &'r str,
    lines: Vec<&'r str>,
}

/// The columns of a table, in the order of the help.
pub const COLUMNS: [Column; 15] = [
    column("id", "the user ID; a row without one is only a line and its device", |row, text| {
        keep(&mut row.id, text)
    }),
    column("mail", "the mail address", |row, text| keep(&mut row.mail, text)),
    column("sip", "the SIP addresses, separated by blanks; without a scheme, sip: is added", |row, text| {
        row.sip = text.split_ascii_whitespace().map(with_scheme).collect();
        Ok(())
    }),
    column("name", "the display name", |row, text| keep(&mut row.name, text)),
    column("enabled", "whether remote call control is enabled: yes (unless given) or no", |row, text| {
        row.is_disabled =
            !choice(text, [&["", "yes", "true", "1"], &["no", "false", "0"]]).ok_or("yes or no")?;
        Ok(())
    }),
    column("role", "user (unless given) or administrator", |row, text| {
        let is_user = choice(text, [&["", "user"], &["administrator"]]).ok_or("user or administrator")?;
        row.role = if is_user { Role::User } else { Role::Administrator };
        Ok(())
    }),
    column(
        "line",
        "the user's own line: its number, or a line URI such as tel:+14255550101;ext=101",
        |row, text| keep(&mut row.line, text),
    ),
    column("partition", "the partition that it is in", |row, text| keep(&mut row.partition, text)),
    column("e164", "the E.164 number by which it is known outside", |row, text| keep(&mut row.e164, text)),
    column("label", "its label for people", |row, text| keep(&mut row.label, text)),
    column("device", "the device that carries it; the user may then control it there only", |row, text| {
        keep(&mut row.device, text)
    }),
    column("kind", "the device's kind: hard (unless given) or soft", |row, text| {
        let is_hard = choice(text, [&["", "hard"], &["soft"]]).ok_or("hard or soft")?;
        let kind = if is_hard { DeviceKind::Hard } else { DeviceKind::Soft };
        row.kind = (!text.is_empty()).then_some(kind);
        Ok(())
    }),
    column("description", "the device's description", |row, text| keep(&mut row.description, text)),
    column(
        "device_id",
        "the device ID at the phone system, if it does not follow from the number",
        |row, text| keep(&mut row.device_id, text),
    ),
    column(
        "lines",
        "further lines that the user may control, separated by blanks: NUMBER[/PARTITION][@DEVICE]",
        |row, text| {
            row.lines = text.split_ascii_whitespace().collect();
            Ok(())
        },
    ),
];

const fn column(
    name: &'static str,
    doc: &'static str,
    set: for<'r> fn(&mut Row<'r>, &'r str) -> Result<(), &'static str>,
) -> Column {
    Column { name, doc, set }
}

#[expect(clippy::unnecessary_wraps, reason = "all columns are set by functions of one type")]
fn keep<'r>(field: &mut &'r str, text: &'r str) -> Result<(), &'static str> {
    *field = text;
    Ok(())
}

/// Whether a word is among the first words, or among the second.
fn choice(text: &str, [first, second]: [&[&str]; 2]) -> Option<bool> {
    let is = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is(first) { Some(true) } else { is(second).then_some(false) }
}

/// A SIP address, with `sip:` if it has no scheme.
fn with_scheme(text: &str) -> Cow<'_, str> {
    if text.contains(':') { Cow::Borrowed(text) } else { Cow::Owned(format!("sip:{text}")) }
}

/// Whether an address has the scheme of another kind of address, such as `SMTP:alice@example.com`: an attribute may have
/// several kinds.
fn is_other_address(text: &str) -> bool {
    let is = |scheme: &str, known: &str| scheme.eq_ignore_ascii_case(known);
    text.split_once(':').is_some_and(|(scheme, _)| !is(scheme, "sip") && !is(scheme, "sips"))
}

/// The column with this name in a header.
#[must_use]
pub fn column_named(name: &str) -> Option<&'static Column> {
    COLUMNS.iter().find(|column| column.name.eq_ignore_ascii_case(name.trim()))
}

/// A line that rows have, from which it gets what each says.
#[derive(Debug)]
struct SharedLine {
    e164: String,
    label: String,
    place: Place,
}

/// A device that rows have.
#[derive(Debug)]
struct SharedDevice {
    name: String,
    kind: Option<DeviceKind>,
    description: String,
    lines: Vec<String>,
    place: Place,
}

/// Where rows are collected.
#[derive(Debug, Default)]
pub struct Import {
    rules: Rules,
    builder: Builder,
    lines: BTreeMap<(String, String), SharedLine>,
    devices: BTreeMap<String, SharedDevice>,
    left_out: usize,
    ignored: usize,
}

impl Import {
    /// An import without rows. By the rules a global number that has no extension becomes that of a line.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        Self { rules, ..Self::default() }
    }

    /// Names a file that rows come from.
    pub fn file(&mut self, name: &str) -> FileId {
        self.builder.file(name)
    }

    /// Notes a mistake that was found elsewhere. A row that it concerns is left out.
    pub fn mistake(&mut self, place: Place, what: core::fmt::Arguments<'_>) {
        self.left_out = self.left_out.saturating_add(1);
        self.builder.mistake(place, what);
    }

    /// How many entries of an LDAP directory were ignored, since they have no user ID.
    #[must_use]
    pub const fn ignored(&self) -> usize {
        self.ignored
    }

    /// Adds the entries of an LDIF file; `name` is its name in mistakes.
    pub fn ldif(&mut self, text: &str, name: &str, attributes: &Attributes) {
        let file = self.file(name);
        for record in Ldif::new(text) {
            match record {
                Ok(entry) => self.entry(Place::new(file, entry.line), &entry, attributes),
                Err(wrong) => self.mistake(Place::new(file, wrong.line), format_args!("{}", wrong.what)),
            }
        }
    }

    fn entry(&mut self, place: Place, entry: &Entry<'_>, attributes: &Attributes) {
        let all = |names: &[String]| {
            let mut found = names.iter().map(|name| {
                let values = entry.values(name).filter(|value| !value.trim().is_empty());
                values.map(|value| String::from(value.trim())).collect::<Vec<_>>()
            });
            found.find(|values| !values.is_empty()).unwrap_or_default()
        };
        let first = |names: &[String]| all(names).into_iter().next().unwrap_or_default();
        let Attributes { id, name, mail, sip, line, number } = attributes;
        let (id, name, mail) = (first(id), first(name), first(mail));
        if id.is_empty() {
            self.ignored = self.ignored.saturating_add(1);
            return;
        }
        let (line, number, sip) = (first(line), first(number), all(sip));
        // A number that is not global is a number inside, and no alias.
        let is_global = Tel::read(&number).is_ok_and(|tel| tel.is_global());
        self.row(
            place,
            &Row {
                id: &id,
                name: &name,
                mail: &mail,
                sip: sip.iter().filter(|one| !is_other_address(one)).map(|one| with_scheme(one)).collect(),
                line: if line.is_empty() { &number } else { &line },
                e164: if is_global && !line.is_empty() { &number } else { "" },
                ..Row::default()
            },
        );
    }

    /// Adds a row, whose cells are given with their columns.
    pub fn cells<'r>(&mut self, place: Place, cells: impl Iterator<Item = (&'static Column, &'r str)>) {
        let mut row = Row::default();
        for (column, text) in cells {
            let text = text.trim();
            if let Err(words) = (column.set)(&mut row, text) {
                let what = format_args!("{} {}: must be {words}", column.name, Shown(text));
                return self.mistake(place, what);
            }
        }
        self.row(place, &row);
    }

    fn row(&mut self, place: Place, row: &Row<'_>) {
        if row.id.is_empty() && row.line.is_empty() {
            return self.mistake(place, format_args!("there is neither a user ID nor a line"));
        }
        let own = match self.line(place, row) {
            Ok(own) => own,
            Err(what) => return self.mistake(place, format_args!("{what}")),
        };
        if row.id.is_empty() {
            return;
        }
        let sip: Vec<&str> = row.sip.iter().map(AsRef::as_ref).collect();
        let lines: Vec<&str> = own.as_deref().into_iter().chain(row.lines.iter().copied()).collect();
        let (id, mail, name, role) = (row.id, row.mail, row.name, row.role);
        let user = NewUser { id, mail, sip: &sip, name, enabled: !row.is_disabled, role, lines: &lines };
        self.builder.user(place, &user);
    }

    /// Adds the row's line and device. Returns the reference by which the user may control it.
    fn line(&mut self, place: Place, row: &Row<'_>) -> Result<Option<String>, String> {
        if row.line.is_empty() {
            let other = [row.partition, row.e164, row.label, row.device, row.description, row.device_id];
            let is_alone = other.iter().all(|text| text.is_empty()) && row.kind.is_none();
            return if is_alone { Ok(None) } else { Err("what is said of a line needs one".into()) };
        }
        let tel = Tel::read(row.line).map_err(|why| format!("line {}: {why}", Shown(row.line)))?;
        let number = self.number_of(&tel);
        let given = |cell: &str, parameter: Option<Cow<'_, str>>| {
            if cell.is_empty() { parameter.unwrap_or_default().into_owned() } else { String::from(cell) }
        };
        let partition = given(row.partition, tel.partition());
        let device = given(row.device, tel.device());
        let alias = if row.e164.is_empty() && tel.is_global() { tel.subscriber() } else { row.e164 };
        let alias = e164(alias).unwrap_or_else(|| alias.to_string());
        let mut reference = number.clone();
        if !partition.is_empty() {
            reference = reference + "/" + &partition;
        }
        let here = SharedLine { e164: alias, label: row.label.into(), place };
        self.share_line(here, (number, partition))?;
        if device.is_empty() {
            if row.kind.is_some() || !row.description.is_empty() {
                return Err("what is said of a device needs one".into());
            }
        } else {
            self.share_device(place, row, &device, &reference)?;
        }
        if !row.device_id.is_empty() {
            let (line, device_id) = (reference.as_str(), row.device_id);
            self.builder.appearance(place, &NewAppearance { line, device: &device, index: 0, device_id });
        }
        if !device.is_empty() {
            reference = reference + "@" + &device;
        }
        Ok(Some(reference))
    }

    /// The number of the line that a URI names, as the phone system reports it: of a global number its extension, or what
    /// the rules make of it; any other is that number itself.
    fn number_of(&self, tel: &Tel<'_>) -> String {
        if !tel.is_global() {
            return tel.subscriber().into();
        }
        tel.ext().map_or_else(
            || {
                self.rules
                    .line(tel.subscriber())
                    .number
                    .map_or_else(|_| tel.subscriber().into(), |number| number.as_str().into())
            },
            Cow::into_owned,
        )
    }

    fn share_line(&mut self, here: SharedLine, key: (String, String)) -> Result<(), String> {
        let Some(line) = self.lines.get_mut(&key) else {
            self.lines.insert(key, here);
            return Ok(());
        };
        let at = self.builder.mistakes.at(line.place);
        let of = format!("line {}", Shown(&key.0));
        merge(&of, "e164", &mut line.e164, here.e164, &at)?;
        merge(&of, "label", &mut line.label, here.label, &at)
    }

    fn share_device(&mut self, place: Place, row: &Row<'_>, name: &str, line: &str) -> Result<(), String> {
        let device = self.devices.entry(fold::folded(name)).or_insert_with(|| SharedDevice {
            name: name.into(),
            kind: None,
            description: String::new(),
            lines: Vec::new(),
            place,
        });
        let at = self.builder.mistakes.at(device.place);
        if row.kind.is_some() && device.kind.is_some() && row.kind != device.kind {
            return Err(format!("device {}: is of another kind in {at}", Shown(name)));
        }
        device.kind = row.kind.or(device.kind);
        let of = format!("device {}", Shown(name));
        merge(&of, "description", &mut device.description, row.description.into(), &at)?;
        if !device.lines.iter().any(|known| known == line) {
            device.lines.push(line.into());
        }
        Ok(())
    }

    /// The directory of the rows without mistakes, the mistakes of the others, and how many these are.
    #[must_use]
    pub fn finish(self) -> (Directory, Mistakes, LeftOut) {
        let Self { mut builder, lines, devices, left_out, rules: _, ignored: _ } = self;
        for ((number, partition), line) in &lines {
            let SharedLine { e164, label, place } = line;
            builder.line(*place, &NewLine { number, partition, e164, label });
        }
        for device in devices.values() {
            let lines: Vec<&str> = device.lines.iter().map(String::as_str).collect();
            let (name, kind) = (device.name.as_str(), device.kind.unwrap_or_default());
            let description = device.description.as_str();
            builder.device(device.place, &NewDevice { name, kind, description, lines: &lines });
        }
        let (directory, mistakes, mut counts) = builder.finish();
        counts.users = counts.users.saturating_add(left_out);
        (directory, mistakes, counts)
    }
}

/// Takes over what another row says of the same thing; it must not contradict.
fn merge(of: &str, what: &str, kept: &mut String, here: String, at: &str) -> Result<(), String> {
    if kept.is_empty() {
        *kept = here;
    } else if !here.is_empty() && *kept != here {
        return Err(format!("{of}: {what} {}: is {} in {at}", Shown(&here), Shown(kept)));
    }
    Ok(())
}

#[cfg(test)]
mod tests;
