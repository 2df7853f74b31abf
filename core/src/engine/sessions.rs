//! Sessions for operators, in portions: reading them is not an input and changes nothing.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use super::Engine;
use crate::line::choice::folded;
use crate::line::directory::{Directory, UserId};
use crate::line::finding::{UNKNOWN_TO_PHONE_SYSTEM_REMEDY, device_of};
use crate::overview::{
    MOST_VISITED, SessionDetails, SessionPortion, SessionQuestion, ShownRefusal, ShownSession, Sought,
};
use crate::rcc::session::{Carrier as _, Session};
use crate::sip::user_agent::Leg;
use crate::step::SessionId;
use crate::time::Instant;
use crate::uacsta::refused::RefusedSignIn;

/// What is sought, with what the directory says of it.
struct Filter<'a> {
    sought: &'a Sought,
    /// The sought user ID, without case.
    user: Option<Cow<'a, str>>,
    /// By what the phone system knows the line appearances of the sought device of the directory.
    devices: Vec<&'a str>,
}

impl Engine {
    /// Returns some of the sessions that are sought. It looks into a bounded part of the table ([`MOST_VISITED`]), so
    /// that it takes a bounded time, however many sessions there are.
    #[must_use]
    pub fn find_sessions(&self, question: &SessionQuestion) -> SessionPortion {
        let SessionQuestion { sought, from, visits, most, is_detailed } = question;
        let filter = self.filter(sought);
        let sessions = &self.gateway.control.sessions;
        let mut found = Vec::new();
        let refused = (*is_detailed && *from == 0).then(|| self.refused(&filter)).flatten();
        let end = sessions.slots().min(from.saturating_add((*visits).clamp(1, MOST_VISITED)));
        for slot in *from..end {
            let Some(handle) = sessions.at(slot) else { continue };
            let Some(session) = sessions.get(handle).filter(|session| self.is_sought(session, &filter))
            else {
                continue;
            };
            if found.len() >= *most {
                return SessionPortion { sessions: found, next: Some(slot), refused };
            }
            found.push(self.show(slot, (handle, session), *is_detailed));
        }
        SessionPortion { sessions: found, next: (end < sessions.slots()).then_some(end), refused }
    }

    fn filter<'a>(&'a self, sought: &'a Sought) -> Filter<'a> {
        let directory = self.shared.directory.as_deref();
        let user = sought.user.as_deref().map(folded);
        let devices = directory.and_then(|directory| {
            let device = directory.device_named(sought.device.as_deref()?)?;
            Some(directory.appearances_of_device(device).map(|id| device_of(directory, id)).collect())
        });
        Filter { sought, user, devices: devices.unwrap_or_default() }
    }

    /// The last refused sign-in of the user that is sought.
    fn refused(&self, filter: &Filter<'_>) -> Option<ShownRefusal> {
        let wanted = filter.sought.user.as_deref()?;
        let is_meant = |one: &RefusedSignIn| {
            is_named(&one.user, wanted)
                || one.owner.as_deref().is_some_and(|owner| filter.user.as_deref() == Some(owner))
        };
        let RefusedSignIn { at, user, owner: _, line, device, no_line, said } =
            self.gateway.uacsta.refused.last(is_meant)?;
        let remedy = if said.is_some() { UNKNOWN_TO_PHONE_SYSTEM_REMEDY } else { no_line.remedy() };
        Some(ShownRefusal {
            at: *at,
            user: String::from(&**user),
            line: String::from(&**line),
            device: String::from(&**device),
            status: alloc::format!("{} {}", no_line.status(), no_line.reason()),
            said: said.as_deref().map(String::from),
            remedy,
        })
    }

    fn is_sought(&self, session: &Session<Leg>, filter: &Filter<'_>) -> bool {
        let Filter { sought, user, devices } = filter;
        let Sought { user: wanted, line, device, connection } = sought;
        let number = session.number();
        let is_user = |wanted: &String| {
            is_named(session.user(), wanted)
                || session.owner.as_deref().is_some_and(|owner| user.as_deref() == Some(owner))
        };
        let is_line = |line: &String| session.line() == line || session.is_named_by(line);
        wanted.as_ref().is_none_or(is_user)
            && line.as_ref().is_none_or(is_line)
            && device.as_ref().is_none_or(|device| number == device || devices.contains(&number))
            && connection.as_ref().is_none_or(|name| self.connection_of(session) == Some(name.as_str()))
    }

    /// The user of the directory whose session it is.
    fn user_of(&self, session: &Session<Leg>) -> Option<UserId> {
        self.shared.directory.as_deref()?.user_by_id(session.owner.as_deref()?)
    }

    /// The name of the CTI connection that a session is bound to.
    fn connection_of(&self, session: &Session<Leg>) -> Option<&str> {
        Some(self.gateway.control.cti_name(session.connection?))
    }

    fn show(
        &self,
        slot: u32,
        (handle, session): (SessionId, &Session<Leg>),
        is_detailed: bool,
    ) -> ShownSession {
        ShownSession {
            slot,
            user: String::from(session.user()),
            line: String::from(session.line()),
            device: String::from(session.number()),
            connection: self.connection_of(session).map(String::from),
            monitors: session.monitors.len(),
            calls: self.gateway.control.count_calls(handle),
            since: session.history.since,
            last_error: session.history.trouble.as_ref().map(|trouble| (trouble.to_string(), trouble.at)),
            details: is_detailed.then(|| Box::new(self.details(handle, session))),
        }
    }

    fn details(&self, handle: SessionId, session: &Session<Leg>) -> SessionDetails {
        let (control, leg) = (&self.gateway.control, &session.carrier);
        let directory = self.shared.directory.as_deref();
        let user = directory.zip(self.user_of(session));
        let appearances = |(directory, user): (&Directory, UserId)| -> Vec<String> {
            let is_its = |id: &_| device_of(directory, *id) == session.number();
            let own = directory.appearances_of_user(user).filter(is_its);
            own.map(|id| directory.written(id)).collect()
        };
        let expires = leg.expiry.at();
        SessionDetails {
            user_id: user.map(|(directory, user)| String::from(directory.user(user).id)),
            appearances: user.map(appearances).unwrap_or_default(),
            call_id: String::from(leg.call_id()),
            peer: self.gateway.uacsta.ua.links.peer_of(&self.shared.links, leg.dialog.flow),
            is_established: leg.is_established(),
            is_registered: !session.is_unregistered,
            connection: control.show_connection(session),
            refreshed: expires
                .map(|at| Instant::from_micros((at.since(Instant::ZERO) - leg.timer.lifetime).as_micros())),
            expires,
            monitors: control.show_monitors(session),
            calls: control.show_calls(handle),
        }
    }
}

/// Whether a user's URI is meant by `wanted`: the URI, what is behind its scheme, or its user part; without case.
fn is_named(uri: &str, wanted: &str) -> bool {
    let address = uri.split_once(':').map_or(uri, |(_, address)| address);
    let address = address.split([';', '?']).next().unwrap_or(address);
    let name = address.rsplit_once('@').map_or(address, |(name, _)| name);
    [uri, address, name].iter().any(|one| one.eq_ignore_ascii_case(wanted))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_is_named_by_uri_address_or_name() {
        for wanted in ["sip:Alice@example.com;gruu", "alice@EXAMPLE.com", "ALICE"] {
            assert!(is_named("sip:alice@example.com;gruu", wanted), "{wanted}");
        }
        for wanted in ["", "lice", "alice@", "sip:", "example.com"] {
            assert!(!is_named("sip:alice@example.com;gruu", wanted), "{wanted}");
        }
    }
}
