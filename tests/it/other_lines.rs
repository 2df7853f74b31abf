//! Requests that name another line than the session's, which the user may control by the directory.

use ctigate_core::setting::Value;
use ctigate_core::{Command, Input, Token};
use ctigate_tests::bench::{Asked, Bench, Client, PhoneSystem, csta, only, snapshot};

use crate::reloading::{directory, domains, listed, office, signed_in};

/// The line beside his own, in a form that clients send.
const OTHER: &str = "tel:1009;phone-context=dialstring";

/// Bob's own, as the phone system knows it.
const HARD2: &str = "1002:CM1:192.0.2.10:0";

/// What the phone system was asked, which it answers by an error.
fn asked(bench: &mut Bench, system: PhoneSystem) -> Vec<Asked> {
    let asked = system.asked(bench);
    for one in &asked {
        system.say(bench, one.invoke, &csta("CSTAErrorCode", "<operation>generic</operation>"));
    }
    asked
}

fn connection(call: &str, device: &str) -> String {
    format!("<callID>{call}</callID><deviceID>{device}</deviceID>")
}

/// An event of a call of a line with 1003, in which that line's connection has this state.
fn established(bench: &mut Bench, system: PhoneSystem, (monitor, call, line): (&str, &str, &str)) {
    let own = connection(call, line);
    let device =
        |name: &str, number: &str| format!("<{name}><deviceIdentifier>{number}</deviceIdentifier></{name}>");
    let children = format!(
        "<establishedConnection>{own}</establishedConnection>{}{}{}<lastRedirectionDevice><notRequired/>\
         </lastRedirectionDevice><localConnectionInfo>connected</localConnectionInfo><cause>newCall</cause>",
        device("answeringDevice", line),
        device("callingDevice", "1003"),
        device("calledDevice", line)
    );
    system.event(bench, "EstablishedEvent", monitor, &children);
}

/// Bob monitors his other line; returns the monitor's name and what was told with the answer.
fn monitored(bench: &mut Bench, system: PhoneSystem, bob: &mut Client, named: &str) -> String {
    let object = format!("<monitorObject><deviceObject>{OTHER}</deviceObject></monitorObject>");
    bob.info(bench, "MonitorStart", &object);
    assert_eq!(system.start_monitor(bench, named).element("deviceObject"), "1009");
    let id = only(&bob.heard(bench), 200).element("monitorCrossRefID").to_owned();
    system.serve(bench, "SnapshotDevice", |asked| {
        assert_eq!(asked.element("snapshotObject"), "1009");
        snapshot("1009", &[])
    });
    bench.advance(ctigate_core::Duration::from_millis(20));
    id
}

/// The connection fails and is back, and its monitors follow; the phone system knows no calls. Returns what it was asked
/// about which devices.
fn rebound(bench: &mut Bench, system: PhoneSystem) -> (PhoneSystem, Vec<String>) {
    let system = system.reconnected(bench);
    bench.advance(ctigate_core::Duration::from_secs(1));
    let mut devices = Vec::new();
    loop {
        let asked = system.asked(bench);
        if asked.is_empty() {
            return (system, devices);
        }
        for one in asked {
            let answer = if one.root() == "MonitorStart" {
                let named = format!("n{}", devices.len());
                csta("MonitorStartResponse", &format!("<monitorCrossRefID>{named}</monitorCrossRefID>"))
            } else {
                snapshot(one.element("snapshotObject"), &[])
            };
            devices.push(format!(
                "{} {}{}",
                one.root(),
                one.element("deviceObject"),
                one.element("snapshotObject")
            ));
            system.say(bench, one.invoke, &answer);
        }
    }
}

#[test]
fn a_request_acts_for_another_line_that_its_user_may_control() {
    // The phone system's call 5, as clients are shown it.
    let call = connection("15", OTHER);
    let make = format!(
        "<callingDevice>{OTHER}</callingDevice><calledDirectoryNumber>1003</calledDirectoryNumber>\
         <autoOriginate>doNotPrompt</autoOriginate>"
    );
    // What names a line, and what names a call: a call is looked for at the client's own line then.
    let requests = [
        ("MakeCall", make, true),
        ("SnapshotDevice", format!("<snapshotObject>{OTHER}</snapshotObject>"), true),
        ("HoldCall", format!("<callToBeHeld>{call}</callToBeHeld>"), false),
        ("ClearConnection", format!("<connectionToBeCleared>{call}</connectionToBeCleared>"), false),
    ];
    let (mut bench, system, mut alice, mut bob) = office();
    for (service, children, names_line) in &requests {
        let refused = alice.info(&mut bench, service, children);
        for one in asked(&mut bench, system) {
            assert!(!names_line && !one.document.contains("1009"), "alice may not control the line: {one:?}");
        }
        let refused = refused.into_iter().chain(alice.heard(&mut bench)).next().expect("an answer");
        assert_eq!(refused.body().contains("privilegeViolation"), *names_line, "{service}: {refused:?}");
        let told = bob.info(&mut bench, service, children);
        assert!(told.is_empty(), "{service}: the phone system is asked first: {told:#?}");
        let [one] = asked(&mut bench, system).try_into().expect("the phone system is asked");
        assert_eq!(one.root(), *service);
        assert!(one.document.contains(">1009<"), "{one:?}");
        only(&bob.heard(&mut bench), 200);
    }
}

