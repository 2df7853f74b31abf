//! The cases of finding a line appearance: the tests hold the search to them, and `docs/line-appearances.md` is drawn
//! from them.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{Finder, Notes, Outcome, Refusal, Registered, ServerType, Wanted};
use crate::line::directory::{AppearanceId, DeviceKind, Directory};
use crate::line::rules::{Rule, Rules, Terms};

/// The directory of the cases: `alice` may control line 1001, on one device; `bob` line 1002, which is on a hard phone
/// and a soft phone, and 1009, which is in two partitions; `carol` is not enabled; `dora` may control 1009 in one of
/// them. The users' domain is `example.com`, and a number rule makes an extension of `+49 30 12345-xxxx`.
pub const DIRECTORY: &str = "ctigate directory 1
line 1001 e164=+14255550101
line 1002
line 1003
line 1009 partition=Sales
line 1009 partition=Staff
device HARD1 kind=hard
device HARD2 kind=hard
device SOFT2 kind=soft
appearance 1001 HARD1 1
appearance 1002 HARD2 1 device_id=1002:CM1:192.0.2.10:0
appearance 1002 SOFT2 1 device_id=1002:CM1:192.0.2.10:1
appearance 1009/Sales HARD1 2
appearance 1009/Staff HARD1 3
user alice mail=alice.ames@example.com sip=sip:ames@example.org line=1001
user bob line=1002 line=1009/Sales line=1009/Staff
user carol enabled=no line=1001
user dora line=1009/Staff
";

/// A sign-in and what becomes of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Case {
    /// The user's URI.
    pub user: &'static str,
    /// The line URI; empty if the client names no line.
    pub line: &'static str,
    /// The server type.
    pub server: ServerType,
    /// Whether the soft phone is registered.
    pub registered: Registered,
    /// What the user selected; empty if nothing.
    pub selected: &'static str,
    /// The line appearance (`NUMBER[/PARTITION]@DEVICE`), or why there is none.
    pub outcome: Result<&'static str, Refusal>,
}

/// A case as most are: the server is OCS, the soft phone is not registered, and nothing was selected.
const fn case(user: &'static str, line: &'static str, outcome: Result<&'static str, Refusal>) -> Case {
    let (server, registered) = (ServerType::Ocs, Registered::No);
    Case { user, line, server, registered, selected: "", outcome }
}

const fn lcs(registered: Registered, line: &'static str, outcome: Result<&'static str, Refusal>) -> Case {
    Case { server: ServerType::Lcs, registered, ..case(BOB, line, outcome) }
}

const fn selected(
    selected: &'static str,
    line: &'static str,
    outcome: Result<&'static str, Refusal>,
) -> Case {
    Case { selected, ..case(BOB, line, outcome) }
}

const ALICE: &str = "sip:alice@example.com";
const BOB: &str = "sip:bob@example.com";
const LINE_1001: &str = "tel:1001;phone-context=dialstring";
const LINE_1002: &str = "tel:1002;phone-context=dialstring";
const LINE_1009: &str = "tel:1009;phone-context=dialstring";

