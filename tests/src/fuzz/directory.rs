//! Files of the directory: directory files, and LDIF to import. What is read is written and read again as the same; what
//! the look-ups find is what there is; and nobody may control what nothing grants him.

use std::borrow::Cow;
use std::io;

use ctigate_core::config::default_attributes;
use ctigate_core::line::directory::import::Import;
use ctigate_core::line::directory::ldif::Ldif;
use ctigate_core::line::directory::{Builder, Directory, MAX_SHOWN, Mistakes};

use super::Reached;

/// A directory with entries of every kind.
const OFFICE: &str = "ctigate directory 1
# People.
line 1001 partition=BE_BRS_INT e164=\"+1 (425) 555-0101\" label=Alice
line 1002 label=\"The \\\\ \\u006cine\"
line 1009 partition=Staff
line 1009 partition=Guests e164=+14255550101
device SEP0002FD3BB5C5 description=\"Room 12\"
device soft-1 kind=soft
appearance 1001/BE_BRS_INT SEP0002FD3BB5C5 1 device_id=1001:CM1:192.0.2.10:0
appearance 1002 SEP0002FD3BB5C5 2
appearance 1002 soft-1 1
appearance 1009/Guests device_id=PJSIP/1009
user alice mail=alice@example.com sip=sip:alice@example.com sip=sips:a@b name=\"Alice \\\"Al\\\" Ames\" line=1001
user bob enabled=no role=administrator line=1009/Guests line=1002@SOFT-1
user J\u{f6}rg line=1002 line=1009/Staff
";

/// What two directories say of their entries.
const FOUND: &str = "version: 1

dn: uid=alice,ou=people,dc=example,dc=com
uid: alice
displayName:: SsO2cmcgIkrDtiI=
cn;lang-de: Alise
mail: alice@exam
 ple.com
msRTCSIP-PrimaryUserAddress: sip:alice@example.com
msRTCSIP-Line: tel:+14255550101;ext=101
telephoneNumber: +1 425 555 0101

# The next has its line at a device.
dn:: dWlkPWI=
sAMAccountName: bob
msRTCSIP-Line: tel:73124;phone-context=dialstring;partition=BE_BRS_INT;device=SEP1

dn: uid=carol
changetype: add
uid: carol

dn: uid=dave
uid: dave
telephoneNumber: 1004
jpegPhoto:< file:///tmp/photo
";

/// What any reader of lines must bear.
const HARSH: [&str; 8] = [
    "",
    "ctigate directory 1\nuser a\nuser A\nline 1\nline 1\ndevice x\ndevice X\nuser b sip=sip:a@b line=1\nuser c sip=SIP:a@b\n",
    "ctigate directory 1\nline 1\nline 2\ndevice x\nappearance 1 x 1\nappearance 2 x 1\nappearance 1 x 2\nappearance 3 x 3\n",
    "ctigate directory 1\nuser a line=1@x line=1/p line=/ line=@\nline \"\" label=\"\ndevice \"a\"b\n",
    "ctigate directory 2\n",
    "dn: a\n\n \nuid: a\ndn: b\nuid:: =\n",
    "version: 2\ndn: a\nuid: a\n",
    "dn: a\nuid: nic\u{212a}\nmail: a@b\n\ndn: b\nuid: nick\nmail: A@B\n",
];

/// Seeds of directory files.
#[expect(clippy::unnecessary_wraps, reason = "other seeds are read from files")]
pub(super) fn files() -> io::Result<Vec<Vec<u8>>> {
    Ok(HARSH.iter().chain([&OFFICE]).map(|text| text.as_bytes().to_vec()).collect())
}

/// Seeds of LDIF.
#[expect(clippy::unnecessary_wraps, reason = "other seeds are read from files")]
pub(super) fn found() -> io::Result<Vec<Vec<u8>>> {
    Ok(HARSH.iter().chain([&FOUND]).map(|text| text.as_bytes().to_vec()).collect())
}

/// The bytes as a directory file. A state is a kind of mistake, or a kind of entry that was read.
///
/// # Panics
/// If a property does not hold.
pub fn directory_file(bytes: &[u8], reached: &mut Reached) {
    let text = String::from_utf8_lossy(bytes);
    let mut builder = Builder::new();
    builder.read(&text, "file");
    let (directory, mistakes, _) = builder.finish();
    check_mistakes(&mistakes, reached);
    check_directory(&directory, reached);
    assert_eq!(Directory::read(&text, "file").is_ok(), mistakes.is_empty());
}

