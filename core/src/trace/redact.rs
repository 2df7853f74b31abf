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
use alloc::collections::btree_map::Entry;
use alloc::string::{String, ToString as _};
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::chain::Trace;
use super::replay::ReplayError;
use super::rerun::{Rerun, rerun};
use super::step::{RecordedCommand, RecordedInput};
use super::{Digests, Form, Header};
use crate::config::{DirectoryVersion, FindDirectory, Reload};
use crate::input::{LinkId, Peer};
use crate::line::directory::Directory;
use crate::machine::Machine;
use crate::setting::{self, ConfigError, Key, Kind, Setting, Value};

mod address;
mod ami;
mod directory;
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

/// [`redact_with`], for a run without a directory.
///
/// # Errors
/// As there.
pub fn redact(
    segments: &[&[u8]],
    secret: &[u8; 16],
    keys: impl FnOnce(&str) -> &'static [Key],
    make: impl FnOnce(&Header) -> Result<Box<dyn Machine>, Vec<ConfigError>>,
) -> Result<Rerun, ReplayError> {
    redact_with(segments, secret, keys, &mut |_| None, make)
}

/// Redacts the run in `segments`. `secret` determines the replacements; it must be random and not be kept, or short
/// numbers could be found by trying. `keys` gives the keys of the machine that a trace names: a value that one of them
/// restricts to certain words is kept. `find` finds the directories that the run names; those that take their places are
/// [`Rerun::directories`]. [`Rerun::parted`] says whether the machine behaved differently.
///
/// # Errors
/// A trace that cannot be read, a directory that is missing, or settings or a directory that are invalid once they are
/// redacted.
pub fn redact_with(
    segments: &[&[u8]],
    secret: &[u8; 16],
    keys: impl FnOnce(&str) -> &'static [Key],
    find: &mut FindDirectory<'_>,
    make: impl FnOnce(&Header) -> Result<Box<dyn Machine>, Vec<ConfigError>>,
) -> Result<Rerun, ReplayError> {
    let mut redactor = Redactor::new(segments, secret, keys, find)?;
    let mut header = Trace::open(segments)?.header().clone();
    let settings = header.settings.into_iter().filter(|setting| !setting.key.starts_with(LEFT_OUT));
    header.settings = settings.map(|setting| redactor.setting(setting)).collect();
    header.directory = header.directory.and_then(|version| redactor.version(&version));
    header.comment = Vec::new();
    header.version = super::VERSION.into();
    let machine = make(&header).map_err(ReplayError::Config)?;
    header.build = machine.build().into();
    let rewrite = |input| redactor.input(input);
    let rerun = rerun(segments, header, (Form::Verbatim, Digests::Every), rewrite, |_| Ok(machine))?;
    match redactor.failed {
        Some(errors) => Err(ReplayError::Config(errors)),
        None => Ok(Rerun { directories: redactor.directories.into_values().collect(), ..rerun }),
    }
}

struct Redactor {
    words: Words,
    addresses: Addresses,
    machine: String,
    keys: &'static [Key],
    /// The whole redacted input of each link, and how much of it was used: the network may divide a word.
    streams: BTreeMap<LinkId, (Vec<u8>, usize)>,
    /// The redacted directories, by the hashes of the original ones.
    directories: BTreeMap<u128, Arc<Directory>>,
    /// What is wrong with redacted settings of a reload.
    failed: Option<Vec<ConfigError>>,
}

/// What a run holds, read whole, since everything sensitive must be known before anything is replaced.
struct Contents {
    words: Words,
    keys: &'static [Key],
    /// The whole input of each link.
    streams: BTreeMap<LinkId, Vec<u8>>,
    /// The directories that it names, as text, by their hashes.
    directories: BTreeMap<u128, String>,
}

impl Contents {
    fn read(
        trace: &mut Trace<'_>,
        secret: &[u8; 16],
        keys: &'static [Key],
        find: &mut FindDirectory<'_>,
    ) -> Result<Self, ReplayError> {
        let (streams, directories) = (BTreeMap::new(), BTreeMap::new());
        let mut contents = Self { words: Words::new(secret), keys, streams, directories };
        let Header { settings, directory, .. } = trace.header().clone();
        contents.settings(&settings);
        contents.words.learn_series(&settings);
        contents.directory(directory.as_ref(), find)?;
        while let Some(step) = trace.next_step()? {
            contents.input(step.input, find)?;
        }
        for text in contents.directories.values() {
            learn(&mut contents.words, text.as_bytes(), Speech::Directory);
        }
        Ok(contents)
    }

