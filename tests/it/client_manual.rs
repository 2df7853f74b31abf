//! `docs/client.md` is generated from the table of the scripted client's commands. `BLESS=1` rewrites it.

use core::fmt::Write as _;
use std::path::Path;

use ctigate_peers::client::manual;

const INTRODUCTION: &str = "# The scripted client\n
Generated from the table of commands in `core/peers/src/client/commands/table.rs` by `tests/it/client_manual.rs`; do not
edit.\n
`ctigate client` signs in at a gateway and controls one line, as Office Communicator does. It reads commands, one a line,
from a terminal, from standard input or from a file (`--script`), and shows every event and every answer as one line. At
a terminal it has a prompt with the user, the number and what the line is doing, a history (arrow keys), completion of
commands, arguments, events and their elements (Tab), and colours unless `NO_COLOR` is set; what happens is shown above
the line being typed. Ctrl-C abandons what was typed, and signs out if pressed twice; Ctrl-D signs out.\n";

const CALLS: &str = "\n## Calls\n
`[CALL]` is the short number of a call, as `calls` shows it: `hold 2`, `transfer 1 2`. Where a telephone number may stand
too, `#2` always means the call. Without a number the newest call in a fitting state is meant: `hold` means the one that
is connected, `retrieve` the one on hold. `calls` shows what the client knows of each call from what it was told: its
number and callID, the state of its own connection, the other parties with the states of theirs (`unknown` if it was not
told), and about which other call somebody is consulted in it.\n
`pickup` and `join` are about another phone's call, which the client learns by a snapshot of that phone if it may;
otherwise the phone alone names the call.\n";

const WAITING: &str = "\n## What can be waited for\n
`wait` and `expect` take any event by its name (`transfered`, `TransferedEvent`, `connection-cleared`), and the results
`signed-in`, `refreshed`, `monitor`, `made`, `ok`, `snapshot`, `devices`, `response`, `signed-out`, `reinvite`; of these
`expect error` and `expect refused` also keep a failure from failing the script. Then come, in this order or any other:\n
- words, compared with the values shown first: `expect error stateIncompatibility/noActiveCall`, `expect refused 481`;
- `NAME=VALUE` for any element of the event or answer. NAME may be a part of the element's dotted name:
  `newConnection.callID=7`, `callingDevice=1001`, `forwardTo=1003`. Numbers are equal in any notation, an element without
  content is a value (`lastRedirectionDevice=notRequired`), and `-` means that the element is absent;
- at the end, how long to wait: `200ms`, `5s`, `2m`; five seconds if nothing is said.\n
`expect no EVENT ... 200ms` fails if it happens within that time. `expect calls hold:1002 connected:1003/hold+1004 2s`
waits until these are the calls, each with its state and the numbers in it, with their states where those matter, `*` for whomever;
`expect calls none` waits until there is none.\n
A script fails (exit status 1) with the first line that fails, and when an error or a refusal came that no line expected.
When the gateway does not know the session any more (481), the client signs in again, as real clients do, so that a
failover can be watched: by a new INVITE as Communicator does, with `--reinvite same` by a re-INVITE in the same dialog as
SIPE does, or with `--reinvite never` not at all.\n";

fn drawn() -> String {
    let mut text = String::from(INTRODUCTION);
    text.push_str("\n## Commands\n\n| command | what it does | requests | example |\n|---|---|---|---|\n");
    for entry in manual() {
        let cell = |text: &str| text.replace('|', "\\|");
        let alias = entry.alias.map(|alias| format!("; also `{alias}`")).unwrap_or_default();
        let service = entry.service.map(|service| format!("`{service}`")).unwrap_or_default();
        let (usage, example) = (cell(&entry.usage), cell(entry.example));
        let _ = writeln!(text, "| `{usage}`{alias} | {} | {service} | `{example}` |", entry.help);
    }
    text + CALLS + WAITING
}

#[test]
fn the_document_of_the_client_is_drawn_from_its_commands() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/client.md");
    let drawn = drawn();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == drawn, "docs/client.md is not what the table says: BLESS=1 cargo test rewrites it");
}
