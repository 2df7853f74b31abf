//! Tests that every invalid request is answered with the most specific error.

use ctigate_core::wire::csta::model::{MonitorType, RequestTypes, StatusFilter, SystemStatus};
use ctigate_core::wire::csta::services::all;

use super::*;
use crate::switch::{EVENTS, features, services};

const NOW: Option<&str> = Some("doNotPrompt");

#[test]
fn wrong_requests_are_told_apart() {
    let mut world = World::new(|config| config.trunk_prefix = Some("0".into()));
    let alice = world.client();
    let call = world.make_call(alice, "1001", "1002", NOW);
    let outside = world.make_call(alice, "1005", "0123", NOW);
    let make = |calling, called| make(calling, called, NOW);
    let answer = |connection| about("AnswerCall", connection);
    let monitor = |object, kind| Request::MonitorStart { object, filter: None, kind };
    let half = Connection { call: Some(&call), device: None };
    let none = Connection { call: None, device: None };
    let odd = Device { id: "1002", type_of_number: Some("dynamic") };
    let deflect = |connection, to| {
        let members = [
            ("callToBeDiverted", Value::Connection(connection)),
            ("newDestination", Value::Device(device(to))),
        ];
        asks("DeflectCall", members.into())
    };
    let table = [
        (make("1099", "1002"), "operation/invalidCallingDeviceID"),
        (make("tel:1001", "1002"), "operation/invalidCallingDeviceID"),
        (make("1003", ";"), "operation/invalidCalledDeviceID"),
        (make("1003", "tel:1002"), "operation/invalidCalledDeviceID"),
        (make("1003", "5555551234v:41234"), "operation/invalidCalledDeviceID"),
        (make("1001", "1003"), "stateIncompatibility/connectedCallExists"),
        (make("1002", "1003"), "stateIncompatibility/invalidCallingDeviceState"),
        (answer(connection(&call, "1001")), "stateIncompatibility/invalidConnectionState"),
        (answer(connection(&call, "1003")), "operation/invalidConnectionID"),
        (answer(connection(&call, "1099")), "operation/invalidDeviceID"),
        (answer(connection("0_00000000", "1002")), "operation/invalidCallID"),
        (answer(connection(&outside, "T1")), "operation/invalidDeviceID"),
        (answer(Connection { call: Some(&call), device: Some(odd) }), "operation/invalidDeviceID"),
        (answer(half), "operation/invalidConnectionID"),
        (answer(none), "operation/invalidConnectionID"),
        (deflect(connection(&call, "1002"), "1099"), "operation/invalidDestinationDeviceID"),
        (deflect(connection(&call, "1002"), "1002"), "operation/invalidDestination"),
        (deflect(connection(&call, "1002"), "1001"), "stateIncompatibility/invalidDestinationDeviceState"),
        (deflect(connection(&call, "1001"), "1003"), "stateIncompatibility/invalidConnectionState"),
        (about("HoldCall", connection(&call, "1002")), "stateIncompatibility/invalidConnectionState"),
        (about("RetrieveCall", connection(&call, "1001")), "stateIncompatibility/invalidConnectionState"),
        (about("ClearConnection", connection(&call, "T1")), "operation/invalidDeviceID"),
        (Request::SnapshotDevice { device: device("1099") }, "operation/invalidDeviceID"),
        (monitor(MonitorObject::Device(device("1099")), None), "operation/invalidDeviceID"),
        (monitor(MonitorObject::Call(connection(&call, "1001")), None), "operation/invalidMonitorObjectType"),
        (
            monitor(MonitorObject::Device(device("1001")), Some(MonitorType::Call)),
            "operation/monitorTypeNotSupported",
        ),
        (Request::MonitorStop { cross_reference: "0_00000000" }, "operation/invalidMonitorCrossRefID"),
        (Request::SystemRegisterCancel { register: "r0" }, "operation/invalidParameterValue"),
        (Request::SystemRegisterAbort { register: "r0" }, "operation/serviceNotSupported"),
        (Request::StopApplicationSession { session: "x", reason: "y" }, "operation/invalidParameterValue"),
    ];
    for (request, error) in table {
        assert_eq!(world.outcome(alice, &request), error, "{request:?}");
        assert_eq!(world.frames(alice), [], "a refusal causes no event");
    }
    assert_eq!(world.switch.counts().calls, 2);
}

