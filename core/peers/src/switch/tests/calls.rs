//! Tests of calls as monitors see them.

use ctigate_core::wire::csta::model::{LocalConnectionState, MonitorFilter};

use super::*;
use crate::switch::config::Answer;

const NOW: Option<&str> = Some("doNotPrompt");

#[test]
fn a_call_is_made_answered_held_retrieved_and_cleared_before_two_clients() {
    let mut world = world();
    let (alice, bob) = (world.client(), world.client());
    world.monitor(alice, "1001");
    world.monitor(bob, "1002");
    let call = world.make_call(alice, "1001", "1002", NOW);
    assert_eq!(
        world.events(alice, &call),
        [
            "1001: ServiceInitiated 1001 [1001 - -] initiated makeCall",
            "1001: Originated 1001 [1001 - 1002] connected makeCall",
            "1001: Delivered 1002 [1002 1001 1002] connected newCall",
        ]
    );
    assert_eq!(world.events(bob, &call), ["1002: Delivered 1002 [1002 1001 1002] alerting newCall"]);

    let answer = about("AnswerCall", connection(&call, "1002"));
    assert_eq!(world.outcome(bob, &answer), "AnswerCallResponse");
    assert_eq!(world.events(alice, &call), ["1001: Established 1002 [1002 1001 1002] connected newCall"]);
    assert_eq!(world.events(bob, &call), ["1002: Established 1002 [1002 1001 1002] connected newCall"]);

    let hold = about("HoldCall", connection(&call, "1001"));
    assert_eq!(world.outcome(alice, &hold), "HoldCallResponse");
    assert_eq!(world.events(alice, &call), ["1001: Held 1001 [1001 - -] hold normal"]);
    assert_eq!(world.events(bob, &call), ["1002: Held 1001 [1001 - -] connected normal"]);

    let retrieve = about("RetrieveCall", connection(&call, "1001"));
    assert_eq!(world.outcome(alice, &retrieve), "RetrieveCallResponse");
    assert_eq!(world.events(alice, &call), ["1001: Retrieved 1001 [1001 - -] connected normal"]);
    assert_eq!(world.events(bob, &call), ["1002: Retrieved 1001 [1001 - -] connected normal"]);

    let clear = about("ClearConnection", connection(&call, "1002"));
    assert_eq!(world.outcome(bob, &clear), "ClearConnectionResponse");
    assert_eq!(
        world.events(alice, &call),
        [
            "1001: ConnectionCleared 1002 [1002 - -] connected normalClearing",
            "1001: ConnectionCleared 1001 [1001 - -] null normalClearing",
        ]
    );
    assert_eq!(world.events(bob, &call), ["1002: ConnectionCleared 1002 [1002 - -] null normalClearing"]);
    assert_eq!(world.switch.counts().calls, 0);
    assert_eq!(world.outcome(bob, &clear), "operation/invalidCallID");
}

#[test]
fn an_event_is_spelt_as_edition_3_spells_it() {
    let mut world = world();
    let alice = world.client();
    let reference = world.monitor(alice, "1002");
    let call = world.make_call(alice, "1001", "1002", NOW);
    let (_, xml) = world.frames(alice).remove(0);
    let expected = format!(
        "<DeliveredEvent xmlns=\"{VERSION}\"><monitorCrossRefID>{reference}</monitorCrossRefID>\
         <connection><callID>{call}</callID><deviceID>1002</deviceID></connection>\
         <alertingDevice><deviceIdentifier>1002</deviceIdentifier></alertingDevice>\
         <callingDevice><deviceIdentifier>1001</deviceIdentifier></callingDevice>\
         <calledDevice><deviceIdentifier>1002</deviceIdentifier></calledDevice>\
         <lastRedirectionDevice><notRequired/></lastRedirectionDevice>\
         <localConnectionInfo>alerting</localConnectionInfo><cause>newCall</cause></DeliveredEvent>"
    );
    assert!(xml.ends_with(&expected), "{xml}");
}

#[test]
fn each_monitor_of_a_phone_hears_of_it_unless_it_filters_or_stopped() {
    let mut world = world();
    let (one, two) = (world.client(), world.client());
    let object = MonitorObject::Device(device("1002"));
    let filter = Some(MonitorFilter::NONE.excluding("DeliveredEvent"));
    let deaf = world.ask_xml(one, &Request::MonitorStart { object, filter, kind: None });
    with(&deaf, |message| match message {
        Message::Response(Response::MonitorStart { filter: actual, .. }) => assert_eq!(actual, filter),
        other => panic!("{other:?}"),
    });
    let reference = world.monitor(one, "1002");
    world.monitor(two, "1002");
    let stopped = world.monitor(two, "1002");
    assert_eq!(
        world.outcome(two, &Request::MonitorStop { cross_reference: &stopped }),
        "MonitorStopResponse"
    );
    let stop = Request::MonitorStop { cross_reference: &reference };
    assert_eq!(world.outcome(two, &stop), "operation/invalidMonitorCrossRefID");

    let answer = world.command("dial 1001 1002");
    let call = answer.strip_prefix("ok ").unwrap().to_string();
    let delivered = "1002: Delivered 1002 [1002 1001 1002] alerting newCall";
    assert_eq!(world.events(one, &call), [delivered]);
    assert_eq!(world.events(two, &call), [delivered]);
}

