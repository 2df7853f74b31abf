//! Phone systems that leave unanswered what they do not know.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;

use super::bench::{Bench, FEATURES, NORMAL, STARTED, STOP};
use crate::time::Duration;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Device, MonitorObject, Request};

const APPLICATION: &str = "cti.session = \"application\"\n";

/// A pool of one connection whose link is open: it has sent its first request.
fn opened(settings: &str) -> Bench {
    let mut bench = Bench::new(1, settings);
    bench.tick();
    bench.open(0);
    bench.news();
    bench.notices();
    bench
}

/// One whose phone system answers nothing but `StartApplicationSession`, in service.
fn mute(settings: &str) -> Bench {
    let mut bench = opened(&[APPLICATION, settings].concat());
    bench.say_to_last(0, STARTED);
    bench.advance(Duration::from_secs(5));
    assert_eq!(bench.news(), ["in service 0.1"]);
    bench.notices();
    bench.sent(0);
    bench
}

fn roots(bench: &mut Bench) -> Vec<String> {
    let root = |document: &str| {
        let (_, body) = document.split_once("?>").unwrap();
        body.trim_start_matches('<').split([' ', '/', '>']).next().unwrap().to_owned()
    };
    bench.sent(0).iter().map(|(_, document)| root(document)).collect()
}

#[test]
fn a_connection_serves_when_its_features_stay_unknown_and_the_log_says_so_once() {
    let mut bench = opened(APPLICATION);
    bench.say_to_last(0, STARTED);
    assert_eq!(roots(&mut bench), ["GetCSTAFeatures"]);
    bench.advance(Duration::from_millis(4_999));
    assert!(bench.news().is_empty());
    bench.advance(Duration::from_millis(1));
    assert_eq!(bench.news(), ["in service 0.1"]);
    assert_eq!(roots(&mut bench), ["SystemRegister"]);
    let notices = bench.notices();
    let said = notices.iter().filter(|notice| notice.starts_with("cti_features_presumed cti=pbx0")).count();
    assert_eq!((said, notices.len()), (1, 2), "{notices:?}");
    let one = bench.pool.at(0).unwrap();
    assert!(one.features_of("1001").has_service("MakeCall"));
    assert_eq!(one.features_known(), "presumed");
    assert!(one.remarks()[0].contains("does not answer GetCSTAFeatures"), "{:?}", one.remarks());
}

#[test]
fn features_that_are_told_late_are_used_from_then_on() {
    let mut bench = opened(APPLICATION);
    bench.say_to_last(0, STARTED);
    let (asked, _) = bench.sent(0).pop().unwrap();
    bench.advance(Duration::from_secs(6));
    bench.sent(0);
    bench.say(0, asked, FEATURES);
    assert_eq!(bench.news(), ["in service 0.1"]);
    assert!(bench.sent(0).is_empty(), "it is registered already");
    let one = bench.pool.at(0).unwrap();
    assert_eq!(one.features_known(), "reported");
    assert!(one.features_of("1001").has_service("DeflectCall"));
    assert!(!one.features_of("1001").has_service("MakeCall"));
}

#[test]
fn without_a_session_a_connection_serves_though_the_status_is_not_told() {
    let mut bench = opened("");
    assert_eq!(roots(&mut bench), ["RequestSystemStatus"]);
    bench.advance(Duration::from_secs(5));
    assert_eq!(bench.news(), ["in service 0.1"]);
    assert_eq!(roots(&mut bench), ["GetCSTAFeatures", "SystemRegister"]);
    bench.say(0, 2, FEATURES);
    assert_eq!(bench.pool.at(0).unwrap().features_known(), "reported");
    bench.say(0, 1, &NORMAL.replace("normal", "disabled"));
    assert_eq!(bench.news(), ["lost 0.1"], "a late answer counts too");
}

#[test]
fn a_phone_system_that_has_told_its_status_before_must_tell_it_again() {
    let mut bench = Bench::in_service(1, "");
    bench.close(0);
    bench.advance(Duration::from_secs(3));
    bench.open(0);
    bench.advance(Duration::from_secs(5));
    assert_eq!(bench.news(), ["lost 0.1", "dialled 0"]);
    let notices = bench.notices();
    assert!(notices.iter().any(|notice| notice.contains("did not open in time")), "{notices:?}");
}

