//! Snapshots of a line's calls, of which the gateway reads a part and the client gets everything.

use ctigate_tests::bench::only;

use super::desk::{Desk, LINE, SHOWN_LINE, document};
use super::samples::{connection, element};

/// The elements of an item that the gateway does not read, in the schema's order.
const BESIDE: &str = "<servicesPermitted><callControlServices><clearConnection>true</clearConnection>\
    </callControlServices></servicesPermitted><mediaServiceInfoList><deviceMediaInfo><mediaStreamID>m</mediaStreamID>\
    </deviceMediaInfo></mediaServiceInfoList><mediaCallCharacteristics><mediaClass>voice</mediaClass>\
    </mediaCallCharacteristics>";
/// The elements that edition 6 adds.
const LINKAGE: &str = "<callLinkageData><globalCallData><globalCallSwitchingSubDomainName>d\
    </globalCallSwitchingSubDomainName></globalCallData></callLinkageData>";
/// An element that no edition has.
const STRANGE: &str = "<x:mood xmlns:x=\"urn:x\"><callID>7</callID></x:mood>";
const PRIVATE: &str =
    "<extensions><privateData><private><x:a xmlns:x=\"urn:x\">1</x:a></private></privateData></extensions>";

/// A call of the line, with this identifier and this name of the line.
fn item(call: &str, line: &str, state: &str, beside: &str) -> String {
    let own = connection("connectionIdentifier", call, line);
    let end = element("endpointDevice", "<notKnown/>");
    element("snapshotDeviceResponseInfo", &(own + &end + &element("localCallState", state) + beside))
}

/// The parties' states.
fn compound(states: &[&str]) -> String {
    let states: String = states.iter().map(|state| element("localConnectionState", state)).collect();
    element("compoundCallState", &states)
}

fn snapshot(items: &str) -> String {
    element("crossRefIDorSnapshotData", &element("snapshotData", items))
}

/// What the client gets of a snapshot.
#[track_caller]
fn got(desk: &mut Desk, inside: &str) -> String {
    let asked = desk.passed("SnapshotDevice", &element("snapshotObject", LINE));
    only(&desk.says(&asked, "SnapshotDeviceResponse", inside), 200).body().to_owned()
}

/// The state that the client gets of a call in this one.
#[track_caller]
fn state(link: u8, state: &str) -> String {
    let body = got(&mut Desk::new(link, 3), &snapshot(&item("7", "1001", state, "")));
    let (_, rest) = body.split_once("<localCallState>").expect("a state");
    rest.split_once("</localCallState>").expect("its end").0.to_owned()
}

#[test]
fn a_snapshot_reaches_a_client_of_the_same_edition_whole() {
    let talking = compound(&["connected", "connected"]);
    for (edition, beside) in [(3, BESIDE.to_owned()), (6, format!("{BESIDE}{LINKAGE}"))] {
        let whole = |call: &str, line: &str| {
            let unknown = format!("{beside}{STRANGE}{}", connection("connection", call, line));
            let items = item(call, line, &talking, &unknown) + &item("", line, &talking, "");
            snapshot(&items.replace("<callID></callID>", "")) + STRANGE + "<dance>waltz</dance>" + PRIVATE
        };
        let body = got(&mut Desk::new(edition, edition), &whole("7", "1001"));
        assert_eq!(body, document(edition, "SnapshotDeviceResponse", &whole("17", SHOWN_LINE)));
    }
}

#[test]
fn a_client_of_another_edition_gets_of_a_snapshot_what_its_own_has() {
    let talking = compound(&["connected", "connected"]);
    let sent = item("7", "1001", &talking, &format!("{BESIDE}{LINKAGE}{STRANGE}<dance/>"));
    let body = got(&mut Desk::new(6, 3), &(snapshot(&sent) + STRANGE + PRIVATE));
    let wanted = snapshot(&item("17", SHOWN_LINE, &talking, BESIDE)) + PRIVATE;
    assert_eq!(body, document(3, "SnapshotDeviceResponse", &wanted));
}

#[test]
fn a_snapshot_without_calls_keeps_what_stands_beside_them() {
    let body = got(&mut Desk::new(6, 3), &(snapshot("") + PRIVATE));
    assert_eq!(body, document(3, "SnapshotDeviceResponse", &(snapshot("") + PRIVATE)));
}

#[test]
fn the_states_of_more_than_eight_parties_all_reach_the_client() {
    let many = [["connected"; 3].as_slice(), &["hold"; 5], &["alerting"]].concat();
    for link in [3, 6] {
        assert_eq!(state(link, &compound(&many)), compound(&many));
        assert_eq!(state(link, &compound(&many[..8])), compound(&many[..8]));
    }
}

#[test]
fn a_simple_state_of_a_call_reaches_the_client_as_a_list() {
    for link in [3, 6] {
        let simple = element("simpleCallState", "callReceived");
        assert_eq!(state(link, &simple), compound(&["alerting", "connected"]));
        assert_eq!(state(link, "<unknown/>"), "<unknown/>");
        assert_eq!(state(link, "<compoundCallState/>"), "<unknown/>");
        assert_eq!(state(link, ""), "<unknown/>");
    }
}

#[test]
fn a_state_that_no_table_knows_passes_between_equal_editions_alone() {
    let late = [["connected"; 8].as_slice(), &["dancing"]].concat();
    let simple = element("simpleCallState", "callDanced");
    for strange in [compound(&["dancing", "connected"]), compound(&late), simple] {
        assert_eq!(state(3, &strange), strange);
        assert_eq!(state(6, &strange), "<unknown/>");
    }
}
