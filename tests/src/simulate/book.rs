//! The directory of a simulated site, and a model of it: who may control which line at which phone, and which one a
//! sign-in means. It shares nothing with the gateway's own search.
//!
//! Lines 2001 to 2004 are at one to three devices; the phone system knows each of these line appearances as a phone of
//! its own. Lines 1005 and 1006 are in no device: the phone system knows them by their numbers.

mod drawn;

use std::collections::BTreeSet;
use std::sync::Arc;

use core::fmt::Write as _;

use ctigate_core::line::directory::Directory;

use super::plan::{FIRST_PHONE, PHONES};

/// How many lines are at devices; the others are phones' own.
const SHARED: usize = 4;

/// What is in front of a line's number in its E.164 number.
const SITE: &str = "+49301234";

/// The first of the lines at devices.
const FIRST_LINE: u64 = 2001;

/// A line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Line {
    number: String,
    /// Whether it is in the directory now.
    is_listed: bool,
    /// Whether the directory has its E.164 number.
    has_alias: bool,
}

/// A line appearance.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Spot {
    line: usize,
    device: usize,
    /// The index at the device.
    index: usize,
    /// The phone as which the phone system knows it.
    phone: u64,
    is_listed: bool,
}

/// A user.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Person {
    /// The user ID as the directory writes it.
    id: String,
    is_listed: bool,
    is_enabled: bool,
    /// Lines, each at all of its devices or at one.
    rights: BTreeSet<(usize, Option<usize>)>,
}

/// How a client names itself and its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The URI in From.
    pub from: String,
    /// The line URI.
    pub uri: String,
    /// The line, by its index.
    line: usize,
    /// Whether it is named by its E.164 number.
    is_global: bool,
    /// The device that the line URI names, by its index.
    device: Option<usize>,
}

/// What a sign-in means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Meant {
    /// This phone.
    At(u64),
    /// Some phone, or none: it depends on which are registered.
    Unsure,
    /// Several could be meant: it is refused; who has signed in already may stay.
    Ambiguous,
    /// It is refused.
    Refused,
}

/// A directory, with the number rules that belong to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Book {
    lines: Vec<Line>,
    /// The devices' names.
    devices: Vec<&'static str>,
    spots: Vec<Spot>,
    people: Vec<Person>,
    /// Whether a soft phone that is registered is preferred.
    is_lcs: bool,
    /// Whether a number rule makes lines' numbers of E.164 numbers.
    has_rule: bool,
    /// Whether what clients dial is rewritten.
    rewrites: bool,
}