/// The bytes as LDIF. A state is a kind of mistake, or a kind of entry that was read.
///
/// # Panics
/// If a property does not hold.
pub fn ldif(bytes: &[u8], reached: &mut Reached) {
    let text = String::from_utf8_lossy(bytes);
    let (lines, mut last) = (text.lines().count(), 0);
    for record in Ldif::new(&text) {
        let line = match &record {
            Ok(entry) => entry.line,
            Err(wrong) => wrong.line,
        };
        assert!(line > last && line <= lines, "line {line} of {lines} after {last}");
        last = line;
        if let Ok(entry) = record {
            let names = ["uid", "mail", "displayName"];
            reached.note(if names.iter().any(|name| entry.values(name).next().is_some()) {
                "value"
            } else {
                "other"
            });
        }
    }
    let mut import = Import::new(ctigate_core::line::rules::Rules::default());
    import.ldif(&text, "file", &default_attributes());
    if import.ignored() > 0 {
        reached.note("ignored");
    }
    let (directory, mistakes, _) = import.finish();
    check_mistakes(&mistakes, reached);
    check_directory(&directory, reached);
}

/// Mistakes are few, short and safe to show.
fn check_mistakes(mistakes: &Mistakes, reached: &mut Reached) {
    let lines: Vec<String> = mistakes.lines().collect();
    assert_eq!(lines.len(), mistakes.count().min(MAX_SHOWN));
    for line in lines {
        assert!(line.len() < 4_000 && !line.chars().any(ctigate_core::plain::deceives), "{line}");
        assert!(line.starts_with("file:"), "{line}");
        reached.note(kind_of(&line));
    }
}

/// The words of a mistake without what it quotes, its numbers and names.
fn kind_of(line: &str) -> Cow<'static, str> {
    const KINDS: [&str; 30] = [
        "is there already",
        "is that of another user",
        "has a device, and one in",
        "has index",
        "must be from 1 to",
        "needs a device",
        "in several partitions",
        "there is no line",
        "there is no device",
        "does not carry it",
        "the user ID must be",
        "the number must be",
        "the name must be",
        "mail",
        "sip",
        "e164",
        "partition",
        "device_id",
        "label",
        "description",
        "quotation mark",
        "must be followed by",
        "must be NAME=VALUE",
        "is no attribute",
        "expected:",
        "the first line of a directory file",
        "must be NAME: VALUE",
        "must begin with dn:",
        "a change record",
        "is not base64",
    ];
    KINDS
        .iter()
        .find(|kind| line.contains(**kind))
        .map_or(Cow::Borrowed("another mistake"), |kind| Cow::Borrowed(kind))
}

fn check_directory(directory: &Directory, reached: &mut Reached) {
    let mut text = String::new();
    directory.write(&mut text);
    let again = Directory::read(&text, "again");
    assert!(again.is_ok(), "{again:?}\n{text}");
    let again = again.unwrap_or_default();
    let mut twice = String::new();
    again.write(&mut twice);
    assert_eq!((again.hash(), twice), (directory.hash(), text));
    check_users(directory, reached);
    for id in directory.lines() {
        let line = directory.line(id);
        assert_eq!(directory.line_in(line.number, line.partition), Some(id));
        assert!(directory.lines_numbered(line.number).any(|other| other == id));
        if let Some(alias) = line.e164 {
            reached.note("alias");
            assert!(directory.lines_with_alias(alias).any(|other| other == id));
        }
        assert!(directory.appearances_of_line(id).all(|one| directory.appearance(one).line == id));
        assert!(directory.appearances_of_line(id).next().is_some());
    }
    for id in directory.devices() {
        assert_eq!(directory.device_named(directory.device(id).name), Some(id));
        let carried = directory.appearances_of_device(id);
        let indexes: Vec<u32> = carried.map(|one| directory.appearance(one).index).collect();
        assert!(indexes.is_sorted_by(|one, next| one < next) && indexes.first() != Some(&0), "{indexes:?}");
    }
    for id in directory.appearances() {
        let one = directory.appearance(id);
        assert_eq!(directory.appearance_at(one.line, one.device), Some(id));
        reached.note(if one.device.is_some() { "at a device" } else { "at none" });
    }
}

fn check_users(directory: &Directory, reached: &mut Reached) {
    for id in directory.users() {
        let user = directory.user(id);
        assert_eq!(directory.user_by_id(user.id), Some(id));
        assert_eq!(directory.user_by_id(&user.id.to_ascii_uppercase()), Some(id));
        if let Some(mail) = user.mail {
            assert_eq!(directory.user_by_mail(mail), Some(id));
        }
        for address in directory.sip_addresses(id) {
            reached.note("SIP address");
            assert_eq!(directory.user_by_sip(address), Some(id));
        }
        let granted: Vec<_> = directory.appearances_of_user(id).collect();
        assert!(granted.is_sorted_by(|one, next| one < next), "{granted:?}");
        for appearance in directory.appearances() {
            assert_eq!(directory.may_control(id, appearance), granted.contains(&appearance));
        }
        reached.note(if granted.is_empty() { "user without lines" } else { "user" });
    }
}
