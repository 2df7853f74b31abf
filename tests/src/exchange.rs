//! An Asterisk that is played: a double for tests in which people call each other at random. It tells events as a real
//! one does, in the orders that the recordings (`tests/recordings/asterisk`) show, does what the manager interface asks
//! for, and knows what is true.

use crate::random::Random;

mod acting;
mod joining;
mod places;
mod telling;

/// What is wrong with an Asterisk, so that it can be shown that tests notice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Flaw {
    /// Nothing.
    #[default]
    None,
    /// It does not tell the end of a channel that was in a call.
    SilentEnd,
    /// Its lists of channels lack the last one.
    ShortList,
    /// It tells holding as of the one who is held.
    HeldHolds,
    /// It does not tell that a call is not held any more.
    SilentRetrieve,
}

/// The state of a channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// Its device calls, and nobody has answered.
    Ring,
    /// Its device is called.
    Down,
    /// Its device rings.
    Ringing,
    Up,
}

impl State {
    /// Its number and its name.
    const fn shown(self) -> (u8, &'static str) {
        match self {
            Self::Ring => (4, "Ring"),
            Self::Down => (0, "Down"),
            Self::Ringing => (5, "Ringing"),
            Self::Up => (6, "Up"),
        }
    }
}

/// A channel.
#[derive(Clone, Debug)]
struct Channel {
    name: String,
    /// The number of its device.
    number: String,
    exten: String,
    unique: String,
    linked: String,
    state: State,
    /// The Uniqueid of the channel that calls it.
    caller: Option<String>,
    /// Where it goes once its user has answered, if it was asked for, and its `ActionID`.
    prompt: Option<(String, String)>,
    bridge: Option<u64>,
    holds: bool,
    is_parked: bool,
    /// The conference room that it is in.
    room: Option<String>,
}

impl Channel {
    /// The state of its device's connection, in the words of CSTA.
    const fn word(&self) -> &'static str {
        match self.state {
            State::Up if self.holds => "hold",
            State::Up | State::Ring => "connected",
            State::Down | State::Ringing if self.prompt.is_some() => "initiated",
            State::Down | State::Ringing => "alerting",
        }
    }
}

/// The Asterisk.
pub struct Exchange {
    random: Random,
    flaw: Flaw,
    phones: Vec<String>,
    channels: Vec<Channel>,
    /// How many channels there have been.
    made: u64,
    bridges: u64,
    out: String,
}

/// The most calls of one phone.
const LINES: usize = 2;
/// What a phone that is busy, that nobody answers, that is left, and a number that does not exist end with.
const BUSY: u16 = 17;
const NO_ANSWER: u16 = 19;
const NORMAL: u16 = 16;
const UNALLOCATED: u16 = 1;
const LEFT: u16 = 127;

impl Exchange {
    /// One with these phones.
    #[must_use]
    pub fn new(seed: u64, phones: &[&str], flaw: Flaw) -> Self {
        let phones = phones.iter().map(|phone| (*phone).to_owned()).collect();
        let (channels, out) = (Vec::new(), String::new());
        Self { random: Random::new(seed), flaw, phones, channels, made: 0, bridges: 0, out }
    }

    /// What it has said since this was last asked.
    pub fn said(&mut self) -> String {
        core::mem::take(&mut self.out)
    }

