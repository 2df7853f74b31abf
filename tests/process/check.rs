//! Invalid configurations: nothing starts, and each error names position, key, value and bound.

use std::fs;

use crate::program::{Folder, Running, output};

const GOOD: &str = "[sip]\ntcp = [\"127.0.0.1:0\"]\n[[cti.connection]]\naddress = \"pbx:1040\"\n";

const LISTEN: &str = "an IP address and port to listen on, such as \"127.0.0.1:5060\"";
const TARGET: &str = "a host and port, such as \"pbx.example.com:1040\"";

/// Text appended to a valid configuration, and the error after the file's name.
const WRONG: &[(&str, &str)] = &[
    ("[limits]\nlinks = 0\n", ":6:9: limits.links = 0: must be a whole number from 1 to 100000 connections"),
    (
        "[limits]\nlinks = \"many\"\n",
        ":6:9: limits.links = \"many\": must be a whole number from 1 to 100000 connections",
    ),
    (
        "[limits]\nlinks = 1.5\n",
        ":6:9: limits.links = <float>: must be a whole number from 1 to 100000 connections",
    ),
    ("[limits]\nlnks = 5\n", ":6:8: limits.lnks = 5: is not a key; the nearest is limits.links"),
    ("[limts]\nlinks = 5\n", ":6:9: limts.links = 5: is not a key; the nearest is limits.links"),
    ("[colors]\nred = 5\n", ":6:7: colors.red = 5: is not a key"),
    ("[colors]\n", ":5:1: colors = <table>: is not a key"),
    ("[log]\nformat = \"xml\"\n", ":6:10: log.format = \"xml\": must be one of \"logfmt\", \"json\""),
    ("[log]\nlevel = 3\n", ":6:9: log.level = 3: must be one of \"debug\", \"info\", \"warn\", \"error\""),
    ("[cti]\nverify_line = 1\n", ":6:15: cti.verify_line = 1: must be true or false"),
    (
        "[cti]\nheartbeat = 180\n",
        ":6:13: cti.heartbeat = 180: must be less than cti.session_duration, which is 180",
    ),
    ("[cti]\nheartbeat = 0\n", ":6:13: cti.heartbeat = 0: must be a whole number from 1 to 3600 s"),
    (
        "[cti]\nheartbeat = 20\nheartbeat_timeout = 21\n",
        ":7:21: cti.heartbeat_timeout = 21: must be at most cti.heartbeat, which is 20",
    ),
    (
        "[[cti.connection]]\nname = \"two\"\naddress = \"pbx:1040\"\n",
        ":7:11: cti.connection[1].address = \"pbx:1040\": is cti.connection[0]'s address too; \
         give each connection its own",
    ),
    ("[[cti.connection]]\n", ":5:1: cti.connection[1].address: is missing: TARGET"),
    (
        "[[cti.connection]]\naddress = \"no port\"\n",
        ":6:11: cti.connection[1].address = \"no port\": must be TARGET",
    ),
    ("[sip]\n", ":5:2: this is not TOML: duplicate key"),
    ("[log\n", ":5:5: this is not TOML: unclosed table, expected `]`"),
    (
        "[log]\nlevel = info\n",
        ":6:9: this is not TOML: neither a number nor true or false; text must be in quotes",
    ),
];

/// The errors that `check` reports for a file, without its name; `run` must report the same.
fn complaints(folder: &Folder, name: &str, text: &[u8]) -> Vec<String> {
    let file = folder.path(name);
    fs::write(&file, text).unwrap();
    let (status, out, err) = output(&["check", "--config", &file]);
    assert_eq!((status, out.as_str()), (1, ""), "{name}: {err}");
    assert_eq!(output(&["run", "--config", &file]), (1, String::new(), err.clone()), "run says the same");
    err.lines().map(|line| line.strip_prefix(&file).unwrap_or(line).to_owned()).collect()
}

