//! Random walks: whatever people and computers do, the events alone give every connection's state.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::{Duration, Instant};
use ctigate_core::wire::csta::model::LocalConnectionState;

use crate::switch::config::{Answer, SwitchConfig};
use crate::switch::phones::{ACTIVE, By, Call, Happening, Party, Phone, Phones};

/// Each phone's connections according to its events, without null ones.
type Heard = BTreeMap<(u64, u64), LocalConnectionState>;

/// A small random number generator, so that a walk is a function of its number.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

fn listen(heard: &mut Heard, told: &[Happening]) {
    for happening in told {
        assert!(!happening.seen.is_empty(), "an event that nobody sees: {happening:?}");
        for (phone, state) in &happening.seen {
            let key = (phone.number(), happening.call.number());
            if *state == LocalConnectionState::Null {
                assert!(heard.remove(&key).is_some(), "left what it was not in: {happening:?}");
            } else {
                heard.insert(key, *state);
            }
        }
    }
}

fn actual(phones: &Phones) -> Heard {
    let mut states = Heard::new();
    for (phone, _) in phones.table.iter() {
        for seen in phones.snapshot(phone) {
            states.insert((phone.number(), seen.handle.number()), seen.own());
        }
    }
    states
}

fn act(dice: &mut Dice, phones: &mut Phones, now: Instant, all: &[Handle<Phone>], told: &mut Vec<Happening>) {
    let pick = |dice: &mut Dice| all[usize::try_from(dice.roll(u64::try_from(all.len()).unwrap())).unwrap()];
    let phone = pick(dice);
    let number = match dice.roll(8) {
        0 => "999".into(),
        1 => "0123".into(),
        _ => phones.phone(pick(dice)).unwrap().number.clone(),
    };
    let calls: Vec<Handle<Call>> = phones.phone(phone).unwrap().calls.iter().copied().collect();
    let call = (!calls.is_empty())
        .then(|| calls[usize::try_from(dice.roll(u64::try_from(calls.len()).unwrap())).unwrap()]);
    let by = if dice.roll(2) == 0 { By::Person } else { By::Computer };
    let done = match (dice.roll(10), call) {
        (0, _) => phones.off_hook(now, phone, told).map(|_| ()),
        (1, _) => phones.dial(now, phone, &number, told).map(|_| ()),
        (2, _) => phones.make_call(now, phone, &number, dice.roll(2) == 0, told).map(|_| ()),
        (3 | 4, Some(call)) => phones.answer(now, call, phone, told),
        (5, Some(call)) => phones.hold(call, phone, by, told),
        (6, Some(call)) => phones.retrieve(call, phone, by, told),
        (7, Some(call)) => {
            let parties: Vec<Party> =
                phones.call(call).unwrap().parties().iter().map(|one| one.party).collect();
            let party = parties[usize::try_from(dice.roll(u64::try_from(parties.len()).unwrap())).unwrap()];
            phones.clear(call, party, "normalClearing", told)
        }
        (8, Some(call)) => phones.deflect(now, call, phone, pick(dice), told),
        _ => return,
    };
    assert!(done.is_ok() || told.is_empty(), "a refusal told something");
}

#[test]
fn who_only_hears_the_events_knows_every_connection() {
    for walk in 0..60 {
        let mut dice = Dice(walk);
        let mut config =
            SwitchConfig { trunk_prefix: Some("0".into()), trunks: 1, calls: 6, ..SwitchConfig::default() };
        config.phones.truncate(5);
        config.phones[3].answer = Answer::After(Duration::from_secs(3));
        config.phones[4].answer = Answer::Busy;
        config.lines = 1 + usize::try_from(dice.roll(3)).unwrap();
        let mut phones = Phones::new(&config);
        let all: Vec<Handle<Phone>> = phones.table.iter().map(|(handle, _)| handle).collect();
        let mut heard = Heard::new();
        let mut now = Instant::ZERO;
        for _ in 0..300 {
            let mut told = Vec::new();
            act(&mut dice, &mut phones, now, &all, &mut told);
            now = now + Duration::from_millis(dice.roll(4_000));
            while phones.tick(now, &mut told) {}
            listen(&mut heard, &told);
            assert_eq!(heard, actual(&phones), "walk {walk}");
            assert_eq!(phones.fold(), phones.recompute());
            for phone in &all {
                let active = phones.snapshot(*phone).filter(|seen| ACTIVE.contains(&seen.own())).count();
                assert!(active <= 1 && phones.phone(*phone).unwrap().calls.len() <= config.lines);
            }
        }
        let left: Vec<Handle<Call>> = phones.calls().iter().map(|(handle, _)| handle).collect();
        let mut told = Vec::new();
        for call in left {
            phones.end(call, "normalClearing", &mut told);
        }
        listen(&mut heard, &told);
        assert!(heard.is_empty() && phones.calls().is_empty() && phones.trunks_taken.is_empty());
        assert_eq!(phones.next_due(), None);
    }
}
