//! Reads the lines of a step, word by word. A line that is not understood is `None`; the reader adds its number.

use alloc::borrow::Cow;
use alloc::boxed::Box;
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::super::step::{RecordedAction, RecordedCommand, RecordedInput};
use super::super::text::{read_hex, unescape, unescape_word};
use super::ReadError;
use crate::action::Level;
use crate::config::{DirectoryVersion, Reload};
use crate::input::{Closed, LinkId, ListenerId, Peer};
use crate::reply::{Refusal, StoreFault, Token};
use crate::secret::{Fill, Filling, SecretId};
use crate::setting::{Setting, read_line};

/// How the bytes below a line are shown.
#[derive(Clone, Copy)]
pub(super) enum Layout {
    /// This many bytes, verbatim.
    Verbatim(usize),
    /// Escaped, line by line.
    Escaped,
}

/// The words of a line, between single spaces.
pub(super) struct Words<'t>(&'t str);

impl<'t> Words<'t> {
    pub(super) const fn new(line: &'t str) -> Self {
        Self(line)
    }

    /// The next word; `None` at the end.
    pub(super) fn next(&mut self) -> Option<&'t str> {
        if self.0.is_empty() {
            return None;
        }
        let (word, rest) = self.0.split_once(' ').unwrap_or((self.0, ""));
        self.0 = rest;
        Some(word)
    }

    /// The next word as an unsigned number.
    pub(super) fn number<N: core::str::FromStr>(&mut self) -> Option<N> {
        let word = self.next()?;
        word.bytes().all(|byte| byte.is_ascii_digit()).then(|| word.parse().ok())?
    }

    fn keyword(&mut self, keyword: &str) -> Option<()> {
        (self.next()? == keyword).then_some(())
    }

    fn link(&mut self) -> Option<LinkId> {
        self.next()?.strip_prefix('#')?.parse().ok().map(LinkId::new)
    }

    fn listener(&mut self) -> Option<ListenerId> {
        self.number().map(ListenerId::new)
    }

    fn address(&mut self) -> Option<SocketAddr> {
        self.next()?.parse().ok()
    }

    /// The next word as a token. If it is not a number, it is not taken.
    fn token(&mut self) -> Option<Token> {
        let mut after = Words(self.0);
        let token = after.number().map(Token::new)?;
        *self = after;
        Some(token)
    }

    /// The words of a reload: a token if there is one, and a directory's hash. If they are others, none is taken.
    fn reload(&mut self) -> Option<(Option<Token>, Option<DirectoryVersion>)> {
        let mut after = Words(self.0);
        let token = after.token();
        after.keyword("reload")?;
        let version = match after.next()? {
            "none" => None,
            hash => Some(DirectoryVersion::of_hash(u128::from_be_bytes(read_hex(hash)?))),
        };
        *self = after;
        Some((token, version))
    }

    /// The next word, unescaped.
    fn escaped(&mut self) -> Option<Cow<'t, str>> {
        unescape_word(self.next()?)
    }

    /// A result, whose error `named` finds by its name.
    fn result<E>(&mut self, named: impl FnOnce(&str) -> Option<E>) -> Option<Result<(), E>> {
        match self.next()? {
            "ok" => Some(Ok(())),
            "failed" => named(self.next()?).map(Err),
            _ => None,
        }
    }

    /// How the bytes below are shown: verbatim if the line ends in their count.
    fn layout(&mut self) -> Option<Layout> {
        if self.0.is_empty() { Some(Layout::Escaped) } else { self.number().map(Layout::Verbatim) }
    }

    /// The rest of the line, unescaped.
    fn text(&mut self) -> Option<Cow<'t, str>> {
        unescape(core::mem::take(&mut self.0))
    }

    /// `value`, if nothing is left of the line.
    fn at_end<T>(&self, value: T) -> Option<T> {
        self.0.is_empty().then_some(value)
    }
}

/// Reads an input's line; `payload` reads the bytes below it.
pub(super) fn input<'t>(
    text: &str,
    payload: impl FnOnce(Layout) -> Result<Cow<'t, [u8]>, ReadError>,
) -> Result<Option<RecordedInput<'t>>, ReadError> {
    let mut words = Words::new(text);
    let head = |words: &mut Words<'_>| {
        Some(match words.next()? {
            "bytes" => InputHead::Bytes(words.link()?, words.layout()?),
            "datagram" => InputHead::Datagram(words.listener()?, words.address()?, words.layout()?),
            "command" if let Some((token, version)) = words.reload() => {
                InputHead::Reload(token, version, words.layout()?)
            }
            word => InputHead::Whole(whole_input(word, words)?),
        })
    };
    let Some(head) = head(&mut words).and_then(|head| words.at_end(head)) else { return Ok(None) };
    Ok(Some(match head {
        InputHead::Bytes(link, layout) => RecordedInput::Bytes { link, bytes: payload(layout)? },
        InputHead::Datagram(listener, peer, layout) => {
            RecordedInput::Datagram { listener, peer, bytes: payload(layout)? }
        }
        InputHead::Reload(token, version, layout) => {
            let Some(settings) = settings(&payload(layout)?) else { return Ok(None) };
            let Ok(reload) = Reload::of_version(settings, version) else { return Ok(None) };
            RecordedInput::Command { token, command: RecordedCommand::Reload(Box::new(reload)) }
        }
        InputHead::Whole(input) => input,
    }))
}

/// Reads settings, one a line.
fn settings(bytes: &[u8]) -> Option<Vec<Setting>> {
    let text = core::str::from_utf8(bytes).ok()?;
    text.lines().map(|line| read_line(line).ok()).collect()
}

