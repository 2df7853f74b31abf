//! What became of sign-ins that were refused, for operators: the last one of each user, and of so many users.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::string::ToString as _;
use core::fmt::Display;

use crate::digest::{Digest as _, Digester};
use crate::line::finding::Refusal as NoLine;
use crate::time::Instant;

/// The most users whose last refusal is kept. Beyond that the oldest refusal is forgotten.
const USERS: usize = 256;
/// The most bytes that are kept of what a request says: no user or line of a directory has as many.
const BYTES: usize = 512;

/// A sign-in that was refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RefusedSignIn {
    /// When.
    pub(crate) at: Instant,
    /// The user's URI.
    pub(crate) user: Box<str>,
    /// The user's ID in the directory, without case.
    pub(crate) owner: Option<Box<str>>,
    /// The line URI; empty if the client named none.
    pub(crate) line: Box<str>,
    /// By what the phone system was asked for the line; empty if it was not.
    pub(crate) device: Box<str>,
    /// Why.
    pub(crate) no_line: NoLine,
    /// What the phone system said; `None` if it did not decide.
    pub(crate) said: Option<Box<str>>,
}

crate::digest! { struct RefusedSignIn { at, user, owner, line, device, no_line => no_line.status(), said } }

/// The refused sign-ins, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Refused {
    list: VecDeque<RefusedSignIn>,
    /// The sum of the fingerprints of all, so that a digest need not go through them.
    fingerprint: u64,
}

impl Refused {
    /// Keeps a refusal in place of an earlier one of the same user.
    pub(super) fn keep(&mut self, refused: RefusedSignIn) {
        self.forget(|other| other.user.eq_ignore_ascii_case(&refused.user));
        if self.list.len() >= USERS
            && let Some(oldest) = self.list.pop_front()
        {
            self.fingerprint = self.fingerprint.wrapping_sub(fingerprint_of(&oldest));
        }
        self.fingerprint = self.fingerprint.wrapping_add(fingerprint_of(&refused));
        self.list.push_back(refused);
    }

    /// Forgets what a sign-in has disproved that succeeds: the refusal of this user, and what the phone system said of
    /// this device.
    pub(super) fn disprove(&mut self, user: &str, device: &str) {
        if self.list.is_empty() {
            return;
        }
        self.forget(|one| {
            one.user.eq_ignore_ascii_case(user) || one.said.is_some() && *one.device == *device
        });
    }

    fn forget(&mut self, which: impl Fn(&RefusedSignIn) -> bool) {
        let Self { list, fingerprint } = self;
        list.retain(|one| {
            let stays = !which(one);
            if !stays {
                *fingerprint = fingerprint.wrapping_sub(fingerprint_of(one));
            }
            stays
        });
    }

    /// The latest of which this is true.
    pub(crate) fn last(&self, is_meant: impl Fn(&RefusedSignIn) -> bool) -> Option<&RefusedSignIn> {
        self.list.iter().rev().find(|one| is_meant(one))
    }

    /// What the phone system last said of a device that it does not know.
    pub(crate) fn said_of(&self, device: &str) -> Option<&str> {
        self.last(|one| one.said.is_some() && *one.device == *device)?.said.as_deref()
    }

    /// Feeds the refusals to a digester.
    pub(super) fn digest(&self, digester: &mut Digester) {
        digester.value(&self.list.len());
        digester.number(self.fingerprint);
    }
}

/// As much of a text as is kept.
pub(super) fn kept(text: &str) -> Box<str> {
    let ends = text.char_indices().map(|(end, _)| end).chain([text.len()]);
    let end = ends.take_while(|end| *end <= BYTES).last().unwrap_or_default();
    Box::from(text.get(..end).unwrap_or_default())
}

/// What the phone system said, as it is kept.
pub(super) fn kept_saying(said: Option<&dyn Display>) -> Option<Box<str>> {
    said.map(|said| kept(&said.to_string()))
}

fn fingerprint_of(refused: &RefusedSignIn) -> u64 {
    let mut digester = Digester::new();
    refused.digest(&mut digester);
    digester.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::format;

    fn refused(user: &str, device: &str, said: Option<&str>) -> RefusedSignIn {
        RefusedSignIn {
            at: Instant::ZERO,
            user: user.into(),
            owner: None,
            line: "tel:1".into(),
            device: device.into(),
            no_line: NoLine::UnknownLine,
            said: said.map(Box::from),
        }
    }

    #[test]
    fn of_each_user_the_last_refusal_is_kept_and_of_so_many_users() {
        let mut all = Refused::default();
        for user in 0..2 * USERS {
            all.keep(refused(&format!("sip:{user}@x"), "1", None));
            all.keep(refused(&format!("SIP:{user}@X"), "2", Some("no")));
        }
        assert_eq!(all.list.len(), USERS);
        let last = all.last(|one| *one.user == *"SIP:511@X").expect("the latest");
        assert_eq!(&*last.device, "2");
        assert!(all.last(|one| *one.user == *"SIP:255@X").is_none());
        let sum = all.list.iter().fold(0_u64, |sum, one| sum.wrapping_add(fingerprint_of(one)));
        assert_eq!(all.fingerprint, sum);
    }

    #[test]
    fn a_sign_in_that_succeeds_disproves_what_was_said_before() {
        let mut all = Refused::default();
        all.keep(refused("sip:a@x", "1", Some("no")));
        all.keep(refused("sip:b@x", "1", Some("no")));
        all.keep(refused("sip:c@x", "1", None));
        all.keep(refused("sip:d@x", "2", Some("no such device")));
        all.disprove("sip:A@x", "1");
        assert_eq!((all.said_of("1"), all.said_of("2")), (None, Some("no such device")));
        assert_eq!(all.list.len(), 2, "what the directory refused stays");
        all.disprove("sip:c@x", "2");
        assert_eq!((all.list.len(), all.fingerprint), (0, 0));
    }

    #[test]
    fn what_is_kept_of_a_request_is_bounded() {
        let long = "\u{fc}".repeat(BYTES);
        assert!(kept(&long).len() <= BYTES && kept("short") == Box::from("short"));
        assert!(
            kept_saying(None).is_none() && kept_saying(Some(&long)).is_some_and(|said| said.len() <= BYTES)
        );
    }
}
