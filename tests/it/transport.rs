//! One conversation (sign-in, monitor, call, refresh, sign-out) over transports that cut, lose or delay at every
//! possible position: every request still gets exactly one answer, the same as over a good transport.

use std::collections::BTreeMap;

use ctigate_core::Duration;
use ctigate_tests::client::Line;
use ctigate_tests::world::Care;
use ctigate_tests::{Agent, Office, Plan, Sip, Weather, World};

/// An upper bound on the messages of the conversation; the longest is the answer to GetCSTAFeatures.
const LONGEST: u64 = 1_200;

/// A gateway and a phone system, with heartbeats too rare to interfere.
fn office() -> (World, Office) {
    let mut world = World::with_care(3, Weather::CALM, Care::Light);
    let plan =
        Plan::gateway(&["cti.heartbeat = 100", "cti.session_duration = 180", "sip.message_timeout = 60"]);
    let office = Office::open(&mut world, &plan).unwrap();
    (world, office)
}

/// The requests in a dialog, in order: method and body.
fn requests(agent: &Agent) -> Vec<(&'static str, String)> {
    let line = &agent.uri;
    let object = format!("<monitorObject><deviceObject>{line}</deviceObject></monitorObject>");
    let call = format!(
        "<callingDevice>{line}</callingDevice><calledDirectoryNumber>tel:1002</calledDirectoryNumber>\
         <autoOriginate>doNotPrompt</autoOriginate>"
    );
    let own = |name: &str, inside: &str| ("INFO", agent.document(name, inside));
    vec![
        own("MonitorStart", &object),
        own("GetCSTAFeatures", ""),
        own("MakeCall", &call),
        ("INVITE", agent.sign_in_body()),
        ("UPDATE", String::new()),
        own("SnapshotDevice", &format!("<snapshotObject>{line}</snapshotObject>")),
        ("BYE", String::new()),
    ]
}

/// Their answers over a good transport: status and root of the body.
const ANSWERS: [(u16, &str); 7] = [
    (200, "MonitorStartResponse"),
    (200, "GetCSTAFeaturesResponse"),
    (200, "MakeCallResponse"),
    (200, "RequestSystemStatusResponse"),
    (200, ""),
    (200, "SnapshotDeviceResponse"),
    (200, ""),
];

/// The final answers to the requests of a dialog, by branch.
fn answers(agent: &Agent, world: &World, skipped: usize) -> BTreeMap<String, Vec<(u16, String)>> {
    let mut found: BTreeMap<String, Vec<(u16, String)>> = BTreeMap::new();
    for message in agent.line.received(world).iter().skip(skipped).filter(|message| message.status() >= 200) {
        let root = if message.body().is_empty() { "" } else { message.root() };
        let answers = found.entry(branch(message)).or_default();
        answers.push((message.status(), root.to_owned()));
    }
    found
}

fn branch(message: &Sip) -> String {
    message.parameter("Via", "branch").to_owned()
}

/// Begins a dialog for a conversation.
fn sign_in(agent: &mut Agent, world: &mut World, number: u64) {
    agent.call_id = format!("conversation-{number}");
    agent.gateway_tag.clear();
    agent.sequence = 1;
    assert_eq!(agent.sign_in(world).unwrap().status(), 200);
}

/// Ends the call, which would disturb the next conversation.
fn hang_up(world: &mut World, office: &Office) {
    world.line(office.switches[0], "hangup 1001");
    world.run_for(Duration::from_millis(200)).unwrap();
}

/// Runs one conversation, sending each request when the previous one is answered; returns the answers.
fn converse(agent: &mut Agent, world: &mut World, number: u64) -> Vec<(u16, String)> {
    let before = agent.line.received(world).len();
    sign_in(agent, world, number);
    let mut branches = Vec::new();
    for (method, body) in requests(agent) {
        let headers = if matches!(method, "INVITE" | "UPDATE") { "Supported: timer\r\n" } else { "" };
        let answer = agent.ask(world, method, headers, &body).unwrap();
        branches.push(branch(&answer));
        if method == "INVITE" {
            agent.acknowledge(world);
        }
        agent.answer_all(world, "200 OK");
    }
    world.run_for(Duration::from_millis(100)).unwrap();
    let all = answers(agent, world, before);
    branches.iter().map(|branch| only(&all, branch)).collect()
}

