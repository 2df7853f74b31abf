use super::*;
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
    let set = |at: usize| -> String {
        integers
            .clone()
            .map(|(name, bounds)| format!("{name} = {}", bounds[at]))
            .collect::<Vec<_>>()
            .join("\n")
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
fn a_form_of_device_ids_has_one_place_for_the_number_and_a_question_names_the_switch() {
    let key = "cti.connection[0].device_id";
    let with = |value: &str, more: &str| config(&format!("{LEAST}{key} = \"{value}\"\n{more}"));
    let ids = |value: &str, more: &str| {
        let config = with(value, more).unwrap();
        config.cti.connections[0].device_ids.clone()
    };
    let switch = "cti.connection[0].switch_name = \"CM1\"\n";
    assert_eq!(ids("{number}", ""), None, "that is the number");
    let form = IdRule::Form { before: "N".into(), after: ":CM1::0".into() };
    let of_form = ids("N{number}:CM1::0", "").unwrap();
    assert_eq!((of_form.devices, of_form.dialled), (form, IdRule::Number));
    let asked = ids("ask", switch).unwrap();
    assert_eq!((asked.devices, asked.dialled, &*asked.switch_name), (IdRule::Asked, IdRule::Asked, "CM1"));
    let dialled = format!("{switch}cti.connection[0].dialled_id = \"{{number}}\"\n");
    assert_eq!(ids("ask", &dialled).unwrap().dialled, IdRule::Number);
    for wrong in ["", "4750", "{number", "{number}{number}", "{Number}", "{number} 1", "<{number}>", "asked"]
    {
        let [error] = with(wrong, "").unwrap_err().try_into().unwrap();
        assert!(error.contains(key) && error.contains("{number}:CM1:192.0.2.10:0"), "{wrong}: {error}");
    }
    let [error] = with("ask", "").unwrap_err().try_into().unwrap();
    assert!(error.contains("needs cti.connection[0].switch_name"), "{error}");
    let [error] = with("{number}", switch).unwrap_err().try_into().unwrap();
    assert!(error.starts_with("cti.connection[0].switch_name = \"CM1\": is used only with"), "{error}");
}
