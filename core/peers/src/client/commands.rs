//! The table of commands: each row has the command's word, its argument, and what it does.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::wire::csta::model::{Device, LocalConnectionState as State};
use ctigate_core::wire::csta::relayed::Value;

use super::calls::Calls;

/// All commands, in the order in which `help` lists them.
pub(super) const COMMANDS: &[Command] = &[
    command(
        "call",
        Takes::Number,
        asks(
            "MakeCall",
            &[
                ("callingDevice", Put::Line),
                ("calledDirectoryNumber", Put::Number),
                ("autoOriginate", Put::Word("doNotPrompt")),
            ],
        ),
    ),
    command(
        "answer",
        Takes::Nothing,
        asks("AnswerCall", &[("callToBeAnswered", Put::Call(&[State::Alerting, State::Queued]))]),
    ),
    command(
        "deflect",
        Takes::Number,
        asks(
            "DeflectCall",
            &[("callToBeDiverted", Put::Call(&[State::Alerting])), ("newDestination", Put::Number)],
        ),
    ),
    command("hold", Takes::Nothing, asks("HoldCall", &[("callToBeHeld", Put::Call(&[State::Connected]))])),
    command(
        "retrieve",
        Takes::Nothing,
        asks("RetrieveCall", &[("callToBeRetrieved", Put::Call(&[State::Hold]))]),
    ),
    command(
        "hangup",
        Takes::Nothing,
        asks("ClearConnection", &[("connectionToBeCleared", Put::Call(CLEARABLE))]),
    ),
    command("snapshot", Takes::Nothing, asks("SnapshotDevice", &[("snapshotObject", Put::Line)])),
    command("features", Takes::Nothing, Does::Asks(Service::Features)),
    command("refresh", Takes::Nothing, Does::Asks(Service::Refresh)),
    command("update", Takes::Nothing, Does::Asks(Service::Update)),
    command("wait", Takes::Text(EVENT), Does::Waits),
    command("expect", Takes::Text(EVENT), Does::Waits),
    command("sleep", Takes::Text("a time: sleep 200ms"), Does::Sleeps),
    command("raw", Takes::Text("a CSTA document"), Does::Asks(Service::Raw)),
    command("help", Takes::Anything, Does::Helps),
    command("quit", Takes::Anything, Does::Quits),
];

/// The states in which a call can be cleared, the likeliest first.
const CLEARABLE: &[State] =
    &[State::Connected, State::Initiated, State::Fail, State::Alerting, State::Queued, State::Hold];

/// The argument of `wait` and `expect`, with an example.
const EVENT: &str = "an event: wait established 5s";

/// One command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Command {
    /// The command's word, which also names its request in messages.
    pub(super) word: &'static str,
    /// The argument after the word.
    pub(super) takes: Takes,
    /// What it does.
    pub(super) does: Does,
}

/// The argument of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Takes {
    /// No argument is allowed.
    Nothing,
    /// Any argument is ignored.
    Anything,
    /// A number or URI.
    Number,
    /// Text: its meaning, with an example if one helps.
    Text(&'static str),
}

/// What a command does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// Requests a service, which needs a session, and waits for the answer.
    Asks(Service),
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
    /// A CSTA service: its request's root, and the elements of the request in the schema's order.
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
    /// The connection of a call in one of these states, the likeliest first.
    Call(&'static [State]),
    /// The number that was typed, as a URI.
    Number,
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
    /// The argument as a number: see [`number`].
    pub(super) number: &'a str,
}

const fn command(word: &'static str, takes: Takes, does: Does) -> Command {
    Command { word, takes, does }
}

const fn asks(request: &'static str, elements: &'static [(&'static str, Put)]) -> Does {
    Does::Asks(Service::Csta(request, elements))
}

const fn device(id: &str) -> Device<'_> {
    Device { id, type_of_number: None }
}

/// The command with this word.
pub(super) fn find(word: &str) -> Option<&'static Command> {
    COMMANDS.iter().find(|command| command.word == word)
}

