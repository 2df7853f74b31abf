use super::*;
use crate::line::rules::Table;
use alloc::string::ToString;
use alloc::{format, vec};

const LEAST: &str = "sip.tcp = [\"127.0.0.1:5060\"]\ncti.connection[0].address = \"pbx:1040\"\n";

fn config(text: &str) -> Result<Config, Vec<String>> {
    let settings: Vec<_> = text.lines().map(|line| setting::read_line(line).unwrap()).collect();
    Config::from_settings(&settings).map_err(|errors| errors.iter().map(ToString::to_string).collect())
}

fn errors(more: &str) -> Vec<String> {
    config(&format!("{LEAST}{more}")).unwrap_err()
}

#[test]
fn the_least_configuration_has_the_documented_defaults() {
    let config = config(LEAST).unwrap();
    assert_eq!(config.sip.tcp, ["127.0.0.1:5060".parse().unwrap()]);
    assert_eq!(config.sip.allow, ["127.0.0.0/8", "::1/128"].map(|network| Network::parse(network).unwrap()));
    assert_eq!(config.sip.domain, None);
    assert_eq!(config.sip.event_delay, Duration::from_millis(20));
    assert_eq!(config.sip.linger, 2100);
    assert_eq!(config.cti.heartbeat, Duration::from_secs(30));
    assert_eq!(config.cti.session, SessionKind::Application);
    assert_eq!(config.cti.protocol_version, 3);
    assert_eq!(config.cti.window, 1000);
    assert!(config.cti.verify_line);
    let connection = config.cti.connections.first().unwrap();
    assert_eq!((connection.name.as_str(), connection.switch.as_str()), ("pbx:1040", ""));
    assert_eq!(config.limits.sessions, 100_000);
    assert_eq!(config.limits.message_bytes, 65_536);
    assert_eq!(config.log, Log { format: LogFormat::Logfmt, level: Level::Info });
}

#[test]
fn every_integer_can_be_set_to_both_its_bounds_without_loss() {
    let integers = KEYS.iter().filter_map(|key| {
        let setting::Kind::Integer { min, max } = key.kind else { return None };
        Some((key.name, [min, max]))
    });
    // Those of tables have tests of their own.
    let integers = integers.filter(|(name, _)| !name.contains("[]"));
    let set = |at: usize| -> String {
        integers
            .clone()
            .map(|(name, bounds)| format!("{} = {}", name.replace("[]", "[0]"), bounds[at]))
            .collect::<Vec<_>>()
            .join("\n")
            + "\nappearance[0].line = \"1\""
    };
    let most = set(1).replace("cti.heartbeat = 3600", "cti.heartbeat = 3599");
    let most = config(&format!("{LEAST}{most}")).unwrap();
    assert_eq!((most.cti.window, most.cti.protocol_version), (9_000, 6));
    assert_eq!((most.limits.links, most.limits.sessions), (100_000, 1_000_000));
    let least = config(&format!("{LEAST}{}", set(0))).unwrap();
    assert_eq!((least.cti.queue, least.limits.message_bytes), (0, 1_024));
}

#[test]
fn an_address_for_datagrams_that_stands_for_all_needs_one_that_clients_can_be_told() {
    let [error] = errors("sip.udp = [\"0.0.0.0:5060\"]").try_into().unwrap();
    assert!(error.contains("sip.udp") && error.contains("sip.advertised"), "{error}");
    assert!(
        config(&format!("{LEAST}sip.udp = [\"[::]:5060\"]\nsip.advertised = \"gw.example.com:5060\""))
            .is_ok()
    );
}

#[test]
fn connections_without_an_application_session_have_none_to_renew_in_time() {
    let config = config(&format!("{LEAST}cti.session = \"none\"\ncti.heartbeat = 180")).unwrap();
    assert_eq!((config.cti.session, config.cti.heartbeat), (SessionKind::None, Duration::from_secs(180)));
}

