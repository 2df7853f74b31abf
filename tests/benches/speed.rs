//! Measures the speed of the core: `cargo bench -p ctigate-tests --bench speed`.

use core::cell::RefCell;
use std::collections::BTreeMap;

use ctigate_core::line::rules::{Rule, Rules, Table, Terms};
use ctigate_core::line::tel::Tel;
use ctigate_core::wire::csta::emit::{self, Verbatim};
use ctigate_core::wire::csta::guard::XmlLimits;
use ctigate_core::wire::csta::model::{Message, Namespace};
use ctigate_core::wire::csta::parse::Document;
use ctigate_core::wire::sip::Limits;
use ctigate_core::wire::sip::message::{self, Scratch};
use ctigate_tests::steady::{Round, Steady};
use divan::{Bencher, black_box};

/// The numbers of sessions.
const SESSIONS: [usize; 2] = [100, 100_000];

/// The number of samples, and of rounds in a sample, each with another session.
const SAMPLES: u32 = 200;
const ROUNDS: u32 = 100;

std::thread_local! {
    /// Gateways by their number of sessions, kept because signing in 100,000 users takes longer than any measurement.
    static GATEWAYS: RefCell<BTreeMap<usize, Steady>> = const { RefCell::new(BTreeMap::new()) };
}

fn main() {
    divan::main();
}

/// Runs `work` with the gateway that has this many sessions.
fn with<T>(sessions: usize, work: impl FnOnce(&mut Steady) -> T) -> T {
    GATEWAYS
        .with_borrow_mut(|gateways| work(gateways.entry(sessions).or_insert_with(|| Steady::new(sessions))))
}

#[divan::bench]
fn parse_sip_info(bencher: Bencher<'_, '_>) {
    let (_, info) = Steady::new(1).begin(Round::Features);
    let mut scratch = Scratch::new();
    bencher.bench_local(|| {
        let read = message::Message::parse(black_box(info.as_bytes()), &mut scratch, Limits::default());
        black_box(read.is_ok());
    });
}

/// Rules by what numbers begin with, and last one by a pattern, for dialling and for showing.
fn rules(count: u16) -> Rules {
    let made = |last: &str| -> Vec<Rule> {
        let begins: Vec<String> = (1..count).map(|index| format!("+49{:04}", 2_000 + index)).collect();
        let terms = begins.iter().map(|begins| Terms {
            begins: Some(begins),
            strip: 3,
            prepend: "00",
            ..Terms::default()
        });
        let last = Terms { pattern: Some(last), strip: 1, prepend: "000", ..Terms::default() };
        terms.chain([last]).filter_map(|terms| Rule::new(&terms).ok()).collect()
    };
    let rules = Rules::new((Vec::new(), made("+1xxxx*"), made("1xxx")), ["112"].into_iter());
    assert_eq!(rules.count(Table::Dial), usize::from(count), "a rule is wrong");
    rules
}

/// The number of rules of a table.
const RULES: [u16; 3] = [1, 10, 1_000];

#[divan::bench(args = RULES)]
fn dial_by_the_last_rule(bencher: Bencher<'_, '_>, count: u16) {
    let rules = rules(count);
    bencher.bench_local(|| black_box(rules.dial(black_box("+14255550150"))));
}

#[divan::bench(args = RULES)]
fn show_by_no_rule(bencher: Bencher<'_, '_>, count: u16) {
    let rules = rules(count);
    bencher.bench_local(|| black_box(rules.shown(black_box("4567"))));
}

#[divan::bench]
fn read_a_tel_uri(bencher: Bencher<'_, '_>) {
    let uri = "tel:73124;phone-context=dialstring;device=SEP0002FD3BB5C5;partition=BE_BRS_INT";
    bencher.bench_local(|| black_box(Tel::read(black_box(uri)).is_ok()));
}

#[divan::bench]
fn parse_and_emit_csta(bencher: Bencher<'_, '_>) {
    let (_, event) = Steady::new(1).begin(Round::Event);
    let mut out = Vec::new();
    bencher.bench_local(|| {
        out.clear();
        if let Ok(document) = Document::parse(black_box(event.as_bytes()), &XmlLimits::default())
            && let Ok(Message::Event(event)) = document.message()
        {
            emit::event(&mut out, Namespace::ED3, &event, &mut Verbatim);
        }
        black_box(out.len());
    });
}

fn round(bencher: Bencher<'_, '_>, sessions: usize, round: Round) {
    with(sessions, |_| ());
    bencher
        .with_inputs(|| with(sessions, |gateway| gateway.begin(round)))
        .bench_local_refs(|(user, opening)| with(sessions, |gateway| gateway.play(round, *user, opening)));
}

#[divan::bench(args = SESSIONS, sample_count = SAMPLES, sample_size = ROUNDS)]
fn step_features(bencher: Bencher<'_, '_>, sessions: usize) {
    round(bencher, sessions, Round::Features);
}

#[divan::bench(args = SESSIONS, sample_count = SAMPLES, sample_size = ROUNDS)]
fn step_hold_and_back(bencher: Bencher<'_, '_>, sessions: usize) {
    round(bencher, sessions, Round::Hold);
}

#[divan::bench(args = SESSIONS, sample_count = SAMPLES, sample_size = ROUNDS)]
fn step_event_and_answer(bencher: Bencher<'_, '_>, sessions: usize) {
    round(bencher, sessions, Round::Event);
}

#[divan::bench(args = SESSIONS, sample_count = SAMPLES, sample_size = ROUNDS)]
fn step_sign_in_and_bye(bencher: Bencher<'_, '_>, sessions: usize) {
    round(bencher, sessions, Round::SignIn);
}
