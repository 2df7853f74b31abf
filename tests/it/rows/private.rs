//! What clients say to each other's kind: private data. Microsoft's never reach a phone system, those of others only
//! where the administrator wants it.

use ctigate_core::setting::Value;
use ctigate_tests::bench::only;

use super::desk::{Desk, LINE, document, lists, yes};
use super::samples::connection;

const LCS: &str =
    "<lcs:line xmlns:lcs=\"http://schemas.microsoft.com/Lcs/2005/04/RCCExtension\">tel:1001</lcs:line>";
const OURS: &str = "<x:mood xmlns:x=\"urn:x\">fine</x:mood>";

/// A desk that passes private data on, or does not.
fn desk(edition: u8, more: &[(&str, Value)]) -> Desk {
    Desk::with(edition, 3, &lists(|_| true), more)
}

/// What the phone system gets of a request that has this beside its connection.
#[track_caller]
fn got(desk: &mut Desk, beside: &str) -> String {
    let inside = connection("callToBeHeld", "0_7", LINE) + beside;
    let asked = desk.passed("HoldCall", &inside);
    desk.agrees(&asked);
    let whole = document(desk.link, "HoldCall", &connection("callToBeHeld", "7", "1001"));
    let (head, tail) = whole.split_at(whole.len() - "</HoldCall>".len());
    let rest = asked.document.strip_prefix(head).and_then(|rest| rest.strip_suffix(tail));
    rest.expect("the connection, and what stands beside it").to_owned()
}

/// Extensions with this in their private data.
fn private(inside: &str) -> String {
    format!("<extensions><privateData><private>{inside}</private></privateData></extensions>")
}

#[test]
fn private_data_stay_with_the_client_unless_the_administrator_wants_them() {
    let passing = [yes("cti.connection[0].private_data")];
    for edition in [3, 6] {
        assert_eq!(got(&mut desk(edition, &[]), &private(OURS)), "");
        assert_eq!(got(&mut desk(edition, &passing), &private(OURS)), private(OURS));
        let security = "<extensions><securityData><timestamp>1</timestamp></securityData></extensions>";
        assert_eq!(got(&mut desk(edition, &[]), security), "");
        assert_eq!(got(&mut desk(edition, &passing), security), security);
    }
}

#[test]
fn microsoft_s_private_data_never_reach_the_phone_system() {
    let everywhere = [
        private(LCS),
        private(&format!("<x:all xmlns:x=\"urn:x\">{LCS}</x:all>")),
        format!("<extensions><privateData>{LCS}</privateData></extensions>"),
        format!("<extensions>{LCS}</extensions>"),
        format!("<extensions><securityData>{LCS}</securityData></extensions>"),
        format!("<privateData><private>{LCS}</private></privateData>"),
        LCS.to_owned(),
        format!("<dance>{LCS}</dance>"),
    ];
    let mut closed = desk(3, &[]);
    let mut open = desk(3, &[yes("cti.connection[0].private_data")]);
    for beside in &everywhere {
        assert_eq!(got(&mut closed, beside), "", "{beside}");
        assert_eq!(got(&mut open, beside), "", "{beside}");
    }
    assert_eq!(got(&mut open, &private(&format!("{LCS}{OURS}{LCS}"))), private(OURS));
}

#[test]
fn private_data_outside_of_the_extensions_are_private_too() {
    let mut closed = desk(3, &[]);
    for beside in [
        OURS.to_owned(),
        format!("<privateData><private>{OURS}</private></privateData>"),
        "<privateData><string>00</string></privateData>".into(),
        "<securityData><timestamp>1</timestamp></securityData>".into(),
        format!("<dance>{OURS}</dance>"),
    ] {
        assert_eq!(got(&mut closed, &beside), "", "{beside}");
    }
    assert_eq!(got(&mut closed, "<dance>waltz</dance>"), "<dance>waltz</dance>");
    let mut open = desk(3, &[yes("cti.connection[0].private_data")]);
    assert_eq!(got(&mut open, OURS), OURS);
}

#[test]
fn the_phone_system_s_private_data_reach_the_client() {
    let mut desk = desk(3, &[]);
    let asked = desk.passed("HoldCall", &connection("callToBeHeld", "0_7", LINE));
    let answers = desk.says(&asked, "HoldCallResponse", &private(OURS));
    assert_eq!(only(&answers, 200).body(), document(3, "HoldCallResponse", &private(OURS)));
}