/// A request for each service about the devices, and about what is set at phone 1001.
fn device_features() -> Vec<Request<'static>> {
    let on = Value::Text("true");
    let apparatus = ("auditoryApparatus", Value::Text("1"));
    let table = [
        ("GetForwarding", Vec::new()),
        (
            "SetForwarding",
            [("forwardingType", Value::Text("forwardBusy")), ("activateForward", Value::Text("false"))]
                .into(),
        ),
        ("GetDoNotDisturb", Vec::new()),
        ("SetDoNotDisturb", [("doNotDisturbOn", on)].into()),
        ("GetMessageWaitingIndicator", Vec::new()),
        ("SetMessageWaitingIndicator", [("messageWaitingOn", on)].into()),
        ("GetMicrophoneMute", Vec::new()),
        ("SetMicrophoneMute", [apparatus, ("microphoneMuteOn", on)].into()),
        ("GetSpeakerMute", Vec::new()),
        ("SetSpeakerMute", [apparatus, ("speakerMuteOn", on)].into()),
        ("GetAutoAnswer", Vec::new()),
        ("SetAutoAnswer", [("autoAnswerOn", on)].into()),
        ("GetCallerIDStatus", Vec::new()),
        ("SetCallerIDStatus", [("callerIDProvided", on)].into()),
        ("GetLastNumberDialed", Vec::new()),
        ("GetLogicalDeviceInformation", Vec::new()),
        ("GetPhysicalDeviceInformation", Vec::new()),
        ("GetSwitchingFunctionDevices", Vec::new()),
    ];
    let request = |(root, mut given): (&str, Vec<(&'static str, Value<'static>)>)| {
        given.push(("device", Value::Device(device("1001"))));
        asks(root, given)
    };
    table.into_iter().map(request).collect()
}

#[test]
fn what_is_listed_succeeds_and_what_is_not_is_not_supported() {
    let mut world = world();
    let alice = world.client();
    let xml = world.ask_xml(alice, &Request::GetCstaFeatures);
    with(&xml, |message| match message {
        Message::Response(Response::GetCstaFeatures(listed)) => assert_eq!(listed, features()),
        other => panic!("{other:?}"),
    });
    let mut served = Vec::new();
    let mut try_it = |world: &mut World, request: Request<'_>| {
        let outcome = world.outcome(alice, &request);
        assert_eq!(outcome, format!("{}Response", request.name()));
        served.push(request.name().to_string());
        world.frames(alice);
    };
    try_it(&mut world, Request::GetCstaFeatures);
    try_it(&mut world, Request::RequestSystemStatus { register: None });
    try_it(&mut world, Request::SystemStatus { register: None, status: SystemStatus::Normal });
    let types = RequestTypes { system_status: true, ..RequestTypes::default() };
    try_it(&mut world, Request::SystemRegister { types, filter: Some(StatusFilter::default()) });
    let register = world.switch.links.iter().find_map(|(_, link)| link.cti()?.registration.as_ref());
    let register = register.unwrap().id.clone();
    try_it(&mut world, Request::SystemRegisterCancel { register: &register });
    let object = MonitorObject::Device(device("1002"));
    try_it(&mut world, Request::MonitorStart { object, filter: None, kind: Some(MonitorType::Device) });
    let reference = world.monitor(alice, "1001");
    try_it(&mut world, Request::MonitorStop { cross_reference: &reference });
    try_it(&mut world, Request::SnapshotDevice { device: device("1001") });
    try_it(&mut world, make("1001", "1003", NOW));
    let ringing = Connection { call: None, device: Some(device("1003")) };
    let deflect =
        [("callToBeDiverted", Value::Connection(ringing)), ("newDestination", Value::Device(device("1002")))];
    try_it(&mut world, asks("DeflectCall", deflect.into()));
    let only = Connection { call: None, device: Some(device("1002")) };
    try_it(&mut world, about("AnswerCall", only));
    try_it(&mut world, about("HoldCall", only));
    try_it(&mut world, about("RetrieveCall", only));
    try_it(&mut world, about("ClearConnection", only));
    for request in device_features() {
        try_it(&mut world, request);
    }
    world.send(alice, &asks("GetSwitchingFunctionDevices", Vec::new()));
    world.calm();
    let sent = world.frames(alice).pop().unwrap().1;
    assert!(sent.contains("<SwitchingFunctionDevices "), "the phone system sends it: {sent}");
    served.push("SwitchingFunctionDevices".to_string());
    served.extend(super::joining::joined_services());
    served.sort();
    let mut listed: Vec<String> = services().map(ToString::to_string).collect();
    listed.sort();
    assert_eq!(served, listed);

    for entry in all().iter().filter(|entry| !services().any(|name| name == entry.root)) {
        assert!(!features().has_service(entry.root));
        let xml =
            format!("<{} xmlns=\"{VERSION}\"><sysStatRegisterID>r</sysStatRegisterID></{0}>", entry.root);
        world.send_xml(alice, 77, &xml);
        let (invoke, answer) = world.frames(alice).remove(0);
        assert_eq!(
            (invoke, outcome_of(&answer).as_str()),
            (77, "operation/serviceNotSupported"),
            "{}",
            entry.root
        );
    }
    assert_eq!(features().events().count(), EVENTS.len());
    assert_eq!(features().services().count(), services().count());
}

