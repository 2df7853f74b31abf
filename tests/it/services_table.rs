//! `docs/services.md` is generated from the rows of services and events. `BLESS=1` rewrites it.

use core::fmt::Write as _;
use std::path::Path;

use ctigate_core::wire::csta::events::Shape;
use ctigate_core::wire::csta::member::{Member, Role};
use ctigate_core::wire::csta::services::{EVENTS, Served, Service, all};

const INTRODUCTION: &str = "# Services and events\n
Generated from the rows in `core/src/wire/csta/services/` and `events/shapes/` by `tests/it/services_table.rs`; do not
edit.\n
A client may use the services listed here if its phone system has them; GetCSTAFeatures reports which. What a request
names is checked: an own connection, call or line must be the user's, a foreign one is the other end of what the own line
does, and a dialled number must be one that can be dialled. Everything else in a relayed request is passed on unchanged,
if the phone system's edition of ECMA-323 has it. What a response announces is known from then on: events and later
requests may name it. For services that the gateway serves itself only the name is given.\n";

/// The lists that have a table of their own, each with its heading. The others share one.
const LISTS: [(&str, &str); 4] = [
    ("callControlServList", "Call control"),
    ("callAssociatedServList", "Call associated"),
    ("physDevServList", "Physical device features"),
    ("logicalServList", "Logical device features"),
];

const HEAD: &str = "| service | subject | dialled | announced in the response | since edition | served by |\n\
                    |---|---|---|---|---|---|\n";

/// A member in words, and the column that they belong to.
enum Words {
    Subject(String),
    Dialled(String),
    Announced(String),
    Nothing,
}

fn words(member: &Member) -> Words {
    let name = member.name;
    let may = if member.required { "" } else { ", optional" };
    match member.role {
        Role::Own => Words::Subject(format!("own connection `{name}`")),
        Role::OwnCall => Words::Subject(format!("own call `{name}`")),
        Role::Held => Words::Subject(format!("own held connection `{name}`")),
        Role::Active => Words::Subject(format!("own active connection `{name}`")),
        Role::Foreign => Words::Subject(format!("foreign connection `{name}`")),
        Role::Line { filled: true } => Words::Subject(format!("own line `{name}`, added if left out")),
        Role::Line { filled: false } => Words::Subject(format!("own line `{name}`")),
        Role::Number if member.list.is_some() => Words::Subject(format!("foreign devices `{name}`{may}")),
        Role::Number => Words::Subject(format!("foreign device `{name}`{may}")),
        Role::Dialled { in_part, only_if } => {
            let part = if in_part { ", or its beginning" } else { "" };
            let several = match member.list {
                Some((2, _)) => ", one or more".into(),
                Some((since, _)) => format!(", several since edition {since}"),
                None => String::new(),
            };
            let condition = only_if.map_or_else(String::new, |name| format!(", if `{name}`"));
            Words::Dialled(format!("`{name}`{part}{several}{condition}{may}"))
        }
        Role::Announced { own: true } => Words::Announced(format!("own connection `{name}`{may}")),
        Role::Announced { own: false } => Words::Announced(format!("connection `{name}`{may}")),
        Role::CrossReference => Words::Announced(format!("messages that bring the data, by `{name}`")),
        Role::Text
        | Role::Truth
        | Role::Count
        | Role::Word(_)
        | Role::Copied(_)
        | Role::Narrowed
        | Role::Withheld => Words::Nothing,
    }
}

fn served_by(served: Served) -> &'static str {
    match served {
        Served::Here => "the gateway",
        Served::ByLink => "the gateway, using the phone system",
        Served::Relayed => "the phone system",
        Served::Told => "the phone system, unrequested",
        Served::Nowhere => "nobody",
    }
}

fn row(service: &Service) -> String {
    let (mut subjects, mut dialled, mut announced) = (Vec::new(), Vec::new(), Vec::new());
    // The cross-reference ID in a message that is not requested was announced before.
    let asked = service.request.iter().filter(|member| member.role != Role::CrossReference);
    for member in asked.chain(service.response) {
        match words(member) {
            Words::Subject(text) => subjects.push(text),
            Words::Dialled(text) => dialled.push(text),
            Words::Announced(text) => announced.push(text),
            Words::Nothing => {}
        }
    }
    let [subjects, dialled, announced] = [subjects, dialled, announced].map(|words| words.join("; "));
    let (since, by) = (service.since, served_by(service.served));
    format!("| {} | {subjects} | {dialled} | {announced} | {since} | {by} |\n", service.root)
}

fn drawn() -> String {
    let mut text = String::from(INTRODUCTION);
    let is_other = |service: &&Service| LISTS.iter().all(|(list, _)| service.list != *list);
    let served = || all().iter().filter(|service| service.served != Served::Nowhere);
    for (list, heading) in LISTS {
        let rows: String = served().filter(|service| service.list == list).map(row).collect();
        let _ = write!(text, "\n## {heading}\n\n{HEAD}{rows}");
    }
    let rows: String = served().filter(is_other).map(row).collect();
    let _ = write!(text, "\n## Capabilities, system status, monitors, snapshots\n\n{HEAD}{rows}");
    text.push_str(
        "\n## Not served\n\nClients may not use these. Some the gateway sends or reads itself: SystemStatus, and the data of \
         snapshots.\n\n| service | list |\n|---|---|\n",
    );
    for service in all().iter().filter(|service| service.served == Served::Nowhere) {
        let _ = writeln!(text, "| {} | `{}` |", service.root, service.list);
    }
    text.push_str(
        "\n## Events\n\nThe gateway interprets modelled events, in order to know the calls of a line. Any other is passed on to\n\
         the clients that monitor the device, with its identifiers rewritten.\n\n| event | list | |\n|---|---|---|\n",
    );
    for event in EVENTS {
        let how = match Shape::named(event.root) {
            Some(shape) if shape.kind.is_some() => "modelled",
            Some(_) => "passed on",
            None => "passed on, its elements unknown",
        };
        let _ = writeln!(text, "| {} | `{}` | {how} |", event.root, event.list);
    }
    text
}

#[test]
fn the_document_of_services_is_drawn_from_their_rows() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/services.md");
    let drawn = drawn();
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, &drawn).unwrap();
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == drawn, "docs/services.md is not what the rows say: BLESS=1 cargo test rewrites it");
}

#[test]
fn the_document_of_services_names_each_service_and_event_once() {
    let drawn = drawn();
    for name in all().iter().map(|service| service.root).chain(EVENTS.iter().map(|event| event.root)) {
        assert_eq!(drawn.matches(&format!("\n| {name} |")).count(), 1, "{name}");
    }
}
