//! A ledger of requests on each stream, and how often each got a final answer.

use std::collections::{BTreeMap, BTreeSet};

use ctigate_core::LinkId;
use ctigate_core::wire::sip::{Framed, Framer, Limits, Message, Method, NameAddress, Scratch, Start};

use crate::bench::Sip;

/// Call-ID, CSeq, and the topmost Via's branch, which identify a transaction from outside.
type Key = (String, u32, String, String);

/// A coarser form of what the gateway matches requests by: two requests that have it in common may be one to it, so
/// that the second is answered like the first or not at all.
type Likeness = (String, String, u16, String);

#[derive(Default)]
struct Asked {
    requests: usize,
    finals: usize,
    /// Whether an answer must come: for valid requests unlike any before.
    owed: bool,
    /// Whether an INVITE was among the requests, whatever its CSeq says.
    invite: bool,
    /// The final responses to INVITEs, which may be retransmitted.
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
    /// The first request of each likeness: its key, if it has one, and its stream, if it came on one.
    first: BTreeMap<Likeness, (Option<Key>, Option<LinkId>)>,
    /// The longest session interval that was requested, in seconds.
    pub(super) longest: u32,
    /// Whether messages on different streams may overtake each other.
    overtaking: bool,
}

fn key(message: &Message<'_>) -> Option<Key> {
    let (via, call_id, cseq) = (message.via()?, message.call_id()?, message.cseq()?);
    let branch = via.branch.unwrap_or_default();
    Some((call_id.into(), cseq.number, cseq.method.name().into(), branch.into()))
}

fn likeness(message: &Message<'_>, method: Method<'_>) -> Option<Likeness> {
    let via = message.via()?;
    let rest = if via.has_rfc3261_branch() {
        String::from(via.branch.unwrap_or_default())
    } else {
        let from = message.from();
        let tag = from.as_ref().and_then(NameAddress::tag).unwrap_or_default();
        let number = message.cseq().map_or(0, |cseq| cseq.number);
        format!("{number} {tag:?} {:?}", message.call_id().unwrap_or_default())
    };
    Some((method.name().into(), via.host.into(), via.port.unwrap_or(0), rest))
}

impl Ledger {
    /// A ledger for messages of at most `limit` bytes.
    pub(super) const fn new(limit: usize) -> Self {
        Self { limit, streams: BTreeMap::new(), first: BTreeMap::new(), longest: 0, overtaking: false }
    }

    /// The same, if messages on different streams may overtake each other.
    pub(super) const fn overtaking(limit: usize) -> Self {
        let mut ledger = Self::new(limit);
        ledger.overtaking = true;
        ledger
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

    /// Notes bytes sent on a stream, after framing them.
    pub(super) fn said(&mut self, link: LinkId, mut bytes: &[u8]) {
        let Some(stream) = self.streams.get_mut(&link) else { return };
        let mut framer = core::mem::take(&mut stream.framer);
        while !bytes.is_empty() {
            let (taken, found) = framer.push(bytes, self.limit);
            match found {
                Framed::Message(message) => self.note(message.bytes, Some(link)),
                Framed::Broken(_, head) => {
                    if let Some(head) = head {
                        self.note(head.bytes, Some(link));
                    }
                    break;
                }
                Framed::KeepAlive | Framed::Incomplete => {}
            }
            bytes = bytes.get(taken..).unwrap_or_default();
        }
        self.streams.entry(link).or_default().framer = framer;
    }

    /// Notes a datagram.
    pub(super) fn thrown(&mut self, bytes: &[u8]) {
        self.note(bytes, None);
    }

    /// Notes a request.
    fn note(&mut self, bytes: &[u8], link: Option<LinkId>) {
        let mut scratch = Scratch::new();
        let Ok(message) = Message::parse(bytes, &mut scratch, self.limits()) else { return };
        self.longest = self.longest.max(message.min_se().unwrap_or(0));
        let Start::Request { method, .. } = message.start else { return };
        let Some(likeness) = likeness(&message, method).filter(|_| method != Method::Ack) else { return };
        // The answer to a request without a key cannot be attributed, but the request may still be like others.
        let key = key(&message);
        let first = self.first.get(&likeness).cloned();
        let owed = message.flaw.is_none() && first.is_none();
        if let Some((first, stream)) = first.filter(|(first, stream)| (first, *stream) != (&key, link)) {
            // It may be answered like the first of its likeness, on either stream.
            let streams: BTreeSet<LinkId> = stream.into_iter().chain(link).collect();
            let either = self.overtaking && streams.len() > 1;
            for stream in streams {
                if let Some(first) = first.clone() {
                    self.expect(stream, first, method).owed &= !either;
                }
                if let Some(key) = key.clone().filter(|_| either && Some(stream) != link) {
                    self.expect(stream, key, method);
                }
            }
        } else {
            self.first.entry(likeness).or_insert_with(|| (key.clone(), link));
        }
        if let Some((link, key)) = link.zip(key) {
            self.expect(link, key, method).owed |= owed;
        }
    }

    /// Expects one more answer on a stream.
    fn expect(&mut self, link: LinkId, key: Key, method: Method<'_>) -> &mut Asked {
        let asked = self.streams.entry(link).or_default().asked.entry(key).or_default();
        asked.requests += 1;
        asked.invite |= method == Method::Invite;
        asked
    }

    /// Checks a message of the gateway.
    ///
    /// # Panics
    /// If it is not a message, or a request with a flaw.
    pub(super) fn assert_sound(&self, said: &Sip) {
        let mut scratch = Scratch::new();
        let limits = Limits { head: 65_536, ..self.limits() };
        let message = Message::parse(said.text.as_bytes(), &mut scratch, limits);
        let flaw = message.map(|message| message.flaw.filter(|_| said.status() == 0));
        assert_eq!(flaw, Ok(None), "the gateway sent {}", said.text);
    }

    /// Notes an answer of the gateway on a stream.
    ///
    /// # Panics
    /// If a transaction gets more final answers than requests, or an answer matches no request.
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
        let finals = if asked.invite { asked.texts.len() } else { asked.finals };
        assert!(finals <= asked.requests, "{finals} answers to {} of {key:?}", asked.requests);
    }