#[test]
fn a_filter_goes_only_with_a_registration_for_system_status() {
    let mut world = world();
    let alice = world.client();
    let status = RequestTypes { system_status: true, ..RequestTypes::default() };
    let asks = RequestTypes { request_system_status: true, ..RequestTypes::default() };
    let caps = RequestTypes { switching_function_caps_changed: true, ..RequestTypes::default() };
    let filter = Some(StatusFilter::default());
    let missing = "operation/atLeastOneConditionalParameterNotProvided";
    for (types, filter, outcome) in [
        (asks, filter, missing),
        (RequestTypes::default(), None, missing),
        (caps, None, "operation/parameterNotSupported"),
        (asks, None, "SystemRegisterResponse"),
        (status, filter, "systemResourceAvailibility/registrationLimitExceeded"),
    ] {
        assert_eq!(world.outcome(alice, &Request::SystemRegister { types, filter }), outcome, "{types:?}");
    }
}

#[test]
fn limits_have_answers_of_their_own() {
    let mut world = World::new(|config| {
        config.monitors = 40;
        config.calls = 1;
        config.lines = 1;
    });
    let alice = world.client();
    let start = |number| Request::MonitorStart {
        object: MonitorObject::Device(device(number)),
        filter: None,
        kind: None,
    };
    for _ in 0..32 {
        assert_eq!(world.outcome(alice, &start("1001")), "MonitorStartResponse");
    }
    assert_eq!(
        world.outcome(alice, &start("1001")),
        "subscribedResourceAvailability/objectMonitorLimitExceeded"
    );
    for _ in 0..8 {
        assert_eq!(world.outcome(alice, &start("1002")), "MonitorStartResponse");
    }
    assert_eq!(
        world.outcome(alice, &start("1003")),
        "systemResourceAvailibility/overallMonitorLimitExceeded"
    );
    let call = world.make_call(alice, "1003", "1004", NOW);
    let make = |calling| make(calling, "1006", NOW);
    assert_eq!(world.outcome(alice, &make("1005")), "systemResourceAvailibility/resourceLimitExceeded");
    let hold = about("HoldCall", connection(&call, "1003"));
    assert_eq!(world.outcome(alice, &hold), "HoldCallResponse");
    assert_eq!(world.outcome(alice, &make("1003")), "systemResourceAvailibility/resourceBusy");

    let links: Vec<LinkId> = (1..64).map(|_| world.open(0)).collect();
    assert!(!links.iter().any(|link| world.is_closed(*link)));
    let refused = world.open(0);
    assert!(world.is_closed(refused) && world.noticed("link_refused"));
    world.close(links[0]);
    assert!(!{
        let link = world.open(0);
        world.is_closed(link)
    });
}

