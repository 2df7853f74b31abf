//! The beginning of a session of the manager interface: greeting, challenge, login, and what the user may do.
//!
//! ```text
//!   Greeting --Challenge--> Challenged --Login--> LoggingIn --accepted, probes--> Probing --all answered--> Open
//!   Challenged, LoggingIn --refused--> Refused
//!   any --another connect--> Greeting
//! ```
//!
//! Asterisk does not say what a user may do. So it is asked for actions without any of their fields, one for each right:
//! where the right is missing it says so, and otherwise that a field is missing; in either case nothing happens.

use core::fmt;

use crate::time::Duration;
use crate::transition::assert_transition;
use crate::wire::ami::write::Row;
use crate::wire::ami::{Kind, Message, Rights};

/// How long a login is not tried again after Asterisk refused it. Whoever tries a wrong secret every few seconds is shut
/// out by programs that watch for that.
pub const REST: Duration = Duration::from_secs(300);

/// The rights that matter, each with an action that needs it and does nothing without fields.
pub const PROBES: [(Rights, Row); 4] = [
    (Rights::SYSTEM, Row { name: "MuteAudio", rights: Rights::SYSTEM }),
    (Rights::CALL, Row { name: "Redirect", rights: Rights::CALL }),
    (Rights::ORIGINATE, Row { name: "Originate", rights: Rights::ORIGINATE }),
    (Rights::REPORTING, Row { name: "ConfbridgeList", rights: Rights::REPORTING }),
];

/// What Asterisk says if a right is missing.
const DENIED: &str = "Permission denied";

/// All transitions.
pub(crate) const TABLE: &[(&str, &str)] = &[
    ("Greeting", "Challenged"),
    ("Challenged", "LoggingIn"),
    ("Challenged", "Refused"),
    ("LoggingIn", "Probing"),
    ("LoggingIn", "Refused"),
    ("Probing", "Open"),
    ("Challenged", "Greeting"),
    ("LoggingIn", "Greeting"),
    ("Probing", "Greeting"),
    ("Open", "Greeting"),
    ("Refused", "Greeting"),
];

/// An action of the beginning.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Challenge.
    Challenge,
    /// Login, as the answer to this challenge.
    Login(u64),
    /// The probe with this index in [`PROBES`].
    Probe(usize),
}

/// Why there is no session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Asterisk gives no challenge, or one that is no number.
    NoChallenge,
    /// It does not accept the user or the secret.
    Login,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoChallenge => f.write_str("Asterisk gives no challenge to log in with"),
            Self::Login => write!(
                f,
                "Asterisk refuses the user or the secret; it is not tried again for {} minutes",
                REST.as_secs() / 60
            ),
        }
    }
}

/// What is to be done next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Next {
    /// Nothing, or nothing yet.
    Wait,
    /// Send this action.
    Send(Ask),
    /// Send all probes.
    SendProbes,
    /// The session is open, and the user has these of the rights that matter.
    Open(Rights),
    /// There is no session.
    Refused(Refusal),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    #[default]
    Greeting,
    Challenged,
    LoggingIn,
    Probing,
    Open,
    Refused,
}

impl Stage {
    const fn name(self) -> &'static str {
        match self {
            Self::Greeting => "Greeting",
            Self::Challenged => "Challenged",
            Self::LoggingIn => "LoggingIn",
            Self::Probing => "Probing",
            Self::Open => "Open",
            Self::Refused => "Refused",
        }
    }
}

/// The session of one link, from one connect to the next.
#[derive(Clone, Copy, Debug, Default)]
pub struct Session {
    stage: Stage,
    /// The rights that were found.
    rights: Rights,
    /// Which probes were answered, as bits.
    answered: u8,
    /// Whether Asterisk tells events of the class system.
    hears_system: bool,
}

crate::digest! { struct Session { stage => stage.name(), rights, answered => u64::from(*answered), hears_system } }

