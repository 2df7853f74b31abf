//! Device identifiers in every form, from a phone system's event to a client and back. `docs/identifiers.md` is drawn
//! from the forms; `BLESS=1` rewrites it.

use core::fmt::Write as _;
use std::path::Path;

use ctigate_core::Duration;
use ctigate_core::line::forms::{APPEARANCE, APPEARANCES, FORMS, Form, LINE};
use ctigate_tests::bench::{Bench, Client, PhoneSystem};

mod appearances;
mod connections;
mod shown;

/// A client of [`LINE`] with a monitor.
fn desk() -> (Bench, PhoneSystem, Client) {
    let (mut bench, system, mut client) = Bench::with_client(&[]);
    client.uri = LINE.0.into();
    client.sign_in(&mut bench, system);
    client.monitor(&mut bench, system, "m1");
    bench.advance(Duration::from_millis(20));
    (bench, system, client)
}

/// A device as an element's text and attribute.
fn written(form: &Form, name: &str) -> String {
    let kind = form.kind.map_or_else(String::new, |kind| format!(" typeOfNumber=\"{kind}\""));
    format!("<{name}{kind}>{}</{name}>", escaped(form.id))
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// A call that rings at the line, with the own connection's `device`, and other elements.
fn delivered(device: &str, parties: &str) -> String {
    format!(
        "<connection><callID>7</callID>{device}</connection>\
         <alertingDevice><deviceIdentifier>1001</deviceIdentifier></alertingDevice>{parties}\
         <localConnectionInfo>alerting</localConnectionInfo><cause>newCall</cause>"
    )
}

/// The body of the only event that the client got.
fn told(bench: &mut Bench, client: &Client) -> String {
    let [event] = client.heard(bench).try_into().expect("one event");
    event.body().to_owned()
}

#[test]
fn a_client_sees_a_number_it_can_use_or_that_there_is_none() {
    let (mut bench, system, client) = desk();
    for form in FORMS {
        let calling = written(form, "deviceIdentifier");
        let last = written(form, "numberDialed");
        let parties = format!(
            "<callingDevice>{calling}</callingDevice>\
             <calledDevice><deviceIdentifier>1001</deviceIdentifier></calledDevice>\
             <lastRedirectionDevice>{last}</lastRedirectionDevice>"
        );
        system.event(&mut bench, "DeliveredEvent", "m1", &delivered("<deviceID>1001</deviceID>", &parties));
        let seen = told(&mut bench, &client);
        // What is valid in one call only keeps its type; the schema has it inside connections only.
        let kind = if form.kind == Some("dynamic") { " typeOfNumber=\"dynamic\"" } else { "" };
        let shown = |name: &str| match form.seen {
            hidden @ ("notKnown" | "restricted") => format!("<{hidden}/>"),
            id => format!("<{name}{kind}>{}</{name}>", escaped(id)),
        };
        for part in [
            format!("<callingDevice>{}</callingDevice>", shown("deviceIdentifier")),
            format!("<lastRedirectionDevice>{}</lastRedirectionDevice>", shown("numberDialed")),
        ] {
            assert!(seen.contains(&part), "{form:?}: {part} in {seen}");
        }
    }
}

#[test]
fn devices_that_no_model_knows_are_rewritten_in_the_same_way() {
    let (mut bench, system, client) = desk();
    for (id, seen) in [
        ("Anonymous", "<associatedCallingDevice><restricted/></associatedCallingDevice>"),
        ("Trunk 3", "<associatedCallingDevice><notKnown/></associatedCallingDevice>"),
        (
            "N&lt;1002&gt;Bob",
            "<associatedCallingDevice><deviceIdentifier>tel:1002;phone-context=dialstring</deviceIdentifier>\
             </associatedCallingDevice>",
        ),
    ] {
        let parties = format!(
            "<callingDevice><notKnown/></callingDevice><calledDevice><notKnown/></calledDevice>\
             <lastRedirectionDevice><notRequired/></lastRedirectionDevice>\
             <associatedCallingDevice><deviceIdentifier>{id}</deviceIdentifier></associatedCallingDevice>"
        );
        system.event(&mut bench, "DeliveredEvent", "m1", &delivered("<deviceID>1001</deviceID>", &parties));
        let told = told(&mut bench, &client);
        assert!(told.contains(seen), "{seen} in {told}");
    }
}

#[test]
fn an_optional_device_without_a_number_is_left_out() {
    let (mut bench, system, client) = desk();
    let event = |id: &str| {
        format!(
            "<device><deviceIdentifier>1001</deviceIdentifier></device>\
             <forwardingType>forwardImmediate</forwardingType><forwardStatus>true</forwardStatus>\
             <forwardTo>{id}</forwardTo>"
        )
    };
    system.event(&mut bench, "ForwardingEvent", "m1", &event("1002"));
    assert!(told(&mut bench, &client).contains("<forwardTo>tel:1002;phone-context=dialstring</forwardTo>"));
    system.event(&mut bench, "ForwardingEvent", "m1", &event("Voice mail"));
    assert!(!told(&mut bench, &client).contains("forwardTo"));
}

const INTRODUCTION: &str = "# Device identifiers\n
Drawn from the forms in `core/src/line/forms.rs` by `tests/it/identifiers.rs`; do not edit.\n
What a phone system calls a device, in all the forms that phone systems use, and what the client of the line 1001 sees in
its place. Where there is no number, a device is `notKnown` or `restricted` if the schema has that choice, and otherwise
left out if it may be; a connection always has its device, then unchanged. A connection goes back to the phone system as
it announced it. Number rules may show a number outside a connection in another way ([numbers.md](numbers.md)).\n
";

const HEAD: &str =
    "| form | `typeOfNumber` | the phone system writes | the client sees |\n|---|---|---|---|\n";

fn drawn() -> String {
    let mut text = format!("{INTRODUCTION}{HEAD}");
    let rows = |text: &mut String, forms: &[Form]| {
        for Form { name, kind, id, seen } in forms {
            let kind = kind.map_or_else(String::new, |kind| format!("`{kind}`"));
            let _ = writeln!(text, "| {name} | {kind} | `{id}` | `{seen}` |");
        }
    };
    rows(&mut text, FORMS);
    let _ = write!(
        text,
        "\n## A line at several devices\n\nA client whose line URI is `{}`, and whose line appearance the phone system knows \
         as `{}`, sees the same\nline at another device by the number, which it can look up and dial, and with the parameter \
         `device-id`: by RFC 3966 4 that is\nanother URI, so it is never taken for the own connection. In a request it means \
         that device: a connection goes back under its\ndevice ID, and a line that the user may control is controlled \
         there.\n\n{HEAD}",
        APPEARANCE.0, APPEARANCE.1
    );
    rows(&mut text, APPEARANCES);
    text
}

#[test]
fn the_document_of_identifiers_is_drawn_from_their_forms() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/identifiers.md");
    let drawn = drawn();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == drawn, "docs/identifiers.md is not what the forms say: BLESS=1 cargo test rewrites it");
}