/// The words of all commands: the answer to `help` and to an unknown word.
pub(super) fn words() -> String {
    COMMANDS.iter().map(|command| command.word).collect::<Vec<_>>().join(", ")
}

/// The words of the commands that request a service, in the order of the table.
pub fn asking() -> impl Iterator<Item = &'static str> {
    COMMANDS.iter().filter(|command| matches!(command.does, Does::Asks(_))).map(|command| command.word)
}

/// A number as a URI: one without a scheme gets `tel:`.
pub(super) fn number(text: &str) -> String {
    if text.contains(':') { text.into() } else { ["tel:", text].concat() }
}

impl Command {
    /// Checks the argument.
    ///
    /// # Errors
    /// What is missing or too much, for people.
    pub(super) fn check(&self, text: &str) -> Result<(), String> {
        let Self { word, takes, .. } = *self;
        match takes {
            Takes::Nothing if !text.is_empty() => Err(format!("'{word}' takes no argument: '{text}'")),
            Takes::Number if text.is_empty() => Err(format!("'{word}' needs a number: {word} 1002")),
            Takes::Text(what) if text.is_empty() => Err(format!("'{word}' needs {what}")),
            Takes::Nothing | Takes::Anything | Takes::Number | Takes::Text(_) => Ok(()),
        }
    }
}

impl Put {
    /// The value for the element.
    pub(super) fn value<'a>(self, from: &Sources<'a>) -> Value<'a> {
        match self {
            Self::Line => Value::Device(device(from.line)),
            Self::Call(states) => Value::Connection(from.calls.connection(states, from.line)),
            Self::Number => Value::Device(device(from.number)),
            Self::Word(word) => Value::Text(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ctigate_core::wire::csta::model::Connection;

    #[test]
    fn no_two_commands_have_the_same_word() {
        for command in COMMANDS {
            let namesakes = COMMANDS.iter().filter(|other| other.word == command.word);
            assert_eq!(namesakes.count(), 1, "{}", command.word);
        }
    }

    #[test]
    fn help_names_every_command_in_the_order_of_the_table() {
        assert_eq!(
            words(),
            "call, answer, deflect, hold, retrieve, hangup, snapshot, features, refresh, update, wait, expect, sleep, raw, \
             help, quit"
        );
    }

    #[test]
    fn a_row_can_take_two_calls_a_number_and_a_word() {
        let connection = |call| Connection { call: Some(call), device: Some(device("tel:1001")) };
        let mut calls = Calls::default();
        calls.found(&connection("1"), Some(State::Hold));
        calls.found(&connection("2"), Some(State::Connected));
        let from = Sources { line: "tel:1001", calls: &calls, number: &number("1002") };
        for (put, value) in [
            (Put::Call(&[State::Hold]), Value::Connection(connection("1"))),
            (Put::Call(&[State::Connected, State::Alerting]), Value::Connection(connection("2"))),
            (Put::Line, Value::Device(device("tel:1001"))),
            (Put::Number, Value::Device(device("tel:1002"))),
            (Put::Word("true"), Value::Text("true")),
        ] {
            assert_eq!(put.value(&from), value);
        }
    }

    #[test]
    fn a_number_keeps_the_scheme_it_has() {
        assert_eq!(number("sip:bob@example.com"), "sip:bob@example.com");
        assert_eq!(number("+431234"), "tel:+431234");
    }

    #[test]
    fn what_a_command_needs_is_told_with_an_example() {
        let told = |word: &str| find(word).map(|command| command.check(""));
        assert_eq!(told("call"), Some(Err("'call' needs a number: call 1002".into())));
        assert_eq!(told("expect"), Some(Err("'expect' needs an event: wait established 5s".into())));
        assert_eq!(told("sleep"), Some(Err("'sleep' needs a time: sleep 200ms".into())));
        assert_eq!(told("raw"), Some(Err("'raw' needs a CSTA document".into())));
    }
}
