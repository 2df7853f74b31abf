//! Finding the one line appearance that a sign-in means, and the right to it.
//!
//! It is a pure function of the directory, the rules and what is known of phones: every step that it takes is noted,
//! with what was looked for, where, and what was found, so that an operator can be shown why a sign-in is refused.
//!
//! | file | subject |
//! |---|---|
//! | `user` | the user that a URI names |
//! | `wanted` | the line that a line URI names |
//! | `phone` | the line appearance, if the line is on several devices |
//! | `refusal` | why there is none |
//! | `cases` | the cases of choosing an appearance: tested, and drawn in `docs/line-appearances.md` |

mod cases;
mod phone;
mod refusal;
mod user;
mod wanted;

use alloc::vec::Vec;
use core::fmt::Display;

pub use cases::{CASES, Case, DIRECTORY};
pub use phone::{Registered, ServerType};
pub use refusal::{Refusal, UNKNOWN_TO_PHONE_SYSTEM_REMEDY, UNREGISTERED_REMEDY};

use super::choice::Choice;
use super::directory::{AppearanceId, DeviceKind, Directory, UserId};
use super::rules::Rules;
use super::tel::Tel;
use super::uri::{device_id_in, device_named_by};
use phone::{Candidate, Preferred, choose};

/// What a sign-in says of itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted<'a> {
    /// The URI of the user: that in From, or an asserted one (RFC 3325).
    pub user: &'a str,
    /// The line URI; empty if the client names no line.
    pub line: &'a str,
}

/// What happened in the search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The user may control this line appearance, and means it.
    Found {
        /// The user.
        user: UserId,
        /// The line appearance.
        appearance: AppearanceId,
    },
    /// It depends on whether the device of this line appearance is registered at the phone system.
    Depends {
        /// The user.
        user: UserId,
        /// The line appearance.
        on: AppearanceId,
    },
    /// There is none.
    Refused(Refusal),
}

/// Is told each step of a search.
pub trait Notes {
    /// `looked_for` was looked for as `what`, and `found` was found.
    fn note(&mut self, what: &'static str, looked_for: &dyn Display, found: &dyn Display);
}

/// Nobody wants to know.
#[derive(Clone, Copy, Debug)]
pub struct Silent;

impl Notes for Silent {
    fn note(&mut self, _what: &'static str, _looked_for: &dyn Display, _found: &dyn Display) {}
}

/// What a search depends on, beside what the sign-in says.
#[derive(Clone, Copy)]
pub struct Finder<'a> {
    /// Users, lines and devices.
    pub directory: &'a Directory,
    /// The domains in which the user part of a SIP URI is a user ID.
    pub domains: &'a [alloc::string::String],
    /// What decides if a line is on several devices.
    pub server: ServerType,
    /// How numbers are rewritten.
    pub rules: &'a Rules,
    /// The line appearance that a user selected, `DEVICE[:INDEX]`, if any; users by their IDs.
    pub choice: &'a dyn Fn(&str) -> Option<&'a str>,
    /// Whether the device of a line appearance is registered at the phone system.
    pub registered: &'a dyn Fn(AppearanceId) -> Registered,
}

impl Finder<'_> {
    /// Finds the line appearance that a sign-in means.
    pub fn find(&self, wanted: &Wanted<'_>, notes: &mut dyn Notes) -> Outcome {
        let found = self.find_user(wanted.user, notes);
        match found.and_then(|user| self.find_appearance(user, wanted.line, notes)) {
            Ok(outcome) => outcome,
            Err(refusal) => {
                notes.note("outcome", &refusal, &refusal.remedy());
                Outcome::Refused(refusal)
            }
        }
    }

    /// Returns the identifier by which the phone system knows the line that a user means by an identifier within a
    /// session: as the phone system knows it, or in a form in which a line URI names it. `None` if the user may not
    /// control it, if several could be meant, or if he is not enabled.
    pub(crate) fn line_of_user(&self, user: UserId, identifier: &str) -> Option<&str> {
        if !self.directory.user(user).enabled {
            return None;
        }
        let known = |id: AppearanceId| device_of(self.directory, id);
        let device = device_named_by(identifier)?;
        if let Some(own) = self.directory.appearances_of_user(user).find(|id| known(*id) == device) {
            return Some(known(own));
        }
        if device_id_in(identifier).is_some() {
            return None;
        }
        let meant = self.candidates(user, identifier, &mut Silent).ok()?;
        let first = known(*meant.first()?);
        meant.iter().all(|other| known(*other) == first).then_some(first)
    }

    fn find_appearance(&self, user: UserId, line: &str, notes: &mut dyn Notes) -> Result<Outcome, Refusal> {
        if let Some(appearance) = self.chosen(user, line, notes) {
            return Ok(Outcome::Found { user, appearance });
        }
        let candidates = if line.is_empty() {
            notes.note("line", &"the client names none", &"all of the user's");
            let own: Vec<AppearanceId> = self.directory.appearances_of_user(user).collect();
            // Without a line there is nothing to choose a device by if the user has several lines.
            let line_of = |id: &AppearanceId| self.directory.appearance(*id).line;
            let lines: Option<_> = own.first().map(line_of);
            match lines {
                None => return Err(Refusal::NotAuthorized),
                Some(first) if own.iter().any(|id| line_of(id) != first) => {
                    return Err(Refusal::AmbiguousLine);
                }
                Some(_) => own,
            }
        } else {
            self.candidates(user, line, notes)?
        };
        self.choose(user, &candidates, notes)
    }

