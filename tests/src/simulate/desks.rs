//! Simulations of desks at an Asterisk ([`crate::exchange`]): people dial, answer, hold, transfer and hang up at their
//! phones or in their clients at random; what Asterisk says comes in pieces and late, its connection fails and comes back,
//! and some of it cannot be trusted. When all is calm, every client must believe what is true of its line.

use std::panic::catch_unwind;

use ctigate_core::Duration;
use ctigate_core::setting::Value;

use super::client::belief::Belief;
use crate::bench::{Asterisk, Bench, Client};
use crate::exchange::{Exchange, Flaw};
use crate::random::Random;
use crate::world::{Fault, message};

/// The desks. The phones of the first of them obey NOTIFY.
const NUMBERS: [&str; 5] = ["1001", "1002", "1003", "1004", "1005"];
const OBEDIENT: usize = 3;
/// The number for parking, and those of a group, a queue and a conference room.
const PARKING: &str = "700";
const PLACES: [&str; 3] = ["2000", "2100", "8000"];
/// How much happens in a run.
const DEEDS: u64 = 150;
/// How long it takes at most until everybody knows what is true, in seconds.
const CALM: u64 = 70;

/// What happened in a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Events that clients were told.
    pub events: usize,
    /// How many of those tell of a conference, a transfer, or a place where calls are parked.
    pub joined: usize,
    /// Calls, at their ends, that were compared.
    pub compared: usize,
    /// Connections that failed.
    pub failures: usize,
    /// Requests of clients that succeeded.
    pub served: usize,
}

/// What a fault at these desks begins with.
pub const DESKS: &str = "desks at an Asterisk: ";

/// The same at an Asterisk without a flaw, whatever happens.
///
/// # Errors
/// What somebody believes that is not true, or a panic.
pub(super) fn caught_at_desks(seed: u64) -> Result<Told, Fault> {
    let told = catch_unwind(|| desks(seed, Flaw::None));
    let told = told.unwrap_or_else(|panic| Err(format!("panicked: {}", message(&*panic))));
    told.map_err(|wrong| Fault { seed, at: 0, what: format!("{DESKS}{wrong}") })
}

struct Desk {
    number: &'static str,
    client: Client,
    belief: Belief,
}

struct Desks {
    random: Random,
    bench: Bench,
    exchange: Exchange,
    asterisk: Asterisk,
    all: Vec<Desk>,
    /// What Asterisk has said and the gateway has not got yet.
    late: String,
    told: Told,
}

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

/// Plays a run at an Asterisk with a flaw.
///
/// # Errors
/// What somebody believes that is not true.
pub fn desks(seed: u64, flaw: Flaw) -> Result<Told, String> {
    let mut desks = Desks::open(seed, flaw);
    for _ in 0..DEEDS {
        desks.happen();
    }
    desks.calm();
    desks.compare()?;
    Ok(desks.told)
}

impl Desks {
    fn open(seed: u64, flaw: Flaw) -> Self {
        let mut random = Random::new(seed);
        let obedient = NUMBERS.iter().take(OBEDIENT).map(|number| text(number)).collect();
        let mut bench = Bench::with(&[
            ("cti.connection[0].kind", text("asterisk")),
            ("cti.connection[0].user", text("ctigate")),
            ("cti.connection[0].password_file", text("/etc/ctigate/ami")),
            ("cti.connection[0].obedient", Value::List(obedient)),
            ("cti.connection[0].rooms", text("8000-8099")),
            ("cti.recovery", text("rebind")),
        ]);
        let mut exchange = Exchange::new(random.bits(), &NUMBERS, flaw);
        let asterisk = Asterisk::open(&mut bench);
        exchange.greet();
        let (late, told) = (String::new(), Told::default());
        let mut desks = Self { random, bench, exchange, asterisk, all: Vec::new(), late, told };
        desks.pump(true);
        for number in NUMBERS {
            desks.sign_in(number);
        }
        desks
    }

    fn sign_in(&mut self, number: &'static str) {
        let line = number.parse().unwrap_or_default();
        let mut client = Client::of_line(&mut self.bench, &format!("user{number}"), line);
        let body = client.sign_in_body();
        for answer in client.send(&mut self.bench, "INVITE", &body) {
            client.take_tag(&answer);
        }
        client.send(&mut self.bench, "ACK", "");
        let object = client.monitor_object();
        client.info(&mut self.bench, "MonitorStart", &object);
        self.all.push(Desk { number, client, belief: Belief::default() });
    }

    /// One thing happens, and some time goes by.
    fn happen(&mut self) {
        let number = self.any_number();
        let to = self.any_number();
        match self.random.below(30) {
            0..=4 => self.exchange.dial(number, to),
            5..=9 => self.exchange.answer(number),
            10 => self.exchange.refuse(number),
            11 => self.exchange.time_out(number),
            12 | 13 => self.exchange.hang_up(number),
            14 => self.exchange.hold(number),
            15 => self.exchange.retrieve(number),
            16 => self.exchange.transfer(number, to),
            17 => self.exchange.mistrust(),
            18 if self.random.chance(300) => self.fail(),
            19 => self.exchange.join(number),
            20 => self.exchange.transfer(number, PARKING),
            21 => self.exchange.fetch(number),
            22 => self.exchange.dial(number, self.random.pick(&PLACES).copied().unwrap_or_default()),
            23 => self.exchange.transfer(number, self.random.pick(&PLACES).copied().unwrap_or_default()),
            _ => self.ask(number, to),
        }
        let all = self.random.chance(600);
        self.pump(all);
        let millis = self.random.between(1, 900);
        self.bench.advance(Duration::from_millis(millis));
        self.hear();
    }

