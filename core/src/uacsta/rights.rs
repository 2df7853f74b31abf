//! What becomes of sessions when the directory has changed, or a user's choice: each user's right and line appearance are
//! found again.

use alloc::boxed::Box;
use core::fmt::Display;

use super::appearance::{device_of, find};
use super::{Control, Leg, Uacsta};
use crate::action::Level;
use crate::line::choice::folded;
use crate::line::directory::{Directory, UserId};
use crate::line::finding::{Finder, Outcome, Refusal as NoLine, Registered, Silent};
use crate::sip::user_agent::Phase;
use crate::step::{SessionId, Step};

/// Why a session ends whose user has no right to its line any more.
const WITHDRAWN: &str = "its user may not control its line any more";
/// Why a session ends that is to be signed in anew.
const ANEW: &str = "its line may be at another device now, which shows when the client signs in again";

/// What becomes of a session.
enum Right {
    /// Nothing.
    Stays,
    /// The phone system knows its line appearance by this identifier now.
    Elsewhere(Box<str>),
    /// It is to be found by signing in anew.
    Unclear,
    /// It is gone.
    Withdrawn(NoLine),
}

impl Uacsta {
    /// Lets a session go on, or end if its user may not control its line any more; one whose line appearance is at
    /// another device now follows it there.
    pub(super) fn recheck_right(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        session: SessionId,
    ) {
        let is_signing_in = control
            .sessions
            .get(session)
            .is_some_and(|one| matches!(one.carrier.phase, Phase::SigningIn { .. }));
        // Once it is answered which device is registered, its line is found by the present directory.
        if is_signing_in && self.choosing.contains_key(&session) {
            return;
        }
        set_owner(step, control, session);
        match right(step, control, session) {
            Right::Stays => control.recheck_monitors(step, self, session),
            Right::Elsewhere(device) if !is_signing_in => self.control_at(step, control, session, &device),
            Right::Elsewhere(_) | Right::Unclear => self.end_by_us(step, control, session, ANEW),
            Right::Withdrawn(no_line) if is_signing_in => {
                self.refuse_sign_in(step, control, session, no_line, None);
            }
            Right::Withdrawn(no_line) => self.withdraw_right(step, control, session, no_line),
        }
    }

    /// Ends a session whose user controls no line by it any more, and says why.
    fn withdraw_right(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        session: SessionId,
        no_line: NoLine,
    ) {
        step.counters.rights_withdrawn += 1;
        let fields: &[(&str, &dyn Display)] = &[("why", &no_line), ("remedy", &no_line.remedy())];
        self.note(step, control, (Level::Warn, "right_withdrawn"), session, fields);
        self.end_by_us(step, control, session, WITHDRAWN);
    }

    /// Lets the sessions of a user follow a new choice of his. If nothing says any more at which device of its line a
    /// session is meant, it stays where it is; if it finds no line at all, as a sign-in would not, it ends.
    pub(crate) fn follow_choice(&mut self, step: &mut Step<'_>, control: &mut Control<Leg>, user: &str) {
        for session in control.sessions_of(user).iter().copied() {
            let (Some(directory), Some(one)) = (step.directory, control.sessions.get(session)) else {
                continue;
            };
            let is_signing_in = matches!(one.carrier.phase, Phase::SigningIn { .. });
            match find(step, control, (one.user(), one.line()), &[]) {
                Outcome::Found { appearance, .. } => {
                    self.control_at(step, control, session, device_of(directory, appearance));
                }
                Outcome::Depends { on, .. } => {
                    let line = Box::<str>::from(one.line());
                    self.choose_device(step, control, session, (line, on));
                }
                Outcome::Refused(no_line @ NoLine::AmbiguousLine)
                    if may_keep(step, directory, one.user(), one.number()) =>
                {
                    let device = Box::<str>::from(one.number());
                    let fields: &[(&str, &dyn Display)] =
                        &[("device", &device), ("why", &no_line), ("remedy", &no_line.remedy())];
                    self.note(step, control, (Level::Warn, "device_kept"), session, fields);
                }
                Outcome::Refused(no_line) if is_signing_in => {
                    self.refuse_sign_in(step, control, session, no_line, None);
                }
                Outcome::Refused(no_line) => self.withdraw_right(step, control, session, no_line),
            }
        }
    }
}

/// Finds a session's line appearance again.
fn right(step: &Step<'_>, control: &Control<Leg>, session: SessionId) -> Right {
    let (Some(directory), Some(one)) = (step.directory, control.sessions.get(session)) else {
        return Right::Stays;
    };
    let outcome = find(step, control, (one.user(), one.line()), &[]);
    match outcome {
        Outcome::Found { appearance, .. } if device_of(directory, appearance) == one.number() => Right::Stays,
        Outcome::Found { appearance, .. } => Right::Elsewhere(Box::from(device_of(directory, appearance))),
        // At sign-in it would depend on what is registered or selected then. That is no reason to end what goes well.
        Outcome::Depends { .. } | Outcome::Refused(NoLine::AmbiguousLine)
            if may_keep(step, directory, one.user(), one.number()) =>
        {
            Right::Stays
        }
        Outcome::Depends { .. } => Right::Unclear,
        Outcome::Refused(no_line) => Right::Withdrawn(no_line),
    }
}

/// Whether a user may control what the phone system knows by this identifier.
fn may_keep(step: &Step<'_>, directory: &Directory, user: &str, device: &str) -> bool {
    let user = user_of(step, directory, user);
    user.is_some_and(|user| directory.appearances_of_user(user).any(|id| device_of(directory, id) == device))
}

/// The user that a URI names, if he is enabled.
fn user_of(step: &Step<'_>, directory: &Directory, uri: &str) -> Option<UserId> {
    let sources = &step.config.directory;
    let finder = Finder {
        directory,
        domains: &sources.domains,
        server: sources.server,
        rules: &step.config.numbers,
        choice: &|_| None,
        registered: &|_| Registered::NotAsked,
    };
    finder.find_user(uri, &mut Silent).ok()
}

/// Notes whose session it is by the present directory, which matters for selections.
fn set_owner(step: &Step<'_>, control: &mut Control<Leg>, session: SessionId) {
    let (Some(directory), Some(one)) = (step.directory, control.sessions.get(session)) else { return };
    if let Some(user) = user_of(step, directory, one.user()) {
        control.set_owner(session, Some(&*folded(directory.user(user).id)));
    }
}
