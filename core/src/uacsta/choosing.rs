//! A sign-in whose line was found: the phone system is asked whether it knows the line and, if that is on several
//! devices, which of them are registered.

use alloc::boxed::Box;
use alloc::vec::Vec;
use core::fmt::Display;

use super::appearance::{SignIn, count, device_of, find};
use super::refused::{RefusedSignIn, kept, kept_saying};
use super::{Control, Leg, Uacsta};
use crate::action::Level;
use crate::line::directory::AppearanceId;
use crate::line::finding::{Outcome, Refusal as NoLine, UNKNOWN_TO_PHONE_SYSTEM_REMEDY, UNREGISTERED_REMEDY};
use crate::rcc::clients::Checked;
use crate::rcc::history::Why;
use crate::sip::user_agent::{Asked, Phase, Reply};
use crate::step::{SessionId, Step};

/// A sign-in whose line is on several devices, while the phone system is asked which of them are registered.
#[derive(Debug)]
pub(super) struct Choosing {
    /// The line that the client named; empty if it named none.
    line: Box<str>,
    /// The line appearance whose device was asked for.
    on: AppearanceId,
    /// Those that were asked for before, and whether each is registered.
    known: Vec<(AppearanceId, bool)>,
    /// Whether the directory has changed since: what it calls by these IDs is not what was asked for.
    is_stale: bool,
}

crate::digest! { struct Choosing {
    line,
    on,
    known,
    is_stale,
} }

impl Uacsta {
    /// Asks the phone system whether it knows a new session's line; if the line is on several devices, whether the one
    /// is registered that it depends on. A session that is refused at once, because nothing could be asked, gives its
    /// turn back: else users who are refused over and over would leave fewer sessions to some connections.
    pub(super) fn check_line(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        session: SessionId,
        sign_in: &SignIn,
    ) {
        let Some(on) = sign_in.depends else {
            self.verify_line(step, control, session);
            return;
        };
        let connection = control.sessions.get(session).and_then(|one| one.connection);
        let choosing = Choosing { line: sign_in.line.clone(), on, known: Vec::new(), is_stale: false };
        self.ask_device(step, control, session, choosing);
        if let Some(connection) = connection.filter(|_| control.sessions.get(session).is_none()) {
            control.pool.return_turn(connection);
        }
    }

    /// Finds which device a session's line is meant at, which depends on whether that of this line appearance is
    /// registered.
    pub(super) fn choose_device(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        session: SessionId,
        (line, on): (Box<str>, AppearanceId),
    ) {
        self.ask_device(step, control, session, Choosing { line, on, known: Vec::new(), is_stale: false });
    }

    /// Asks whether a device is registered. One that cannot be asked for is not.
    fn ask_device(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        session: SessionId,
        choosing: Choosing,
    ) {
        let device = step.directory.map_or("", |directory| device_of(directory, choosing.on));
        self.choosing.insert(session, choosing);
        if !control.check_device(step, session, device) {
            self.on_device_checked(step, control, session, false);
        }
    }

    /// Begins all choices of devices anew when what was asked for is answered: the directory has changed.
    pub(crate) fn choose_anew(&mut self) {
        for choosing in self.choosing.values_mut() {
            choosing.known.clear();
            choosing.is_stale = true;
        }
    }

    /// Continues the choice of a device.
    fn on_device_checked(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        session: SessionId,
        is_registered: bool,
    ) {
        let Some(mut choosing) = self.choosing.remove(&session) else { return };
        let Some(one) = control.sessions.get(session) else { return };
        let is_signing_in = matches!(one.carrier.phase, Phase::SigningIn { .. });
        let Some(directory) = step.directory else {
            // Meanwhile any line may be controlled.
            if is_signing_in {
                self.accept_sign_in(step, control, session);
            }
            return;
        };
        if !core::mem::take(&mut choosing.is_stale) {
            choosing.known.push((choosing.on, is_registered));
        }
        let user = Box::<str>::from(one.user());
        match find(step, control, (&user, &choosing.line), &choosing.known) {
            Outcome::Found { appearance, .. } => {
                let device = device_of(directory, appearance);
                if !is_signing_in {
                    self.control_at(step, control, session, device);
                    return;
                }
                control.set_device(session, device);
                let was_asked = choosing.known.iter().any(|(asked, _)| *asked == appearance);
                if was_asked {
                    self.accept_sign_in(step, control, session);
                } else {
                    self.verify_line(step, control, session);
                }
            }
            Outcome::Depends { on, .. } if !choosing.known.iter().any(|(asked, _)| *asked == on) => {
                self.ask_device(step, control, session, Choosing { on, ..choosing });
            }
            // It stays where it is.
            Outcome::Depends { .. } | Outcome::Refused(_) if !is_signing_in => {}
            Outcome::Depends { .. } => {
                self.refuse_sign_in(step, control, session, NoLine::AmbiguousLine, None);
            }
            Outcome::Refused(refusal) => self.refuse_sign_in(step, control, session, refusal, None),
        }
    }

