//! CTI links that misbehave: their status, their invoke IDs, their heartbeats, and links that never last.

use ctigate_core::setting::Value;
use ctigate_core::{Duration, Instant, LinkId};
use ctigate_tests::bench::{Bench, HELD, PhoneSystem, csta, csta_error, only};

use super::told;

const SESSION: &str = "http://www.ecma-international.org/standards/ecma-354/appl_session";

fn status(word: &str) -> String {
    csta("SystemStatus", &format!("<systemStatus>{word}</systemStatus>"))
}

/// Lets time pass until the gateway dials.
fn dialled(bench: &mut Bench) -> (LinkId, String) {
    bench.await_dialling();
    bench.connects().pop().expect("the gateway dials")
}

/// Brings a link into service; the registration is not answered.
fn come_into_service(bench: &mut Bench, (link, address): (LinkId, String)) -> PhoneSystem {
    bench.opened(link, &address);
    let system = PhoneSystem::on(link);
    system.open(bench);
    system.serve(bench, "GetCSTAFeatures", |_| csta_error("operation", "serviceNotSupported"));
    system
}

#[test]
fn a_phone_system_that_introduces_itself_is_believed_while_monitors_are_on_their_way_to_it() {
    for recovery in ["rebind", "reinvite"] {
        let (mut bench, system, mut client) =
            Bench::signed_in(&[("cti.recovery", Value::Text(recovery.into()))]);
        let id = client.monitor(&mut bench, system, "m1");
        bench.heartbeats(None);
        bench.close(system.link());
        let wanted = dialled(&mut bench);
        let system = come_into_service(&mut bench, wanted);
        if recovery == "reinvite" {
            client.invite(&mut bench);
        }
        bench.advance(Duration::from_millis(1));
        let [register, monitor] = system.asked(&mut bench).try_into().expect("two requests");
        assert_eq!([register.root(), monitor.root()], ["SystemRegister", "MonitorStart"], "{recovery}");
        let registered = csta("SystemRegisterResponse", "<sysStatRegisterID>r1</sysStatRegisterID>");
        system.say(&mut bench, register.invoke, &registered);
        system.say(&mut bench, 1, &status("enabled"));
        assert!(!bench.is_closed(system.link()), "{recovery}");
        let named = csta("MonitorStartResponse", "<monitorCrossRefID>m2</monitorCrossRefID>");
        system.say(&mut bench, monitor.invoke, &named);
        system.event(&mut bench, "HeldEvent", "m2", HELD);
        bench.heartbeats([system]);
        // The answer to its status, and the snapshot that follows a monitor that moved.
        system.asked(&mut bench);
        bench.advance(Duration::from_secs(6));
        assert_eq!(client.heard(&mut bench)[0].element("monitorCrossRefID"), id, "{recovery}");
        // A second one is taken seriously.
        system.say(&mut bench, 2, &status("enabled"));
        assert!(bench.is_closed(system.link()), "{recovery}");
        assert!(told(&mut bench, "cti_out_of_service").last().unwrap().contains("begun anew"), "{recovery}");
    }
}

#[test]
fn a_misshapen_request_that_has_the_number_of_one_of_ours_answers_nobody() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.info(&mut bench, "MakeCall", &client.call_to("1002"));
    let [asked] = system.asked(&mut bench).try_into().expect("one request");
    system.say(&mut bench, asked.invoke, &csta("MonitorStop", ""));
    assert_eq!(client.heard(&mut bench), []);
    let [answer] = system.asked(&mut bench).try_into().expect("one answer");
    assert_eq!((answer.invoke, answer.root()), (asked.invoke, "CSTAErrorCode"));
    system.say(&mut bench, asked.invoke, &csta("HeldEvent", ""));
    assert_eq!((client.heard(&mut bench), system.asked(&mut bench)), (vec![], vec![]));
    assert_eq!(bench.engine().counters().documents_discarded, 2);
    let made = "<callingDevice><callID>7</callID><deviceID>1001</deviceID></callingDevice>";
    system.say(&mut bench, asked.invoke, &csta("MakeCallResponse", made));
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "MakeCallResponse");
}