    /// Checks that every valid request on an open stream was answered.
    ///
    /// # Panics
    /// If one was not.
    pub(super) fn assert_all_answered(&self) {
        for (link, stream) in self.streams.iter().filter(|(_, stream)| !stream.over) {
            for (key, asked) in &stream.asked {
                assert!(!asked.owed || asked.finals > 0, "no answer on {link} to {key:?}");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: LinkId = LinkId::new(1);

    fn headers(start: &str, branch: &str, number: u32, method: &str) -> String {
        format!(
            "{start}\r\nVia: SIP/2.0/TCP h{branch}\r\nFrom: <sip:a@h>;tag=1\r\nTo: <sip:gw@h>\r\nCall-ID: c\r\n\
             CSeq: {number} {method}\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"
        )
    }

    fn asked(requests: &[(&str, u32, &str)]) -> Ledger {
        let mut ledger = Ledger::new(4096);
        ledger.opened(LINK);
        for (branch, number, method) in requests {
            let start = format!("{method} sip:gw@h SIP/2.0");
            ledger.said(LINK, headers(&start, branch, *number, method).as_bytes());
        }
        ledger
    }

    fn answer(ledger: &mut Ledger, branch: &str, number: u32, method: &str) {
        let text = headers("SIP/2.0 200 OK", branch, number, method);
        ledger.answered(LINK, &Sip::from(text));
    }

    #[test]
    fn one_answer_to_each_request_is_right() {
        let mut ledger = asked(&[(";branch=z9hG4bK1", 1, "INFO"), ("", 2, "INFO"), ("", 2, "BYE")]);
        answer(&mut ledger, "", 2, "BYE");
        answer(&mut ledger, "", 2, "INFO");
        answer(&mut ledger, ";branch=z9hG4bK1", 1, "INFO");
        ledger.assert_all_answered();
    }

    #[test]
    #[should_panic(expected = "no answer")]
    fn a_request_without_an_answer_is_found() {
        asked(&[("", 1, "INFO")]).assert_all_answered();
    }

    #[test]
    #[should_panic(expected = "2 answers to 1")]
    fn an_answer_too_many_is_found() {
        let mut ledger = asked(&[("", 1, "INFO")]);
        answer(&mut ledger, "", 1, "INFO");
        answer(&mut ledger, "", 1, "INFO");
    }

    #[test]
    fn a_request_that_is_like_an_earlier_one_may_be_answered_as_that_or_not_at_all() {
        let branch = ";branch=z9hG4bK1";
        let mut ledger = asked(&[(branch, 1, "INFO"), (branch, 2, "INFO")]);
        answer(&mut ledger, branch, 1, "INFO");
        ledger.assert_all_answered();
        answer(&mut ledger, branch, 1, "INFO");
    }

    #[test]
    fn a_request_that_is_like_one_without_a_call_id_may_be_answered_as_that() {
        let sound = headers("INVITE sip:gw@h SIP/2.0", ";branch=z9hG4bK1", 1, "INVITE");
        let mut ledger = asked(&[]);
        ledger.said(LINK, sound.replace("Call-ID: c\r\n", "").as_bytes());
        ledger.said(LINK, sound.as_bytes());
        ledger.assert_all_answered();
    }

    #[test]
    #[should_panic(expected = "the gateway sent BYE sip:a b@h")]
    fn a_request_of_the_gateways_with_a_flaw_is_found() {
        let text = headers("BYE sip:a b@h SIP/2.0", "", 1, "BYE");
        Ledger::new(4096).assert_sound(&Sip::from(text));
    }
}