    /// Continues with a session whose line was checked: it signs in, or its device was not registered before.
    pub(super) fn on_checked(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        session: SessionId,
        checked: Checked,
    ) {
        let Some(one) = control.sessions.get_mut(session) else { return };
        let is_signing_in = matches!(one.carrier.phase, Phase::SigningIn { .. });
        if self.choosing.contains_key(&session) {
            self.on_device_checked(step, control, session, checked == Checked::Known);
            return;
        }
        let is_unregistered = checked == Checked::Unregistered;
        match checked {
            Checked::Unknown(error) if is_signing_in => {
                self.refuse_sign_in(step, control, session, NoLine::UnknownLine, Some(&error));
            }
            Checked::Known | Checked::Unregistered if is_signing_in => {
                one.is_unregistered = is_unregistered;
                if is_unregistered {
                    self.note_unregistered(step, control, session);
                }
                self.accept_sign_in(step, control, session);
            }
            Checked::Known | Checked::Unregistered => {
                let was = core::mem::replace(&mut one.is_unregistered, is_unregistered);
                if was != is_unregistered {
                    control.tell_status(step, self, session);
                }
            }
            Checked::Unknown(_) => {}
        }
    }

    /// Lets a session control its line at the device that the phone system knows as `device`.
    pub(super) fn control_at(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        session: SessionId,
        device: &str,
    ) {
        self.choosing.remove(&session);
        let is_other = *control.number_of(session) != *device;
        control.change_device(step, self, session, device);
        if is_other {
            // Whether it is registered shows now.
            control.check_line(step, session);
        }
    }

    fn note_unregistered(&self, step: &mut Step<'_>, control: &mut Control<Leg>, session: SessionId) {
        step.counters.devices_unregistered += 1;
        control.keep_trouble(step.now, session, "SnapshotDevice", Why::Said("device not registered"));
        let device = control.number_of(session);
        let fields: &[(&str, &dyn Display)] =
            &[("device", &&*device), ("why", &"device not registered"), ("remedy", &UNREGISTERED_REMEDY)];
        self.note(step, control, (Level::Warn, "device_not_registered"), session, fields);
    }

    /// Refuses a sign-in that is held, and forgets the session. `said` is what the phone system said.
    pub(super) fn refuse_sign_in(
        &mut self,
        step: &mut Step<'_>,
        control: &mut Control<Leg>,
        handle: SessionId,
        no_line: NoLine,
        said: Option<&dyn Display>,
    ) {
        let Some(session) = control.sessions.get(handle) else { return };
        let Phase::SigningIn { invite } = session.carrier.phase else {
            debug_assert!(false, "a session signs in once");
            return;
        };
        count(step, no_line);
        let number = Box::<str>::from(session.number());
        let refused = RefusedSignIn {
            at: step.now,
            user: kept(session.user()),
            owner: session.owner.clone(),
            line: kept(session.line()),
            device: if said.is_some() { number.clone() } else { Box::default() },
            no_line,
            said: kept_saying(said),
        };
        self.refused.keep(refused);
        let (status, remedy) = (no_line.status(), no_line.remedy());
        let by_phone_system: &[(&str, &dyn Display)] = &[
            ("method", &"INVITE"),
            ("status", &status),
            ("service", &"SnapshotDevice"),
            ("device", &number),
            ("why", &said.unwrap_or(&"")),
            ("remedy", &UNKNOWN_TO_PHONE_SYSTEM_REMEDY),
        ];
        let by_directory: &[(&str, &dyn Display)] =
            &[("method", &"INVITE"), ("status", &status), ("why", &no_line), ("remedy", &remedy)];
        let fields = if said.is_some() { by_phone_system } else { by_directory };
        self.note(step, control, (Level::Warn, "request_refused"), handle, fields);
        let reply = Reply::because(status, no_line.reason());
        self.ua.answer(step, &mut control.sessions, Asked::Held(invite), &reply);
        let why: &'static str = if no_line == NoLine::UnknownLine { "unknown line" } else { "refused" };
        self.end_session(step, control, handle, why);
    }
}
