//! Phone systems that say little, or say it their way, as their users notice it.

use ctigate_core::{Duration, LinkId};
use ctigate_tests::bench::{Bench, Client, PhoneSystem, csta_error, only};
use ctigate_tests::office::{Office, Plan, Wants};
use ctigate_tests::world::{Weather, World};

/// A frame with any bytes.
fn frame(invoke: u16, document: &[u8]) -> Vec<u8> {
    let length = u16::try_from(document.len() + 8).unwrap().to_be_bytes();
    [&[0, 0], &length[..], format!("{invoke:04}").as_bytes(), document].concat()
}

/// A gateway whose phone system answers nothing but `StartApplicationSession`, in service.
fn mute() -> (Bench, PhoneSystem, LinkId) {
    let mut bench = Bench::new();
    let (link, address) = bench.connects().pop().unwrap();
    bench.opened(link, &address);
    let system = PhoneSystem::on(link);
    system.open(&mut bench);
    system.asked(&mut bench);
    bench.advance(Duration::from_secs(5));
    assert!(bench.engine().connections().next().unwrap().in_service);
    system.asked(&mut bench);
    (bench, system, link)
}

#[test]
fn sign_in_does_not_wait_for_a_snapshot_that_is_never_answered() {
    let (mut bench, system, link) = mute();
    for user in ["alice", "bob", "carol"] {
        let mut client = Client::new(&mut bench, user);
        let body = client.sign_in_body();
        assert_eq!(client.send(&mut bench, "INVITE", &body), [], "the phone system is asked first");
        let [asked] = system.asked(&mut bench).try_into().unwrap();
        assert_eq!(asked.root(), "SnapshotDevice");
        bench.advance(Duration::from_secs(5));
        assert_eq!(client.heard(&mut bench).last().unwrap().status(), 200);
    }
    let mut dave = Client::new(&mut bench, "dave");
    dave.invite(&mut bench);
    assert_eq!(system.asked(&mut bench), [], "it is not asked again");
    let shown = bench.engine().connections().next().unwrap();
    assert_eq!((shown.features_known, shown.remarks.len()), ("presumed", 2), "{:?}", shown.remarks);
    assert!(shown.remarks[1].contains("SnapshotDevice"), "{:?}", shown.remarks);
    bench.advance(Duration::from_secs(10_000));
    let shown = bench.engine().connections().next().unwrap();
    assert!(shown.in_service && shown.is_mute && shown.id == 1 && !bench.is_closed(link));
}

#[test]
fn a_monitor_starts_and_events_come_though_nothing_else_is_answered() {
    let (mut bench, system, _) = mute();
    let mut alice = Client::new(&mut bench, "alice");
    let body = alice.sign_in_body();
    alice.send(&mut bench, "INVITE", &body);
    system.asked(&mut bench);
    bench.advance(Duration::from_secs(5));
    let heard = alice.heard(&mut bench);
    alice.take_tag(&only(&heard[heard.len() - 1..], 200));
    alice.send(&mut bench, "ACK", "");
    let id = alice.monitor(&mut bench, system, "m1");
    system.event(&mut bench, "HeldEvent", "m1", ctigate_tests::bench::HELD);
    assert_eq!(alice.heard(&mut bench)[0].element("monitorCrossRefID"), id);
}

#[test]
fn a_request_whose_answer_cannot_be_read_has_its_error_at_once() {
    for answer in [&b"<MakeCallResponse"[..], b"", b"<MakeCallResponse>\xFF", b"<html/>"] {
        let (mut bench, system, mut client) = Bench::signed_in(&[]);
        client.info(&mut bench, "MakeCall", &client.call_to("1002"));
        let [asked] = system.asked(&mut bench).try_into().unwrap();
        bench.notices();
        bench.send(system.link(), &frame(asked.invoke, answer));
        assert_eq!(only(&client.heard(&mut bench), 200).root(), "CSTAErrorCode");
        let notices = bench.notices();
        assert!(notices.iter().any(|notice| notice.contains("the answer to MakeCall")), "{notices:?}");
        assert_eq!(bench.engine().counters().services_timed_out, 0);
    }
}

