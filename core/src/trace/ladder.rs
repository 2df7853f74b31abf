//! Draws a trace as a ladder: one line per message, with the machine in the middle.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::chain::Trace;
use super::messages::{Message, Messages, short};
use super::read::ReadError;
use super::step::{RecordedAction, RecordedCommand, RecordedInput, Step};
use super::text::push_payload;
use crate::action::Level;
use crate::input::{LinkId, Transport};
use crate::plain;
use crate::time::Instant;

mod row;
mod times;

use row::Layout;
use times::Times;
pub use times::{Ahead, Moment, began};

/// Which part of a trace a ladder shows, and how.
#[derive(Clone, Copy, Default)]
pub struct LadderOptions<'a> {
    /// Only the dialog with this Call-ID, and the messages of the phone system that belong to it.
    pub call_id: Option<&'a str>,
    /// Only this user's dialogs (`alice`, `alice@example.com` or a whole URI), and the messages of the phone system
    /// that belong to them.
    pub user: Option<&'a str>,
    /// Only the dialogs of this line (`1001`, or a whole URI), and the messages of the phone system that belong to
    /// them.
    pub line: Option<&'a str>,
    /// Only what happened then or later.
    pub since: Option<Moment>,
    /// Only what happened before.
    pub until: Option<Moment>,
    /// Whether each message's bytes are shown below its line.
    pub wire: bool,
    /// How many characters fit into a line; 0 if that does not matter.
    pub width: usize,
    /// The local time zone; without one, times are UTC.
    pub ahead: Option<Ahead<'a>>,
}

impl LadderOptions<'_> {
    /// Whether only some dialogs are shown.
    #[must_use]
    pub const fn is_of_some(&self) -> bool {
        self.call_id.is_some() || self.user.is_some() || self.line.is_some()
    }
}

/// Draws the run in `segments`; `line` is called with each line, without its end.
///
/// # Errors
/// What is wrong, and at which line; everything before it has been drawn.
pub fn ladder(
    segments: &[&[u8]],
    options: &LadderOptions<'_>,
    line: &mut dyn FnMut(&str),
) -> Result<(), ReadError> {
    let mut trace = Trace::open(segments)?;
    let header = trace.header();
    let (left, middle, right) = match header.machine.as_str() {
        "switch" => ("links", "phone system", ""),
        "client" => ("", "client", "gateway"),
        "inventory" => ("", "inventory", "phone system"),
        _ => ("clients", "gateway", "phone system"),
    };
    let messages = Messages::new(&header.machine, &header.settings);
    let layout = Layout::new(options.width, messages.names());
    // A trace that cannot be read is drawn as far as it can be.
    let times = Times::new(began(segments).unwrap_or_default(), options.ahead);
    line(layout.heading(times.name(), left, middle, right).trim_end());
    let mut ladder = Ladder {
        options: *options,
        layout,
        times,
        messages,
        date: None,
        asked: BTreeSet::new(),
        monitors: BTreeSet::new(),
        lines: options.line.map(|line| short(line).to_string()).into_iter().collect(),
        rows: Vec::new(),
    };
    while let Some(step) = trace.next_step()? {
        ladder.step(&step);
        ladder.draw(step.now, line);
    }
    Ok(())
}

struct Ladder<'a> {
    options: LadderOptions<'a>,
    layout: Layout,
    times: Times<'a>,
    messages: Messages,
    /// The date of the last row that was drawn.
    date: Option<String>,
    /// The requests to the phone system that are shown: link and invoke ID.
    asked: BTreeSet<(LinkId, u16)>,
    /// The monitors whose events are shown: link and monitorCrossRefID.
    monitors: BTreeSet<(LinkId, String)>,
    /// The lines, as numbers, of the dialogs that are shown.
    lines: BTreeSet<String>,
    /// The rows of this step.
    rows: Vec<Row>,
}

/// A row that is not drawn yet.
struct Row {
    text: String,
    wire: Vec<u8>,
    belongs: Belongs,
}

/// Whether a row is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Belongs {
    /// It is, and so is its step.
    Yes,
    /// It is if its step is.
    WithStep,
    /// It is not.
    No,
}

