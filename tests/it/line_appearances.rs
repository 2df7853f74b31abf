//! `docs/line-appearances.md` is drawn from the cases of finding a line appearance, to which the search is held;
//! `BLESS=1` rewrites it.

use core::fmt::Write as _;
use std::path::Path;

use ctigate_core::line::dial::NotDialable;
use ctigate_core::line::finding::{
    CASES, Case, DIRECTORY, Refusal, Registered, ServerType, UNREGISTERED_REMEDY,
};

const INTRODUCTION: &str = "# Line appearances

Drawn from `core/src/line/finding/` by `tests/it/line_appearances.rs`; do not edit.

A user controls a line appearance: a line at a device. A sign-in finds it in these steps, and each is shown by
`ctigate explain --config FILE --user URI [--line URI] [--dial NUMBER]` and, as the running gateway takes it, by
`ctigate ctl explain`:

1. **The user**, from the URI in From (or P-Asserted-Identity, by `directory.identity`), believed only from peers in
   `sip.allow`: by user ID, if the host is in `directory.domains`, else by mail address, else by SIP address; without case.
   The user must be enabled.
2. **The selection**: what the user selected (`ctigate ctl select`) counts, whatever the line URI says.
3. **The line**, from `lcs:line` in the private data, else from To or the Request-URI: by number, else by E.164 number,
   else by what the number rules (`numbers.line`) make of it. A `partition` in the line URI must be the line's. If the
   client names no line, all of the user's count.
4. **The device**: the one in the line URI. Otherwise only the appearances that the user may control count; if these are
   several, `directory.server` decides: with `lcs` the soft phone that is registered, else the hard phone; with `ocs` the
   user has to select one.
5. **The device ID** at the phone system: the line appearance's `device_id`, else the line's number.

Within a session, a request may name another line that the user may control, by number or device ID: MakeCall,
MonitorStart, a connection in one of its calls and so on act for that line then. Within a call of the session's line the
callID decides, whatever device the client names with it. A monitor of another line ends with the right to it (the client
is told by MonitorStop), and with the node that it was started at.

## Cases

In a gateway with this directory (in the form of a [directory file](administration.md)), `directory.domains =
[\"example.com\"]`, and a number rule that makes 1001 of +4930123451001:

";

const REFUSALS: &str = "
## Refusals

Each has an answer, a line in the log with the remedy (`request_refused`, or `service_failed` within a session, with user,
line, peer and Call-ID), and a counter in `ctigate ctl status`. Where ECMA-269 has an error of its own for what is
dialled, that is answered: invalidDestinationDeviceID (DeflectCall, SingleStepTransferCall and others) and
invalidForwardingDestination (SetForwarding) say which number is meant.

| cause | answer | counter | remedy |
|---|---|---|---|
";

fn drawn() -> String {
    let mut text = String::from(INTRODUCTION);
    let _ = writeln!(text, "```text\n{DIRECTORY}```\n");
    text.push_str(
        "| user | line URI | `directory.server` | soft phone | selected | controlled, or refused |\n",
    );
    text.push_str("|---|---|---|---|---|---|\n");
    for Case { user, line, server, registered, selected, outcome } in CASES {
        let server = if *server == ServerType::Lcs { "`lcs`" } else { "`ocs`" };
        let registered = if *registered == Registered::Yes { "registered" } else { "not registered" };
        let outcome = match outcome {
            Ok(appearance) => format!("`{appearance}`"),
            Err(refusal) => format!("{} {refusal}", refusal.status()),
        };
        let cells = [cell(user), cell(line), server.into(), registered.into(), cell(selected), outcome];
        let _ = writeln!(text, "| {} |", cells.join(" | "));
    }
    text.push_str(REFUSALS);
    for refusal in Refusal::ALL {
        let (status, reason, counter) = (refusal.status(), refusal.reason(), refusal.counter());
        let _ = writeln!(text, "| {refusal} | {status} {reason} | `{counter}` | {} |", refusal.remedy());
    }
    let _ = writeln!(
        text,
        "| device not registered | 200, with system status `disabled` and a short Session-Expires | \
         `devices_unregistered` | {UNREGISTERED_REMEDY} |"
    );
    let _ = writeln!(
        text,
        "| number not diallable | 200, with the error operation/invalidCalledDeviceID | `numbers_not_diallable` | \
         {}; or {} |",
        NotDialable::Character(' ').remedy(),
        NotDialable::TooLong.remedy()
    );
    text.push_str("| peer not believed | 403 Peer not on the access list | | enter the peer's address in `sip.allow` |\n");
    text
}

/// A text in a table; nothing if it is empty.
fn cell(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{text}`") }
}

#[test]
fn the_document_of_line_appearances_is_drawn_from_the_cases() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/line-appearances.md");
    let drawn = drawn();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == drawn,
        "docs/line-appearances.md is not what the cases say: BLESS=1 cargo test rewrites it"
    );
}
