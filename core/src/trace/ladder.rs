//! Draws a trace as a ladder: one line per message, with the machine in the middle.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::chain::Trace;
use super::read::ReadError;
use super::step::{RecordedAction, RecordedInput, Step};
use super::text::push_payload;
use crate::action::Level;
use crate::input::{LinkId, Transport};
use crate::setting::{Setting, Value};
use crate::time::Instant;
use crate::wire::csta_frame::EVENT_INVOKE;

mod label;
mod row;
mod streams;

use label::{SipLabel, is_named, who};
use row::Side;
use streams::{Piece, Stream};

/// Which part of a trace a ladder shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LadderOptions<'a> {
    /// Only the dialog with this Call-ID, and the messages of the phone system that belong to it.
    pub call_id: Option<&'a str>,
    /// Only this user's dialogs (`alice`, `alice@example.com` or a whole URI), and the messages of the phone system
    /// that belong to them.
    pub user: Option<&'a str>,
    /// Whether each message's bytes are shown below its line.
    pub wire: bool,
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
        _ => ("clients", "gateway", "phone system"),
    };
    line(&row::heading(left, middle, right));
    let mut ladder = Ladder {
        options: *options,
        lines_of_text: header.machine == "switch",
        targets: targets(&header.settings),
        links: BTreeMap::new(),
        asked: BTreeSet::new(),
        monitors: BTreeSet::new(),
        rows: Vec::new(),
    };
    while let Some(step) = trace.next_step()? {
        ladder.step(&step);
        ladder.draw(line);
    }
    Ok(())
}

/// The configured addresses to connect to, with their names.
fn targets(settings: &[Setting]) -> BTreeMap<String, String> {
    let text = |key: &str| {
        let found = settings.iter().find(|setting| setting.key == key)?;
        if let Value::Text(text) = &found.value { Some(text.clone()) } else { None }
    };
    let name = |index: usize| {
        let table = format!("cti.connection[{index}]");
        let address = text(&format!("{table}.address"))?;
        let name =
            text(&format!("{table}.name")).unwrap_or_else(|| format!("cti {}", index.saturating_add(1)));
        Some((address, name))
    };
    (0..crate::config::MAX_CONNECTIONS).map_while(name).collect()
}

struct Ladder<'a> {
    options: LadderOptions<'a>,
    /// Whether links that do not speak CSTA carry lines of text instead of SIP.
    lines_of_text: bool,
    targets: BTreeMap<String, String>,
    links: BTreeMap<LinkId, Party>,
    /// The requests to the phone system that are shown: link and invoke ID.
    asked: BTreeSet<(LinkId, u16)>,
    /// The monitors whose events are shown: link and monitorCrossRefID.
    monitors: BTreeSet<(LinkId, String)>,
    /// The rows of this step.
    rows: Vec<Row>,
}

/// The other end of a link.
struct Party {
    side: Side,
    name: String,
    inward: Stream,
    outward: Stream,
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
    fn is_filtered(&self) -> bool {
        self.options.call_id.is_some() || self.options.user.is_some()
    }

    fn step(&mut self, step: &Step<'_>) {
        let now = step.now;
        match &step.input {
            RecordedInput::Opened { link, peer } => self.opened(now, *link, peer.address),
            RecordedInput::Bytes { link, bytes } => self.bytes(now, *link, bytes, true),
            RecordedInput::Datagram { peer, bytes, .. } => self.datagram(now, *peer, bytes, true),
            RecordedInput::Closed { link, why } => self.closed(now, *link, why.name()),
            RecordedInput::Listening { listener, address } => {
                self.note(now, &format!("listening on {address} (listener {})", listener.index()));
            }
            RecordedInput::Line(line) => self.note(now, &format!("> {line}")),
            RecordedInput::Drain => self.note(now, "told to drain"),
            RecordedInput::Stop => self.note(now, "told to stop"),
            RecordedInput::Tick | RecordedInput::End | RecordedInput::Clock { .. } => {}
        }
        for (_, action) in &step.actions {
            self.action(now, action);
        }
        if step.panicked {
            self.note(now, "the machine panicked");
        }
    }

    fn action(&mut self, now: Instant, action: &RecordedAction<'_>) {
        match action {
            RecordedAction::Connect { link, address } => {
                let name = self.targets.get(&**address).cloned().unwrap_or_else(|| address.to_string());
                self.note(now, &format!("connecting to {name} ({address}), link {link}"));
                self.links.insert(*link, Party::new(Side::Right, name));
            }
            RecordedAction::Write { link, bytes } => self.bytes(now, *link, bytes, false),
            RecordedAction::SendDatagram { peer, bytes, .. } => self.datagram(now, *peer, bytes, false),
            RecordedAction::Close { link } => self.closed(now, *link, "by us"),
            RecordedAction::Notify { level: level @ (Level::Warn | Level::Error), name, fields } => {
                self.note(now, &format!("{} {name} {fields}", level.name()));
            }
            RecordedAction::Print { text } => self.note(now, text),
            RecordedAction::Notify { .. } | RecordedAction::Finish { .. } => {}
        }
    }

    fn opened(&mut self, now: Instant, link: LinkId, peer: SocketAddr) {
        if let Some(party) = self.links.get(&link) {
            let text = format!("connected to {} ({peer}), link {link}", party.name);
            self.note(now, &text);
        } else {
            self.note(now, &format!("connection from {peer}, link {link}"));
            self.links.insert(link, Party::new(Side::Left, peer.to_string()));
        }
    }

