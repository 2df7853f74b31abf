//! The line appearances that users have chosen. A choice is in force once the store has kept it, so that none is
//! acknowledged that a crash could lose.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};

use crate::digest::{Digest as _, Digester};
use crate::line::choice::{Choice, folded, is_user};
use crate::reply::{PersistResult, Refusal, ReplyResult, Token};
use crate::step::Step;

/// What the store's keys begin with, before the user ID without case.
const KEY: &str = "selection/";
/// The most choices that wait for the store.
const WAITING: usize = 64;

/// The choices of all users.
pub(crate) struct Choices {
    /// The most users with a choice.
    limit: usize,
    /// The choice of each user who has one that is not automatic, by user ID without case.
    in_force: BTreeMap<Box<str>, Box<str>>,
    /// The fingerprints of its entries, added up.
    sum: u64,
    /// The choices that wait for the store, in the order in which they were made.
    waiting: VecDeque<Waiting>,
    /// How many choices were ever given to the store: numbers their tokens.
    given: u64,
}

/// A choice that waits for the store.
struct Waiting {
    /// The store's token; `None` while an earlier choice of the same user waits.
    kept_as: Option<Token>,
    /// The command's token.
    token: Option<Token>,
    user: Box<str>,
    choice: Box<str>,
}

crate::digest! { struct Waiting { kept_as, token, user, choice } }

/// What became of a choice.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Settled {
    /// The command's token.
    pub(crate) token: Option<Token>,
    /// The user ID without case.
    pub(crate) user: Box<str>,
    /// The choice, as [`Choice::parse`] reads it.
    pub(crate) choice: Box<str>,
    /// Whether it is in force.
    pub(crate) result: ReplyResult,
}

impl Choices {
    pub(crate) const fn new(limit: usize) -> Self {
        Self { limit, in_force: BTreeMap::new(), sum: 0, waiting: VecDeque::new(), given: 0 }
    }

    /// Returns the choice of a user, by his ID, if it is not automatic.
    pub(crate) fn of(&self, user: &str) -> Option<&str> {
        self.in_force.get(&*folded(user)).map(|choice| &**choice)
    }

    /// Iterates over the choices in force: users' IDs without case, in order, each with his choice as
    /// [`Choice::parse`] reads it. Begins behind the user `after`. Who is not among them has made none: for him, the
    /// choice is automatic.
    pub(crate) fn iter_after(&self, after: &str) -> impl Iterator<Item = (&str, &str)> {
        let bounds = (core::ops::Bound::Excluded(after), core::ops::Bound::Unbounded);
        self.in_force.range::<str, _>(bounds).map(|(user, choice)| (user.as_ref(), choice.as_ref()))
    }

