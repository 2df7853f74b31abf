//! The calls at one phone system: the truth. Each has up to five parties, of which some are monitored lines; each line
//! is told of a change as it sees it, and sees a call by the states of its parties.

use alloc::borrow::ToOwned as _;
use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec;
use alloc::vec::Vec;

use super::phone_systems::LINES;
use super::random::Random;
use crate::rcc::calls::Stage;
use crate::wire::csta::model::{CallEventKind as Kind, LocalConnectionState as State};

/// The most parties of a call.
const MOST_PARTIES: usize = 5;

/// The most calls of a line.
const MOST_CALLS: usize = 4;

/// A device.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    /// A line that clients have.
    Line(usize),
    /// Any other device.
    Far(u32),
}

impl Who {
    fn name(self) -> String {
        match self {
            Self::Line(line) => LINES[line].to_owned(),
            Self::Far(number) => format!("90{number}"),
        }
    }
}

/// A device's part in a call.
#[derive(Clone)]
struct Party {
    who: Who,
    state: State,
    /// Whether it has talked in this call: it may be shown as talking even if nobody else is there any more who talks.
    talked: bool,
}

#[derive(Clone)]
struct Call {
    name: u32,
    parties: Vec<Party>,
}

impl Call {
    fn of(&self, who: Who) -> Option<&Party> {
        self.parties.iter().find(|party| party.who == who)
    }

    fn set(&mut self, who: Who, state: State) {
        for party in self.parties.iter_mut().filter(|party| party.who == who) {
            party.state = state;
        }
    }

    /// Returns the states, this line's own first.
    fn states(&self, line: usize) -> Vec<State> {
        let own = self.of(Who::Line(line)).map(|party| party.state);
        let others = self.parties.iter().filter(|party| party.who != Who::Line(line));
        own.into_iter().chain(others.map(|party| party.state)).collect()
    }

    fn other(&self, who: Who, state: State) -> Option<Who> {
        self.parties.iter().find(|party| party.who != who && party.state == state).map(|party| party.who)
    }
}

/// Returns the stage of a call whose parties have these states, the line's own first.
pub(super) fn stage_of(states: &[State]) -> Stage {
    let (own, others) = states.split_first().unwrap();
    match own {
        State::Initiated => Stage::Initiated,
        State::Alerting => Stage::Ringing,
        State::Hold => Stage::Held,
        State::Connected if others.iter().any(|state| matches!(state, State::Connected | State::Hold)) => {
            Stage::Established
        }
        State::Connected if others.contains(&State::Alerting) => Stage::Delivered,
        State::Connected if others.contains(&State::Fail) => Stage::Failed,
        State::Connected => Stage::Originated,
        State::Null | State::Queued | State::Fail => panic!("no line of the model is in this state: {own:?}"),
    }
}

/// What a line is told.
pub(super) struct Told {
    pub(super) line: usize,
    pub(super) said: String,
}

/// The calls at one phone system.
#[derive(Default)]
pub(super) struct Exchange {
    calls: Vec<Call>,
    named: u32,
    devices: u32,
    /// The callIDs of calls that are over. They may be used again.
    free: Vec<u32>,
    told: Vec<Told>,
    /// Whether events do not say in which state they leave the line.
    is_terse: bool,
}

impl Exchange {
    pub(super) fn new(is_terse: bool) -> Self {
        Self { is_terse, ..Self::default() }
    }

    /// Returns the calls at a line, as its clients must know them in the end: each with the stages that they may show.
    pub(super) fn truth(&self, line: usize) -> BTreeMap<String, Vec<Stage>> {
        let here = self.calls.iter().filter(|call| call.of(Who::Line(line)).is_some());
        let stages = |call: &Call| {
            let own = call.of(Who::Line(line)).unwrap();
            let stage = stage_of(&call.states(line));
            let talks = own.talked && own.state == State::Connected;
            if talks { vec![stage, Stage::Established] } else { vec![stage] }
        };
        here.map(|call| (call.name.to_string(), stages(call))).collect()
    }

