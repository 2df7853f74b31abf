//! S3, S4, S5: sessions and the connections they take.

use ctigate_core::Duration;
use ctigate_tests::Agent;

use super::{call, calls, house, indexes, monitors};

#[test]
fn s3_a_sign_in_becomes_a_session_that_monitors_its_user_s_phone_and_no_other() {
    let (mut world, office) = house(1);
    let mut alice = Agent::signed_in(&mut world, 100, "alice", "1001").unwrap();
    alice.monitor(&mut world).unwrap();
    assert_eq!((office.view().sessions, office.view().monitors, monitors(&office, 0)), (1, 1, 1));
    world.line(office.switches[0], "dial 1003 1004");
    world.run_for(Duration::from_secs(2)).unwrap();
    assert!(alice.events(&world).is_empty(), "others' calls are none of hers");
    world.line(office.switches[0], "dial 1005 1001");
    world.run_for(Duration::from_secs(2)).unwrap();
    assert_eq!(alice.events(&world), ["DeliveredEvent"]);
}

#[test]
fn s4_new_sessions_go_to_the_connections_in_turn() {
    let (mut world, office) = house(3);
    let mut first = Agent::signed_in(&mut world, 100, "first", "1001").unwrap();
    for client in 1..4 {
        // Later requests in a session take no turn.
        first.sign_in(&mut world).unwrap();
        first.serve(&mut world, "GetCSTAFeatures", "").unwrap();
        Agent::signed_in(
            &mut world,
            100 + client,
            &format!("user{client}"),
            &format!("{}", 1001 + u32::from(client)),
        )
        .unwrap();
    }
    Agent::signed_in(&mut world, 110, "user110", "1010").unwrap();
    Agent::signed_in(&mut world, 111, "user111", "1001").unwrap();
    assert_eq!(indexes(&world, &office), ["1", "2", "3", "1", "2", "3"]);
}

#[test]
fn s5_all_of_a_session_goes_over_the_connection_it_began_with() {
    let (mut world, office) = house(2);
    let mut alice = Agent::signed_in(&mut world, 100, "alice", "1001").unwrap();
    let mut bob = Agent::signed_in(&mut world, 101, "bob", "1001").unwrap();
    for (agent, own, other) in [(&mut alice, 0, 1), (&mut bob, 1, 0)] {
        let (before, others) = (calls(&office, own), calls(&office, other));
        agent.monitor(&mut world).unwrap();
        agent.sign_in(&mut world).unwrap();
        assert_eq!(call(agent, &mut world).unwrap().root(), "MakeCallResponse");
        world.run_for(Duration::from_secs(1)).unwrap();
        assert!(agent.has_event(&world, "DeliveredEvent"), "{:?}", agent.events(&world));
        assert_eq!((calls(&office, own), calls(&office, other)), (before + 1, others));
        assert_eq!(monitors(&office, own), 1);
    }
}