impl Session {
    /// The rights that were found so far.
    #[must_use]
    pub const fn rights(&self) -> Rights {
        self.rights
    }

    /// Whether Asterisk refused the user or the secret, so that the next connect waits for [`REST`].
    #[must_use]
    pub fn is_refused(&self) -> bool {
        self.stage == Stage::Refused
    }

    /// The link was opened, perhaps again.
    pub fn opened(&mut self) {
        if self.stage != Stage::Greeting {
            self.go(Stage::Greeting);
        }
        self.rights = Rights::NONE;
        self.answered = 0;
        self.hears_system = false;
    }

    /// Asterisk has started (event `FullyBooted`). After a login it tells that at once, but only to a user with
    /// `read = system`.
    pub const fn booted(&mut self) {
        self.hears_system = true;
    }

    /// Whether Asterisk tells this user events of the class system, as far as it shows.
    #[must_use]
    pub const fn hears_system(&self) -> bool {
        self.hears_system
    }

    /// Asterisk has greeted.
    pub fn greeted(&mut self) -> Next {
        if self.stage != Stage::Greeting {
            return Next::Wait;
        }
        self.go(Stage::Challenged);
        Next::Send(Ask::Challenge)
    }

    /// Asterisk has responded to an action of the beginning.
    pub fn responded(&mut self, asked: Ask, response: &Message<'_>) -> Next {
        let is_success =
            matches!(response.kind(), Kind::Response(result) if result.eq_ignore_ascii_case("Success"));
        match (self.stage, asked) {
            (Stage::Challenged, Ask::Challenge) => match response.value("Challenge").and_then(challenge) {
                Some(challenge) if is_success => {
                    self.go(Stage::LoggingIn);
                    Next::Send(Ask::Login(challenge))
                }
                Some(_) | None => self.refuse(Refusal::NoChallenge),
            },
            (Stage::LoggingIn, Ask::Login(_)) if is_success => {
                self.go(Stage::Probing);
                Next::SendProbes
            }
            (Stage::LoggingIn, Ask::Login(_)) => self.refuse(Refusal::Login),
            (Stage::Probing, Ask::Probe(index)) => self.probed(index, response),
            (
                Stage::Greeting
                | Stage::Challenged
                | Stage::LoggingIn
                | Stage::Probing
                | Stage::Open
                | Stage::Refused,
                Ask::Challenge | Ask::Login(_) | Ask::Probe(_),
            ) => Next::Wait,
        }
    }

    fn probed(&mut self, index: usize, response: &Message<'_>) -> Next {
        let Some((right, _)) = PROBES.get(index) else { return Next::Wait };
        if response.value("Message") != Some(DENIED) {
            self.rights = self.rights.or(*right);
        }
        self.answered |= 1_u8 << index;
        if usize::try_from(self.answered.count_ones()) != Ok(PROBES.len()) {
            return Next::Wait;
        }
        self.go(Stage::Open);
        Next::Open(self.rights)
    }

    fn refuse(&mut self, why: Refusal) -> Next {
        self.go(Stage::Refused);
        Next::Refused(why)
    }

    fn go(&mut self, next: Stage) {
        assert_transition(TABLE, self.stage.name(), next.name());
        self.stage = next;
    }
}