    /// Whether a line has no calls.
    pub(super) fn is_quiet(&self, line: usize) -> bool {
        self.here(line).is_empty()
    }

    /// Returns a snapshot of a line: `name=own.other.other,...`.
    pub(super) fn snapshot(&self, line: usize) -> String {
        let words = |call: &Call| {
            let mut states: Vec<&str> = call.states(line).into_iter().map(State::word).collect();
            if call.parties.len() == 1 {
                states.push(State::Null.word());
            }
            format!("{}={}", call.name, states.join("."))
        };
        let calls: Vec<String> = self.here(line).into_iter().map(|index| words(&self.calls[index])).collect();
        calls.join(",")
    }

    fn here(&self, line: usize) -> Vec<usize> {
        let is_here = |index: &usize| self.calls[*index].of(Who::Line(line)).is_some();
        (0..self.calls.len()).filter(is_here).collect()
    }

    /// Makes something happen at a line. Returns what the lines concerned are told.
    pub(super) fn happen(&mut self, random: &mut Random, line: usize) -> Vec<Told> {
        let here = self.here(line);
        if here.is_empty() || (here.len() < 3 && random.once_in(6)) {
            self.begin(random, line);
        } else {
            let index = here[random.below(here.len())];
            match random.below(16) {
                0 => self.far_end_transfers(random, line, index),
                1 => self.far_end_adds(random, line, index),
                2 | 3 => self.consult(random, line, index),
                4..7 => self.join(random, line, true),
                7 | 8 => self.join(random, line, false),
                9 | 10 => self.leave(index, Who::Line(line)),
                11 => {
                    let others = self.calls[index].parties.iter().map(|party| party.who);
                    let others: Vec<Who> = others.filter(|who| *who != Who::Line(line)).collect();
                    if !others.is_empty() {
                        self.leave(index, others[random.below(others.len())]);
                    }
                }
                _ => self.go_on(random, line, index),
            }
        }
        core::mem::take(&mut self.told)
    }

    fn begin(&mut self, random: &mut Random, line: usize) {
        let me = Who::Line(line);
        if random.once_in(2) {
            let far = self.device();
            let connected = Party { who: far, state: State::Connected, talked: false };
            let ringing = Party { who: me, state: State::Alerting, talked: false };
            self.add(random, vec![connected, ringing]);
            self.tell(self.calls.len() - 1, Kind::Delivered, me);
        } else {
            self.add(random, vec![Party { who: me, state: State::Initiated, talked: false }]);
            self.tell(self.calls.len() - 1, Kind::ServiceInitiated, me);
        }
    }

    fn add(&mut self, random: &mut Random, parties: Vec<Party>) {
        let name = self.name(random);
        self.calls.push(Call { name, parties });
    }

    fn name(&mut self, random: &mut Random) -> u32 {
        if !self.free.is_empty() && random.once_in(6) {
            return self.free.remove(random.below(self.free.len()));
        }
        self.named += 1;
        self.named
    }

    const fn device(&mut self) -> Who {
        self.devices += 1;
        Who::Far(self.devices)
    }

    /// Tells all lines in a call of an event about a party.
    fn tell(&mut self, index: usize, kind: Kind, subject: Who) {
        let call = self.calls[index].clone();
        self.tell_of(&call, kind, subject, ("-", "-"));
    }

    fn tell_of(&mut self, call: &Call, kind: Kind, subject: Who, (second, list): (&str, &str)) {
        for party in &call.parties {
            let Who::Line(line) = party.who else { continue };
            self.tell_line((call.name, kind, subject), (line, party.state), (second, list));
        }
    }

    fn tell_line(
        &mut self,
        (call, kind, subject): (u32, Kind, Who),
        (line, local): (usize, State),
        (second, list): (&str, &str),
    ) {
        let local = if self.is_terse { "-" } else { local.word() };
        let said = format!("{} {call} {} {local} {second} {list}", kind.word(), subject.name());
        self.told.push(Told { line, said });
    }

