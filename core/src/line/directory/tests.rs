use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;

use super::*;

/// An office: a line in two partitions, a shared line, one without a device.
const OFFICE: &str = r#"ctigate directory 1
# People.
user alice mail=alice@example.com sip=sip:alice@example.com sip=sip:a.ames@example.com name="Alice \"Al\" Ames" line=1001 line=1009/Staff
user Bob sip=sip:bob@example.com enabled=no role=administrator line=1002@SEP2 line=1009/Guests

line 1001 partition=BE_BRS_INT e164="+1 (425) 555-0101" label=Alice
line 1002 label="The \\ line"
line 1009 partition=Staff
line 1009 partition=Guests e164=+14255550101
device sep1 description="Room 12"
device SEP2 kind=soft
appearance 1001/BE_BRS_INT SEP1 1 device_id=1001:CM1:192.0.2.10:0
appearance 1002 SEP1 2
appearance 1002 SEP2 1
appearance 1009/Staff SEP2 2
"#;

fn office() -> Directory {
    Directory::read(OFFICE, "office").unwrap_or_else(|mistakes| panic!("{mistakes}"))
}

/// The mistakes of a directory file, without its name and its header's line.
fn mistakes(entries: &str) -> Vec<String> {
    let mistakes = Directory::read(&format!("ctigate directory 1\n{entries}"), "f").unwrap_err();
    mistakes.lines().collect()
}

/// An appearance as `NUMBER/PARTITION@DEVICE:INDEX`.
fn shown(directory: &Directory, id: AppearanceId) -> String {
    let Appearance { line, device, index, .. } = directory.appearance(id);
    let (line, device) = (directory.line(line), device.map(|device| directory.device(device).name));
    format!("{}/{}@{}:{index}", line.number, line.partition, device.unwrap_or("-"))
}

fn all_shown(directory: &Directory, ids: impl Iterator<Item = AppearanceId>) -> Vec<String> {
    ids.map(|id| shown(directory, id)).collect()
}

#[test]
fn u1_users_are_found_by_id_mail_and_sip_address_without_case() {
    let office = office();
    let alice = office.user_by_id("ALICE").unwrap();
    assert_eq!(office.user_by_mail("Alice@Example.COM"), Some(alice));
    assert_eq!(office.user_by_sip("SIP:a.ames@EXAMPLE.com"), Some(alice));
    assert_eq!(
        office.sip_addresses(alice).collect::<Vec<_>>(),
        ["sip:alice@example.com", "sip:a.ames@example.com"]
    );
    let bob = office.user_by_sip("sip:bob@example.com").unwrap();
    assert_eq!((office.user(bob).id, office.user(bob).name), ("Bob", None));
    assert_eq!(office.user(alice).name, Some("Alice \"Al\" Ames"));
    for stranger in ["", "carol", "sip:alice@example.com", "alice ", "alic", "alice@example.com"] {
        assert_eq!(office.user_by_id(stranger), None, "{stranger}");
    }
    assert_eq!(office.user_by_mail(""), None);
    assert_eq!(office.user_by_sip("alice@example.com"), None);
}

#[test]
fn u2_a_user_may_control_only_what_is_granted_and_is_enabled_or_not() {
    let office = office();
    let (alice, bob) = (office.user_by_id("alice").unwrap(), office.user_by_id("bob").unwrap());
    assert!(office.user(alice).enabled && !office.user(bob).enabled);
    assert_eq!(office.user(bob).role, Role::Administrator);
    let of = |user| all_shown(&office, office.appearances_of_user(user));
    assert_eq!(of(alice), ["1001/BE_BRS_INT@sep1:1", "1009/Staff@SEP2:2"]);
    assert_eq!(of(bob), ["1002/@SEP2:1", "1009/Guests@-:0"]);
    for user in [alice, bob] {
        let granted: Vec<_> = office.appearances_of_user(user).collect();
        for appearance in office.appearances() {
            assert_eq!(office.may_control(user, appearance), granted.contains(&appearance));
        }
    }
}

