//! Golden traces as operations: what clients and phone systems said in them is said again, at about the same times.

use std::collections::BTreeMap;
use std::io;

use ctigate_core::LinkId;

use super::operations::{Operation, SPANS};
use crate::fuzz::choices::raw;
use crate::fuzz::literature::{self, Event, Story};

/// Where a corpus begins: every golden trace, told to a gateway of every default whose peers do as they should.
///
/// # Errors
/// If a trace cannot be read.
pub(in crate::fuzz) fn seeds() -> io::Result<Vec<Vec<u8>>> {
    Ok(literature::stories()?.iter().map(retold).collect())
}

fn retold(story: &Story) -> Vec<u8> {
    // The first choices are all «no».
    let mut bytes = vec![u8::MAX; super::stage::FIRST_CHOICES];
    let mut actors: BTreeMap<LinkId, u8> = BTreeMap::new();
    for event in &story.events {
        match event {
            Event::Passed(micros) => {
                let millis = micros.div_ceil(1_000);
                let span = (0..).zip(SPANS).take_while(|(_, span)| *span <= millis).last();
                bytes.extend([Operation::Time.byte(), span.map_or(0, |(place, _)| place)]);
            }
            Event::Said(link, said) => {
                let next = u8::try_from(actors.len()).unwrap_or(0) % 3;
                let actor = *actors.entry(*link).or_insert(next);
                bytes.extend([Operation::Raw.byte(), actor, 2]);
                raw(&mut bytes, said);
            }
            Event::Thrown(said) => {
                bytes.extend([Operation::Raw.byte(), 3, 2]);
                raw(&mut bytes, said);
            }
            // What it answers, a phone system that behaves answers by itself.
            Event::Told(said) if said.windows(5).any(|word| word == b"Event") => {
                bytes.extend([Operation::SystemSpeaks.byte(), 0, 3]);
                raw(&mut bytes, said);
            }
            Event::Told(_) => {}
        }
    }
    bytes
}
