//! The table of stories, told by a real Asterisk with real phones, as far as it can.

use core::fmt::Write as _;
use core::time::Duration;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use ctigate_tests::stories::{PEOPLE, Stage, Step, Story, stories};

use crate::client::Client;
use crate::gateway::Gateway;
use crate::house::House;
use crate::obedient::{self, Obedient};
use crate::outages::QUICK;
use crate::phone::Phone;
use crate::program::Running;
use crate::relay::Relay;

/// How many stories are told at a time.
const TELLERS: usize = 4;

/// What must have been quiet for so long is over.
const QUIET: Duration = Duration::from_millis(600);

/// Who calls from outside, with a number and without one.
const OUTSIDE: [(&str, u16); 2] = [("0301234567", 5092), ("anonymous", 5094)];

/// What some stories have beyond the documented files: a group with this number.
const ADDITIONS: [(&str, &str); 1] = [(
    "extensions.conf",
    "\n[internal](+)\nexten => 800,1,Dial(PJSIP/1002&PJSIP/1003,20,tT)\n same => n,Hangup(19)\n",
)];

/// One story's Asterisk, phones, gateway and clients.
struct Processes {
    clients: BTreeMap<String, Client>,
    /// Phones that people use.
    used: BTreeMap<String, Phone>,
    /// Phones that do what their users' clients say, by NOTIFY.
    obedient: BTreeMap<String, Obedient>,
    outside: Vec<Phone>,
    /// Who is called by 0301234567, and hangs up after a while.
    _far: Running,
    gateway: Gateway,
    relay: Relay,
    house: House,
}

impl Processes {
    fn start(index: usize, story: &Story) -> Result<Self, String> {
        let name = format!("story-{index}");
        let house = House::with(&name, &ADDITIONS);
        let people =
            PEOPLE.iter().filter(|(who, line)| [who, line].iter().any(|part| story.steps.contains(*part)));
        let by_hand = used_by_hand(story)?;
        let (used, obedient): (Vec<&str>, Vec<&str>) =
            people.map(|(_, line)| line).partition(|line| by_hand.contains(*line));
        let used = used.into_iter().map(|line| (line.to_owned(), Phone::switched_on(&house, line))).collect();
        let setting = format!("obedient = {obedient:?}");
        let obedient =
            obedient.into_iter().map(|line| (line.to_owned(), Obedient::of(&house, line))).collect();
        let is_outside = story.steps.contains(OUTSIDE[0].0);
        let outside = OUTSIDE.iter().filter(|_| is_outside);
        let outside = outside.map(|(number, port)| Phone::outside(&house, number, *port)).collect();
        let far = obedient::outside(&house);
        let relay = Relay::open(&house.manager());
        let changes = [QUICK, (&house.manager(), &relay.address), ("obedient = [\"1006\"]", &setting)];
        let gateway = Gateway::changed(&name, &house, &changes);
        Ok(Self { clients: BTreeMap::new(), used, obedient, outside, _far: far, gateway, relay, house })
    }

    fn of(&mut self, who: &str) -> Result<&mut Client, String> {
        self.clients.get_mut(who).ok_or_else(|| format!("{who} is not signed in"))
    }

    /// Waits until no client has been told anything for a while.
    fn settle(&self) {
        let began = Instant::now();
        let said = || self.clients.values().map(|client| client.said().len()).sum::<usize>();
        let (mut last, mut since) = (said(), Instant::now());
        while since.elapsed() < QUIET && began.elapsed() < Duration::from_secs(10) {
            thread::sleep(Duration::from_millis(20));
            let now = said();
            if now != last {
                (last, since) = (now, Instant::now());
            }
        }
    }

    /// Somebody does something at his phone.
    fn uses(&mut self, verb: &str, number: &str, to: &str) -> Result<(), String> {
        if verb == "incoming" {
            let withholds = usize::from(number == "withheld");
            let dialled = format!("+4930555{to}");
            self.outside.get_mut(withholds).ok_or("nobody is outside")?.does("dial", &dialled);
            return Ok(());
        }
        let phone = self.used.get_mut(number).ok_or_else(|| format!("nobody uses the phone {number}"))?;
        match (verb, to) {
            ("dial", _) => phone.does("dial", to),
            ("answer", _) => phone.answers(),
            ("hold", _) => phone.does("hold", ""),
            ("retrieve", _) => phone.does("resume", ""),
            ("hangup", _) => phone.hangs_up(),
            ("consult", _) => {
                phone.does("hold", "");
                phone.does("dial", to);
            }
            ("pickup", _) => phone.does("dial", &format!("**{to}")),
            ("forward", "off") => phone.does("dial", "*73"),
            ("forward", _) => phone.does("dial", &format!("*72{to}")),
            _ => return Err(format!("nobody does '{verb}' at a phone")),
        }
        Ok(())
    }

