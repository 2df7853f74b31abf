//! The directory: imported, checked and shown as an administrator does it.

use std::fs;

use crate::program::{Folder, Running, output};

/// A table of three users, as spreadsheets write it, and what is made of it.
const USERS: &str = "\u{feff}id;name;sip;line;device;e164\r\nalice;Alice Ames;alice@example.com;1001;SEP1;+1 425 555 0101\r\n\
    bob;\"Bob; B.\";;1002;;\r\ncarol;Carol;;1001;SEP2;\r\n";
const IMPORTED: &str = "ctigate directory 1\nline 1001 e164=+14255550101\nline 1002\ndevice SEP1\ndevice SEP2\n\
    appearance 1001 SEP1 1\nappearance 1001 SEP2 1\n\
    user alice sip=sip:alice@example.com name=\"Alice Ames\" line=1001@SEP1\nuser bob name=\"Bob; B.\" line=1002\n\
    user carol name=Carol line=1001@SEP2\n";

const GATEWAY: &str = "[sip]\ntcp = [\"127.0.0.1:0\"]\n[[cti.connection]]\naddress = \"127.0.0.1:9\"\n[directory]\n\
    files = [\"people.directory\"]\n";

#[test]
fn a_table_becomes_a_directory_that_is_checked_listed_and_shown() {
    let folder = Folder::new("directory");
    let (table, people) = (folder.write("users.csv", USERS), folder.path("people.directory"));
    let (status, out, err) = output(&["directory", "import", &table, "--output", &people]);
    assert_eq!((status, out.as_str()), (0, ""), "{err}");
    assert_eq!(fs::read_to_string(&people).unwrap(), IMPORTED);
    assert!(err.contains("3 users, 2 lines, 2 devices, 3 line appearances, hash "), "{err}");
    assert_eq!(output(&["directory", "import", &table]).1, IMPORTED);
    let config = folder.write("gateway.toml", GATEWAY);
    let (status, out, err) = output(&["directory", "check", "--config", &config]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    let (_, same, _) = output(&["directory", "check", &people]);
    assert_eq!(out.split_once(": ").unwrap().1, same.split_once(": ").unwrap().1);
    let (status, out, _) = output(&["directory", "list", "--config", &config]);
    assert_eq!(status, 0);
    assert!(out.contains("alice  Alice Ames  yes      1001@SEP1\n"), "{out}");
    let (status, out, _) = output(&["directory", "show", "ALICE", &people]);
    assert_eq!(status, 0);
    assert!(out.contains("sip         sip:alice@example.com\n") && out.contains("SEP1:1"), "{out}");
    assert_eq!(output(&["directory", "show", "dave", &people]).0, 1);
    assert!(output(&["check", "--config", &config]).1.contains("1 CTI connections, 3 users\n"));
    let mut gateway = Running::start(&["run", "--config", &config], "");
    gateway.wait_for("name=directory_loaded users=3 lines=2 devices=2");
    // It takes signals once it listens.
    gateway.wait_for("key=sip.tcp transport=TCP address=");
    gateway.signal("TERM");
    assert_eq!(gateway.end(), 0, "{}", gateway.said());
}

#[test]
fn an_import_with_mistakes_writes_nothing_or_what_is_good() {
    let folder = Folder::new("mistakes");
    let people = folder.write("people.directory", "as it was");
    let wrong = format!("{USERS}Alice;;;;;\r\ndave;;;7;;425\r\nx;;;\r\n");
    let table = folder.write("users.csv", &wrong);
    let arguments = ["directory", "import", &table, "-o", &people];
    let (status, out, err) = output(&arguments);
    assert_eq!((status, out.as_str()), (1, ""));
    let lines: Vec<String> = err.lines().map(|line| line.replace(&table, "T")).collect();
    assert_eq!(lines.len(), 4, "{err}");
    assert_eq!(lines[0], "T:5: user \"Alice\": is there already, in T:2");
    assert!(lines[1].starts_with("T:6: line \"7\": e164 \"425\": must be an E.164 number"), "{err}");
    assert_eq!(lines[2], "T:7: has 4 cells, where the header has 6");
    assert!(lines[3].starts_with("T: 3 mistakes: nothing is written"), "{err}");
    assert_eq!(fs::read_to_string(&people).unwrap(), "as it was");
    let (status, _, err) = output(&[arguments.as_slice(), &["--skip"]].concat());
    assert_eq!(status, 0, "{err}");
    assert!(err.contains(": left out: 3 users or rows, 1 lines\n"), "{err}");
    assert_eq!(fs::read_to_string(&people).unwrap(), IMPORTED);
    let left: Vec<_> = fs::read_dir(folder.text()).unwrap().collect();
    assert_eq!(left.len(), 2, "{left:?}");
}

#[test]
fn an_import_takes_the_numbers_of_lines_from_the_number_rules() {
    let folder = Folder::new("import-rules");
    let table = folder.write("users.csv", "id;line\nalice;+49 30 1234-101\nbob;+49 89 1\n");
    let rule = "[[numbers.line]]\nbegins = \"+49301234\"\nstrip = 9\n";
    let config = folder.write("gateway.toml", &format!("{GATEWAY}{rule}").replace("files", "domains"));
    let (status, out, err) = output(&["directory", "import", &table, "--config", &config]);
    assert_eq!(status, 0, "{err}");
    let lines = ["line +49891 e164=+49891\n", "line 101 e164=+49301234101\n", "user alice line=101\n"];
    assert!(lines.iter().all(|line| out.contains(line)), "{out}");
}

#[test]
fn ldif_from_standard_input_has_its_attributes_by_keys() {
    let folder = Folder::new("ldif");
    let ldif = "dn: uid=joerg,dc=example\nuid: joerg\ndisplayName:: SsO2cmc=\nipPhone: 10\n 03\n\n# end\n";
    let config = folder.write(
        "gateway.toml",
        "[directory.ldap]\nline = \"ipPhone\"\n[sip]\ntcp = [\"127.0.0.1:0\"]\n\
        [[cti.connection]]\naddress = \"127.0.0.1:9\"\n",
    );
    let people = folder.path("people.directory");
    let import = ["directory", "import", "--ldif", "-", "--output", &people, "--config", &config];
    let mut running = Running::start(&import, ldif);
    assert_eq!(running.end(), 0, "{}", running.said());
    let written = "ctigate directory 1\nline 1003\nuser joerg name=Jörg line=1003\n";
    assert_eq!(fs::read_to_string(&people).unwrap(), written);
    // What a search that failed leaves must not replace what is there.
    let mut running = Running::start(&import, "");
    assert_eq!(running.end(), 1);
    assert!(running.said().contains("there is no user in it: nothing is written"), "{}", running.said());
    assert_eq!(fs::read_to_string(&people).unwrap(), written);
    let mut running = Running::start(&import, "dn: uid=x\nchangetype: delete\n");
    assert_eq!(running.end(), 1);
    let expected = "standard input:2: a change record (changetype: delete); only entries can be imported";
    assert!(running.said().contains(expected), "{}", running.said());
}

#[test]
fn a_wrong_directory_keeps_the_gateway_from_starting_and_names_each_mistake() {
    let folder = Folder::new("wrong-directory");
    folder.write("people.directory", "ctigate directory 1\nuser alice line=1001\nuser bob line=1002\n");
    let config = folder.write("gateway.toml", GATEWAY);
    let people = folder.path("people.directory");
    let expected = format!(
        "{people}:2: user \"alice\": line \"1001\": there is no line \"1001\"\n\
         {people}:3: user \"bob\": line \"1002\": there is no line \"1002\"\n"
    );
    for command in ["check", "run"] {
        assert_eq!(output(&[command, "--config", &config]), (1, String::new(), expected.clone()));
    }
    assert_eq!(output(&["directory", "check", &people]).2, expected);
}

#[test]
fn whoever_may_control_any_line_is_let_in_only_where_that_is_written_out() {
    let folder = Folder::new("open");
    let text = GATEWAY.replace("127.0.0.1:0", "0.0.0.0:0").replace("files = [\"people.directory\"]\n", "");
    let config = folder.write("gateway.toml", &text);
    let (status, _, err) = output(&["run", "--config", &config]);
    assert_eq!(status, 1);
    assert!(
        err.contains("gateway.toml:2:7: directory.mode: is missing: other hosts reach 0.0.0.0:0"),
        "{err}"
    );
    let config = folder.write("gateway.toml", &format!("{text}mode = \"open\"\n"));
    let (status, _, err) = output(&["check", "--config", &config]);
    assert_eq!(status, 0);
    assert!(
        err.contains("directory.mode = \"open\": warning: whoever may speak SIP may control any line"),
        "{err}"
    );
    let mut gateway = Running::start(&["run", "--config", &config], "");
    gateway.wait_for("level=warn name=any_line_may_be_controlled key=directory.mode value=open");
    // It takes signals once it listens.
    gateway.wait_for("key=sip.tcp transport=TCP address=");
    gateway.signal("TERM");
    assert_eq!(gateway.end(), 0, "{}", gateway.said());
}

#[test]
fn a_phone_system_s_devices_are_imported_over_its_cti_link() {
    let folder = Folder::new("inventory");
    let phones = folder.write(
        "phones.toml",
        "parking = [\"701\"]\n[[phone]]\nnumber = \"1001\"\n[[phone]]\nnumber = \"1002\"\ndevice = \"SOFT2\"\n\
         model = \"Soft phone\"\n",
    );
    let switch = Running::start(&["switch", "--listen", "127.0.0.1:0", "--config", &phones], "");
    let cti = switch.wait_for("key=listen transport=TCP address=");
    let connection = |name: &str, address: &str| {
        format!("[[cti.connection]]\nname = \"{name}\"\naddress = \"{address}\"\n")
    };
    let text = format!(
        "[sip]\ntcp = [\"127.0.0.1:0\"]\n{}{}",
        connection("nowhere", "127.0.0.1:9"),
        connection("pbx", &cti)
    );
    let (config, found) = (folder.write("gateway.toml", &text), folder.path("phones.directory"));
    let traces = folder.path("traces");
    let import = ["directory", "import", "--connection", "pbx", "--config", &config, "-o", &found];
    let (status, out, err) = output(&[&import[..], &["--record", &traces]].concat());
    assert_eq!((status, out.as_str()), (0, ""), "{err}");
    assert_eq!(
        fs::read_to_string(&found).unwrap(),
        "ctigate directory 1\nline 1001\nline 1002\ndevice 1001 description=\"ctigate phone\"\n\
         device SOFT2 kind=soft description=\"Soft phone\"\nappearance 1001 1001 1\n\
         appearance 1002 SOFT2 1 device_id=1002:SOFT2\n"
    );
    assert!(err.contains("devices that are no stations are left out"), "{err}");
    switch.wait_for("name=session_stopped");
    // What was said can be replayed, read and redacted.
    let trace = fs::read_dir(&traces).unwrap().next().unwrap().unwrap().path();
    let trace = trace.to_str().unwrap();
    assert!(trace.contains("inventory-"), "{trace}");
    let (status, out, err) = output(&["replay", trace]);
    assert_eq!(status, 0, "{out}{err}");
    let (status, ladder, err) = output(&["trace", "ladder", trace]);
    assert!(status == 0 && ladder.contains("GetSwitchingFunctionDevices"), "{ladder}{err}");
    let redacted = folder.path("redacted.trace");
    let (status, out, err) = output(&["trace", "redact", trace, "-o", &redacted]);
    assert_eq!(status, 0, "{out}{err}");
    let text = String::from_utf8_lossy(&fs::read(&redacted).unwrap()).into_owned();
    assert!(text.contains("GetSwitchingFunctionDevices") && !text.contains("SOFT2"), "{text}");
    assert_eq!(output(&["replay", &redacted]).0, 0);
    for (name, why) in
        [("nowhere", "nowhere (127.0.0.1:9): "), ("pbxx", "there is none of this name, but nowhere, pbx")]
    {
        let (status, out, err) = output(&["directory", "import", "--connection", name, "--config", &config]);
        assert_eq!((status, out.as_str()), (1, ""));
        assert!(err.contains(why), "{err}");
    }
    assert_eq!(output(&["directory", "import", "--connection", "pbx"]).0, 2);
}
