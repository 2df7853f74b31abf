//! The content of the golden traces and of the recorded client as bytes on the wire, for seeds.

use std::collections::BTreeMap;
use std::path::Path;
use std::{fs, io};

use ctigate_core::LinkId;
use ctigate_core::trace::{RecordedAction, RecordedInput, Step, Trace};
use ctigate_core::wire::csta_frame;
use ctigate_core::wire::sip::{Framed, Framer, Limits, Message, Scratch};

/// The most bytes of a message in a golden trace.
const LIMIT: usize = 65_536;

/// One golden trace.
pub(super) struct Story {
    /// What happened to the gateway, in order.
    pub(super) events: Vec<Event>,
    /// The bytes on each connection in each direction, in the order of the connections' numbers.
    pub(super) streams: Vec<Vec<u8>>,
    /// Datagrams, in either direction.
    pub(super) datagrams: Vec<Vec<u8>>,
}

/// An event at the gateway.
pub(super) enum Event {
    /// Time passed, in microseconds.
    Passed(u64),
    /// A client sent bytes on a connection.
    Said(LinkId, Vec<u8>),
    /// A client sent a datagram.
    Thrown(Vec<u8>),
    /// A phone system sent bytes.
    Told(Vec<u8>),
}

/// All golden traces, in the order of their names.
///
/// # Errors
/// A file that cannot be read, or is not a trace.
pub(super) fn stories() -> io::Result<Vec<Story>> {
    files("golden")?.iter().map(|text| story(text)).collect()
}

/// The requests of the recorded client, byte for byte.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn recorded_requests() -> io::Result<Vec<Vec<u8>>> {
    let texts = files("data/sipe")?;
    Ok(texts.into_iter().filter(|text| !text.starts_with(b"#")).collect())
}

/// The torture messages of RFC 4475 and RFC 5118.
///
/// # Errors
/// A file that cannot be read.
pub(super) fn torture() -> io::Result<Vec<Vec<u8>>> {
    files("data/torture")
}

fn files(folder: &str) -> io::Result<Vec<Vec<u8>>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    paths.into_iter().map(fs::read).collect()
}

fn story(text: &[u8]) -> io::Result<Story> {
    let segments = [text];
    let mut trace = Trace::open(&segments).map_err(io::Error::other)?;
    let mut story = Story { events: Vec::new(), streams: Vec::new(), datagrams: Vec::new() };
    let mut streams: BTreeMap<(LinkId, bool), Vec<u8>> = BTreeMap::new();
    let mut now = 0;
    while let Some(step) = trace.next_step().map_err(io::Error::other)? {
        let passed = step.now.as_micros().saturating_sub(now);
        now = step.now.as_micros();
        if passed > 0 {
            story.events.push(Event::Passed(passed));
        }
        note(&mut story, &mut streams, step);
    }
    story.streams = streams.into_values().collect();
    Ok(story)
}

/// Notes the bytes and datagrams of a step.
fn note(story: &mut Story, streams: &mut BTreeMap<(LinkId, bool), Vec<u8>>, step: Step<'_>) {
    if let RecordedInput::Bytes { link, bytes } = &step.input {
        streams.entry((*link, true)).or_default().extend_from_slice(bytes);
        // No SIP message begins like a frame.
        story.events.push(match bytes.first() {
            Some(0) => Event::Told(bytes.to_vec()),
            _ => Event::Said(*link, bytes.to_vec()),
        });
    }
    if let RecordedInput::Datagram { bytes, .. } = &step.input {
        story.events.push(Event::Thrown(bytes.to_vec()));
        story.datagrams.push(bytes.to_vec());
    }
    for (_, action) in step.actions {
        if let RecordedAction::Write { link, bytes } = &action {
            streams.entry((*link, false)).or_default().extend_from_slice(bytes);
        }
        if let RecordedAction::SendDatagram { bytes, .. } = action {
            story.datagrams.push(bytes.to_vec());
        }
    }
}

impl Story {
    /// The streams of SIP messages.
    pub(super) fn sip_streams(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.streams.iter().filter(|stream| stream.first() != Some(&0))
    }

    /// The streams of CSTA frames.
    pub(super) fn csta_streams(&self) -> impl Iterator<Item = &Vec<u8>> {
        self.streams.iter().filter(|stream| stream.first() == Some(&0))
    }

    /// The single SIP messages.
    pub(super) fn sip_messages(&self) -> Vec<Vec<u8>> {
        let mut messages = self.datagrams.clone();
        for stream in self.sip_streams() {
            let mut framer = Framer::default();
            let mut rest = stream.as_slice();
            while !rest.is_empty() {
                let (taken, found) = framer.push(rest, LIMIT);
                if let Framed::Message(message) = found {
                    messages.push(message.bytes.to_vec());
                }
                rest = rest.get(taken..).unwrap_or_default();
            }
        }
        messages
    }

    /// The CSTA documents, from messages and from frames.
    pub(super) fn csta_documents(&self) -> Vec<Vec<u8>> {
        let mut documents = Vec::new();
        for message in self.sip_messages() {
            let mut scratch = Scratch::new();
            let message = Message::parse(&message, &mut scratch, Limits::default());
            let body = message.ok().and_then(|message| message.csta_body());
            documents.extend(body.map(<[u8]>::to_vec));
        }
        for stream in self.csta_streams() {
            let mut framer = csta_frame::Framer::default();
            let mut rest = stream.as_slice();
            while !rest.is_empty() {
                let (taken, found) = framer.push(rest);
                if let csta_frame::Framed::Frame { document, .. } = found {
                    documents.push(document.to_vec());
                }
                rest = rest.get(taken..).unwrap_or_default();
            }
        }
        documents
    }
}
