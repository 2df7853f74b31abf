//! The ways in which a client leaves: nothing remains of it.

use ctigate_core::Duration;
use ctigate_tests::{Agent, Fault, Office, Plan, Random, Weather, World, twice};

/// Lets a client sign in, follow a call at its phone, and leave; then every table must be empty.
#[track_caller]
fn gone(settings: &[&str], goes: impl Fn(&mut World, &Office, &mut Agent) -> Result<(), Fault>) {
    for udp in [false, true] {
        for seed in 0..8 {
            let weather = if seed == 0 { Weather::CALM } else { Weather::drawn(&mut Random::new(seed)) };
            let told = twice(seed, weather, |world| {
                let office = Office::open(world, &Plan::gateway(settings))?;
                let mut alice = if udp {
                    Agent::udp(world, 2, "alice", "1001")
                } else {
                    Agent::tcp(world, 2, "alice", "1001")?
                };
                assert_eq!(alice.sign_in(world)?.status(), 200);
                assert_eq!(alice.monitor(world)?.status(), 200);
                world.line(office.switches[0], "dial 1001 1002");
                world.run_for(Duration::from_millis(500))?;
                goes(world, &office, &mut alice)?;
                world.line(office.switches[0], "hangup 1001");
                office.close(world)
            });
            told.unwrap_or_else(|fault| panic!("{fault}"));
        }
    }
}

#[test]
fn monitor_stop_and_bye_right_behind_it() {
    gone(&[], |world, _, alice| {
        assert!(matches!(alice.sign_out(world)?.status(), 200 | 481));
        Ok(())
    });
}

#[test]
fn bye_alone() {
    gone(&[], |world, _, alice| {
        assert!(matches!(alice.ask(world, "BYE", "", "")?.status(), 200 | 481));
        Ok(())
    });
}

#[test]
fn without_a_word() {
    gone(&["sip.session_expires = 90", "sip.linger = 90"], |world, office, alice| {
        world.cut_link(office.gateway, alice.host());
        world.run_for(Duration::from_secs(100))
    });
}

#[test]
fn bye_while_a_service_is_under_way() {
    gone(&[], |world, office, alice| {
        world.line(office.switches[0], "delay 700");
        let call = alice.document("SnapshotDevice", &alice.snapshot_object());
        let request = alice.compose("INFO", "", &call);
        alice.line.send(world, &request);
        assert!(matches!(alice.ask(world, "BYE", "", "")?.status(), 200 | 481));
        Ok(())
    });
}

#[test]
fn cancel_before_the_answer() {
    for seed in 0..8 {
        let told = twice(seed, Weather::drawn(&mut Random::new(seed)), |world| {
            let office = Office::open(world, &Plan::default())?;
            world.line(office.switches[0], "delay 2000");
            let mut alice = Agent::tcp(world, 2, "alice", "1001")?;
            let body = alice.sign_in_body();
            let invite = alice.compose("INVITE", "", &body);
            let cancel = alice.compose("CANCEL", "", "");
            let via = |text: &str| text.lines().find(|line| line.starts_with("Via")).unwrap().to_owned();
            let cancel = cancel.replace(&via(&cancel), &via(&invite));
            alice.line.send(world, &invite);
            alice.line.send(world, &cancel);
            world.run_for(Duration::from_secs(1))?;
            let status = |cseq: &str| alice.answer(world, 0, cseq).map(|answer| answer.status());
            assert_eq!((status("1 CANCEL"), status("1 INVITE")), (Some(200), Some(487)));
            office.close(world)
        });
        told.unwrap_or_else(|fault| panic!("{fault}"));
    }
}