    /// Takes what the store has kept.
    ///
    /// # Errors
    /// Why it cannot be used; then nothing has changed.
    pub(crate) fn restore(&mut self, key: &str, value: &str) -> Result<(), &'static str> {
        let user = key.strip_prefix(KEY).ok_or("unknown key")?;
        if !is_user(user) || folded(user) != user {
            return Err("no user ID");
        }
        if !is_device(value) {
            return Err("no choice");
        }
        if self.in_force.contains_key(user) || self.waiting.iter().any(|one| *one.user == *user) {
            return Err("the user has a choice");
        }
        if !self.has_room_for(user) {
            return Err("limits.selections");
        }
        self.set(user.into(), value.into());
        Ok(())
    }

    /// Gives a choice to the store. Choices of one user are given one after the other, in the order in which they were
    /// made.
    ///
    /// # Errors
    /// If there is no room for it; then nothing has changed.
    pub(crate) fn select(
        &mut self,
        step: &mut Step<'_>,
        token: Option<Token>,
        (user, choice): (&str, Choice<'_>),
    ) -> Result<(), Refusal> {
        let user = folded(user);
        let waits = self.waiting.iter().any(|one| *one.user == *user);
        if self.waiting.len() >= WAITING {
            return Err(Refusal::TooManyWaiting);
        }
        if choice != Choice::Automatic && !self.has_room_for(&user) {
            return Err(Refusal::TooManyChoices);
        }
        let choice = alloc::format!("{choice}").into_boxed_str();
        let user = user.into_owned().into_boxed_str();
        self.waiting.push_back(Waiting { kept_as: None, token, user, choice });
        if !waits {
            self.give(step, self.waiting.len().saturating_sub(1));
        }
        Ok(())
    }

    /// Takes the store's answer: the choice is in force now, or refused. Returns `None` if nothing waited for it.
    pub(crate) fn on_persisted(
        &mut self,
        step: &mut Step<'_>,
        token: Token,
        result: PersistResult,
    ) -> Option<Settled> {
        let index = self.waiting.iter().position(|one| one.kept_as == Some(token))?;
        let Waiting { token, user, choice, .. } = self.waiting.remove(index)?;
        if result.is_ok() {
            self.set(user.clone(), choice.clone());
        }
        if let Some(next) = self.waiting.iter().position(|one| one.user == user) {
            self.give(step, next);
        }
        Some(Settled { token, user, choice, result: result.map_err(Refusal::Unkept) })
    }

    /// Whether a user may have an entry, whichever of the choices that wait the store keeps.
    fn has_room_for(&self, user: &str) -> bool {
        let devices = || self.waiting.iter().filter(|one| is_device(&one.choice));
        if self.in_force.contains_key(user) || devices().any(|one| *one.user == *user) {
            return true;
        }
        let is_new = |(index, one): &(usize, &Waiting)| {
            let is_first = devices().take(*index).all(|earlier| earlier.user != one.user);
            is_first && !self.in_force.contains_key(&one.user)
        };
        self.in_force.len().saturating_add(devices().enumerate().filter(is_new).count()) < self.limit
    }

    /// Gives the waiting choice at `index` to the store.
    fn give(&mut self, step: &mut Step<'_>, index: usize) {
        let Some(waiting) = self.waiting.get_mut(index) else { return };
        self.given = self.given.saturating_add(1);
        let token = Token::new(self.given);
        waiting.kept_as = Some(token);
        let value = if is_device(&waiting.choice) { waiting.choice.as_ref() } else { "" };
        step.actions.persist(token, format_args!("{KEY}{}", waiting.user), format_args!("{value}"));
    }

    fn set(&mut self, user: Box<str>, choice: Box<str>) {
        if let Some((user, before)) = self.in_force.remove_entry(&user) {
            self.sum = self.sum.wrapping_sub(fingerprint(&user, &before));
        }
        if is_device(&choice) {
            self.sum = self.sum.wrapping_add(fingerprint(&user, &choice));
            self.in_force.insert(user, choice);
        }
    }

    /// Returns the fingerprint of the choices in force, kept up to date.
    pub(crate) const fn fold(&self) -> u64 {
        self.sum
    }

    /// Computes the same from scratch.
    pub(crate) fn recompute(&self) -> u64 {
        let entries = self.in_force.iter();
        entries.fold(0, |sum, (user, choice)| sum.wrapping_add(fingerprint(user, choice)))
    }

    /// Feeds what waits to a digester; the choices in force have a fingerprint of their own ([`Self::fold`]).
    pub(crate) fn digest_rest(&self, digester: &mut Digester) {
        let Self { limit: _, in_force, sum: _, waiting, given } = self;
        digester.value(&in_force.len());
        waiting.digest(digester);
        digester.number(*given);
    }
}

/// Whether a choice names a device.
fn is_device(choice: &str) -> bool {
    matches!(Choice::parse(choice), Some(Choice::Device { .. }))
}

fn fingerprint(user: &str, choice: &str) -> u64 {
    let mut digester = Digester::new();
    digester.text(user);
    digester.text(choice);
    digester.finish()
}
