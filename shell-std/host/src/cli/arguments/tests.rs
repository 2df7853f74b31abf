use ctigate_core::Level;

use super::*;

fn parsed(line: &str) -> Result<Request, Usage> {
    parse(line.split_whitespace().map(OsString::from))
}

fn wrong(line: &str) -> (String, Option<String>) {
    let Usage { what, topic } = parsed(line).unwrap_err();
    (what, topic)
}

#[test]
fn every_command_is_understood() {
    let config = PathBuf::from("c.toml");
    assert_eq!(
        parsed("run --config c.toml --record=dir"),
        Ok(Request::Run { config: config.clone(), record: Some("dir".into()) })
    );
    let check = CheckRequest { config, ..CheckRequest::default() };
    assert_eq!(parsed("check --config c.toml"), Ok(Request::Check(check.clone())));
    let dial = DialRequest { number: "+1".into(), config: "c.toml".into() };
    assert_eq!(parsed("dial +1 --config c.toml"), Ok(Request::Dial(dial)));
    let all = CheckRequest { record: Some("d".into()), connect: true, deny_warnings: true, ..check };
    let line = "check --config c.toml --connect --record d --deny-warnings";
    assert_eq!(parsed(line), Ok(Request::Check(all)));
    assert_eq!(
        parsed("switch --listen 127.0.0.1:0"),
        Ok(Request::Switch(SwitchRequest {
            listen: "127.0.0.1:0".parse().ok(),
            control: None,
            config: None
        }))
    );
    let of_file = SwitchRequest { listen: None, control: None, config: Some("s.toml".into()) };
    assert_eq!(parsed("switch --config s.toml"), Ok(Request::Switch(of_file)));
    assert_eq!(parsed("replay a b"), Ok(Request::Replay { traces: vec!["a".into(), "b".into()] }));
    assert_eq!(
        parsed("trace redact t -o out"),
        Ok(Request::Redact { traces: vec!["t".into()], out: "out".into() })
    );
    let since = crate::cli::when::When::parse("09:30");
    assert_eq!(
        parsed("trace ladder t --line 1001 --since 09:30 --wire"),
        Ok(Request::Ladder(LadderRequest {
            traces: vec!["t".into()],
            line: Some("1001".into()),
            since,
            wire: true,
            ..LadderRequest::default()
        }))
    );
    let ctl = |request, place| Ok(Request::Ctl(CtlRequest { request, place }));
    let socket = Place::Socket("s".into());
    assert_eq!(parsed("ctl status --socket s"), ctl(control::Request::Status, socket.clone()));
    assert_eq!(parsed("ctl status --json --socket s"), ctl(control::Request::StatusJson, socket.clone()));
    assert_eq!(parsed("ctl undrain --socket s"), ctl(control::Request::Undrain, socket.clone()));
    assert_eq!(
        parsed("ctl redial pbx --socket s"),
        ctl(control::Request::Redial("pbx".into()), socket.clone())
    );
    assert_eq!(parsed("ctl log debug --socket s"), ctl(control::Request::Log(Level::Debug), socket.clone()));
    assert_eq!(parsed("ctl --socket s stop"), ctl(control::Request::Stop, socket));
    assert_eq!(
        parsed("ctl drain --config c.toml"),
        ctl(control::Request::Drain, Place::Config("c.toml".into()))
    );
    assert_eq!(parsed("demo --wire"), Ok(Request::Demo { wire: true, record: None }));
    assert_eq!(parsed("--version"), Ok(Request::Version));
    assert_eq!(parsed("version"), Ok(Request::Version));
}

#[test]
fn a_client_speaks_tcp_unless_told_otherwise() {
    let client = "client --server h:5060 --user sip:a@b --line tel:1;phone-context=dialstring";
    let udp = |line: &str| match parsed(line) {
        Ok(Request::Client(client)) => client.udp,
        other => panic!("{other:?}"),
    };
    assert!(!udp(client));
    assert!(udp(&format!("{client} --transport udp")));
    assert_eq!(wrong(&format!("{client} --transport sctp")).0, "--transport 'sctp': expected tcp or udp");
}

#[test]
fn help_after_a_command_is_about_that_command() {
    assert_eq!(parsed("switch --help"), Ok(Request::Help { topic: Some("switch".into()) }));
    assert_eq!(parsed("help switch"), Ok(Request::Help { topic: Some("switch".into()) }));
    assert_eq!(parsed("-h"), Ok(Request::Help { topic: None }));
}