#[test]
fn the_busy_tone_is_heard_by_the_caller_alone() {
    let mut world = World::new(|config| config.phones[1].answer = Answer::Busy);
    let alice = world.client();
    world.monitor(alice, "1001");
    world.monitor(alice, "1002");
    let call = world.make_call(alice, "1001", "1002", NOW);
    assert_eq!(world.events(alice, &call)[2..], ["1001: Failed 1002 [1002 1001 1002] connected busy"]);
    world.command("hangup 1001");
    assert_eq!(world.events(alice, &call), ["1001: ConnectionCleared 1001 [1001 - -] null normalClearing"]);
    assert_eq!(world.switch.counts().calls, 0);
}

#[test]
fn nobody_answers() {
    let mut world = world();
    let alice = world.client();
    world.monitor(alice, "1001");
    world.monitor(alice, "1002");
    let call = world.make_call(alice, "1001", "1002", NOW);
    world.events(alice, &call);
    world.pass(Duration::from_secs(30));
    assert_eq!(
        world.events(alice, &call),
        [
            "1001: ConnectionCleared 1002 [1002 - -] connected callNotAnswered",
            "1002: ConnectionCleared 1002 [1002 - -] null callNotAnswered",
            "1001: Failed 1001 [1001 1001 1002] fail callNotAnswered",
        ]
    );
}

#[test]
fn a_number_nobody_has_is_answered_with_success_and_then_fails() {
    let mut world = world();
    let alice = world.client();
    world.monitor(alice, "1001");
    let call = world.make_call(alice, "1001", "+49", NOW);
    assert_eq!(world.events(alice, &call)[2], "1001: Failed +49 [+49 1001 +49] connected destNotObtainable");
}

#[test]
fn a_prompted_phone_dials_when_its_user_or_a_computer_picks_it_up() {
    for by_computer in [false, true] {
        let mut world = world();
        let alice = world.client();
        world.monitor(alice, "1001");
        let call = world.make_call(alice, "1001", "1002", None);
        assert_eq!(world.events(alice, &call), ["1001: ServiceInitiated 1001 [1001 - -] initiated makeCall"]);
        if by_computer {
            let answer = about("AnswerCall", connection(&call, "1001"));
            assert_eq!(world.outcome(alice, &answer), "AnswerCallResponse");
        } else {
            assert_eq!(world.command("offhook 1001"), format!("ok {call}"));
        }
        assert_eq!(
            world.events(alice, &call),
            [
                "1001: Originated 1001 [1001 - 1002] connected makeCall",
                "1001: Delivered 1002 [1002 1001 1002] connected newCall",
            ]
        );
    }
}

#[test]
fn a_call_through_a_trunk_reaches_the_network() {
    let mut world = World::new(|config| config.trunk_prefix = Some("0".into()));
    let alice = world.client();
    world.monitor(alice, "1001");
    let call = world.make_call(alice, "1001", "0442071234", NOW);
    assert_eq!(
        world.events(alice, &call)[2..],
        ["1001: NetworkReached T1 [T1 1001 0442071234] connected newCall"]
    );
    world.pass(Duration::from_secs(2));
    assert_eq!(
        world.events(alice, &call),
        ["1001: Established T1 [0442071234 1001 0442071234] connected networkSignal"]
    );
    let clear = about("ClearConnection", connection(&call, "T1"));
    assert_eq!(world.outcome(alice, &clear), "ClearConnectionResponse");
    assert_eq!(
        world.events(alice, &call),
        [
            "1001: ConnectionCleared T1 [T1 - -] connected normalClearing",
            "1001: ConnectionCleared 1001 [1001 - -] null normalClearing",
        ]
    );
}

#[test]
fn a_snapshot_shows_each_call_with_both_states_the_devices_own_first() {
    use LocalConnectionState::{Alerting, Connected, Hold};
    let mut world = world();
    let alice = world.client();
    let first = world.make_call(alice, "1001", "1002", NOW);
    world.command("answer 1002");
    world.command("hold 1001");
    let second = world.make_call(alice, "1003", "1001", NOW);
    let snapshot = |world: &mut World, number: &str| {
        let xml = world.ask_xml(alice, &Request::SnapshotDevice { device: device(number) });
        with(&xml, |message| match message {
            Message::Response(Response::SnapshotDevice { items, .. }) => items
                .iter()
                .map(|item| {
                    let own = item.connection.device.unwrap().id.to_string();
                    (
                        item.connection.call.unwrap().to_string(),
                        own,
                        party(item.endpoint),
                        item.states.to_vec(),
                    )
                })
                .collect::<Vec<_>>(),
            other => panic!("{other:?}"),
        })
    };
    assert_eq!(
        snapshot(&mut world, "1001"),
        [
            (first, "1001".to_string(), "1002".to_string(), alloc::vec![Hold, Connected]),
            (second, "1001".to_string(), "1003".to_string(), alloc::vec![Alerting, Connected]),
        ]
    );
    assert_eq!(snapshot(&mut world, "1004"), []);
}

