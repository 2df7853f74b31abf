use super::*;
use alloc::string::ToString;
use alloc::vec;

const KEYS: &[Key] = &[
    Key::integer("cti.heartbeat", (1, 3600), "s", "").default("30"),
    Key::listen("sip.tcp", "").list(2),
    Key::text("sip.domain", 8, ""),
    Key::choice("log.format", &["logfmt", "json"], "").default("\"logfmt\""),
    Key::network("sip.allow", "").list(4).default("[\"127.0.0.0/8\", \"::1\"]"),
    Key::flag("cti.verify", "").default("true"),
    Key::text("needed", 8, "").required(),
    Key::tables("cti.connection[]", 2, "").required(),
    Key::target("cti.connection[].address", "").required(),
    Key::text("cti.connection[].switch", 8, "").default("\"\""),
];

fn settings(text: &str) -> Vec<Setting> {
    text.lines().map(|line| super::super::read_line(line).unwrap()).collect()
}

fn errors(text: &str) -> Vec<String> {
    let text = format!("needed = \"\"\ncti.connection[0].address = \"pbx:1\"\n{text}");
    check(KEYS, &settings(&text)).1.iter().map(ToString::to_string).collect()
}

#[test]
fn settings_that_fit_are_read_typed_and_the_others_have_defaults() {
    let (checked, errors) = check(
        KEYS,
        &settings(
            "needed = \"x\"\nsip.tcp = [\"127.0.0.1:5060\", \"[::1]:0\"]\n\
             cti.connection[1].address = \"pbx.example.com:1040\"\ncti.connection[0].address = \"[::1]:1040\"\n\
             cti.connection[0].switch = \"a\"\ncti.verify = false",
        ),
    );
    assert_eq!(errors, []);
    assert_eq!(checked.integer("cti.heartbeat"), 30);
    assert_eq!(checked.number::<u16>("cti.heartbeat"), 30);
    assert!(!checked.flag("cti.verify"));
    assert_eq!(checked.text("log.format"), Some("logfmt"));
    assert_eq!(checked.text("sip.domain"), None);
    assert_eq!(checked.texts("sip.tcp").collect::<Vec<_>>(), ["127.0.0.1:5060", "[::1]:0"]);
    assert_eq!(checked.texts("sip.allow").collect::<Vec<_>>(), ["127.0.0.0/8", "::1"]);
    let tables: Vec<_> = checked.tables("cti.connection").collect();
    assert_eq!(tables, ["cti.connection[0]", "cti.connection[1]"]);
    assert_eq!(checked.text("cti.connection[0].switch"), Some("a"));
    assert_eq!(checked.text("cti.connection[1].switch"), Some(""));
    assert_eq!(checked.index("needed"), Some(0));
}

#[test]
fn each_wrong_setting_is_told_its_bound() {
    for (line, error) in [
        ("cti.heartbeat = 0", "cti.heartbeat = 0: must be a whole number from 1 to 3600 s"),
        ("cti.heartbeat = 3601", "cti.heartbeat = 3601: must be a whole number from 1 to 3600 s"),
        ("cti.heartbeat = true", "cti.heartbeat = true: must be a whole number from 1 to 3600 s"),
        ("cti.verify = 1", "cti.verify = 1: must be true or false"),
        (
            "sip.domain = \"123456789\"",
            "sip.domain = \"123456789\": must be text of at most 8 bytes, without control characters",
        ),
        ("log.format = \"xml\"", "log.format = \"xml\": must be one of \"logfmt\", \"json\""),
        (
            "sip.tcp = [\"127.0.0.1:1\", \"localhost:1\"]",
            "sip.tcp = \"localhost:1\": must be an IP address and port to listen on, such as \"127.0.0.1:5060\"",
        ),
        ("cti.haertbeat = 1", "cti.haertbeat = 1: is not a key; the nearest is cti.heartbeat"),
        (
            "cti.connection = []",
            "cti.connection = []: is not a key: cti.connection is a list of tables; write [[cti.connection]] above each",
        ),
        (
            "cti.connection[0].adress = 1",
            "cti.connection[0].adress = 1: is not a key; the nearest is cti.connection[].address",
        ),
        ("needed = \"y\"", "needed = \"y\": is set already"),
        (
            "cti.connection[1].switch = \"x\"",
            "cti.connection[1].address: is missing: a host and port, such as \"pbx.example.com:1040\"",
        ),
        (
            "sip.allow = [\"10.0.0.0/33\"]",
            "sip.allow = \"10.0.0.0/33\": must be a network or address, such as \"192.0.2.0/24\" or \"::1\"",
        ),
    ] {
        assert_eq!(errors(line), [error]);
    }
}

#[test]
fn a_name_that_is_no_key_is_guessed_at_only_if_it_is_near_to_one() {
    let list = "is not a key: cti.connection is a list of tables; write [[cti.connection]] above each";
    for (line, error) in [
        ("ctj.heartbeat = 1", "ctj.heartbeat = 1: is not a key; the nearest is cti.heartbeat"),
        ("heartbeat = 1", "heartbeat = 1: is not a key; the nearest is cti.heartbeat"),
        ("cti.connection.address = \"a:1\"", &format!("cti.connection.address = \"a:1\": {list}")),
        ("foo = 3", "foo = 3: is not a key"),
        ("cti.color = \"red\"", "cti.color = \"red\": is not a key"),
    ] {
        assert_eq!(errors(line), [error]);
    }
}

