//! Parsing of the command line.

use core::net::SocketAddr;
use std::ffi::OsString;
use std::path::PathBuf;

use ctigate_peers::client::Reinvite;
use lexopt::Parser;
use lexopt::prelude::*;

use crate::control;

mod ctl;
mod directory;
mod trace;

pub(crate) use directory::{DirectoryRequest, Files, ImportRequest, Listed};
pub(crate) use trace::LadderRequest;

/// A parsed command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Run { config: PathBuf, record: Option<PathBuf> },
    Check(CheckRequest),
    Switch(SwitchRequest),
    Client(ClientRequest),
    Replay { traces: Vec<PathBuf> },
    Ladder(LadderRequest),
    Redact { traces: Vec<PathBuf>, out: PathBuf },
    Demo { wire: bool, record: Option<PathBuf> },
    Directory(DirectoryRequest),
    Ctl(CtlRequest),
    Help { topic: Option<String> },
    Version,
}

/// The arguments of `check`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct CheckRequest {
    pub(crate) config: PathBuf,
    /// Where `run` would record.
    pub(crate) record: Option<PathBuf>,
    /// Whether to dial the CTI connections.
    pub(crate) connect: bool,
    /// Whether a warning is a failure.
    pub(crate) deny_warnings: bool,
}

/// The arguments of `switch`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SwitchRequest {
    /// `None` if the configuration has it.
    pub(crate) listen: Option<SocketAddr>,
    pub(crate) control: Option<SocketAddr>,
    pub(crate) config: Option<PathBuf>,
}

/// The arguments of `client`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ClientRequest {
    pub(crate) server: String,
    pub(crate) user: String,
    pub(crate) line: String,
    pub(crate) udp: bool,
    pub(crate) script: Option<PathBuf>,
    /// How to sign in again when the gateway does not know the session any more.
    pub(crate) reinvite: Reinvite,
}

/// The arguments of `ctl`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CtlRequest {
    pub(crate) request: control::Request,
    pub(crate) place: Place,
}

/// How the control socket was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// By its path.
    Socket(PathBuf),
    /// By the gateway's configuration file.
    Config(PathBuf),
}

/// An error in the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Usage {
    /// The error.
    pub(crate) what: String,
    /// The command whose help to refer to.
    pub(crate) topic: Option<String>,
}

/// Reads the arguments, without the program's name.
///
/// # Errors
/// [`Usage`]: what is wrong, and which command's help to refer to.
pub(crate) fn parse(arguments: impl IntoIterator<Item = OsString>) -> Result<Request, Usage> {
    let mut parser = Parser::from_args(arguments);
    let command = match parser.next().map_err(|error| usage(&error, None))? {
        None => return Err(Usage { what: "no command given".into(), topic: None }),
        Some(Long("help") | Short('h')) => return Ok(Request::Help { topic: None }),
        Some(Long("version") | Short('V')) => "version".into(),
        Some(Value(command)) => command.to_string_lossy().into_owned(),
        Some(other @ (Long(_) | Short(_))) => return Err(usage(&other.unexpected(), None)),
    };
    let result = match command.as_str() {
        "run" => run(&mut parser),
        "check" => check(&mut parser),
        "switch" => switch(&mut parser),
        "client" => client(&mut parser),
        "replay" => replay(&mut parser),
        "trace" => trace::trace(&mut parser),
        "demo" => demo(&mut parser),
        "directory" => directory::directory(&mut parser),
        "ctl" => ctl::ctl(&mut parser),
        "help" => help(&mut parser),
        "version" => each(&mut parser, |_, _| Ok(false)).map(|()| Request::Version),
        unknown => return Err(Usage { what: format!("there is no command '{unknown}'"), topic: None }),
    };
    match result {
        Err(Stop::Help) => Ok(Request::Help { topic: Some(command) }),
        Err(Stop::Wrong(error)) => Err(usage(&error, Some(command))),
        Ok(request) => Ok(request),
    }
}

fn usage(error: &lexopt::Error, topic: Option<String>) -> Usage {
    Usage { what: error.to_string(), topic }
}

/// Why parsing a command's arguments ended early.
enum Stop {
    Help,
    Wrong(lexopt::Error),
}

