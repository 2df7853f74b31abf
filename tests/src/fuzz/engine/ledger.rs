//! What was asked on each stream, and how often it was answered finally.

use std::collections::{BTreeMap, BTreeSet};

use ctigate_core::LinkId;
use ctigate_core::wire::sip::{Framed, Framer, Limits, Message, Method, Scratch, Start};

use crate::bench::Sip;

/// Call-ID, CSeq, and the topmost Via's branch: what a transaction is known by, seen from outside.
type Key = (String, u32, String, String);

#[derive(Default)]
struct Asked {
    requests: usize,
    finals: usize,
    /// The texts of finals to INVITEs, which are rightly sent again.
    texts: BTreeSet<String>,
}

/// One stream.
#[derive(Default)]
struct Stream {
    framer: Framer,
    asked: BTreeMap<Key, Asked>,
    over: bool,
}

/// All streams.
pub(super) struct Ledger {
    limit: usize,
    streams: BTreeMap<LinkId, Stream>,
    /// The longest session interval that was ever demanded, in seconds.
    pub(super) longest: u32,
}

fn key(message: &Message<'_>) -> Option<Key> {
    let (via, call_id, cseq) = (message.via()?, message.call_id()?, message.cseq()?);
    let branch = via.branch.unwrap_or_default();
    Some((call_id.into(), cseq.number, cseq.method.name().into(), branch.into()))
}

impl Ledger {
    /// A ledger where messages have at most `limit` bytes.
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, streams: BTreeMap::new(), longest: 0 }
    }

    const fn limits(&self) -> Limits {
        Limits { headers: 128, head: self.limit }
    }

    pub(super) fn opened(&mut self, link: LinkId) {
        self.streams.insert(link, Stream::default());
    }

    /// The streams that were not closed.
    pub(super) fn open(&self) -> Vec<LinkId> {
        self.streams.iter().filter(|(_, stream)| !stream.over).map(|(link, _)| *link).collect()
    }

    pub(super) fn is_open(&self, link: LinkId) -> bool {
        self.streams.get(&link).is_some_and(|stream| !stream.over)
    }

    pub(super) fn closed(&mut self, link: LinkId) {
        if let Some(stream) = self.streams.get_mut(&link) {
            stream.over = true;
        }
    }

    /// Somebody says something; on a stream it is framed first.
    pub(super) fn said(&mut self, link: LinkId, mut bytes: &[u8]) {
        let (limits, limit) = (self.limits(), self.limit);
        let Some(stream) = self.streams.get_mut(&link) else { return };
        while !bytes.is_empty() {
            let (taken, found) = stream.framer.push(bytes, limit);
            match found {
                Framed::Message(message) => note(&mut stream.asked, &mut self.longest, message, limits),
                Framed::Broken(_) => return,
                Framed::KeepAlive | Framed::Incomplete => {}
            }
            bytes = bytes.get(taken..).unwrap_or_default();
        }
    }

    /// A datagram was sent.
    pub(super) fn thrown(&mut self, bytes: &[u8]) {
        let limits = self.limits();
        note(&mut BTreeMap::new(), &mut self.longest, bytes, limits);
    }

    /// The gateway answers on a stream.
    ///
    /// # Panics
    /// If it answers a transaction finally more often than it was asked, or what nobody asked.
    pub(super) fn answered(&mut self, link: LinkId, answer: &Sip) {
        let limits = self.limits();
        let Some(stream) = self.streams.get_mut(&link) else { return };
        if answer.status() < 200 {
            return;
        }
        let mut scratch = Scratch::new();
        let Ok(message) =
            Message::parse(answer.text.as_bytes(), &mut scratch, Limits { head: 65_536, ..limits })
        else {
            return;
        };
        let Some(key) = key(&message) else { return };
        let Some(asked) = stream.asked.get_mut(&key) else {
            assert!(message.flaw.is_some(), "an answer to nobody's request: {}", answer.text);
            return;
        };
        asked.finals += 1;
        asked.texts.insert(answer.text.clone());
        let is_invite = key.2 == Method::Invite.name();
        let finals = if is_invite { asked.texts.len() } else { asked.finals };
        assert!(finals <= asked.requests, "{finals} answers to {} of {key:?}", asked.requests);
    }

    /// By now every sound request on an open stream was answered.
    ///
    /// # Panics
    /// If one was not.
    pub(super) fn assert_all_answered(&self) {
        for (link, stream) in self.streams.iter().filter(|(_, stream)| !stream.over) {
            for (key, asked) in &stream.asked {
                assert!(asked.finals > 0, "no answer on {link} to {key:?}");
            }
        }
    }
}

/// Notes a request.
fn note(asked: &mut BTreeMap<Key, Asked>, longest: &mut u32, bytes: &[u8], limits: Limits) {
    let mut scratch = Scratch::new();
    let Ok(message) = Message::parse(bytes, &mut scratch, limits) else { return };
    *longest = (*longest).max(message.min_se().unwrap_or(0));
    let Start::Request { method, .. } = message.start else { return };
    if method == Method::Ack {
        return;
    }
    if let Some(key) = key(&message) {
        asked.entry(key).or_default().requests += 1;
    }
}
