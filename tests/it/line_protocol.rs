//! Sessions at a phone system that speaks lines of text (`tests/src/line_protocol.rs`): a link protocol outside the
//! core serves them through the whole gateway.

use ctigate_core::engine::Engine;
use ctigate_core::setting::Value;
use ctigate_core::{Duration, LinkId};
use ctigate_tests::LineProtocol;
use ctigate_tests::bench::{Bench, Client, only};

/// The phone system at the other end of a link.
struct System(LinkId);

impl System {
    /// Opens the connection that the gateway asks for, and brings it into service.
    fn answer(bench: &mut Bench) -> Self {
        bench.await_dialling();
        let (link, address) = bench.connects().pop().expect("the gateway dials");
        bench.opened(link, &address);
        let system = Self(link);
        assert_eq!(system.asked(bench), "hello\n");
        system.say(bench, "ready");
        system
    }

    /// The lines that came since the last call.
    fn asked(&self, bench: &mut Bench) -> String {
        String::from_utf8(bench.received(self.0)).expect("lines are text")
    }

    /// Sends a line, in two pieces.
    fn say(&self, bench: &mut Bench, line: &str) {
        let line = format!("{line}\n");
        let (head, tail) = line.as_bytes().split_at(line.len() / 2);
        bench.send(self.0, head);
        bench.send(self.0, tail);
    }
}

fn bench(more: &[(&str, Value)]) -> Bench {
    Bench::of(more, |config, seed| {
        Engine::with_protocols(config, seed, |_, _| Box::new(LineProtocol::default()))
    })
}

/// A gateway in service at such a phone system, with a client that signed in.
fn signed_in(more: &[(&str, Value)]) -> (Bench, System, Client) {
    let mut bench = bench(more);
    let system = System::answer(&mut bench);
    let mut client = Client::new(&mut bench, "alice");
    let body = client.sign_in_body();
    assert!(client.send(&mut bench, "INVITE", &body).is_empty(), "the phone system is asked first");
    assert_eq!(system.asked(&mut bench), "ask 1 snapshot 1001\n");
    system.say(&mut bench, "ok 1");
    let ok = only(&client.heard(&mut bench), 200);
    client.take_tag(&ok);
    client.send(&mut bench, "ACK", "");
    (bench, system, client)
}

const OBJECT: &str = "<monitorObject><deviceObject>1001</deviceObject></monitorObject>";

/// The same with a monitor, whose cross-reference ID at the gateway is returned.
fn monitored(more: &[(&str, Value)]) -> (Bench, System, Client, String) {
    let (mut bench, system, mut client) = signed_in(more);
    assert!(client.info(&mut bench, "MonitorStart", OBJECT).is_empty());
    assert_eq!(system.asked(&mut bench), "ask 2 monitor 1001\n");
    system.say(&mut bench, "ok 2 m1");
    let id = only(&client.heard(&mut bench), 200).element("monitorCrossRefID").to_owned();
    bench.advance(Duration::from_millis(20));
    (bench, system, client, id)
}

/// The roots of the documents that a client was sent.
fn roots(client: &Client, bench: &mut Bench) -> Vec<String> {
    client.heard(bench).iter().map(|message| message.root().to_owned()).collect()
}

#[test]
fn a_call_rings_is_answered_and_ends_over_a_link_of_lines() {
    let (mut bench, system, mut client, id) = monitored(&[]);
    system.say(&mut bench, "event m1 delivered 55 1001 1002");
    let [delivered] = client.heard(&mut bench).try_into().expect("one event");
    assert_eq!((delivered.root(), delivered.element("monitorCrossRefID")), ("DeliveredEvent", &*id));
    assert_eq!(delivered.element("callID"), "155", "the phone system's number is in front");
    let own = "<callToBeAnswered><callID>155</callID><deviceID>1001</deviceID></callToBeAnswered>";
    assert!(client.info(&mut bench, "AnswerCall", own).is_empty());
    assert_eq!(system.asked(&mut bench), "ask 3 answer 55 1001\n");
    system.say(&mut bench, "ok 3");
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "AnswerCallResponse");
    system.say(&mut bench, "event m1 established 55 1001 1002");
    system.say(&mut bench, "event m1 cleared 55 1001 1002");
    bench.advance(Duration::from_millis(20));
    assert_eq!(roots(&client, &mut bench), ["EstablishedEvent", "ConnectionClearedEvent"]);
}