#[test]
fn an_application_session_must_be_granted() {
    let mut bench = opened(APPLICATION);
    bench.advance(Duration::from_secs(5));
    assert!(bench.notices()[0].contains("did not open in time"));
    assert_eq!(bench.state(0), "Down");
}

#[test]
fn one_that_answers_only_the_session_stays_in_service_on_one_connect() {
    let mut bench = mute("");
    let mut invokes = Vec::new();
    for _ in 0..1_000 {
        bench.advance(Duration::from_secs(35));
        invokes.extend(bench.sent(0).into_iter().map(|(invoke, document)| {
            assert!(document.contains("<ResetApplicationSessionTimer"), "{document}");
            invoke
        }));
    }
    assert_eq!((bench.news(), bench.state(0)), (Vec::new(), "InService"));
    assert!(invokes.len() >= 1_000 && invokes.iter().all(|invoke| *invoke == invokes[0]));
    assert_eq!(bench.shared.counters.heartbeats_missed, 0);
    let one = bench.pool.at(0).unwrap();
    assert!(one.is_mute() && one.remarks()[1].contains("TCP keep-alive"), "{:?}", one.remarks());
}

#[test]
fn a_heartbeat_that_was_answered_once_proves_something_also_on_the_next_connect() {
    let mut bench = mute("");
    bench.advance(Duration::from_secs(70));
    bench.say_to_last(0, "<ResetApplicationSessionTimerPosResponse/>");
    assert!(!bench.pool.at(0).unwrap().is_mute());
    bench.news();
    while bench.state(0) != "Down" {
        bench.advance(Duration::from_secs(1));
    }
    assert_eq!(bench.news(), ["lost 0.1"]);
    while bench.state(0) == "Down" {
        bench.advance(Duration::from_millis(100));
    }
    bench.open(0);
    bench.say_to_last(0, STARTED);
    bench.advance(Duration::from_secs(5));
    assert_eq!(bench.news(), ["dialled 0", "in service 0.2"]);
    bench.advance(Duration::from_secs(35));
    assert_eq!(bench.news()[0], "lost 0.2");
    assert_eq!(bench.shared.counters.heartbeats_missed, 2);
}

#[test]
fn one_that_answers_all_but_heartbeats_is_dialled_again_thrice_and_then_left_alone() {
    let mut bench = opened(APPLICATION);
    for connect in 1..=4 {
        bench.say_to_last(0, STARTED);
        bench.say_to_last(0, FEATURES);
        bench.advance(Duration::from_secs(35));
        assert_eq!(bench.state(0), if connect <= 3 { "Down" } else { "InService" });
        if connect <= 3 {
            while bench.state(0) == "Down" {
                bench.advance(Duration::from_millis(100));
            }
            bench.open(0);
        }
    }
    assert!(bench.pool.at(0).unwrap().is_mute());
    bench.advance(Duration::from_secs(1_000));
    assert_eq!(bench.state(0).replace("AwaitingHeartbeat", "InService"), "InService");
}

#[test]
fn other_messages_show_that_a_phone_system_without_heartbeats_is_alive() {
    let event = "<DeliveredEvent><monitorCrossRefID>m</monitorCrossRefID><connection><callID>7</callID>\
                 <deviceID>1001</deviceID></connection></DeliveredEvent>";
    let retry = |speaks: bool| {
        let mut bench = mute("cti.reconnect_max = 3600\n");
        for _ in 0..6 {
            bench.close(0);
            while bench.state(0) == "Down" {
                bench.advance(Duration::from_secs(1));
            }
            bench.open(0);
            bench.say_to_last(0, STARTED);
            bench.advance(Duration::from_secs(5));
        }
        bench.advance(Duration::from_secs(32));
        if speaks {
            bench.say(0, 9999, event);
        }
        bench.advance(Duration::from_secs(10));
        bench.notices();
        bench.close(0);
        let notices = bench.notices();
        let (_, wait) = notices[0].rsplit_once("retry_in_ms=").unwrap();
        wait.parse::<u64>().unwrap()
    };
    assert!(retry(true) < 2_000 && retry(false) > 30_000);
}

