//! The captured bytes of a real client (SIPE 1.25.0) against the gateway and a phone system: directly, and through a
//! proxy that adds its Via and Record-Route.

use ctigate_core::Duration;
use ctigate_tests::captured::{ACK, BYE, CALL, FEATURES, INVITE, MONITOR, REACK, REINVITE, STOP};
use ctigate_tests::client::Line;
use ctigate_tests::office::ip;
use ctigate_tests::{Fault, GATEWAY, Office, Plan, Random, Sip, SipPeer, Weather, World, twice};

/// What the proxy adds to every request, and to every INVITE.
const PROXY_VIA: &str = "Via: SIP/2.0/TCP 192.0.2.2:17060;branch=z9hG4bK";
const RECORD_ROUTE: &str =
    "Record-Route: <sip:proxy@127.0.0.1:17060;transport=tcp;lr;ms-route-sig=aAbB-_1>\r\n";

/// The line as the client names it.
const LINE: &str = "tel:73124;phone-context=dialstring;partition=BE_BRS_INT";

fn plan() -> Plan {
    Plan::default().with_switch(&[
        "phone[0].number = \"73124\"",
        "phone[1].number = \"+3222220220\"",
        "phone[1].answer = \"auto\"",
        "phone[1].answer_after_ms = 500",
    ])
}

/// A client that sends what was captured, with the identifiers of this run.
struct Sipe {
    peer: SipPeer,
    proxied: bool,
    sent: u32,
    tag: String,
    reference: String,
}

impl Sipe {
    fn said(&mut self, captured: &str) -> String {
        self.sent += 1;
        let mut text = captured.replace(";tag=gw1", &format!(";tag={}", self.tag));
        if captured == STOP {
            let (head, body) = captured.split_once("\r\n\r\n").unwrap();
            let body = body.replace("99fda87c", &self.reference);
            let head = head.replace("Content-Length: 165", &format!("Content-Length: {}", body.len()));
            text = format!("{head}\r\n\r\n{body}").replace(";tag=gw1", &format!(";tag={}", self.tag));
        }
        if self.proxied {
            let recorded = if text.starts_with("INVITE") { RECORD_ROUTE } else { "" };
            let route =
                text.lines().find(|line| line.starts_with("Route:")).map(|line| format!("{line}\r\n"));
            let text_without = route.map_or(text.clone(), |route| text.replace(&route, ""));
            text = text_without.replacen("\r\n", &format!("\r\n{PROXY_VIA}{}\r\n{recorded}", self.sent), 1);
        }
        text
    }

    fn ask(&mut self, world: &mut World, captured: &str) -> Result<Sip, Fault> {
        let request = self.said(captured);
        let answer = self.peer.ask(world, &request)?;
        assert_eq!(answer.status(), 200, "{} for {captured}", answer.start());
        let vias = answer.headers("Via").len();
        assert_eq!(vias, if self.proxied { 2 } else { 1 }, "an answer repeats the Vias: {answer:?}");
        Ok(answer)
    }

    fn send(&mut self, world: &mut World, captured: &str) {
        let request = self.said(captured);
        self.peer.send(world, request);
    }
}

/// Plays the whole capture; returns the names of the events that the client got.
fn play(world: &mut World, proxied: bool) -> Result<Vec<String>, Fault> {
    let office = Office::open(world, &plan())?;
    let host = world.add_bare("sipe", ip(2), Vec::new());
    let peer = SipPeer::tcp(world, host, GATEWAY)?;
    let mut sipe = Sipe { peer, proxied, sent: 0, tag: String::new(), reference: String::new() };

    let signed_in = sipe.ask(world, INVITE)?;
    assert_eq!(signed_in.element("systemStatus"), "normal");
    assert_eq!(signed_in.header("Require"), "timer");
    assert_eq!(signed_in.has("Record-Route"), proxied);
    sipe.tag = signed_in.parameter("To", "tag").to_owned();
    sipe.send(world, ACK);
    let features = sipe.ask(world, FEATURES)?;
    assert_eq!(features.root(), "GetCSTAFeaturesResponse");
    let monitor = sipe.ask(world, MONITOR)?;
    monitor.named("monitorCrossRefID").clone_into(&mut sipe.reference);

    world.run_for(Duration::from_secs(3))?;
    let call = sipe.ask(world, CALL)?;
    assert_eq!(call.element("deviceID"), LINE, "the line comes back as the client wrote it");
    let call_id = call.named("callID").to_owned();
    world.run_until("the far end answers", Duration::from_secs(20), |world| {
        peer.events(world).contains(&"EstablishedEvent".to_owned())
    })?;
    for event in peer.requests(world, "INFO") {
        assert_eq!(event.element("monitorCrossRefID"), sipe.reference, "{}", event.body());
        assert_eq!(event.element("callID"), call_id, "{}", event.body());
        assert!(!event.body().is_empty() && event.has("Content-Disposition"));
        assert_eq!(event.has("Route"), proxied, "{event:?}");
    }

    world.run_for(Duration::from_secs(27))?;
    let refreshed = sipe.ask(world, REINVITE)?;
    assert_eq!(refreshed.element("systemStatus"), "normal");
    sipe.send(world, REACK);
    world.run_for(Duration::from_secs(8))?;
    sipe.send(world, STOP);
    sipe.ask(world, BYE)?;
    assert_eq!(peer.answer(world, 0, "2 INFO").map(|answer| answer.status()), Some(200));
    world.run_for(Duration::from_secs(120))?;
    let view = office.view();
    assert_eq!((view.sessions, view.monitors, view.switch_monitors, view.pending), (0, 0, 0, 0), "{view:?}");
    assert_eq!((view.server_transactions, view.client_transactions, view.early), (0, 0, 0), "{view:?}");
    assert!(matches!(peer.way, Line::Stream(link) if world.is_open(host, link)));
    Ok(peer.events(world))
}

const EXPECTED: [&str; 4] =
    ["ServiceInitiatedEvent", "OriginatedEvent", "DeliveredEvent", "EstablishedEvent"];

#[test]
fn the_capture_plays_in_calm_weather() {
    assert_eq!(twice(1, Weather::CALM, |world| play(world, false)).unwrap(), EXPECTED);
}

#[test]
fn the_capture_plays_through_a_proxy() {
    assert_eq!(twice(2, Weather::CALM, |world| play(world, true)).unwrap(), EXPECTED);
}

#[test]
fn the_capture_plays_in_any_weather() {
    for seed in 10..30 {
        let weather = Weather::drawn(&mut Random::new(seed));
        assert_eq!(
            twice(seed, weather, |world| play(world, seed % 2 == 0)).unwrap(),
            EXPECTED,
            "seed {seed}"
        );
    }
}
