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
mod explain;
mod trace;

pub(crate) use directory::{DirectoryRequest, Files, ImportRequest, Listed};
pub(crate) use explain::ExplainRequest;
pub(crate) use trace::LadderRequest;

/// A parsed command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    Run { config: PathBuf, record: Option<PathBuf> },
    Check(CheckRequest),
    Dial(DialRequest),
    Switch(SwitchRequest),
    Client(ClientRequest),
    Replay { traces: Vec<PathBuf> },
    Ladder(LadderRequest),
    Redact { traces: Vec<PathBuf>, out: PathBuf },
    Demo { wire: bool, record: Option<PathBuf> },
    Directory(DirectoryRequest),
    Ctl(CtlRequest),
    Explain(ExplainRequest),
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

/// The arguments of `dial`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DialRequest {
    pub(crate) number: String,
    pub(crate) config: PathBuf,
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
        "dial" => dial(&mut parser),
        "switch" => switch(&mut parser),
        "client" => client(&mut parser),
        "replay" => replay(&mut parser),
        "trace" => trace::trace(&mut parser),
        "demo" => demo(&mut parser),
        "directory" => directory::directory(&mut parser),
        "ctl" => ctl::ctl(&mut parser),
        "explain" => explain::explain(&mut parser),
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

fn dial(parser: &mut Parser) -> Result<Request, Stop> {
    let (mut number, mut config) = (None, None);
    each(parser, |word, parser| {
        match word {
            Word::Option(option) if option == "--config" => path(option, &mut config, parser)?,
            Word::Value(value) if number.is_none() => number = Some(value.to_string_lossy().into_owned()),
            Word::Option(_) | Word::Value(_) => return Ok(false),
        }
        Ok(true)
    })?;
    let number = number.ok_or_else(|| missing("the number"))?;
    Ok(Request::Dial(DialRequest { number, config: config.ok_or_else(|| missing("--config FILE"))? }))
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
        return Err(missing("--listen ADDRESS:PORT or --config FILE"));
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
mod tests;
