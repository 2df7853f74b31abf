//! What README tells a newcomer to do with a recording.

use std::fs;
use std::process::Stdio;

use crate::command;
use crate::office::{Office, client_of};
use crate::program::{Folder, Running, output};

/// The example configuration, on ports that the kernel chooses and with this phone system.
fn example(cti: &str) -> String {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../ctigate.example.toml");
    let text = fs::read_to_string(example).unwrap().replace("127.0.0.1:5060", "127.0.0.1:0");
    assert!(text.contains("address = \"127.0.0.1:1040\""), "{text}");
    text.replace("127.0.0.1:1040", cti)
}

/// Records a call as README's second part does; returns the recording's path.
fn record(folder: &Folder) -> String {
    let mut switch = Running::start(&["switch", "--listen", "127.0.0.1:0"], "");
    let cti = switch.wait_for("key=listen transport=TCP address=");
    let config = folder.write("gateway.toml", &example(&cti));
    let mut gateway = Running::start(&["run", "--config", &config, "--record", folder.text()], "");
    let sip = gateway.wait_for("key=sip.tcp transport=TCP address=");
    gateway.wait_for("name=cti_in_service");
    let mut bob =
        client_of(&sip, "sip:bob@example.com", "1002", "wait delivered 5s\nanswer\nwait cleared 5s\n");
    bob.wait_for("monitor ");
    let script = "call 1002\nwait established 5s\nhangup\nwait cleared 5s\n";
    let mut alice = client_of(&sip, "sip:alice@example.com", "1001", script);
    assert_eq!((alice.end(), bob.end()), (0, 0), "{}{}", alice.said(), bob.said());
    gateway.signal("INT");
    assert_eq!(gateway.end(), 0, "{}", gateway.said());
    switch.signal("INT");
    assert_eq!(switch.end(), 0, "{}", switch.said());
    folder.only("trace")
}

#[test]
fn a_recording_with_the_example_configuration_can_be_redacted() {
    let folder = Folder::new("readme");
    let trace = record(&folder);
    let redacted = folder.path("redacted");
    let (status, out, err) = output(&["trace", "redact", &trace, "-o", &redacted]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    assert!(!out.contains("acts differently"), "{out}");
    let text = String::from_utf8_lossy(&fs::read(&redacted).unwrap()).to_lowercase();
    // A step's time and the count of its bytes may be any number.
    let said = text.lines().filter(|line| !line.starts_with('@') && !line.starts_with("> write"));
    let said = said.collect::<Vec<_>>().join("\n");
    let words = || said.split(|letter: char| !letter.is_alphanumeric());
    for gone in ["alice", "bob", "1001", "1002"] {
        assert!(!words().any(|word| word == gone), "{gone} was not redacted:\n{text}");
    }
    let (status, out, err) = output(&["replay", &redacted]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
}

/// What `trace ladder` draws with these arguments where lines have this many columns.
fn ladder(columns: &str, arguments: &[&str]) -> String {
    let mut command = command();
    command.args(["trace", "ladder"]).args(arguments).env("COLUMNS", columns).env("TZ", "XYZ-5:30");
    let output = command.stdin(Stdio::null()).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_ladder_fits_its_columns_and_tells_the_local_time_and_who_calls_whom() {
    let folder = Folder::new("ladder");
    let trace = record(&folder);
    for columns in ["80", "140", "200"] {
        let text = ladder(columns, &[&trace, "--line", "1001"]);
        let widest = text.lines().map(|line| line.chars().count()).max().unwrap();
        assert!(widest <= columns.parse().unwrap(), "{widest} of {columns}:\n{text}");
        assert!(text.starts_with("local time ") && text.contains("(UTC+05:30)"), "{text}");
        assert!(text.contains("MakeCall 1001 \u{2192} 1002"), "{text}");
        assert!(text.contains("alice") && !text.contains("bob"), "{text}");
    }
    let all = ladder("0", &[&trace]);
    let (status, late, err) = output(&["trace", "ladder", &trace, "--since", "1000"]);
    assert_eq!((status, late.lines().count(), all.lines().count() > 40), (1, 1, true), "{late}{all}");
    assert!(err.ends_with("it has no message of that time\n"), "{err}");
    let (date, rest) = all.lines().nth(1).unwrap().split_once(' ').unwrap();
    assert_eq!(rest, "(UTC+05:30)");
    let day = ["--since", &format!("{date}T00:00"), "--until", &format!("{date}T23:59:59.999")];
    assert_eq!(ladder("0", &[&[trace.as_str()], &day[..]].concat()), all);
}

#[test]
fn several_runs_in_one_command_are_told_apart() {
    let (first, second) = (Folder::new("run1"), Folder::new("run2"));
    for folder in [&first, &second] {
        assert_eq!(output(&["demo", "--record", folder.text()]).0, 0);
    }
    let (one, two) = (first.only("trace"), second.only("trace"));
    let here = format!("two runs here: {one}, {two}");
    let (status, out, err) = output(&["trace", "ladder", &one, &two]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(
        out.starts_with(&format!("{here}\n\n1: {one}\n")) && out.contains(&format!("\n2: {two}\n")),
        "{out}"
    );
    let (status, out, err) = output(&["replay", &one, &two]);
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains(&here) && out.matches("states compared").count() == 2, "{out}");
    let (status, _, err) = output(&["trace", "redact", &one, &two, "-o", &first.path("redacted")]);
    assert_eq!((status, err), (1, format!("{here}; give the files of one, since one file is written\n")));
    let (status, _, err) = output(&["trace", "ladder", &one, &two, "--line", "4711"]);
    assert_eq!(status, 1);
    assert!(err.ends_with("it has no message of line '4711'\n"), "{err}");
}

#[test]
fn at_level_debug_each_message_is_a_line_that_names_call_user_line_and_connection() {
    let mut office = Office::configured("debug", "", "[log]\nlevel = \"debug\"\n");
    let script = "call 1002\nwait delivered 5s\nhangup\nwait cleared 5s\n";
    let mut alice = office.client("sip:alice@example.com", "1001", &[], script);
    assert_eq!(alice.end(), 0, "{}", alice.said());
    office.gateway.signal("TERM");
    assert_eq!(office.gateway.end(), 0);
    let said = office.gateway.said();
    let line = |parts: &[&str]| {
        let found = said.lines().find(|line| parts.iter().all(|part| line.contains(part)));
        found.unwrap_or_else(|| panic!("no line has {parts:?}:\n{said}")).to_owned()
    };
    let make = line(&["level=debug name=message_received peer=127.0.0.1:", " service=MakeCall "]);
    for part in
        ["user=alice", "line=\"tel:1001;phone-context=dialstring\"", "call_id=", "calling=1001 called=1002"]
    {
        assert!(make.contains(part), "{part} is not in {make}");
    }
    line(&["name=message_sent cti=127.0.0.1:", " invoke=", " service=MakeCall calling=1001 called=1002 "]);
    line(&["name=message_received cti=127.0.0.1:", " invoke=9999 service=DeliveredEvent calling=1001 "]);
    line(&["name=message_sent peer=127.0.0.1:", " user=alice ", " service=DeliveredEvent ", " call=0_"]);
}