    /// Returns the line appearance that the user chose, if it still exists and is still the user's. If he chose only a
    /// device, and may control several lines there, it is that of the line that the line URI names.
    fn chosen(&self, user: UserId, line: &str, notes: &mut dyn Notes) -> Option<AppearanceId> {
        let text = (self.choice)(self.directory.user(user).id)?;
        let Choice::Device { name, index } = Choice::parse(text)? else { return None };
        let all: Vec<AppearanceId> = at(self.directory, name, index).collect();
        let mut own = all.clone();
        own.retain(|id| self.directory.may_control(user, *id));
        if own.len() > 1
            && let Ok(wanted) = Tel::read(line)
        {
            let lines = self.find_lines(&wanted, &mut Silent);
            own.retain(|id| lines.contains(&self.directory.appearance(*id).line));
        }
        let (chosen, found) = match (&*own, all.is_empty()) {
            ([only], _) => (Some(*only), "used, whatever the line URI says"),
            (_, true) => (None, "ignored: there is no such line appearance any more"),
            ([], false) => (None, "ignored: it is not the user's any more"),
            (_, false) => (None, "ignored: the user may control several lines there"),
        };
        notes.note("selection", &text, &found);
        chosen
    }

    /// Returns the user's appearances of the line that a line URI names, on the device that it names, if it names one.
    fn candidates(
        &self,
        user: UserId,
        line: &str,
        notes: &mut dyn Notes,
    ) -> Result<Vec<AppearanceId>, Refusal> {
        let wanted = Tel::read(line).map_err(|why| {
            notes.note("line", &line, &why);
            Refusal::UnknownLine
        })?;
        let lines = self.find_lines(&wanted, notes);
        if lines.is_empty() {
            return Err(Refusal::UnknownLine);
        }
        let device = match wanted.device() {
            None => None,
            Some(name) => {
                let device = self.directory.device_named(&name);
                let found: &dyn Display = if device.is_some() { &"found" } else { &"nothing" };
                notes.note("device", &name, found);
                Some(device.ok_or(Refusal::UnknownDevice)?)
            }
        };
        let mut on_device = false;
        let mut own: Vec<AppearanceId> = Vec::new();
        for appearance in lines.iter().flat_map(|line| self.directory.appearances_of_line(*line)) {
            if device.is_some() && self.directory.appearance(appearance).device != device {
                continue;
            }
            on_device = true;
            if self.directory.may_control(user, appearance) {
                own.push(appearance);
            }
        }
        if !on_device {
            notes.note("line appearance", &line, &"the device does not have the line");
            return Err(Refusal::UnknownDevice);
        }
        if own.is_empty() {
            notes.note("right", &line, &"none of its appearances is the user's");
            return Err(Refusal::NotAuthorized);
        }
        // The same number in several partitions: if the user may control more than one, nothing tells them apart.
        let line_of = |id: &AppearanceId| self.directory.appearance(*id).line;
        let first = own.first().map(line_of);
        if own.iter().any(|id| Some(line_of(id)) != first) {
            notes.note("partition", &line, &"the user may control the number in several");
            return Err(Refusal::AmbiguousLine);
        }
        Ok(own)
    }

    /// Chooses among appearances of one line on several devices.
    fn choose(
        &self,
        user: UserId,
        appearances: &[AppearanceId],
        notes: &mut dyn Notes,
    ) -> Result<Outcome, Refusal> {
        if let [appearance] = *appearances {
            notes.note("line appearance", &Counted(1), &"the only one");
            return Ok(Outcome::Found { user, appearance });
        }
        let candidates: Vec<Candidate> = appearances
            .iter()
            .map(|id| {
                let device = self.directory.appearance(*id).device;
                let kind = device.map_or(DeviceKind::Hard, |device| self.directory.device(device).kind);
                Candidate { kind, registered: (self.registered)(*id) }
            })
            .collect();
        let choice = choose(self.server, &candidates);
        let at = |index: usize| appearances.get(index).copied();
        let (outcome, why) = match choice {
            Preferred::Only(index) => {
                (at(index).map(|appearance| Outcome::Found { user, appearance }), "the only one")
            }
            Preferred::SoftPhone(index) => {
                let appearance = at(index).map(|appearance| Outcome::Found { user, appearance });
                (appearance, "the soft phone that is registered")
            }
            Preferred::HardPhone(index) => {
                let appearance = at(index).map(|appearance| Outcome::Found { user, appearance });
                (appearance, "the hard phone, as no soft phone is registered")
            }
            Preferred::Depends(index) => (
                at(index).map(|on| Outcome::Depends { user, on }),
                "it depends on whether a soft phone is registered",
            ),
            Preferred::Ambiguous => (None, "several could be meant"),
        };
        notes.note("line appearance", &Counted(candidates.len()), &why);
        outcome.ok_or(Refusal::AmbiguousLine)
    }
}

/// Iterates over the line appearances at a device, or the one at this index of it.
pub(crate) fn at<'d>(
    directory: &'d Directory,
    device: &str,
    index: Option<u16>,
) -> impl Iterator<Item = AppearanceId> + use<'d> {
    let all = directory.device_named(device).into_iter();
    let all = all.flat_map(|device| directory.appearances_of_device(device));
    all.filter(move |id| index.is_none_or(|index| directory.appearance(*id).index == u32::from(index)))
}

/// The identifier by which the phone system knows a line appearance: its device ID, or the line's number.
pub(crate) fn device_of(directory: &Directory, appearance: AppearanceId) -> &str {
    let appearance = directory.appearance(appearance);
    appearance.device_id.unwrap_or_else(|| directory.line(appearance.line).number)
}

/// A number of candidates, in words.
struct Counted(usize);

impl Display for Counted {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let Self(count) = self;
        if *count == 1 { f.write_str("1 candidate") } else { write!(f, "{count} candidates") }
    }
}
