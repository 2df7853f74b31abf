//! Measures the reader of AMI at what a real Asterisk said: the processor time of an event that concerns nobody, and of
//! one whose values are all read, and that neither allocates: `cargo bench -p ctigate-tests --bench ami`.

use core::hint::black_box;
use std::alloc::System;
use std::collections::BTreeSet;
use std::io::{self, Write as _};
use std::time::Instant;

use ctigate_core::wire::ami::message::device_of;
use ctigate_core::wire::ami::{Message, Part, Read, Reader};
use ctigate_tests::recordings::asterisk;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The devices that are watched, none of which has part in any event.
const WATCHED: u32 = 5_000;

/// How often all recordings are read in a measurement, and how often that is measured.
const ROUNDS: usize = 40;
const MEASUREMENTS: usize = 7;

/// The bytes that are read at a time.
const PIECE: usize = 16_384;

/// What is done with a message; returns whether it concerns somebody.
type Use<'u> = &'u dyn Fn(&Message<'_>) -> bool;

fn main() -> io::Result<()> {
    let streams: Vec<Vec<u8>> = asterisk()?
        .into_iter()
        .filter(|recording| !recording.is_forged())
        .flat_map(|recording| recording.streams)
        .collect();
    let text: Vec<_> = streams.iter().map(|stream| String::from_utf8_lossy(stream)).collect();
    let events: usize = text.iter().map(|text| text.matches("\nEvent: ").count()).sum();
    let bytes: usize = streams.iter().map(Vec::len).sum();

    let watched: BTreeSet<String> = (0..WATCHED).map(|number| format!("PJSIP/{}", 20_000 + number)).collect();
    let nobody = |message: &Message<'_>| {
        message.parts().any(|part| match part {
            Part::Channel(name) => watched.contains(device_of(name)),
            Part::Device(name) => watched.contains(name),
            Part::Channels(id) | Part::Bridge(id) => watched.contains(id),
        })
    };
    let keys = [
        "Channel",
        "ChannelState",
        "CallerIDNum",
        "ConnectedLineNum",
        "Exten",
        "Uniqueid",
        "Linkedid",
        "DestChannel",
        "DestUniqueid",
        "DestCallerIDNum",
        "DestLinkedid",
        "DialStatus",
        "BridgeUniqueid",
        "Cause",
        "ActionID",
    ];
    let somebody = |message: &Message<'_>| {
        let found = keys.iter().filter(|key| message.value(key).is_some_and(|value| !value.is_empty()));
        found.count() + message.text("CallerIDName").map_or(0, |name| name.len()) > 0
    };

    let mut out = io::stdout().lock();
    writeln!(out, "{events} events, {} bytes each; {WATCHED} devices watched", bytes / events)?;
    let uses: [(&str, Use<'_>); 2] = [("concerns nobody", &nobody), ("is read, 16 values", &somebody)];
    for (name, used) in uses {
        let (nanos, concerned, allocations) = measured(&streams, used);
        writeln!(out, "an event that {name}: {} ns ({concerned} concern)", nanos / events)?;
        if allocations > 0 && name == "concerns nobody" {
            return Err(io::Error::other(format!("{allocations} allocations, where none are needed")));
        }
    }
    Ok(())
}

/// The least time that reading all streams takes, how many messages concern somebody, and how often a round allocates
/// once every buffer has its size.
fn measured(streams: &[Vec<u8>], used: Use<'_>) -> (usize, usize, usize) {
    let mut readers: Vec<Reader> = streams.iter().map(|_| Reader::default()).collect();
    let mut concerned = 0;
    let mut round = |first: bool| {
        concerned = 0;
        for (reader, stream) in readers.iter_mut().zip(streams) {
            // The greeting comes once.
            let begin = stream.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
            let (greeting, rest) = stream.split_at_checked(begin).unwrap_or_default();
            if first {
                black_box(reader.push(greeting));
            }
            for piece in rest.chunks(PIECE) {
                let mut rest = piece;
                while !rest.is_empty() {
                    let (taken, read) = reader.push(rest);
                    if let Read::Message(message) = read {
                        concerned += usize::from(black_box(used(&message)));
                    }
                    rest = rest.get(taken..).unwrap_or_default();
                }
            }
        }
    };
    round(true);
    round(false);
    let before = ALLOCATOR.stats().allocations;
    round(false);
    let allocations = ALLOCATOR.stats().allocations - before;
    let mut least = u128::MAX;
    for _ in 0..MEASUREMENTS {
        let began = Instant::now();
        for _ in 0..ROUNDS {
            round(false);
        }
        least = least.min(began.elapsed().as_nanos());
    }
    (usize::try_from(least).unwrap_or(usize::MAX) / ROUNDS, concerned, allocations)
}