#[test]
fn l1_lines_and_devices_are_many_to_many() {
    let office = office();
    let by_line = |number| {
        let lines = office.lines_numbered(number);
        lines.flat_map(|line| all_shown(&office, office.appearances_of_line(line))).collect::<Vec<_>>()
    };
    assert_eq!(by_line("1002"), ["1002/@sep1:2", "1002/@SEP2:1"]);
    assert_eq!(by_line("1009"), ["1009/Guests@-:0", "1009/Staff@SEP2:2"]);
    assert!(by_line("100").is_empty() && by_line("").is_empty());
    let phone = office.device_named("SEP1").unwrap();
    assert_eq!(
        all_shown(&office, office.appearances_of_device(phone)),
        ["1001/BE_BRS_INT@sep1:1", "1002/@sep1:2"]
    );
    assert_eq!(office.device_named("SEP3"), None);
    assert_eq!(office.device(phone).description, Some("Room 12"));
    let soft = office.device_named("sep2").unwrap();
    assert_eq!(office.device(soft).kind, DeviceKind::Soft);
    let line = office.line_in("1001", "BE_BRS_INT").unwrap();
    let at = office.appearance_at(line, Some(phone)).unwrap();
    assert_eq!(office.appearance(at).device_id, Some("1001:CM1:192.0.2.10:0"));
    assert_eq!(office.users_of_line(line).map(|user| office.user(user).id).collect::<Vec<_>>(), ["alice"]);
}

#[test]
fn lines_are_found_by_their_alias_however_it_was_written() {
    let office = office();
    let lines = office.lines_with_alias("+14255550101").map(|line| office.line(line).partition);
    assert_eq!(lines.collect::<Vec<_>>(), ["BE_BRS_INT", "Guests"]);
    assert_eq!(office.lines_with_alias("+1425555010").next(), None);
    for (text, number) in [
        ("+1-425-555-0101", Some("+14255550101")),
        ("tel:+49 (30) 1234.567", Some("+49301234567")),
        ("TEL: +4930", Some("+4930")),
        ("4930123", None),
        ("+0301234", None),
        ("+1", None),
        ("+1234567890123456", None),
        ("+4930;ext=7", None),
        ("+4930x", None),
        ("++4930", None),
        ("", None),
        ("+\u{661}23", None),
    ] {
        assert_eq!(e164(text).as_deref(), number, "{text}");
    }
}

#[test]
fn what_is_written_reads_back_with_the_same_hash() {
    let office = office();
    let mut text = String::new();
    office.write(&mut text);
    assert_eq!(
        text,
        r#"ctigate directory 1
line 1001 partition=BE_BRS_INT e164=+14255550101 label=Alice
line 1002 label="The \\ line"
line 1009 partition=Guests e164=+14255550101
line 1009 partition=Staff
device sep1 description="Room 12"
device SEP2 kind=soft
appearance 1001/BE_BRS_INT sep1 1 device_id=1001:CM1:192.0.2.10:0
appearance 1002 sep1 2
appearance 1002 SEP2 1
appearance 1009/Staff SEP2 2
user alice mail=alice@example.com sip=sip:alice@example.com sip=sip:a.ames@example.com name="Alice \"Al\" Ames" line=1001/BE_BRS_INT line=1009/Staff
user Bob sip=sip:bob@example.com enabled=no role=administrator line=1002@SEP2 line=1009/Guests
"#
    );
    let again = Directory::read(&text, "again").unwrap();
    assert_eq!((again.hash(), &again), (office.hash(), &office));
    let mut twice = String::new();
    again.write(&mut twice);
    assert_eq!(twice, text);
    let other = Directory::read(&text.replace("enabled=no ", ""), "other").unwrap();
    assert_ne!(other.hash(), office.hash());
    assert_eq!(Directory::read("ctigate directory 1", "f").unwrap(), Directory::empty());
}

