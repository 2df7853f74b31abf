//! What a client asks for, given what it believes of its calls; sometimes nonsense.

use core::fmt::Write as _;
use std::collections::BTreeSet;

use super::{Balancer, Client, Purpose};
use crate::random::Random;
use crate::simulate::schedule::{PARKING, some_number};
use crate::sip::csta;
use crate::world::World;

/// What stands in one element of a request.
#[derive(Clone, Copy, Debug)]
enum Put {
    /// The callID of the newest call in one of these states; of any, if there are none.
    Call(&'static [&'static str]),
    /// A number that may be dialled.
    Number,
    /// The client's line.
    Line,
    /// A number for parking.
    Parking,
    /// Another phone's connection in a call that this client knows.
    Foreign,
    /// One of these words.
    Word(&'static [&'static str]),
}

/// A service with the elements of its request.
type Wish = (&'static str, &'static [(&'static str, Put)]);

const ACTIVE: Put = Put::Call(&["connected"]);
const HELD: Put = Put::Call(&["hold"]);
const TRUTH: Put = Put::Word(&["true", "false", "false"]);
const DEVICE: (&str, Put) = ("device", Put::Line);
const NO_PROMPT: (&str, Put) = ("autoOriginate", Put::Word(&["doNotPrompt"]));

/// For a client that believes in a call that rings.
const RINGING: &[Wish] = &[
    ("AnswerCall", &[("callToBeAnswered", Put::Call(&["alerting"]))]),
    ("AnswerCall", &[("callToBeAnswered", Put::Call(&["alerting"]))]),
    ("AnswerCall", &[("callToBeAnswered", Put::Call(&["alerting"]))]),
    ("DeflectCall", &[("callToBeDiverted", Put::Call(&["alerting"])), ("newDestination", Put::Number)]),
    ("ClearConnection", &[("connectionToBeCleared", Put::Call(&["alerting"]))]),
    ("AlternateCall", &[("heldCall", Put::Call(&["alerting"])), ("activeCall", ACTIVE)]),
];

/// For a client that believes in a held and an active call.
const BOTH: &[Wish] = &[
    ("AlternateCall", &[("heldCall", HELD), ("activeCall", ACTIVE)]),
    ("ReconnectCall", &[("activeCall", ACTIVE), ("heldCall", HELD)]),
    ("TransferCall", &[("heldCall", HELD), ("activeCall", ACTIVE)]),
    ("TransferCall", &[("heldCall", HELD), ("activeCall", ACTIVE)]),
    ("ConferenceCall", &[("heldCall", HELD), ("activeCall", ACTIVE)]),
    ("ConferenceCall", &[("heldCall", HELD), ("activeCall", ACTIVE)]),
    ("ClearConnection", &[("connectionToBeCleared", ACTIVE)]),
];

/// For a client that believes in an active call.
const TALKING: &[Wish] = &[
    ("HoldCall", &[("callToBeHeld", ACTIVE)]),
    ("ConsultationCall", &[("existingCall", ACTIVE), ("consultedDevice", Put::Number)]),
    ("ConsultationCall", &[("existingCall", ACTIVE), ("consultedDevice", Put::Number)]),
    ("ConsultationCall", &[("existingCall", ACTIVE), ("consultedDevice", Put::Number)]),
    ("SingleStepTransferCall", &[("activeCall", ACTIVE), ("transferredTo", Put::Number)]),
    ("SingleStepConferenceCall", &[("activeCall", ACTIVE), ("deviceToJoin", Put::Number)]),
    ("SingleStepConferenceCall", &[("activeCall", ACTIVE), ("deviceToJoin", Put::Number), PARTICIPATION]),
    ("AssociateData", &[("existingCall", ACTIVE), ("accountCode", Put::Word(&["31", "4711"]))]),
    ("AssociateData", &[("existingCall", ACTIVE), ("subjectOfCall", Put::Word(&["rent", "travel"]))]),
    ("ParkCall", &[("parking", ACTIVE), ("parkTo", Put::Parking)]),
    (
        "GenerateDigits",
        &[
            ("connectionToSendDigits", ACTIVE),
            ("digitMode", Put::Word(&["dTMF"])),
            ("charactersToSend", Put::Word(&["123#", "0"])),
        ],
    ),
    ("ClearConnection", &[("connectionToBeCleared", ACTIVE)]),
    ("ClearConnection", &[("connectionToBeCleared", ACTIVE)]),
    ("ClearCall", &[("callToBeCleared", ACTIVE)]),
    ("CamponCall", &[("camponConnection", ACTIVE)]),
    ("CallBack", &[("callbackConnection", ACTIVE)]),
    ("IntrudeCall", &[("intrude", ACTIVE)]),
    ("IntrudeCall", &[("intrude", ACTIVE), PARTICIPATION]),
];

/// For a client that believes in a held call.
const HOLDING: &[Wish] = &[
    ("RetrieveCall", &[("callToBeRetrieved", HELD)]),
    ("ClearConnection", &[("connectionToBeCleared", HELD)]),
];

/// For a client that believes in a call that failed.
const CLEARING: &[Wish] = &[("ClearConnection", &[("connectionToBeCleared", Put::Call(&["fail"]))])];

/// For every client.
const ALWAYS: &[Wish] = &[
    ("MakeCall", CALL),
    ("MakeCall", CALL),
    ("MakeCall", CALL),
    ("MakeCall", CALL),
    ("GroupPickupCall", &[("newDestination", Put::Line)]),
    ("DirectedPickupCall", &[("callToBePickedUp", Put::Foreign), ("requestingDevice", Put::Line)]),
    ("JoinCall", &[("activeCall", Put::Foreign), ("joiningDevice", Put::Line), NO_PROMPT]),
    ("JoinCall", &[("activeCall", Put::Foreign), ("joiningDevice", Put::Line), PARTICIPATION]),
    ("CancelCallBack", &[("originatingDevice", Put::Line), ("targetDevice", Put::Number)]),
];

/// Anybody but one who talks is drawn more often, since who says nothing talks.
const PARTICIPATION: (&str, Put) = ("participationType", Put::Word(&["silent", "none", "active"]));

const CALL: &[(&str, Put)] =
    &[("callingDevice", Put::Line), ("calledDirectoryNumber", Put::Number), NO_PROMPT];

/// What is set at the phone, and told to its clients.
const TOLD_SETTINGS: &[Wish] = &[FORWARD, STOP_FORWARDING, DO_NOT_DISTURB];

const SETTINGS: &[Wish] = &[
    FORWARD,
    STOP_FORWARDING,
    DO_NOT_DISTURB,
    ("SetMessageWaitingIndicator", &[DEVICE, ("messageWaitingOn", TRUTH)]),
    ("SetCallerIDStatus", &[DEVICE, ("callerIDProvided", TRUTH)]),
    ("GetForwarding", &[DEVICE]),
    ("GetDoNotDisturb", &[DEVICE]),
];

const FORWARD: Wish = (
    "SetForwarding",
    &[
        DEVICE,
        ("forwardingType", FORWARDING),
        ("activateForward", Put::Word(&["true"])),
        ("forwardDN", Put::Number),
    ],
);

const STOP_FORWARDING: Wish =
    ("SetForwarding", &[DEVICE, ("forwardingType", FORWARDING), ("activateForward", Put::Word(&["false"]))]);

const DO_NOT_DISTURB: Wish = ("SetDoNotDisturb", &[DEVICE, ("doNotDisturbOn", TRUTH)]);

const FORWARDING: Put =
    Put::Word(&["forwardImmediate", "forwardBusy", "forwardNoAns", "forwardBusy", "forwardNoAns"]);

impl Client {
    /// Sends a request about calls, or about what is set at the phone. `alive` are all calls that
    /// there are, if that is known.
    pub(in crate::simulate) fn ask_something(
        &mut self,
        world: &mut World,
        balancer: &Balancer,
        salt: u64,
        alive: Option<&BTreeSet<String>>,
    ) {
        if self.dialog.is_none() || !self.wants {
            return;
        }
        let mut random = Random::new(salt);
        if let Some(alive) = alive.filter(|_| random.chance(60))
            && self.ask_for_gone(world, balancer, &mut random, alive)
        {
            return;
        }
        if random.chance(20) {
            return self.serve(world, balancer, Purpose::Other, ("GetCSTAFeatures", ""));
        }
        let wishes = self.wishes(&mut random);
        self.wish(world, balancer, wishes, &mut random);
    }

    /// Sets something at the phone of which its clients are told.
    pub(in crate::simulate) fn set_something(&mut self, world: &mut World, balancer: &Balancer, salt: u64) {
        let mut random = Random::new(salt);
        self.wish(world, balancer, TOLD_SETTINGS, &mut random);
    }

    fn wish(&mut self, world: &mut World, balancer: &Balancer, wishes: &[Wish], random: &mut Random) {
        let Some((service, elements)) = random.pick(wishes).copied() else { return };
        let mut inside = String::new();
        for (name, put) in elements {
            self.put(&mut inside, name, *put, random);
        }
        self.serve(world, balancer, Purpose::Other, (service, &inside));
    }

    /// What suits the calls that the client believes in; sometimes anything.
    fn wishes(&self, random: &mut Random) -> &'static [Wish] {
        let has = |state: &str| self.belief.newest(&[state]).is_some();
        if random.chance(60) {
            let any = [RINGING, BOTH, TALKING, HOLDING, ALWAYS, SETTINGS];
            return random.pick(&any).copied().unwrap_or(ALWAYS);
        }
        if random.chance(100) {
            return SETTINGS;
        }
        let suits = [
            (RINGING, has("alerting")),
            (BOTH, has("hold") && has("connected")),
            (BOTH, has("hold") && has("connected")),
            (TALKING, has("connected")),
            (HOLDING, has("hold")),
            (CLEARING, has("fail")),
            (ALWAYS, true),
        ];
        let suiting: Vec<&'static [Wish]> =
            suits.iter().filter(|(_, suits)| *suits).map(|(wishes, _)| *wishes).collect();
        random.pick(&suiting).copied().unwrap_or(ALWAYS)
    }

    /// Writes one element of a request. Writing to a String cannot fail.
    fn put(&self, out: &mut String, name: &str, put: Put, random: &mut Random) {
        let call = |states: &[&str]| self.belief.newest(states).or_else(|| self.belief.newest(&[]));
        let _ = match put {
            Put::Call(states) => {
                let device = if random.chance(400) { self.own_device() } else { String::new() };
                let call = call(states).unwrap_or("0_4711_0");
                write!(out, "<{name}><callID>{call}</callID>{device}</{name}>")
            }
            Put::Foreign => {
                let call = call(&[]).unwrap_or("0_4711_0");
                let other = some_number(random);
                write!(out, "<{name}><callID>{call}</callID><deviceID>{other}</deviceID></{name}>")
            }
            Put::Number => write!(out, "<{name}>tel:{}</{name}>", some_number(random)),
            Put::Line => write!(out, "<{name}>{}</{name}>", self.line()),
            Put::Parking => {
                write!(out, "<{name}>tel:{}</{name}>", random.pick(PARKING).copied().unwrap_or("700"))
            }
            Put::Word(words) => {
                write!(out, "<{name}>{}</{name}>", random.pick(words).copied().unwrap_or_default())
            }
        };
    }

    fn own_device(&self) -> String {
        format!("<deviceID>{}</deviceID>", self.line())
    }

    /// Asks for a service of a call that is known to be over, or to have another callID now: it must be refused.
    fn ask_for_gone(
        &mut self,
        world: &mut World,
        balancer: &Balancer,
        random: &mut Random,
        alive: &BTreeSet<String>,
    ) -> bool {
        let raw = |call: &str| call.split_once('_').map_or_else(String::new, |(_, call)| call.to_owned());
        let gone: Vec<&str> = self.belief.gone().filter(|call| !alive.contains(&raw(call))).collect();
        let Some(call) = random.pick(&gone).map(|call| (*call).to_owned()) else { return false };
        let services = [
            ("AnswerCall", "callToBeAnswered"),
            ("RetrieveCall", "callToBeRetrieved"),
            ("ClearConnection", "connectionToBeCleared"),
        ];
        let Some((service, name)) = random.pick(&services).copied() else { return false };
        let inside = format!("<{name}><callID>{call}</callID></{name}>");
        self.serve(world, balancer, Purpose::Gone, (service, &inside));
        true
    }

    fn serve(
        &mut self,
        world: &mut World,
        balancer: &Balancer,
        purpose: Purpose,
        (name, inside): (&str, &str),
    ) {
        let Some(dialog) = &self.dialog else { return };
        let node = balancer.of(dialog.node);
        let body = csta(name, inside);
        self.ask(world, node, purpose, ("INFO", "", &body));
    }

    pub(super) fn monitor(&mut self, world: &mut World, balancer: &Balancer) {
        let object = format!("<monitorObject><deviceObject>{}</deviceObject></monitorObject>", self.line());
        self.serve(world, balancer, Purpose::Monitor, ("MonitorStart", &object));
    }

    pub(super) fn snapshot(&mut self, world: &mut World, balancer: &Balancer) {
        self.since_asked.clear();
        let object = format!("<snapshotObject>{}</snapshotObject>", self.line());
        self.serve(world, balancer, Purpose::Snapshot, ("SnapshotDevice", &object));
    }
}