/// All cases.
pub const CASES: &[Case] = &[
    // The user.
    case(ALICE, LINE_1001, Ok("1001@HARD1")),
    case("sip:ALICE@Example.COM;gruu", LINE_1001, Ok("1001@HARD1")),
    case("sip:%61lice@example.com:5060", LINE_1001, Ok("1001@HARD1")),
    case("sips:alice.ames@example.com", LINE_1001, Ok("1001@HARD1")),
    case("sip:ames@example.org", LINE_1001, Ok("1001@HARD1")),
    case("sip:alice@evil.example", LINE_1001, Err(Refusal::UnknownUser)),
    case("sip:alice%00@example.com", LINE_1001, Err(Refusal::UnknownUser)),
    case("sip:alice%0d%0a@example.com", LINE_1001, Err(Refusal::UnknownUser)),
    case("sip:alice%40example.com@evil.example", LINE_1001, Err(Refusal::UnknownUser)),
    case("tel:+14255550101", LINE_1001, Err(Refusal::UnknownUser)),
    case("sip:nobody@example.com", LINE_1001, Err(Refusal::UnknownUser)),
    case("sip:carol@example.com", LINE_1001, Err(Refusal::NotEnabled)),
    // The line.
    case(ALICE, "tel:+1-425-555-0101", Ok("1001@HARD1")),
    case(ALICE, "tel:%2B14255550101", Ok("1001@HARD1")),
    case(ALICE, "tel:+1 (425) 555-0101", Ok("1001@HARD1")),
    case(ALICE, "tel:+14255550101;ext=1001", Ok("1001@HARD1")),
    case(ALICE, "TEL:1001;Phone-Context=dialstring;DEVICE=hard1", Ok("1001@HARD1")),
    case(ALICE, "tel:%31001;phone-context=dialstring", Ok("1001@HARD1")),
    case(ALICE, "tel:+4930123451001", Ok("1001@HARD1")),
    case(ALICE, "", Ok("1001@HARD1")),
    case(ALICE, "tel:1999;phone-context=dialstring", Err(Refusal::UnknownLine)),
    case(ALICE, "tel:1001%00;phone-context=dialstring", Err(Refusal::UnknownLine)),
    case(ALICE, "tel:1001;device=HARD1;device=HARD2", Err(Refusal::UnknownLine)),
    case(ALICE, LINE_1002, Err(Refusal::NotAuthorized)),
    case(ALICE, "tel:1003", Err(Refusal::NotAuthorized)),
    case(BOB, "", Err(Refusal::AmbiguousLine)),
    // The partition.
    case(BOB, LINE_1009, Err(Refusal::AmbiguousLine)),
    case(BOB, "tel:1009;phone-context=dialstring;partition=Staff", Ok("1009/Staff@HARD1")),
    case(BOB, "tel:1009;phone-context=dialstring;partition=Other", Err(Refusal::UnknownLine)),
    case("sip:dora@example.com", LINE_1009, Ok("1009/Staff@HARD1")),
    // The device.
    case(BOB, LINE_1002, Err(Refusal::AmbiguousLine)),
    case(BOB, "tel:1002;phone-context=dialstring;device=SOFT2", Ok("1002@SOFT2")),
    case(BOB, "tel:1002;phone-context=dialstring;device=SEP0", Err(Refusal::UnknownDevice)),
    case(BOB, "tel:1002;phone-context=dialstring;device=HARD1", Err(Refusal::UnknownDevice)),
    lcs(Registered::Yes, LINE_1002, Ok("1002@SOFT2")),
    lcs(Registered::No, LINE_1002, Ok("1002@HARD2")),
    lcs(Registered::No, "tel:1002;device=SOFT2", Ok("1002@SOFT2")),
    // The selection.
    selected("HARD2", LINE_1002, Ok("1002@HARD2")),
    selected("SOFT2:1", "tel:1002;device=HARD2", Ok("1002@SOFT2")),
    selected("HARD1:3", LINE_1002, Ok("1009/Staff@HARD1")),
    selected("HARD1:1", LINE_1002, Err(Refusal::AmbiguousLine)),
    selected("GONE:1", "tel:1002;device=HARD2", Ok("1002@HARD2")),
];

impl Case {
    /// Whether the device of a line appearance is registered in this case: hard phones are.
    #[must_use]
    pub fn registered(&self, directory: &Directory, id: AppearanceId) -> Registered {
        let device = directory.appearance(id).device.map(|device| directory.device(device));
        let is_soft = device.is_some_and(|device| device.kind == DeviceKind::Soft);
        if is_soft { self.registered } else { Registered::Yes }
    }