impl Book {
    /// The text of the directory file.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::from("ctigate directory 1\n");
        // Writing to a String cannot fail.
        for line in self.lines.iter().filter(|line| line.is_listed) {
            let _ = write!(text, "line {}", line.number);
            if line.has_alias {
                let _ = write!(text, " e164={SITE}{}", line.number);
            }
            text.push('\n');
        }
        for device in &self.devices {
            let kind = if is_soft(device) { "soft" } else { "hard" };
            let _ = writeln!(text, "device {device} kind={kind}");
        }
        for spot in self.spots.iter().filter(|spot| self.is_there(spot)) {
            let (number, device) = (self.number(spot.line), self.device(spot.device));
            let _ = writeln!(text, "appearance {number} {device} {} device_id={}", spot.index, spot.phone);
        }
        for person in self.people.iter().filter(|person| person.is_listed) {
            let name = person.id.to_lowercase();
            let enabled = if person.is_enabled { "" } else { " enabled=no" };
            let _ = write!(
                text,
                "user {} mail={name}@mail.example.com sip=sip:{name}@voice.example.com{enabled}",
                person.id
            );
            for (line, device) in &person.rights {
                let _ = match device {
                    None if self.is_line_there(*line) => write!(text, " line={}", self.number(*line)),
                    Some(device) if self.spot(*line, *device).is_some() => {
                        write!(text, " line={}@{}", self.number(*line), self.device(*device))
                    }
                    _ => Ok(()),
                };
            }
            text.push('\n');
        }
        text
    }

    /// The directory as the gateway reads it.
    ///
    /// # Errors
    /// What is wrong with its text.
    pub fn directory(&self) -> Result<Arc<Directory>, String> {
        let text = self.text();
        let read = Directory::read(&text, "site").map_err(|mistakes| format!("{mistakes}\n{text}"))?;
        Ok(Arc::new(read))
    }

    /// The settings that belong to it.
    #[must_use]
    pub fn settings(&self) -> Vec<String> {
        let mut settings = vec!["directory.domains = [\"example.com\"]".to_owned()];
        if self.is_lcs {
            settings.push("directory.server = \"lcs\"".to_owned());
        }
        if self.has_rule {
            settings.push(format!("numbers.line[0].begins = \"{SITE}\""));
            settings.push(format!("numbers.line[0].strip = {}", SITE.len()));
        }
        if self.rewrites {
            settings.push("numbers.dial[0].begins = \"4711\"".to_owned());
            settings.push("numbers.dial[0].strip = 4".to_owned());
            settings.push("numbers.dial[0].prepend = \"1003\"".to_owned());
        }
        settings
    }

    /// What is dialled if a client dials `number`.
    pub(super) fn dialled<'n>(&self, number: &'n str) -> &'n str {
        if self.rewrites && number == "4711" { "1003" } else { number }
    }

    /// The phones that a user may control; none if he is not listed or not enabled.
    pub(super) fn phones_of(&self, user: &str) -> BTreeSet<u64> {
        let own = self.own(user).into_iter().map(|spot| spot.phone);
        let plain = self.rights(user).filter(|(line, _)| *line >= SHARED && self.is_line_there(*line));
        own.chain(plain.map(|(line, _)| phone_numbered(self.number(line)))).collect()
    }

    /// Whether a user may control a phone.
    pub(super) fn may(&self, user: &str, phone: &str) -> bool {
        phone.parse().is_ok_and(|phone| self.phones_of(user).contains(&phone))
    }

    /// The phone that a user means who signs in so, and who has made this choice.
    pub(super) fn means(&self, user: &str, named: &Named, choice: Option<&str>) -> Meant {
        if !self.people.iter().any(|one| one.is_listed && one.is_enabled && one.id.eq_ignore_ascii_case(user))
        {
            return Meant::Refused;
        }
        if let Some(phone) = choice.and_then(|choice| self.chosen(user, named, choice)) {
            return Meant::At(phone);
        }
        let Named { line, device, .. } = *named;
        if !self.is_found(named) {
            return Meant::Refused;
        }
        if line >= SHARED {
            let may = device.is_none() && self.rights(user).any(|(own, _)| own == line);
            return if may { Meant::At(phone_numbered(self.number(line))) } else { Meant::Refused };
        }
        let own: Vec<&Spot> = self.own(user).into_iter().filter(|spot| spot.line == line).collect();
        let own: Vec<&Spot> =
            own.into_iter().filter(|spot| device.is_none_or(|device| device == spot.device)).collect();
        match own.as_slice() {
            [] => Meant::Refused,
            [only] => Meant::At(only.phone),
            several if self.is_lcs => {
                let soft = several.iter().any(|spot| is_soft(self.device(spot.device)));
                let hard: Vec<_> = several.iter().filter(|spot| !is_soft(self.device(spot.device))).collect();
                match hard.as_slice() {
                    _ if soft => Meant::Unsure,
                    [only] => Meant::At(only.phone),
                    _ => Meant::Ambiguous,
                }
            }
            _ => Meant::Ambiguous,
        }
    }

    /// The phone of the line appearance that a user has chosen, if that is his and only one is meant.
    fn chosen(&self, user: &str, named: &Named, choice: &str) -> Option<u64> {
        let mut own: Vec<&Spot> = self.at(choice)?;
        own.retain(|spot| self.own(user).contains(spot));
        if own.len() > 1 {
            own.retain(|spot| spot.line == named.line && self.is_found(named));
        }
        match own.as_slice() {
            [only] => Some(only.phone),
            _ => None,
        }
    }

    /// Whether a user may make a choice now.
    pub(super) fn may_choose(&self, user: &str, choice: &str) -> bool {
        let is_listed = self.people.iter().any(|one| one.is_listed && one.id.eq_ignore_ascii_case(user));
        // Who is not enabled may choose: it counts when he is.
        let enabled = self.clone().with_enabled(user);
        let own = enabled.own(user);
        is_listed
            && (choice == "automatic"
                || self.at(choice).is_some_and(|spots| spots.iter().any(|spot| own.contains(spot))))
    }

    fn with_enabled(mut self, user: &str) -> Self {
        for person in &mut self.people {
            person.is_enabled |= person.id.eq_ignore_ascii_case(user);
        }
        self
    }

    /// The line appearances that a choice names; `None` if it cannot be read.
    fn at(&self, choice: &str) -> Option<Vec<&Spot>> {
        let (name, index) = match choice.split_once(':') {
            Some((name, index)) => (name, Some(index.parse::<usize>().ok().filter(|index| *index > 0)?)),
            None => (choice, None),
        };
        let is_meant = |spot: &&Spot| {
            self.device(spot.device).eq_ignore_ascii_case(name)
                && index.is_none_or(|index| index == spot.index)
                && self.is_there(spot)
        };
        Some(self.spots.iter().filter(is_meant).collect())
    }

    /// Whether the line that a client names is found.
    fn is_found(&self, named: &Named) -> bool {
        let Some(line) = self.lines.get(named.line).filter(|line| line.is_listed) else { return false };
        !named.is_global || line.has_alias || self.has_rule
    }

    fn rights(&self, user: &str) -> impl Iterator<Item = (usize, Option<usize>)> + use<'_> {
        let person = self.people.iter().find(|person| person.id.eq_ignore_ascii_case(user));
        let person = person.filter(|person| person.is_listed && person.is_enabled);
        person.into_iter().flat_map(|person| person.rights.iter().copied())
    }

    /// The line appearances at devices that a user may control.
    fn own(&self, user: &str) -> Vec<&Spot> {
        let rights: Vec<_> = self.rights(user).collect();
        let is_own = |spot: &&Spot| {
            self.is_there(spot)
                && rights.iter().any(|(line, device)| {
                    *line == spot.line && device.is_none_or(|device| device == spot.device)
                })
        };
        self.spots.iter().filter(is_own).collect()
    }

    fn is_there(&self, spot: &Spot) -> bool {
        spot.is_listed && self.is_line_there(spot.line)
    }

    fn is_line_there(&self, line: usize) -> bool {
        self.lines.get(line).is_some_and(|line| line.is_listed)
    }

    fn spot(&self, line: usize, device: usize) -> Option<&Spot> {
        self.spots.iter().find(|spot| (spot.line, spot.device) == (line, device) && self.is_there(spot))
    }

    fn number(&self, line: usize) -> &str {
        self.lines.get(line).map_or("", |line| &line.number)
    }

    fn device(&self, device: usize) -> &'static str {
        self.devices.get(device).copied().unwrap_or_default()
    }
}

fn is_soft(device: &str) -> bool {
    device.starts_with("SOFT")
}

/// The phone with this number.
fn phone_numbered(number: &str) -> u64 {
    number.parse().ok().filter(|phone| (FIRST_PHONE..FIRST_PHONE + PHONES).contains(phone)).unwrap_or(0)
}
