//! Makes a trace safe to share. Numbers, names and addresses in configuration and inputs are replaced, each
//! consistently by another one of the same length, and a new machine is run on the result. So the redacted trace
//! replays by construction.
//!
//! Rewriting inputs and outputs alike would not do: digits affect dialling rules, the order in tables, lengths and
//! fingerprints. What is sensitive is found by its position (`mark`), in settings by the kind of their key; words found
//! so are replaced elsewhere too, unless they belong to the protocols. What the machine drew from its seed (tags,
//! references) is kept, and so is the seed.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;

use super::chain::Trace;
use super::replay::ReplayError;
use super::rerun::{Rerun, rerun};
use super::step::{RecordedCommand, RecordedInput};
use super::{Digests, Form, Header};
use crate::input::{LinkId, Peer};
use crate::machine::Machine;
use crate::setting::{self, ConfigError, Key, Kind, Setting, Value};

mod address;
mod mark;
mod message;
mod words;
mod xml;

use address::Addresses;
use mark::{Mark, Speech, mark};
use words::Words;

/// The beginning of the keys that are left out. Number rules are parts of numbers: they tell what must not be told, and
/// would fit no number that was replaced.
const LEFT_OUT: &str = "numbers.";

/// Redacts the run in `segments`. `secret` determines the replacements; it must be random and not be kept, or short
/// numbers could be found by trying. `keys` gives the keys of the machine that a trace names: a value that one of them
/// restricts to certain words is kept. [`Rerun::parted`] says whether the machine behaved differently.
///
/// # Errors
/// A trace that cannot be read, or settings that are invalid once they are redacted.
pub fn redact(
    segments: &[&[u8]],
    secret: &[u8; 16],
    keys: impl FnOnce(&str) -> &'static [Key],
    make: impl FnOnce(&Header) -> Result<Box<dyn Machine>, Vec<ConfigError>>,
) -> Result<Rerun, ReplayError> {
    let mut redactor = Redactor::new(segments, secret, keys)?;
    let mut header = Trace::open(segments)?.header().clone();
    let settings = header.settings.into_iter().filter(|setting| !setting.key.starts_with(LEFT_OUT));
    header.settings = settings.map(|setting| redactor.setting(setting)).collect();
    header.comment = Vec::new();
    header.version = super::VERSION.into();
    let machine = make(&header).map_err(ReplayError::Config)?;
    header.build = machine.build().into();
    let rewrite = |input| redactor.input(input);
    rerun(segments, header, (Form::Verbatim, Digests::Every), rewrite, |_| Ok(machine))
}

struct Redactor {
    words: Words,
    addresses: Addresses,
    machine: String,
    keys: &'static [Key],
    /// The whole redacted input of each link, and how much of it was used: the network may divide a word.
    streams: BTreeMap<LinkId, (Vec<u8>, usize)>,
}

impl Redactor {
    /// Reads the whole run, since everything sensitive must be known before anything is replaced.
    fn new(
        segments: &[&[u8]],
        secret: &[u8; 16],
        keys: impl FnOnce(&str) -> &'static [Key],
    ) -> Result<Self, ReplayError> {
        let mut trace = Trace::open(segments)?;
        let machine = trace.header().machine.clone();
        let keys = keys(&machine);
        let mut words = Words::new(secret);
        for Setting { key, value } in &trace.header().settings {
            learn_value(&mut words, value, kind(keys, key));
        }
        words.learn_series(&trace.header().settings);
        let mut streams: BTreeMap<LinkId, Vec<u8>> = BTreeMap::new();
        while let Some(step) = trace.next_step()? {
            match step.input {
                RecordedInput::Bytes { link, bytes } => {
                    streams.entry(link).or_default().extend_from_slice(&bytes);
                }
                RecordedInput::Datagram { bytes, .. } => learn(&mut words, &bytes, Speech::Sip),
                RecordedInput::Command { command, .. } => {
                    texts(&command, |text, speech| learn(&mut words, text.as_bytes(), speech));
                }
                RecordedInput::Restored { key, value } => {
                    learn(&mut words, key.as_bytes(), Speech::UserKey);
                    learn(&mut words, value.as_bytes(), Speech::Choice);
                }
                RecordedInput::Tick
                | RecordedInput::Listening { .. }
                | RecordedInput::Opened { .. }
                | RecordedInput::Closed { .. }
                | RecordedInput::Persisted { .. }
                | RecordedInput::Clock { .. } => {}
            }
        }
        let mut redactor =
            Self { words, addresses: Addresses::new(secret), machine, keys, streams: BTreeMap::new() };
        for stream in streams.values() {
            let speech = redactor.speech(stream);
            learn(&mut redactor.words, stream, speech);
        }
        for (link, stream) in streams {
            let speech = redactor.speech(&stream);
            let redacted = redactor.text(&stream, speech);
            redactor.streams.insert(link, (redacted, 0));
        }
        Ok(redactor)
    }

    /// The protocol of a link, determined by its first byte and the machine.
    fn speech(&self, stream: &[u8]) -> Speech {
        match stream.first() {
            Some(0) => Speech::Csta,
            _ if self.machine == "switch" => Speech::Lines,
            _ => Speech::Sip,
        }
    }