/// The one answer to a request.
fn only(all: &BTreeMap<String, Vec<(u16, String)>>, branch: &str) -> (u16, String) {
    let answers = all.get(branch).map(Vec::as_slice).unwrap_or_default();
    assert_eq!(answers.len(), 1, "the answers to {branch}");
    answers[0].clone()
}

fn expected() -> Vec<(u16, String)> {
    ANSWERS.iter().map(|(status, root)| (*status, (*root).to_owned())).collect()
}

#[test]
fn every_message_may_be_cut_at_every_byte() {
    let (mut world, office) = office();
    for cut in 1..LONGEST {
        // Each conversation has a connection, as the agent would otherwise read all earlier messages again.
        let last = u8::try_from(cut % 100 + 100).unwrap();
        let mut agent = Agent::tcp(&mut world, last, &format!("user{cut}"), "1001").unwrap();
        world.set_weather(Weather { cut, ..Weather::CALM });
        assert_eq!(converse(&mut agent, &mut world, cut), expected(), "cut behind byte {cut}");
        hang_up(&mut world, &office);
        let Line::Stream(link) = agent.line.way else { unreachable!() };
        world.close(agent.host(), link);
    }
    office.close(&mut world).unwrap();
}

#[test]
fn every_message_may_come_byte_by_byte() {
    let (mut world, office) = office();
    world.set_weather(Weather { piece: 1, ..Weather::CALM });
    let mut agent = Agent::tcp(&mut world, 100, "alice", "1001").unwrap();
    assert_eq!(converse(&mut agent, &mut world, 1), expected());
    hang_up(&mut world, &office);
    office.close(&mut world).unwrap();
}

#[test]
fn any_two_requests_may_come_in_one_piece() {
    let (mut world, office) = office();
    for first in 0..ANSWERS.len() {
        // The BYE ends the session: nothing is sent after it.
        for second in 0..ANSWERS.len() {
            if first + 1 == ANSWERS.len() || first == second {
                continue;
            }
            let last = u8::try_from(100 + first * 10 + second).unwrap();
            let mut agent = Agent::tcp(&mut world, last, &format!("user{last}"), "1001").unwrap();
            sign_in(&mut agent, &mut world, u64::from(last));
            let all = requests(&agent);
            let before = agent.line.received(&world).len();
            let mut bytes = String::new();
            let mut branches = Vec::new();
            for index in [first, second] {
                let (method, body) = &all[index];
                let request = agent.compose(method, "Supported: timer\r\n", body);
                branches.push(branch(&Sip::all(&request)[0]));
                bytes += &request;
            }
            agent.line.send(&mut world, &bytes);
            world.run_for(Duration::from_millis(300)).unwrap();
            agent.acknowledge(&mut world);
            agent.answer_all(&mut world, "200 OK");
            world.run_for(Duration::from_millis(300)).unwrap();
            let found = answers(&agent, &world, before);
            for (index, branch) in [first, second].iter().zip(&branches) {
                // A request under way when the BYE comes is answered 487 (RFC 3261 15.1.2).
                let (status, root) = only(&found, branch);
                let ended = second + 1 == ANSWERS.len() && status == 487;
                assert!(
                    ended || (status, root.as_str()) == ANSWERS[*index],
                    "{first} {second}: {status} {root}"
                );
            }
            hang_up(&mut world, &office);
            if second + 1 < ANSWERS.len() {
                assert_eq!(agent.ask(&mut world, "BYE", "", "").unwrap().status(), 200);
            }
        }
    }
}

