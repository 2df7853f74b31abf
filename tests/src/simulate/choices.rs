//! What users chose in the simulated world: an acknowledged choice is never lost, and one that is refused changes
//! nothing.

use std::collections::BTreeMap;

use ctigate_core::{Command, Refusal, ReplyResult, Token};

use super::SECOND;
use crate::world::{HostId, World};

/// How long it may take until a choice is answered: the store takes 20 ms for each that waits.
const ANSWERED: u64 = 3 * SECOND;

/// A choice that was asked for.
#[derive(Debug)]
struct Asked {
    token: Token,
    at: u64,
    /// The life of the node.
    life: u64,
    /// The user, without case.
    user: String,
    choice: String,
    /// Whether the directory then in force allowed it.
    may: bool,
}

/// The choices that were asked for at one node.
#[derive(Debug, Default)]
pub(super) struct Choices {
    asked: Vec<Asked>,
    /// When it was last started.
    began: u64,
}

impl Choices {
    /// Asks for a choice, unless the node is down.
    pub(super) fn ask(
        &mut self,
        world: &mut World,
        (host, life): (HostId, u64),
        (user, choice): (&str, &str),
        may: bool,
    ) {
        if world.finished(host).is_some() {
            return;
        }
        let token = Token::new(u64::try_from(self.asked.len()).unwrap_or(0));
        let (user_id, choice_text) = (user.to_lowercase(), choice.to_owned());
        self.asked.push(Asked { token, at: world.now(), life, user: user_id, choice: choice_text, may });
        world.ask(host, token, Command::Select { user, choice });
    }

    /// Notes that the node was started.
    pub(super) const fn begin(&mut self, now: u64) {
        self.began = now;
    }

    /// How many choices were acknowledged and refused.
    pub(super) fn count(&self, world: &World, host: HostId) -> (usize, usize) {
        let answered: Vec<_> =
            self.asked.iter().filter_map(|asked| answer(world, host, asked.token)).collect();
        let done = answered.iter().filter(|answer| answer.is_ok()).count();
        (done, answered.len().saturating_sub(done))
    }

    /// Checks the answers so far, and what is in force and kept.
    ///
    /// # Errors
    /// What is wrong.
    pub(super) fn check(&self, world: &World, host: HostId, life: u64) -> Result<(), String> {
        let lives = world.finished(host).is_none();
        for asked in &self.asked {
            let answers = world.replies(host).iter().filter(|(token, _)| *token == asked.token).count();
            if answers > 1 {
                return Err(format!("a selection is answered {answers} times: {asked:?}"));
            }
            match answer(world, host, asked.token) {
                None if lives && asked.life == life && world.now() > asked.at.saturating_add(ANSWERED) => {
                    return Err(format!("a selection is without an answer: {asked:?}"));
                }
                Some(Ok(())) if !asked.may => {
                    return Err(format!("a selection is acknowledged that is not the user's: {asked:?}"));
                }
                Some(Err(refusal)) if asked.may && is_of_right(refusal) => {
                    return Err(format!("a selection of the user's is refused ({refusal}): {asked:?}"));
                }
                _ => {}
            }
        }
        if !lives {
            return Ok(());
        }
        let found = world.selections(host);
        self.check_kept(world, host, &found)?;
        let last = self.asked.last().map_or(0, |asked| asked.at).max(self.began);
        let kept = kept(world, host);
        if world.now() > last.saturating_add(ANSWERED) && found != kept {
            return Err(format!("selections in force differ from those kept: {found:?}, kept {kept:?}"));
        }
        Ok(())
    }

    /// Each user's choice must be the one that was acknowledged last, or one that was asked for later.
    fn check_kept(
        &self,
        world: &World,
        host: HostId,
        found: &BTreeMap<String, String>,
    ) -> Result<(), String> {
        let users =
            self.asked.iter().map(|asked| asked.user.as_str()).chain(found.keys().map(String::as_str));
        for user in users {
            let own: Vec<&Asked> = self.asked.iter().filter(|asked| asked.user == user).collect();
            let last = own.iter().rposition(|asked| answer(world, host, asked.token) == Some(Ok(())));
            let now = found.get(user).map_or("automatic", String::as_str);
            let later = own.iter().skip(last.unwrap_or(0));
            let possible =
                later.filter(|asked| !is_refused(world, host, asked)).any(|asked| asked.choice == now);
            if !possible && (last.is_some() || now != "automatic") {
                return Err(format!(
                    "an acknowledged selection is lost: {user} has {now}, asked for {own:?}"
                ));
            }
        }
        Ok(())
    }
}

fn answer(world: &World, host: HostId, token: Token) -> Option<ReplyResult> {
    world.replies(host).iter().find(|(other, _)| *other == token).map(|(_, result)| *result)
}

fn is_refused(world: &World, host: HostId, asked: &Asked) -> bool {
    answer(world, host, asked.token).is_some_and(|answer| answer.is_err())
}

/// Whether a choice is refused for what it is, and not for the state of the store or the gateway.
const fn is_of_right(refusal: Refusal) -> bool {
    matches!(
        refusal,
        Refusal::UserSyntax
            | Refusal::ChoiceSyntax
            | Refusal::NoDirectory
            | Refusal::UnknownUser
            | Refusal::UnknownAppearance
            | Refusal::NotAuthorized
    )
}

fn kept(world: &World, host: HostId) -> BTreeMap<String, String> {
    let kept = world.kept(host).cloned().unwrap_or_default().into_iter();
    kept.map(|(key, value)| (key.replacen("selection/", "", 1), value)).collect()
}
