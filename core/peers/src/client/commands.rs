//! Commands: each row of the table has the command's words, its arguments, what it does, and its help.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::wire::csta::model::{Connection, Device, LocalConnectionState as State};
use ctigate_core::wire::csta::relayed::Value;

use super::calls::Calls;

mod manual;
mod table;
mod taking;

pub use manual::{Entry, completions, manual};
pub(super) use manual::{about, words};
pub(super) use table::COMMANDS;
pub(super) use taking::{Given, find, take};

/// One command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// The command's words; the first also names its request in messages.
    pub(super) word: &'static str,
    /// Another name.
    pub(super) alias: Option<&'static str>,
    /// The arguments after the words.
    pub(super) takes: &'static [Takes],
    /// What it does.
    pub(super) does: Does,
    /// The same, for people.
    pub(super) help: &'static str,
    /// A line with it.
    pub(super) example: &'static str,
}

/// An argument of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// Any arguments are ignored.
    Anything,
    /// The short number of a call. Without one, the newest call in the first of these states that has any is meant.
    Call(&'static [State]),
    /// A number or URI.
    Number,
    /// The same, if there is one.
    MaybeNumber,
    /// One of these words, each with the value that it stands for.
    OneOf(&'static [(&'static str, &'static str)]),
    /// The same, if there is one.
    MaybeOneOf(&'static [(&'static str, &'static str)]),
    /// Any word: its meaning, and an example.
    Word(&'static str, &'static str),
    /// Any word, the octets of which are sent: its meaning, and an example.
    Octets(&'static str, &'static str),
    /// The same, if there is one.
    MaybeWord(&'static str, &'static str),
    /// All text that is left: its meaning, with an example if one helps.
    Text(&'static str),
}

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// Requests a service, which needs a session, and waits for the answer.
    Asks(Service),
    /// Shows the calls.
    Shows,
    /// Waits for something to happen.
    Waits,
    /// Lets time pass.
    Sleeps,
    /// Lists the commands.
    Helps,
    /// Signs out and ends.
    Quits,
}

/// A service that a command requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Service {
    /// A CSTA service: its request's root, and the elements of the request.
    Csta(&'static str, &'static [(&'static str, Put)]),
    /// GetCSTAFeatures, which carries the line outside the request.
    Features,
    /// A re-INVITE.
    Refresh,
    /// An UPDATE.
    Update,
    /// The text, as a document in an INFO.
    Raw,
}

/// The value of an element of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// The client's own line.
    Line,
    /// The argument at this position; the element is left out if it was not given.
    Given(usize),
    /// The argument at this position, in an element of this name within.
    Within(&'static str, usize),
    /// The argument at this position, or this word.
    GivenOr(usize, &'static str),
    /// The argument at this position, or the client's own line.
    GivenOrLine(usize),
    /// The argument at this position, or the phone that the last call back was requested for.
    GivenOrTarget(usize),
    /// The connection of another phone, whose number is the argument at this position, in one of these states.
    At(usize, &'static [State]),
    /// A number that will be dialled later.
    Empty,
    /// Always this word.
    Word(&'static str),
}

/// The sources of a request's values.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sources<'a> {
    /// The client's own line.
    pub(super) line: &'a str,
    /// The calls at the line.
    pub(super) calls: &'a Calls,
    /// The phone that the last call back was requested for.
    pub(super) target: Option<&'a str>,
    /// The arguments.
    pub(super) given: &'a [Given],
    /// The other phone's connection, if a snapshot showed it.
    pub(super) foreign: Option<(&'a str, Device<'a>)>,
}

const fn device(id: &str) -> Device<'_> {
    Device { id, type_of_number: None }
}

/// A number as a URI: one without a scheme gets `tel:`.
pub(super) fn number(text: &str) -> String {
    if text.contains(':') { text.into() } else { ["tel:", text].concat() }
}

impl Command {
    /// The first of its words, which names its request in messages.
    pub(super) fn name(&self) -> &'static str {
        self.word.split(' ').next().unwrap_or_default()
    }

    /// Whether it is a command's own word or its other name.
    fn is_named(&self, words: &str) -> bool {
        self.word == words || self.alias == Some(words)
    }

    /// The number whose call another phone's connection is to be found for, with the states it may be in.
    pub(super) fn foreign<'a>(&self, given: &'a [Given]) -> Option<(&'a str, &'static [State])> {
        let Does::Asks(Service::Csta(_, elements)) = self.does else { return None };
        elements.iter().find_map(|(_, put)| match *put {
            Put::At(at, states) => Some((given.get(at)?.text()?, states)),
            Put::Line
            | Put::Given(_)
            | Put::Within(..)
            | Put::GivenOr(..)
            | Put::GivenOrLine(_)
            | Put::GivenOrTarget(_)
            | Put::Empty
            | Put::Word(_) => None,
        })
    }

    /// The values of the elements of its request.
    ///
    /// # Errors
    /// The call that was named and does not exist, for people.
    pub(super) fn values<'a>(
        &self,
        elements: &[(&'static str, Put)],
        from: &Sources<'a>,
    ) -> Result<Vec<(&'static str, Value<'a>)>, String> {
        let mut values = Vec::new();
        let mut taken: Vec<&str> = Vec::new();
        for (name, put) in elements {
            let value = self.value(*put, from, &taken)?;
            if let Value::Connection(connection) = value {
                taken.extend(connection.call);
            }
            values.push((*name, value));
        }
        Ok(values)
    }

    fn value<'a>(&self, put: Put, from: &Sources<'a>, taken: &[&str]) -> Result<Value<'a>, String> {
        let text = |at: usize| from.given.get(at).and_then(Given::text);
        let or = |at: usize, other: Option<&'a str>| {
            text(at).or(other).map_or(Value::Nothing, |id| Value::Device(device(id)))
        };
        Ok(match put {
            Put::Line => Value::Device(device(from.line)),
            Put::Given(at) => match (self.takes.get(at), from.given.get(at)) {
                (Some(Takes::Call(states)), given) => {
                    self.call(states, given.and_then(Given::call), from, taken)?
                }
                (Some(Takes::Number | Takes::MaybeNumber), _) => or(at, None),
                _ => text(at).map_or(Value::Nothing, Value::Text),
            },
            Put::Within(inner, at) => text(at).map_or(Value::Nothing, |text| Value::Within(inner, text)),
            Put::GivenOr(at, word) => Value::Text(text(at).unwrap_or(word)),
            Put::GivenOrLine(at) => or(at, Some(from.line)),
            Put::GivenOrTarget(at) => or(at, from.target),
            Put::At(at, _) => Value::Connection(match from.foreign {
                Some((call, device)) => connection(Some(call), device),
                None => connection(None, device(text(at).unwrap_or_default())),
            }),
            Put::Empty => Value::Device(device("")),
            Put::Word(word) => Value::Text(word),
        })
    }

    /// The connection of the call of that number, or of one in a fitting state.
    fn call<'a>(
        &self,
        states: &[State],
        number: Option<u32>,
        from: &Sources<'a>,
        taken: &[&str],
    ) -> Result<Value<'a>, String> {
        if let Some(number) = number
            && from.calls.numbered(number).is_none()
        {
            let known: Vec<String> = from.calls.iter().map(|call| format!("{}", call.number())).collect();
            let known = if known.is_empty() { "there is none".into() } else { known.join(", ") };
            return Err(format!("{}: there is no call {number}: {known}", self.name()));
        }
        Ok(Value::Connection(from.calls.connection(number, states, taken)))
    }
}

const fn connection<'a>(call: Option<&'a str>, device: Device<'a>) -> Connection<'a> {
    Connection { call, device: Some(device) }
}

/// The words of the commands that request a service, in the order of the table.
pub fn asking() -> impl Iterator<Item = &'static str> {
    let asking = COMMANDS.iter().enumerate().filter(|(_, command)| matches!(command.does, Does::Asks(_)));
    let is_first = |index: usize, name: &str| COMMANDS.iter().take(index).all(|other| other.name() != name);
    asking.filter(move |(index, command)| is_first(*index, command.name())).map(|(_, command)| command.name())
}

#[cfg(test)]
mod tests;