impl Ladder<'_> {
    fn step(&mut self, step: &Step<'_>) {
        let now = step.now;
        match &step.input {
            RecordedInput::Opened { link, peer } => {
                let is_new = self.messages.opened(*link, peer.address);
                let text = match self.messages.peer(*link).filter(|_| !is_new) {
                    Some(name) => format!("connected to {name} ({}), link {link}", peer.address),
                    None => format!("connection from {}, link {link}", peer.address),
                };
                self.note(now, &text);
            }
            RecordedInput::Bytes { link, bytes } => self.bytes(now, *link, bytes, true),
            RecordedInput::Datagram { peer, bytes, .. } => self.datagram(now, *peer, bytes, true),
            RecordedInput::Closed { link, why } => self.closed(now, *link, why.name()),
            RecordedInput::Listening { listener, address } => {
                self.note(now, &format!("listening on {address} (listener {})", listener.index()));
            }
            RecordedInput::Command { command, .. } => self.command(now, command),
            RecordedInput::Persisted { result: Err(fault), .. } => self.note(now, &fault.to_string()),
            RecordedInput::Restored { key, value } => self.note(now, &format!("restored {key}: {value}")),
            RecordedInput::Clock { unix_micros } => self.times.set(now, *unix_micros),
            RecordedInput::Tick | RecordedInput::Persisted { result: Ok(()), .. } => {}
        }
        for (_, action) in &step.actions {
            self.action(now, action);
        }
        if step.panicked {
            self.note(now, "the machine panicked");
        }
    }

    fn command(&mut self, now: Instant, command: &RecordedCommand<'_>) {
        match command {
            RecordedCommand::Line(line) => self.note(now, &format!("> {line}")),
            RecordedCommand::Drain => self.note(now, "told to drain"),
            RecordedCommand::Undrain => self.note(now, "told to end the drain"),
            RecordedCommand::Redial(index) => {
                self.note(now, &format!("told to dial connection {index} (from 0)"));
            }
            RecordedCommand::Stop => self.note(now, "told to stop"),
            RecordedCommand::Select { user, choice } => {
                self.note(now, &format!("told to select {choice} for {user}"));
            }
            RecordedCommand::Reload(reload) => {
                let version = reload.version().map_or_else(|| "none".into(), ToString::to_string);
                self.note(now, &format!("told to reload, with the directory {version}"));
            }
            RecordedCommand::End => {}
        }
    }

    fn action(&mut self, now: Instant, action: &RecordedAction<'_>) {
        match action {
            RecordedAction::Connect { link, address } => {
                let name = self.messages.name_of(address).to_string();
                self.note(now, &format!("connecting to {name} ({address}), link {link}"));
                self.messages.connecting(*link, address);
            }
            RecordedAction::Write { link, bytes } | RecordedAction::WriteSecret { link, bytes, .. } => {
                self.bytes(now, *link, bytes, false);
            }
            RecordedAction::SendDatagram { peer, bytes, .. } => self.datagram(now, *peer, bytes, false),
            RecordedAction::Close { link } => self.closed(now, *link, "by us"),
            RecordedAction::Notify { level: level @ (Level::Warn | Level::Error), name, fields } => {
                self.note(now, &format!("{} {name} {fields}", level.name()));
            }
            RecordedAction::Print { text } => self.note(now, text),
            RecordedAction::Reply { result: Err(refusal), .. } => {
                self.note(now, &format!("refused: {refusal}"));
            }
            RecordedAction::Persist { .. }
            | RecordedAction::Reply { result: Ok(()), .. }
            | RecordedAction::Notify { .. }
            | RecordedAction::Finish { .. } => {}
        }
    }

    fn closed(&mut self, now: Instant, link: LinkId, why: &str) {
        if let Some(name) = self.messages.closed(link) {
            self.note(now, &format!("connection to {name} closed, link {link} ({why})"));
        }
        self.asked.retain(|(of, _)| *of != link);
        self.monitors.retain(|(of, _)| *of != link);
    }

    /// Adds a row that is not a message; it is shown unless only some dialogs are.
    fn note(&mut self, now: Instant, text: &str) {
        let text = self.layout.note(&self.times.row(now), text);
        self.rows.push(Row { text, wire: Vec::new(), belongs: self.other() });
    }

    fn bytes(&mut self, now: Instant, link: LinkId, bytes: &[u8], inward: bool) {
        // Taken out, since what is found in it changes the rest.
        let mut messages = core::mem::replace(&mut self.messages, Messages::new("", &[]));
        messages.bytes(link, bytes, inward, &mut |message| self.message(now, Some(link), message));
        self.messages = messages;
    }

    fn datagram(&mut self, now: Instant, peer: SocketAddr, bytes: &[u8], inward: bool) {
        let mut messages = core::mem::replace(&mut self.messages, Messages::new("", &[]));
        messages.datagram(peer, bytes, inward, &mut |message| self.message(now, None, message));
        self.messages = messages;
    }

    fn message(&mut self, now: Instant, link: Option<LinkId>, message: &Message<'_>) {
        let Message { side, peer, inward, invoke, label, bytes } = *message;
        let (text, belongs) = match (link, invoke) {
            (Some(link), Some(invoke)) => {
                (format!("{invoke:04} {}", label.text), self.frame(link, invoke, message))
            }
            _ => (label.text.clone(), self.dialog(message)),
        };
        let name = match (label.user.as_str(), link) {
            ("", _) => peer.to_string(),
            (user, Some(_)) => user.to_string(),
            (user, None) => format!("{user}/{}", Transport::Udp.name()),
        };
        let text = self.layout.arrow(&self.times.row(now), side, &name, inward, &text);
        self.rows.push(Row { text, wire: bytes.into(), belongs });
    }

    /// Whether a row that cannot be attributed to a dialog is shown.
    const fn other(&self) -> Belongs {
        if self.options.is_of_some() { Belongs::No } else { Belongs::Yes }
    }

    /// Whether a message of a dialog is shown.
    fn dialog(&mut self, message: &Message<'_>) -> Belongs {
        let (LadderOptions { call_id, user, line, .. }, label) = (self.options, message.label);
        if label.call_id.is_empty() {
            return self.other();
        }
        let is_wanted = call_id.is_none_or(|call_id| call_id == label.call_id)
            && user.is_none_or(|user| label.names(user))
            && line.is_none_or(|line| label.is_of(line));
        if is_wanted && self.options.is_of_some() && !label.line.is_empty() {
            self.lines.insert(short(&label.line).into());
        }
        if is_wanted { Belongs::Yes } else { Belongs::No }
    }

    /// Whether a CSTA frame is shown.
    fn frame(&mut self, link: LinkId, invoke: u16, message: &Message<'_>) -> Belongs {
        if !self.options.is_of_some() {
            return Belongs::Yes;
        }
        let label = message.label;
        let monitor = Some(&label.cross_reference).filter(|reference| !reference.is_empty());
        let monitor = monitor.map(|reference| (link, reference.clone()));
        let is_shown = if message.is_event() {
            monitor.is_some_and(|monitor| self.monitors.contains(&monitor))
        } else if message.inward {
            let ours = self.asked.remove(&(link, invoke));
            self.monitors.extend(monitor.filter(|_| ours));
            ours
        } else {
            // A request that no message of a client caused, such as one that moves a monitor, names the line.
            let device = if label.device.is_empty() { &label.calling } else { &label.device };
            let is_of_line = self.lines.contains(device);
            if is_of_line || self.rows.iter().any(|row| row.belongs == Belongs::Yes) {
                self.asked.insert((link, invoke));
            }
            return if is_of_line { Belongs::Yes } else { Belongs::WithStep };
        };
        if is_shown { Belongs::Yes } else { Belongs::No }
    }

    fn draw(&mut self, now: Instant, line: &mut dyn FnMut(&str)) {
        let step = self.rows.iter().any(|row| row.belongs == Belongs::Yes);
        let LadderOptions { since, until, wire, .. } = self.options;
        let is_early = since.is_some_and(|since| self.times.is_before(now, since));
        let is_late = until.is_some_and(|until| !self.times.is_before(now, until));
        if !step || is_early || is_late {
            self.rows.clear();
            return;
        }
        let date = self.times.date(now);
        if let Some(date) = date.filter(|date| self.date.as_ref() != Some(date)) {
            line(&date);
            self.date = Some(date);
        }
        for Row { text, wire: bytes, belongs } in self.rows.drain(..) {
            if belongs == Belongs::No {
                continue;
            }
            line(&plain::line(text.trim_end()));
            if wire && !bytes.is_empty() {
                let mut shown = Vec::new();
                push_payload(&mut shown, &bytes);
                let shown = String::from_utf8_lossy(&shown);
                shown.lines().for_each(|shown| line(&format!("{:12}{shown}", "")));
            }
        }
    }
}

#[cfg(test)]
mod tests;