#[test]
fn a_phone_that_rings_is_shown_in_any_encoding_of_its_event() {
    let inside = |name: &[u8]| {
        let before = "<monitorCrossRefID>m1</monitorCrossRefID><connection><callID>7</callID><deviceID>1001\
            </deviceID></connection><alertingDevice><deviceIdentifier>1001</deviceIdentifier></alertingDevice>\
            <callingDevice><deviceIdentifier>1002</deviceIdentifier></callingDevice><calledDevice>\
            <deviceIdentifier>1001</deviceIdentifier></calledDevice><lastRedirectionDevice><notRequired/>\
            </lastRedirectionDevice><cause>normal</cause><subjectOfCall>";
        [before.as_bytes(), name, b"</subjectOfCall>"].concat()
    };
    for (encoding, bytes, name) in [
        ("ISO-8859-1", b"M\xFCller".as_slice(), "M\u{fc}ller"),
        ("windows-1252", b"\x80uro", "\u{20ac}uro"),
        ("US-ASCII", b"M\xFCller", "Mller"),
        ("UTF-8", b"M\xFCller", "Mller"),
    ] {
        let (mut bench, system, mut client) = Bench::signed_in(&[]);
        client.monitor(&mut bench, system, "m1");
        let declaration = format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?><DeliveredEvent>");
        let event = [declaration.as_bytes(), &inside(bytes), b"</DeliveredEvent>"].concat();
        bench.send(system.link(), &frame(9999, &event));
        let heard = client.heard(&mut bench);
        assert_eq!(heard.len(), 1, "{encoding}");
        assert_eq!(heard[0].element("subjectOfCall"), name, "{encoding}");
    }
}

#[test]
fn why_a_session_was_refused_is_shown() {
    let mut bench = Bench::new();
    let (link, address) = bench.connects().pop().unwrap();
    bench.opened(link, &address);
    let refused = "<StartApplicationSessionNegResponse xmlns=\"http://www.ecma-international.org/standards/ecma-354/\
        appl_session\"><errorCode><definedError>invalidApplicationInfo</definedError></errorCode>\
        </StartApplicationSessionNegResponse>";
    PhoneSystem::on(link).serve(&mut bench, "StartApplicationSession", |_| refused.into());
    let shown = bench.engine().connections().next().unwrap();
    assert!(shown.last_failure.unwrap().ends_with(": invalidApplicationInfo"));
}

#[test]
fn one_that_has_no_more_monitors_is_said_to_lack_licences() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.info(&mut bench, "MonitorStart", &client.monitor_object());
    bench.notices();
    let full = csta_error("systemResourceAvailability", "overallMonitorLimitExceeded");
    system.serve(&mut bench, "MonitorStart", |_| full);
    only(&client.heard(&mut bench), 200);
    let notices = bench.notices();
    assert!(notices.iter().any(|notice| notice.contains("usually licences are missing")), "{notices:?}");
    let remarks = bench.engine().connections().next().unwrap().remarks;
    assert!(remarks[0].contains("overallMonitorLimitExceeded"), "{remarks:?}");
}

#[test]
fn one_line_watched_by_many_clients_costs_one_monitor_and_the_view_shows_it() {
    let (mut bench, system, mut alice) = Bench::signed_in(&[]);
    alice.monitor(&mut bench, system, "m1");
    for user in ["bob", "carol", "dave"] {
        let mut client = Client::new(&mut bench, user);
        client.sign_in(&mut bench, system);
        let object = client.monitor_object();
        only(&client.info(&mut bench, "MonitorStart", &object), 200);
        assert_eq!(system.asked(&mut bench), []);
    }
    let view = bench.engine().view();
    assert_eq!((view.monitors, view.switch_monitors), (4, 1));
}

#[test]
fn a_call_is_made_at_a_built_in_phone_system_that_greets_and_answers_little() {
    for (session, kind) in [("required", "application"), ("none", "none")] {
        let mut world = World::new(1, Weather::CALM);
        let kind = format!("cti.session = \"{kind}\"");
        let session = format!("session = \"{session}\"");
        let unanswered = "unanswered = [\"GetCSTAFeatures\", \"SystemRegister\", \"RequestSystemStatus\", \
                          \"ResetApplicationSessionTimer\", \"SnapshotDevice\"]";
        let plan = Plan::gateway(&[&kind, "cti.heartbeat = 10"]).with_switch(&[
            &session,
            "session_duration = 3600",
            "greets = true",
            unanswered,
        ]);
        let mut office = Office::open(&mut world, &plan).unwrap();
        let script = ["wait monitor 60s", "call 1002", "wait delivered called=1002 60s", "hangup", "quit"];
        let alice = office.client(&mut world, 2, &Wants::new("alice", "1001", &script)).unwrap();
        world.run_for(Duration::from_secs(120)).unwrap();
        assert_eq!(world.finished(alice), Some(0), "{session}: {:?}", world.notices(alice));
        let said = |name| world.notices(office.gateway).iter().filter(|said| said.name == name).count();
        assert_eq!((said("cti_features_presumed"), said("cti_out_of_service")), (1, 0), "{session}");
    }
}
