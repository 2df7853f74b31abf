use super::*;
use alloc::vec;

fn attributes() -> Attributes {
    let names = |names: &str| names.split(' ').map(String::from).collect();
    Attributes {
        id: names("sAMAccountName uid"),
        name: names("displayName cn"),
        mail: names("mail"),
        sip: names("msRTCSIP-PrimaryUserAddress"),
        line: names("msRTCSIP-Line"),
        number: names("telephoneNumber"),
    }
}

fn written(directory: &Directory) -> Vec<String> {
    let mut text = String::new();
    directory.write(&mut text);
    text.lines().skip(1).map(String::from).collect()
}

/// Imports a table, with `|` between cells; the directory's lines, and the mistakes.
fn table(text: &str) -> (Vec<String>, Vec<String>, LeftOut) {
    let mut import = Import::new(Rules::default());
    let file = import.file("t");
    let (header, rows) = text.split_once('\n').unwrap();
    let columns: Vec<_> = header.split('|').map(|name| column_named(name).unwrap()).collect();
    for (row, number) in rows.lines().zip(2..) {
        import.cells(Place::new(file, number), columns.iter().copied().zip(row.split('|')));
    }
    let (directory, mistakes, left_out) = import.finish();
    (written(&directory), mistakes.lines().collect(), left_out)
}

fn ldif(text: &str) -> (Vec<String>, Vec<String>, usize) {
    let mut import = Import::new(Rules::default());
    import.ldif(text, "l", &attributes());
    let ignored = import.ignored();
    let (directory, mistakes, _) = import.finish();
    (written(&directory), mistakes.lines().collect(), ignored)
}

#[test]
fn a_table_has_users_with_their_lines_and_devices() {
    let (directory, mistakes, _) = table(
        "id|mail|sip|name|enabled|role|line|partition|e164|label|device|kind|description|device_id|lines\n\
         alice|alice@example.com|alice@example.com sips:a@b|Alice|||1001|Staff|+1 425 555 0101|Alice|SEP1||Room 1|1001:CM1|1009\n\
         Bob||||no|administrator|1002||||sep1|||| 1001/Staff@SEP1\n\
         ||||||1009||||soft-1|Soft|||\n\
         carol||||Yes|User|||||||||\n",
    );
    assert_eq!(mistakes, [""; 0]);
    assert_eq!(
        directory,
        [
            "line 1001 partition=Staff e164=+14255550101 label=Alice",
            "line 1002",
            "line 1009",
            "device SEP1 description=\"Room 1\"",
            "device soft-1 kind=soft",
            "appearance 1001/Staff SEP1 1 device_id=1001:CM1",
            "appearance 1002 SEP1 2",
            "appearance 1009 soft-1 1",
            "user alice mail=alice@example.com sip=sip:alice@example.com sip=sips:a@b name=Alice line=1001/Staff@SEP1 line=1009",
            "user Bob enabled=no role=administrator line=1001/Staff@SEP1 line=1002@SEP1",
            "user carol",
        ]
    );
}

#[test]
fn rows_share_a_line_and_must_not_contradict_each_other() {
    let (directory, mistakes, left_out) = table(
        "id|line|e164|device|kind\na|1001||x|\nb|1001|+14255550101||\nc|1001|+14255550102||\nd|1001||x|soft\ne|1002||x|hard\n",
    );
    assert_eq!(
        mistakes,
        [
            "t:4: line \"1001\": e164 \"+14255550102\": is \"+14255550101\" in t:2",
            "t:6: device \"x\": is of another kind in t:2"
        ]
    );
    assert_eq!(left_out.users, 2);
    assert!(directory.contains(&"user b line=1001".into()) && !directory.contains(&"user c".into()));
}

