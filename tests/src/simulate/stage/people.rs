//! What people do at the phones of a phone system: mostly what suits the state of the phone, sometimes anything.

use super::Stage;
use crate::random::Random;
use crate::simulate::SECOND;
use crate::simulate::plan::{FIRST_PHONE, PHONES};
use crate::simulate::schedule::{PARKING, some_number, some_phone};
use crate::world::{Fault, World};

/// What stands behind a verb and the phone.
#[derive(Clone, Copy, Debug)]
enum Words {
    Nothing,
    /// Another phone.
    Phone,
    /// A number to dial.
    Number,
    /// A number for parking.
    Parking,
    /// These.
    Are(&'static str),
    /// These, and a number.
    WithNumber(&'static str),
}

/// A verb of the control language, with what stands behind the phone.
type Verb = (&'static str, Words);

/// At a phone that rings.
const RINGING: &[Verb] = &[
    ("answer", Words::Nothing),
    ("answer", Words::Nothing),
    ("answer", Words::Nothing),
    ("deflect", Words::Phone),
    ("alternate", Words::Nothing),
];

/// At a phone with a held and an active call.
const BOTH: &[Verb] = &[
    ("alternate", Words::Nothing),
    ("reconnect", Words::Nothing),
    ("transfer", Words::Nothing),
    ("transfer", Words::Nothing),
    ("conference", Words::Nothing),
    ("conference", Words::Nothing),
    ("hangup", Words::Nothing),
];

/// At a phone with an active call.
const TALKING: &[Verb] = &[
    ("hold", Words::Nothing),
    ("consult", Words::Number),
    ("consult", Words::Number),
    ("consult", Words::Number),
    ("transfer", Words::Number),
    ("conference", Words::Number),
    ("park", Words::Parking),
    ("digits", Words::Are("12#")),
    ("campon", Words::Nothing),
    ("callback", Words::Nothing),
    ("intrude", Words::Nothing),
    ("hangup", Words::Nothing),
    ("hangup", Words::Nothing),
];

/// At a phone with a held call.
const HOLDING: &[Verb] = &[("retrieve", Words::Nothing), ("dial", Words::Number), ("hangup", Words::Nothing)];

/// At an idle phone.
const IDLE: &[Verb] = &[
    ("dial", Words::Number),
    ("dial", Words::Number),
    ("dial", Words::Number),
    ("dial", Words::Number),
    ("offhook", Words::Nothing),
    ("pickup", Words::Phone),
    ("pickup", Words::Nothing),
    ("enter", Words::Phone),
    ("dial", Words::Parking),
    ("hangup", Words::Nothing),
];

/// What is set at a phone and told to its clients.
const TOLD_SETTINGS: &[Verb] = &[
    ("forward", Words::WithNumber("immediate ")),
    ("forward", Words::WithNumber("busy ")),
    ("forward", Words::WithNumber("noanswer-external ")),
    ("forward", Words::Are("off")),
    ("dnd", Words::Are("on")),
    ("dnd", Words::Are("on internal")),
    ("dnd", Words::Are("off")),
];

/// What can be set at a phone.
const SETTINGS: &[Verb] = &[
    ("forward", Words::WithNumber("immediate ")),
    ("forward", Words::WithNumber("busy ")),
    ("forward", Words::WithNumber("noanswer ")),
    ("forward", Words::WithNumber("busy-internal ")),
    ("forward", Words::Are("off")),
    ("forward", Words::Are("off")),
    ("dnd", Words::Are("on")),
    ("dnd", Words::Are("on internal")),
    ("dnd", Words::Are("off")),
    ("dnd", Words::Are("off")),
    ("dnd", Words::Are("off")),
    ("lamp", Words::Are("on")),
    ("lamp", Words::Are("off")),
    ("service", Words::Are("out")),
    ("service", Words::Are("in")),
    ("service", Words::Are("in")),
    ("callwaiting", Words::Are("off")),
    ("callwaiting", Words::Are("on")),
    ("callerid", Words::Are("off")),
];

impl Stage {
    /// Lets somebody do something at a phone.
    pub(super) fn phone_acts(&self, world: &mut World, switch: usize, phone: u64, salt: u64) {
        let mut random = Random::new(salt);
        let busy = self.switches.get(switch).map(|one| one.calls.borrow().phones()).unwrap_or_default();
        // Whoever is in a call has more to do than others.
        let phone = random.pick(&busy).copied().filter(|_| salt % 100 < 75).unwrap_or(phone);
        let verbs = self.suiting(switch, phone, &mut random);
        self.act(world, (switch, phone), verbs, &mut random);
    }

    /// Lets somebody change what is set at a phone.
    pub(super) fn phone_is_set(&self, world: &mut World, switch: usize, phone: u64, salt: u64) {
        self.act(world, (switch, phone), SETTINGS, &mut Random::new(salt));
    }

    /// Lets somebody outside call.
    pub(super) fn outside_calls(&self, world: &mut World, switch: usize, salt: u64) {
        let mut random = Random::new(salt);
        let from = if random.chance(300) { "withheld" } else { "0301234567" };
        let to = some_number(&mut random);
        self.tell_switch(world, switch, &format!("incoming {from} {to}"));
    }

    fn act(&self, world: &mut World, (switch, phone): (usize, u64), verbs: &[Verb], random: &mut Random) {
        let Some((verb, words)) = random.pick(verbs).copied() else { return };
        let line = match words {
            Words::Nothing => format!("{verb} {phone}"),
            Words::Phone => format!("{verb} {phone} {}", some_phone(random)),
            Words::Number => format!("{verb} {phone} {}", some_number(random)),
            Words::Parking => {
                format!("{verb} {phone} {}", random.pick(PARKING).copied().unwrap_or_default())
            }
            Words::Are(words) => format!("{verb} {phone} {words}"),
            Words::WithNumber(words) => format!("{verb} {phone} {words}{}", some_number(random)),
        };
        self.tell_switch(world, switch, &line);
    }

    /// What suits the calls at a phone, which its user sees; sometimes anything.
    fn suiting(&self, switch: usize, phone: u64, random: &mut Random) -> &'static [Verb] {
        if random.chance(80) {
            let any = [RINGING, BOTH, TALKING, HOLDING, IDLE];
            return random.pick(&any).copied().unwrap_or(IDLE);
        }
        let states =
            self.switches.get(switch).map(|one| one.calls.borrow().states(phone)).unwrap_or_default();
        let has = |state: &str| states.contains(&state);
        let suits = [
            (RINGING, has("alerting")),
            (BOTH, has("hold") && has("connected")),
            (TALKING, has("connected")),
            (HOLDING, has("hold") && !has("connected")),
            (IDLE, has("fail")),
            (IDLE, states.is_empty()),
            (IDLE, has("initiated")),
        ];
        let suiting: Vec<&'static [Verb]> =
            suits.iter().filter(|(_, suits)| *suits).map(|(verbs, _)| *verbs).collect();
        random.pick(&suiting).copied().unwrap_or(IDLE)
    }

    /// Makes a conference of three phones of each phone system, as far as they are free, in every other world: what fails
    /// after that finds one.
    ///
    /// # Errors
    /// A fault meanwhile.
    pub(in crate::simulate) fn confer(&mut self, world: &mut World) -> Result<(), Fault> {
        let phone = |index: u64| FIRST_PHONE.saturating_add(world.seed().wrapping_add(index) % PHONES);
        let [one, two, three] = [phone(0), phone(1), phone(2)];
        if world.seed() % 2 == 1 {
            return Ok(());
        }
        for line in [
            format!("dial {one} {two}"),
            format!("answer {two}"),
            format!("consult {one} {three}"),
            format!("answer {three}"),
            format!("conference {one}"),
        ] {
            for switch in 0..self.switches.len() {
                self.tell_switch(world, switch, &line);
            }
            let soon = world.now().saturating_add(SECOND);
            self.run_to(world, soon)?;
        }
        Ok(())
    }

    /// Changes what is set at some phones and from some clients: of that all clients of these lines must be told.
    pub(in crate::simulate) fn set_phones(&mut self, world: &mut World) {
        for switch in 0..self.switches.len() {
            for turn in 0..6_u64 {
                let mut random = Random::new(world.seed().wrapping_mul(6).wrapping_add(turn));
                let phone = some_phone(&mut random);
                self.act(world, (switch, phone), TOLD_SETTINGS, &mut random);
            }
        }
        for (salt, client) in (world.seed()..).zip(&mut self.clients) {
            client.set_something(world, &self.balancer, salt);
        }
    }

    /// Takes all phones out of service, and so out of their calls, and ends calls between trunks.
    pub(super) fn clear_phones(&self, world: &mut World) {
        for switch in 0..self.switches.len() {
            for phone in FIRST_PHONE..FIRST_PHONE.saturating_add(PHONES) {
                self.tell_switch(world, switch, &format!("hangup {phone}"));
                self.tell_switch(world, switch, &format!("service {phone} out"));
            }
            for trunk in 1..=crate::simulate::plan::TRUNKS {
                self.tell_switch(world, switch, &format!("hangup T{trunk}"));
            }
        }
    }
}