/// A trace names a directory by its hash, and other builds read it.
#[test]
fn the_hash_of_a_directory_stays_what_it_is() {
    assert_eq!(format!("{:032x}", Directory::empty().hash()), "c86149fb7a0b93945bd6833a9f509b60");
    assert_eq!(format!("{:032x}", office().hash()), "830993967aa36473f7bed51eb9d27f54");
}

#[test]
fn the_order_of_entries_does_not_matter() {
    let mut lines: Vec<&str> = OFFICE.lines().skip(1).collect();
    for _ in 0..lines.len() {
        lines.rotate_left(1);
        let text = format!("ctigate directory 1\r\n{}\r\n", lines.join("\r\n"));
        assert_eq!(Directory::read(&text, "f").unwrap(), office());
    }
}

/// Entries that contradict each other or refer to what is not there, and what is said of them.
const CONTRADICTIONS: &[(&str, &str)] = &[
    ("user alice\nuser ALICE", "f:3: user \"ALICE\": is there already, in f:2"),
    (
        "user a sip=sip:x@e.com\nuser b sip=sip:y@e.com sip=SIP:X@e.com",
        "f:3: SIP address \"SIP:X@e.com\": is that of another user, in f:2",
    ),
    ("user b mail=x@e.com\nuser a mail=X@e.com", "f:3: mail \"X@e.com\": is that of another user, in f:2"),
    ("line 1\nline 1 label=x", "f:3: line \"1\" in partition \"\": is there already, in f:2"),
    ("device a\n\ndevice A", "f:4: device \"A\": is there already, in f:2"),
    ("appearance 1", "f:2: line appearance \"1\": there is no line \"1\""),
    ("line 1\nappearance 1 x 1", "f:3: line appearance \"1\": there is no device \"x\""),
    (
        "line 1\nappearance 1/A",
        "f:3: line appearance \"1/A\": there is no line \"1\" in partition \"A\", but 1/",
    ),
    (
        "line 1 partition=A\nline 1 partition=B\nuser a line=1",
        "f:4: user \"a\": line \"1\": the number 1 is in several partitions: write one of 1/A, 1/B",
    ),
    (
        "line 1\ndevice x\nuser a line=1@x",
        "f:4: user \"a\": line \"1@x\": the device \"x\" does not carry it",
    ),
    ("line 1\nuser a line=1@y", "f:3: user \"a\": line \"1@y\": there is no device \"y\""),
    ("user a line=7", "f:2: user \"a\": line \"7\": there is no line \"7\""),
    (
        "line 1\ndevice x\nappearance 1 x 1\nappearance 1 X 2",
        "f:5: line appearance 1@x: is there already, in f:4",
    ),
    (
        "line 1\nline 2\ndevice x\nappearance 1 x 1\nappearance 2 x 1",
        "f:6: line appearance 2@x: has index 1, as the one in f:5",
    ),
    (
        "line 1\ndevice x\nappearance 1\nappearance 1 x 1",
        "f:5: line appearance 1@x: has a device, and one in f:4 has none",
    ),
    ("line 1\ndevice x\nappearance 1 x 0", "f:4: index \"0\": must be a number from 1 to 1000"),
    (
        "line 1\ndevice x\nappearance 1 x 1001",
        "f:4: line appearance \"1\": index 1001: must be from 1 to 1000",
    ),
    (
        "line 1 e164=4930",
        "f:2: line \"1\": e164 \"4930\": must be an E.164 number, which is + and 2 to 15 digits, such as \
         +14255550101",
    ),
    (
        "user al@ice",
        "f:2: user \"al@ice\": the user ID must be 1 to 128 bytes, without blanks, control characters and \
         @ : ; , < > \" \\",
    ),
    (
        "user a sip=alice@e.com",
        "f:2: user \"a\": sip \"alice@e.com\": must be a SIP address of at most 255 bytes without parameters, such \
         as sip:alice@example.com",
    ),
];

