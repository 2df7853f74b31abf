//! The arguments of `ctl`.

use ctigate_core::Level;
use lexopt::Parser;

use super::{CtlRequest, Place, Request, Stop, Word, each, missing, path};
use crate::control;

/// The words that `ctl` knows.
const VERBS: &str = "'status', 'drain', 'undrain', 'stop', 'reload', 'redial' or 'log'";

/// Reads the arguments after `ctl`.
pub(super) fn ctl(parser: &mut Parser) -> Result<Request, Stop> {
    let (mut words, mut json, mut socket, mut config) = (Vec::new(), false, None, None);
    each(parser, |word, parser| {
        match word {
            Word::Value(value) if words.len() < 2 => words.push(value.to_string_lossy().into_owned()),
            Word::Value(_) => return Ok(false),
            Word::Option(name) => match (words.first().map(String::as_str), name.as_str()) {
                (_, "--socket") => path(name, &mut socket, parser)?,
                (_, "--config") => path(name, &mut config, parser)?,
                (Some("status"), "--json") => json = true,
                _ => return Ok(false),
            },
        }
        Ok(true)
    })?;
    let request = asked(&words, json)?;
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
fn asked(words: &[String], json: bool) -> Result<control::Request, Stop> {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    Ok(match words.as_slice() {
        ["status"] if json => control::Request::StatusJson,
        ["status"] => control::Request::Status,
        ["drain"] => control::Request::Drain,
        ["undrain"] => control::Request::Undrain,
        ["stop"] => control::Request::Stop,
        ["reload"] => control::Request::Reload,
        ["redial", name] => control::Request::Redial((*name).into()),
        ["redial"] => return Err(missing("the connection's name (ctl redial NAME)")),
        ["log", level] => control::Request::Log(Level::named(level).ok_or_else(|| wrong_level(level))?),
        ["log"] => return Err(missing("the level (ctl log debug, info, warn or error)")),
        [] => return Err(missing(VERBS)),
        ["status" | "drain" | "undrain" | "stop" | "reload", more, ..] => {
            return Err(Stop::Wrong(lexopt::Error::UnexpectedArgument((*more).into())));
        }
        [other, ..] => return Err(Stop::Wrong(format!("ctl {other}: expected {VERBS}").into())),
    })
}

fn wrong_level(level: &str) -> Stop {
    Stop::Wrong(format!("ctl log '{level}': expected debug, info, warn or error").into())
}
