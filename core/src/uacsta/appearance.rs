//! Which line appearance a sign-in means: by the directory or, if there is none, by its line URI alone.

use alloc::boxed::Box;
use alloc::format;

use super::refused::{RefusedSignIn, kept};
use super::{Control, Leg, Uacsta};
use crate::config::Identity;
use crate::line::choice::folded;
use crate::line::directory::{AppearanceId, Directory};
use crate::line::finding::{Finder, Outcome, Refusal as NoLine, Registered, Silent, Wanted};
use crate::line::tel::Tel;
use crate::line::uri::number_of;
use crate::sip::user_agent::{Received, Refusal};
use crate::step::Step;
use crate::wire::csta::model::Namespace;
use crate::wire::sip::list::Split;
use crate::wire::sip::{Name, NameAddress, Scheme, Uri};

/// The content of a sign-in's body.
pub(super) struct SignIn {
    pub(super) namespace: Namespace,
    /// The line; empty if it names none.
    pub(super) line: Box<str>,
    /// By what the phone system knows the line; empty if that follows from it.
    pub(super) device: Box<str>,
    /// The user's URI.
    pub(super) user: Box<str>,
    /// The user's ID in the directory, without case.
    pub(super) owner: Option<Box<str>>,
    /// The line appearance on whose device it depends which one is meant, if it does.
    pub(super) depends: Option<AppearanceId>,
}

/// The URI of a request's user: From, or P-Asserted-Identity (RFC 3325) by `directory.identity`.
pub(super) fn identity<'m>(step: &Step<'_>, received: &Received<'m>) -> &'m str {
    let from = received.message.from().map_or("", |from| from.uri);
    if step.config.directory.identity == Identity::From {
        return from;
    }
    // There may be a SIP URI and a tel: URI (RFC 3325 9.1).
    let mut values = received.message.headers_named(Name::AssertedIdentity).flat_map(Split::commas);
    let asserted = values.find_map(|value| {
        let uri = NameAddress::parse(value)?.uri;
        let scheme = Uri::parse(uri)?.scheme;
        matches!(scheme, Scheme::Sip | Scheme::Sips).then_some(uri)
    });
    asserted.unwrap_or(from)
}

/// The line that a request is addressed to, if its body names none: a telephone number in To or the Request-URI.
pub(super) fn addressed<'m>(received: &Received<'m>) -> &'m str {
    let is_number = |uri: &&str| {
        Uri::parse(uri).is_some_and(|uri| match uri.scheme {
            Scheme::Tel => true,
            Scheme::Sip | Scheme::Sips => {
                uri.user.is_some() && uri.param("user").is_some_and(|user| user.eq_ignore_ascii_case("phone"))
            }
            Scheme::Other(_) => false,
        })
    };
    let to = received.message.to().map_or("", |to| to.uri);
    [to, received.uri].into_iter().find(is_number).unwrap_or_default()
}

pub(super) use crate::line::finding::device_of;

impl Uacsta {
    /// Finds the line appearance that a sign-in means, and notes it there. Returns false if the sign-in was refused.
    pub(super) fn find_line(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        received: &Received<'_>,
        sign_in: &mut SignIn,
    ) -> bool {
        let refusal = if let Some(directory) = step.directory {
            let outcome = find(step, control, (&sign_in.user, &sign_in.line), &[]);
            let (user, appearance, depends) = match outcome {
                Outcome::Found { user, appearance } => (user, appearance, None),
                Outcome::Depends { user, on } => (user, on, Some(on)),
                Outcome::Refused(refusal) => {
                    return self.turn_down(step, control, received, (sign_in, refusal));
                }
            };
            sign_in.depends = depends;
            sign_in.owner = Some(Box::from(&*folded(directory.user(user).id)));
            sign_in.mean(directory, appearance);
            return true;
        } else if sign_in.line.is_empty() {
            return true;
        } else {
            match Tel::read(&sign_in.line) {
                Ok(line) => {
                    let number = step.config.numbers.line(line.subscriber()).number;
                    let number = number.as_deref().unwrap_or_else(|_| line.subscriber());
                    if number_of(&sign_in.line) != Some(number) {
                        sign_in.device = Box::from(number);
                    }
                    return true;
                }
                Err(why) => why,
            }
        };
        let no_line = NoLine::UnknownLine;
        count(step, no_line);
        let (user, line) = (kept(&sign_in.user), kept(&sign_in.line));
        let device = Box::default();
        self.refused.keep(RefusedSignIn {
            at: step.now,
            user,
            owner: None,
            line,
            device,
            no_line,
            said: None,
        });
        let refusal = Refusal { detail: format!("the line {refusal}"), ..Refusal::new(404, "Unknown line") };
        self.ua.refuse(step, &mut control.sessions, received, &refusal);
        false
    }

    fn turn_down(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        received: &Received<'_>,
        (sign_in, no_line): (&SignIn, NoLine),
    ) -> bool {
        count(step, no_line);
        let (user, line) = (kept(&sign_in.user), kept(&sign_in.line));
        let (owner, device) = (sign_in.owner.clone(), Box::default());
        self.refused.keep(RefusedSignIn { at: step.now, user, owner, line, device, no_line, said: None });
        let refusal = Refusal {
            about: Some((&sign_in.line, no_line.remedy())),
            ..Refusal::new(no_line.status(), no_line.reason())
        };
        self.ua.refuse(step, &mut control.sessions, received, &refusal);
        false
    }
}

impl SignIn {
    /// Notes the line appearance that it means.
    fn mean(&mut self, directory: &Directory, appearance: AppearanceId) {
        let device = device_of(directory, appearance);
        if self.line.is_empty() {
            let number = directory.line(directory.appearance(appearance).line).number;
            self.line = format!("tel:{number};phone-context=dialstring").into();
        }
        self.device = if number_of(&self.line) == Some(device) { Box::default() } else { Box::from(device) };
    }
}

/// Finds the line appearance that a user means by a line URI; `known` are those whose devices were asked for, and
/// whether each is registered.
pub(super) fn find(
    step: &Step<'_>,
    control: &Control<Leg>,
    (user, line): (&str, &str),
    known: &[(AppearanceId, bool)],
) -> Outcome {
    let Some(directory) = step.directory else { return Outcome::Refused(NoLine::UnknownUser) };
    let registered = |id: AppearanceId| match known.iter().find(|(asked, _)| *asked == id) {
        Some((_, true)) => Registered::Yes,
        Some((_, false)) => Registered::No,
        None => Registered::NotAsked,
    };
    let finder = Finder {
        directory,
        domains: &step.config.directory.domains,
        server: step.config.directory.server,
        rules: &step.config.numbers,
        choice: &|user| control.choices.of(user),
        registered: &registered,
    };
    finder.find(&Wanted { user, line }, &mut Silent)
}

/// Counts a sign-in that is refused because it finds no line.
pub(super) const fn count(step: &mut Step<'_>, no_line: NoLine) {
    let counters = &mut *step.counters;
    let counter = match no_line {
        NoLine::UnknownUser => &mut counters.users_unknown,
        NoLine::NotEnabled => &mut counters.users_not_enabled,
        NoLine::NotAuthorized => &mut counters.lines_not_authorized,
        NoLine::UnknownLine => &mut counters.lines_unknown,
        NoLine::UnknownDevice => &mut counters.devices_unknown,
        NoLine::AmbiguousLine => &mut counters.lines_ambiguous,
    };
    *counter += 1;
}