/// Lines that are wrong by themselves.
const FORMS: &[(&str, &str)] = &[
    ("usr a", "f:2: \"usr\": must be user, line, device or appearance"),
    ("user a enabled=maybe", "f:2: enabled \"maybe\": must be yes or no"),
    ("device a kind=big", "f:2: kind \"big\": must be hard or soft"),
    ("line 1 label=\"x", "f:2: a closing quotation mark is missing"),
    ("line 1 label=\"x\"y", "f:2: a blank is missing after a closing quotation mark"),
    ("line 1 label=\"\\q\"", "f:2: \\ must be followed by \" \\ n r t, or u and four hexadecimal digits"),
    ("line 1 label=a\"b", "f:2: \"a\"b\": must be in quotation marks"),
    ("line 1 label=a b", "f:2: an attribute must be NAME=VALUE"),
    ("line 1 label=a label=b", "f:2: label: is there twice"),
    (
        "line 1 lable=a",
        "f:2: \"lable\": is no attribute; expected: line NUMBER [partition=] [e164=] [label=]",
    ),
    ("line 1 2", "f:2: expected: line NUMBER [partition=] [e164=] [label=]"),
];

#[test]
fn each_mistake_is_told_with_its_place() {
    for (entries, expected) in CONTRADICTIONS.iter().chain(FORMS) {
        assert_eq!(mistakes(entries), [*expected], "{entries}");
    }
    let headless = Directory::read("line 1\nline 2", "f").unwrap_err().to_string();
    assert_eq!(
        headless,
        "f:1: \"line 1\": the first line of a directory file must be «ctigate directory 1»\n"
    );
}

#[test]
fn a_number_in_two_partitions_is_ambiguous_only_where_no_partition_is_named() {
    let entries = "line 1\nline 1 partition=A\ndevice x\nappearance 1/ x 1\nuser a line=1/ line=1/A";
    let directory = Directory::read(&format!("ctigate directory 1\n{entries}"), "f").unwrap();
    let user = directory.user_by_id("a").unwrap();
    assert_eq!(all_shown(&directory, directory.appearances_of_user(user)), ["1/@x:1", "1/A@-:0"]);
    let mut text = String::new();
    directory.write(&mut text);
    assert!(text.contains("appearance 1/ x 1") && text.contains("line=1/ line=1/A"), "{text}");
    assert_eq!(Directory::read(&text, "f").unwrap(), directory);
}

#[test]
fn what_follows_from_a_mistake_is_not_told_again() {
    assert_eq!(
        mistakes("line 1 e164=x\ndevice y kind=soft description=\"\\n\"\nappearance 1 y 1\nuser a line=1")
            .len(),
        2
    );
}

#[test]
fn thousands_of_mistakes_are_a_bounded_list_and_how_many_more() {
    let entries: Vec<_> = (0..5_000).map(|number| format!("user u{number} line={number}\n")).collect();
    let entries = entries.concat();
    let found = Directory::read(&format!("ctigate directory 1\n{entries}"), "f").unwrap_err();
    assert_eq!((found.count(), found.lines().count(), found.more()), (5_000, MAX_SHOWN, 4_900));
    let text = found.to_string();
    assert!(
        text.starts_with("f:2: user \"u0\": line \"0\"") && text.ends_with("\nand 4900 more\n"),
        "{text}"
    );
}

#[test]
fn what_a_mistake_repeats_is_cut_and_safe_for_people() {
    let long = "x".repeat(1_000);
    let found = mistakes(&format!("user a\u{202e}b\nline {long}"));
    assert!(found[0].contains("a\\u202eb") && found[1].len() < 250, "{found:?}");
}