#[test]
fn an_option_is_given_once_and_with_a_value() {
    assert_eq!(wrong("run --config a --config b").0, "--config is given twice");
    assert_eq!(wrong("client --transport tcp --transport udp").0, "--transport is given twice");
    assert_eq!(wrong("trace ladder t --user a --user b").0, "--user is given twice");
    assert!(wrong("trace ladder t --since now").0.starts_with("--since 'now': expected seconds since"));
    assert_eq!(wrong("run --config c --record=").0, "--record '': expected a name");
    assert_eq!(wrong("run --config").0, "missing argument for option '--config'");
    assert_eq!(wrong("--version 3").0, "unexpected argument \"3\"");
}

#[test]
fn what_is_missing_or_unknown_is_named_with_the_command_whose_help_says_more() {
    assert_eq!(wrong(""), ("no command given".into(), None));
    assert_eq!(wrong("dmeo"), ("there is no command 'dmeo'".into(), None));
    assert_eq!(wrong("run"), ("--config FILE is missing".into(), Some("run".into())));
    assert_eq!(wrong("run --conf x"), ("invalid option '--conf'".into(), Some("run".into())));
    assert_eq!(wrong("replay --x").0, "invalid option '--x'");
    assert_eq!(wrong("check c.toml").0, "unexpected argument \"c.toml\"");
    assert_eq!(wrong("dial --config c"), ("the number is missing".into(), Some("dial".into())));
    assert_eq!(wrong("dial 1 2 --config c").0, "unexpected argument \"2\"");
    assert_eq!(wrong("dial 1").0, "--config FILE is missing");
    assert_eq!(wrong("trace --wire ladder t").0, "--wire: must come after 'ladder' or 'redact'");
    assert_eq!(
        wrong("ctl").0,
        "'status', 'sessions', 'session', 'explain', 'drain', 'undrain', 'stop', 'reload', 'redial', 'select', 'selections' or \
         'log' is missing"
    );
    assert_eq!(wrong("ctl session --socket s").0, "the user (ctl session USER) is missing");
    assert_eq!(wrong("ctl explain --socket s").0, "--user URI is missing");
    assert_eq!(wrong("ctl session alice --user b --socket s").0, "invalid option '--user'");
    assert_eq!(
        wrong("ctl sessions --limit 0 --socket s").0,
        "--limit '0': expected a whole number from 1 to 1000"
    );
    assert_eq!(wrong("explain --config c").0, "--user URI is missing");
    assert_eq!(wrong("explain --user u").0, "--config FILE is missing");
    assert_eq!(wrong("explain --config c --user u --peer x").0, "--peer 'x': expected an IP address");
    assert_eq!(wrong("ctl stop now --socket s").0, "unexpected argument \"now\"");
    assert_eq!(wrong("ctl redial --socket s").0, "the connection's name (ctl redial NAME) is missing");
    assert_eq!(wrong("ctl log loud --socket s").0, "ctl log 'loud': expected debug, info, warn or error");
    let choice = "the user ID and the choice (ctl select USER automatic, or DEVICE[:INDEX]) is missing";
    assert_eq!(wrong("ctl select alice --socket s").0, choice);
    assert_eq!(wrong("ctl select alice a b --socket s").0, "unexpected argument \"b\"");
    assert_eq!(wrong("ctl redial pbx now --socket s").0, "unexpected argument \"now\"");
    assert_eq!(wrong("ctl selections alice --socket s").0, "unexpected argument \"alice\"");
    assert_eq!(wrong("ctl status").0, "--socket PATH or --config FILE is missing");
    assert_eq!(wrong("ctl drain --json --socket s").0, "invalid option '--json'");
    assert_eq!(
        wrong("ctl dance --socket s").0,
        "ctl dance: expected 'status', 'sessions', 'session', 'explain', 'drain', 'undrain', 'stop', 'reload', 'redial', 'select', 'selections' \
         or 'log'"
    );
    assert_eq!(wrong("trace ladder"), ("the trace is missing".into(), Some("trace".into())));
    assert_eq!(wrong("switch").0, "--listen ADDRESS:PORT or --config FILE is missing");
    assert_eq!(
        wrong("switch --listen localhost").0,
        "--listen 'localhost': expected an IP address and a port, such as 127.0.0.1:1040"
    );
}