    /// Searches, and returns the line appearance that is found, or why there is none.
    ///
    /// # Errors
    /// The refusal.
    pub fn search(&self, directory: &Directory, notes: &mut dyn Notes) -> Result<String, Refusal> {
        let registered = |id: AppearanceId| self.registered(directory, id);
        let terms =
            Terms { begins: Some("+493012345"), digits: Some((14, 14)), strip: 10, ..Terms::default() };
        let rules =
            Rules::new((Rule::new(&terms).into_iter().collect(), Vec::new(), Vec::new()), [].into_iter());
        let finder = Finder {
            directory,
            domains: &[String::from("example.com")],
            server: self.server,
            rules: &rules,
            choice: &|_| Some(self.selected).filter(|selected| !selected.is_empty()),
            registered: &registered,
        };
        match finder.find(&Wanted { user: self.user, line: self.line }, notes) {
            Outcome::Found { appearance, .. } => Ok(directory.written(appearance)),
            Outcome::Depends { on, .. } => Ok(format!("depends on {}", directory.written(on))),
            Outcome::Refused(refusal) => Err(refusal),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Silent;
    use super::*;

    fn directory() -> Directory {
        Directory::read(DIRECTORY, "cases").unwrap_or_else(|mistakes| panic!("{mistakes}"))
    }

    #[test]
    fn every_case_finds_its_line_appearance_or_its_refusal() {
        let directory = directory();
        for case in CASES {
            let found = case.search(&directory, &mut Silent);
            assert_eq!(found, case.outcome.map(String::from), "{case:?}");
        }
    }

    #[test]
    fn the_choice_of_a_soft_phone_depends_on_its_registration() {
        let case = lcs(Registered::NotAsked, LINE_1002, Ok(""));
        assert_eq!(case.search(&directory(), &mut Silent), Ok(String::from("depends on 1002@SOFT2")));
    }

    /// What a user means by an identifier within a session.
    fn meant(directory: &Directory, user: &str, identifier: &str) -> Option<String> {
        let finder = Finder {
            directory,
            domains: &[],
            server: ServerType::Ocs,
            rules: &Rules::default(),
            choice: &|_| None,
            registered: &|_| Registered::NotAsked,
        };
        finder.line_of_user(directory.user_by_id(user)?, identifier).map(String::from)
    }

    #[test]
    fn within_a_session_an_identifier_means_only_lines_of_its_user() {
        let directory = directory();
        for (user, identifier, line) in [
            ("alice", LINE_1001, Some("1001")),
            ("alice", "tel:+14255550101", Some("1001")),
            ("alice", LINE_1002, None),
            ("alice", "tel:1999", None),
            ("bob", "1002:CM1:192.0.2.10:1", Some("1002:CM1:192.0.2.10:1")),
            ("bob", LINE_1009, Some("1009")),
            // On two devices.
            ("bob", LINE_1002, None),
            // Not enabled.
            ("carol", LINE_1001, None),
        ] {
            assert_eq!(meant(&directory, user, identifier).as_deref(), line, "{user} {identifier}");
        }
    }

    #[test]
    fn every_refusal_has_a_case_and_a_remedy_of_its_own() {
        for refusal in Refusal::ALL {
            assert!(CASES.iter().any(|case| case.outcome == Err(refusal)), "{refusal}");
            let same = Refusal::ALL.iter().filter(|other| other.remedy() == refusal.remedy());
            assert_eq!(same.count(), 1, "{refusal}");
        }
    }

    #[test]
    fn each_step_of_a_search_is_noted_and_the_last_has_the_remedy() {
        struct Steps(alloc::vec::Vec<String>);
        impl Notes for Steps {
            fn note(
                &mut self,
                what: &'static str,
                looked_for: &dyn core::fmt::Display,
                found: &dyn core::fmt::Display,
            ) {
                self.0.push(format!("{what}: {looked_for}: {found}"));
            }
        }
        let mut steps = Steps(alloc::vec::Vec::new());
        let case = case("sip:alice.ames@example.com", "tel:+4930123451003", Err(Refusal::NotAuthorized));
        assert_eq!(case.search(&directory(), &mut steps), Err(Refusal::NotAuthorized));
        let expected = [
            "user by user ID: alice.ames: nothing",
            "user by mail address: alice.ames@example.com: found",
            "enabled: alice: yes",
            "line by number: +4930123451003: nothing",
            "line by E.164 number: +4930123451003: nothing",
            "line by number rules (numbers.line): 1003: 1 line",
            "right: tel:+4930123451003: none of its appearances is the user's",
            "outcome: user not authorized for this line: add the line to the user's lines in the directory",
        ];
        assert_eq!(steps.0, expected);
    }
}