#[test]
fn datagrams_may_come_twice_and_in_any_order() {
    let (mut world, office) = office();
    for (number, reversed) in [(1, false), (2, true)] {
        for copies in 1..=3 {
            let last = u8::try_from(100 + number * 10 + copies).unwrap();
            let mut agent = Agent::udp(&mut world, last, &format!("user{last}"), "1001");
            sign_in(&mut agent, &mut world, u64::from(last));
            let before = agent.line.received(&world).len();
            // All but the BYE at once, since requests under way at a BYE are answered 487.
            let mut asked = Vec::new();
            for (method, body) in requests(&agent).into_iter().filter(|(method, _)| *method == "INFO") {
                asked.push(agent.compose(method, "", &body));
            }
            if reversed {
                asked.reverse();
            }
            for _ in 0..copies {
                for request in &asked {
                    agent.line.send(&mut world, request);
                }
            }
            world.run_for(Duration::from_secs(1)).unwrap();
            agent.answer_all(&mut world, "200 OK");
            world.run_for(Duration::from_secs(1)).unwrap();
            let found = answers(&agent, &world, before);
            for request in &asked {
                let branch = branch(&Sip::all(request)[0]);
                let all = &found[&branch];
                // Retransmissions are answered by retransmission.
                assert!(
                    !all.is_empty() && all.len() <= copies && all.windows(2).all(|pair| pair[0] == pair[1]),
                    "{all:?}"
                );
                assert_eq!(all[0].0, 200);
            }
            let calls = office.counts(0).unwrap().calls;
            assert_eq!(calls, 1, "a MakeCall that came {copies} times makes one call");
            hang_up(&mut world, &office);
            agent.answer_all(&mut world, "200 OK");
            assert_eq!(agent.ask(&mut world, "BYE", "", "").unwrap().status(), 200);
        }
    }
}

#[test]
fn a_request_that_stops_in_the_middle_is_answered_when_the_rest_comes() {
    let (mut world, office) = office();
    let mut agent = Agent::tcp(&mut world, 100, "alice", "1001").unwrap();
    sign_in(&mut agent, &mut world, 1);
    for (method, body) in requests(&agent) {
        let before = agent.line.received(&world).len();
        let request = agent.compose(method, "Supported: timer\r\n", &body);
        let (one, other) = request.split_at(request.len() / 2);
        agent.line.send(&mut world, one);
        world.run_for(Duration::from_secs(40)).unwrap();
        agent.line.send(&mut world, other);
        // Less than the time after which a success without an ACK is retransmitted.
        world.run_for(Duration::from_millis(300)).unwrap();
        let found = answers(&agent, &world, before);
        assert_eq!(only(&found, &branch(&Sip::all(&request)[0])).0, 200, "{method}");
        agent.acknowledge(&mut world);
        agent.answer_all(&mut world, "200 OK");
    }
    hang_up(&mut world, &office);
}

#[test]
fn a_phone_system_that_stops_in_the_middle_of_a_frame_delays_its_answer_and_no_longer_than_the_time_out() {
    let (mut world, office) = office();
    let mut agent = Agent::tcp(&mut world, 100, "alice", "1001").unwrap();
    for (number, stalled, answered) in [(1, 3, "SnapshotDeviceResponse"), (2, 8, "CSTAErrorCode")] {
        sign_in(&mut agent, &mut world, number);
        // The first hundred bytes of the answer are there after a second, the rest is not.
        let slow = Weather { cut: 100, per_byte: 10_000, ..Weather::CALM };
        world.set_weather_between(office.switches[0], office.gateway, slow);
        let body = agent.document("SnapshotDevice", "<snapshotObject>tel:1001</snapshotObject>");
        let before = agent.line.received(&world).len();
        let request = agent.compose("INFO", "", &body);
        agent.line.send(&mut world, &request);
        world.run_for(Duration::from_millis(1_500)).unwrap();
        world.stall(office.switches[0], office.gateway);
        world.run_for(Duration::from_secs(stalled)).unwrap();
        world.resume(office.switches[0], office.gateway);
        world.clear_weather_between(office.switches[0], office.gateway);
        world.run_for(Duration::from_secs(9)).unwrap();
        let found = answers(&agent, &world, before);
        assert_eq!(only(&found, &branch(&Sip::all(&request)[0])), (200, answered.to_owned()));
        assert_eq!(agent.ask(&mut world, "BYE", "", "").unwrap().status(), 200);
    }
    assert_eq!(office.counts(0).unwrap().links, 1, "the frame went on where it had stopped");
}
