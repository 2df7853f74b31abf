//! Help, the manual, and completion, from the table of commands.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use ctigate_core::wire::csta::events::{Shape, shapes};

use super::taking::split;
use super::{COMMANDS, Command, Does, Service, Takes, find};
use crate::client::happening::shown;
use crate::client::script::{self, RESULTS};

/// What the manual says of one command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The command with its arguments; those in brackets may be left out.
    pub usage: String,
    /// Another name of it.
    pub alias: Option<&'static str>,
    /// What it does, in a sentence.
    pub help: &'static str,
    /// The service that it requests, if it requests one: the name of the request in CSTA, or the SIP method.
    pub service: Option<&'static str>,
    /// A line with it.
    pub example: &'static str,
}

/// All commands, in the order of the table.
pub fn manual() -> impl Iterator<Item = Entry> {
    COMMANDS.iter().map(Command::entry)
}

/// The words of all commands: the answer to `help` and to an unknown word.
pub(in crate::client) fn words() -> String {
    names().collect::<Vec<_>>().join(", ")
}

/// The first words of all commands, each once.
fn names() -> impl Iterator<Item = &'static str> {
    let is_first = |index: usize, name: &str| COMMANDS.iter().take(index).all(|other| other.name() != name);
    let named = COMMANDS.iter().enumerate().filter(move |(index, command)| is_first(*index, command.name()));
    named.map(|(_, command)| command.name())
}

/// What `help` says of the commands with this name; nothing if there is none.
pub(in crate::client) fn about(topic: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let (first, _) = split(topic);
    let is_meant = |command: &&Command| command.name() == first || command.alias == Some(first);
    for entry in COMMANDS.iter().filter(is_meant).map(Command::entry) {
        let service = entry.service.map(|service| format!(" ({service})")).unwrap_or_default();
        let alias = entry.alias.map(|alias| format!(" Also: {alias}.")).unwrap_or_default();
        lines.push(format!("{}: {}{service}{alias} Example: {}", entry.usage, entry.help, entry.example));
    }
    lines
}

impl Command {
    fn entry(&self) -> Entry {
        let mut usage = String::from(self.word);
        for takes in self.takes {
            let words =
                |words: &[(&str, &str)]| words.iter().map(|(word, _)| *word).collect::<Vec<_>>().join("|");
            let argument = match takes {
                Takes::Anything if self.does == Does::Helps => "[COMMAND]".into(),
                Takes::Anything => continue,
                Takes::Call(_) => "[CALL]".into(),
                Takes::Number => "NUMBER".into(),
                Takes::MaybeNumber => "[NUMBER]".into(),
                Takes::OneOf(all) => words(all),
                Takes::MaybeOneOf(all) => format!("[{}]", words(all)),
                Takes::Word(what, _) | Takes::Octets(what, _) => what.to_uppercase(),
                Takes::MaybeWord(what, _) => format!("[{}]", what.to_uppercase()),
                Takes::Text(_) if self.does == Does::Waits => "[no] EVENT [NAME=VALUE...] [TIME]".into(),
                Takes::Text(_) if self.does == Does::Sleeps => "TIME".into(),
                Takes::Text(_) => "DOCUMENT".to_string(),
            };
            usage = [usage.as_str(), argument.as_str()].join(" ");
        }
        let service = match self.does {
            Does::Asks(Service::Csta(root, _)) => Some(root),
            Does::Asks(Service::Features) => Some("GetCSTAFeatures"),
            Does::Asks(Service::Refresh) => Some("INVITE"),
            Does::Asks(Service::Update) => Some("UPDATE"),
            Does::Asks(Service::Raw)
            | Does::Shows
            | Does::Waits
            | Does::Sleeps
            | Does::Helps
            | Does::Quits => None,
        };
        Entry { usage, alias: self.alias, help: self.help, service, example: self.example }
    }
}

/// What could stand where the last word of a typed line does, each beginning with what stands there already; `calls`
/// are the short numbers of the calls that there are.
#[must_use]
pub fn completions(line: &str, calls: &[u32]) -> Vec<String> {
    let begun = line.rsplit([' ', '\t']).next().unwrap_or_default();
    let before: Vec<&str> = line.strip_suffix(begun).unwrap_or(line).split_whitespace().collect();
    let mut found: Vec<String> = match before.split_first() {
        None => {
            names().chain(COMMANDS.iter().filter_map(|command| command.alias)).map(String::from).collect()
        }
        Some((&"help", _)) => names().map(String::from).collect(),
        Some((&("wait" | "expect"), rest)) => happenings(rest),
        Some((first, rest)) => arguments(first, rest, calls),
    };
    found.retain(|word| word.starts_with(begun));
    found.sort_unstable();
    found.dedup();
    found
}

/// The words that may follow `wait` and `expect`.
fn happenings(rest: &[&str]) -> Vec<String> {
    let rest = rest.strip_prefix(&["no"]).unwrap_or(rest);
    let Some(event) = rest.first() else {
        let events = shapes().map(|shape| shown(shape.root));
        let others = RESULTS.iter().copied().chain(["no", "calls"]).map(String::from);
        return events.chain(others).collect();
    };
    let name = script::event_named(event);
    let shape: Option<&Shape> = shapes().find(|shape| name == Some(shape.root));
    shape.into_iter().flat_map(|shape| shape.slots).map(|slot| [slot.name, "="].concat()).collect()
}

/// The words that may follow a command and its first arguments.
fn arguments(first: &str, rest: &[&str], calls: &[u32]) -> Vec<String> {
    let mut found = Vec::new();
    for command in COMMANDS {
        if let (name, Some(second)) =
            command.word.split_once(' ').map_or((command.word, None), |(a, b)| (a, Some(b)))
            && name == first
            && rest.is_empty()
        {
            found.push(second.into());
        }
    }
    let line = core::iter::once(first).chain(rest.iter().copied()).collect::<Vec<_>>().join(" ");
    let Some((command, behind)) = find(&line) else { return found };
    let mut typed = behind.split_whitespace();
    for takes in command.takes {
        let begins =
            |words: &[(&'static str, &'static str)], word: &str| words.iter().any(|(name, _)| *name == word);
        match takes {
            Takes::OneOf(words) | Takes::MaybeOneOf(words) => match typed.clone().next() {
                Some(word) if begins(words, word) => {
                    typed.next();
                }
                Some(_) => {}
                None => found.extend(words.iter().map(|(word, _)| (*word).to_string())),
            },
            Takes::Call(_) => match typed.clone().next() {
                Some(word) if word.parse().is_ok_and(|number: u32| calls.contains(&number)) => {
                    typed.next();
                }
                Some(_) => {}
                None => found.extend(calls.iter().map(|call| format!("{call}"))),
            },
            Takes::Number
            | Takes::MaybeNumber
            | Takes::Word(..)
            | Takes::Octets(..)
            | Takes::MaybeWord(..) => {
                typed.next();
            }
            Takes::Anything | Takes::Text(_) => {}
        }
    }
    found
}
