//! Properties that must hold for any bytes: one function per fuzz target, which panics if a property does not hold.
//!
//! The fuzzer calls them with the inputs it finds; the tests here call them with some thousand mutated seeds, so that
//! they are used in every test run.

use std::io;

mod ami;
mod choices;
mod csta;
mod directory;
mod engine;
mod ledger;
mod literature;
mod mangle;
mod numbers;
mod reached;
mod retell;
mod rows;
mod seeds;
mod sip;
mod speech;
mod world;

#[cfg(test)]
mod growth;
#[cfg(test)]
mod mutate;

pub use ami::ami;
pub use csta::{csta_document, csta_frame};
pub use directory::{directory_file, ldif};
pub use engine::engine;
pub use numbers::{number_rules, tel_uri};
pub use reached::Reached;
pub use sip::{sip_framer, sip_message};
pub use world::world;

/// Checks that the properties hold for these bytes, and notes the states that they reached.
pub type Body = fn(&[u8], &mut Reached);

/// One fuzz target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, as in cargo-fuzz.
    pub name: &'static str,
    /// Its function.
    pub body: Body,
    /// The seeds of its corpus, or why the golden traces cannot be read.
    pub seeds: fn() -> io::Result<Vec<Vec<u8>>>,
}

/// Every target.
pub const TARGETS: [Target; 11] = [
    Target { name: "ami", body: ami, seeds: ami::seeds },
    Target { name: "csta_document", body: csta_document, seeds: seeds::csta_documents },
    Target { name: "csta_frame", body: csta_frame, seeds: seeds::csta_streams },
    Target { name: "directory_file", body: directory_file, seeds: directory::files },
    Target { name: "engine", body: engine, seeds: engine::seeds },
    Target { name: "ldif", body: ldif, seeds: directory::found },
    Target { name: "number_rules", body: number_rules, seeds: seeds::number_rules },
    Target { name: "sip_framer", body: sip_framer, seeds: seeds::sip_streams },
    Target { name: "sip_message", body: sip_message, seeds: seeds::sip_messages },
    Target { name: "tel_uri", body: tel_uri, seeds: seeds::tel_uris },
    Target { name: "world", body: world, seeds: world::seeds },
];

/// Runs a body, and prints the states that were reached for the first time to standard error.
///
/// # Panics
/// If a property does not hold.
pub fn tell(body: Body, bytes: &[u8]) {
    let mut reached = Reached::default();
    body(bytes, &mut reached);
    reached.tell();
}