#[test]
fn settings_that_contradict_each_other_are_told_so() {
    for (lines, error) in [
        (
            "sip.min_session_expires = 100\nsip.session_expires = 99",
            "sip.min_session_expires = 100: must be at most sip.session_expires, which is 99",
        ),
        (
            "sip.domain = \"example com\"",
            "sip.domain = \"example com\": must be a host's name or address, such as \"example.com\"",
        ),
        ("cti.reconnect_min = 61", "cti.reconnect_min = 61: must be at most cti.reconnect_max, which is 60"),
        ("cti.heartbeat = 180", "cti.heartbeat = 180: must be less than cti.session_duration, which is 180"),
        (
            "sip.udp = [\"[::1]:5060\", \"[::1]:5060\"]",
            "sip.udp = [\"[::1]:5060\", \"[::1]:5060\"]: names [::1]:5060 twice",
        ),
        (
            "cti.connection[1].address = \"pbx:1040\"",
            "cti.connection[1].address = \"pbx:1040\": is cti.connection[0]'s address too; give each connection its own",
        ),
        (
            "cti.connection[1].address = \"PBX:1040\"\ncti.connection[1].name = \"two\"",
            "cti.connection[1].address = \"PBX:1040\": is cti.connection[0]'s address too; give each connection its own",
        ),
        (
            "cti.connection[1].address = \"[2001:db8::a]:1040\"\ncti.connection[2].address = \"[2001:DB8:0:0::000A]:1040\"",
            "cti.connection[2].address = \"[2001:DB8:0:0::000A]:1040\": is cti.connection[1]'s address too; give each connection its own",
        ),
        (
            "cti.connection[1].address = \"192.0.2.1:1040\"\ncti.connection[2].address = \"[::ffff:192.0.2.1]:1040\"",
            "cti.connection[2].address = \"[::ffff:192.0.2.1]:1040\": is cti.connection[1]'s address too; give each connection its own",
        ),
        (
            "cti.heartbeat = 10\ncti.heartbeat_timeout = 11",
            "cti.heartbeat_timeout = 11: must be at most cti.heartbeat, which is 10",
        ),
        (
            "sip.unavailable_expires = 1801",
            "sip.unavailable_expires = 1801: must be at most sip.session_expires, which is 1800",
        ),
        (
            "store.path = \"store.redb\"",
            "store.path = \"store.redb\": must be a path that begins with /, such as \"/var/lib/ctigate/store.redb\"",
        ),
        (
            "control.socket = \"control.sock\"",
            "control.socket = \"control.sock\": must be a path that begins with /, such as \"/run/ctigate/control.sock\"",
        ),
        (
            "cti.connection[1].address = \"b:1\"\ncti.connection[1].name = \"pbx:1040\"",
            "cti.connection[1].name = \"pbx:1040\": is cti.connection[0]'s name too; give each connection its own",
        ),
    ] {
        assert_eq!(errors(lines), [error]);
    }
}

#[test]
fn no_interval_and_no_time_out_is_zero_or_longer_than_a_client_waits() {
    for (line, bound) in [
        ("cti.heartbeat = 0", "1 to 3600 s"),
        ("cti.heartbeat_timeout = 0", "1 to 60 s"),
        ("cti.service_timeout = 0", "1 to 30 s"),
        ("cti.service_timeout = 31", "1 to 30 s"),
        ("cti.connect_timeout = 0", "1 to 60 s"),
        ("cti.reconnect_min = 0", "1 to 3600 s"),
        ("cti.reconnect_max = 0", "1 to 3600 s"),
        ("sip.stop_timeout = 0", "1 to 8 s"),
        ("sip.drain_timeout = 0", "1 to 86400 s"),
        ("sip.session_expires = 0", "90 to 86400 s"),
        ("sip.unavailable_expires = 89", "90 to 86400 s"),
    ] {
        assert_eq!(errors(line), [format!("{line}: must be a whole number from {bound}")]);
    }
}

#[test]
fn a_value_out_of_bounds_is_not_compared_with_others_as_well() {
    assert_eq!(errors("cti.heartbeat = 180\ncti.session_duration = 9").len(), 1);
}

#[test]
fn kernel_chosen_ports_may_repeat() {
    let config = config(&LEAST.replace("\"127.0.0.1:5060\"", "\"127.0.0.1:0\", \"127.0.0.1:0\"")).unwrap();
    assert_eq!(config.sip.tcp.len(), 2);
}