    fn settings(&mut self, settings: &[Setting]) {
        for Setting { key, value } in settings {
            learn_value(&mut self.words, value, kind(self.keys, key));
        }
    }

    fn directory(
        &mut self,
        version: Option<&DirectoryVersion>,
        find: &mut FindDirectory<'_>,
    ) -> Result<(), ReplayError> {
        let Some(hash) = version.map(DirectoryVersion::hash) else { return Ok(()) };
        if let Entry::Vacant(entry) = self.directories.entry(hash) {
            let mut text = String::new();
            find(hash).ok_or(ReplayError::NoDirectory(hash))?.write(&mut text);
            entry.insert(text);
        }
        Ok(())
    }

    fn input(&mut self, input: RecordedInput<'_>, find: &mut FindDirectory<'_>) -> Result<(), ReplayError> {
        match input {
            RecordedInput::Bytes { link, bytes } => {
                self.streams.entry(link).or_default().extend_from_slice(&bytes);
            }
            RecordedInput::Datagram { bytes, .. } => learn(&mut self.words, &bytes, Speech::Sip),
            RecordedInput::Command { command, .. } => {
                if let RecordedCommand::Reload(reload) = &command {
                    self.directory(reload.version(), find)?;
                    self.settings(reload.settings());
                }
                texts(&command, |text, speech| learn(&mut self.words, text.as_bytes(), speech));
            }
            RecordedInput::Restored { key, value } => {
                learn(&mut self.words, key.as_bytes(), Speech::UserKey);
                learn(&mut self.words, value.as_bytes(), Speech::Choice);
            }
            RecordedInput::Tick
            | RecordedInput::Listening { .. }
            | RecordedInput::Opened { .. }
            | RecordedInput::Closed { .. }
            | RecordedInput::Persisted { .. }
            | RecordedInput::Clock { .. } => {}
        }
        Ok(())
    }
}

impl Redactor {
    fn new(
        segments: &[&[u8]],
        secret: &[u8; 16],
        keys: impl FnOnce(&str) -> &'static [Key],
        find: &mut FindDirectory<'_>,
    ) -> Result<Self, ReplayError> {
        let mut trace = Trace::open(segments)?;
        let machine = trace.header().machine.clone();
        let keys = keys(&machine);
        let Contents { words, streams, directories, .. } = Contents::read(&mut trace, secret, keys, find)?;
        let mut redactor = Self {
            words,
            addresses: Addresses::new(secret),
            machine,
            keys,
            streams: BTreeMap::new(),
            directories: BTreeMap::new(),
            failed: None,
        };
        for stream in streams.values() {
            let speech = redactor.speech(stream);
            learn(&mut redactor.words, stream, speech);
        }
        for (link, stream) in streams {
            let speech = redactor.speech(&stream);
            let redacted = redactor.text(&stream, speech);
            redactor.streams.insert(link, (redacted, 0));
        }
        for (hash, text) in directories {
            let text = redactor.string(&text, Speech::Directory);
            let read = Directory::read(&text, "redacted");
            let read = read.map_err(|wrong| ReplayError::Redacted(wrong.to_string()))?;
            redactor.directories.insert(hash, Arc::new(read));
        }
        Ok(redactor)
    }

    /// The protocol of a link, determined by its first byte and the machine.
    fn speech(&self, stream: &[u8]) -> Speech {
        match stream.first() {
            Some(0) => Speech::Csta,
            _ if stream.starts_with(ami::GREETING) => Speech::Ami,
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

    /// The redacted version of a directory.
    fn version(&self, version: &DirectoryVersion) -> Option<DirectoryVersion> {
        self.directories.get(&version.hash()).cloned().map(DirectoryVersion::from)
    }

    fn reload<'t>(&mut self, reload: &Reload) -> RecordedCommand<'t> {
        let settings = reload.settings().iter().filter(|setting| !setting.key.starts_with(LEFT_OUT));
        let settings = settings.map(|setting| self.setting(setting.clone())).collect();
        let version = reload.version().and_then(|version| self.version(version));
        match Reload::of_version(settings, version) {
            Ok(reload) => RecordedCommand::Reload(Box::new(reload)),
            Err(errors) => {
                self.failed.get_or_insert(errors);
                RecordedCommand::End
            }
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
            RecordedCommand::Reload(reload) => self.reload(&reload),
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
        | RecordedCommand::Reload(_)
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
