//! A phone system that answers wrongly on command: a wrapper around the built-in one.

mod spoiled;

use ctigate_core::wire::csta_frame::{EVENT_INVOKE, frame};
use ctigate_core::{Action, Actions, Command, Input, Instant, LinkId, Listen, Machine, Taken, Wake};
use ctigate_peers::switch::Switch;

use super::broken::Canary;
use super::schedule::Mood;
use spoiled::Spoiler;

/// The moods with their names in commands.
const MOODS: [(&str, Mood); 8] = [
    ("twice", Mood::Twice),
    ("invoke", Mood::UnknownInvoke),
    ("other", Mood::OtherAnswer),
    ("error", Mood::Error),
    ("garbage", Mood::Garbage),
    ("monitor", Mood::UnknownMonitor),
    ("broken", Mood::BrokenFrame),
    ("nothing", Mood::Nothing),
];

const ERROR: &str = "<CSTAErrorCode xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\">\
    <operation>generic</operation></CSTAErrorCode>";
const OTHER: &str =
    "<HoldCallResponse xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\"/>";
const UNKNOWN: &str = "<HeldEvent xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\">\
    <monitorCrossRefID>77_00000000</monitorCrossRefID><heldConnection><callID>7</callID><deviceID>1001</deviceID>\
    </heldConnection><holdingDevice><deviceIdentifier>1001</deviceIdentifier></holdingDevice><cause>normal</cause>\
    </HeldEvent>";

/// The command that puts a phone system into a mood for its next `times` answers.
pub(super) fn line(mood: Mood, times: u64) -> String {
    let name = MOODS.iter().find(|(_, known)| *known == mood).map_or("", |(name, _)| *name);
    format!("mood {name} {times}")
}

/// Sends a document with an invoke ID.
fn say(link: LinkId, invoke: u16, document: &str, actions: &mut Actions) {
    actions.write_with(link, |out| {
        let framed = frame(out, invoke, |out| out.extend_from_slice(document.as_bytes()));
        debug_assert!(framed.is_ok(), "all of these are short");
    });
}

/// The phone system and its mood.
pub(super) struct Moody {
    switch: Switch,
    /// Whether it has SnapshotDevice.
    snapshots: bool,
    mood: Option<(Mood, u64)>,
    spoiler: Spoiler,
    /// The switch's actions.
    inner: Actions,
}

impl Moody {
    pub(super) fn new(switch: Switch, snapshots: bool, canary: Canary) -> Self {
        let spoiler = Spoiler::new(canary);
        Self { switch, snapshots, mood: None, spoiler, inner: Actions::new() }
    }

    pub(super) const fn switch(&self) -> &Switch {
        &self.switch
    }

    /// The mood, if these bytes are the answer to a service. Sessions and heartbeats are left alone, or the connection
    /// would never serve.
    fn spoils(&self, bytes: &[u8]) -> Option<Mood> {
        let text = core::str::from_utf8(bytes.get(8..)?).ok()?;
        let answers = text.contains("Response") || text.contains("CSTAErrorCode");
        let (mood, _) = self.mood?;
        (answers && !text.contains("ApplicationSession")).then_some(mood)
    }

    /// The answer of a phone system without SnapshotDevice, if it differs.
    fn without_snapshots(&self, bytes: &[u8]) -> Option<String> {
        let text = core::str::from_utf8(bytes.get(8..)?).ok().filter(|_| !self.snapshots)?;
        let refused = text.contains("<SnapshotDeviceResponse").then(|| ERROR.to_owned());
        refused.or_else(|| text.contains("<snapshotDevice/>").then(|| text.replace("<snapshotDevice/>", "")))
    }

    fn speak(&mut self, link: LinkId, bytes: &[u8], actions: &mut Actions) {
        if self.spoiler.speak(link, bytes, actions) {
            return;
        }
        if let Some(text) = self.without_snapshots(bytes) {
            let invoke = bytes.get(4..8).and_then(|digits| core::str::from_utf8(digits).ok()?.parse().ok());
            return say(link, invoke.unwrap_or(EVENT_INVOKE), &text, actions);
        }
        let Some(mood) = self.spoils(bytes) else { return actions.write(link, bytes) };
        self.mood =
            self.mood.and_then(|(mood, times)| Some((mood, times.checked_sub(1).filter(|left| *left > 0)?)));
        let invoke = bytes.get(4..8).and_then(|digits| core::str::from_utf8(digits).ok()?.parse().ok());
        let invoke: u16 = invoke.unwrap_or(EVENT_INVOKE);
        let mut say = |invoke: u16, document: &str| say(link, invoke, document, actions);
        match mood {
            Mood::Twice => {
                actions.write(link, bytes);
                actions.write(link, bytes);
            }
            Mood::UnknownInvoke => {
                say(9_000, ERROR);
                actions.write(link, bytes);
            }
            Mood::OtherAnswer => say(invoke, OTHER),
            Mood::Error => say(invoke, ERROR),
            Mood::Garbage => say(invoke, "<MakeCallResponse"),
            Mood::UnknownMonitor => {
                say(EVENT_INVOKE, UNKNOWN);
                actions.write(link, bytes);
            }
            Mood::BrokenFrame => actions.write(link, b"\x01\x02no frame"),
            Mood::Nothing => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "only what is written can go wrong")]
    fn pass(&mut self, actions: &mut Actions) {
        let inner = core::mem::take(&mut self.inner);
        for action in inner.iter() {
            match action {
                Action::Write { link, bytes } | Action::WriteSecret { link, bytes, .. } => {
                    self.speak(link, bytes, actions);
                }
                other => super::pass(other, actions),
            }
        }
        self.inner = inner;
    }
}

impl Machine for Moody {
    fn listens(&self) -> Vec<Listen> {
        self.switch.listens()
    }

    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        if let Input::Command { command: Command::Line(line), .. } = input
            && let Some(mood) = line.strip_prefix("mood ")
        {
            let (name, times) = mood.split_once(' ').unwrap_or_default();
            let known = MOODS.iter().find(|(known, _)| *known == name);
            self.mood = known.map(|(_, mood)| (*mood, times.parse().unwrap_or(1)));
            return Taken(0);
        }
        if self.mood.is_none() && self.snapshots && !self.spoiler.is_broken() {
            return self.switch.step(now, input, actions);
        }
        self.inner.clear();
        let taken = self.switch.step(now, input, &mut self.inner);
        self.pass(actions);
        taken
    }

    fn next_wake(&self) -> Option<Wake> {
        self.switch.next_wake()
    }

    fn digest(&mut self) -> u64 {
        self.switch.digest() ^ self.mood.map_or(0, |(_, times)| times)
    }

    fn full_digest(&self) -> u64 {
        self.switch.full_digest() ^ self.mood.map_or(0, |(_, times)| times)
    }
}