    fn any_number(&mut self) -> &'static str {
        self.random.pick(&NUMBERS).copied().unwrap_or_default()
    }

    /// A client asks for something.
    fn ask(&mut self, number: &str, to: &str) {
        let Some(desk) = self.all.iter_mut().find(|desk| desk.number == number) else { return };
        let own = &desk.client.uri;
        let of = |states: &[&str]| {
            let call = desk.belief.newest(states)?;
            Some(format!("<callID>{call}</callID><deviceID>{own}</deviceID>"))
        };
        let both = |service| {
            let (held, active) = of(&["hold"]).zip(of(&["connected"]))?;
            Some((service, format!("<heldCall>{held}</heldCall><activeCall>{active}</activeCall>")))
        };
        let asked = match self.random.below(10) {
            0 => Some((
                "MakeCall",
                format!(
                    "<callingDevice>{own}</callingDevice><calledDirectoryNumber>tel:{to}</calledDirectoryNumber>\
                     <autoOriginate>prompt</autoOriginate>"
                ),
            )),
            1 => of(&["alerting", "initiated"])
                .map(|call| ("AnswerCall", format!("<callToBeAnswered>{call}</callToBeAnswered>"))),
            2 => of(&["connected"]).map(|call| ("HoldCall", format!("<callToBeHeld>{call}</callToBeHeld>"))),
            3 => of(&["hold"])
                .map(|call| ("RetrieveCall", format!("<callToBeRetrieved>{call}</callToBeRetrieved>"))),
            4 => of(&[]).map(|call| {
                ("ClearConnection", format!("<connectionToBeCleared>{call}</connectionToBeCleared>"))
            }),
            5 => of(&["connected"]).map(|call| {
                let to = format!(
                    "<consultedDevice>tel:{to}</consultedDevice><consultOptions>unrestricted</consultOptions>"
                );
                ("ConsultationCall", format!("<existingCall>{call}</existingCall>{to}"))
            }),
            6 => both("TransferCall"),
            7 => both("ConferenceCall"),
            8 => both("AlternateCall"),
            _ => of(&["connected"]).map(|call| {
                let to = format!("<transferredTo>tel:{to}</transferredTo>");
                ("SingleStepTransferCall", format!("<activeCall>{call}</activeCall>{to}"))
            }),
        };
        let Some((service, children)) = asked else { return };
        let answers = desk.client.info(&mut self.bench, service, &children);
        learn(desk, &answers, &mut self.told);
    }

    /// What was asked is done, and what Asterisk says comes: all of it, or a part.
    fn pump(&mut self, all: bool) {
        loop {
            let actions = self.asterisk.acted(&mut self.bench);
            for action in &actions {
                self.exchange.act(action);
            }
            self.late.push_str(&self.exchange.said());
            if self.late.is_empty() {
                return;
            }
            let length = if all { self.late.len() } else { self.random.index(self.late.len() + 1) };
            let now: String = self.late.drain(..length).collect();
            let cut = self.random.index(now.len() + 1);
            let (first, second) = now.as_bytes().split_at(cut);
            for piece in [first, second] {
                self.bench.send(self.asterisk.link(), piece);
            }
            if !all {
                return;
            }
        }
    }

    /// The connection fails, and is back after a while.
    fn fail(&mut self) {
        self.told.failures += 1;
        self.late.clear();
        self.bench.close(self.asterisk.link());
        self.exchange.said();
        for _ in 0..self.random.below(4) {
            let (number, to) = (self.any_number(), self.any_number());
            match self.random.below(4) {
                0 => self.exchange.dial(number, to),
                1 => self.exchange.answer(number),
                2 => self.exchange.hold(number),
                _ => self.exchange.hang_up(number),
            }
        }
        self.bench.await_dialling();
        self.asterisk = Asterisk::open(&mut self.bench);
        self.exchange.greet();
    }

    /// Everybody hears what there is to hear.
    fn hear(&mut self) {
        for desk in &mut self.all {
            let heard = desk.client.heard(&mut self.bench);
            learn(desk, &heard, &mut self.told);
        }
    }

    /// Nothing happens any more; lists that are due are asked for.
    fn calm(&mut self) {
        for _ in 0..CALM {
            self.pump(true);
            self.bench.advance(Duration::from_secs(1));
            self.hear();
        }
        self.pump(true);
        self.bench.advance(Duration::from_millis(100));
        self.hear();
    }

    fn compare(&mut self) -> Result<(), String> {
        for desk in &self.all {
            let mut believed: Vec<&str> = desk.belief.calls().map(|(_, state)| state).collect();
            believed.sort_unstable();
            let truth = self.exchange.truth(desk.number);
            if believed != truth {
                return Err(format!(
                    "{} believes {believed:?}, Asterisk knows {truth:?}: {:?}",
                    desk.number, desk.belief
                ));
            }
            self.told.compared += truth.len();
        }
        Ok(())
    }
}

/// Lets a client learn from what it heard.
fn learn(desk: &mut Desk, heard: &[crate::sip::Sip], told: &mut Told) {
    for message in heard {
        if message.root().ends_with("Event") {
            told.events += 1;
            let joins = ["ConferencedEvent", "TransferedEvent", "QueuedEvent"].contains(&message.root());
            told.joined += usize::from(joins);
            desk.belief.learn(message.body());
        } else if message.status() == 200 && message.root().ends_with("Response") {
            told.served += 1;
        }
    }
}
