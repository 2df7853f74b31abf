//! Numbers as clients see them by rules.

use ctigate_core::Duration;
use ctigate_core::setting::{Setting, Value, read_line};
use ctigate_tests::bench::{Bench, Client, PhoneSystem};

use super::{LINE, delivered, told};

/// A site with +49 30 1234-xxx, whose extensions are the last four digits.
const RULES: &str = "numbers.emergency = [\"112\"]\n\
    numbers.shown[0].pattern = \"4xxx\"\n\
    numbers.shown[0].prepend = \"+4930123\"\n\
    numbers.shown[1].begins = \"00\"\n\
    numbers.shown[1].strip = 2\n\
    numbers.shown[1].prepend = \"+49\"\n\
    numbers.shown[2].pattern = \"1*\"\n\
    numbers.shown[2].prepend = \"+49301\"";

/// A client with a monitor, at a gateway with these rules.
fn desk() -> (Bench, PhoneSystem, Client) {
    let settings: Vec<Setting> = RULES.lines().map(|line| read_line(line).unwrap()).collect();
    let settings: Vec<(&str, Value)> =
        settings.iter().map(|setting| (&*setting.key, setting.value.clone())).collect();
    let (mut bench, system, mut client) = Bench::with_client(&settings);
    client.uri = LINE.0.into();
    client.sign_in(&mut bench, system);
    client.monitor(&mut bench, system, "m1");
    bench.advance(Duration::from_millis(20));
    (bench, system, client)
}

/// The devices that ring and call, as the client is told of them, if the phone system writes `id` for who calls.
fn seen(id: &str) -> (String, String) {
    let (mut bench, system, client) = desk();
    let parties = format!(
        "<callingDevice>{id}</callingDevice>\
         <calledDevice><deviceIdentifier>1001</deviceIdentifier></calledDevice>\
         <lastRedirectionDevice><notRequired/></lastRedirectionDevice>"
    );
    system.event(&mut bench, "DeliveredEvent", "m1", &delivered("<deviceID>1001</deviceID>", &parties));
    let told = told(&mut bench, &client);
    let inside = |name: &str| {
        let (_, rest) = told.split_once(&format!("<{name}>")).unwrap_or_else(|| panic!("{name} in {told}"));
        rest.split_once(&format!("</{name}>")).unwrap().0.to_owned()
    };
    (inside("alertingDevice"), inside("callingDevice"))
}

#[test]
fn clients_see_numbers_by_the_rules_and_their_own_line_as_it_is() {
    let identifier = |id: &str| format!("<deviceIdentifier>{id}</deviceIdentifier>");
    for (id, shown) in [
        ("4567", "tel:+49301234567"),
        ("N&lt;4567&gt;Bob", "tel:+49301234567"),
        ("sip:4567@pbx", "tel:+49301234567"),
        ("0089123456", "tel:+4989123456"),
        ("0555", "tel:0555;phone-context=dialstring"),
        ("+14255550101", "tel:+14255550101"),
        ("sip:bob@example.com", "sip:bob@example.com"),
        ("1002", "tel:+493011002"),
        // A rule is there for these, too: but the one is an emergency number, the other the client's line.
        ("112", "tel:112;phone-context=dialstring"),
        ("1001", "tel:1001;phone-context=dialstring"),
    ] {
        let (alerting, calling) = seen(&identifier(id));
        assert_eq!(alerting, identifier("tel:1001;phone-context=dialstring"), "{id}");
        assert_eq!(calling, identifier(shown), "{id}");
    }
}

#[test]
fn a_connection_has_its_number_as_the_phone_system_knows_it() {
    let (mut bench, system, client) = desk();
    let event = "<establishedConnection><callID>7</callID><deviceID>4567</deviceID></establishedConnection>\
        <answeringDevice><deviceIdentifier>4567</deviceIdentifier></answeringDevice>\
        <callingDevice><deviceIdentifier>1001</deviceIdentifier></callingDevice>\
        <calledDevice><deviceIdentifier>4567</deviceIdentifier></calledDevice>\
        <lastRedirectionDevice><notRequired/></lastRedirectionDevice>\
        <localConnectionInfo>connected</localConnectionInfo><cause>newCall</cause>";
    system.event(&mut bench, "EstablishedEvent", "m1", event);
    let told = told(&mut bench, &client);
    assert!(told.contains("<deviceID>tel:4567;phone-context=dialstring</deviceID>"), "{told}");
    assert!(
        told.contains("<deviceIdentifier>tel:+49301234567</deviceIdentifier></answeringDevice>"),
        "{told}"
    );
    assert!(!told.contains(">4567<"), "{told}");
}