/// Divides `bytes` into pieces of 1 to 64 bytes, as a function of the bytes.
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
    use ctigate_core::wire::csta::services;

    use super::{Body, Reached, TARGETS, mutate, seeds};

    /// How many mutations of the seeds each body sees.
    const MUTATIONS: usize = 4000;

    /// How many random inputs the whole gateway is given.
    const ENGINE_RUNS: u64 = 200;

    /// How many random inputs the two gateways are given.
    const WORLD_RUNS: u64 = 120;

    fn run(body: Body, seeds: &[Vec<u8>]) {
        let mut reached = Reached::default();
        for seed in seeds {
            body(seed, &mut reached);
        }
        for bytes in mutate::all(seeds).take(MUTATIONS) {
            body(&bytes, &mut reached);
        }
    }

    #[track_caller]
    fn assert_floors(reached: &Reached, floors: &[(&str, usize)]) {
        for (name, floor) in floors {
            assert!(reached.count(name) >= *floor, "{name}: not {floor} in {reached:#?}");
        }
    }

    #[test]
    fn a_stream_of_sip_gives_the_same_messages_however_it_is_cut() {
        run(super::sip_framer, &seeds::sip_streams().unwrap());
    }

    #[test]
    fn a_sip_message_is_answered_or_refused_and_never_a_panic() {
        run(super::sip_message, &seeds::sip_messages().unwrap());
    }

    #[test]
    fn a_stream_of_ami_gives_the_same_messages_however_it_is_cut() {
        let seeds = super::ami::seeds().unwrap();
        let mut reached = Reached::default();
        for bytes in seeds.iter().cloned().chain(mutate::all(&seeds).take(MUTATIONS / 4)) {
            super::ami(&bytes, &mut reached);
        }
        assert_floors(
            &reached,
            &[
                ("Newchannel", 100),
                ("Hangup", 100),
                ("a response", 200),
                ("another event", 20),
                ("rejected: Parted", 20),
            ],
        );
    }

    #[test]
    fn a_uri_of_a_number_is_written_so_that_it_reads_as_equal() {
        run(super::tel_uri, &seeds::tel_uris().unwrap());
    }

    #[test]
    fn number_rules_make_numbers_that_can_be_dialled_or_none() {
        run(super::number_rules, &seeds::number_rules().unwrap());
    }

    #[test]
    fn a_csta_document_is_written_as_it_was_read() {
        run(super::csta_document, &seeds::csta_documents().unwrap());
    }

    #[test]
    fn a_stream_of_csta_frames_is_the_frames_it_is_made_of() {
        run(super::csta_frame, &seeds::csta_streams().unwrap());
    }

    #[test]
    fn a_directory_file_is_written_as_it_was_read() {
        run(super::directory_file, &super::directory::files().unwrap());
    }

    #[test]
    fn what_is_imported_from_ldif_is_a_directory_or_a_mistake() {
        run(super::ldif, &super::directory::found().unwrap());
    }

    #[test]
    fn the_gateway_reaches_deep_states_and_keeps_its_word_in_all_of_them() {
        let mut reached = Reached::default();
        for seed in 0..ENGINE_RUNS {
            super::engine(&mutate::noise(seed, 600), &mut reached);
        }
        assert_floors(
            &reached,
            &[
                ("session_started", 400),
                ("session_refreshed", 40),
                ("stale session", 8),
                ("MonitorStartResponse", 60),
                ("MakeCallResponse", 8),
                ("INFO", 50),
                ("cti_in_service", 150),
                ("table_full", 50),
            ],
        );
        let relayed = services::all().iter().filter(|service| service.is_relayed());
        let answered = relayed.filter(|service| reached.count(service.response_root) > 0).count();
        assert!(answered >= 30, "{answered} relayed services are answered: {reached:#?}");
    }

    #[test]
    fn two_gateways_at_one_phone_system_keep_their_word() {
        let mut reached = Reached::default();
        for seed in super::world::seeds().unwrap() {
            super::world(&seed, &mut reached);
        }
        for seed in 0..WORLD_RUNS {
            super::world(&mutate::noise(seed, 300), &mut reached);
        }
        assert_floors(
            &reached,
            &[
                ("session_started", 200),
                ("session_refreshed", 30),
                ("client: refreshed", 20),
                ("client: signed-out", 70),
                ("MonitorStartResponse", 150),
                ("MakeCallResponse", 5),
                ("EstablishedEvent", 5),
                ("service_timed_out", 4),
                ("cti_out_of_service", 30),
                ("phone system [2, 2]", 80),
                ("481 to INFO", 30),
            ],
        );
    }

    #[test]
    fn every_corpus_begins_with_what_the_golden_traces_hold() {
        let stories = super::literature::stories().unwrap();
        assert!(stories.len() >= 14, "{} golden traces", stories.len());
        // What an administrator writes comes over no link, and the seeds of AMI are recordings of their own.
        let files = ["directory_file", "ldif", "ami"];
        for target in TARGETS.iter().filter(|target| !files.contains(&target.name)) {
            let seeds: Vec<Vec<u8>> = (target.seeds)().unwrap();
            let real = |seed: &&Vec<u8>| {
                [b"alice-call".as_slice(), b"sessionID>s1", b">1001<", b"tel:1001"]
                    .iter()
                    .any(|word| seed.windows(word.len()).any(|found| found == *word))
            };
            let count = seeds.iter().filter(real).count();
            // The stories name the same few lines.
            let least = if ["tel_uri", "number_rules"].contains(&target.name) { 1 } else { 8 };
            assert!(
                count >= least,
                "{}: {count} of {} seeds are from the golden traces",
                target.name,
                seeds.len()
            );
        }
    }

    #[test]
    fn mutations_are_the_same_in_every_run_and_differ_from_one_another() {
        let seeds = seeds::csta_documents().unwrap();
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