    fn text(&mut self, bytes: &[u8], speech: Speech) -> Vec<u8> {
        let marks = mark(bytes, speech);
        let mut out = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while !rest.is_empty() {
            let index = bytes.len().saturating_sub(rest.len());
            let before = index.checked_sub(1).and_then(|before| bytes.get(before)).copied();
            let address = self.addresses.replace_front(before, rest, &mut out);
            let taken = address.unwrap_or_else(|| {
                let mark = marks.get(index).copied().unwrap_or(Mark::Plain);
                self.words.replace_front(before, rest, mark, &mut out)
            });
            rest = rest.get(taken.max(1)..).unwrap_or_default();
        }
        debug_assert_eq!(out.len(), bytes.len(), "lengths stay");
        out
    }

    fn string(&mut self, text: &str, speech: Speech) -> String {
        String::from_utf8_lossy(&self.text(text.as_bytes(), speech)).into_owned()
    }

    fn setting(&mut self, setting: Setting) -> Setting {
        let Setting { key, value } = setting;
        let kind = kind(self.keys, &key);
        Setting { key, value: self.value(value, kind) }
    }

    fn value(&mut self, value: Value, kind: Kind) -> Value {
        match value {
            Value::Text(text) => Value::Text(self.string(&text, Speech::Setting(kind))),
            Value::List(values) => {
                Value::List(values.into_iter().map(|value| self.value(value, kind)).collect())
            }
            Value::Integer(_) | Value::Flag(_) | Value::Other(_) => value,
        }
    }

    fn input<'t>(&mut self, input: RecordedInput<'t>) -> RecordedInput<'t> {
        match input {
            RecordedInput::Listening { listener, address } => {
                RecordedInput::Listening { listener, address: self.addresses.socket(address) }
            }
            RecordedInput::Opened { link, peer } => {
                let Peer { address, local, listener } = peer;
                let (address, local) = (self.addresses.socket(address), self.addresses.socket(local));
                RecordedInput::Opened { link, peer: Peer { address, local, listener } }
            }
            RecordedInput::Bytes { link, bytes } => {
                let length = bytes.len();
                let redacted = self.streams.get_mut(&link).and_then(|(stream, at)| {
                    let end = at.saturating_add(length);
                    let part = stream.get(*at..end)?;
                    *at = end;
                    Some(part.to_vec())
                });
                RecordedInput::Bytes { link, bytes: redacted.map_or(bytes, Cow::Owned) }
            }
            RecordedInput::Datagram { listener, peer, bytes } => {
                let bytes = Cow::Owned(self.text(&bytes, Speech::Sip));
                RecordedInput::Datagram { listener, peer: self.addresses.socket(peer), bytes }
            }
            RecordedInput::Command { token, command } => {
                RecordedInput::Command { token, command: self.command(command) }
            }
            RecordedInput::Restored { key, value } => RecordedInput::Restored {
                key: Cow::Owned(self.string(&key, Speech::UserKey)),
                value: Cow::Owned(self.string(&value, Speech::Choice)),
            },
            input @ (RecordedInput::Tick
            | RecordedInput::Closed { .. }
            | RecordedInput::Persisted { .. }
            | RecordedInput::Clock { .. }) => input,
        }
    }

    fn command<'t>(&mut self, command: RecordedCommand<'t>) -> RecordedCommand<'t> {
        match command {
            RecordedCommand::Line(line) => {
                RecordedCommand::Line(Cow::Owned(self.string(&line, Speech::Lines)))
            }
            RecordedCommand::Select { user, choice } => RecordedCommand::Select {
                user: Cow::Owned(self.string(&user, Speech::User)),
                choice: Cow::Owned(self.string(&choice, Speech::Choice)),
            },
            command @ (RecordedCommand::End
            | RecordedCommand::Drain
            | RecordedCommand::Undrain
            | RecordedCommand::Redial(_)
            | RecordedCommand::Stop) => command,
        }
    }
}

/// Calls `each` with the texts of a command, and what they are.
fn texts(command: &RecordedCommand<'_>, mut each: impl FnMut(&str, Speech)) {
    match command {
        RecordedCommand::Line(line) => each(line, Speech::Lines),
        RecordedCommand::Select { user, choice } => {
            each(user, Speech::User);
            each(choice, Speech::Choice);
        }
        RecordedCommand::End
        | RecordedCommand::Drain
        | RecordedCommand::Undrain
        | RecordedCommand::Redial(_)
        | RecordedCommand::Stop => {}
    }
}

/// What the key of a setting takes; a key that nobody knows takes any text.
fn kind(keys: &[Key], key: &str) -> Kind {
    setting::find(keys, key).map_or(Kind::Text { max: usize::MAX }, |key| key.kind)
}

fn learn_value(words: &mut Words, value: &Value, kind: Kind) {
    match value {
        Value::Text(text) => learn(words, text.as_bytes(), Speech::Setting(kind)),
        Value::List(values) => values.iter().for_each(|value| learn_value(words, value, kind)),
        Value::Integer(_) | Value::Flag(_) | Value::Other(_) => {}
    }
}

/// Learns which words of `bytes` are sensitive.
fn learn(words: &mut Words, bytes: &[u8], speech: Speech) {
    let marks = mark(bytes, speech);
    let mut index = 0;
    while let Some(rest) = bytes.get(index..).filter(|rest| !rest.is_empty()) {
        let length = words::length(rest);
        if marks.get(index) == Some(&Mark::Sensitive) {
            words.learn(rest.get(..length).unwrap_or_default());
        }
        index = index.saturating_add(length.max(1));
    }
}

#[cfg(test)]
mod tests;
