//! Writes the lines of a step. Optimized for speed: recording must cost little more than copying.

use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::super::Form;
use super::super::text::{push_count, push_decimal, push_escaped, push_payload, push_word};
use crate::action::Action;
use crate::input::{Command, Input, LinkId, ListenerId};
use crate::reply::{Refusal, StoreFault, Token};
use crate::secret::{Fill, Filling, SecretId};
use crate::setting::{Setting, write_line};
use crate::text::push_formatted;

/// Appends lines of a step to `out`.
pub(in crate::trace) struct Lines<'a> {
    /// The output.
    pub(in crate::trace) out: &'a mut Vec<u8>,
    /// How bytes are shown.
    pub(in crate::trace) form: Form,
}

impl Lines<'_> {
    fn payload(&mut self, bytes: &[u8]) {
        match self.form {
            Form::Verbatim => {
                self.out.push(b' ');
                push_count(self.out, bytes.len());
                self.out.push(b'\n');
                self.out.extend_from_slice(bytes);
                self.out.push(b'\n');
            }
            Form::Escaped => {
                self.out.push(b'\n');
                push_payload(self.out, bytes);
            }
        }
    }

    fn word(&mut self, word: &str) {
        self.out.extend_from_slice(word.as_bytes());
    }

    fn link(&mut self, word: &str, link: LinkId) {
        self.word(word);
        push_decimal(self.out, link.number());
    }

    fn datagram(&mut self, listener: ListenerId, peer: SocketAddr, bytes: &[u8]) {
        self.word("datagram ");
        push_decimal(self.out, listener.index().into());
        push_formatted(self.out, format_args!(" {peer}"));
        self.payload(bytes);
    }

    /// Appends text up to the end of the line, escaped where necessary.
    fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.out.push(b' ');
            push_escaped(self.out, text.as_bytes());
        }
        self.out.push(b'\n');
    }

    /// Appends a token and a space.
    fn token(&mut self, token: Token) {
        push_decimal(self.out, token.number());
        self.out.push(b' ');
    }

    /// Appends two texts up to the end of the line, the first as one word.
    fn two_texts(&mut self, first: &str, second: &str) {
        push_word(self.out, first.as_bytes());
        self.text(second);
    }

    fn result(&mut self, result: Result<(), &str>) {
        match result {
            Ok(()) => self.word("ok\n"),
            Err(name) => {
                for part in ["failed ", name, "\n"] {
                    self.word(part);
                }
            }
        }
    }

    fn command(&mut self, command: Command<'_>) {
        match command {
            Command::Line(line) => {
                self.word("line");
                self.text(line);
            }
            Command::End => self.word("end\n"),
            Command::Drain => self.word("drain\n"),
            Command::Undrain => self.word("undrain\n"),
            Command::Redial(index) => {
                self.word("redial ");
                push_decimal(self.out, index.into());
                self.out.push(b'\n');
            }
            Command::Stop => self.word("stop\n"),
            Command::Reload(reload) => {
                match reload.version() {
                    Some(version) => push_formatted(self.out, format_args!("reload {version}")),
                    None => self.word("reload none"),
                }
                self.payload(settings_text(reload.settings()).as_bytes());
            }
            Command::Select { user, choice } => {
                self.word("select ");
                self.two_texts(user, choice);
            }
        }
    }

    /// Appends an input, after its time.
    pub(in crate::trace) fn input(&mut self, input: Input<'_>) {
        match input {
            Input::Tick => self.word("tick\n"),
            Input::Listening { listener, address } => {
                let index = listener.index();
                push_formatted(self.out, format_args!("listening {index} {address}\n"));
            }
            Input::Opened { link, peer } => {
                let (address, local) = (peer.address, peer.local);
                push_formatted(self.out, format_args!("opened {link} peer {address} local {local}"));
                if let Some(listener) = peer.listener {
                    push_formatted(self.out, format_args!(" listener {}", listener.index()));
                }
                self.out.push(b'\n');
            }
            Input::Bytes { link, bytes } => {
                self.link("bytes #", link);
                self.payload(bytes);
            }
            Input::Closed { link, why } => {
                push_formatted(self.out, format_args!("closed {link} {}\n", why.name()));
            }
            Input::Datagram { listener, peer, bytes } => self.datagram(listener, peer, bytes),
            Input::Command { token, command } => {
                self.word("command ");
                if let Some(token) = token {
                    self.token(token);
                }
                self.command(command);
            }
            Input::Persisted { token, result } => {
                self.word("persisted ");
                self.token(token);
                self.result(result.map_err(StoreFault::name));
            }
            Input::Restored { key, value } => {
                self.word("restored ");
                self.two_texts(key, value);
            }
            Input::Clock { unix_micros } => {
                self.word("clock ");
                push_decimal(self.out, unix_micros);
                self.out.push(b'\n');
            }
        }
    }

    /// Appends an action.
    pub(in crate::trace) fn action(&mut self, action: Action<'_>) {
        match action {
            Action::Connect { link, address } => {
                self.link("> connect #", link);
                self.text(address);
            }
            Action::Write { link, bytes } => {
                self.link("> write #", link);
                self.payload(bytes);
            }
            Action::WriteSecret { link, bytes, fill } => {
                let Fill { secret: SecretId(secret), at, filling } = fill;
                let index = |index: usize| u64::try_from(index).unwrap_or(u64::MAX);
                let (word, number, name) = match filling {
                    Filling::Xml { length_at } => (" length_at ", index(length_at), " xml"),
                    Filling::Md5 { challenge } => (" challenge ", challenge, " md5"),
                };
                self.link("> write_secret #", link);
                for (word, number) in [(" secret ", u64::from(secret)), (" at ", index(at)), (word, number)] {
                    self.word(word);
                    push_decimal(self.out, number);
                }
                self.word(name);
                self.payload(bytes);
            }
            Action::Close { link } => {
                self.link("> close #", link);
                self.out.push(b'\n');
            }
            Action::SendDatagram { listener, peer, bytes } => {
                self.word("> ");
                self.datagram(listener, peer, bytes);
            }
            Action::Notify(notice) => {
                for part in ["> notify ", notice.level.name(), " ", notice.name] {
                    self.word(part);
                }
                self.text(notice.fields);
            }
            Action::Print { text } => {
                self.word("> print");
                self.text(text);
            }
            Action::Persist { token, key, value } => {
                self.word("> persist ");
                self.token(token);
                self.two_texts(key, value);
            }
            Action::Reply { token, result } => {
                self.word("> reply ");
                self.token(token);
                self.result(result.map_err(Refusal::name));
            }
            Action::Finish { status } => {
                self.word("> finish ");
                push_decimal(self.out, status.into());
                self.out.push(b'\n');
            }
        }
    }
}

/// Settings as text, one a line.
fn settings_text(settings: &[Setting]) -> String {
    let mut text = String::new();
    for (index, setting) in settings.iter().enumerate() {
        if index > 0 {
            text.push_str("\r\n");
        }
        write_line(&mut text, setting);
    }
    text
}