enum InputHead {
    Reload(Option<Token>, Option<DirectoryVersion>, Layout),
    Bytes(LinkId, Layout),
    Datagram(ListenerId, SocketAddr, Layout),
    Whole(RecordedInput<'static>),
}

/// Reads an input that has nothing below its line.
fn whole_input(word: &str, words: &mut Words<'_>) -> Option<RecordedInput<'static>> {
    Some(match word {
        "tick" => RecordedInput::Tick,
        "listening" => RecordedInput::Listening { listener: words.listener()?, address: words.address()? },
        "opened" => RecordedInput::Opened { link: words.link()?, peer: peer(words)? },
        "closed" => {
            let link = words.link()?;
            let name = words.next()?;
            let why = Closed::ALL.into_iter().find(|why| why.name() == name)?;
            RecordedInput::Closed { link, why }
        }
        "command" => {
            let token = words.token();
            RecordedInput::Command { token, command: command(words)? }
        }
        "persisted" => {
            let token = words.token()?;
            let fault = |name: &str| StoreFault::ALL.into_iter().find(|fault| fault.name() == name);
            RecordedInput::Persisted { token, result: words.result(fault)? }
        }
        "restored" => RecordedInput::Restored { key: owned(words.escaped()?), value: owned(words.text()?) },
        "clock" => RecordedInput::Clock { unix_micros: words.number()? },
        _ => return None,
    })
}

fn command(words: &mut Words<'_>) -> Option<RecordedCommand<'static>> {
    Some(match words.next()? {
        "line" => RecordedCommand::Line(owned(words.text()?)),
        "end" => RecordedCommand::End,
        "drain" => RecordedCommand::Drain,
        "undrain" => RecordedCommand::Undrain,
        "redial" => RecordedCommand::Redial(words.number()?),
        "stop" => RecordedCommand::Stop,
        "select" => RecordedCommand::Select { user: owned(words.escaped()?), choice: owned(words.text()?) },
        _ => return None,
    })
}

fn owned(text: Cow<'_, str>) -> Cow<'static, str> {
    Cow::Owned(text.into_owned())
}

fn peer(words: &mut Words<'_>) -> Option<Peer> {
    words.keyword("peer")?;
    let address = words.address()?;
    words.keyword("local")?;
    let local = words.address()?;
    let listener = match words.next() {
        None => None,
        Some("listener") => Some(words.listener()?),
        Some(_) => return None,
    };
    Some(Peer { address, local, listener })
}

/// Reads an action's line, without its `> `; `payload` reads the bytes below it.
pub(super) fn action<'t>(
    text: &'t str,
    payload: impl FnOnce(Layout) -> Result<Cow<'t, [u8]>, ReadError>,
) -> Result<Option<RecordedAction<'t>>, ReadError> {
    let mut words = Words::new(text);
    let head = |words: &mut Words<'t>| {
        Some(match words.next()? {
            "write" => ActionHead::Write(words.link()?, words.layout()?),
            "write_secret" => ActionHead::WriteSecret(words.link()?, fill(words)?, words.layout()?),
            "datagram" => ActionHead::Datagram(words.listener()?, words.address()?, words.layout()?),
            word => ActionHead::Whole(whole_action(word, words)?),
        })
    };
    let Some(head) = head(&mut words).and_then(|head| words.at_end(head)) else { return Ok(None) };
    Ok(Some(match head {
        ActionHead::Write(link, layout) => RecordedAction::Write { link, bytes: payload(layout)? },
        ActionHead::WriteSecret(link, fill, layout) => {
            RecordedAction::WriteSecret { link, bytes: payload(layout)?, fill }
        }
        ActionHead::Datagram(listener, peer, layout) => {
            RecordedAction::SendDatagram { listener, peer, bytes: payload(layout)? }
        }
        ActionHead::Whole(action) => action,
    }))
}

enum ActionHead<'t> {
    Write(LinkId, Layout),
    WriteSecret(LinkId, Fill, Layout),
    Datagram(ListenerId, SocketAddr, Layout),
    Whole(RecordedAction<'t>),
}

/// Reads where a secret belongs.
fn fill(words: &mut Words<'_>) -> Option<Fill> {
    words.keyword("secret")?;
    let secret = SecretId(words.number()?);
    words.keyword("at")?;
    let at = words.number()?;
    let (filling, name) = match words.next()? {
        "length_at" => (Filling::Xml { length_at: words.number()? }, "xml"),
        "challenge" => (Filling::Md5 { challenge: words.number()? }, "md5"),
        _ => return None,
    };
    words.keyword(name)?;
    Some(Fill { secret, at, filling })
}

/// Reads an action that has nothing below its line.
fn whole_action<'t>(word: &str, words: &mut Words<'t>) -> Option<RecordedAction<'t>> {
    Some(match word {
        "connect" => RecordedAction::Connect { link: words.link()?, address: words.text()? },
        "close" => RecordedAction::Close { link: words.link()? },
        "notify" => {
            let level = Level::named(words.next()?)?;
            RecordedAction::Notify { level, name: words.next()?, fields: words.text()? }
        }
        "print" => RecordedAction::Print { text: words.text()? },
        "persist" => {
            let token = words.token()?;
            RecordedAction::Persist { token, key: words.escaped()?, value: words.text()? }
        }
        "reply" => {
            let token = words.token()?;
            let refusal = |name: &str| Refusal::ALL.into_iter().find(|refusal| refusal.name() == name);
            RecordedAction::Reply { token, result: words.result(refusal)? }
        }
        "finish" => RecordedAction::Finish { status: words.number()? },
        _ => return None,
    })
}