#[test]
fn a_response_that_cannot_be_read_is_an_error_to_who_asked_and_is_never_answered() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.info(&mut bench, "MakeCall", &client.call_to("1002"));
    let [asked] = system.asked(&mut bench).try_into().expect("one request");
    let misshapen = csta("MakeCallResponse", "");
    system.say(&mut bench, asked.invoke, &misshapen);
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "CSTAErrorCode");
    system.say(&mut bench, asked.invoke, &misshapen);
    assert_eq!((system.asked(&mut bench), bench.engine().counters().answers_unknown), (vec![], 1));
    client.info(&mut bench, "MonitorStart", &client.monitor_object());
    let [asked] = system.asked(&mut bench).try_into().expect("one request");
    bench.advance(Duration::from_secs(5));
    system.say(&mut bench, asked.invoke, &csta("MonitorStartResponse", ""));
    assert_eq!((system.asked(&mut bench), bench.engine().counters().answers_late), (vec![], 1));
}

#[test]
fn an_application_session_that_is_not_renewed_is_begun_anew() {
    let named = |root: &str, inside: &str| format!("<{root} xmlns=\"{SESSION}\">{inside}</{root}>");
    let unknown = "<errorCode><definedError>invalidSessionID</definedError></errorCode>";
    let misread = "<actualSessionDuration>long</actualSessionDuration>";
    for (answer, why) in [
        (csta_error("operation", "generic"), Some("would not renew the application session")),
        (csta_error("performanceManagement", ""), Some("would not renew the application session")),
        (named("ResetApplicationSessionTimerNegResponse", unknown), Some("no longer known")),
        (named("ResetApplicationSessionTimerPosResponse", ""), None),
        (named("ResetApplicationSessionTimerPosResponse", misread), None),
    ] {
        let (mut bench, system, _client) = Bench::signed_in(&[]);
        bench.heartbeats(None);
        bench.advance(Duration::from_secs(30));
        system.serve(&mut bench, "ResetApplicationSessionTimer", |_| answer.clone());
        bench.advance(Duration::from_secs(6));
        assert_eq!(bench.is_closed(system.link()), why.is_some(), "{answer}");
        let said = told(&mut bench, "cti_out_of_service");
        assert!(said.iter().all(|said| said.contains(why.unwrap_or_default())), "{said:?}");
        assert_eq!(bench.engine().counters().heartbeats_missed, 0);
    }
}

/// Serves each connect for a while, then fails it; returns how long the gateway waited before each of the next
/// connects.
fn flapping(
    bench: &mut Bench,
    count: usize,
    mut serve: impl FnMut(&mut Bench, PhoneSystem),
) -> Vec<Duration> {
    let mut waits = Vec::new();
    let mut failed_at: Option<Instant> = None;
    for _ in 0..count {
        let wanted = dialled(bench);
        waits.extend(failed_at.map(|at| bench.now().since(at)));
        let system = come_into_service(bench, wanted);
        serve(bench, system);
        system.say(bench, 1, &status("disabled"));
        assert!(bench.is_closed(system.link()));
        failed_at = Some(bench.now());
    }
    waits
}

#[test]
fn a_phone_system_that_serves_and_fails_at_once_is_dialled_ever_more_rarely() {
    let mut bench = Bench::with(&[("cti.reconnect_max", Value::Integer(20))]);
    let waits = flapping(&mut bench, 8, |_, _| {});
    for (wait, least) in waits.iter().zip([1, 2, 4, 8, 10, 10, 10]) {
        assert!(*wait >= Duration::from_secs(least), "{waits:?}");
        assert!(*wait <= Duration::from_secs((2 * least).min(20)), "{waits:?}");
    }
}

#[test]
fn once_a_heartbeat_was_answered_the_pause_is_short_again() {
    let mut bench = Bench::new();
    flapping(&mut bench, 4, |_, _| {});
    let waits = flapping(&mut bench, 3, |bench, system| {
        bench.heartbeats([system]);
        bench.advance(Duration::from_secs(31));
    });
    let bounds = Duration::from_secs(1)..=Duration::from_secs(2);
    assert!(waits.iter().all(|wait| bounds.contains(wait)), "{waits:?}");
}
