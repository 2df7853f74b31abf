//! Actions: what a machine asks its shell to do. One step's actions form a bounded list beside one arena of bytes; both
//! are reused.

use alloc::boxed::Box;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;
use core::net::SocketAddr;
use core::ops::Range;

use crate::input::{LinkId, ListenerId};
pub use crate::level::Level;
use crate::plain::{Quoted, deceives};
use crate::reply::{ReplyResult, Token};
use crate::secret::Fill;
use crate::text::push_formatted;

/// The most actions one step may cause: an event fanned out to every monitor of a device, with room to spare.
pub const MAX_ACTIONS: usize = 512;

/// Something the operator should know: one log line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Notice<'a> {
    /// How urgent.
    pub level: Level,
    /// What happened, as a constant snake-case name (`session_started`, `message_discarded`).
    pub name: &'static str,
    /// Its fields in logfmt (`user=sip:a@b line="tel:1;x=y"`), already quoted where needed.
    pub fields: &'a str,
}

/// One action of a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action<'a> {
    /// Open a TCP connection; `Opened` or `Closed` follows.
    Connect {
        /// The number the connection will have.
        link: LinkId,
        /// `host:port`; the host may be a name.
        address: &'a str,
    },
    /// Send bytes on a connection.
    Write {
        /// The connection.
        link: LinkId,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// Send bytes on a connection, with a secret filled in that they do not have.
    WriteSecret {
        /// The connection.
        link: LinkId,
        /// The bytes without the secret.
        bytes: &'a [u8],
        /// Where the secret belongs.
        fill: Fill,
    },
    /// Close a connection once everything written to it is sent. No `Closed` follows.
    Close {
        /// The connection.
        link: LinkId,
    },
    /// Send a datagram.
    SendDatagram {
        /// The socket to send from.
        listener: ListenerId,
        /// The address to send to.
        peer: SocketAddr,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// Notify the operator.
    Notify(Notice<'a>),
    /// Print one line to standard output: what the scripted client shows.
    Print {
        /// The line, without its end.
        text: &'a str,
    },
    /// Keep a value beyond the end of the program; [`crate::Input::Persisted`] follows.
    Persist {
        /// The token that the answer will have.
        token: Token,
        /// The key.
        key: &'a str,
        /// The value that replaces the key's earlier one; an empty one: forget the key.
        value: &'a str,
    },
    /// Answer a command.
    Reply {
        /// The command's token.
        token: Token,
        /// Whether it was carried out.
        result: ReplyResult,
    },
    /// The machine has ended; no action follows.
    Finish {
        /// The program's exit status.
        status: u8,
    },
}

/// An action as the list stores it: its bytes are in the arena.
#[derive(Clone, Debug)]
enum Entry {
    Connect { link: LinkId, address: Range<usize> },
    Write { link: LinkId, bytes: Range<usize> },
    WriteSecret { link: LinkId, bytes: Range<usize>, fill: Fill },
    Close { link: LinkId },
    SendDatagram { listener: ListenerId, peer: SocketAddr, bytes: Range<usize> },
    Notify { level: Level, name: &'static str, fields: Range<usize> },
    Print { text: Range<usize> },
    Persist { token: Token, key: Range<usize>, value: Range<usize> },
    Reply { token: Token, result: ReplyResult },
    Finish { status: u8 },
}

/// The actions of one step. Reused from step to step, so that the steady state allocates nothing.
pub struct Actions {
    entries: Box<heapless::Vec<Entry, MAX_ACTIONS>>,
    arena: Vec<u8>,
    /// The most actions any step has caused, for simulations that watch the bound.
    high_water: usize,
}

impl Default for Actions {
    fn default() -> Self {
        Self::new()
    }
}

impl Actions {
    /// An empty list.
    #[must_use]
    pub fn new() -> Self {
        Self { entries: Box::new(heapless::Vec::new()), arena: Vec::with_capacity(4096), high_water: 0 }
    }

    /// Forgets all actions; keeps the room they took.
    pub fn clear(&mut self) {
        self.high_water = self.high_water.max(self.entries.len());
        self.entries.clear();
        self.arena.clear();
    }

    /// How many actions there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is no action.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many more actions fit.
    #[must_use]
    pub fn room(&self) -> usize {
        MAX_ACTIONS.saturating_sub(self.entries.len())
    }

    /// The most actions any one step has caused since this list was made.
    #[must_use]
    pub fn high_water(&self) -> usize {
        self.high_water.max(self.entries.len())
    }

    /// The actions, in the order they were added.
    pub fn iter(&self) -> impl Iterator<Item = Action<'_>> {
        self.entries.iter().map(|entry| match entry {
            Entry::Connect { link, address } => Action::Connect { link: *link, address: self.text(address) },
            Entry::Write { link, bytes } => Action::Write { link: *link, bytes: self.bytes(bytes) },
            Entry::WriteSecret { link, bytes, fill } => {
                Action::WriteSecret { link: *link, bytes: self.bytes(bytes), fill: *fill }
            }
            Entry::Close { link } => Action::Close { link: *link },
            Entry::SendDatagram { listener, peer, bytes } => {
                Action::SendDatagram { listener: *listener, peer: *peer, bytes: self.bytes(bytes) }
            }
            Entry::Notify { level, name, fields } => {
                Action::Notify(Notice { level: *level, name, fields: self.text(fields) })
            }
            Entry::Print { text } => Action::Print { text: self.text(text) },
            Entry::Persist { token, key, value } => {
                Action::Persist { token: *token, key: self.text(key), value: self.text(value) }
            }
            Entry::Reply { token, result } => Action::Reply { token: *token, result: *result },
            Entry::Finish { status } => Action::Finish { status: *status },
        })
    }

    fn bytes(&self, range: &Range<usize>) -> &[u8] {
        self.arena.get(range.clone()).unwrap_or_default()
    }

    fn text(&self, range: &Range<usize>) -> &str {
        core::str::from_utf8(self.bytes(range)).unwrap_or_default()
    }

    fn push(&mut self, entry: Entry) {
        let pushed = self.entries.push(entry);
        debug_assert!(pushed.is_ok(), "a step caused more than {MAX_ACTIONS} actions");
    }

    /// Lets `fill` append to the arena and returns what it appended.
    fn append(&mut self, fill: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
        let start = self.arena.len();
        fill(&mut self.arena);
        start..self.arena.len()
    }

    /// Asks for a connection to `address` (`host:port`).
    pub fn connect(&mut self, link: LinkId, address: &str) {
        let address = self.append(|arena| arena.extend_from_slice(address.as_bytes()));
        self.push(Entry::Connect { link, address });
    }

    /// Asks for `bytes` to be sent on `link`.
    pub fn write(&mut self, link: LinkId, bytes: &[u8]) {
        self.write_with(link, |arena| arena.extend_from_slice(bytes));
    }

    /// Asks for what `fill` appends to be sent on `link`; `fill` must not change what is already in the arena.
    pub fn write_with(&mut self, link: LinkId, fill: impl FnOnce(&mut Vec<u8>)) {
        let bytes = self.append(fill);
        self.push(Entry::Write { link, bytes });
    }

    /// Like [`Self::write_with`], for a `fill` that may fail; what it appended before failing is discarded.
    ///
    /// # Errors
    /// The error of `fill`; then no action is added.
    pub fn try_write_with<E>(
        &mut self,
        link: LinkId,
        fill: impl FnOnce(&mut Vec<u8>) -> Result<(), E>,
    ) -> Result<(), E> {
        let start = self.arena.len();
        let filled = fill(&mut self.arena);
        if filled.is_ok() {
            self.push(Entry::Write { link, bytes: start..self.arena.len() });
        } else {
            self.arena.truncate(start);
        }
        filled
    }

    /// Like [`Self::try_write_with`], with a secret to be filled in: `fill` returns where, as indexes in the buffer
    /// that it appends to.
    ///
    /// # Errors
    /// The error of `fill`; then no action is added.
    pub fn try_write_secret_with<E>(
        &mut self,
        link: LinkId,
        fill: impl FnOnce(&mut Vec<u8>) -> Result<Fill, E>,
    ) -> Result<(), E> {
        let start = self.arena.len();
        let placed = fill(&mut self.arena);
        if placed.is_err() {
            self.arena.truncate(start);
        }
        let fill = placed?.behind(start);
        let bytes = start..self.arena.len();
        self.push(Entry::WriteSecret { link, bytes, fill });
        Ok(())
    }

    /// Asks for `link` to be closed once everything written to it is sent.
    pub fn close(&mut self, link: LinkId) {
        self.push(Entry::Close { link });
    }

    /// Asks for `bytes` to be sent as one datagram.
    pub fn send_datagram(&mut self, listener: ListenerId, peer: SocketAddr, bytes: &[u8]) {
        self.send_datagram_with(listener, peer, |arena| arena.extend_from_slice(bytes));
    }

    /// Asks for what `fill` appends to be sent as one datagram.
    pub fn send_datagram_with(
        &mut self,
        listener: ListenerId,
        peer: SocketAddr,
        fill: impl FnOnce(&mut Vec<u8>),
    ) {
        let bytes = self.append(fill);
        self.push(Entry::SendDatagram { listener, peer, bytes });
    }

    /// Notifies the operator. Values are quoted where logfmt requires it.
    pub fn notify(&mut self, level: Level, name: &'static str, fields: &[(&str, &dyn fmt::Display)]) {
        let fields = self.append(|arena| {
            for (index, (key, value)) in fields.iter().enumerate() {
                if index > 0 {
                    arena.push(b' ');
                }
                arena.extend_from_slice(key.as_bytes());
                arena.push(b'=');
                push_logfmt_value(arena, value);
            }
        });
        self.push(Entry::Notify { level, name, fields });
    }

    /// Asks for `text` to be printed as one line.
    pub fn print(&mut self, text: fmt::Arguments<'_>) {
        let text = self.append(|arena| push_formatted(arena, text));
        self.push(Entry::Print { text });
    }

    /// Asks for `value` to be kept under `key`, or for the key to be forgotten if it is empty.
    pub fn persist(&mut self, token: Token, key: fmt::Arguments<'_>, value: fmt::Arguments<'_>) {
        let key = self.append(|arena| push_formatted(arena, key));
        let value = self.append(|arena| push_formatted(arena, value));
        self.push(Entry::Persist { token, key, value });
    }

    /// Answers the command that had `token`, if it had one.
    pub fn reply(&mut self, token: Option<Token>, result: ReplyResult) {
        if let Some(token) = token {
            self.push(Entry::Reply { token, result });
        }
    }

    /// Says that the machine has ended.
    pub fn finish(&mut self, status: u8) {
        self.push(Entry::Finish { status });
    }
}

/// What a byte requires in a value in logfmt: nothing, quotation marks, or that the value is looked at by characters.
const QUOTE: u8 = 1;
const ESCAPE: u8 = 2;

/// What each byte requires.
#[expect(
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "it is computed by the compiler, which refuses a wrong index"
)]
static CARE: [u8; 256] = {
    let mut care = [ESCAPE; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        care[byte as usize] = match byte {
            b' ' | b'=' => QUOTE,
            b'"' | b'\\' => ESCAPE,
            _ => 0,
        };
        byte += 1;
    }
    care
};

/// Appends `value` in logfmt: bare where possible, otherwise quoted and with what could deceive a reader escaped
/// ([`crate::plain`]).
fn push_logfmt_value(arena: &mut Vec<u8>, value: &dyn fmt::Display) {
    let start = arena.len();
    push_formatted(arena, format_args!("{value}"));
    let written = arena.get(start..).unwrap_or_default();
    let care =
        written.iter().fold(0, |care, byte| care | CARE.get(usize::from(*byte)).copied().unwrap_or(ESCAPE));
    if care < ESCAPE {
        // Nearly all values are bare, or need quotation marks only.
        if care == QUOTE || written.is_empty() {
            arena.insert(start, b'"');
            arena.push(b'"');
        }
        return;
    }
    let raw = String::from_utf8_lossy(written).into_owned();
    let needs_quotes =
        |letter: char| deceives(letter) || matches!(letter, ' ' | '"' | '=' | '\\') || letter.is_whitespace();
    if !raw.is_empty() && !raw.contains(needs_quotes) {
        return;
    }
    arena.truncate(start);
    push_formatted(arena, format_args!("{}", Quoted(&raw)));
}