impl From<lexopt::Error> for Stop {
    fn from(error: lexopt::Error) -> Self {
        Self::Wrong(error)
    }
}

/// Reads arguments one by one; `take` returns whether it knows the one it is given.
fn each(
    parser: &mut Parser,
    mut take: impl FnMut(&Word, &mut Parser) -> Result<bool, lexopt::Error>,
) -> Result<(), Stop> {
    while let Some(argument) = parser.next()? {
        let word = match argument {
            Long("help") | Short('h') => return Err(Stop::Help),
            Long(name) => Word::Option(format!("--{name}")),
            Short(letter) => Word::Option(format!("-{letter}")),
            Value(value) => Word::Value(value),
        };
        if !take(&word, parser)? {
            return Err(Stop::Wrong(match word {
                Word::Option(name) => lexopt::Error::UnexpectedOption(name),
                Word::Value(value) => lexopt::Error::UnexpectedArgument(value),
            }));
        }
    }
    Ok(())
}

/// One argument, owned, so that the parser can be used to read its value.
enum Word {
    /// An option's name with its dashes.
    Option(String),
    Value(OsString),
}

impl Word {
    fn option(&self) -> Option<&str> {
        match self {
            Self::Option(name) => Some(name),
            Self::Value(_) => None,
        }
    }
}

/// Keeps an option's value. An option that is given twice is an error.
fn keep<T>(option: &str, kept: &mut Option<T>, value: T) -> Result<(), lexopt::Error> {
    if kept.replace(value).is_some() { Err(format!("{option} is given twice").into()) } else { Ok(()) }
}

/// Reads a path. An empty one is an error, since it usually comes from an unset variable in a script.
fn path(option: &str, kept: &mut Option<PathBuf>, parser: &mut Parser) -> Result<(), lexopt::Error> {
    let value = parser.value()?;
    if value.is_empty() {
        return Err(format!("{option} '': expected a name").into());
    }
    keep(option, kept, value.into())
}

fn text(option: &str, kept: &mut Option<String>, parser: &mut Parser) -> Result<(), lexopt::Error> {
    keep(option, kept, parser.value()?.string()?)
}

fn missing(what: &str) -> Stop {
    Stop::Wrong(format!("{what} is missing").into())
}

