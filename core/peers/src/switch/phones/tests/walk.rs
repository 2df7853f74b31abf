//! Random walks: whatever people and computers do, the events alone give every connection's state.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use ctigate_core::slots::Handle;
use ctigate_core::time::{Duration, Instant};
use ctigate_core::wire::csta::model::LocalConnectionState;

use crate::switch::config::{Answer, GroupConfig, Hunts, MergedCalls, PhoneConfig, SwitchConfig};
use crate::switch::phones::{
    ACTIVE, By, Call, Detail, Happening, Kind, Merged, Participation, Party, Phone, Phones,
};

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
        let merged = if let Detail::Merged(merged) = &happening.detail { Some(merged) } else { None };
        if let Some(merged) = merged {
            forget_old(heard, merged);
        }
        for (phone, state) in &happening.seen {
            let key = (phone.number(), happening.call.number());
            if *state == LocalConnectionState::Null {
                let was_in = heard.remove(&key).is_some();
                let may_be_out = merged.is_some() || happening.kind == Kind::CallCleared;
                assert!(was_in || may_be_out, "left what it was not in: {happening:?}");
            } else {
                heard.insert(key, *state);
            }
        }
    }
}

/// Forgets the connections of the calls that became one.
fn forget_old(heard: &mut Heard, merged: &Merged) {
    let by = [Some(merged.primary), merged.secondary].into_iter().flatten().map(|old| (merged.by, old));
    let others = merged.list.iter().filter_map(|moved| moved.old.map(|old| (moved.party, old)));
    for (party, old) in by.chain(others) {
        if let Party::Phone(phone) = party {
            heard.remove(&(phone.number(), old.number()));
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

/// One of a phone's calls.
fn pick_call(dice: &mut Dice, phones: &Phones, phone: Handle<Phone>) -> Option<Handle<Call>> {
    let calls = &phones.phone(phone).unwrap().calls;
    let count = u64::try_from(calls.len()).unwrap();
    (count > 0).then(|| calls[usize::try_from(dice.roll(count)).unwrap()])
}

/// Something happens; nothing if what was drawn is impossible.
fn act(
    dice: &mut Dice,
    phones: &mut Phones,
    now: Instant,
    all: &[Handle<Phone>],
    told: &mut Vec<Happening>,
) -> Option<()> {
    let pick = |dice: &mut Dice| all[usize::try_from(dice.roll(u64::try_from(all.len()).unwrap())).unwrap()];
    let phone = pick(dice);
    let number = match dice.roll(10) {
        0 => "999".into(),
        1 => "0123".into(),
        2 => "800".into(),
        3 => "701".into(),
        _ => phones.phone(pick(dice)).unwrap().number.clone(),
    };
    let call = pick_call(dice, phones, phone);
    let by = if dice.roll(2) == 0 { By::Person } else { By::Computer };
    let other = pick_call(dice, phones, phone);
    let participation = match dice.roll(4) {
        0 => Participation::Silent,
        1 => Participation::None,
        _ => Participation::Active,
    };
    let done = match (dice.roll(26), call) {
        (0, _) => phones.off_hook(now, phone, told).map(|_| ()),
        (1, _) => phones.dial(now, phone, &number, told).map(|_| ()),
        (2, _) => phones.make_call(now, phone, &number, dice.roll(2) == 0, told).map(|_| ()),
        (3..=5, Some(call)) => phones.answer(now, call, phone, told),
        (6, Some(call)) => phones.hold(call, phone, by, told),
        (7, Some(call)) => phones.retrieve(call, phone, by, told),
        (8, Some(call)) => {
            let parties: Vec<Party> =
                phones.call(call).unwrap().parties().iter().map(|one| one.party).collect();
            let party = parties[usize::try_from(dice.roll(u64::try_from(parties.len()).unwrap())).unwrap()];
            phones.clear(call, party, "normalClearing", told)
        }
        (9, Some(call)) => phones.deflect(now, call, phone, pick(dice), told),
        (10 | 11, Some(call)) => phones.consult(now, call, phone, &number, told).map(|_| ()),
        (12, Some(call)) => phones.alternate(now, (call, other?), phone, told),
        (13, Some(call)) => phones.reconnect((call, other?), phone, told),
        (14 | 15, Some(call)) => phones.transfer((call, other?), phone, told).map(|_| ()),
        (16 | 17, Some(call)) => phones.conference((call, other?), phone, told).map(|_| ()),
        (18, Some(call)) => phones.single_step_transfer(now, call, phone, &number, told).map(|_| ()),
        (19, Some(call)) => {
            phones.single_step_conference(now, call, phone, (&number, participation), told).map(|_| ())
        }
        (20, _) => {
            let from = pick(dice);
            let call = pick_call(dice, phones, from)?;
            match dice.roll(3) {
                0 => phones.pick_up(call, Party::Phone(from), phone, told),
                1 => phones.prompt_to_enter(now, call, phone, participation, told).map(|_| ()),
                _ => phones.enter(call, phone, participation, told),
            }
        }
        (21, Some(call)) => phones.park(now, call, phone, "701", told).map(|_| ()),
        (22, Some(call)) => match dice.roll(3) {
            0 => phones.intrude(call, phone, participation, told).map(|_| ()),
            1 => phones.camp_on(call, phone, told),
            _ => phones.call_back(call, phone, told).map(|_| ()),
        },
        (23, Some(call)) => phones.generate_digits(call, phone, "1", told),
        (24, _) => phones.come_in(now, None, &number, told).map(|_| ()),
        (25, Some(call)) if dice.roll(4) == 0 => phones.clear_call(call, told),
        _ => return None,
    };
    assert!(done.is_ok() || told.is_empty(), "a refusal told something");
    Some(())
}

#[test]
fn who_only_hears_the_events_knows_every_connection() {
    for walk in 0..100 {
        let mut dice = Dice(walk);
        let mut config =
            SwitchConfig { trunk_prefix: Some("0".into()), trunks: 2, calls: 6, ..SwitchConfig::default() };
        config.phones.truncate(5);
        if walk % 2 == 1 {
            // The line 1006 is on two devices.
            for device in ["A", "B"] {
                let device = Some(device.into());
                let phone = PhoneConfig { number: "1006".into(), device, ..config.phones[0].clone() };
                config.phones.push(phone);
            }
        }
        config.parking.push("701".into());
        config.merged_calls = [MergedCalls::New, MergedCalls::First, MergedCalls::Second]
            [usize::try_from(dice.roll(3)).unwrap()];
        let hunts = [Hunts::All, Hunts::InTurn, Hunts::LongestIdle][usize::try_from(dice.roll(3)).unwrap()];
        let members = config.phones.iter().take(3).map(|phone| phone.number.clone()).collect();
        config.groups.push(GroupConfig { number: "800".into(), members, hunts, queue: 1 });
        config.phones[3].answer = Answer::After(Duration::from_secs(3));
        config.phones[4].answer = Answer::Busy;
        config.lines = 1 + usize::try_from(dice.roll(3)).unwrap();
        let mut phones = Phones::new(&config);
        let all: Vec<Handle<Phone>> = phones.table.iter().map(|(handle, _)| handle).collect();
        let mut heard = Heard::new();
        let mut now = Instant::ZERO;
        for _ in 0..300 {
            let mut told = Vec::new();
            let _drawn = act(&mut dice, &mut phones, now, &all, &mut told);
            now = now + Duration::from_millis(dice.roll(4_000));
            while phones.tick(now, &mut told) {}
            listen(&mut heard, &told);
            assert_eq!(heard, actual(&phones), "walk {walk}");
            assert_eq!(phones.fold(), phones.recompute());
            for (_, call) in phones.calls().iter() {
                let kept = call.reached().all(super::super::Connection::talks) || call.talking().count() > 1;
                assert!(kept, "walk {walk}: nobody talks in {call:?}");
            }
            for phone in &all {
                let active = phones.snapshot(*phone).filter(|seen| ACTIVE.contains(&seen.own())).count();
                let waits = LocalConnectionState::Queued;
                let on_a_line = phones.snapshot(*phone).filter(|seen| seen.own() != waits).count();
                assert!(active <= 1 && on_a_line <= config.lines, "walk {walk}");
            }
        }
        let left: Vec<Handle<Call>> = phones.calls().iter().map(|(handle, _)| handle).collect();
        let mut told = Vec::new();
        for phone in &all {
            for target in phones.phone(*phone).unwrap().call_backs.clone() {
                phones.cancel_call_back(*phone, target).unwrap();
            }
        }
        for call in left {
            phones.end(call, "normalClearing", &mut told);
        }
        while phones.tick(now, &mut told) {}
        listen(&mut heard, &told);
        assert!(phones.awaited.is_empty());
        assert!(heard.is_empty() && phones.calls().is_empty() && phones.trunks_taken.is_empty());
        assert!(phones.places.iter().all(|place| place.waiting.is_empty()));
        assert_eq!(phones.next_due(), None);
    }
}
