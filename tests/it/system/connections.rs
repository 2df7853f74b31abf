//! S1, S2, S7: connections.

use ctigate_core::Duration;
use ctigate_core::config::Config;
use ctigate_core::setting::{Setting, read_line};
use ctigate_tests::Agent;
use ctigate_tests::world::Death;

use super::{house, indexes, said, wait_for};

#[test]
fn s1_eight_connections_are_used_in_the_order_of_their_configuration() {
    let (mut world, office) = house(8);
    for client in 0..8 {
        Agent::signed_in(
            &mut world,
            100 + client,
            &format!("user{client}"),
            &format!("{}", 1001 + u32::from(client)),
        )
        .unwrap();
    }
    assert_eq!(indexes(&world, &office), ["1", "2", "3", "4", "5", "6", "7", "8"]);
}

#[test]
fn s1_a_ninth_connection_is_a_configuration_error_that_names_the_limit() {
    let mut lines = vec!["sip.tcp = [\"192.0.2.1:5060\"]".to_owned()];
    lines.extend((0..9).map(|index| format!("cti.connection[{index}].address = \"switch{index}:2748\"")));
    let settings: Vec<Setting> = lines.iter().map(|line| read_line(line).unwrap()).collect();
    let errors = Config::from_settings(&settings).unwrap_err();
    assert_eq!(errors.len(), 1, "{errors:?}");
    assert!(errors[0].key.contains("cti.connection") && errors[0].bound.contains('8'), "{errors:?}");
}

#[test]
fn s2_all_connections_are_dialled_at_start_and_each_has_its_heartbeat() {
    let (mut world, office) = house(3);
    for switch in 0..3 {
        assert_eq!(said(&world, &office, "cti_in_service", switch), 1);
        assert_eq!(world.connections(office.switches[switch]), 1);
    }
    world.run_for(Duration::from_secs(20)).unwrap();
    for switch in 0..3 {
        assert_eq!(said(&world, &office, "cti_out_of_service", switch), 0, "every heartbeat was answered");
    }
    // A silent connection is detected by its heartbeat, and no other is affected.
    world.line(office.switches[1], "stall on");
    let silent_since = world.now();
    wait_for(&mut world, &office, "cti_out_of_service", (1, 1));
    assert!(world.now() - silent_since <= 3_100_000, "2 s to the heartbeat, 1 s for its answer");
    let why = world.notices(office.gateway).iter().find(|said| said.name == "cti_out_of_service").unwrap();
    assert!(why.fields.contains("a heartbeat was not answered"), "{}", why.fields);
    for switch in [0, 2] {
        assert_eq!(said(&world, &office, "cti_out_of_service", switch), 0);
    }
}

#[test]
fn s2_the_gateway_serves_with_the_first_connection_and_says_what_is_missing() {
    let (world, office) = house(3);
    let said = world.notices(office.gateway).iter().filter(|said| said.name == "cti_in_service");
    let missing: Vec<usize> =
        said.map(|said| super::field(&said.fields, "missing").matches("switch").count()).collect();
    assert_eq!(missing, [2, 1, 0]);
}

#[test]
fn s2_a_connection_whose_other_end_is_gone_without_a_word_is_found_out_by_its_heartbeat() {
    let (mut world, office) = house(1);
    world.crash(office.switches[0], Death::Silent);
    wait_for(&mut world, &office, "cti_out_of_service", (0, 1));
}

#[test]
fn s7_a_lost_connection_is_dialled_until_it_is_back_and_beats_again() {
    let (mut world, office) = house(2);
    world.line(office.switches[0], "stall on");
    wait_for(&mut world, &office, "cti_out_of_service", (0, 3));
    world.line(office.switches[0], "stall off");
    wait_for(&mut world, &office, "cti_in_service", (0, 2));
    // Each connect has an ID of its own.
    let connects = world.notices(office.gateway).iter().filter(|said| said.name == "cti_connecting");
    let ids: Vec<String> = connects.map(|said| super::field(&said.fields, "connection")).collect();
    let different: std::collections::BTreeSet<&String> = ids.iter().collect();
    assert_eq!(ids.len(), different.len(), "{ids:?}");
    // Its heartbeat goes on.
    world.line(office.switches[0], "stall on");
    wait_for(&mut world, &office, "cti_out_of_service", (0, 4));
    assert_eq!(said(&world, &office, "cti_out_of_service", 1), 0);
}
