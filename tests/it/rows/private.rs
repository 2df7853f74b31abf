//! Private data of clients. Microsoft's never reach a phone system, others only if so configured.

use ctigate_core::setting::Value;
use ctigate_tests::bench::only;

use super::desk::{Desk, LINE, document, error, lists, yes};
use super::samples::connection;

const LCS: &str =
    "<lcs:line xmlns:lcs=\"http://schemas.microsoft.com/Lcs/2005/04/RCCExtension\">tel:1001</lcs:line>";
const ANSWER: (&str, &str) = ("AnswerCall", "callToBeAnswered");
const OURS: &str = "<x:mood xmlns:x=\"urn:x\">fine</x:mood>";

/// A desk that passes private data on, or does not.
fn desk(edition: u8, more: &[(&str, Value)]) -> Desk {
    Desk::with(edition, 3, &lists(|_| true), more)
}

/// What the phone system gets of a HoldCall with this after its connection.
#[track_caller]
fn got(desk: &mut Desk, beside: &str) -> String {
    got_of(desk, ("HoldCall", "callToBeHeld"), beside)
}

/// What the phone system gets of a request with this after its connection.
#[track_caller]
fn got_of(desk: &mut Desk, (root, member): (&str, &str), beside: &str) -> String {
    let asked = desk.passed(root, &(connection(member, "17", LINE) + beside));
    desk.agrees(&asked);
    let whole = document(desk.link, root, &connection(member, "7", "1001"));
    let (head, tail) = whole.split_at(whole.len() - root.len() - "</>".len());
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
fn private_data_within_what_a_row_knows_are_private_too() {
    let security = "<securityData><timestamp>1</timestamp></securityData>";
    let own = "<string>00</string>";
    let value = |inside: &str| format!("<userData>{own}{inside}</userData>");
    let plain = format!("<x:m xmlns:x=\"urn:x\">1{LCS}</x:m>");
    let marked = "<string xmlns:lcs=\"http://schemas.microsoft.com/Lcs/2005/04/RCCExtension\" lcs:line=\"1\">\
        01</string>";
    let mut closed = desk(3, &[]);
    for inside in [LCS, OURS, security, &plain, &format!("<privateData>{OURS}</privateData>")] {
        assert_eq!(got_of(&mut closed, ANSWER, &value(inside)), value(""), "{inside}");
    }
    let mut open = desk(3, &[yes("cti.connection[0].private_data")]);
    assert_eq!(got_of(&mut open, ANSWER, &value(LCS)), value(""));
    assert_eq!(got_of(&mut open, ANSWER, &value(&plain)), value("<x:m xmlns:x=\"urn:x\">1</x:m>"));
    assert_eq!(got_of(&mut open, ANSWER, &value(marked)), value("<string>01</string>"));
    for inside in [OURS, security] {
        assert_eq!(got_of(&mut open, ANSWER, &value(inside)), value(inside), "{inside}");
    }
}

#[test]
fn what_is_in_a_value_beside_its_text_stays_with_the_client() {
    let beside = |inside: &str| format!("<connectionReservation>true{inside}</connectionReservation>");
    for more in [&[][..], &[yes("cti.connection[0].private_data")]] {
        let mut desk = desk(3, more);
        for inside in [LCS, "<deviceID>1005</deviceID>"] {
            assert_eq!(got(&mut desk, &beside(inside)), beside(""), "{inside}");
        }
    }
}

#[test]
fn a_foreign_element_is_no_member_whatever_its_name_is() {
    let foreign = "xmlns:x=\"http://schemas.microsoft.com/Lcs/2005/04/RCCExtension\"";
    let mut desk = desk(3, &[yes("cti.connection[0].private_data")]);
    let reservation = format!("<x:connectionReservation {foreign}>false</x:connectionReservation>");
    assert_eq!(got(&mut desk, &reservation), "");
    let inside = format!(
        "<x:callToBeHeld {foreign}><x:callID>17</x:callID><x:deviceID>{LINE}</x:deviceID></x:callToBeHeld>"
    );
    let refused = only(&desk.ask("HoldCall", &inside), 200);
    assert_eq!(error(&refused), "invalidConnectionID");
}

#[test]
fn the_phone_system_s_private_data_reach_the_client() {
    let mut desk = desk(3, &[]);
    let asked = desk.passed("HoldCall", &connection("callToBeHeld", "17", LINE));
    let answers = desk.says(&asked, "HoldCallResponse", &private(OURS));
    assert_eq!(only(&answers, 200).body(), document(3, "HoldCallResponse", &private(OURS)));
}