#[test]
fn a_phone_alone_stands_for_its_one_fitting_call() {
    let mut world = world();
    let alice = world.client();
    let only = |id| Connection { call: None, device: Some(device(id)) };
    let expect = |world: &mut World, request: Request<'_>, outcome: &str| {
        assert_eq!(world.outcome(alice, &request), outcome, "{request:?}");
    };
    expect(&mut world, about("AnswerCall", only("1002")), "stateIncompatibility/noCallToAnswer");
    expect(&mut world, about("HoldCall", only("1002")), "stateIncompatibility/noActiveCall");
    expect(&mut world, about("RetrieveCall", only("1002")), "stateIncompatibility/noHeldCall");
    expect(&mut world, about("ClearConnection", only("1002")), "stateIncompatibility/noConnectionToClear");
    world.make_call(alice, "1001", "1002", NOW);
    expect(&mut world, about("AnswerCall", only("1002")), "AnswerCallResponse");
    expect(&mut world, about("HoldCall", only("1002")), "HoldCallResponse");
    expect(&mut world, about("RetrieveCall", only("1002")), "RetrieveCallResponse");
    expect(&mut world, about("ClearConnection", only("1002")), "ClearConnectionResponse");
}

#[test]
fn answers_held_back_are_overtaken_by_events_and_keep_their_order() {
    let mut world = World::new(|config| config.session_required = false);
    let alice = world.open(0);
    world.monitor(alice, "1001");
    world.command("delay 200");
    let make = make("1001", "1002", NOW);
    let first = world.send(alice, &make);
    let second = world.send(alice, &Request::GetCstaFeatures);
    assert_eq!(world.frames(alice).iter().map(|(invoke, _)| *invoke).collect::<Vec<_>>(), [9999; 3]);
    world.command("delay 0");
    let third = world.send(alice, &Request::GetCstaFeatures);
    world.pass(Duration::from_millis(199));
    assert_eq!(world.frames(alice), []);
    world.pass(Duration::from_millis(1));
    let answers = world.frames(alice);
    assert_eq!(answers.iter().map(|(invoke, _)| *invoke).collect::<Vec<_>>(), [first, second, third]);
}

#[test]
fn a_snapshot_held_back_tells_what_is_when_it_goes_out() {
    let mut world = World::new(|config| config.session_required = false);
    let alice = world.open(0);
    let call = world.make_call(alice, "1001", "1002", NOW);
    world.command("delay 200");
    world.send(alice, &Request::SnapshotDevice { device: device("1002") });
    world.send(alice, &Request::SnapshotDevice { device: device("1003") });
    world.command("hangup 1002");
    world.command("offhook 1004");
    world.command("dial 1004 1003");
    world.pass(Duration::from_millis(200));
    let answers = world.frames(alice);
    let (gone, new) = (&answers[0].1, &answers[1].1);
    assert!(!gone.contains(&call) && gone.contains("SnapshotDeviceResponse"), "{gone}");
    assert!(new.contains("<callID>"), "{new}");
}

#[test]
fn a_switch_that_begins_anew_forgets_what_was_still_to_be_answered() {
    let mut world = World::new(|config| config.session_required = false);
    let alice = world.open(0);
    world.command("delay 200");
    world.send(alice, &Request::GetCstaFeatures);
    world.command("system enabled");
    world.command("delay 0");
    let second = world.send(alice, &Request::GetCstaFeatures);
    world.pass(Duration::from_millis(500));
    let answers = world.frames(alice);
    let answered: Vec<_> =
        answers.iter().filter(|(_, xml)| xml.contains("GetCSTAFeaturesResponse")).collect();
    assert_eq!(answered.iter().map(|(invoke, _)| *invoke).collect::<Vec<_>>(), [second]);
}

#[test]
fn what_is_asked_of_a_switch_that_has_begun_anew_is_not_answered_before_its_time() {
    let mut world = World::new(|config| config.session_required = false);
    let alice = world.open(0);
    world.command("delay 200");
    world.send(alice, &Request::GetCstaFeatures);
    world.pass(Duration::from_millis(150));
    world.command("system enabled");
    world.frames(alice);
    let second = world.send(alice, &Request::GetCstaFeatures);
    world.pass(Duration::from_millis(199));
    assert_eq!(world.frames(alice), []);
    world.pass(Duration::from_millis(1));
    assert_eq!(world.frames(alice).iter().map(|(invoke, _)| *invoke).collect::<Vec<_>>(), [second]);
}
