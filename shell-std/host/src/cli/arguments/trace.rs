//! The arguments of `trace`.

use std::path::PathBuf;

use lexopt::{Parser, ValueExt as _};

use super::{Request, Stop, Word, each, keep, missing, path, text};
use crate::cli::when::{FORMS, When};

/// The arguments of `trace ladder`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LadderRequest {
    pub(crate) traces: Vec<PathBuf>,
    pub(crate) call_id: Option<String>,
    pub(crate) user: Option<String>,
    pub(crate) line: Option<String>,
    pub(crate) since: Option<When>,
    pub(crate) until: Option<When>,
    pub(crate) wire: bool,
}

pub(super) fn trace(parser: &mut Parser) -> Result<Request, Stop> {
    let (mut verb, mut out, mut ladder) = (None, None, LadderRequest::default());
    each(parser, |word, parser| {
        let LadderRequest { traces, call_id, user, line, since, until, wire } = &mut ladder;
        match word {
            Word::Value(value) if verb.is_none() => verb = Some(value.to_string_lossy().into_owned()),
            Word::Value(value) => traces.push(PathBuf::from(value)),
            Word::Option(name) => match (verb.as_deref(), name.as_str()) {
                (Some("redact"), "-o" | "--output") => path(name, &mut out, parser)?,
                (Some("ladder"), "--call-id") => text(name, call_id, parser)?,
                (Some("ladder"), "--user") => text(name, user, parser)?,
                (Some("ladder"), "--line") => text(name, line, parser)?,
                (Some("ladder"), "--since") => keep(name, since, when(name, parser)?)?,
                (Some("ladder"), "--until") => keep(name, until, when(name, parser)?)?,
                (Some("ladder"), "--wire") => *wire = true,
                (None, _) => return Err(format!("{name}: must come after 'ladder' or 'redact'").into()),
                _ => return Ok(false),
            },
        }
        Ok(true)
    })?;
    let verb = verb.ok_or_else(|| missing("'ladder' or 'redact'"))?;
    match verb.as_str() {
        "ladder" | "redact" if ladder.traces.is_empty() => Err(missing("the trace")),
        "ladder" => Ok(Request::Ladder(ladder)),
        "redact" => Ok(Request::Redact { traces: ladder.traces, out: out.ok_or_else(|| missing("-o OUT"))? }),
        other => {
            Err(Stop::Wrong(format!("trace '{other}': expected 'trace ladder' or 'trace redact'").into()))
        }
    }
}

fn when(option: &str, parser: &mut Parser) -> Result<When, lexopt::Error> {
    let value = parser.value()?.string()?;
    When::parse(&value).ok_or_else(|| format!("{option} '{value}': expected {FORMS}").into())
}
