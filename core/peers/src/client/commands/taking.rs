//! Reading a command's arguments.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::{COMMANDS, Command, Takes, number};
use crate::octets::hexadecimal;

/// The greatest number that is taken for a call's where a telephone number may stand, too.
const SHORT: u32 = 99;

/// An argument as it was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::client) enum Given {
    /// It was left out.
    Nothing,
    /// The short number of a call.
    Call(u32),
    /// The text, number or value.
    Text(String),
}

impl Given {
    /// The text, number or value.
    pub(in crate::client) fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Nothing | Self::Call(_) => None,
        }
    }

    /// The call's number.
    pub(super) const fn call(&self) -> Option<u32> {
        match self {
            Self::Call(number) => Some(*number),
            Self::Nothing | Self::Text(_) => None,
        }
    }
}

/// The command that a line begins with, and the text after its words. Of two commands with the same first word, the
/// one with more words comes first.
pub(in crate::client) fn find(line: &str) -> Option<(&'static Command, &str)> {
    let (first, behind) = split(line);
    let (second, rest) = split(behind);
    let both = [first, second].join(" ");
    let long = COMMANDS.iter().find(|command| !second.is_empty() && command.is_named(&both));
    let short = || COMMANDS.iter().find(|command| command.is_named(first));
    long.map(|command| (command, rest)).or_else(|| short().map(|command| (command, behind)))
}

/// The first word of a text, and the text behind it.
pub(super) fn split(text: &str) -> (&str, &str) {
    let (word, rest) = text.trim().split_once([' ', '\t']).unwrap_or((text.trim(), ""));
    (word, rest.trim())
}

/// Reads the arguments of a command from the text after its words.
///
/// # Errors
/// What is missing or too much, for people.
pub(in crate::client) fn take(command: &Command, text: &str) -> Result<Vec<Given>, String> {
    let mut rest = text.trim();
    let mut given = Vec::new();
    for (takes, later) in
        command.takes.iter().zip((1..).map(|at| command.takes.get(at..).unwrap_or_default()))
    {
        let (word, behind) = split(rest);
        if let Takes::Anything | Takes::Text(_) = takes {
            let what = if let Takes::Text(what) = takes { what } else { "" };
            if rest.is_empty() && !what.is_empty() {
                return Err(format!("'{}' needs {what}", command.word));
            }
            given.push(Given::Text(rest.into()));
            return Ok(given);
        }
        let taken = if word.is_empty() { None } else { read(*takes, word, behind, later) };
        match taken {
            Some(taken) => {
                given.push(taken);
                rest = behind;
            }
            None if takes.is_required() => return Err(lacking(command, *takes, word)),
            None => given.push(Given::Nothing),
        }
    }
    match (rest.is_empty(), command.takes.is_empty()) {
        (true, _) => Ok(given),
        (false, true) => Err(format!("'{}' takes no argument: '{rest}'", command.word)),
        (false, false) => Err(format!("'{}' does not take '{rest}': {}", command.word, command.example)),
    }
}

/// Reads one argument from a word, behind which there are others; `later` is what may follow. `None` if it does not
/// fit.
fn read(takes: Takes, word: &str, behind: &str, later: &[Takes]) -> Option<Given> {
    match takes {
        Takes::Call(_) => {
            let marked = word.strip_prefix('#');
            let number = marked.unwrap_or(word).parse::<u32>().ok()?;
            let open = later.iter().filter(|takes| takes.is_open()).count();
            let fits = |takes: &&Takes| takes.is_required();
            let enough = if marked.is_some() { later.iter().filter(fits).count() } else { open };
            let is_short = marked.is_some() || open == 0 || number <= SHORT;
            (is_short && behind.split_whitespace().count() >= enough).then_some(Given::Call(number))
        }
        Takes::Number | Takes::MaybeNumber => Some(Given::Text(number(word))),
        Takes::Word(..) | Takes::MaybeWord(..) => Some(Given::Text(word.into())),
        Takes::Octets(..) => Some(Given::Text(hexadecimal(word))),
        Takes::OneOf(words) | Takes::MaybeOneOf(words) => {
            let value = words.iter().find(|(name, _)| *name == word).map(|(_, value)| *value)?;
            Some(Given::Text(value.into()))
        }
        Takes::Anything | Takes::Text(_) => None,
    }
}

/// The complaint about an argument that is missing, or is none of the words that it may be.
fn lacking(command: &Command, takes: Takes, word: &str) -> String {
    let Command { word: name, example, .. } = *command;
    match takes {
        Takes::Number if command.takes.len() == 1 => format!("'{name}' needs a number: {name} 1002"),
        Takes::OneOf(words) => {
            let words: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let instead = if word.is_empty() { String::new() } else { format!(", not '{word}'") };
            format!("'{name}' needs one of {}{instead}: {example}", words.join(", "))
        }
        Takes::Word(what, _) | Takes::Octets(what, _) => format!("'{name}' needs {what}: {example}"),
        Takes::Number
        | Takes::Anything
        | Takes::Call(_)
        | Takes::MaybeNumber
        | Takes::MaybeOneOf(_)
        | Takes::MaybeWord(..)
        | Takes::Text(_) => format!("'{name}' needs a number: {example}"),
    }
}

impl Takes {
    const fn is_required(self) -> bool {
        matches!(self, Self::Number | Self::OneOf(_) | Self::Word(..) | Self::Octets(..) | Self::Text(_))
    }

    /// Whether a call's number could be taken for it.
    const fn is_open(self) -> bool {
        matches!(
            self,
            Self::Number | Self::MaybeNumber | Self::Word(..) | Self::Octets(..) | Self::MaybeWord(..)
        )
    }
}