#[test]
fn a_call_is_made_and_its_answer_has_what_the_line_named() {
    let (mut bench, system, mut client, _) = monitored(&[]);
    let call = "<callingDevice>1001</callingDevice><calledDirectoryNumber>1002</calledDirectoryNumber>";
    assert!(client.info(&mut bench, "MakeCall", call).is_empty());
    assert_eq!(system.asked(&mut bench), "ask 3 call 1001 1002\n");
    system.say(&mut bench, "ok 3 56 1001");
    let ok = only(&client.heard(&mut bench), 200);
    assert_eq!((ok.root(), ok.element("callID")), ("MakeCallResponse", "156"));
    let held = "<callToBeHeld><callID>156</callID><deviceID>1001</deviceID></callToBeHeld>";
    let refused = only(&client.info(&mut bench, "HoldCall", held), 200);
    assert_eq!(refused.root(), "CSTAErrorCode", "such a phone system does not say that it holds calls");
    system.say(&mut bench, "no 3");
    assert!(bench.notices().iter().any(|notice| notice.contains("an unexpected response")));
}

#[test]
fn an_event_that_comes_before_its_monitor_is_named_waits_without_a_document_of_its_own() {
    let (mut bench, system, mut client) = signed_in(&[]);
    assert!(client.info(&mut bench, "MonitorStart", OBJECT).is_empty());
    assert_eq!(system.asked(&mut bench), "ask 2 monitor 1001\n");
    system.say(&mut bench, "event m1 delivered 55 1001 1002");
    assert!(client.heard(&mut bench).is_empty());
    system.say(&mut bench, "ok 2 m1");
    let id = only(&client.heard(&mut bench), 200).element("monitorCrossRefID").to_owned();
    bench.advance(Duration::from_millis(20));
    let [event] = client.heard(&mut bench).try_into().expect("the event");
    assert_eq!((event.root(), event.element("monitorCrossRefID")), ("DeliveredEvent", &*id));
    assert_eq!(event.element("callID"), "155");
    system.say(&mut bench, "stopped m1");
    bench.advance(Duration::from_secs(6));
    assert_eq!(system.asked(&mut bench), "ask 3 monitor 1001\n", "it is started again");
}

#[test]
fn heartbeats_are_answered_and_one_that_is_not_ends_the_connection() {
    let (mut bench, system, _, _) = monitored(&[]);
    bench.advance(Duration::from_secs(30));
    assert_eq!(system.asked(&mut bench), "ping\n");
    system.say(&mut bench, "pong");
    assert!(bench.engine().connections().all(|one| one.in_service && one.heartbeat_at.is_some()));
    bench.advance(Duration::from_secs(40));
    assert!(bench.is_closed(system.0));
    assert_eq!(bench.engine().counters().heartbeats_missed, 1);
}

#[test]
fn a_session_whose_connection_of_lines_is_lost_is_moved_and_told_what_changed() {
    let (mut bench, system, mut client, id) = monitored(&[("cti.recovery", Value::Text("rebind".into()))]);
    let types = "<requestTypes><systemStatus>true</systemStatus></requestTypes>";
    only(&client.info(&mut bench, "SystemRegister", types), 200);
    system.say(&mut bench, "event m1 established 55 1001 1002");
    bench.advance(Duration::from_millis(20));
    assert_eq!(roots(&client, &mut bench), ["EstablishedEvent"]);
    bench.close(system.0);
    bench.advance(Duration::from_millis(20));
    assert_eq!(roots(&client, &mut bench), ["SystemStatus"]);
    let snapshot = "<snapshotObject>1001</snapshotObject>";
    let refused = only(&client.info(&mut bench, "SnapshotDevice", snapshot), 200);
    assert!(refused.text.contains("networkOutOfService"), "{refused:?}");
    let system = System::answer(&mut bench);
    bench.advance(Duration::from_millis(20));
    assert_eq!(system.asked(&mut bench), "ask 1 monitor 1001\n");
    system.say(&mut bench, "ok 1 m2");
    assert_eq!(system.asked(&mut bench), "ask 2 snapshot 1001\n");
    // It is kept, as a document written for it, until the snapshot decides.
    system.say(&mut bench, "event m2 delivered 56 1001 1003");
    system.say(&mut bench, "ok 2");
    bench.advance(Duration::from_millis(20));
    let told = client.heard(&mut bench);
    let told: Vec<_> = told.iter().filter(|message| message.root() != "SystemStatus").collect();
    let calls: Vec<_> = told.iter().map(|event| (event.root(), event.element("callID"))).collect();
    assert_eq!(calls, [("ConnectionClearedEvent", "155"), ("DeliveredEvent", "156")]);
    assert!(told.iter().all(|event| event.element("monitorCrossRefID") == id));
}

#[test]
fn what_means_nothing_is_said_and_dropped() {
    let (mut bench, system, _) = signed_in(&[]);
    bench.notices();
    for line in ["what", "event m1 flew 1 2 3", "status splendid", "ok 99", "ok x"] {
        system.say(&mut bench, line);
    }
    let notices = bench.notices();
    let dropped = notices.iter().filter(|notice| notice.starts_with("message_discarded"));
    assert_eq!(dropped.count(), 5, "{notices:#?}");
    assert!(!bench.is_closed(system.0));
    bench.send(system.0, &[b'x'; 2_000]);
    assert!(bench.is_closed(system.0));
}