fn run(parser: &mut Parser) -> Result<Request, Stop> {
    let (mut config, mut record) = (None, None);
    each(parser, |word, parser| {
        match word.option() {
            Some(option @ "--config") => path(option, &mut config, parser)?,
            Some(option @ "--record") => path(option, &mut record, parser)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Request::Run { config: config.ok_or_else(|| missing("--config FILE"))?, record })
}

fn check(parser: &mut Parser) -> Result<Request, Stop> {
    let (mut config, mut record, mut connect, mut deny_warnings) = (None, None, false, false);
    each(parser, |word, parser| {
        match word.option() {
            Some(option @ "--config") => path(option, &mut config, parser)?,
            Some(option @ "--record") => path(option, &mut record, parser)?,
            Some("--connect") => connect = true,
            Some("--deny-warnings") => deny_warnings = true,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    let config = config.ok_or_else(|| missing("--config FILE"))?;
    Ok(Request::Check(CheckRequest { config, record, connect, deny_warnings }))
}

fn switch(parser: &mut Parser) -> Result<Request, Stop> {
    let (mut listen, mut control, mut config) = (None, None, None);
    each(parser, |word, parser| {
        match word.option() {
            Some(option @ "--listen") => keep(option, &mut listen, address(option, parser)?)?,
            Some(option @ "--control") => keep(option, &mut control, address(option, parser)?)?,
            Some(option @ "--config") => path(option, &mut config, parser)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    if listen.is_none() && config.is_none() {
        return Err(missing("--listen ADDRESS:PORT or --config FILE").into());
    }
    Ok(Request::Switch(SwitchRequest { listen, control, config }))
}

fn address(option: &str, parser: &mut Parser) -> Result<SocketAddr, lexopt::Error> {
    let value = parser.value()?.string()?;
    value.parse().map_err(|_| {
        format!("{option} '{value}': expected an IP address and a port, such as 127.0.0.1:1040").into()
    })
}

fn client(parser: &mut Parser) -> Result<Request, Stop> {
    let (mut server, mut user, mut line, mut udp, mut script) = (None, None, None, None, None);
    let mut reinvite = None;
    each(parser, |word, parser| {
        match word.option() {
            Some(option @ "--server") => text(option, &mut server, parser)?,
            Some(option @ "--user") => text(option, &mut user, parser)?,
            Some(option @ "--line") => text(option, &mut line, parser)?,
            Some(option @ "--script") => path(option, &mut script, parser)?,
            Some(option @ "--transport") => keep(option, &mut udp, is_udp(parser)?)?,
            Some(option @ "--reinvite") => keep(option, &mut reinvite, reinvites(parser)?)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Request::Client(ClientRequest {
        server: server.ok_or_else(|| missing("--server HOST:PORT"))?,
        user: user.ok_or_else(|| missing("--user URI"))?,
        line: line.ok_or_else(|| missing("--line URI"))?,
        udp: udp.unwrap_or_default(),
        script,
        reinvite: reinvite.unwrap_or_default(),
    }))
}

fn reinvites(parser: &mut Parser) -> Result<Reinvite, lexopt::Error> {
    let value = parser.value()?.string()?;
    Reinvite::from_word(&value)
        .ok_or_else(|| format!("--reinvite '{value}': expected new, same or never").into())
}

fn is_udp(parser: &mut Parser) -> Result<bool, lexopt::Error> {
    match parser.value()?.string()?.as_str() {
        "tcp" => Ok(false),
        "udp" => Ok(true),
        other => Err(format!("--transport '{other}': expected tcp or udp").into()),
    }
}

fn replay(parser: &mut Parser) -> Result<Request, Stop> {
    let mut traces = Vec::new();
    each(parser, |word, _| match word {
        Word::Value(value) => {
            traces.push(value.into());
            Ok(true)
        }
        Word::Option(_) => Ok(false),
    })?;
    if traces.is_empty() { Err(missing("the trace to replay")) } else { Ok(Request::Replay { traces }) }
}

fn demo(parser: &mut Parser) -> Result<Request, Stop> {
    let (mut wire, mut record) = (false, None);
    each(parser, |word, parser| {
        match word.option() {
            Some("--wire") => wire = true,
            Some(option @ "--record") => path(option, &mut record, parser)?,
            _ => return Ok(false),
        }
        Ok(true)
    })?;
    Ok(Request::Demo { wire, record })
}

fn help(parser: &mut Parser) -> Result<Request, Stop> {
    let mut topic = None;
    each(parser, |word, _| match word {
        Word::Value(value) if topic.is_none() => {
            topic = Some(value.to_string_lossy().into_owned());
            Ok(true)
        }
        Word::Value(_) | Word::Option(_) => Ok(false),
    })?;
    Ok(Request::Help { topic })
}

#[cfg(test)]
mod tests {
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
        assert_eq!(
            parsed("ctl log debug --socket s"),
            ctl(control::Request::Log(Level::Debug), socket.clone())
        );
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
        assert_eq!(wrong("trace --wire ladder t").0, "--wire: must come after 'ladder' or 'redact'");
        assert_eq!(wrong("ctl").0, "'status', 'drain', 'undrain', 'stop', 'redial' or 'log' is missing");
        assert_eq!(wrong("ctl stop now --socket s").0, "unexpected argument \"now\"");
        assert_eq!(wrong("ctl redial --socket s").0, "the connection's name (ctl redial NAME) is missing");
        assert_eq!(wrong("ctl log loud --socket s").0, "ctl log 'loud': expected debug, info, warn or error");
        assert_eq!(wrong("ctl status").0, "--socket PATH or --config FILE is missing");
        assert_eq!(wrong("ctl drain --json --socket s").0, "invalid option '--json'");
        assert_eq!(
            wrong("ctl reload --socket s").0,
            "ctl reload: expected 'status', 'drain', 'undrain', 'stop', 'redial' or 'log'"
        );
        assert_eq!(wrong("trace ladder"), ("the trace is missing".into(), Some("trace".into())));
        assert_eq!(wrong("switch").0, "--listen ADDRESS:PORT or --config FILE is missing");
        assert_eq!(
            wrong("switch --listen localhost").0,
            "--listen 'localhost': expected an IP address and a port, such as 127.0.0.1:1040"
        );
    }
}