#[test]
fn each_sort_of_mistake_is_named_with_place_key_value_and_bound() {
    let folder = Folder::new("check");
    for (index, (behind, wanted)) in WRONG.iter().enumerate() {
        let found = complaints(&folder, &format!("{index}.toml"), format!("{GOOD}{behind}").as_bytes());
        assert_eq!(found, [wanted.replace("TARGET", TARGET)], "{behind}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_the_file() {
    let folder = Folder::new("check-all");
    let text =
        "top = true\n[sip]\ntcp = [\"localhost:5060\", 5060]\ndomain = \"a b\"\n[limits]\nsessions = 0\n";
    assert_eq!(
        complaints(&folder, "all.toml", text.as_bytes()),
        [
            ":1:1: cti.connection: is missing: there must be at least one table [[cti.connection]], and at most 8 tables",
            ":1:7: top = true: is not a key",
            &format!(":3:7: sip.tcp = \"localhost:5060\": must be {LISTEN}"),
            &format!(":3:7: sip.tcp = 5060: must be {LISTEN}"),
            ":4:10: sip.domain = \"a b\": must be a host's name or address, such as \"example.com\"",
            ":6:12: limits.sessions = 0: must be a whole number from 1 to 1000000 sessions",
        ]
    );
}

#[test]
fn a_ninth_connection_is_told_the_limit() {
    let folder = Folder::new("check-nine");
    let more = |number: u8| format!("[[cti.connection]]\naddress = \"pbx{number}:1\"\n");
    let more = (2..=9).map(more).collect::<Vec<_>>().concat();
    assert_eq!(
        complaints(&folder, "nine.toml", format!("{GOOD}{more}").as_bytes()),
        [":20:11: cti.connection[8] = \"pbx9:1\": is one too many: at most 8 tables"]
    );
}

#[test]
fn a_file_without_settings_lacks_an_address_and_a_connection() {
    let folder = Folder::new("check-empty");
    for text in ["", "# nothing\n", "[sip]\n[cti]\n"] {
        let found = complaints(&folder, "empty.toml", text.as_bytes());
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found.iter().any(|line| line.contains(": sip.tcp: is missing: ")), "{found:?}");
        assert!(found.iter().any(|line| line.contains(": cti.connection: is missing: ")), "{found:?}");
    }
}

#[test]
fn what_is_no_text_file_is_named() {
    let folder = Folder::new("check-file");
    let found = complaints(&folder, "latin.toml", b"# caf\xe9\n[sip]\n");
    assert_eq!(found, [":1:6: this is not UTF-8, as TOML must be"]);
    let (status, _, err) = output(&["check", "--config", folder.text()]);
    assert_eq!(status, 1);
    assert!(
        err.starts_with(&format!("{}: cannot read the configuration: Is a directory", folder.text())),
        "{err}"
    );
    let missing = folder.path("missing.toml");
    let (status, _, err) = output(&["check", "--config", &missing]);
    assert_eq!(status, 1);
    assert!(err.starts_with(&format!("{missing}: cannot read the configuration: No such file")), "{err}");
}

#[test]
fn warnings_are_said_and_are_no_failure_unless_they_are_denied() {
    let folder = Folder::new("check-warns");
    let file = folder.write("gateway.toml", &GOOD.replace("[[cti", "allow = [\"0.0.0.0/0\"]\n[[cti"));
    let (status, out, err) = output(&["check", "--config", &file]);
    assert_eq!(status, 0, "{err}");
    assert!(out.contains(": good: "), "{out}");
    let all = "warning: everybody who reaches the gateway may control every line";
    assert_eq!(err, format!("{file}:3:9: sip.allow = \"0.0.0.0/0\": {all}\n"));
    assert_eq!(output(&["check", "--deny-warnings", "--config", &file]), (1, out, err));
    let good = folder.write("good.toml", GOOD);
    assert_eq!(output(&["check", "--deny-warnings", "--config", &good]).0, 0);
}

#[test]
fn a_recording_without_room_is_warned_of() {
    let folder = Folder::new("check-room");
    let file = folder.write("gateway.toml", GOOD);
    let traces = folder.path("not/there/yet");
    let mut check =
        Running::start_after("ulimit -f 2048", &["check", "--config", &file, "--record", &traces]);
    assert_eq!(check.end(), 0, "{}", check.said());
    let said = check.said();
    assert!(
        said.contains(&format!("--record {traces}: warning: the limit on file sizes (ulimit -f) is ")),
        "{said}"
    );
    assert!(!fs::exists(&traces).unwrap(), "nothing is made");
}

#[test]
fn each_connection_is_dialled_and_what_it_offers_and_refuses_is_said() {
    let folder = Folder::new("check-connect");
    let switch = Running::start(&["switch", "--listen", "127.0.0.1:0"], "");
    let cti = switch.wait_for("key=listen transport=TCP address=");
    let text = GOOD.replace("pbx:1040", &cti) + "name = \"pbx\"\n";
    let one = folder.write("one.toml", &text);
    let (status, out, err) = output(&["check", "--connect", "--config", &one]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    let lines: Vec<_> = out.lines().skip(1).collect();
    assert_eq!((lines.len(), lines[0]), (3, format!("pbx ({cti}): in service").as_str()), "{out}");
    let (offers, refuses) =
        (lines[1].strip_prefix("  offers ").unwrap(), lines[2].strip_prefix("  refuses ").unwrap());
    assert!(offers.split(", ").any(|one| one == "MakeCall") && !refuses.contains("MakeCall,"), "{out}");
    assert!(refuses.split(", ").any(|one| one == "SendMessage"), "{out}");
    let two = folder
        .write("two.toml", &format!("{text}[[cti.connection]]\nname = \"two\"\naddress = \"127.0.0.1:9\"\n"));
    let (status, out, err) = output(&["check", "--connect", "--config", &two]);
    assert_eq!((status, err.as_str()), (1, ""), "{out}");
    let last = "two (127.0.0.1:9): not in service: the phone system refused the connection\n";
    assert!(out.contains("\npbx (") && out.ends_with(last), "{out}");
}
