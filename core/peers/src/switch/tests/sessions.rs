//! Tests of application sessions, and of what ends with them.

use super::*;

fn start<'a>(application: &'a str, version: &'a str, duration: Option<u32>) -> Request<'a> {
    Request::StartApplicationSession { application, protocol_version: version, duration }
}

/// The word of a negative session answer.
fn refusal(xml: &str) -> String {
    with(xml, |message| match message {
        Message::Response(
            Response::StartApplicationSessionRefused { error }
            | Response::ResetApplicationSessionTimerRefused { error },
        ) => error.to_string(),
        other => panic!("{other:?}"),
    })
}

#[test]
fn a_session_is_granted_at_most_its_longest_duration() {
    for (wanted, granted) in [(None, 180), (Some(600), 180), (Some(60), 60), (Some(0), 1)] {
        let mut world = world();
        let link = world.open(0);
        let version = format!("{VERSION}/priv5");
        let xml = world.ask_xml(link, &start("test", &version, wanted));
        with(&xml, |message| match message {
            Message::Response(Response::StartApplicationSession { protocol_version, duration, .. }) => {
                assert_eq!((protocol_version, duration), (version.as_str(), granted));
            }
            other => panic!("{other:?}"),
        });
    }
}

#[test]
fn a_session_is_refused_with_a_reason() {
    let mut world = World::new(|config| config.application = Some("ctigate".into()));
    let link = world.open(0);
    for (application, version, reason) in [
        ("other", VERSION, "invalidApplicationInfo"),
        (
            "ctigate",
            "http://www.ecma-international.org/standards/ecma-323/csta/ed2",
            "requestedProtocolVersionNotSupported",
        ),
        ("ctigate", "ed3", "requestedProtocolVersionNotSupported"),
    ] {
        assert_eq!(refusal(&world.ask_xml(link, &start(application, version, None))), reason);
    }
    assert_eq!(world.outcome(link, &start("ctigate", VERSION, None)), "StartApplicationSessionPosResponse");
    assert_eq!(refusal(&world.ask_xml(link, &start("ctigate", VERSION, None))), "maxNumberSessions");
}

#[test]
fn outside_a_session_nothing_is_served() {
    let mut world = world();
    let link = world.open(0);
    assert_eq!(world.outcome(link, &Request::GetCstaFeatures), "operation/securityViolation");
    world.session(link);
    assert_eq!(world.outcome(link, &Request::GetCstaFeatures), "GetCSTAFeaturesResponse");
}

#[test]
fn a_switch_without_sessions_serves_at_once_and_knows_no_sessions() {
    let mut world = World::new(|config| config.session_required = false);
    let link = world.open(0);
    assert_eq!(
        world.outcome(link, &Request::RequestSystemStatus { register: None }),
        "RequestSystemStatusResponse"
    );
    for request in [
        start("test", VERSION, None),
        Request::ResetApplicationSessionTimer { session: "x", duration: None },
        Request::StopApplicationSession { session: "x", reason: "y" },
    ] {
        assert_eq!(world.outcome(link, &request), "operation/serviceNotSupported");
    }
}

#[test]
fn a_session_lives_as_long_as_its_timer_is_reset() {
    let mut world = world();
    let link = world.open(0);
    let session = world.session(link);
    world.monitor(link, "1001");
    for _ in 0..5 {
        world.pass(Duration::from_secs(59));
        let reset = Request::ResetApplicationSessionTimer { session: &session, duration: None };
        assert_eq!(world.outcome(link, &reset), "ResetApplicationSessionTimerPosResponse");
    }
    let other = Request::ResetApplicationSessionTimer { session: "other", duration: None };
    assert_eq!(refusal(&world.ask_xml(link, &other)), "invalidSessionID");
    world.pass(Duration::from_secs(60));
    let frames = world.frames(link);
    assert_eq!(frames.len(), 1);
    with(&frames[0].1, |message| match message {
        Message::Request(Request::ApplicationSessionTerminated { session: ended, .. }) => {
            assert_eq!(ended, session);
        }
        other => panic!("{other:?}"),
    });
    assert!(world.is_closed(link) && world.noticed("session_expired"));
    world.calm();
    assert_eq!(world.switch.counts().monitors, 0);
}

#[test]
fn monitors_end_with_the_session_they_were_started_in() {
    let mut world = world();
    let link = world.open(0);
    let session = world.session(link);
    let reference = world.monitor(link, "1001");
    let stop = Request::StopApplicationSession { session: &session, reason: "normal" };
    assert_eq!(world.outcome(link, &stop), "StopApplicationSessionPosResponse");
    assert_ne!(world.session(link), session);
    world.command("dial 1001 1002");
    assert_eq!(world.frames(link), []);
    let stop = Request::MonitorStop { cross_reference: &reference };
    assert_eq!(world.outcome(link, &stop), "operation/invalidMonitorCrossRefID");
    world.calm();
    assert_eq!(world.switch.counts().monitors, 0);
}

#[test]
fn a_link_that_closes_takes_its_monitors_along_in_portions() {
    let mut world = World::new(|config| {
        let phone = config.phones[0].clone();
        config.phones = (0..1000)
            .map(|n| super::super::PhoneConfig { number: format!("{n}"), ..phone.clone() })
            .collect();
    });
    let (one, two) = (world.client(), world.client());
    world.checks_digest = false;
    for number in 0..1000 {
        world.monitor(one, &number.to_string());
    }
    world.monitor(two, "7");
    world.step(Input::Closed { link: one, why: Closed::Broken });
    let mut ticks = 0;
    while world.switch.next_wake().is_some_and(|wake| wake.at <= world.now) {
        world.step(Input::Tick);
        ticks += 1;
    }
    assert_eq!((ticks, world.switch.counts().monitors), (4, 1));
    assert_eq!(world.switch.digest(), world.switch.full_digest());
}

#[test]
fn stopping_tells_every_session_and_finishes() {
    let mut world = world();
    let (in_session, without) = (world.client(), world.open(0));
    let control = world.open(1);
    world.command("dial 1001 1002");
    world.step(Input::from(Command::Stop));
    assert_eq!(world.finished, Some(0));
    let frames = world.frames(in_session);
    assert!(frames[0].1.contains("ApplicationSessionTerminated") && frames.len() == 1, "{frames:?}");
    assert_eq!(world.frames(without), []);
    assert!([in_session, without, control].iter().all(|link| world.is_closed(*link)));
    assert_eq!(world.switch.next_wake(), None);
    let late = world.open(0);
    assert!(world.is_closed(late));
}