/// A challenge, if it is a number that is written as it was read.
fn challenge(text: &str) -> Option<u64> {
    let is_plain =
        text.bytes().all(|digit| digit.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    if is_plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::String;
    use alloc::vec::Vec;

    use super::*;
    use crate::wire::ami::{Read, Reader};

    /// Gives a response with these lines to a session.
    fn respond(session: &mut Session, asked: Ask, lines: &str) -> Next {
        let mut reader = Reader::default();
        reader.push(b"Asterisk Call Manager/1\n");
        let text = format!("{lines}\r\nActionID: 1\r\n\r\n");
        let Read::Message(message) = reader.push(text.as_bytes()).1 else { panic!("no message: {text}") };
        session.responded(asked, &message)
    }

    fn logged_in() -> Session {
        let mut session = Session::default();
        assert_eq!(session.greeted(), Next::Send(Ask::Challenge));
        let next = respond(&mut session, Ask::Challenge, "Response: Success\r\nChallenge: 730342727");
        assert_eq!(next, Next::Send(Ask::Login(730_342_727)));
        let next = respond(
            &mut session,
            Ask::Login(730_342_727),
            "Response: Success\r\nMessage: Authentication accepted",
        );
        assert_eq!(next, Next::SendProbes);
        session
    }

    #[test]
    fn a_challenge_is_asked_for_answered_and_the_rights_are_found() {
        let mut session = logged_in();
        let denied = "Response: Error\r\nMessage: Permission denied";
        let missing = "Response: Error\r\nMessage: Channel not specified";
        let answers = [denied, missing, missing, denied];
        let mut nexts: Vec<Next> = Vec::new();
        // In any order.
        for index in [2, 0, 3, 1] {
            nexts.push(respond(&mut session, Ask::Probe(index), answers[index]));
        }
        let rights = Rights::CALL.or(Rights::ORIGINATE);
        assert_eq!(nexts, [Next::Wait, Next::Wait, Next::Wait, Next::Open(rights)]);
        assert_eq!((session.rights(), session.is_refused()), (rights, false));
        assert_eq!(respond(&mut session, Ask::Probe(0), missing), Next::Wait, "once it is open");
        assert_eq!(session.greeted(), Next::Wait);
        session.opened();
        assert_eq!((session.rights(), session.greeted()), (Rights::NONE, Next::Send(Ask::Challenge)));
    }

    #[test]
    fn a_wrong_secret_is_said_plainly_and_not_tried_again_at_once() {
        let mut session = Session::default();
        session.greeted();
        respond(&mut session, Ask::Challenge, "Response: Success\r\nChallenge: 1");
        let next = respond(&mut session, Ask::Login(1), "Response: Error\r\nMessage: Authentication failed");
        assert_eq!(next, Next::Refused(Refusal::Login));
        assert!(session.is_refused() && REST >= Duration::from_secs(120));
        let said =
            String::from("Asterisk refuses the user or the secret; it is not tried again for 5 minutes");
        assert_eq!(format!("{}", Refusal::Login), said);
        session.opened();
        assert_eq!((session.is_refused(), session.greeted()), (false, Next::Send(Ask::Challenge)));
    }

    #[test]
    fn a_challenge_that_could_not_be_written_again_is_refused() {
        for lines in [
            "Response: Error\r\nMessage: Must specify AuthType",
            "Response: Success",
            "Response: Success\r\nChallenge: ",
            "Response: Success\r\nChallenge: 007",
            "Response: Success\r\nChallenge: +7",
            "Response: Success\r\nChallenge: 99999999999999999999",
            "Response: Error\r\nChallenge: 7",
        ] {
            let mut session = Session::default();
            session.greeted();
            assert_eq!(
                respond(&mut session, Ask::Challenge, lines),
                Next::Refused(Refusal::NoChallenge),
                "{lines}"
            );
        }
    }

    #[test]
    fn what_was_not_asked_for_changes_nothing() {
        for asked in [Ask::Challenge, Ask::Login(1), Ask::Probe(0), Ask::Probe(9)] {
            let mut session = Session::default();
            assert_eq!(respond(&mut session, asked, "Response: Success\r\nChallenge: 1"), Next::Wait);
            assert_eq!(session.greeted(), Next::Send(Ask::Challenge));
        }
        let mut session = logged_in();
        assert_eq!(respond(&mut session, Ask::Login(1), "Response: Error"), Next::Wait);
        assert_eq!(respond(&mut session, Ask::Probe(9), "Response: Error"), Next::Wait);
        for _ in 0..8 {
            assert_eq!(
                respond(&mut session, Ask::Probe(0), "Response: Error"),
                Next::Wait,
                "one probe, many answers"
            );
        }
    }
}