    /// The states of a device's own connections, in the words of CSTA, sorted.
    #[must_use]
    pub fn truth(&self, number: &str) -> Vec<&'static str> {
        let mut states: Vec<&str> = self.of(number).map(Channel::word).collect();
        states.sort_unstable();
        states
    }

    fn of(&self, number: &str) -> impl Iterator<Item = &Channel> {
        self.channels.iter().filter(move |channel| channel.number == number)
    }

    fn find(&self, unique: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.unique == unique)
    }

    fn change(&mut self, unique: &str, change: impl FnOnce(&mut Channel)) {
        if let Some(channel) = self.channels.iter_mut().find(|channel| channel.unique == unique) {
            change(channel);
        }
    }

    /// The other channel in a channel's bridge.
    fn peer(&self, unique: &str) -> Option<String> {
        let bridge = self.find(unique)?.bridge?;
        let is_peer = |channel: &&Channel| channel.bridge == Some(bridge) && channel.unique != unique;
        self.channels.iter().find(is_peer).map(|channel| channel.unique.clone())
    }

    /// One of a device's channels that are so.
    fn any(&mut self, number: &str, is_so: impl Fn(&Channel) -> bool) -> Option<String> {
        let found: Vec<String> =
            self.of(number).filter(|channel| is_so(channel)).map(|channel| channel.unique.clone()).collect();
        self.random.pick(&found).cloned()
    }

    /// A person dials.
    pub fn dial(&mut self, from: &str, to: &str) {
        if self.is_busy(from) || from == to || (places::is_room(to) && self.of(from).count() > 0) {
            return;
        }
        // Whoever talks has his call held by the phone.
        self.hold(from);
        let unique = self.make(from, to, (State::Ring, None));
        self.call(&unique, to);
    }

    /// A person answers.
    pub fn answer(&mut self, number: &str) {
        if let Some(unique) = self.any(number, |channel| channel.state == State::Ringing) {
            self.answer_one(&unique);
        }
    }

    /// A person refuses a call.
    pub fn refuse(&mut self, number: &str) {
        if let Some(unique) = self.any(number, |channel| channel.state == State::Ringing) {
            self.end_one(&unique);
        }
    }

    /// Nobody answers a call for so long that it ends.
    pub fn time_out(&mut self, number: &str) {
        let is_called = |channel: &Channel| channel.state == State::Ringing && channel.caller.is_some();
        if let Some(unique) = self.any(number, is_called) {
            self.end_called(&unique, ("NOANSWER", 0, NO_ANSWER));
        }
    }

    /// A person hangs up.
    pub fn hang_up(&mut self, number: &str) {
        if let Some(unique) = self.any(number, |_| true) {
            self.end_one(&unique);
        }
    }

    /// A person holds the call in which he talks.
    pub fn hold(&mut self, number: &str) {
        if let Some(unique) = self.any(number, |channel| channel.bridge.is_some() && !channel.holds) {
            self.hold_one(&unique, true);
        }
    }

    /// A person takes a held call back; the phone holds the one in which he talks.
    pub fn retrieve(&mut self, number: &str) {
        if let Some(unique) = self.any(number, |channel| channel.holds) {
            self.hold(number);
            self.hold_one(&unique, false);
        }
    }

    /// A person transfers a call at once.
    pub fn transfer(&mut self, number: &str, to: &str) {
        if let Some(unique) = self.any(number, |channel| channel.bridge.is_some()) {
            self.transfer_one(&unique, to);
        }
    }

    fn make(&mut self, number: &str, exten: &str, (state, of): (State, Option<&str>)) -> String {
        self.made += 1;
        let unique = format!("17.{}", self.made);
        let linked = of.and_then(|of| self.find(of)).map_or(unique.clone(), |of| of.linked.clone());
        self.enter(number, exten, (unique, linked), state)
    }

    fn enter(
        &mut self,
        number: &str,
        exten: &str,
        (unique, linked): (String, String),
        state: State,
    ) -> String {
        self.made += 1;
        let name = format!("PJSIP/{number}-{:08x}", self.made);
        let (number, exten) = (number.to_owned(), exten.to_owned());
        let (caller, prompt, bridge, room, holds, is_parked) = (None, None, None, None, false, false);
        let copy = unique.clone();
        self.channels.push(Channel {
            name,
            number,
            exten,
            unique,
            linked,
            state,
            caller,
            prompt,
            bridge,
            holds,
            is_parked,
            room,
        });
        self.tell("Newchannel", &[("", &copy)], &[]);
        copy
    }

    /// A channel calls a number.
    fn call(&mut self, from: &str, to: &str) {
        if places::is_room(to) {
            self.enter_room(from, to);
        } else if places::is_group(to) {
            self.ring_members(from, to);
        } else if self.phones.iter().any(|phone| phone == to) {
            self.ring(from, to);
        } else {
            self.end(from, UNALLOCATED);
        }
    }

    /// A phone is called, which rings or is busy.
    fn ring(&mut self, from: &str, to: &str) {
        let is_busy = self.is_busy(to) || self.find(from).is_some_and(|from| from.number == to);
        let far = self.make_called(from, to);
        if is_busy {
            self.dials(from, &far);
            self.end_called(&far, ("BUSY", BUSY, BUSY));
        } else {
            self.begin_to_ring(from, &far);
        }
    }

    fn make_called(&mut self, from: &str, to: &str) -> String {
        let far = self.make(to, "s", (State::Down, Some(from)));
        let caller = from.to_owned();
        self.change(&far, |channel| channel.caller = Some(caller));
        far
    }

    fn begin_to_ring(&mut self, from: &str, far: &str) {
        let first = self.random.chance(500);
        if first {
            self.dials(from, far);
        }
        self.become_state(far, State::Ringing);
        if !first {
            self.dials(from, far);
        }
    }

    fn dials(&mut self, from: &str, called: &str) {
        self.tell("DialBegin", &[("", from), ("Dest", called)], &[("DialString", "x")]);
    }

    fn become_state(&mut self, unique: &str, state: State) {
        self.change(unique, |channel| channel.state = state);
        self.tell("Newstate", &[("", unique)], &[]);
    }

    fn answer_one(&mut self, unique: &str) {
        let Some(channel) = self.find(unique).cloned() else { return };
        self.hold(&channel.number);
        self.become_state(unique, State::Up);
        if let Some(caller) = channel.caller {
            self.change(unique, |channel| channel.caller = None);
            self.answered(&caller, unique);
            if self.find(&caller).is_some_and(|caller| caller.state != State::Up) {
                self.become_state(&caller, State::Up);
            }
            self.bridges += 1;
            let bridge = self.bridges;
            for one in [unique, &caller] {
                self.change(one, |channel| (channel.bridge, channel.holds) = (Some(bridge), false));
                self.tell_bridge("BridgeEnter", one, bridge);
            }
        } else if let Some((to, action)) = channel.prompt {
            self.change(unique, |channel| channel.prompt = None);
            self.tell("DialEnd", &[("Dest", unique)], &[("DialStatus", "ANSWER")]);
            self.tell_originated(&action, (unique, &to), true);
            self.change(unique, |channel| channel.exten.clone_from(&to));
            self.call(unique, &to);
        }
    }

    fn hold_one(&mut self, unique: &str, holds: bool) {
        self.change(unique, |channel| channel.holds = holds);
        let name = if holds { "Hold" } else { "Unhold" };
        let told = self.peer(unique).filter(|_| self.flaw == Flaw::HeldHolds);
        let told = told.unwrap_or_else(|| unique.to_owned());
        if holds || self.flaw != Flaw::SilentRetrieve {
            self.tell(name, &[("", &told)], &[]);
        }
    }

    fn transfer_one(&mut self, unique: &str, to: &str) {
        let Some(far) = self.peer(unique) else { return };
        // What a phone shows that is transferred while it holds, and what becomes of a call that somebody transfers to
        // himself, was not recorded.
        let is_to_himself = self.find(unique).is_some_and(|own| own.number == to);
        if is_to_himself || self.find(&far).is_some_and(|far| far.holds) {
            return;
        }
        // Here only one call is parked at a time.
        if to == joining::PARKING && self.is_parked() {
            return;
        }
        let calls = self.find(&far).map_or(0, |far| self.of(&far.number).count());
        if places::is_room(to) && calls > 1 {
            return;
        }
        self.change(unique, |channel| channel.holds = false);
        self.tell("Unhold", &[("", unique)], &[]);
        if to == joining::PARKING {
            return self.park_one(unique, &far);
        }
        let channels = [("Transferer", unique), ("Transferee", &*far)];
        self.tell("BlindTransfer", &channels, &[("Context", "internal"), ("Extension", to)]);
        self.leave_bridge(unique, &far);
        self.end(unique, NORMAL);
        let exten = to.to_owned();
        self.change(&far, |channel| channel.exten = exten);
        self.call(&far, to);
    }

    /// Ends a channel, and what goes with it.
    fn end_one(&mut self, unique: &str) {
        let Some(channel) = self.find(unique).cloned() else { return };
        if channel.caller.is_some() {
            self.end_called(unique, ("BUSY", BUSY, BUSY));
        } else if let Some((to, action)) = channel.prompt {
            self.tell_originated(&action, (unique, &to), false);
            self.end(unique, BUSY);
        } else if channel.room.is_some() {
            self.leave_room(unique);
        } else if channel.is_parked {
            self.unpark(unique);
            self.end(unique, NORMAL);
        } else if let Some(far) = self.peer(unique) {
            let mut ends = [unique, &*far];
            if self.random.chance(500) {
                ends.reverse();
            }
            self.leave_bridge(ends[0], ends[1]);
            if self.random.chance(500) {
                ends.reverse();
            }
            for end in ends {
                self.end(end, NORMAL);
            }
        } else {
            let called = self.channels.iter().find(|one| one.caller.as_deref() == Some(unique));
            match called.map(|called| called.unique.clone()) {
                Some(called) => self.end_called(&called, ("CANCEL", LEFT, LEFT)),
                None => self.end(unique, NORMAL),
            }
        }
    }

    /// Ends a call that was not answered: at one phone that refuses it, or at all that it rings at.
    fn end_called(&mut self, called: &str, (status, own, last): (&str, u16, u16)) {
        let Some(from) = self.find(called).and_then(|called| called.caller.clone()) else { return };
        let is_called = |one: &&Channel| one.caller.as_deref() == Some(&from);
        let all = self.channels.iter().filter(is_called).map(|one| one.unique.clone());
        let ended: Vec<String> = all.filter(|one| status != "BUSY" || one == called).collect();
        for one in ended {
            self.tell("DialEnd", &[("", &from), ("Dest", &one)], &[("DialStatus", status)]);
            self.end(&one, own);
        }
        if !self.channels.iter().any(|one| is_called(&one)) {
            self.end(&from, last);
        }
    }

    fn leave_bridge(&mut self, one: &str, other: &str) {
        let Some(bridge) = self.find(one).and_then(|one| one.bridge) else { return };
        for unique in [one, other] {
            self.change(unique, |channel| channel.bridge = None);
            self.tell_bridge("BridgeLeave", unique, bridge);
        }
    }

    fn end(&mut self, unique: &str, cause: u16) {
        let was_up = self.find(unique).is_some_and(|channel| channel.state == State::Up);
        if !(was_up && self.flaw == Flaw::SilentEnd) {
            let cause = cause.to_string();
            self.tell("Hangup", &[("", unique)], &[("Cause", &cause), ("Cause-txt", "x")]);
        }
        self.channels.retain(|channel| channel.unique != unique);
    }
}