#[test]
fn the_good_entries_can_be_had_without_the_others() {
    let text = "ctigate directory 1\nuser a sip=sip:x@e.com\nuser b sip=sip:x@e.com line=1\nuser c line=9\nuser d line=1\n\
        line 1\nline 1\nline 2 e164=x\ndevice y\nappearance 1 y 1\nappearance 1 y 2\nappearance 2 y 2\n";
    let mut builder = Builder::new();
    builder.read(text, "f");
    let (directory, mistakes, left_out) = builder.finish();
    assert_eq!(mistakes.count(), 5, "{mistakes}");
    assert_eq!(left_out, LeftOut { users: 2, lines: 2, devices: 0, appearances: 2 });
    let users: Vec<_> = directory.users().map(|user| directory.user(user).id).collect();
    assert_eq!(users, ["a", "d"]);
    assert_eq!(directory.user_by_sip("sip:x@e.com"), directory.user_by_id("a"));
    assert_eq!(all_shown(&directory, directory.appearances()), ["1/@y:1"]);
}

#[test]
fn a_devices_list_gives_indexes_and_an_entry_amends_it() {
    let mut builder = Builder::new();
    let file = builder.file("f");
    let at = |line| Place::new(file, line).column(3);
    for number in ["1", "2", "3", "4"] {
        builder.line(at(1), &NewLine { number, ..NewLine::default() });
    }
    builder.device(at(2), &NewDevice { name: "x", lines: &["1", "2"], ..NewDevice::default() });
    let amended = NewAppearance { line: "1", device: "X", index: 0, device_id: "id" };
    builder.appearance(at(3), &amended);
    builder.appearance(at(4), &NewAppearance { line: "2", device: "x", index: 4, device_id: "" });
    builder.appearance(at(5), &NewAppearance { line: "3", device: "x", ..NewAppearance::default() });
    builder.appearance(at(6), &NewAppearance { line: "4", device_id: "PJSIP/4", ..NewAppearance::default() });
    let directory = builder.build().unwrap();
    assert_eq!(all_shown(&directory, directory.appearances()), ["1/@x:1", "2/@x:4", "3/@x:2", "4/@-:0"]);
    let ids = directory.appearances().map(|id| directory.appearance(id).device_id);
    assert_eq!(ids.collect::<Vec<_>>(), [Some("id"), None, None, Some("PJSIP/4")]);
    let mut text = String::new();
    directory.write(&mut text);
    assert_eq!(Directory::read(&text, "f").unwrap(), directory);
}

#[test]
fn more_than_the_limits_is_refused() {
    let many = vec!["1"; MAX_LINES + 1];
    let mut builder = Builder::new();
    let file = builder.file("f");
    builder.line(Place::new(file, 1), &NewLine { number: "1", ..NewLine::default() });
    builder.user(Place::new(file, 2), &NewUser { id: "a", lines: &many, ..NewUser::default() });
    builder.device(Place::new(file, 3), &NewDevice { name: "d", lines: &many, ..NewDevice::default() });
    let addresses = vec!["sip:a@b"; MAX_ADDRESSES + 1];
    builder.user(Place::new(file, 4), &NewUser { id: "b", sip: &addresses, ..NewUser::default() });
    let mistakes: Vec<_> = builder.build().unwrap_err().lines().collect();
    assert_eq!(
        mistakes,
        [
            "f:2: user \"a\": lines: has 1001 entries, and must have at most 1000",
            "f:3: device \"d\": lines: has 1001 entries, and must have at most 1000",
            "f:4: user \"b\": sip: has 65 entries, and must have at most 64",
        ]
    );
}

#[test]
fn an_id_of_another_directory_gives_an_empty_entry() {
    let (office, empty) = (office(), Directory::empty());
    assert!(empty.is_empty() && !office.is_empty());
    for user in office.users() {
        assert_eq!(empty.user(user), User::default());
        assert_eq!((empty.sip_addresses(user).count(), empty.appearances_of_user(user).count()), (0, 0));
    }
    for line in office.lines() {
        assert_eq!(empty.line(line), Line::default());
    }
    for device in office.devices() {
        assert_eq!(empty.device(device), Device::default());
    }
    for appearance in office.appearances() {
        assert_eq!(empty.appearance(appearance).device_id, None);
        assert!(!empty.may_control(UserId(0), appearance));
    }
}