#[test]
fn a_request_for_two_lines_of_its_user_is_refused() {
    let (mut bench, system, _, mut bob) = office();
    bob.monitor(&mut bench, system, "m1");
    established(&mut bench, system, ("m1", "5", HARD2));
    let own = bob.heard(&mut bench).pop().expect("the event").element("callID").to_owned();
    monitored(&mut bench, system, &mut bob, "m2");
    established(&mut bench, system, ("m2", "6", "1009"));
    let other = bob.heard(&mut bench).pop().expect("the event").element("callID").to_owned();
    for (held, active) in
        [((&own, bob.uri.clone()), (&other, OTHER.into())), ((&other, OTHER.into()), (&own, bob.uri.clone()))]
    {
        let connection = |(call, device): (&String, String)| connection(call, &device);
        let children = format!(
            "<heldCall>{}</heldCall><activeCall>{}</activeCall>",
            connection(held),
            connection(active)
        );
        let answer = bob.info(&mut bench, "TransferCall", &children).pop().expect("an answer at once");
        assert!(answer.body().contains("<CSTAErrorCode"), "{answer:?}");
        assert!(asked(&mut bench, system).is_empty());
    }
}

#[test]
fn a_monitor_of_another_line_has_its_events_and_calls() {
    let (mut bench, system, _, mut bob) = office();
    bob.monitor(&mut bench, system, "m1");
    let id = monitored(&mut bench, system, &mut bob, "m2");
    established(&mut bench, system, ("m2", "6", "1009"));
    let [event] = bob.heard(&mut bench).try_into().expect("the event");
    assert_eq!((event.root(), event.element("monitorCrossRefID")), ("EstablishedEvent", &*id));
    assert!(event.body().contains(&format!("<deviceID>{OTHER}</deviceID>")), "{}", event.body());
    let call = event.element("callID");
    // With any device, or with the line alone: the call is the other line's.
    for named in [connection(call, OTHER), format!("<deviceID>{OTHER}</deviceID>")] {
        bob.info(&mut bench, "HoldCall", &format!("<callToBeHeld>{named}</callToBeHeld>"));
        let [hold] = asked(&mut bench, system).try_into().expect("the phone system is asked");
        assert!(hold.document.contains("<callID>6</callID><deviceID>1009</deviceID>"), "{hold:?}");
        bob.heard(&mut bench);
    }
    // A selection moves the monitors of the session's own line only.
    bench.input(Input::Command {
        token: Some(Token::new(1)),
        command: Command::Select { user: "bob", choice: "SOFT2" },
    });
    let (token, ..) = bench.persists().pop().expect("it is to be kept");
    bench.input(Input::Persisted { token, result: Ok(()) });
    bench.settle();
    let moved: Vec<Asked> = asked(&mut bench, system);
    let devices: Vec<&str> = moved.iter().map(|one| one.element("deviceObject")).collect();
    assert!(devices.contains(&"1002:CM1:192.0.2.10:1") && !devices.contains(&"1009"), "{moved:#?}");
}

#[test]
fn a_monitor_of_another_line_moves_with_its_session() {
    let mut bench = Bench::of(&[domains(), ("cti.recovery", Value::Text("rebind".into()))], listed);
    let system = PhoneSystem::answer(&mut bench);
    let mut bob = signed_in(&mut bench, system, "bob", "tel:1002;device=HARD2");
    let id = monitored(&mut bench, system, &mut bob, "m2");
    established(&mut bench, system, ("m2", "6", "1009"));
    bob.heard(&mut bench);
    let (_, devices) = rebound(&mut bench, system);
    assert_eq!(devices, ["MonitorStart 1009", "SnapshotDevice 1009"]);
    let [cleared] = bob.heard(&mut bench).try_into().expect("what changed");
    assert_eq!((cleared.root(), cleared.element("monitorCrossRefID")), ("ConnectionClearedEvent", &*id));
}

#[test]
fn a_call_made_for_another_line_is_that_lines() {
    let mut bench = Bench::of(&[domains(), ("cti.recovery", Value::Text("rebind".into()))], listed);
    let system = PhoneSystem::answer(&mut bench);
    let mut bob = signed_in(&mut bench, system, "bob", "tel:1002;device=HARD2");
    bob.monitor(&mut bench, system, "m1");
    let id = monitored(&mut bench, system, &mut bob, "m2");
    let call = format!(
        "<callingDevice>{OTHER}</callingDevice><calledDirectoryNumber>1003</calledDirectoryNumber>\
         <autoOriginate>doNotPrompt</autoOriginate>"
    );
    bob.info(&mut bench, "MakeCall", &call);
    system.serve(&mut bench, "MakeCall", |_| {
        csta("MakeCallResponse", &format!("<callingDevice>{}</callingDevice>", connection("7", "1009")))
    });
    let made = only(&bob.heard(&mut bench), 200);
    rebound(&mut bench, system);
    let [cleared] = bob.heard(&mut bench).try_into().expect("what changed");
    assert_eq!(
        (cleared.root(), cleared.element("callID")),
        ("ConnectionClearedEvent", made.element("callID"))
    );
    assert_eq!(cleared.element("monitorCrossRefID"), id);
}

#[test]
fn a_monitor_of_another_line_ends_with_the_right_to_it() {
    let (mut bench, system, _, mut bob) = office();
    bob.monitor(&mut bench, system, "m1");
    let id = monitored(&mut bench, system, &mut bob, "m2");
    let taken = directory(&[("user bob line=1002 line=1009/Sales line=1009/Staff", "user bob line=1002")]);
    bench.reload(&[domains()], Some(&taken));
    let [stopped] = bob.heard(&mut bench).try_into().expect("what ends");
    assert_eq!((stopped.root(), stopped.element("monitorCrossRefID")), ("MonitorStop", &*id));
    let [one] = asked(&mut bench, system).try_into().expect("the phone system is asked");
    assert_eq!((one.root(), one.element("monitorCrossRefID")), ("MonitorStop", "m2"));
    assert_eq!((bench.engine().view().sessions, bench.engine().view().monitors), (2, 1));
}
