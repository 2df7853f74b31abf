//! Checks that no session controls a line its user may not, that each is at the line appearance its user means, and that
//! a reload ends those alone whose users' rights are gone.

use core::cell::RefCell;
use std::rc::Rc;

use ctigate_core::{Action, Actions, Command, Input};

use crate::simulate::SECOND;
use crate::simulate::book::{Book, Meant};
use crate::simulate::client::belief::{element_with, number};
use crate::simulate::inbox::element;
use crate::simulate::plan::WorldPlan;
use crate::simulate::seen::{Seen, SeenSession};

/// Why a reload ends sessions, as the gateway says.
const BY_RELOAD: [&str; 2] = [
    "its user may not control its line any more",
    "its line may be at another device now, which shows when the client signs in again",
];

/// The devices in requests that act for the line of whoever asks: service, element.
const ACTING: [(&str, &str); 14] = [
    ("MakeCall", "callingDevice"),
    ("MonitorStart", "deviceObject"),
    ("SnapshotDevice", "snapshotObject"),
    ("SetForwarding", "device"),
    ("GetForwarding", "device"),
    ("SetDoNotDisturb", "device"),
    ("GetDoNotDisturb", "device"),
    ("SetMessageWaitingIndicator", "device"),
    ("SetCallerIDStatus", "device"),
    ("GroupPickupCall", "newDestination"),
    ("DirectedPickupCall", "requestingDevice"),
    ("JoinCall", "joiningDevice"),
    ("CancelCallBack", "originatingDevice"),
    ("GetLogicalDeviceInformation", "device"),
];

/// What is known of rights at one node.
#[derive(Debug)]
pub(super) struct Rights {
    plan: Rc<WorldPlan>,
    /// The directory in force.
    book: Rc<RefCell<Option<Book>>>,
    /// When the last reload was that has not reached every session yet.
    reloading: Option<u64>,
}

impl Rights {
    pub(super) const fn new(plan: Rc<WorldPlan>, book: Rc<RefCell<Option<Book>>>) -> Self {
        Self { plan, book, reloading: None }
    }

    /// Whether there is a directory.
    pub(super) fn is_kept(&self) -> bool {
        self.plan.book.is_some()
    }

    /// Checks one step.
    ///
    /// # Errors
    /// A session that is where it must not be, or is gone without a reason.
    pub(super) fn check(
        &mut self,
        at: u64,
        (before, now): (&Seen, &Seen),
        input: &Input<'_>,
        actions: &Actions,
    ) -> Result<(), String> {
        let book = self.book.borrow();
        let Some(book) = &*book else { return Ok(()) };
        self.check_ends(book, (before, now), actions)?;
        if matches!(input, Input::Command { command: Command::Reload(_), .. }) {
            self.reloading = Some(at);
        }
        let was_reloading = self.reloading.is_some();
        if let Some(since) = self.reloading {
            if now.view.jobs > 0 {
                let is_late = at > since.saturating_add(SECOND);
                return if is_late {
                    Err("a reload has not reached every session".to_owned())
                } else {
                    Ok(())
                };
            }
            self.reloading = None;
        }
        if !was_reloading && before.sessions == now.sessions && before.chosen == now.chosen {
            return Ok(());
        }
        now.sessions.iter().filter(|session| session.is_established).try_for_each(|session| {
            let may =
                self.plan.client_of(&session.call_id).is_some_and(|one| book.may(&one.user, &session.number));
            let meant = self.means(book, now, session);
            match meant {
                Some(Meant::At(phone)) if session.number == phone.to_string() => Ok(()),
                Some(Meant::At(phone)) => Err(format!(
                    "a session is not at the line appearance that its user means: {phone}, but {session:?}"
                )),
                // Who made another choice stays where he is if nothing says at which device he means his line.
                Some(Meant::Unsure | Meant::Ambiguous) if may => Ok(()),
                _ => Err(format!(
                    "a session controls a line its user may not: {session:?}, {meant:?}\n{}",
                    book.text()
                )),
            }
        })
    }

    /// What the user of a session means now.
    fn means(&self, book: &Book, seen: &Seen, session: &SeenSession) -> Option<Meant> {
        let client = self.plan.client_of(&session.call_id)?;
        let choice = seen.chosen.get(&client.user).map(String::as_str);
        Some(book.means(&client.user, client.named.as_ref()?, choice))
    }

    /// Checks that sessions that a reload ends are those whose users may not control their lines any more.
    fn check_ends(
        &self,
        book: &Book,
        (before, now): (&Seen, &Seen),
        actions: &Actions,
    ) -> Result<(), String> {
        for action in actions.iter() {
            let Action::Notify(notice) = action else { continue };
            let field = |name: &str| crate::simulate::field(notice.fields, name).unwrap_or_default();
            if notice.name != "session_ended" || !BY_RELOAD.contains(&field("why").as_str()) {
                continue;
            }
            let gone = |session: &&SeenSession| now.session(session.handle).is_none();
            for session in
                before.under(&field("call_id")).filter(gone).filter(|session| session.is_established)
            {
                let client = self.plan.client_of(&session.call_id);
                let may = client.is_some_and(|client| book.may(&client.user, &session.number));
                let stays = match self.means(book, now, session) {
                    Some(Meant::At(_)) => true,
                    Some(Meant::Unsure | Meant::Ambiguous) => may,
                    Some(Meant::Refused) | None => false,
                };
                if stays {
                    return Err(format!(
                        "a reload ends a session whose user may control its line: {session:?}\n{}",
                        book.text()
                    ));
                }
            }
        }
        Ok(())
    }

    /// Checks a request to a phone system, which the request `asked` of a session's client led to.
    ///
    /// # Errors
    /// A line that the user may not control, or a number that is dialled as no rule says.
    pub(super) fn check_request(&self, call_id: &str, asked: &str, request: &str) -> Result<(), String> {
        let book = self.book.borrow();
        let Some((book, client)) = book.as_ref().zip(self.plan.client_of(call_id)) else { return Ok(()) };
        if self.reloading.is_some() {
            return Ok(());
        }
        let acting = ACTING.iter().find(|(service, _)| request.contains(&format!("<{service} ")));
        let device = acting.and_then(|(_, element)| element_with(request, element)).map(number);
        if let Some(device) = device.filter(|device| !book.may(&client.user, device)) {
            return Err(format!(
                "a line is controlled by a user who may not: {device} by {}\n{asked}\n{request}\n{}",
                client.user,
                book.text()
            ));
        }
        let dialled =
            element(asked, "calledDirectoryNumber").map(number).filter(|_| asked.contains("<MakeCall "));
        if let Some(dialled) = dialled.filter(|_| request.contains("<MakeCall ")) {
            let passed = element_with(request, "calledDirectoryNumber").map(number).unwrap_or_default();
            // A line's own number is that of its phone.
            let is_own = dialled == number(&client.line());
            if passed != book.dialled(&dialled) && !is_own {
                return Err(format!("a number is dialled as no rule says: {dialled} as {passed}\n{request}"));
            }
        }
        Ok(())
    }
}