#[test]
fn nothing_to_listen_on_and_nothing_to_connect_to_are_errors() {
    let expected = vec![
        "cti.connection: is missing: there must be at least one table [[cti.connection]], and at most 8 tables",
        "sip.tcp: is missing: sip.tcp or sip.udp must name an address to listen on, such as [\"127.0.0.1:5060\"]",
    ];
    assert_eq!(config("").unwrap_err(), expected);
}

#[test]
fn a_ninth_connection_is_an_error_that_names_the_limit() {
    let connections = |count: usize| -> String {
        (1..count)
            .map(|index| format!("cti.connection[{index}].address = \"pbx{index}:1\""))
            .collect::<Vec<_>>()
            .join("\n")
    };
    assert_eq!(config(&format!("{LEAST}{}", connections(8))).unwrap().cti.connections.len(), 8);
    let expected = "cti.connection[8] = \"pbx8:1\": is one too many: at most 8 tables";
    assert_eq!(errors(&connections(9)), [expected]);
}

#[test]
fn the_example_file_and_the_help_name_every_key() {
    let example = include_str!("../../../ctigate.example.toml");
    let help = help();
    for key in KEYS {
        assert!(help.contains(key.name), "{}", key.name);
        assert!(help.contains(key.doc), "{}", key.name);
        let mut table = "";
        let found = example.lines().map(|line| line.trim_start_matches(['#', ' '])).any(|line| {
            if let Some(name) = line.strip_prefix("[[").and_then(|line| line.strip_suffix("]]")) {
                table = name;
                return key.name == format!("{name}[]");
            }
            if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
                table = name;
            }
            let field = line.split_once(" = ").map_or("", |(field, _)| field);
            key.name == format!("{table}.{field}") || key.name == format!("{table}[].{field}")
        });
        assert!(found, "{} is missing from ctigate.example.toml", key.name);
    }
}

#[test]
fn features_are_the_names_of_services_and_events() {
    let with = |names: &str| config(&format!("{LEAST}cti.connection[0].features = [{names}]"));
    let features = with("\"MakeCall\", \"HeldEvent\"").unwrap().cti.connections[0].features.unwrap();
    assert!(features.has_service("MakeCall") && features.has_event("HeldEvent"));
    assert_eq!((features.services().count(), features.events().count()), (1, 1));
    assert_eq!(with("").unwrap().cti.connections[0].features, None);
    let errors = with("\"Dance\"").unwrap_err();
    assert!(errors[0].contains("must be one of \"") && errors[0].ends_with(" others"), "{errors:?}");
}

#[test]
fn number_rules_are_read_in_their_order() {
    let rules = "numbers.emergency = [\"112\", \"0-112\"]\n\
        numbers.line[0].begins = \"+49 30 1234\"\nnumbers.line[0].digits = 12\nnumbers.line[0].strip = 8\n\
        numbers.dial[0].digits = \"4-6\"\nnumbers.dial[0].prepend = \"0\"\n\
        numbers.dial[1].pattern = \"x*\"\nnumbers.dial[1].prepend = \"9\"\n\
        numbers.shown[0].pattern = \"[4-6]xxx\"\nnumbers.shown[0].prepend = \"+4930123\"";
    let numbers = config(&format!("{LEAST}{rules}")).unwrap().numbers;
    let line = |number| numbers.line(number).number.unwrap();
    assert_eq!((line("+49301234567").as_str(), line("+493012345678").as_str()), ("4567", "+493012345678"));
    let dial = |number| numbers.dial(number).number.unwrap();
    assert_eq!(
        (dial("12345").as_str(), dial("123").as_str(), dial("0112").as_str()),
        ("012345", "9123", "0112")
    );
    assert_eq!(numbers.shown("4567").number.unwrap().as_str(), "+49301234567");
    assert_eq!(config(LEAST).unwrap().numbers, Rules::default());
}

