//! The arguments of `explain`, and those that `ctl explain` shares with it.

use std::path::PathBuf;

use ctigate_core::line::explaining::Question;
use lexopt::Parser;

use super::{Request, Stop, Word, each, missing, path, text};

/// The arguments of `explain`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ExplainRequest {
    pub(crate) config: PathBuf,
    pub(crate) question: Question,
    /// Whether to answer as JSON.
    pub(crate) json: bool,
}

/// The options that make a question.
#[derive(Debug, Default)]
pub(super) struct Asked {
    user: Option<String>,
    line: Option<String>,
    dial: Option<String>,
    peer: Option<String>,
}

impl Asked {
    /// Reads an option's value. Returns whether there is such an option.
    pub(super) fn take(&mut self, option: &str, parser: &mut Parser) -> Result<bool, lexopt::Error> {
        let kept = match option {
            "--user" => &mut self.user,
            "--line" => &mut self.line,
            "--dial" => &mut self.dial,
            "--peer" => &mut self.peer,
            _ => return Ok(false),
        };
        text(option, kept, parser)?;
        Ok(true)
    }

    /// The question.
    pub(super) fn question(self) -> Result<Question, Stop> {
        let user = self.user.ok_or_else(|| missing("--user URI"))?;
        let peer = match self.peer {
            None => None,
            Some(peer) => {
                let wrong = || format!("--peer '{peer}': expected an IP address");
                Some(peer.parse().map_err(|_| Stop::Wrong(wrong().into()))?)
            }
        };
        Ok(Question { user, line: self.line.unwrap_or_default(), dial: self.dial, peer })
    }
}

/// Reads the arguments after `explain`.
pub(super) fn explain(parser: &mut Parser) -> Result<Request, Stop> {
    let (mut config, mut json, mut asked) = (None, false, Asked::default());
    each(parser, |word, parser| {
        match word {
            Word::Option(name) if name == "--config" => path(name, &mut config, parser)?,
            Word::Option(name) if name == "--json" => json = true,
            Word::Option(name) => return asked.take(name, parser),
            Word::Value(_) => return Ok(false),
        }
        Ok(true)
    })?;
    let question = asked.question()?;
    let config = config.ok_or_else(|| missing("--config FILE"))?;
    Ok(Request::Explain(ExplainRequest { config, question, json }))
}