    fn closed(&mut self, now: Instant, link: LinkId, why: &str) {
        if let Some(party) = self.links.remove(&link) {
            self.note(now, &format!("connection to {} closed, link {link} ({why})", party.name));
        }
        self.asked.retain(|(of, _)| *of != link);
        self.monitors.retain(|(of, _)| *of != link);
    }

    /// Adds a row that is not a message; it is shown unless only some dialogs are.
    fn note(&mut self, now: Instant, text: &str) {
        let belongs = if self.is_filtered() { Belongs::No } else { Belongs::Yes };
        self.rows.push(Row { text: row::note(now, text), wire: Vec::new(), belongs });
    }

    fn bytes(&mut self, now: Instant, link: LinkId, bytes: &[u8], inward: bool) {
        let Some(mut party) = self.links.remove(&link) else { return };
        let lines = self.lines_of_text;
        let stream = if inward { &mut party.inward } else { &mut party.outward };
        let (side, name) = (party.side, &party.name);
        stream.feed(bytes, lines, |piece| {
            let (text, name, wire, belongs) = match piece {
                Piece::Sip(message) => {
                    let (text, name, belongs) = self.sip(message, inward, name);
                    (text, name, message, belongs)
                }
                Piece::Frame(invoke, document) => {
                    let (text, belongs) = self.frame(link, invoke, document, inward);
                    (text, name.clone(), document, belongs)
                }
                Piece::KeepAlive => ("(keep-alive)".into(), name.clone(), [].as_slice(), self.other()),
                Piece::Line(said) => {
                    (String::from_utf8_lossy(said).into_owned(), name.clone(), said, self.other())
                }
                Piece::Broken => ("(no message)".into(), name.clone(), bytes, self.other()),
            };
            let text = row::arrow(now, side, &name, inward, &text);
            self.rows.push(Row { text, wire: wire.into(), belongs });
        });
        self.links.insert(link, party);
    }

    fn datagram(&mut self, now: Instant, peer: SocketAddr, bytes: &[u8], inward: bool) {
        let name = peer.to_string();
        let (text, name, belongs) = self.sip(bytes, inward, &name);
        let name = format!("{name}/{}", Transport::Udp.name());
        let text = row::arrow(now, Side::Left, &name, inward, &text);
        self.rows.push(Row { text, wire: bytes.into(), belongs });
    }

    /// Whether a row that cannot be attributed to a dialog is shown.
    fn other(&self) -> Belongs {
        if self.is_filtered() { Belongs::No } else { Belongs::Yes }
    }

    /// A SIP message's label, its user's name, and whether it is shown.
    fn sip(&self, bytes: &[u8], inward: bool, peer: &str) -> (String, String, Belongs) {
        let Some(label) = label::sip(bytes) else { return ("(no SIP)".into(), peer.into(), self.other()) };
        // From names the sender of the request: the client, if the request comes in or its answer goes out.
        let client = if label.request == inward { &label.from } else { &label.to };
        let name = if client.is_empty() { peer } else { who(client) };
        let belongs = if self.wants(&label) { Belongs::Yes } else { Belongs::No };
        (label.text.clone(), name.into(), belongs)
    }

    fn wants(&self, label: &SipLabel) -> bool {
        let LadderOptions { call_id, user, wire: _ } = self.options;
        let is_user = |user: &str| [&label.from, &label.to].iter().any(|uri| is_named(uri, user));
        call_id.is_none_or(|call_id| call_id == label.call_id) && user.is_none_or(is_user)
    }

    /// A CSTA frame's label, and whether it is shown.
    fn frame(&mut self, link: LinkId, invoke: u16, document: &[u8], inward: bool) -> (String, Belongs) {
        let label = label::csta(document);
        let text = format!("{invoke:04} {}", label.text);
        if !self.is_filtered() {
            return (text, Belongs::Yes);
        }
        let monitor = label.cross_reference.map(|reference| (link, reference));
        let belongs = if invoke == EVENT_INVOKE {
            monitor.is_some_and(|monitor| self.monitors.contains(&monitor))
        } else if inward {
            let ours = self.asked.remove(&(link, invoke));
            self.monitors.extend(monitor.filter(|_| ours));
            ours
        } else {
            if self.rows.iter().any(|row| row.belongs == Belongs::Yes) {
                self.asked.insert((link, invoke));
            }
            return (text, Belongs::WithStep);
        };
        (text, if belongs { Belongs::Yes } else { Belongs::No })
    }

    fn draw(&mut self, line: &mut dyn FnMut(&str)) {
        let step = self.rows.iter().any(|row| row.belongs == Belongs::Yes);
        for Row { text, wire, belongs } in self.rows.drain(..) {
            if belongs == Belongs::No || (belongs == Belongs::WithStep && !step) {
                continue;
            }
            line(text.trim_end());
            if self.options.wire && !wire.is_empty() {
                let mut shown = Vec::new();
                push_payload(&mut shown, &wire);
                let shown = String::from_utf8_lossy(&shown);
                shown.lines().for_each(|shown| line(&format!("{:12}{shown}", "")));
            }
        }
    }
}

impl Party {
    const fn new(side: Side, name: String) -> Self {
        Self { side, name, inward: Stream::Silent, outward: Stream::Silent }
    }
}

#[cfg(test)]
mod tests;
