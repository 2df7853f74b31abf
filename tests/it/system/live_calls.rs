//! S10 with calls: they continue when their client's node dies, and the client has them at the other node.

use ctigate_core::config::Config;
use ctigate_core::engine::Engine;
use ctigate_core::setting::{Setting, read_line};
use ctigate_core::{Duration, Seed};
use ctigate_tests::agent::Agent;
use ctigate_tests::office::ip;
use ctigate_tests::sip_peer::SipPeer;
use ctigate_tests::world::Death;
use ctigate_tests::{Office, World};

use super::house;

const SECOND: Duration = Duration::from_secs(1);

/// Adds a second node at the same phone system.
fn second_node(world: &mut World) {
    let lines = [
        "sip.tcp = [\"192.0.2.2:5060\"]",
        "sip.allow = [\"192.0.2.0/24\"]",
        "cti.connection[0].address = \"switch0:2748\"",
        "cti.connection[0].switch = \"office0\"",
    ];
    let settings: Vec<Setting> = lines.iter().map(|line| read_line(line).unwrap()).collect();
    let config = Config::from_settings(&settings).unwrap();
    world.add("node1", ip(2), move || Box::new(Engine::new(config.clone(), Seed::from_number(2))));
    world.run_for(SECOND).unwrap();
}

/// A client in a call with 1002, and the call's ID.
fn in_a_call(world: &mut World, office: &Office) -> (Agent, String) {
    let mut alice = Agent::signed_in(world, 100, "alice", "1001").unwrap();
    alice.monitor(world).unwrap();
    let made = alice.call(world, "1002").unwrap();
    let call = made.named("callID").to_owned();
    world.run_for(SECOND).unwrap();
    world.line(office.switches[0], "answer 1002");
    world.run_for(SECOND).unwrap();
    assert!(alice.has_event(world, "EstablishedEvent"));
    (alice, call)
}

#[test]
fn s10_a_call_goes_on_while_its_node_dies_and_its_client_has_it_at_the_other() {
    let (mut world, office) = house(1);
    let (mut alice, call) = in_a_call(&mut world, &office);
    second_node(&mut world);
    world.crash(office.gateway, Death::Silent);
    // Meanwhile she puts it on hold at the phone, and another call comes; she gets no events.
    world.line(office.switches[0], "hold 1001");
    world.line(office.switches[0], "dial 1003 1001");
    world.run_for(SECOND).unwrap();
    alice.line = SipPeer::tcp(&mut world, alice.host(), "192.0.2.2:5060").unwrap();
    assert_eq!(alice.sign_in(&mut world).unwrap().element("systemStatus"), "normal");
    world.run_for(SECOND).unwrap();
    assert_eq!(alice.events(&world), ["EstablishedEvent", "HeldEvent", "DeliveredEvent"]);
    let told = alice.requests(&world);
    assert!(told.iter().all(|event| event.element("monitorCrossRefID") == alice.reference));
    assert_eq!(told[1].element("callID"), call, "under the ID that the other node gave it");

    // Everything works as before, from either side.
    let held = format!("<callToBeRetrieved><callID>{call}</callID></callToBeRetrieved>");
    world.line(office.switches[0], "hangup 1003");
    world.run_for(SECOND).unwrap();
    let answer = alice.serve(&mut world, "RetrieveCall", &held).unwrap();
    assert_eq!(answer.root(), "RetrieveCallResponse");
    world.line(office.switches[0], "hangup 1002");
    world.run_for(SECOND).unwrap();
    let later = &alice.events(&world)[3..];
    assert_eq!(later.first().map(String::as_str), Some("ConnectionClearedEvent"), "{later:?}");
    assert!(later.contains(&"RetrievedEvent".to_owned()), "{later:?}");
    assert_eq!(later.last().map(String::as_str), Some("ConnectionClearedEvent"), "{later:?}");
}