#[test]
fn a_wrong_number_rule_is_named_with_key_value_and_bound() {
    for (line, error) in [
        (
            "numbers.dial[0].begins = \"+4x\"",
            "numbers.dial[0].begins = \"+4x\": must be of 0-9 * # A-D, with a + at the beginning where there is one, \
             and at most 64 of them",
        ),
        (
            "numbers.dial[0].strip = 1",
            "numbers.dial[0]: must say which numbers it is for: begins, digits or pattern",
        ),
        (
            "numbers.dial[0].digits = \"6-4\"",
            "numbers.dial[0].digits = \"6-4\": must be a whole number from 1 to 64 characters, or two of them as in \
             \"4-6\"",
        ),
        (
            "numbers.dial[0].digits = 65",
            "numbers.dial[0].digits = 65: must be a whole number from 1 to 64 characters, or two of them as in \"4-6\"",
        ),
        (
            "numbers.dial[0].digits = 3\nnumbers.dial[0].strip = 3",
            "numbers.dial[0].strip = 3: leaves nothing of a number of 3 characters, and the rule is for no longer one",
        ),
        (
            "numbers.dial[0].digits = 3\nnumbers.dial[0].strip = 65",
            "numbers.dial[0].strip = 65: must be a whole number from 0 to 64 characters",
        ),
        (
            "numbers.shown[0].pattern = \"1*2\"",
            "numbers.shown[0].pattern = \"1*2\": may have a * only at its end, for any rest; write [*] for the key *",
        ),
        ("numbers.emergency = [\"112\", \"1-12\"]", "numbers.emergency = \"1-12\": names 112 twice"),
        (
            "numbers.emergency = [\"help\"]",
            "numbers.emergency = \"help\": must be a number of 0-9 * # A-D, such as \"112\"",
        ),
        (
            "numbers.dial[0].beginns = \"1\"",
            "numbers.dial[0].beginns = \"1\": is not a key; the nearest is \
          numbers.dial[].begins",
        ),
    ] {
        let found = errors(line);
        assert!(found.iter().any(|found| found == error), "{found:#?}\n{error}");
    }
}

/// The settings of an office's directory.
const PEOPLE: &str = "user[0].id = \"alice\"\nuser[0].sip = [\"sip:alice@example.com\"]\n\
    user[0].lines = [\"1001\", \"1009/Staff@SEP2\"]\nuser[1].id = \"bob\"\nuser[1].enabled = false\n\
    user[1].role = \"administrator\"\nline[0].number = \"1001\"\nline[0].e164 = \"+14255550101\"\n\
    line[1].number = \"1009\"\nline[1].partition = \"Staff\"\ndevice[0].name = \"SEP1\"\ndevice[0].lines = [\"1001\"]\n\
    device[1].name = \"SEP2\"\ndevice[1].kind = \"soft\"\ndevice[1].lines = [\"1001\", \"1009\"]\n\
    appearance[0].line = \"1001\"\nappearance[0].device = \"sep1\"\nappearance[0].device_id = \"1001:CM1\"\n";

fn people(text: &str) -> Result<crate::line::directory::Directory, Vec<String>> {
    let settings: Vec<_> = text.lines().map(|line| setting::read_line(line).unwrap()).collect();
    let mut builder = crate::line::directory::Builder::new();
    let file = builder.file("c");
    add_entries(&settings, &mut builder, &|index| crate::line::directory::Place::new(file, index + 1));
    builder.build().map_err(|mistakes| mistakes.lines().collect())
}

#[test]
fn the_directory_is_made_of_its_tables() {
    let mut text = String::new();
    people(PEOPLE).unwrap().write(&mut text);
    assert_eq!(
        text,
        "ctigate directory 1\nline 1001 e164=+14255550101\nline 1009 partition=Staff\ndevice SEP1\n\
         device SEP2 kind=soft\nappearance 1001 SEP1 1 device_id=1001:CM1\nappearance 1001 SEP2 1\n\
         appearance 1009/Staff SEP2 2\nuser alice sip=sip:alice@example.com line=1001 line=1009/Staff@SEP2\n\
         user bob enabled=no role=administrator\n"
    );
    config(&format!("{LEAST}{PEOPLE}")).unwrap();
    assert_eq!(
        people(&PEOPLE.replace("[\"1001\", \"1009\"]", "[\"1001\", \"1008\"]")).unwrap_err(),
        [
            "c:1: user \"alice\": line \"1009/Staff@SEP2\": the device \"SEP2\" does not carry it",
            "c:13: line appearance \"1008\": there is no line \"1008\""
        ]
    );
}

