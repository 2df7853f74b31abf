//! Users' choices of the line appearance that they control: checked, kept by the store, then in force
//! ([`crate::rcc::choices`]).

use alloc::vec::Vec;

use super::{Gateway, Step};
use crate::action::Level;
use crate::line::choice::{Choice, is_user};
use crate::line::directory::{AppearanceId, Directory};
use crate::line::finding::at;
use crate::rcc::choices::Settled;
use crate::reply::{PersistResult, Refusal, Token};

impl Gateway {
    /// Gives a user's choice to the store. The command is answered when the store has answered.
    ///
    /// # Errors
    /// If the choice cannot be made; then nothing has changed.
    pub(super) fn on_select(
        &mut self,
        step: &mut Step<'_>,
        token: Option<Token>,
        (user, choice): (&str, &str),
    ) -> Result<(), Refusal> {
        let checked = check_selection(step.directory.map(|directory| &**directory), user, choice);
        let selected = checked.and_then(|choice| self.control.choices.select(step, token, (user, choice)));
        if let Err(refusal) = &selected {
            note_refusal(step, (user, choice), *refusal);
        }
        selected
    }

    /// Handles the store's answer: the choice is in force, or refused.
    pub(super) fn on_persisted(&mut self, step: &mut Step<'_>, token: Token, result: PersistResult) {
        let Some(settled) = self.control.choices.on_persisted(step, token, result) else { return };
        let Settled { token, user, choice, result } = settled;
        match result {
            Ok(()) => self.on_chosen(step, &user, &choice),
            Err(refusal) => note_refusal(step, (&user, &choice), refusal),
        }
        step.actions.reply(token, result);
    }

    /// Takes what the store has kept of an earlier run.
    pub(super) fn on_restored(&mut self, step: &mut Step<'_>, key: &str, value: &str) {
        if let Err(why) = self.control.choices.restore(key, value) {
            step.actions.notify(
                Level::Warn,
                "restored_ignored",
                &[("key", &key), ("value", &value), ("why", &why)],
            );
        }
    }

    /// The choice of `user`, whose ID is without case, is `choice` from now on.
    fn on_chosen(&mut self, step: &mut Step<'_>, user: &str, choice: &str) {
        step.actions.notify(Level::Info, "selected", &[("user", &user), ("choice", &choice)]);
        self.uacsta.follow_choice(step, &mut self.control, user);
    }
}

/// Checks whether a user may make a choice.
///
/// # Errors
/// Why not.
fn check_selection<'a>(
    directory: Option<&Directory>,
    user: &str,
    choice: &'a str,
) -> Result<Choice<'a>, Refusal> {
    if !is_user(user) {
        return Err(Refusal::UserSyntax);
    }
    let choice = Choice::parse(choice).ok_or(Refusal::ChoiceSyntax)?;
    let directory = directory.ok_or(Refusal::NoDirectory)?;
    let user = directory.user_by_id(user).ok_or(Refusal::UnknownUser)?;
    let Choice::Device { name, index } = choice else { return Ok(choice) };
    let at_device: Vec<AppearanceId> = at(directory, name, index).collect();
    if at_device.is_empty() {
        return Err(Refusal::UnknownAppearance);
    }
    let may_control = at_device.iter().any(|appearance| directory.may_control(user, *appearance));
    if may_control { Ok(choice) } else { Err(Refusal::NotAuthorized) }
}

fn note_refusal(step: &mut Step<'_>, (user, choice): (&str, &str), refusal: Refusal) {
    let fields: &[(&str, &dyn core::fmt::Display)] =
        &[("user", &user), ("choice", &choice), ("why", &refusal)];
    step.actions.notify(Level::Warn, "selection_refused", fields);
}
