//! Quirk 6: how long a session lives, and how it is refreshed.

use ctigate_core::Duration;
use ctigate_tests::Agent;

use super::story;

const MINUTE: u64 = 60;

#[test]
fn quirk_6_a_session_lives_on_re_invites_every_10_minutes() {
    story(&[], |world, office| {
        let mut alice = Agent::signed_in(world, 2, "alice", "1001")?;
        let body = alice.sign_in_body();
        for _ in 0..12 {
            world.run_for(Duration::from_secs(10 * MINUTE))?;
            let answer = alice.ask(world, "INVITE", "", &body)?;
            alice.acknowledge(world);
            assert_eq!((answer.status(), answer.root()), (200, "RequestSystemStatusResponse"));
        }
        assert_eq!(office.view().sessions, 1);
        Ok(())
    });
}

#[test]
fn quirk_6_a_session_lives_on_updates_every_25_minutes() {
    story(&[], |world, office| {
        let mut alice = Agent::signed_in(world, 2, "alice", "1001")?;
        for _ in 0..6 {
            world.run_for(Duration::from_secs(25 * MINUTE))?;
            let answer = alice.ask(world, "UPDATE", "Supported: timer\r\nSession-Expires: 1800\r\n", "")?;
            assert_eq!(answer.status(), 200);
            for name in ["Contact", "Allow", "Supported", "Session-Expires"] {
                assert!(answer.has(name), "{name}: {answer:?}");
            }
        }
        assert_eq!(office.view().sessions, 1);
        Ok(())
    });
}

#[test]
fn quirk_6_an_unrefreshed_session_is_ended_with_bye_after_35_minutes_and_not_before() {
    story(&[], |world, office| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        let body = alice.sign_in_body();
        alice.sign_in_with(world, "Supported: timer\r\nSession-Expires: 90\r\n", &body)?;
        world.run_for(Duration::from_secs(34 * MINUTE))?;
        assert_eq!(office.view().sessions, 1);
        world.run_for(Duration::from_secs(2 * MINUTE))?;
        assert_eq!(office.view().sessions, 0);
        assert_eq!(alice.requests(world).last().map(|last| last.method().to_owned()), Some("BYE".to_owned()));
        Ok(())
    });
}

#[test]
fn quirk_6_a_longer_interval_is_waited_for() {
    story(&["sip.session_expires = 7200"], |world, office| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        let body = alice.sign_in_body();
        let answer = alice.sign_in_with(world, "Supported: timer\r\nSession-Expires: 7200\r\n", &body)?;
        assert_eq!(answer.header("Session-Expires"), "7200;refresher=uac");
        world.run_for(Duration::from_secs(119 * MINUTE))?;
        assert_eq!(office.view().sessions, 1);
        world.run_for(Duration::from_secs(2 * MINUTE))?;
        assert_eq!(office.view().sessions, 0);
        Ok(())
    });
}

#[test]
fn quirk_6_every_answer_to_invite_and_update_says_what_the_client_must_know() {
    story(&[], |world, _| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        "Record-Route: <sip:p@192.0.2.2;lr;ms-rrsig=x>, <sip:192.0.2.3;lr>\r\n".clone_into(&mut alice.more);
        let first = alice.sign_in(world)?;
        let body = alice.sign_in_body();
        let second = alice.ask(world, "INVITE", "Supported: timer\r\n", &body)?;
        alice.acknowledge(world);
        let third = alice.ask(world, "UPDATE", "Supported: timer\r\n", "")?;
        for answer in [first, second, third] {
            assert_eq!(answer.header("Allow"), "INVITE, ACK, BYE, CANCEL, INFO, UPDATE, OPTIONS");
            assert_eq!(answer.header("Supported"), "timer");
            assert_eq!(answer.header("Session-Expires"), "1800;refresher=uac");
            assert_eq!(answer.header("Require"), "timer");
            assert!(answer.has("Contact"));
            let routes: Vec<&str> = answer.headers("Record-Route");
            assert_eq!(routes.join(", "), "<sip:p@192.0.2.2;lr;ms-rrsig=x>, <sip:192.0.2.3;lr>");
        }
        Ok(())
    });
}

#[test]
fn quirk_6_without_supported_timer_there_is_no_session_expires() {
    story(&[], |world, _| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        let body = alice.sign_in_body();
        let answer = alice.sign_in_with(world, "", &body)?;
        assert_eq!(answer.status(), 200);
        assert_eq!((answer.has("Session-Expires"), answer.has("Require")), (false, false));
        Ok(())
    });
}

#[test]
fn quirk_6_an_interval_below_90_s_is_refused_with_the_least_one() {
    story(&[], |world, office| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        let body = alice.sign_in_body();
        let answer = alice.sign_in_with(world, "Supported: timer\r\nSession-Expires: 89\r\n", &body)?;
        assert_eq!((answer.status(), answer.header("Min-SE")), (422, "90"));
        world.run_for(Duration::from_secs(60))?;
        assert_eq!(office.view().sessions, 0);
        Ok(())
    });
}

#[test]
fn quirk_6_the_200_is_sent_again_on_tcp_until_any_ack_of_the_dialog_comes() {
    story(&[], |world, office| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        let body = alice.sign_in_body();
        let answer = alice.ask(world, "INVITE", "Supported: timer\r\n", &body)?;
        world.run_for(Duration::from_secs(4))?;
        let count = |world: &_| alice.line.received(world).iter().filter(|one| one.status() == 200).count();
        let sent = count(world);
        assert!((3..=5).contains(&sent), "after 0, 0.5, 1.5 and 3.5 s: {sent}");
        let mut late = alice.clone();
        answer.parameter("To", "tag").clone_into(&mut late.gateway_tag);
        late.sequence = 78;
        late.acknowledge(world);
        world.run_for(Duration::from_secs(60))?;
        assert!(count(world) <= sent + 1, "{} after {sent}", count(world));
        assert_eq!(office.view().sessions, 1);
        Ok(())
    });
}

#[test]
fn quirk_6_a_missing_ack_is_logged_and_ends_nothing() {
    story(&[], |world, office| {
        let mut alice = Agent::signed_in(world, 2, "alice", "1001")?;
        let body = alice.sign_in_body();
        alice.ask(world, "INVITE", "Supported: timer\r\n", &body)?;
        world.run_for(Duration::from_secs(100))?;
        assert!(world.notices(office.gateway).iter().any(|said| said.name == "ack_missing"));
        let view = office.view();
        assert_eq!((view.sessions, view.server_transactions), (1, 0), "{view:?}");
        assert_eq!(alice.serve(world, "GetCSTAFeatures", "")?.status(), 200);
        Ok(())
    });
}

#[test]
fn quirk_6_trying_is_said_for_slow_invites_only() {
    story(&[], |world, office| {
        world.line(office.switches[0], "delay 1000");
        let mut alice = Agent::signed_in(world, 2, "alice", "1001")?;
        alice.monitor(world)?;
        let provisional: Vec<(u16, String)> = alice
            .line
            .received(world)
            .iter()
            .filter(|message| (100..200).contains(&message.status()))
            .map(|message| (message.status(), message.header("CSeq").to_owned()))
            .collect();
        assert_eq!(provisional, [(100, "1 INVITE".to_owned())]);
        Ok(())
    });
}
