//! Users in a directory in the making: what must be one user's alone, and what each may control.

use alloc::string::String;
use alloc::vec::Vec;
use core::mem;
use core::ops::Range;

use super::builder::UserToAdd;
use super::mistakes::Shown;
use super::reference::Reference;
use super::resolve::{Resolver, numbered};
use super::{Grant, Span, UserEntry, UserId, fold, number, position};

/// What belongs to a user in a list where each user's part begins at `start`.
fn part(users: &[UserToAdd], user: u32, start: impl Fn(&UserToAdd) -> u32, end: usize) -> Range<usize> {
    let begin = |user: usize| users.get(user).map_or(end, |user| position(start(user)));
    begin(position(user))..begin(position(user).saturating_add(1))
}

impl Resolver {
    pub(super) fn users(&mut self) {
        let mut users = mem::take(&mut self.from.users);
        let addresses = mem::take(&mut self.from.addresses);
        let ids = numbered(&users).map(|(user, entry)| (entry.id, user)).collect();
        let ids = self.unique(&mut users, ids, "user", "is there already");
        let with_mail =
            |(user, entry): (u32, &UserToAdd)| (entry.mail.bytes > 0).then_some((entry.mail, user));
        let mail = numbered(&users).filter_map(with_mail).collect();
        let mail = self.unique(&mut users, mail, "mail", "is that of another user");
        let mut sip: Vec<(Span, u32)> = Vec::with_capacity(addresses.len());
        for user in 0..number(users.len()) {
            let own = addresses.get(part(&users, user, |entry| entry.addresses, addresses.len()));
            sip.extend(own.unwrap_or_default().iter().map(|span| (*span, user)));
        }
        let sip = self.unique(&mut users, sip, "SIP address", "is that of another user");
        let grants = self.grants(&mut users);
        self.keep(&users, &ids, (&addresses, &grants));
        let mut renumbered = alloc::vec![None; users.len()];
        for ((_, user), id) in ids.iter().filter(|(_, user)| is_good(&users, *user)).zip(0..) {
            if let Some(slot) = renumbered.get_mut(position(*user)) {
                *slot = Some(UserId(id));
            }
        }
        let known = |user: u32| renumbered.get(position(user)).copied().flatten();
        self.directory.by_mail = mail.iter().filter_map(|(_, user)| known(*user)).collect();
        self.directory.by_sip = sip.iter().filter_map(|(span, user)| Some((*span, known(*user)?))).collect();
        self.left_out.users = users.len().saturating_sub(self.directory.users.len());
    }

    /// Sorts texts that must be one user's alone, without case. A user whose text is an earlier one's is bad.
    fn unique(
        &mut self,
        users: &mut [UserToAdd],
        mut texts: Vec<(Span, u32)>,
        what: &str,
        wrong: &str,
    ) -> Vec<(Span, u32)> {
        texts.retain(|(_, user)| is_good(users, *user));
        let get = |span: Span| self.directory.texts.get(span);
        // A stable sort: of two that are equal, the one that was added first stays first.
        texts.sort_by(|(a, _), (b, _)| fold::compare(get(*a), get(*b)));
        let mut kept: Vec<(Span, u32)> = Vec::with_capacity(texts.len());
        for (span, user) in texts {
            let last = kept.last().filter(|(last, _)| fold::compare(get(*last), get(span)).is_eq());
            match last.map(|(_, first)| *first) {
                None => kept.push((span, user)),
                // One user's SIP address, twice.
                Some(first) if first == user => {}
                Some(first) => {
                    let Some(at) = users.get(position(first)).map(|first| first.place) else { continue };
                    let Some(bad) = users.get_mut(position(user)) else { continue };
                    bad.bad = true;
                    let at = self.from.mistakes.at(at);
                    let what = format_args!("{what} {}: {wrong}, in {at}", Shown(get(span)));
                    self.from.mistakes.add(bad.place, what);
                }
            }
        }
        kept
    }

    /// The rights of each user, sorted, each once.
    fn grants(&mut self, users: &mut [UserToAdd]) -> Vec<Vec<Grant>> {
        let rights = mem::take(&mut self.from.rights);
        let mut all = Vec::with_capacity(users.len());
        for user in 0..number(users.len()) {
            let own = rights.get(part(users, user, |entry| entry.rights, rights.len())).unwrap_or_default();
            let mut grants = Vec::with_capacity(own.len());
            for right in own {
                let text = self.from.references.get(*right);
                let wrong = match self.grant(text) {
                    Ok(grant) => {
                        grants.push(grant);
                        continue;
                    }
                    Err(wrong) => wrong,
                };
                let Some(bad) = users.get_mut(position(user)) else { continue };
                bad.bad = true;
                if let Some(what) = wrong {
                    let id = Shown(self.directory.texts.get(bad.id));
                    let what = format_args!("user {id}: line {}: {what}", Shown(text));
                    self.from.mistakes.add(bad.place, what);
                }
            }
            grants.sort_unstable();
            // The right to all appearances of a line comes first, and includes those to single ones.
            grants.dedup_by(|next, kept| next == kept || next.line == kept.line && kept.device.is_none());
            all.push(grants);
        }
        all
    }

    /// The right that a user's entry names. `Err` holds what is wrong, unless it was said already.
    fn grant(&self, text: &str) -> Result<Grant, Option<String>> {
        let reference = Reference::read(text);
        let line = self.line(&reference)?;
        let Some(name) = reference.device else { return Ok(Grant { line, device: None }) };
        let device = self.device(name)?;
        if self.directory.appearance_at(line, Some(device)).is_none() {
            return Err(Some(alloc::format!("the device {} does not carry it", Shown(name))));
        }
        Ok(Grant { line, device: Some(device) })
    }

    /// Puts the good users into the directory, in the order of their IDs.
    fn keep(
        &mut self,
        users: &[UserToAdd],
        ids: &[(Span, u32)],
        (addresses, grants): (&[Span], &[Vec<Grant>]),
    ) {
        for (_, user) in ids.iter().filter(|(_, user)| is_good(users, *user)) {
            let Some(entry) = users.get(position(*user)) else { continue };
            let own = addresses.get(part(users, *user, |entry| entry.addresses, addresses.len()));
            let directory = &mut self.directory;
            directory.users.push(UserEntry {
                id: entry.id,
                mail: entry.mail,
                name: entry.name,
                addresses: number(directory.addresses.len()),
                grants: number(directory.grants.len()),
                enabled: entry.enabled,
                role: entry.role,
            });
            directory.addresses.extend_from_slice(own.unwrap_or_default());
            let own = grants.get(position(*user)).map(Vec::as_slice);
            directory.grants.extend_from_slice(own.unwrap_or_default());
        }
    }
}

fn is_good(users: &[UserToAdd], user: u32) -> bool {
    users.get(position(user)).is_some_and(|user| !user.bad)
}
