//! Quirks 1 and 2: branches and CSeq.

use ctigate_core::Duration;
use ctigate_tests::{Agent, Sip, World};

use super::story;

fn answers(world: &World, agent: &Agent, cseq: &str) -> usize {
    let all: Vec<Sip> = agent.line.received(world);
    all.iter().filter(|message| message.status() == 200 && message.header("CSeq") == cseq).count()
}

#[test]
fn quirk_1_without_a_branch_on_tcp_an_equal_request_after_the_answer_is_new() {
    story(&[], |world, _| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        alice.branch = false;
        assert_eq!(alice.sign_in(world)?.status(), 200);
        let body = alice.document("SnapshotDevice", &alice.snapshot_object());
        let request = alice.compose("INFO", "", &body);
        for _ in 0..3 {
            assert_eq!(alice.line.ask(world, &request)?.status(), 200);
        }
        assert_eq!(answers(world, &alice, "2 INFO"), 3);
        Ok(())
    });
}

#[test]
fn quirk_1_without_a_branch_on_udp_an_equal_request_is_a_retransmission() {
    story(&[], |world, office| {
        let mut alice = Agent::udp(world, 2, "alice", "1001");
        alice.branch = false;
        assert_eq!(alice.sign_in(world)?.status(), 200);
        let object = alice.monitor_object();
        let body = alice.document("MonitorStart", &object);
        let request = alice.compose("INFO", "", &body);
        for _ in 0..3 {
            alice.line.send(world, &request);
            world.run_for(Duration::from_millis(300))?;
        }
        assert_eq!(answers(world, &alice, "2 INFO"), 3, "each gets the answer");
        assert_eq!(office.view().monitors, 1, "and it was carried out once");
        Ok(())
    });
}

#[test]
fn quirk_1_a_branch_on_the_topmost_via_decides() {
    story(&[], |world, office| {
        let mut alice = Agent::udp(world, 2, "alice", "1001");
        assert_eq!(alice.sign_in(world)?.status(), 200);
        let object = alice.monitor_object();
        let body = alice.document("MonitorStart", &object);
        let first = alice.compose("INFO", "", &body);
        alice.line.ask(world, &first)?;
        alice.line.ask(world, &first)?;
        assert_eq!(office.view().monitors, 1, "the same branch is the same request");
        alice.sequence -= 1;
        let second = alice.compose("INFO", "", &body);
        alice.line.ask(world, &second)?;
        assert_eq!(office.view().monitors, 2, "another branch is another request, whatever the CSeq");
        Ok(())
    });
}

#[test]
fn quirk_2_a_cseq_that_goes_back_is_no_reason_for_anything() {
    story(&[], |world, _| {
        let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
        alice.branch = false;
        alice.sequence = 41;
        assert_eq!(alice.sign_in(world)?.status(), 200);
        for start in [0, 7, 1, 0] {
            alice.sequence = start + 1;
            assert_eq!(alice.serve(world, "GetCSTAFeatures", "")?.root(), "GetCSTAFeaturesResponse");
        }
        Ok(())
    });
}

#[test]
fn quirk_2_idle_refreshes_repeat_one_cseq_and_are_all_answered() {
    for branch in [false, true] {
        story(&[], |world, office| {
            let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
            alice.branch = branch;
            assert_eq!(alice.sign_in(world)?.status(), 200);
            let body = alice.sign_in_body();
            for _ in 0..5 {
                alice.sequence = 2;
                let answer = alice.ask(world, "INVITE", "Supported: timer\r\n", &body)?;
                assert_eq!((answer.status(), answer.element("systemStatus")), (200, "normal"));
                alice.sequence = 2;
                alice.acknowledge(world);
                // Less than the 32 s during which RFC 6026 treats the next one as a retransmission.
                world.run_for(Duration::from_secs(10))?;
            }
            assert_eq!(office.view().sessions, 1);
            Ok(())
        });
    }
}

#[test]
fn quirk_2_on_udp_an_answered_refresh_makes_old_numbers_new_again() {
    story(&[], |world, office| {
        let mut alice = Agent::udp(world, 2, "alice", "1001");
        alice.branch = false;
        assert_eq!(alice.sign_in(world)?.status(), 200);
        alice.monitor(world)?;
        let body = alice.sign_in_body();
        assert_eq!(alice.ask(world, "INVITE", "Supported: timer\r\n", &body)?.status(), 200);
        alice.sequence = 2;
        alice.acknowledge(world);
        world.run_for(Duration::from_millis(100))?;
        let answer = alice.monitor(world)?;
        assert_eq!(answer.header("CSeq"), "2 INFO", "the CSeq of the first monitor");
        assert_eq!(office.view().monitors, 2, "it is a new request");
        Ok(())
    });
}
