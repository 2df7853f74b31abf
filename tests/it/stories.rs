//! Whole conversations of scripted clients through the gateway and a phone system, over TCP and UDP, in calm weather
//! and in weather drawn from seeds. Each is run twice and replayed, and leaves every table empty.

use ctigate_core::Duration;
use ctigate_tests::{Fault, Office, Plan, Random, Wants, Weather, World, twice};

/// How many seeds each story is run with.
const SEEDS: u64 = 6;

/// Runs a story in calm and in other weather, over TCP and UDP.
#[track_caller]
fn everywhere(plan: &Plan, story: impl Fn(&mut World, &mut Office, bool) -> Result<(), Fault>) {
    for udp in [false, true] {
        for seed in 0..SEEDS {
            let weather = if seed == 0 { Weather::CALM } else { Weather::drawn(&mut Random::new(seed)) };
            let told = twice(seed, weather, |world| {
                let mut office = Office::open(world, plan)?;
                story(world, &mut office, udp)?;
                office.close(world)
            });
            told.unwrap_or_else(|fault| panic!("{}, {fault}\n{weather:?}", if udp { "UDP" } else { "TCP" }));
        }
    }
}

const LIMIT: Duration = Duration::from_secs(600);

#[test]
fn alice_calls_bob_who_answers_and_she_holds_retrieves_and_hangs_up() {
    everywhere(&Plan::default(), |world, office, udp| {
        let script = [
            "wait delivered",
            "answer",
            "wait established",
            "wait held",
            "wait retrieved",
            "wait cleared",
            "quit",
        ];
        office.client(world, 3, &Wants { udp, ..Wants::new("bob", "1002", &script) })?;
        let script = [
            "wait monitor",
            "sleep 5s",
            "call 1002",
            "expect delivered",
            "expect established",
            "hold",
            "expect held",
            "retrieve",
            "expect retrieved",
            "hangup",
            "expect cleared",
            "quit",
        ];
        office.client(world, 2, &Wants { udp, ..Wants::new("alice", "1001", &script) })?;
        office.play(world, LIMIT)
    });
}

#[test]
fn the_far_end_hangs_up() {
    everywhere(&Plan::default(), |world, office, udp| {
        let script =
            ["wait delivered", "answer", "wait established", "sleep 1s", "hangup", "wait cleared", "quit"];
        office.client(world, 3, &Wants { udp, ..Wants::new("bob", "1002", &script) })?;
        let script = ["wait monitor", "sleep 5s", "call 1002", "wait established", "wait cleared", "quit"];
        office.client(world, 2, &Wants { udp, ..Wants::new("alice", "1001", &script) })?;
        office.play(world, LIMIT)
    });
}

#[test]
fn the_called_phone_is_busy() {
    let plan = Plan::default().with_switch(&[
        "phone[0].number = \"1001\"",
        "phone[1].number = \"1002\"",
        "phone[1].answer = \"busy\"",
    ]);
    everywhere(&plan, |world, office, udp| {
        let script = ["call 1002", "expect failed", "hangup", "expect cleared", "quit"];
        office.client(world, 2, &Wants { udp, ..Wants::new("alice", "1001", &script) })?;
        office.play(world, LIMIT)
    });
}

#[test]
fn nobody_answers() {
    let plan = Plan::default().with_switch(&[
        "phone[0].number = \"1001\"",
        "phone[1].number = \"1002\"",
        "phone[1].no_answer_after_ms = 5000",
    ]);
    everywhere(&plan, |world, office, udp| {
        let script = ["call 1002", "expect delivered", "expect failed", "hangup", "quit"];
        office.client(world, 2, &Wants { udp, ..Wants::new("alice", "1001", &script) })?;
        office.play(world, LIMIT)
    });
}

#[test]
fn two_clients_watch_one_line_and_either_may_act() {
    everywhere(&Plan::default(), |world, office, udp| {
        world.line(office.switches[0], "status");
        let script = ["wait delivered", "wait established", "hangup", "wait cleared", "quit"];
        office.client(world, 4, &Wants { udp, ..Wants::new("deputy", "1001", &script) })?;
        let script = ["wait delivered", "answer", "wait cleared", "quit"];
        office.client(world, 3, &Wants { udp, ..Wants::new("bob", "1002", &script) })?;
        let script = ["wait monitor", "sleep 5s", "call 1002", "wait established", "wait cleared", "quit"];
        office.client(world, 2, &Wants { udp, ..Wants::new("alice", "1001", &script) })?;
        office.play(world, LIMIT)
    });
}

