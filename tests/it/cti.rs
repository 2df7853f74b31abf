//! Tests of the phone system alone, over raw frames in any weather.

use ctigate_core::{Duration, LinkId};
use ctigate_tests::office::ip;
use ctigate_tests::sip::element;
use ctigate_tests::{Fault, HostId, Office, Plan, Random, Weather, World, twice};

const ED3: &str = "http://www.ecma-international.org/standards/ecma-323/csta/ed3";
const SESSION: &str = "http://www.ecma-international.org/standards/ecma-354/appl_session";
const PATIENCE: Duration = Duration::from_secs(60);

/// The invoke ID of every event (ECMA-323 Annex G.2).
const EVENT: &str = "9999";

/// One CTI link, held by hand.
struct Application {
    host: HostId,
    link: LinkId,
    invoke: u32,
}

/// The frames in `bytes`: invoke ID and document.
fn frames(mut bytes: &[u8]) -> Vec<(String, String)> {
    let mut found = Vec::new();
    while let [0, 0, high, low, rest @ ..] = bytes {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some(frame) = rest.get(..length - 4) else { break };
        let text = String::from_utf8(frame.to_vec()).unwrap();
        let (invoke, document) = text.split_at(4);
        found.push((invoke.to_owned(), document.to_owned()));
        bytes = &bytes[length..];
    }
    found
}

impl Application {
    fn open(world: &mut World) -> Result<Self, Fault> {
        let host = world.add_bare("application", ip(5), Vec::new());
        let link = world.connect(host, "switch0:2748");
        world.run_until("the link opens", PATIENCE, |world| world.is_open(host, link))?;
        Ok(Self { host, link, invoke: 0 })
    }

    fn frames(&self, world: &World) -> Vec<(String, String)> {
        frames(world.received(self.host, self.link))
    }

    /// Sends a request, and returns the answer's document.
    fn ask(&mut self, world: &mut World, document: &str) -> Result<String, Fault> {
        self.invoke += 1;
        let invoke = format!("{:04}", self.invoke);
        let length = u16::try_from(document.len() + 8).unwrap().to_be_bytes();
        let frame = [&[0, 0], &length[..], invoke.as_bytes(), document.as_bytes()].concat();
        world.write(self.host, self.link, &frame);
        let answer = |world: &World| self.frames(world).into_iter().find(|(found, _)| *found == invoke);
        world.run_until(&format!("the answer to {document}"), PATIENCE, |world| answer(world).is_some())?;
        Ok(answer(world).unwrap().1)
    }

    fn csta(&mut self, world: &mut World, name: &str, inside: &str) -> Result<String, Fault> {
        self.ask(world, &format!("<{name} xmlns=\"{ED3}\">{inside}</{name}>"))
    }

    fn start_session(&mut self, world: &mut World) -> Result<(), Fault> {
        let asked = format!(
            "<StartApplicationSession xmlns=\"{SESSION}\"><applicationInfo><applicationID>test</applicationID>\
             </applicationInfo><requestedProtocolVersions><protocolVersion>{ED3}</protocolVersion>\
             </requestedProtocolVersions><requestedSessionDuration>180</requestedSessionDuration>\
             </StartApplicationSession>"
        );
        let answer = self.ask(world, &asked)?;
        assert!(answer.contains("StartApplicationSessionPosResponse"), "{answer}");
        Ok(())
    }

    /// The names of the events so far.
    fn events(&self, world: &World) -> Vec<String> {
        let events = self.frames(world).into_iter().filter(|(invoke, _)| invoke == EVENT);
        let name = |document: String| {
            let root = document.rsplit_once("</").map_or(document.as_str(), |(_, root)| root);
            root.trim_end_matches('>').to_owned()
        };
        events.map(|(_, document)| name(document)).collect()
    }
}

fn call(world: &mut World) -> Result<Vec<String>, Fault> {
    let office = Office::build(world, &Plan::default())?;
    let mut link = Application::open(world)?;
    link.start_session(world)?;
    let monitored =
        link.csta(world, "MonitorStart", "<monitorObject><deviceObject>1001</deviceObject></monitorObject>")?;
    assert_ne!(element(&monitored, "monitorCrossRefID"), "", "{monitored}");
    let made = link.csta(
        world,
        "MakeCall",
        "<callingDevice>1001</callingDevice><calledDirectoryNumber>1002</calledDirectoryNumber>\
         <autoOriginate>doNotPrompt</autoOriginate>",
    )?;
    let call = element(&made, "callID").to_owned();
    assert_ne!(call, "", "{made}");
    world
        .run_until("it rings", PATIENCE, |world| link.events(world).contains(&"DeliveredEvent".to_owned()))?;
    world.line(office.switches[0], "answer 1002");
    world.run_until("it is answered", PATIENCE, |world| {
        link.events(world).contains(&"EstablishedEvent".to_owned())
    })?;
    let connection =
        |name: &str| format!("<{name}><callID>{call}</callID><deviceID>1001</deviceID></{name}>");
    for (service, parameter) in [
        ("HoldCall", "callToBeHeld"),
        ("RetrieveCall", "callToBeRetrieved"),
        ("ClearConnection", "connectionToBeCleared"),
    ] {
        let answer = link.csta(world, service, &connection(parameter))?;
        assert!(answer.contains(&format!("{service}Response")), "{answer}");
    }
    let late = link.csta(world, "HoldCall", &connection("callToBeHeld"))?;
    assert!(late.contains("CSTAErrorCode"), "{late}");
    world.run_for(Duration::from_secs(1))?;
    assert_eq!(office.counts(0).map(|counts| counts.calls), Some(0));
    Ok(link.events(world))
}

#[test]
fn a_call_over_raw_frames_in_any_weather() {
    for seed in 0..20 {
        let weather = Weather::drawn(&mut Random::new(seed));
        let events = twice(seed, weather, call).unwrap_or_else(|fault| panic!("{fault}"));
        assert_eq!(
            events,
            [
                "ServiceInitiatedEvent",
                "OriginatedEvent",
                "DeliveredEvent",
                "EstablishedEvent",
                "HeldEvent",
                "RetrievedEvent",
                "ConnectionClearedEvent"
            ],
            "seed {seed}"
        );
    }
}