    /// Lets a call advance by a step.
    fn go_on(&mut self, random: &mut Random, line: usize, index: usize) {
        let me = Who::Line(line);
        let target = self.callee(random, line, index);
        let call = &mut self.calls[index];
        let mine = call.of(me).unwrap().clone();
        let (state, kind, subject) = match mine.state {
            State::Initiated => (State::Connected, Kind::Originated, me),
            State::Connected if call.parties.len() == 1 => {
                let fails = matches!(target, Who::Far(_)) && random.once_in(8);
                let (state, kind) =
                    if fails { (State::Fail, Kind::Failed) } else { (State::Alerting, Kind::Delivered) };
                call.parties.push(Party { who: target, state, talked: false });
                (state, kind, target)
            }
            State::Alerting => (State::Connected, Kind::Established, me),
            _ if call.other(me, State::Alerting).is_some() && random.once_in(2) => {
                (State::Connected, Kind::Established, call.other(me, State::Alerting).unwrap())
            }
            State::Connected if mine.talked => (State::Hold, Kind::Held, me),
            State::Hold => (State::Connected, Kind::Retrieved, me),
            State::Null | State::Connected | State::Queued | State::Fail => {
                // Another party holds, or takes the call back.
                let Some(other) = call.other(me, State::Connected).filter(|_| mine.talked) else { return };
                (State::Hold, Kind::Held, other)
            }
        };
        call.set(subject, state);
        if kind == Kind::Established {
            call.parties.iter_mut().for_each(|party| party.talked |= party.state != State::Alerting);
        }
        self.tell(index, kind, subject);
    }

    /// Returns whom a line calls: mostly a device, sometimes another line.
    fn callee(&mut self, random: &mut Random, line: usize, index: usize) -> Who {
        let other = random.below(LINES.len());
        let is_free = other != line
            && self.here(other).len() < MOST_CALLS
            && self.calls[index].of(Who::Line(other)).is_none();
        if is_free && random.once_in(2) { Who::Line(other) } else { self.device() }
    }

    /// The line puts a call on hold, and begins another.
    fn consult(&mut self, random: &mut Random, line: usize, index: usize) {
        let me = Who::Line(line);
        let mine = self.calls[index].of(me).unwrap();
        if !mine.talked || mine.state != State::Connected || self.here(line).len() >= MOST_CALLS {
            return;
        }
        self.calls[index].set(me, State::Hold);
        self.tell(index, Kind::Held, me);
        let new = self.calls.len();
        self.add(random, vec![Party { who: me, state: State::Initiated, talked: false }]);
        self.tell(new, Kind::ServiceInitiated, me);
        for _ in 0..random.below(4) {
            if self
                .calls
                .get(new)
                .is_some_and(|call| call.of(me).is_some_and(|mine| mine.state != State::Hold))
            {
                self.go_on(random, line, new);
            }
        }
    }

    /// The line makes two of its calls one, and leaves it or stays in it.
    fn join(&mut self, random: &mut Random, line: usize, leaves: bool) {
        let me = Who::Line(line);
        let here = self.here(line);
        let state = |index: &usize| self.calls[*index].of(me).unwrap().state;
        let Some(held) = here.iter().copied().find(|index| state(index) == State::Hold) else { return };
        let fits = |index: &usize| {
            let call = &self.calls[*index];
            let talks = call.of(me).unwrap().talked;
            let rings = call.other(me, State::Alerting).is_some();
            *index != held && state(index) == State::Connected && (talks || (leaves && rings))
        };
        let Some(active) = here.iter().copied().find(fits) else { return };
        let (primary, secondary) = (self.calls[held].clone(), self.calls[active].clone());
        let shared = primary.parties.iter().any(|party| party.who != me && secondary.of(party.who).is_some());
        let parties = primary.parties.iter().chain(&secondary.parties).filter(|party| party.who != me);
        let mut parties: Vec<Party> = parties.cloned().collect();
        if shared || parties.len() >= MOST_PARTIES {
            return;
        }
        if !leaves {
            parties.push(Party { who: me, state: State::Connected, talked: true });
        }
        let name = match random.below(3) {
            0 => primary.name,
            1 => secondary.name,
            _ => self.name(random),
        };
        let merged = Call { name, parties };
        self.calls.retain(|call| call.name != primary.name && call.name != secondary.name);
        self.free.extend([primary.name, secondary.name].into_iter().filter(|old| *old != name));
        let list = list(&merged, &[&primary, &secondary]);
        let second = secondary.name.to_string();
        let kind = if leaves { Kind::Transfered } else { Kind::Conferenced };
        if leaves {
            self.tell_line((primary.name, kind, me), (line, State::Null), (&second, &list));
        }
        self.tell_of(&Call { name: primary.name, ..merged.clone() }, kind, me, (&second, &list));
        self.calls.push(merged);
    }