#[test]
fn a_service_left_unanswered_three_times_is_asked_again_once_a_minute() {
    let mut bench = mute("");
    let connection = bench.pool.take_turn("").unwrap();
    for ticket in 1..=3 {
        bench.ask(connection, ticket, STOP).unwrap();
        bench.advance(Duration::from_secs(5));
    }
    let notices = bench.notices();
    assert!(
        notices.last().unwrap().starts_with("service_unanswered cti=pbx0 service=MonitorStop"),
        "{notices:?}"
    );
    assert_eq!(bench.ask(connection, 4, STOP), Err(CstaError::SERVICE_NOT_SUPPORTED));
    assert!(bench.pool.requests().is_empty());
    let remarks = bench.pool.at(0).unwrap().remarks();
    assert!(remarks.last().unwrap().contains("never answered MonitorStop"), "{remarks:?}");
    bench.advance(Duration::from_millis(59_999));
    assert_eq!(bench.ask(connection, 5, STOP), Err(CstaError::SERVICE_NOT_SUPPORTED));
    bench.advance(Duration::from_millis(1));
    assert_eq!(bench.ask(connection, 6, STOP), Ok(()), "it may only have been in trouble");
    assert_eq!(bench.ask(connection, 7, STOP), Err(CstaError::SERVICE_NOT_SUPPORTED), "one at a time");
    bench.advance(Duration::from_secs(64));
    assert_eq!(bench.ask(connection, 8, STOP), Err(CstaError::SERVICE_NOT_SUPPORTED), "that timed out");
    assert!(!bench.notices().iter().any(|notice| notice.starts_with("service_unanswered")), "said once");
    bench.advance(Duration::from_secs(1));
    bench.sent(0);
    assert_eq!(bench.ask(connection, 9, STOP), Ok(()));
    bench.say_to_last(0, "<MonitorStopResponse/>");
    assert!(!bench.pool.at(0).unwrap().remarks().iter().any(|remark| remark.contains("MonitorStop")));
    for ticket in 10..20 {
        assert_eq!(bench.ask(connection, ticket, STOP), Ok(()), "it has answered once");
        bench.advance(Duration::from_secs(5));
    }
}

#[test]
fn a_service_left_unanswered_is_asked_again_on_the_next_connect() {
    let mut bench = mute("");
    let connection = bench.pool.take_turn("").unwrap();
    for ticket in 1..=3 {
        bench.ask(connection, ticket, STOP).unwrap();
        bench.advance(Duration::from_secs(5));
    }
    bench.close(0);
    bench.advance(Duration::from_secs(3));
    bench.open(0);
    bench.say_to_last(0, STARTED);
    bench.advance(Duration::from_secs(5));
    let connection = bench.pool.take_turn("").unwrap();
    assert_eq!(bench.ask(connection, 4, STOP), Ok(()), "it may do better on the next");
}

#[test]
fn a_phone_system_that_is_silent_altogether_is_asked_again() {
    let mut bench = opened(APPLICATION);
    bench.say_to_last(0, STARTED);
    bench.say_to_last(0, FEATURES);
    let connection = bench.pool.take_turn("").unwrap();
    for ticket in 1..=5 {
        assert_eq!(bench.ask(connection, ticket, STOP), Ok(()), "it may only pause");
        bench.advance(Duration::from_secs(5));
    }
    // If it answers others meanwhile, it leaves this one out.
    let mut bench = opened(APPLICATION);
    bench.say_to_last(0, STARTED);
    bench.say_to_last(0, FEATURES);
    let connection = bench.pool.take_turn("").unwrap();
    for ticket in [1, 3, 5] {
        bench.ask(connection, ticket, STOP).unwrap();
        let other = Request::RequestSystemStatus { register: None };
        bench.act(|pool, step| pool.ask(step, connection, ticket + 1, &other)).unwrap();
        bench.say_to_last(
            0,
            "<RequestSystemStatusResponse><systemStatus>normal</systemStatus></RequestSystemStatusResponse>",
        );
        bench.advance(Duration::from_secs(5));
    }
    assert_eq!(bench.ask(connection, 7, STOP), Err(CstaError::SERVICE_NOT_SUPPORTED));
}

