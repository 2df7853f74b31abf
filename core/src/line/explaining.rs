//! Why a user would control a line, or would not: every step from the URI of the user to device and number, for people.
//!
//! It is a pure function of what a sign-in depends on, and takes the same steps ([`super::finding`]).

mod dialling;
mod steps;

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::Display;
use core::net::IpAddr;

use super::directory::{AppearanceId, DeviceKind, Directory, UserId};
use super::finding::{
    Finder, Notes, Outcome, Refusal, Registered, ServerType, Silent, UNKNOWN_TO_PHONE_SYSTEM_REMEDY,
    UNREGISTERED_REMEDY, Wanted, device_of,
};
use super::rules::Rules;
use crate::setting::Network;

/// What somebody wants to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Question {
    /// The URI of the user.
    pub user: String,
    /// The line URI; empty if the client names none.
    pub line: String,
    /// What the client would dial.
    pub dial: Option<String>,
    /// The address that the request comes from.
    pub peer: Option<IpAddr>,
}

/// A step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// What the step is about; `refused` and `remedy` are the last two if it fails.
    pub step: &'static str,
    /// What was looked for.
    pub looked_for: String,
    /// Where: a key of the configuration, or a part of the directory.
    pub place: &'static str,
    /// What was found.
    pub found: String,
}

/// All steps.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Explanation {
    /// The steps, in their order.
    pub rows: Vec<Row>,
    /// Whether the user would control a line and, if a number is to be dialled, whether it could be.
    pub succeeds: bool,
}

/// What a sign-in depends on by the configuration.
#[derive(Clone, Debug)]
pub struct Site<'a> {
    /// Who may speak SIP (`sip.allow`).
    pub allow: &'a [Network],
    /// The domains in which the user part of a SIP URI is a user ID.
    pub domains: &'a [String],
    /// What decides if a line is on several devices.
    pub server: ServerType,
    /// How numbers are rewritten.
    pub numbers: &'a Rules,
    /// The names of the CTI connections.
    pub connections: Vec<&'a str>,
}

/// What is known.
#[derive(Clone, Copy)]
pub struct Known<'a> {
    /// The configuration.
    pub site: &'a Site<'a>,
    /// Users, lines and devices; `None` if whoever may speak SIP may control the line that it names.
    pub directory: Option<&'a Directory>,
    /// The line appearance that a user selected, if any; users by their IDs.
    pub choice: &'a dyn Fn(&str) -> Option<&'a str>,
    /// Whether the device of a line appearance is registered at the phone system.
    pub registered: &'a dyn Fn(AppearanceId) -> Registered,
    /// What the phone system last said of a device, by its device ID, if it did not know it.
    pub said: &'a dyn Fn(&str) -> Option<&'a str>,
}

/// Explains what would become of a sign-in.
#[must_use]
pub fn explain(known: &Known<'_>, question: &Question) -> Explanation {
    let mut explanation = Explanation::default();
    explanation.succeeds = explanation.go(known, question);
    explanation
}

/// Returns the user whom the URI in a question names, if the search finds a line appearance.
pub(crate) fn user_of(known: &Known<'_>, question: &Question) -> Option<UserId> {
    match find(known, known.directory?, (&question.user, &question.line), known.registered, &mut Silent) {
        Outcome::Found { user, .. } | Outcome::Depends { user, .. } => Some(user),
        Outcome::Refused(_) => None,
    }
}

impl Explanation {
    fn add(
        &mut self,
        step: &'static str,
        looked_for: &dyn Display,
        place: &'static str,
        found: &dyn Display,
    ) {
        self.rows.push(Row { step, looked_for: looked_for.to_string(), place, found: found.to_string() });
    }

    /// Ends with what went wrong, and what can be done about it.
    fn fail(&mut self, refusal: &dyn Display, counter: &'static str, remedy: &dyn Display) -> bool {
        self.add("refused", refusal, counter, &"");
        self.add("remedy", remedy, "", &"");
        false
    }

    fn go(&mut self, known: &Known<'_>, question: &Question) -> bool {
        let Question { user, line, dial, peer } = question;
        if peer.is_some_and(|peer| !self.believes(known, peer)) {
            return false;
        }
        let Some(device) = (match known.directory {
            Some(directory) => self.by_directory(known, directory, (user, line)),
            None => self.by_line_alone(known, (user, line)).filter(|device| self.is_known(known, device)),
        }) else {
            return false;
        };
        for name in &known.site.connections {
            self.add("device ID", name, "cti.connection", &device);
        }
        dial.as_ref().is_none_or(|number| self.dial(known.site.numbers, number))
    }

    /// Whether a peer may say who its user is (U0).
    fn believes(&mut self, known: &Known<'_>, peer: IpAddr) -> bool {
        let network = known.site.allow.iter().find(|network| network.contains(peer));
        if let Some(network) = network {
            self.add("peer", &peer, "sip.allow", &format_args!("believed: it is in {network}"));
            return true;
        }
        self.add("peer", &peer, "sip.allow", &"nothing: every request is answered 403");
        self.fail(&"403 Peer not on the access list", "", &"enter the peer's address in sip.allow")
    }