    /// Another device in a call that talks, which may change it without the line's doing.
    fn talker(&self, line: usize, index: usize) -> Option<Who> {
        let call = &self.calls[index];
        let is_far = |party: &&Party| matches!(party.who, Who::Far(_)) && party.state == State::Connected;
        let talked = call.of(Who::Line(line)).unwrap().talked
            && call.other(Who::Line(line), State::Alerting).is_none();
        call.parties.iter().find(is_far).filter(|_| talked).map(|party| party.who)
    }

    /// A device transfers the call to another: this happens in the call, whose callID may change.
    fn far_end_transfers(&mut self, random: &mut Random, line: usize, index: usize) {
        let Some(leaver) = self.talker(line, index) else { return };
        let before = self.calls[index].clone();
        let other = self.device();
        for party in self.calls[index].parties.iter_mut().filter(|party| party.who == leaver) {
            party.who = other;
        }
        self.rename(random, index, &before, (Kind::Transfered, leaver));
    }

    /// A device adds another to the call, whose callID may change.
    fn far_end_adds(&mut self, random: &mut Random, line: usize, index: usize) {
        let Some(adder) = self.talker(line, index) else { return };
        let before = self.calls[index].clone();
        if before.parties.len() < MOST_PARTIES {
            let who = self.device();
            self.calls[index].parties.push(Party { who, state: State::Connected, talked: true });
            self.rename(random, index, &before, (Kind::Conferenced, adder));
        }
    }

    fn rename(&mut self, random: &mut Random, index: usize, before: &Call, (kind, subject): (Kind, Who)) {
        if !random.once_in(4) {
            self.calls[index].name = self.name(random);
            self.free.push(before.name);
        }
        let after = self.calls[index].clone();
        // Sometimes the event names the other call, too, in which the line has no part.
        let second = if random.once_in(2) { self.name(random).to_string() } else { "-".to_owned() };
        let list = list(&after, &[before]);
        self.tell_of(&Call { name: before.name, ..after }, kind, subject, (&second, &list));
    }

    /// A party leaves a call, which is over if only one is left.
    fn leave(&mut self, index: usize, who: Who) {
        let call = &mut self.calls[index];
        let name = call.name;
        call.parties.retain(|party| party.who != who);
        self.tell_gone(name, who);
        self.tell(index, Kind::ConnectionCleared, who);
        let call = &mut self.calls[index];
        if call.parties.len() < 2 {
            let last = call.parties.pop();
            self.calls.remove(index);
            self.free.push(name);
            if let Some(last) = last {
                self.tell_gone(name, last.who);
            }
        }
    }

    fn tell_gone(&mut self, name: u32, who: Who) {
        if let Who::Line(line) = who {
            self.tell_line((name, Kind::ConnectionCleared, who), (line, State::Null), ("-", "-"));
        }
    }
}

/// Returns the connections of a call that resulted from others: `old:device:new:device,...`.
fn list(after: &Call, before: &[&Call]) -> String {
    let items = after.parties.iter().map(|party| {
        let was = before.iter().find(|call| call.of(party.who).is_some());
        let old = was.map_or_else(|| "-:-".to_owned(), |was| format!("{}:{}", was.name, party.who.name()));
        format!("{old}:{}:{}", after.name, party.who.name())
    });
    items.collect::<Vec<String>>().join(",")
}
