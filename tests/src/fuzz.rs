//! What must hold for any bytes: one function a fuzz target. Each panics where a property does not hold.
//!
//! The fuzzer calls them with what it finds; the tests here call them with some thousand mutated seeds, so that they are
//! never without use.

mod csta;
mod engine;
mod sip;

#[cfg(test)]
mod mutate;
#[cfg(test)]
mod seeds;

pub use csta::{csta_document, csta_frame};
pub use engine::{Reached, engine, reached};
pub use sip::{sip_framer, sip_message};

/// Cuts `bytes` into pieces of 1 to 64 bytes, where depends on the bytes alone.
fn pieces(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut state = ctigate_core::digest::Digester::new();
    state.bytes(bytes);
    let mut state = state.finish() | 1;
    let mut rest = bytes;
    core::iter::from_fn(move || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let size = usize::try_from(state >> 58).unwrap_or_default() + 1;
        let (piece, after) = rest.split_at_checked(size).unwrap_or((rest, &[]));
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::{mutate, seeds};

    /// How many mutations of the seeds each body sees.
    const MUTATIONS: usize = 4000;

    /// How many random inputs the whole gateway is given.
    const ENGINE_RUNS: u64 = 200;

    fn run(body: fn(&[u8]), seeds: &[Vec<u8>]) {
        for seed in seeds {
            body(seed);
        }
        for bytes in mutate::all(seeds).take(MUTATIONS) {
            body(&bytes);
        }
    }

    #[test]
    fn a_stream_of_sip_gives_the_same_messages_however_it_is_cut() {
        run(super::sip_framer, &seeds::sip_streams());
    }

    #[test]
    fn a_sip_message_is_answered_or_refused_and_never_a_panic() {
        run(super::sip_message, &seeds::sip_messages());
    }

    #[test]
    fn a_csta_document_is_written_as_it_was_read() {
        run(super::csta_document, &seeds::csta_documents());
    }

    #[test]
    fn a_stream_of_csta_frames_is_the_frames_it_is_made_of() {
        run(super::csta_frame, &seeds::csta_streams());
    }

    #[test]
    fn the_gateway_reaches_deep_states_and_keeps_its_word_in_all_of_them() {
        let mut reached = super::Reached::default();
        for seed in 0..ENGINE_RUNS {
            reached.add(&super::reached(&mutate::noise(seed, 600)));
        }
        let floors = [
            ("session_started", 400),
            ("session_refreshed", 40),
            ("stale session", 8),
            ("MonitorStartResponse", 60),
            ("MakeCallResponse", 8),
            ("INFO", 50),
            ("cti_in_service", 150),
            ("table_full", 50),
        ];
        for (name, floor) in floors {
            assert!(reached.count(name) >= floor, "{name}: not {floor} in {reached:#?}");
        }
    }

    #[test]
    fn mutations_are_the_same_in_every_run_and_differ_from_one_another() {
        let seeds = seeds::csta_documents();
        let one: Vec<_> = mutate::all(&seeds).take(500).collect();
        let other: Vec<_> = mutate::all(&seeds).take(500).collect();
        assert_eq!(one, other);
        let different: std::collections::BTreeSet<_> = one.iter().collect();
        assert!(different.len() > 450, "{} of 500", different.len());
    }

    #[test]
    fn pieces_are_the_whole() {
        let bytes: Vec<u8> = (0..=255).cycle().take(10_000).collect();
        assert_eq!(super::pieces(&bytes).collect::<Vec<_>>().concat(), bytes);
        assert!(super::pieces(&bytes).any(|piece| piece.len() == 1), "some piece is a single byte");
    }
}
