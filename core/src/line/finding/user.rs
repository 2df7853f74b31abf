//! The user that a URI names (system requirements U0 and U1).

use alloc::borrow::Cow;

use super::{Finder, Notes, Refusal};
use crate::line::directory::UserId;
use crate::line::escapes::unescape;
use crate::wire::sip::{Scheme, Uri};

impl Finder<'_> {
    /// Finds the user that a URI names, by user ID, mail or SIP address, in this order.
    ///
    /// # Errors
    /// If there is none, or one that is not enabled.
    pub fn find_user(&self, uri: &str, notes: &mut dyn Notes) -> Result<UserId, Refusal> {
        let Some((name, host)) = name_and_host(uri) else {
            notes.note("user", &uri, &"nothing: it is no SIP URI with a user");
            return Err(Refusal::UnknownUser);
        };
        let address = || alloc::format!("{name}@{host}");
        let is_ours = self.domains.iter().any(|domain| domain.eq_ignore_ascii_case(host));
        let by_id = is_ours.then(|| self.directory.user_by_id(&name)).flatten();
        let found = |found: bool| if found { "found" } else { "nothing" };
        let outcome =
            if is_ours { found(by_id.is_some()) } else { "not tried: the host is not in directory.domains" };
        notes.note("user by user ID", &name, &outcome);
        let user = by_id.or_else(|| {
            let address = address();
            let by_mail = self.directory.user_by_mail(&address);
            notes.note("user by mail address", &address, &found(by_mail.is_some()));
            by_mail
        });
        let user = user.or_else(|| {
            let sip = alloc::format!("sip:{}", address());
            let by_sip = self.directory.user_by_sip(&sip);
            notes.note("user by SIP address", &sip, &found(by_sip.is_some()));
            by_sip
        });
        let user = user.ok_or(Refusal::UnknownUser)?;
        let one = self.directory.user(user);
        notes.note("enabled", &one.id, &if one.enabled { "yes" } else { "no" });
        if one.enabled { Ok(user) } else { Err(Refusal::NotEnabled) }
    }
}

/// Returns the user part of a SIP URI without escapes (RFC 3261 19.1.4), and its host. `None` if it has no user, or one
/// that no directory has.
fn name_and_host(uri: &str) -> Option<(Cow<'_, str>, &str)> {
    let uri = Uri::parse(uri).filter(|uri| matches!(uri.scheme, Scheme::Sip | Scheme::Sips))?;
    let name = unescape(uri.user?).ok()?;
    let is_sound =
        name.chars().all(|letter| !letter.is_control() && !letter.is_whitespace() && letter != '@');
    (is_sound && !name.is_empty()).then_some((name, uri.host))
}