#[test]
fn a_session_is_refreshed_by_re_invite_and_by_update() {
    everywhere(&Plan::gateway(&["sip.session_expires = 90", "sip.linger = 90"]), |world, office, udp| {
        let script = [
            "refresh",
            "expect refreshed",
            "update",
            "expect refreshed",
            "sleep 5m",
            "features",
            "expect features",
            "quit",
        ];
        office.client(world, 2, &Wants { udp, ..Wants::new("alice", "1001", &script) })?;
        office.play(world, LIMIT)
    });
}

/// Alice talks with 1002 when the CTI connection breaks; before it is back the far end hangs up, and 1003 calls her.
fn broken(world: &mut World, office: &mut Office, (udp, script): (bool, &[&str])) -> Result<(), Fault> {
    let switch = office.switches[0];
    let host = office.client(world, 2, &Wants { udp, ..Wants::new("alice", "1001", script) })?;
    world.run_until("they talk", LIMIT, |world| world.has_printed(host, "established "))?;
    world.cut_link(office.gateway, switch);
    world.line(switch, "hangup 1002");
    world.line(switch, "dial 1003 1001");
    office.play(world, LIMIT)?;
    world.line(switch, "hangup 1003");
    Ok(())
}

fn who_answers_at_once() -> Vec<String> {
    ["1001", "1002", "1003"]
        .iter()
        .enumerate()
        .flat_map(|(index, number)| {
            let answer = if *number == "1002" { "auto" } else { "manual" };
            [format!("phone[{index}].number = \"{number}\""), format!("phone[{index}].answer = \"{answer}\"")]
        })
        .collect()
}

#[test]
fn a_call_that_ends_while_the_connection_is_broken_is_cleared_after_it_was_rebound() {
    let mut plan = Plan::gateway(&["cti.recovery = \"rebind\""]);
    plan.switch = who_answers_at_once();
    everywhere(&plan, |world, office, udp| {
        let script =
            ["wait monitor", "call 1002", "wait established", "wait cleared", "wait delivered", "quit"];
        broken(world, office, (udp, &script))
    });
}

#[test]
fn a_call_that_ends_while_the_connection_is_broken_is_cleared_after_the_client_s_refresh() {
    let plan = Plan { switch: who_answers_at_once(), ..Plan::default() };
    everywhere(&plan, |world, office, udp| {
        let script = [
            "wait monitor",
            "call 1002",
            "wait established",
            "sleep 8s",
            "refresh",
            "wait cleared",
            "wait delivered",
            "quit",
        ];
        broken(world, office, (udp, &script))
    });
}

#[test]
fn a_line_that_does_not_exist_is_refused() {
    everywhere(&Plan::default(), |world, office, udp| {
        let script = ["expect refused 404", "quit"];
        office.client(world, 2, &Wants { udp, ..Wants::new("alice", "4711", &script) })?;
        office.play(world, LIMIT)
    });
}

#[test]
fn the_gateway_stops_and_tells_every_session() {
    everywhere(&Plan::default(), |world, office, udp| {
        for (last, number) in [(2, "1001"), (3, "1002"), (4, "1003")] {
            let script = ["wait monitor", "expect ended", "quit"];
            office.client(world, last, &Wants { udp, ..Wants::new("somebody", number, &script) })?;
        }
        world.run_until("all are signed in", LIMIT, |world| {
            office.clients.iter().all(|client| world.has_printed(*client, "monitor "))
        })?;
        world.command(office.gateway, ctigate_core::Command::Stop);
        let stopped = world.now();
        world.run_until("the gateway stops", LIMIT, |world| world.finished(office.gateway).is_some())?;
        assert!(world.now() - stopped < 4_000_000, "it takes at most 3 s, and a little");
        assert_eq!(world.finished(office.gateway), Some(0));
        Ok(())
    });
}

#[test]
fn what_a_client_believes_of_its_calls_can_be_expected_at_every_point() {
    everywhere(&Plan::default(), |world, office, udp| {
        let alice = [
            "wait monitor",
            "sleep 5s",
            "call 1002",
            "expect calls connected:1002",
            "wait established",
            "hold 1",
            "expect calls hold:1002/connected",
            "calls",
            "expect call 1 state=hold with=1002:connected",
            "expect no retrieved 100ms",
            "retrieve 1",
            "expect retrieved localConnectionInfo=connected retrievedConnection.deviceID=1001",
            "sleep 5s",
            "hangup",
            "expect calls none",
            "quit",
        ];
        let bob = [
            "wait monitor",
            "expect calls alerting:1001 60s",
            "answer",
            "expect calls connected:1001",
            "expect calls connected:1001/hold",
            "expect calls none 60s",
            "quit",
        ];
        office.client(world, 3, &Wants { udp, ..Wants::new("bob", "1002", &bob) })?;
        office.client(world, 2, &Wants { udp, ..Wants::new("alice", "1001", &alice) })?;
        office.play(world, LIMIT)
    });
}