    fn end(self) -> Result<(), String> {
        for (who, client) in self.clients {
            client.ended().map_err(|why| format!("{who}: {why}"))?;
        }
        self.gateway.end();
        Ok(())
    }
}

/// The numbers of the phones that people use in a story.
fn used_by_hand(story: &Story) -> Result<BTreeSet<&str>, String> {
    let steps = story.read()?;
    let lines = steps.iter().filter_map(|step| match step {
        Step::Phones(line) | Step::Break(line) => Some(*line),
        Step::SignIn(_) | Step::Client(..) | Step::Believes(..) | Step::Time(_) => None,
    });
    Ok(lines.filter_map(|line| line.split(' ').nth(1)).collect())
}

impl Stage for Processes {
    fn sign_in(&mut self, who: &str, line: &str) -> Result<(), String> {
        self.clients.insert(who.into(), Client::signed_in(&self.gateway, line));
        Ok(())
    }

    /// A client's call begins at its own phone, which must be answered.
    fn client(&mut self, who: &str, line: &str) -> Result<(), String> {
        // A call is parked by the number for parking, and is told where.
        let line = line.replace("park 701", "park 700");
        self.of(who)?.tell(&line);
        if ["call ", "consult ", "pickup-group"].iter().any(|verb| line.starts_with(verb)) {
            let number = PEOPLE.iter().find(|(name, _)| *name == who).map_or("", |(_, number)| number);
            if let Some(phone) = self.used.get_mut(number) {
                phone.answers();
            } else {
                let client = self.of(who)?;
                client.tell("sleep 300ms");
                client.tell("answer");
            }
        }
        Ok(())
    }

    fn done(&mut self, who: &str) -> Result<(), String> {
        self.of(who)?.done()?;
        self.settle();
        Ok(())
    }

    fn phones(&mut self, line: &str) -> Result<String, String> {
        let mut words = line.split(' ');
        let [verb, number, to] = [(); 3].map(|()| words.next().unwrap_or_default());
        if verb == "hangup" && !self.used.contains_key(number) {
            // The far end of a trunk hangs up by itself. Otherwise this is the end of a story: what these phones are in is
            // ended by Asterisk.
            if self.obedient.remove(number).is_some() {
                self.house.console("channel request hangup all");
            }
            return Ok("ok".into());
        }
        self.uses(verb, number, to)?;
        if verb != "hangup" {
            self.settle();
        }
        Ok("ok".into())
    }

    fn time(&mut self, millis: u64) -> Result<(), String> {
        thread::sleep(Duration::from_millis(millis));
        Ok(())
    }

    fn break_links(&mut self) -> Result<(), String> {
        self.relay.cut();
        self.gateway.running.wait_for("name=cti_out_of_service");
        Ok(())
    }

    fn restored(&mut self) -> Result<(), String> {
        let times = self.gateway.running.said().matches("name=cti_in_service ").count();
        self.relay.pass();
        self.gateway.running.wait_for_times("name=cti_in_service ", times + 1);
        self.settle();
        Ok(())
    }
}

fn tell(index: usize, story: &Story) -> Result<(), String> {
    let mut stage = Processes::start(index, story)?;
    story.play(&mut stage)?;
    stage.end()
}

#[test]
fn stories_come_true_at_an_asterisk_or_the_table_says_why_not() {
    let manual: Vec<&str> = include_str!("../../docs/asterisk.md").split_whitespace().collect();
    let manual = manual.join(" ");
    let (told, untold): (Vec<_>, Vec<_>) =
        stories().enumerate().partition(|(_, story)| story.not_with_asterisk().is_none());
    let mut list = format!("{} stories are told, {} are not:\n", told.len(), untold.len());
    for (_, story) in &untold {
        let why = story.not_with_asterisk().unwrap_or_default();
        writeln!(list, "  {}: {why}", story.name).unwrap();
        let what = why.split(": ").next().unwrap_or_default();
        assert!(manual.contains(what), "docs/asterisk.md does not say '{what}'");
    }
    // Also when the test passes.
    let _ = std::io::stderr().write_all(list.as_bytes());
    let left = Mutex::new(told.into_iter());
    let faults = Mutex::new(Vec::new());
    let teller = || {
        loop {
            let Some((index, story)) = left.lock().unwrap().next() else { return };
            let told = thread::scope(|scope| scope.spawn(|| tell(index, story)).join());
            if let Err(why) = told.unwrap_or_else(|_| Err("a panic, above".into())) {
                faults.lock().unwrap().push(format!("{}: {why}", story.name));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..TELLERS {
            scope.spawn(teller);
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{} failed:\n{}", faults.len(), faults.join("\n\n"));
}