#[test]
fn requests_that_wait_at_the_same_time_count_once_and_a_late_answer_undoes_it() {
    let mut bench = mute("");
    let connection = bench.pool.take_turn("").unwrap();
    for ticket in 0..10 {
        bench.ask(connection, ticket, STOP).unwrap();
    }
    bench.advance(Duration::from_secs(5));
    for ticket in 10..12 {
        assert_eq!(bench.ask(connection, ticket, STOP), Ok(()), "one pause is no sign");
        bench.advance(Duration::from_secs(5));
    }
    assert_eq!(bench.ask(connection, 12, STOP), Err(CstaError::SERVICE_NOT_SUPPORTED));
    let (first, _) = bench.sent(0).remove(0);
    bench.say(0, first, "<MonitorStopResponse/>");
    for ticket in 13..20 {
        assert_eq!(bench.ask(connection, ticket, STOP), Ok(()), "it has answered once");
        bench.advance(Duration::from_secs(5));
    }
}

#[test]
fn a_monitor_that_is_never_answered_is_refused_as_if_it_timed_out() {
    let mut bench = mute("");
    let connection = bench.pool.take_turn("").unwrap();
    let object = MonitorObject::Device(Device { id: "1001", type_of_number: None });
    let start = Request::MonitorStart { object, filter: None, kind: None };
    for ticket in 0..3 {
        bench.act(|pool, step| pool.ask(step, connection, ticket, &start)).unwrap();
        bench.advance(Duration::from_secs(5));
    }
    let asked = bench.act(|pool, step| pool.ask(step, connection, 3, &start));
    assert_eq!(asked, Err(CstaError::RESOURCE_OUT_OF_SERVICE), "its client would never ask again");
}

#[test]
fn the_status_is_not_requested_over_and_over_of_one_that_never_tells_it() {
    let mut bench = opened("");
    bench.advance(Duration::from_secs(5));
    bench.sent(0);
    for _ in 0..100 {
        bench.advance(Duration::from_secs(35));
    }
    assert_eq!(roots(&mut bench), ["RequestSystemStatus"; 2], "after the first, which should open the link");
    assert_eq!(bench.state(0), "InService");
}

#[test]
fn configured_features_are_not_asked_for() {
    let features = "cti.connection[0].features = [\"MakeCall\", \"HeldEvent\"]\n";
    let mut bench = opened(&[APPLICATION, features].concat());
    bench.say_to_last(0, STARTED);
    assert_eq!(
        (bench.news(), roots(&mut bench)),
        (alloc::vec!["in service 0.1".into()], alloc::vec!["SystemRegister".into()])
    );
    let one = bench.pool.at(0).unwrap();
    let features = one.features_of("1001");
    assert!(features.has_service("MakeCall") && features.has_event("HeldEvent"));
    assert!(!features.has_service("AnswerCall") && !features.has_event("DeliveredEvent"));
    assert_eq!((one.features_known(), one.remarks().len()), ("configured", 0));
}

#[test]
fn a_phone_system_that_says_it_has_nothing_is_logged_and_shown() {
    let mut bench = opened(APPLICATION);
    bench.say_to_last(0, STARTED);
    bench.say_to_last(0, "<GetCSTAFeaturesResponse/>");
    let notices = bench.notices();
    assert!(notices[0].starts_with("cti_offers_nothing cti=pbx0"), "{notices:?}");
    let one = bench.pool.at(0).unwrap();
    assert_eq!(one.features_known(), "none");
    assert!(one.remarks()[0].contains("neither services nor events"));
}

#[test]
fn too_many_monitors_are_said_to_mean_missing_licences_once() {
    let mut bench = Bench::in_service(1, "");
    let connection = bench.pool.take_turn("").unwrap();
    bench.act(|pool, step| pool.note_monitors_used_up(step, connection));
    bench.act(|pool, step| pool.note_monitors_used_up(step, connection));
    let notices = bench.notices();
    assert!(notices.len() == 1 && notices[0].contains("usually licences are missing"), "{notices:?}");
    let remarks = bench.pool.at(0).unwrap().remarks();
    assert!(remarks.last().unwrap().contains("overallMonitorLimitExceeded"), "{remarks:?}");
}