#[test]
fn a_file_of_the_directory_has_nothing_but_its_tables() {
    let check = |text: &str| {
        let settings: Vec<_> = text.lines().map(|line| setting::read_line(line).unwrap()).collect();
        check_entries(&settings).iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    assert_eq!(check(PEOPLE), [""; 0]);
    let wrong = format!("{PEOPLE}sip.domain = \"x\"\nuser[2].name = \"Carol\"");
    assert_eq!(
        check(&wrong),
        [
            "sip.domain = \"x\": is not a key",
            "user[2].id: is missing: text of at most 128 bytes, without control characters"
        ]
    );
    let many: Vec<_> = (0..=MAX_IN_FILE).map(|index| format!("line[{index}].number = \"{index}\"")).collect();
    assert_eq!(check(&many.join("\n")), ["line[1000] = \"1000\": is one too many: at most 1000 tables"]);
}

#[test]
fn the_mode_is_listed_as_soon_as_there_is_a_user() {
    for (text, has_users, mode) in [
        ("", false, Mode::Open),
        ("", true, Mode::Listed),
        ("directory.mode = \"open\"", true, Mode::Open),
        ("directory.mode = \"listed\"", false, Mode::Listed),
    ] {
        assert_eq!(config(&format!("{LEAST}{text}")).unwrap().directory.mode(has_users), mode, "{text}");
    }
}

#[test]
fn a_table_has_a_thousand_number_rules_and_no_more() {
    let rules = |count: usize| -> String {
        let rules = (0..count).map(|index| format!("numbers.dial[{index}].begins = \"{index}\""));
        rules.collect::<Vec<_>>().join("\n")
    };
    assert_eq!(config(&format!("{LEAST}{}", rules(1_000))).unwrap().numbers.count(Table::Dial), 1_000);
    let expected = "numbers.dial[1000] = \"1000\": is one too many: at most 1000 tables";
    assert_eq!(errors(&rules(1_001)), [expected]);
}

#[test]
fn attributes_of_an_ldap_directory_have_names_by_keys() {
    let of = |text: &str| config(&format!("{LEAST}{text}")).unwrap().directory.ldap;
    assert_eq!(of(""), default_attributes());
    assert_eq!(of("").id, ["sAMAccountName", "uid"]);
    assert_eq!(
        of("directory.ldap.line = \" ipPhone  telephoneNumber\"").line,
        ["ipPhone", "telephoneNumber"]
    );
}

#[test]
fn an_asterisk_needs_a_user_a_password_and_four_families() {
    let asterisk = |more: &str| config(&format!("{LEAST}cti.connection[0].kind = \"asterisk\"\n{more}"));
    let login = "cti.connection[0].user = \"a\"\ncti.connection[0].password_file = \"/p\"\n";
    assert!(asterisk(login).is_ok());
    assert!(asterisk(&login.replace("_file = \"/p\"", "_env = \"AMI_PASSWORD\"")).is_ok());
    assert_eq!(asterisk("").unwrap_err().len(), 2);
    for (wrong, said) in [
        ("families = [\"CF\"]", "must name four"),
        ("obedient_user_agents = [\"Snom\", \"\"]", "each must say how a name begins"),
        ("obedient_user_agents = [\"*\"]", "set cti.connection[0].obedient to [\"*\"]"),
        ("login = \"avaya\"", "belongs to CSTA"),
        ("password_env = \"P\"", "is given beside cti.connection[0].password_file"),
    ] {
        let errors = asterisk(&format!("{login}cti.connection[0].{wrong}\n")).unwrap_err();
        assert!(errors.len() == 1 && errors[0].contains(said), "{errors:?}");
    }
}

#[test]
fn what_is_no_name_of_a_variable_is_refused_and_not_shown() {
    for wrong in ["5ecret", "secr=t", "my secret", "s\u{e9}cret", "a-b"] {
        let login = format!("cti.connection[0].user = \"a\"\ncti.connection[0].password_env = \"{wrong}\"\n");
        let errors = config(&format!("{LEAST}cti.connection[0].kind = \"asterisk\"\n{login}")).unwrap_err();
        let said = "cti.connection[0].password_env: must be the name of a variable";
        assert!(errors.len() == 1 && errors[0].starts_with(said), "{errors:?}");
        assert!(!errors[0].contains(wrong), "{errors:?}");
    }
}