    /// Finds the line appearance; returns its device ID, unless there is none that the user would control now.
    fn by_directory(
        &mut self,
        known: &Known<'_>,
        directory: &Directory,
        (user, line): (&str, &str),
    ) -> Option<String> {
        let appearance = match find(known, directory, (user, line), known.registered, self) {
            Outcome::Found { appearance, .. } => appearance,
            Outcome::Depends { .. } => self.either(known, directory, (user, line))?,
            Outcome::Refused(refusal) => {
                self.refuse(refusal);
                return None;
            }
        };
        let device = device_of(directory, appearance);
        let name = directory.written(appearance);
        match (known.registered)(appearance) {
            Registered::NotAsked if !self.is_known(known, device) => return None,
            Registered::NotAsked => {
                self.add(
                    "device",
                    &name,
                    "phone system",
                    &"not asked: only a sign-in tells whether it is registered",
                );
            }
            Registered::Yes => self.add("device", &name, "phone system", &"registered"),
            Registered::No => {
                self.add("device", &name, "phone system", &"not registered");
                self.fail(
                    &"200, status disabled: device not registered",
                    "devices_unregistered",
                    &UNREGISTERED_REMEDY,
                );
                return None;
            }
        }
        self.add("controls", &name, "", &what_it_is(directory, appearance));
        Some(String::from(device))
    }

    /// Says what depends on devices that nobody has asked for yet: the line appearance if only this soft phone is
    /// registered, for each, and if none is. Returns the last.
    fn either(
        &mut self,
        known: &Known<'_>,
        directory: &Directory,
        wanted: (&str, &str),
    ) -> Option<AppearanceId> {
        let mut asked: Vec<AppearanceId> = Vec::new();
        loop {
            let registered = |id: AppearanceId| match (known.registered)(id) {
                Registered::NotAsked if asked.contains(&id) => Registered::No,
                answer @ (Registered::Yes | Registered::No | Registered::NotAsked) => answer,
            };
            match find(known, directory, wanted, &registered, &mut Silent) {
                Outcome::Depends { on, .. } if !asked.contains(&on) => {
                    let name = directory.written(on);
                    self.add("if registered", &name, "phone system", &format_args!("{name} is controlled"));
                    asked.push(on);
                }
                Outcome::Depends { .. } => return None,
                Outcome::Found { appearance, .. } => {
                    let name = directory.written(appearance);
                    self.add(
                        "if not",
                        &"no soft phone",
                        "phone system",
                        &format_args!("{name} is controlled"),
                    );
                    return Some(appearance);
                }
                Outcome::Refused(refusal) => {
                    self.add(
                        "if not",
                        &"no soft phone",
                        "phone system",
                        &"nothing says which device is meant",
                    );
                    self.refuse(refusal);
                    return None;
                }
            }
        }
    }

    /// Whether the phone system has not said that it does not know a device, the last time that it was asked.
    fn is_known(&mut self, known: &Known<'_>, device: &str) -> bool {
        let Some(said) = (known.said)(device) else { return true };
        self.add(
            "device",
            &device,
            "phone system",
            &format_args!("nothing: it answered {said} to SnapshotDevice"),
        );
        let refusal = Refusal::UnknownLine;
        let answer = format!("{} {}", refusal.status(), refusal.reason());
        self.fail(&answer, refusal.counter(), &UNKNOWN_TO_PHONE_SYSTEM_REMEDY)
    }

    fn refuse(&mut self, refusal: Refusal) {
        let answer = format!("{} {}", refusal.status(), refusal.reason());
        self.fail(&answer, refusal.counter(), &refusal.remedy());
    }
}

/// What there is to know of a line appearance beside its name.
fn what_it_is(directory: &Directory, id: AppearanceId) -> String {
    let appearance = directory.appearance(id);
    let line = directory.line(appearance.line);
    let mut text = line.label.map(String::from).unwrap_or_default();
    let mut add = |more: &str| {
        if !text.is_empty() {
            text.push_str(", ");
        }
        text.push_str(more);
    };
    if let Some(alias) = line.e164 {
        add(alias);
    }
    if let Some(device) = appearance.device.map(|device| directory.device(device)) {
        add(if device.kind == DeviceKind::Soft { "soft phone" } else { "hard phone" });
        if let Some(description) = device.description {
            add(description);
        }
    }
    text
}

/// Searches as a sign-in does.
fn find(
    known: &Known<'_>,
    directory: &Directory,
    (user, line): (&str, &str),
    registered: &dyn Fn(AppearanceId) -> Registered,
    notes: &mut dyn Notes,
) -> Outcome {
    let site = known.site;
    let finder = Finder {
        directory,
        domains: site.domains,
        server: site.server,
        rules: site.numbers,
        choice: &|user| (known.choice)(user),
        registered,
    };
    finder.find(&Wanted { user, line }, notes)
}
