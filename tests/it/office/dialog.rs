//! Quirks 5, 7 and 12: numbers that are dialled, opaque routes, and several sessions on one line.

use ctigate_core::Duration;
use ctigate_tests::Agent;

use super::story;

#[test]
fn quirk_5_a_vanity_suffix_is_cut_off_before_dialling() {
    story(&[], |world, _| {
        let mut alice = Agent::signed_in(world, 2, "alice", "1001")?;
        alice.monitor(world)?;
        let answer = alice.call(world, "1002v:41234")?;
        assert_eq!(answer.root(), "MakeCallResponse", "{}", answer.body());
        world.run_for(Duration::from_secs(1))?;
        assert!(alice.has_event(world, "DeliveredEvent"), "{:?}", alice.events(world));
        Ok(())
    });
}

#[test]
fn quirk_5_what_cannot_be_dialled_leaves_the_phone_alone() {
    for number in ["", "v:41234", "alice", "+", "10&amp;02"] {
        story(&[], |world, office| {
            let mut alice = Agent::signed_in(world, 2, "alice", "1001")?;
            alice.monitor(world)?;
            let answer = alice.call(world, number)?;
            assert_eq!(
                (answer.status(), answer.root()),
                (200, "CSTAErrorCode"),
                "{number:?}: {}",
                answer.body()
            );
            world.run_for(Duration::from_secs(1))?;
            assert_eq!(alice.events(world), [""; 0], "{number:?}: the phone did not go off hook");
            assert_eq!(office.counts(0).unwrap().calls, 0);
            Ok(())
        });
    }
}

#[test]
fn quirk_7_routes_and_contacts_are_kept_byte_for_byte() {
    const FIRST: &str = "<sip:192.0.2.2:49153;transport=tcp;lr;ms-route-sig=aAbB-_1%20;ms-rrsig=Cc==>";
    const SECOND: &str = "<sip:Pool.Example.COM:5061;transport=tls;opaque=\"a,b\";ms-identity-info=~x;lr>";
    const CONTACT: &str = "sip:alice@example.com:59982;maddr=192.0.2.2;transport=tcp;ms-received-cid=A1b2";
    story(&[], |world, office| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        alice.more = format!("Record-Route: {FIRST}\r\nRecord-Route: {SECOND}\r\n");
        let body = alice.sign_in_body();
        let text = alice.compose("INVITE", "Supported: timer\r\n", &body);
        let contact = text.lines().find(|line| line.starts_with("Contact:")).unwrap().to_owned();
        let text = text.replace(&contact, &format!("Contact: <{CONTACT}>;proxy=replace"));
        let answer = alice.line.ask(world, &text)?;
        answer.parameter("To", "tag").clone_into(&mut alice.gateway_tag);
        alice.acknowledge(world);
        alice.more.clear();
        alice.monitor(world)?;
        world.line(office.switches[0], "offhook 1001");
        world.run_for(Duration::from_secs(1))?;
        let events = alice.requests(world);
        let event = events.first().expect("an event");
        assert_eq!(event.start(), format!("INFO {CONTACT} SIP/2.0"));
        let routes: Vec<&str> = event.headers("Route");
        assert_eq!(routes.join(", "), format!("{FIRST}, {SECOND}"), "a server keeps the order it was told");
        Ok(())
    });
}

#[test]
fn quirk_12_two_computers_of_one_user_have_a_session_each() {
    story(&[], |world, office| {
        let mut first = Agent::tcp(world, 2, "alice", "1001")?;
        let mut second = Agent::tcp(world, 3, "alice", "1001")?;
        "alice-2".clone_into(&mut second.call_id);
        "elsewhere".clone_into(&mut second.tag);
        for agent in [&mut first, &mut second] {
            assert_eq!(agent.sign_in(world)?.status(), 200);
            assert_eq!(agent.monitor(world)?.status(), 200);
        }
        assert_ne!(first.reference, second.reference);
        assert_eq!(office.counts(0).unwrap().monitors, 1, "one monitor towards the phone system");
        world.line(office.switches[0], "dial 1001 1002");
        world.run_for(Duration::from_secs(1))?;
        assert!(first.has_event(world, "DeliveredEvent") && second.has_event(world, "DeliveredEvent"));
        for agent in [&first, &second] {
            for event in agent.requests(world) {
                assert_eq!(event.element("monitorCrossRefID"), agent.reference);
            }
        }
        first.sign_out(world)?;
        world.line(office.switches[0], "hangup 1001");
        world.run_for(Duration::from_secs(1))?;
        assert!(second.has_event(world, "ConnectionClearedEvent"), "the other one goes on");
        second.sign_out(world)?;
        world.run_for(Duration::from_secs(60))?;
        assert_eq!(office.counts(0).unwrap().monitors, 0);
        Ok(())
    });
}

#[test]
fn quirk_12_two_users_share_a_line() {
    story(&[], |world, office| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        let mut deputy = Agent::tcp(world, 3, "deputy", "1001")?;
        for agent in [&mut alice, &mut deputy] {
            agent.sign_in(world)?;
            agent.monitor(world)?;
        }
        let call = deputy.call(world, "1002")?;
        let call_id = call.named("callID").to_owned();
        world.run_for(Duration::from_secs(1))?;
        let seen = alice.requests(world);
        assert!(seen.iter().any(|event| event.element("callID") == call_id), "one name for one call");
        assert_eq!(office.view().switch_monitors, 1);
        Ok(())
    });
}
