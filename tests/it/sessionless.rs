//! CTI connections without an application session (`cti.session = "none"`): they begin with RequestSystemStatus, which
//! is also their heartbeat.

use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Bench, Client, HELD, PhoneSystem, csta, csta_error, only};

fn sessionless() -> Bench {
    Bench::with(&[("cti.session", Value::Text("none".into())), ("cti.heartbeat", Value::Integer(20))])
}

fn status(word: &str) -> String {
    csta("RequestSystemStatusResponse", &format!("<systemStatus>{word}</systemStatus>"))
}

/// A connection in service whose first heartbeat is due.
fn beating() -> (Bench, PhoneSystem) {
    let mut bench = sessionless();
    let system = PhoneSystem::answer(&mut bench);
    bench.heartbeats(None);
    bench.advance(Duration::from_secs(20));
    (bench, system)
}

fn is_in_service(bench: &Bench) -> bool {
    bench.engine().connections().next().unwrap().in_service
}

#[test]
fn a_session_is_served_and_the_connection_says_nothing_of_application_sessions_to_its_end() {
    let mut bench = sessionless();
    let system = PhoneSystem::answer(&mut bench);
    let mut client = Client::new(&mut bench, "alice");
    client.sign_in(&mut bench, system);
    let id = client.monitor(&mut bench, system, "m1");
    let call = client.call_to("1002");
    client.info(&mut bench, "MakeCall", &call);
    let made = "<callingDevice><callID>7</callID><deviceID>1001</deviceID></callingDevice>";
    system.serve(&mut bench, "MakeCall", |_| csta("MakeCallResponse", made));
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "MakeCallResponse");
    bench.advance(Duration::from_secs(70));
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    assert_eq!(client.heard(&mut bench)[0].element("monitorCrossRefID"), id);
    assert!(is_in_service(&bench));
    only(&client.send(&mut bench, "BYE", ""), 200);
    system.serve(&mut bench, "MonitorStop", |_| csta("MonitorStopResponse", ""));
    bench.input(ctigate_core::Input::from(ctigate_core::Command::Stop));
    bench.settle();
    assert_eq!((system.asked(&mut bench), bench.is_closed(system.link())), (vec![], true));
}

#[test]
fn the_heartbeat_is_request_system_status_at_its_interval_and_its_silence_fails_the_connection() {
    let (mut bench, system) = beating();
    for _ in 0..3 {
        system.serve(&mut bench, "RequestSystemStatus", |_| status("normal"));
        bench.advance(Duration::from_millis(19_999));
        assert_eq!(system.asked(&mut bench), []);
        bench.advance(Duration::from_millis(1));
    }
    bench.advance(Duration::from_millis(4_999));
    assert!(is_in_service(&bench));
    bench.advance(Duration::from_millis(1));
    assert!(!is_in_service(&bench) && bench.is_closed(system.link()));
    assert_eq!(bench.engine().counters().heartbeats_missed, 1);
}

#[test]
fn an_answer_fails_the_connection_if_it_says_that_the_phone_system_cannot_serve() {
    for (answer, fails) in [
        (status("normal"), None),
        (status("overloadReached"), None),
        (status("a word of its own"), None),
        (csta_error("operation", "serviceNotSupported"), None),
        (csta_error("systemResourceAvailibility", "resourceBusy"), None),
        (status("disabled"), Some("it is disabled")),
        (status("initializing"), Some("it is initializing")),
    ] {
        let (mut bench, system) = beating();
        bench.notices();
        system.serve(&mut bench, "RequestSystemStatus", |_| answer.clone());
        assert_eq!(bench.is_closed(system.link()), fails.is_some(), "{answer}");
        bench.advance(Duration::from_secs(6));
        assert_eq!(is_in_service(&bench), fails.is_none(), "{answer}");
        let shown = bench.engine().connections().next().unwrap();
        assert!(shown.last_failure.unwrap_or_default().contains(fails.unwrap_or_default()), "{answer}");
    }
}

#[test]
fn a_phone_system_that_cannot_serve_does_not_come_into_service() {
    for (answer, serves) in [
        (status("normal"), true),
        (csta_error("operation", "serviceNotSupported"), true),
        (status("disabled"), false),
        (status("initializing"), false),
        (csta_error("systemResourceAvailibility", "resourceOutOfService"), false),
        (csta("MakeCallResponse", ""), false),
    ] {
        let mut bench = sessionless();
        let (link, address) = bench.connects().pop().expect("the gateway dials");
        bench.opened(link, &address);
        let system = PhoneSystem::on(link);
        system.serve(&mut bench, "RequestSystemStatus", |_| answer.clone());
        assert_eq!(bench.is_closed(link), !serves, "{answer}");
        if serves {
            system.serve(&mut bench, "GetCSTAFeatures", |_| csta_error("operation", "serviceNotSupported"));
        }
        assert_eq!(is_in_service(&bench), serves, "{answer}");
    }
}
