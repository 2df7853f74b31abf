//! Golden traces as operations: what clients and phone systems said in them is said again, at about the same times.

use std::collections::BTreeMap;

use ctigate_core::LinkId;

use super::literature::{Event, Story};

/// How many clients there are with a connection of their own, before the one that speaks in datagrams.
const CLIENTS: u8 = 3;

/// What a machine's peers can be made to do, as bytes.
pub(super) struct Tongue<'a> {
    /// How many choices come first; all of them are «no».
    pub(super) first: usize,
    /// The spans that can pass, in milliseconds.
    pub(super) spans: &'a [u64],
    /// The span at this place passes.
    pub(super) pass: fn(u8) -> Vec<u8>,
    /// The client at this place says something.
    pub(super) say: fn(u8, &[u8]) -> Vec<u8>,
    /// The phone system says something.
    pub(super) tell: fn(&[u8]) -> Vec<u8>,
}

impl Tongue<'_> {
    /// The bytes that tell a story.
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

    /// The place of the longest span that is not longer.
    fn span(&self, millis: u64) -> u8 {
        let spans = (0..).zip(self.spans).filter(|(_, span)| **span <= millis);
        spans.max_by_key(|(_, span)| **span).map_or(0, |(place, _)| place)
    }
}
