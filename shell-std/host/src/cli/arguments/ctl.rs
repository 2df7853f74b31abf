//! The arguments of `ctl`.

use ctigate_core::Level;
use lexopt::Parser;

mod looking;

use looking::Looking;

use super::{CtlRequest, Place, Request, Stop, Word, each, missing, path};
use crate::control;

/// The words that `ctl` knows.
const VERBS: &str = "'status', 'sessions', 'session', 'explain', 'drain', 'undrain', 'stop', 'reload', 'redial', 'select', 'selections' or \
     'log'";
/// How `select` is used.
const SELECT: &str = "the user ID and the choice (ctl select USER automatic, or DEVICE[:INDEX])";

/// Reads the arguments after `ctl`.
pub(super) fn ctl(parser: &mut Parser) -> Result<Request, Stop> {
    let (mut words, mut json, mut socket, mut config) = (Vec::new(), false, None, None);
    let mut looking = Looking::default();
    each(parser, |word, parser| {
        match word {
            Word::Value(value) if words.len() < 3 => words.push(value.to_string_lossy().into_owned()),
            Word::Value(_) => return Ok(false),
            Word::Option(name) => match (words.first().map(String::as_str), name.as_str()) {
                (_, "--socket") => path(name, &mut socket, parser)?,
                (_, "--config") => path(name, &mut config, parser)?,
                (Some("status" | "sessions" | "session" | "explain"), "--json") => json = true,
                (Some(command), _) => return looking.take(command, name, parser),
                _ => return Ok(false),
            },
        }
        Ok(true)
    })?;
    let request = asked(&words, json, looking)?;
    let place = match (socket, config) {
        (Some(socket), None) => Place::Socket(socket),
        (None, Some(config)) => Place::Config(config),
        (None, None) => return Err(missing("--socket PATH or --config FILE")),
        (Some(_), Some(_)) => {
            return Err(Stop::Wrong("--socket and --config cannot be combined".into()));
        }
    };
    Ok(Request::Ctl(CtlRequest { request, place }))
}

/// What the words after `ctl` ask for.
fn asked(words: &[String], json: bool, looking: Looking) -> Result<control::Request, Stop> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Ok(match words.as_slice() {
        ["status"] if json => control::Request::StatusJson,
        ["status"] => control::Request::Status,
        ["sessions"] => control::Request::Sessions(looking.sessions(None, json)?),
        ["session", user] => control::Request::Sessions(looking.sessions(Some(user), json)?),
        ["session"] => return Err(missing("the user (ctl session USER)")),
        ["explain"] => looking.explain(json)?,
        ["drain"] => control::Request::Drain,
        ["undrain"] => control::Request::Undrain,
        ["stop"] => control::Request::Stop,
        ["reload"] => control::Request::Reload,
        ["redial", name] => control::Request::Redial((*name).into()),
        ["redial"] => return Err(missing("the connection's name (ctl redial NAME)")),
        ["select", user, choice] => {
            let has_space = |text: &&str| text.is_empty() || text.contains(char::is_whitespace);
            if let Some(wrong) = [user, choice].into_iter().find(|text| has_space(text)) {
                return Err(Stop::Wrong(format!("ctl select '{wrong}': expected a word").into()));
            }
            control::Request::Select { user: (*user).into(), choice: (*choice).into() }
        }
        ["select", ..] => return Err(missing(SELECT)),
        ["selections"] => control::Request::Selections(String::new()),
        ["log", level] => control::Request::Log(Level::named(level).ok_or_else(|| wrong_level(level))?),
        ["log"] => return Err(missing("the level (ctl log debug, info, warn or error)")),
        [] => return Err(missing(VERBS)),
        [
            "status" | "sessions" | "explain" | "drain" | "undrain" | "stop" | "reload" | "selections",
            more,
            ..,
        ]
        | ["session" | "redial" | "log", _, more, ..] => {
            return Err(Stop::Wrong(lexopt::Error::UnexpectedArgument((*more).into())));
        }
        [other, ..] => return Err(Stop::Wrong(format!("ctl {other}: expected {VERBS}").into())),
    })
}

fn wrong_level(level: &str) -> Stop {
    Stop::Wrong(format!("ctl log '{level}': expected debug, info, warn or error").into())
}