#[test]
fn every_wrong_value_of_a_list_is_told() {
    assert_eq!(
        errors("sip.tcp = [\"localhost:1\", 2]"),
        [
            "sip.tcp = \"localhost:1\": must be an IP address and port to listen on, such as \"127.0.0.1:5060\"",
            "sip.tcp = 2: must be an IP address and port to listen on, such as \"127.0.0.1:5060\""
        ]
    );
}

#[test]
fn an_empty_table_must_have_a_name_that_is_known() {
    let table = |key: &str| {
        let table = Setting { key: key.into(), value: Value::Other("table") };
        let sound = settings("needed = \"\"\ncti.connection[0].address = \"pbx:1\"");
        check(KEYS, &[sound.as_slice(), &[table]].concat())
            .1
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
    };
    assert_eq!(table("sip"), [""; 0]);
    assert_eq!(table("cti"), [""; 0]);
    assert_eq!(table("spi"), ["spi = <table>: is not a key"]);
    assert_eq!(table("cti.heart"), ["cti.heart = <table>: is not a key"]);
}

#[test]
fn too_many_entries_are_told_the_limit() {
    let listeners = r#"sip.tcp = ["127.0.0.1:1", "127.0.0.1:2", "127.0.0.1:3"]"#;
    assert_eq!(
        errors(listeners),
        [format!("{listeners}: has 3 entries, and must have at most 2")],
        "of a list of values"
    );
    let tables = "cti.connection[1].address = \"a:1\"\ncti.connection[2].address = \"b:1\"";
    assert_eq!(
        errors(tables),
        ["cti.connection[2] = \"b:1\": is one too many: at most 2 tables"],
        "of a list of tables"
    );
}

#[test]
fn all_errors_come_at_once_with_their_places() {
    let (_, errors) = check(KEYS, &settings("cti.verify = 1\ncti.heartbeat = 0\nlog.format = 3\nx = 1"));
    let indexes: Vec<_> = errors.iter().map(|error| (error.setting, error.key.as_str())).collect();
    let expected = [
        (Some(0), "cti.verify"),
        (Some(1), "cti.heartbeat"),
        (Some(2), "log.format"),
        (Some(3), "x"),
        (None, "cti.connection"),
        (None, "needed"),
    ];
    assert_eq!(indexes, expected);
}

#[test]
fn an_empty_table_is_there_and_lacks_what_is_required() {
    let empty = [Setting { key: "cti.connection[0]".into(), value: Value::Other("table") }];
    let (_, errors) = check(KEYS, &[settings("needed = \"\"").as_slice(), &empty].concat());
    assert_eq!(errors.len(), 1);
    assert_eq!((errors[0].setting, errors[0].key.as_str()), (Some(1), "cti.connection[0].address"));
}

#[test]
fn strange_keys_are_unknown_and_nothing_worse() {
    let value = Value::Integer(1);
    for key in
        ["", "[", "]", "][", "[]", "a[99999999999999999999].b", "cti.connection[].address", "\u{1f600}[0]["]
    {
        let (_, errors) = check(KEYS, &[Setting { key: key.into(), value: value.clone() }]);
        assert!(errors.iter().any(|error| error.setting == Some(0)), "{key}");
    }
}

#[test]
fn a_target_has_a_host_and_a_port() {
    for (text, fits) in [
        ("pbx:1", true),
        ("192.0.2.1:65535", true),
        ("[::1]:1", true),
        ("pbx", false),
        ("pbx:0", false),
        ("pbx:65536", false),
        (":1", false),
        ("a b:1", false),
        ("::1:1", false),
        ("pbx:+1", false),
    ] {
        assert_eq!(is_target(text), fits, "{text}");
    }
}

#[test]
fn distance_counts_changes_up_to_a_bound() {
    let pairs = vec![
        ("", "", 0),
        ("abc", "abc", 0),
        ("abc", "acb", 2),
        ("kitten", "sitting", 3),
        ("", "ab", 2),
        ("ab", "", 2),
        ("xheartbeat", "heartbeaty", 2),
        ("abcdef", "uvwxyz", 6),
    ];
    for (name, other, expected) in pairs {
        for most in 0..=7 {
            assert_eq!(
                distance(name, other, most),
                Some(expected).filter(|at| *at <= most),
                "{name} {other}"
            );
        }
    }
}

#[test]
fn a_span_is_a_number_or_the_least_and_the_most_of_several() {
    let key = Key::span("digits", (1, 64), "", "");
    for (value, expected) in [
        ("4", Some((4, 4))),
        ("\"4\"", Some((4, 4))),
        ("\"4-6\"", Some((4, 6))),
        ("\" 4 - 64 \"", Some((4, 64))),
        ("0", None),
        ("65", None),
        ("\"6-4\"", None),
        ("\"4-\"", None),
        ("\"-4\"", None),
        ("\"+4\"", None),
        ("\"4-5-6\"", None),
        ("\"\"", None),
        ("true", None),
        ("[4]", None),
    ] {
        let (checked, errors) = check(&[key], &settings(&alloc::format!("digits = {value}")));
        assert_eq!(checked.span::<usize>("digits"), expected, "{value}");
        assert_eq!(errors.len(), usize::from(expected.is_none()), "{value}");
    }
}
