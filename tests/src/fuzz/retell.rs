//! Turns golden traces into operations: what clients and phone systems sent in them is sent again, at about the same
//! times.

use std::collections::BTreeMap;

use ctigate_core::LinkId;

use super::literature::{Event, Story};

/// How many clients have a connection of their own, before the one that uses datagrams.
const CLIENTS: u8 = 3;

/// The encoding of operations as bytes.
pub(super) struct Tongue<'a> {
    /// How many choices come first, all of which are zero.
    pub(super) first: usize,
    /// The spans of time that can pass, in milliseconds.
    pub(super) spans: &'a [u64],
    /// Lets the span at this index pass.
    pub(super) pass: fn(u8) -> Vec<u8>,
    /// Lets the client at this index send something.
    pub(super) say: fn(u8, &[u8]) -> Vec<u8>,
    /// Lets the phone system send something.
    pub(super) tell: fn(&[u8]) -> Vec<u8>,
}

impl Tongue<'_> {
    /// The bytes for a story.
    pub(super) fn retold(&self, story: &Story) -> Vec<u8> {
        let mut bytes = vec![u8::MAX; self.first];
        let mut clients: BTreeMap<LinkId, u8> = BTreeMap::new();
        for event in &story.events {
            bytes.extend(match event {
                Event::Passed(micros) => (self.pass)(self.span(micros.div_ceil(1_000))),
                Event::Said(link, said) => {
                    let next = u8::try_from(clients.len()).unwrap_or(0) % CLIENTS;
                    (self.say)(*clients.entry(*link).or_insert(next), said)
                }
                Event::Thrown(said) => (self.say)(CLIENTS, said),
                Event::Told(said) => (self.tell)(said),
            });
        }
        bytes
    }

    /// The index of the longest span that is not longer than this.
    fn span(&self, millis: u64) -> u8 {
        let spans = (0..).zip(self.spans).filter(|(_, span)| **span <= millis);
        spans.max_by_key(|(_, span)| **span).map_or(0, |(index, _)| index)
    }
}
