//! `docs/switch.md` is generated from the tables of the built-in phone system. `BLESS=1` rewrites it.

use core::fmt::Write as _;
use std::path::Path;

use ctigate_peers::switch::{EVENTS, SWITCH_KEYS, VERBS, documented};

const INTRODUCTION: &str = "# The built-in phone system\n
Generated from the tables in `core/peers/src/switch/` by `tests/it/switch_document.rs`; do not edit.\n
`ctigate switch` is a CTI server with phones, for trying things out and for tests: CSTA III over TCP (ECMA-323 without
SOAP), with application sessions (ECMA-354) or without. Its clients are gateways; people use its phones by lines of text.
[switch.example.toml](examples/switch.example.toml) is a configuration with every key.\n\n\
```\nctigate switch --listen 127.0.0.1:1040 --control 127.0.0.1:1041 --config switch.example.toml\n```\n";

const KEYS: &str = "\n## Keys\n
`--listen` and `--control` replace the file's keys of these names, and may be left out if the file has them. Keys with
`[]` belong to a table that may be repeated (`[[phone]]`).\n\n| key | takes | default | |\n|---|---|---|---|\n";

const SHARED: &str = "\n## Lines on several devices\n
A phone is a device by itself, or with `phone[].device` a line of that device. Then its device ID is its number and, behind
a colon, the device's name: `1001:SEP0002FD3BB5C5`. Phones of the same number are the appearances of one line, and phones of
the same device its lines. Services, monitors and verbs name them by device ID; the number alone will do where the line is
on one device. GetLogicalDeviceInformation says which device it is (`otherPhysicalDeviceList`).\n
```toml
[[phone]]
number = \"1001\"
device = \"SEP1\"
[[phone]]
number = \"1001\"
device = \"SEP2\"
[[phone]]
number = \"1002\"
device = \"SEP2\"
```\n
A call to the number rings at each appearance that can take it. Where it is answered it goes on; the others stop, with
`multipleAlerting`, and are free for other calls (basic bridged appearances of ECMA-269). So they do if the call is
deflected, picked up or forwarded from one of them. For whoever is not on the line it is one party of the call: he is told
that it rings, was answered or left, not of each appearance. Forwarding is the line's, whichever appearance it is set at;
all other settings are the phone's own. One that is out of service is not registered: SnapshotDevice is refused there, with
`deviceOutOfService`.\n";

const LINES: &str = "\n## Verbs\n
Whoever connects to the address in `control`, for example by `nc 127.0.0.1 1041`, plays the people at the phones, and
mishaps. Each line is answered by a line that begins with `ok` or `error`.\n
| line | what happens | example |\n|---|---|---|\n";

const SERVICES: &str = "\n## Services\n
What clients may ask for, by ECMA-269 and ECMA-323; [services.md](services.md) has the gateway's side of it. A service that
does not fit is refused with the CSTAErrorCode that says why, and changes nothing.\n\n| service | |\n|---|---|\n";

const REPORTS: &str = "\n## Events\n
What monitors report, unless their filters exclude it.\n\n| event | when |\n|---|---|\n";

const PARTS: &str = "\n## Participation\n
JoinCall, IntrudeCall and SingleStepConferenceCall say how a party takes part (`participationType`): it is heard and hears
(`active`), it hears only (`silent`), or neither (`none`). Whoever is not active is connected like the others and counts
towards `parties`, but the call is not between him and them: it ends when fewer than two are left who are active. He may
hold and retrieve it, consult somebody else, and leave. What needs his voice or decides about the others (GenerateDigits,
ParkCall, transfers and conferences) is refused with `requestIncompatibleWithConnection`. Who gets his part by forwarding,
deflection or pickup takes part in the same way, and a transfer or a conference of the call leaves it as it is.
The direction of his media (`flowDirection`) is in the response, in every event about his connection, in the connection
list of ConferencedEvent and in the snapshot of his phone; ConferencedEvent has the cause `silentParticipation` if he only
listens.\n
A phone that is prompted to join (`autoOriginate`, which is `prompt` unless said otherwise) has a call of its own until it
is answered, which the response names and ServiceInitiatedEvent tells; the call that it joins is not concerned before. If
that call is over by then, or was replaced by another, the phone's own ends with the cause `callCancelled`.\n
## Data of calls\n
AssociateData takes at most 64 octets of each: `accountCode`, `authCode`, `correlatorData` (a `string`, nothing private),
`callQualifyingData`, `subjectOfCall` and `languagePreferences`. CallInformationEvent tells every party those that changed.
A call that resulted from two has the data of the first, and what the first lacks of the second.\n";

/// Text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Code in a cell of a table; nothing if there is none.
fn code(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!("`{}`", cell(text)) }
}

fn drawn() -> String {
    let mut text = String::from(INTRODUCTION);
    text.push_str(KEYS);
    for key in SWITCH_KEYS {
        let default = if key.required { "required".into() } else { code(key.default) };
        let _ =
            writeln!(text, "| {} | {} | {default} | {} |", code(key.name), cell(&key.takes()), cell(key.doc));
    }
    text.push_str(SHARED);
    text.push_str(LINES);
    for verb in VERBS {
        let _ = writeln!(text, "| {} | {} | {} |", code(&verb.usage()), cell(verb.doc), code(verb.example));
    }
    text.push_str(SERVICES);
    for (service, doc) in documented() {
        let _ = writeln!(text, "| {service} | {} |", cell(doc));
    }
    text.push_str(PARTS);
    text.push_str(REPORTS);
    for (event, doc) in EVENTS {
        let _ = writeln!(text, "| {event} | {} |", cell(doc));
    }
    text
}

#[test]
fn the_document_of_the_phone_system_is_drawn_from_its_tables() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/switch.md");
    let drawn = drawn();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == drawn, "docs/switch.md is not what the tables say: BLESS=1 cargo test rewrites it");
}