#[test]
fn too_many_answers_held_back_are_refused_at_once() {
    let mut world = World::new(|config| config.session_required = false);
    let alice = world.open(0);
    world.command("delay 60000");
    world.checks_digest = false;
    for _ in 0..1000 {
        world.send(alice, &Request::GetCstaFeatures);
    }
    assert_eq!(world.frames(alice), []);
    assert_eq!(
        world.outcome(alice, &Request::GetCstaFeatures),
        "performanceManagement/performanceLimitExceeded"
    );
    world.pass(Duration::from_secs(60));
    assert_eq!(world.frames(alice).len(), 1000);
    assert_eq!(world.switch.digest(), world.switch.full_digest());
}

#[test]
fn a_session_is_asked_for_before_whether_the_switch_is_in_service() {
    let (outside, out) = ("operation/securityViolation", "systemResourceAvailibility/resourceOutOfService");
    let connection = connection("0_00000000", "1001");
    let other = "operation/invalidParameterValue";
    let reset = "ResetApplicationSessionTimerNegResponse";
    let table = [
        (Request::GetCstaFeatures, outside, "GetCSTAFeaturesResponse"),
        (Request::RequestSystemStatus { register: None }, outside, "RequestSystemStatusResponse"),
        (
            Request::SystemStatus { register: None, status: SystemStatus::Normal },
            outside,
            "SystemStatusResponse",
        ),
        (Request::SystemRegisterCancel { register: "r" }, outside, other),
        (Request::SystemRegisterAbort { register: "r" }, outside, out),
        (Request::SnapshotDevice { device: device("1001") }, outside, out),
        (about("ClearConnection", connection), outside, out),
        (Request::ApplicationSessionTerminated { session: "x", reason: "" }, outside, out),
        (Request::StopApplicationSession { session: "x", reason: "y" }, other, other),
        (Request::ResetApplicationSessionTimer { session: "x", duration: None }, reset, reset),
    ];
    let mut world = world();
    let (nobody, alice) = (world.open(0), world.client());
    for word in ["disabled", "initializing"] {
        world.command(&format!("system {word}"));
        world.frames(alice);
        for (request, without, within) in &table {
            assert_eq!(world.outcome(nobody, request), *without, "{word}, no session: {request:?}");
            assert_eq!(world.outcome(alice, request), *within, "{word}: {request:?}");
        }
        world.send_xml(nobody, 7, &format!("<DanceCall xmlns=\"{VERSION}\"/>"));
        world.send_xml(alice, 7, &format!("<DanceCall xmlns=\"{VERSION}\"/>"));
        assert_eq!(outcome_of(&world.frames(nobody)[0].1), outside);
        assert_eq!(outcome_of(&world.frames(alice)[0].1), out);
    }
}

#[test]
fn what_only_a_switch_sends_is_noticed_and_not_supported() {
    let mut world = world();
    let alice = world.client();
    for request in [
        Request::SystemRegisterAbort { register: "r" },
        Request::ApplicationSessionTerminated { session: "x", reason: "" },
    ] {
        world.notices.clear();
        assert_eq!(world.outcome(alice, &request), "operation/serviceNotSupported");
        assert!(world.noticed("a client sent a request that only a switch sends"), "{request:?}");
    }
    world.notices.clear();
    world.send_xml(alice, 7, &format!("<DanceCall xmlns=\"{VERSION}\"/>"));
    assert_eq!(outcome_of(&world.frames(alice)[0].1), "operation/serviceNotSupported");
    assert!(!world.noticed("client_error"), "who asks for an unknown service breaks no rule");
}
