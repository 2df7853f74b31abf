//! Quirks 3, 4, 8 and 11: events, and how they are sent.

use ctigate_core::Duration;
use ctigate_tests::{Agent, Fault, Office, Sip, World};

use super::story;

/// Signs in with a monitor and lets a call begin and end at the phone itself.
fn watched_call(world: &mut World, office: &Office, agent: &mut Agent) -> Result<(), Fault> {
    if agent.gateway_tag.is_empty() {
        assert_eq!(agent.sign_in(world)?.status(), 200);
        assert_eq!(agent.monitor(world)?.status(), 200);
    }
    let switch = office.switches[0];
    world.line(switch, "dial 1001 1002");
    world.run_for(Duration::from_millis(50))?;
    world.line(switch, "hangup 1001");
    world.run_for(Duration::from_millis(50))
}

#[test]
fn quirk_3_an_event_that_is_never_answered_ends_nothing_and_leaks_nothing() {
    story(&[], |world, office| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        for _ in 0..20 {
            watched_call(world, office, &mut alice)?;
        }
        world.run_for(Duration::from_secs(120))?;
        assert!(alice.events(world).len() >= 80, "{:?}", alice.events(world));
        let view = office.view();
        assert_eq!((view.sessions, view.client_transactions), (1, 0), "{view:?}");
        Ok(())
    });
}

#[test]
fn quirk_3_answers_of_proxies_in_the_clients_place_end_nothing() {
    for status in ["408 Request Timeout", "480 Gone out", "500 Oops", "503 Busy"] {
        story(&[], |world, office| {
            let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
            watched_call(world, office, &mut alice)?;
            alice.listen(world, Duration::from_secs(2), status)?;
            watched_call(world, office, &mut alice)?;
            assert_eq!(office.view().sessions, 1, "{status}");
            assert_eq!(alice.serve(world, "GetCSTAFeatures", "")?.status(), 200, "{status}");
            Ok(())
        });
    }
}

#[test]
fn quirk_3_a_client_that_does_not_know_the_dialog_has_no_session() {
    for status in ["481 Who", "404 Not here", "410 Gone"] {
        story(&[], |world, office| {
            let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
            watched_call(world, office, &mut alice)?;
            alice.listen(world, Duration::from_secs(2), status)?;
            assert_eq!(office.view().sessions, 0, "{status}");
            assert_eq!(office.counts(0).unwrap().monitors, 0, "{status}");
            Ok(())
        });
    }
}

#[test]
fn quirk_3_events_on_tcp_are_sent_once_and_do_not_wait() {
    story(&[], |world, office| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        watched_call(world, office, &mut alice)?;
        let soon = alice.requests(world).len();
        assert!(soon >= 4, "{soon} events at once");
        world.run_for(Duration::from_secs(60))?;
        assert_eq!(alice.requests(world).len(), soon, "none of them is sent again");
        Ok(())
    });
}

#[test]
fn quirk_3_an_event_on_udp_waits_for_the_answer_to_the_one_before_but_at_most_2_s() {
    story(&[], |world, office| {
        let mut alice = Agent::udp(world, 2, "alice", "1001");
        watched_call(world, office, &mut alice)?;
        assert_eq!(alice.events(world).len(), 1, "the others wait");
        world.run_for(Duration::from_secs(2))?;
        assert_eq!(alice.events(world).len(), 2, "one more after 2 s");
        alice.listen(world, Duration::from_millis(400), "200 OK")?;
        assert!(alice.events(world).len() >= 4, "answered, they follow at once: {:?}", alice.events(world));
        Ok(())
    });
}

#[test]
fn quirk_4_nothing_the_gateway_sends_has_an_empty_body_of_a_type() {
    story(&[], |world, office| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        watched_call(world, office, &mut alice)?;
        alice.ask(world, "OPTIONS", "", "")?;
        alice.ask(world, "UPDATE", "Supported: timer\r\n", "")?;
        alice.ask(world, "INFO", "", "")?;
        alice.sign_out(world)?;
        for message in alice.line.received(world) {
            assert_eq!(message.has("Content-Type"), !message.body().is_empty(), "{message:?}");
            assert!(message.method() != "INFO" || !message.body().is_empty(), "{message:?}");
            let said = message.header("Content-Length");
            assert_eq!(said.parse(), Ok(message.body().len()));
        }
        Ok(())
    });
}

#[test]
fn quirk_8_users_share_a_connection_and_events_find_their_dialog() {
    story(&[], |world, office| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        let mut bob = Agent::beside(&alice, "bob", "1002");
        assert_eq!(alice.sign_in(world)?.status(), 200);
        assert_eq!(bob.sign_in(world)?.status(), 200);
        alice.monitor(world)?;
        bob.monitor(world)?;
        world.line(office.switches[0], "dial 1001 1003");
        world.run_for(Duration::from_secs(1))?;
        assert!(alice.has_event(world, "DeliveredEvent"));
        assert_eq!(bob.events(world), [""; 0], "nothing happened at Bob's phone");
        Ok(())
    });
}

#[test]
fn quirk_8_when_the_connection_is_gone_an_event_opens_one_to_the_next_hop() {
    for routed in [false, true] {
        story(&[], |world, office| {
            let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
            let listen = ctigate_core::Listen {
                transport: ctigate_core::Transport::Tcp,
                address: "192.0.2.3:5060".parse().unwrap(),
                key: "proxy".to_owned(),
            };
            let proxy = world.add_bare("proxy", ctigate_tests::office::ip(3), vec![listen]);
            if routed {
                "Record-Route: <sip:192.0.2.3:5060;transport=tcp;lr;ms-route-sig=aA>\r\n"
                    .clone_into(&mut alice.more);
            } else {
                alice.is_at("192.0.2.3:5060");
            }
            assert_eq!(alice.sign_in(world)?.status(), 200);
            alice.monitor(world)?;
            world.cut_link(alice.host(), office.gateway);
            world.run_for(Duration::from_secs(1))?;
            assert_eq!(office.view().sessions, 1, "a lost connection ends no session");
            world.line(office.switches[0], "dial 1001 1002");
            world.run_for(Duration::from_secs(1))?;
            let links = world.links(proxy);
            assert_eq!(links.len(), 1, "one connection for all of them");
            let events = Sip::all(world.received(proxy, links[0]));
            assert!(events.len() >= 3, "{events:?}");
            assert!(events.iter().all(|event| event.method() == "INFO"));
            assert_eq!(events[0].has("Route"), routed);
            Ok(())
        });
    }
}

#[test]
fn quirk_11_info_is_used_in_its_old_way() {
    story(&[], |world, office| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        watched_call(world, office, &mut alice)?;
        for event in alice.requests(world) {
            assert_eq!(event.header("Content-Disposition"), "signal;handling=required");
            assert_eq!((event.has("Info-Package"), event.has("Recv-Info")), (false, false));
            assert_eq!(event.header("Content-Type"), "application/csta+xml");
        }
        let answer = alice.ask(world, "INFO", "Content-Disposition: signal;handling=required\r\n", "")?;
        assert_eq!(answer.status(), 200);
        let foreign = alice.ask(world, "INFO", "Content-Type: application/dtmf-relay\r\n", "Signal=1")?;
        assert_eq!((foreign.status(), foreign.header("Accept")), (415, "application/csta+xml"));
        Ok(())
    });
}