#[test]
fn each_mistake_in_a_table_is_told_with_its_row() {
    for (header, row, expected) in [
        ("id|enabled", "a|perhaps", "t:2: enabled \"perhaps\": must be yes or no"),
        ("id|role", "a|king", "t:2: role \"king\": must be user or administrator"),
        ("id|kind", "a|big", "t:2: kind \"big\": must be hard or soft"),
        ("id|name", "|x", "t:2: there is neither a user ID nor a line"),
        ("id|label", "a|x", "t:2: what is said of a line needs one"),
        ("id|line|kind", "a|1|soft", "t:2: what is said of a device needs one"),
        ("id|line", "a|tel:;ext=1", "t:2: line \"tel:;ext=1\": names no number"),
        (
            "id|line|e164",
            "a|1|425",
            "t:2: line \"1\": e164 \"425\": must be an E.164 number, which is + and 2 to 15",
        ),
        ("id|lines", "a|7", "t:2: user \"a\": line \"7\": there is no line \"7\""),
        ("id|sip", "a|smtp:a@b", "t:2: user \"a\": sip \"smtp:a@b\": must be a SIP address"),
    ] {
        let (_, mistakes, _) = table(&format!("{header}\n{row}\n"));
        assert_eq!(mistakes.len(), 1, "{mistakes:?}");
        assert!(mistakes[0].starts_with(expected), "{mistakes:?}");
    }
}

#[test]
fn the_line_comes_from_the_line_uri_and_its_alias_from_either_number() {
    for (line, number, expected) in [
        ("tel:+14255550101;ext=101", "", vec!["line 101 e164=+14255550101", "user a line=101"]),
        (
            "tel:73124;phone-context=dialstring;partition=P",
            "",
            vec!["line 73124 partition=P", "user a line=73124/P"],
        ),
        (
            "TEL:1001;phone-context=dialstring;device=SEP1",
            "+1 425 555 0101",
            vec![
                "line 1001 e164=+14255550101",
                "device SEP1",
                "appearance 1001 SEP1 1",
                "user a line=1001@SEP1",
            ],
        ),
        ("", "+49 (30) 1234-567", vec!["line +49301234567 e164=+49301234567", "user a line=+49301234567"]),
        ("", "1001", vec!["line 1001", "user a line=1001"]),
        ("1001", "1001", vec!["line 1001", "user a line=1001"]),
        ("", "", vec!["user a"]),
    ] {
        let attribute =
            |name, value: &str| if value.is_empty() { String::new() } else { format!("{name}: {value}\n") };
        let (line, number) = (attribute("msRTCSIP-Line", line), attribute("telephoneNumber", number));
        let (directory, mistakes, _) = ldif(&format!("dn: cn=a\nuid: a\n{line}{number}"));
        assert_eq!((directory, mistakes), (expected.iter().map(|one| String::from(*one)).collect(), vec![]));
    }
}

#[test]
fn number_rules_make_the_lines_number_of_a_global_one() {
    let terms =
        super::super::super::rules::Terms { begins: Some("+49301234"), strip: 9, ..Default::default() };
    let rule = super::super::super::rules::Rule::new(&terms).unwrap();
    let rules = Rules::new((vec![rule], vec![], vec![]), core::iter::empty());
    let mut import = Import::new(rules);
    import.ldif(
        "dn: a\nuid: a\ntelephoneNumber: +49 30 1234-567\n\ndn: b\nuid: b\ntelephoneNumber: +49 89 1\n",
        "l",
        &attributes(),
    );
    let expected =
        ["line +49891 e164=+49891", "line 567 e164=+49301234567", "user a line=567", "user b line=+49891"];
    assert_eq!(written(&import.finish().0), expected);
}

#[test]
fn users_come_from_ldap_with_the_attributes_that_are_named() {
    let (directory, mistakes, ignored) = ldif(
        "dn: dc=example\nobjectClass: organization\n\n\
         dn: cn=Alice\nsAMAccountName: alice\nuid: 4711\ndisplayName:: SsO2cmc=\nmail: alice@example.com\n\
         msRTCSIP-PrimaryUserAddress: sip:alice@example.com\nmsRTCSIP-PrimaryUserAddress: SMTP:alice@example.com\n\
         msRTCSIP-PrimaryUserAddress: a.ames@example.com\n\n\
         dn: cn=Bob\nuid: bob\ncn: Bob\n\n\
         dn: cn=Carol\nchangetype: delete\n",
    );
    assert_eq!(
        directory,
        [
            "user alice mail=alice@example.com sip=sip:alice@example.com sip=sip:a.ames@example.com name=Jörg",
            "user bob name=Bob"
        ]
    );
    assert_eq!(mistakes, ["l:18: a change record (changetype: delete); only entries can be imported"]);
    assert_eq!(ignored, 1);
}
