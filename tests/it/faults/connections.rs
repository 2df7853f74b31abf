//! CTI connections that fail, and phone systems that are slow.

use ctigate_core::setting::Value;
use ctigate_core::{Closed, Duration, Input};
use ctigate_tests::bench::{Client, PhoneSystem, csta, csta_error, only};

use super::{HELD, call, monitored, signed_in};

#[test]
fn a_monitor_that_the_phone_system_started_too_late_is_stopped_again() {
    let (mut bench, system, mut client) = signed_in(&[]);
    client.info(&mut bench, "MonitorStart", &monitored(&client.clone()));
    bench.advance(Duration::from_secs(5));
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "CSTAErrorCode");
    system.start_monitor(&mut bench, "m1");
    let stop = system.serve(&mut bench, "MonitorStop", |_| csta("MonitorStopResponse", ""));
    assert_eq!(stop.element("monitorCrossRefID"), "m1");
}

#[test]
fn a_request_in_the_queue_goes_out_when_one_before_it_was_given_up() {
    let (mut bench, system, mut client) = signed_in(&[("cti.window", Value::Integer(1))]);
    client.info(&mut bench, "MakeCall", &call(&client.clone()));
    bench.advance(Duration::from_secs(1));
    let answer = "<callToBeAnswered><callID>0_7</callID></callToBeAnswered>";
    client.info(&mut bench, "AnswerCall", answer);
    assert_eq!(system.asked(&mut bench).len(), 1, "the window is full");
    bench.advance(Duration::from_secs(4));
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "CSTAErrorCode");
    system.serve(&mut bench, "AnswerCall", |_| csta("AnswerCallResponse", ""));
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "AnswerCallResponse");
}

#[test]
fn a_connection_with_too_few_invoke_ids_left_is_renewed() {
    let (mut bench, system, mut client) = signed_in(&[("cti.window", Value::Integer(9_000))]);
    let answer = "<callToBeAnswered><callID>0_7</callID></callToBeAnswered>";
    for _ in 0..1_100 {
        client.info(&mut bench, "AnswerCall", answer);
    }
    bench.advance(Duration::from_secs(5));
    assert_eq!(client.heard(&mut bench).len(), 1_100, "each is answered");
    assert!(bench.is_closed(system.link()));
    let renewed = bench.notices().into_iter().find(|notice| notice.starts_with("cti_out_of_service"));
    assert!(renewed.unwrap().contains("invoke"));
}

fn register(bench: &mut ctigate_tests::bench::Bench, client: &mut Client) {
    let inside = "<requestTypes><systemStatus>true</systemStatus></requestTypes><requestedStatusFilter/>";
    assert_eq!(only(&client.info(bench, "SystemRegister", inside), 200).root(), "SystemRegisterResponse");
}

fn reconnect(bench: &mut ctigate_tests::bench::Bench, system: PhoneSystem) -> PhoneSystem {
    bench.heartbeats(None);
    bench.close(system.link());
    bench.advance(Duration::from_secs(3));
    PhoneSystem::answer(bench)
}

#[test]
fn the_phone_system_s_own_questions_are_each_answered_under_their_id_and_events_never() {
    let (mut bench, system, _client) = signed_in(&[]);
    let id = "<sysStatRegisterID>r1</sysStatRegisterID>";
    for (invoke, root, inside, answer) in [
        (11, "SystemStatus", "<systemStatus>normal</systemStatus>", "SystemStatusResponse"),
        (12, "RequestSystemStatus", "", "RequestSystemStatusResponse"),
        (13, "SystemRegisterAbort", id, "CSTAErrorCode"),
        (14, "MonitorStop", "<monitorCrossRefID>none</monitorCrossRefID>", "MonitorStopResponse"),
        (15, "MakeCall", "", "CSTAErrorCode"),
        (16, "Unheard", "", "CSTAErrorCode"),
    ] {
        system.say(&mut bench, invoke, &csta(root, inside));
        let [asked] = system.asked(&mut bench).try_into().expect("one answer");
        assert_eq!((asked.invoke, asked.root()), (invoke, answer), "{root}");
        system.say(&mut bench, 9999, &csta(root, inside));
        assert_eq!(system.asked(&mut bench), [], "{root}");
    }
}

#[test]
fn heartbeats_follow_the_duration_that_the_phone_system_last_granted() {
    for (granted, heartbeat) in [(10, 5), (0, 30)] {
        let (mut bench, system, _client) = signed_in(&[]);
        bench.heartbeats(None);
        bench.advance(Duration::from_secs(30));
        let granted = format!(
            "<ResetApplicationSessionTimerPosResponse xmlns=\"http://www.ecma-international.org/standards/\
             ecma-354/appl_session\"><actualSessionDuration>{granted}</actualSessionDuration>\
             </ResetApplicationSessionTimerPosResponse>"
        );
        system.serve(&mut bench, "ResetApplicationSessionTimer", |_| granted);
        bench.advance(Duration::from_millis(heartbeat * 1_000 - 1));
        assert_eq!(system.asked(&mut bench), []);
        bench.advance(Duration::from_millis(1));
        assert_eq!(system.asked(&mut bench).len(), 1);
    }
}
