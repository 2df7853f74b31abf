//! Sessions at an Asterisk, over its manager interface, through the whole gateway.

mod asked;
mod borne;
mod conferring;
mod joining;
mod moving;
mod muting;
mod phones;
mod prompts;
mod settings;
mod voicemail;

use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::ami::{self, Channel, TALK, called, caller};
use ctigate_tests::bench::{Acted, Asterisk, Bench, Client, Sip, only};

const OBJECT: &str = "<monitorObject><deviceObject>1001</deviceObject></monitorObject>";

const ENDPOINTS: &[(&str, &str)] =
    &[("1001", "Not in use"), ("1002", "Not in use"), ("1003", "Unavailable"), ("trunk", "Not in use")];

fn text(text: &str) -> Value {
    Value::Text(text.into())
}

fn bench(more: &[(&str, Value)]) -> Bench {
    let settings = [
        ("cti.connection[0].kind", text("asterisk")),
        ("cti.connection[0].user", text("ctigate")),
        ("cti.connection[0].password_file", text("/etc/ctigate/ami")),
        ("cti.connection[0].obedient", Value::List(vec![text("1001")])),
    ];
    Bench::with(&[&settings, more].concat())
}

fn sign_in(bench: &mut Bench, name: &str, number: usize) -> (Client, Sip) {
    let mut client = Client::of_line(bench, name, number);
    let body = client.sign_in_body();
    let answer = client.send(bench, "INVITE", &body).pop().expect("an answer at once");
    client.take_tag(&answer);
    client.send(bench, "ACK", "");
    (client, answer)
}

/// A gateway in service at an Asterisk that lists these channels, with a client that signed in to 1001 and monitors it.
fn monitored(channels: &[&str]) -> (Bench, Asterisk, Client, String) {
    let mut bench = bench(&[]);
    let asterisk = Asterisk::answer(&mut bench, ENDPOINTS, channels);
    let (mut client, _) = sign_in(&mut bench, "alice", 1001);
    let started = only(&client.info(&mut bench, "MonitorStart", OBJECT), 200);
    let id = started.element("monitorCrossRefID").to_owned();
    bench.advance(Duration::from_millis(20));
    (bench, asterisk, client, id)
}

/// What a client was told since the last call: each event with its callID and the state of its own connection.
fn told(bench: &mut Bench, client: &Client) -> Vec<String> {
    bench.advance(Duration::from_millis(20));
    let told = client.heard(bench);
    told.iter().map(|event| format!("{} {}", event.root(), event.element("localConnectionInfo"))).collect()
}

fn happen(
    bench: &mut Bench,
    asterisk: Asterisk,
    name: &str,
    channels: &[(&str, &Channel)],
    after: &[(&str, &str)],
) {
    asterisk.say(bench, &ami::event(name, &[], channels, after));
}

fn state(bench: &mut Bench, asterisk: Asterisk, channel: &mut Channel, state: &'static str) {
    channel.state = state;
    happen(bench, asterisk, "Newstate", &[("", channel)], &[]);
}

fn enter(bench: &mut Bench, asterisk: Asterisk, channel: &Channel, bridge: &str) {
    asterisk.say(bench, &ami::event("BridgeEnter", &ami::bridge(bridge, TALK), &[("", channel)], &[]));
}

fn end(bench: &mut Bench, asterisk: Asterisk, channel: &Channel, cause: &str) {
    happen(bench, asterisk, "Hangup", &[("", channel)], &[("Cause", cause), ("Cause-txt", "x")]);
}

/// 1002 calls 1001, whose phone rings.
fn ringing(bench: &mut Bench, asterisk: Asterisk) -> (Channel, Channel) {
    let bernd = caller("PJSIP/1002-00000001", "1002", "1001", "1.1");
    let mut anna = called("PJSIP/1001-00000002", "1001", "1.2", &bernd);
    happen(bench, asterisk, "Newchannel", &[("", &bernd)], &[]);
    happen(bench, asterisk, "Newchannel", &[("", &anna)], &[]);
    happen(bench, asterisk, "DialBegin", &[("", &bernd), ("Dest", &anna)], &[("DialString", "x")]);
    state(bench, asterisk, &mut anna, "Ringing");
    (bernd, anna)
}

/// And answers.
fn talking(bench: &mut Bench, asterisk: Asterisk) -> (Channel, Channel) {
    let (mut bernd, mut anna) = ringing(bench, asterisk);
    state(bench, asterisk, &mut anna, "Up");
    state(bench, asterisk, &mut bernd, "Up");
    enter(bench, asterisk, &anna, "b1");
    enter(bench, asterisk, &bernd, "b1");
    (bernd, anna)
}

#[test]
fn a_call_rings_is_answered_and_ends_at_an_asterisk() {
    let (mut bench, asterisk, mut client, id) = monitored(&[]);
    bench.golden(
        "call-at-an-asterisk",
        "A call from 1002 rings at 1001, is answered and ended from the client, at an Asterisk.",
    );
    let (mut bernd, mut anna) = ringing(&mut bench, asterisk);
    bench.advance(Duration::from_millis(20));
    let [delivered] = client.heard(&mut bench).try_into().expect("one event");
    assert_eq!((delivered.root(), delivered.element("monitorCrossRefID")), ("DeliveredEvent", &*id));
    let line = "tel:1001;phone-context=dialstring";
    assert!(delivered.element("connection").contains(line), "{}", delivered.body());
    assert!(delivered.element("callingDevice").contains("tel:1002;phone-context=dialstring"));
    assert_eq!(delivered.element("localConnectionInfo"), "alerting");
    let own = delivered.element("connection").to_owned();
    assert!(
        client
            .info(&mut bench, "AnswerCall", &format!("<callToBeAnswered>{own}</callToBeAnswered>"))
            .is_empty()
    );
    let notify = asterisk.only(&mut bench, "PJSIPNotify");
    assert_eq!((notify.value("Channel"), notify.value("Variable")), ("PJSIP/1001-00000002", "Event=talk"));
    asterisk.accept(&mut bench, &notify, &[]);
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "AnswerCallResponse");
    state(&mut bench, asterisk, &mut anna, "Up");
    state(&mut bench, asterisk, &mut bernd, "Up");
    enter(&mut bench, asterisk, &anna, "b1");
    enter(&mut bench, asterisk, &bernd, "b1");
    assert_eq!(told(&mut bench, &client), ["EstablishedEvent connected"]);
    let clear = format!("<connectionToBeCleared>{own}</connectionToBeCleared>");
    assert!(client.info(&mut bench, "ClearConnection", &clear).is_empty());
    let hangup = asterisk.only(&mut bench, "Hangup");
    assert_eq!((hangup.value("Channel"), hangup.value("Cause")), ("1.2", "16"));
    asterisk.accept(&mut bench, &hangup, &[]);
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "ClearConnectionResponse");
    end(&mut bench, asterisk, &anna, "16");
    end(&mut bench, asterisk, &bernd, "16");
    assert_eq!(told(&mut bench, &client), ["ConnectionClearedEvent null"]);
}

#[test]
fn a_call_is_made_by_ringing_the_user_s_phone_first() {
    let (mut bench, asterisk, mut client, _) = monitored(&[]);
    let call = "<callingDevice>1001</callingDevice><calledDirectoryNumber>1002</calledDirectoryNumber>";
    assert!(client.info(&mut bench, "MakeCall", call).is_empty());
    let originate = asterisk.only(&mut bench, "Originate");
    let lines =
        ["Channel", "Context", "Exten", "Async", "Variable"].map(|key| originate.value(key).to_owned());
    assert_eq!(lines, ["PJSIP/1001", "from-internal", "1002", "true", "CONNECTEDLINE(num)=1002"]);
    asterisk.accept(&mut bench, &originate, &[("Message", "Originate successfully queued")]);
    assert!(client.heard(&mut bench).is_empty(), "the call has no callID yet");
    let mut anna = made(&originate);
    happen(&mut bench, asterisk, "Newchannel", &[("", &anna)], &[]);
    let answer = only(&client.heard(&mut bench), 200);
    assert_eq!(
        (answer.root(), answer.element("deviceID")),
        ("MakeCallResponse", "tel:1001;phone-context=dialstring")
    );
    let own = answer.element("callingDevice").to_owned();
    assert_eq!(told(&mut bench, &client), ["ServiceInitiatedEvent initiated"]);
    happen(&mut bench, asterisk, "DialBegin", &[("Dest", &anna)], &[("DialString", "1001")]);
    state(&mut bench, asterisk, &mut anna, "Ringing");
    state(&mut bench, asterisk, &mut anna, "Up");
    let bernd = called("PJSIP/1002-00000009", "1002", "1.9", &anna);
    happen(&mut bench, asterisk, "Newchannel", &[("", &bernd)], &[]);
    assert_eq!(told(&mut bench, &client), ["OriginatedEvent connected"]);
    let clear = format!("<connectionToBeCleared>{own}</connectionToBeCleared>");
    client.info(&mut bench, "ClearConnection", &clear);
    assert_eq!(asterisk.only(&mut bench, "Hangup").value("Channel"), originate.value("ChannelId"));
}

/// The channel that an action asks for.
fn made(originate: &Acted) -> Channel {
    let unique: &'static str = originate.value("ChannelId").to_owned().leak();
    Channel { state: "Down", ..caller("PJSIP/1001-00000005", "1001", "1002", unique) }
}

#[test]
fn a_call_that_cannot_be_made_is_told_with_what_is_wrong() {
    let (mut bench, asterisk, mut client, _) = monitored(&[]);
    let call = "<callingDevice>1001</callingDevice><calledDirectoryNumber>1999</calledDirectoryNumber>";
    client.info(&mut bench, "MakeCall", call);
    let originate = asterisk.only(&mut bench, "Originate");
    asterisk.refuse(&mut bench, &originate, "Extension does not exist.");
    assert!(only(&client.heard(&mut bench), 200).body().contains("invalidCalledDeviceID"));
    client.info(&mut bench, "MakeCall", call);
    let originate = asterisk.only(&mut bench, "Originate");
    asterisk.accept(&mut bench, &originate, &[]);
    let response = format!(
        "Event: OriginateResponse\r\nPrivilege: call,all\r\nActionID: {}\r\nResponse: Failure\r\n\
         Channel: PJSIP/1001\r\nContext: from-internal\r\nExten: 1999\r\nApplication: \r\nData: \r\nReason: 0\r\n\
         Uniqueid: {}\r\nCallerIDNum: <unknown>\r\nCallerIDName: <unknown>\r\n\r\n",
        originate.value("ActionID"),
        originate.value("ChannelId")
    );
    asterisk.say(&mut bench, &response);
    assert!(only(&client.heard(&mut bench), 200).body().contains("callingDeviceOutOfService"));
    // Nobody waits for the answer any more: the phone must not ring on.
    client.info(&mut bench, "MakeCall", call);
    let originate = asterisk.only(&mut bench, "Originate");
    bench.advance(Duration::from_secs(5));
    assert!(only(&client.heard(&mut bench), 200).body().contains("resourceOutOfService"));
    assert_eq!(asterisk.only(&mut bench, "Hangup").value("Channel"), originate.value("ChannelId"));
}

#[test]
fn what_a_number_holds_is_never_syntax_to_an_asterisk() {
    let (mut bench, asterisk, mut client, _) = monitored(&[]);
    for number in ["1002,X=2", "1002&1003", "${X}", "1002&#xD;&#xA;Action: Command", "1002\\", "Local/1@x|y"]
    {
        let call = format!(
            "<callingDevice>1001</callingDevice><calledDirectoryNumber>{}</calledDirectoryNumber>",
            number.replace('&', "&amp;").replace("&amp;#", "&#")
        );
        client.info(&mut bench, "MakeCall", &call);
        bench.advance(Duration::from_millis(20));
        for action in asterisk.acted(&mut bench) {
            assert_eq!(action.name(), "Originate", "{number}");
            let harmless = |exten: &str| exten.chars().all(|one| one.is_ascii_digit());
            assert!(harmless(action.value("Exten")), "{number}: {}", action.value("Exten"));
        }
    }
}

#[test]
fn a_call_is_held_and_retrieved_where_the_phone_obeys() {
    let (mut bench, asterisk, mut client, _) = monitored(&[]);
    let (_, anna) = talking(&mut bench, asterisk);
    bench.advance(Duration::from_millis(20));
    let own = client.heard(&mut bench)[0].element("connection").to_owned();
    for (service, member, event, notified, happens) in [
        ("HoldCall", "callToBeHeld", "Hold", "Event=hold", "HeldEvent hold"),
        ("RetrieveCall", "callToBeRetrieved", "Unhold", "Event=talk", "RetrievedEvent connected"),
    ] {
        client.info(&mut bench, service, &format!("<{member}>{own}</{member}>"));
        let notify = asterisk.only(&mut bench, "PJSIPNotify");
        assert_eq!(notify.values("Variable"), [notified]);
        asterisk.accept(&mut bench, &notify, &[]);
        only(&client.heard(&mut bench), 200);
        happen(&mut bench, asterisk, event, &[("", &anna)], &[]);
        assert_eq!(told(&mut bench, &client), [happens]);
    }
}

#[test]
fn a_phone_that_does_not_obey_is_neither_offered_nor_asked_to_hold() {
    let mut bench = bench(&[]);
    let asterisk = Asterisk::answer(&mut bench, ENDPOINTS, &[]);
    let mut offered = Vec::new();
    for (name, number) in [("alice", 1001), ("bob", 1002)] {
        let (mut client, _) = sign_in(&mut bench, name, number);
        let features = only(&client.info(&mut bench, "GetCSTAFeatures", ""), 200);
        offered.push(["<holdCall", "<makeCall"].map(|service| features.body().contains(service)));
        if name == "bob" {
            let held = "<callToBeHeld><callID>17</callID><deviceID>1002</deviceID></callToBeHeld>";
            let refused = only(&client.info(&mut bench, "HoldCall", held), 200);
            assert!(refused.body().contains("serviceNotSupported"), "{}", refused.body());
        }
    }
    assert_eq!(offered, [[true, true], [false, true]]);
    assert!(asterisk.acted(&mut bench).is_empty());
}

#[test]
fn a_call_is_transferred_by_one_action_of_the_user_s_channel() {
    let (mut bench, asterisk, mut client, _) = monitored(&[]);
    talking(&mut bench, asterisk);
    bench.advance(Duration::from_millis(20));
    let own = client.heard(&mut bench)[0].element("connection").to_owned();
    let members = format!("<activeCall>{own}</activeCall><transferredTo>1003</transferredTo>");
    client.info(&mut bench, "SingleStepTransferCall", &members);
    let transfer = asterisk.only(&mut bench, "BlindTransfer");
    let lines = ["Channel", "Context", "Exten"].map(|key| transfer.value(key).to_owned());
    assert_eq!(lines, ["PJSIP/1001-00000002", "from-internal", "1003"]);
    asterisk.accept(&mut bench, &transfer, &[]);
    assert_eq!(only(&client.heard(&mut bench), 200).root(), "SingleStepTransferCallResponse");
}

#[test]
fn a_line_that_is_no_endpoint_is_unknown_and_one_without_a_phone_waits() {
    let mut bench = bench(&[]);
    Asterisk::answer(&mut bench, ENDPOINTS, &[]);
    assert_eq!(sign_in(&mut bench, "alice", 1999).1.status(), 404);
    let (_, waits) = sign_in(&mut bench, "bob", 1003);
    assert_eq!((waits.status(), waits.element("systemStatus")), (200, "disabled"));
    let (_, serves) = sign_in(&mut bench, "carol", 1002);
    assert_eq!((serves.status(), serves.element("systemStatus")), (200, "normal"));
}

#[test]
fn a_wrong_secret_is_said_plainly_and_tried_again_after_minutes() {
    let mut bench = bench(&[]);
    let asterisk = Asterisk::greet(&mut bench);
    let challenge = asterisk.only(&mut bench, "Challenge");
    asterisk.accept(&mut bench, &challenge, &[("Challenge", "1")]);
    let login = asterisk.only(&mut bench, "Login");
    assert_eq!(login.value("Username"), "ctigate");
    asterisk.refuse(&mut bench, &login, "Authentication failed");
    let notices = bench.notices();
    let said = notices.iter().find(|notice| notice.starts_with("cti_out_of_service")).expect("it is said");
    assert!(said.contains("Asterisk refuses the user or the secret"), "{said}");
    bench.advance(Duration::from_secs(299));
    assert!(bench.connects().is_empty(), "programs that watch for wrong secrets would shut the gateway out");
    bench.advance(Duration::from_secs(1));
    assert_eq!(bench.connects().len(), 1);
}

#[test]
fn a_user_without_the_right_is_not_offered_what_needs_it() {
    let agents = Value::List(vec![text("Snom")]);
    let mut bench = bench(&[("cti.connection[0].obedient_user_agents", agents)]);
    let asterisk = Asterisk::greet(&mut bench);
    asterisk.log_in(&mut bench);
    for probe in asterisk.acted(&mut bench) {
        let message = if probe.name() == "Redirect" { "Channel not specified" } else { "Permission denied" };
        asterisk.refuse(&mut bench, &probe, message);
    }
    let shown =
        |bench: &Bench| bench.engine().connections().next().map(|one| one.remarks).unwrap_or_default();
    // Without the right it is asked neither for endpoints nor for contacts.
    let status = asterisk.only(&mut bench, "Status");
    asterisk.list_channels(&mut bench, &status, &[]);
    let (mut client, answer) = sign_in(&mut bench, "alice", 1999);
    assert_eq!(answer.status(), 200, "which lines there are is not known");
    let remarks = shown(&bench);
    assert_eq!(remarks.len(), 3, "{remarks:?}");
    assert_eq!(
        remarks[1],
        "the user has no write = originate: no MakeCall, DirectedPickupCall, ConsultationCall"
    );
    let features = only(&client.info(&mut bench, "GetCSTAFeatures", ""), 200);
    let offered = ["<clearConnection", "<makeCall", "<holdCall", "<singleStepTransfer"]
        .map(|service| features.body().contains(service));
    assert_eq!(offered, [true, false, false, true]);
}

#[test]
fn a_message_that_cannot_be_trusted_is_followed_by_one_snapshot() {
    let (mut bench, asterisk, client, _) = monitored(&[]);
    bench.advance(Duration::from_secs(5));
    let (bernd, anna) = ringing(&mut bench, asterisk);
    told(&mut bench, &client);
    let twice =
        ami::event("Hangup", &[], &[("", &anna), ("", &anna)], &[("Cause", "16"), ("Cause-txt", "x")]);
    for _ in 0..10 {
        asterisk.say(&mut bench, &twice);
    }
    assert!(told(&mut bench, &client).is_empty());
    let status = asterisk.only(&mut bench, "Status");
    let listed = [bernd.lines("") + LISTED, anna.lines("") + LISTED];
    asterisk.list_channels(&mut bench, &status, &[&listed[0], &listed[1]]);
    assert!(told(&mut bench, &client).is_empty(), "all is as it was");
    asterisk.say(&mut bench, &twice);
    bench.advance(Duration::from_millis(4_000));
    assert!(asterisk.acted(&mut bench).is_empty(), "not more often than every 5 s");
    bench.advance(Duration::from_millis(1_000));
    let status = asterisk.only(&mut bench, "Status");
    asterisk.list_channels(&mut bench, &status, &[]);
    let told = told(&mut bench, &client);
    assert_eq!(told.last().map(String::as_str), Some("ConnectionClearedEvent null"), "it was over indeed");
}

const LISTED: &str = "Type: PJSIP\r\nApplication: AppDial\r\nData: \r\nSeconds: 1\r\nBridgeID: \r\n";

#[test]
fn heartbeats_are_pings_and_one_without_answer_ends_the_connection() {
    let (mut bench, asterisk, _, _) = monitored(&[]);
    bench.advance(Duration::from_secs(30));
    let ping = asterisk.only(&mut bench, "Ping");
    asterisk.accept(&mut bench, &ping, &[("Ping", "Pong")]);
    assert!(bench.engine().connections().all(|one| one.in_service));
    bench.advance(Duration::from_secs(40));
    assert!(bench.is_closed(asterisk.link()));
}

#[test]
fn a_call_that_goes_on_while_the_connection_is_lost_goes_on_at_the_client() {
    let recovery = ("cti.recovery", text("rebind"));
    let mut bench = bench(&[recovery]);
    let asterisk = Asterisk::answer(&mut bench, ENDPOINTS, &[]);
    let (mut client, _) = sign_in(&mut bench, "alice", 1001);
    only(&client.info(&mut bench, "MonitorStart", OBJECT), 200);
    let (bernd, anna) = talking(&mut bench, asterisk);
    assert_eq!(told(&mut bench, &client).len(), 2);
    bench.close(asterisk.link());
    bench.await_dialling();
    let listed = [bernd.lines("") + LISTED, anna.lines("") + LISTED];
    let in_bridge = listed.map(|lines| lines.replace("BridgeID: ", "BridgeID: b1"));
    let asterisk = Asterisk::answer(&mut bench, ENDPOINTS, &[&in_bridge[0], &in_bridge[1]]);
    assert!(told(&mut bench, &client).is_empty(), "nothing has changed");
    end(&mut bench, asterisk, &anna, "16");
    assert_eq!(told(&mut bench, &client), ["ConnectionClearedEvent null"]);
}

#[test]
fn a_ladder_shows_what_an_asterisk_says_and_is_told() {
    let (mut bench, asterisk, _, _) = monitored(&[]);
    ringing(&mut bench, asterisk);
    let ladder = bench.ladder().join("\n");
    for shown in [
        "Asterisk Call Manager/11.0.0",
        "Action Login",
        "Response Success Authentication accepted",
        "Newchannel 1002 Ring",
        "Newstate 1001 Ringing",
    ] {
        assert!(ladder.contains(shown), "{shown}\n{ladder}");
    }
}

#[test]
fn the_endpoints_of_an_asterisk_are_listed_as_its_devices() {
    let (mut bench, asterisk, mut client, _) = monitored(&[]);
    let told = client.info(&mut bench, "GetSwitchingFunctionDevices", "");
    assert!(asterisk.acted(&mut bench).is_empty(), "they are known");
    bench.advance(Duration::from_millis(20));
    let told: Vec<Sip> = told.into_iter().chain(client.heard(&mut bench)).collect();
    let roots: Vec<&str> = told.iter().map(Sip::root).collect();
    assert_eq!(roots, ["GetSwitchingFunctionDevicesResponse", "SwitchingFunctionDevices"]);
    assert_eq!(told[0].element("serviceCrossRefID"), told[1].element("serviceCrossRefID"));
    assert_eq!((told[1].body().matches("<device>").count(), told[1].element("lastSegment")), (4, "true"));
}

#[test]
fn a_call_that_waits_in_a_queue_is_told_as_a_document() {
    let (mut bench, asterisk, client, _) = monitored(&[]);
    let mut anna = caller("PJSIP/1001-00000001", "1001", "2100", "1.1");
    happen(&mut bench, asterisk, "Newchannel", &[("", &anna)], &[]);
    state(&mut bench, asterisk, &mut anna, "Up");
    let parked: Channel = Channel { state: "Up", ..anna.clone() };
    let parked = parked.lines("Parkee");
    let lines = "ParkeeX: \r\nParkinglot: default\r\nParkingSpace: 701\r\n\r\n";
    asterisk.say(&mut bench, &format!("Event: ParkedCall\r\nPrivilege: call,all\r\n{parked}{lines}"));
    let told = told(&mut bench, &client);
    assert!(told.iter().any(|event| event.starts_with("QueuedEvent")), "{told:?}");
}

#[test]
fn of_several_asterisks_a_session_goes_to_the_one_that_has_its_line() {
    let mut bench = bench(&[
        ("cti.connection[1].address", text("127.0.0.1:4001")),
        ("cti.connection[1].kind", text("asterisk")),
        ("cti.connection[1].user", text("ctigate")),
        ("cti.connection[1].password_file", text("/etc/ctigate/ami")),
    ]);
    let has = |line: &'static str| [(line, "Not in use"), ("1004", "Not in use")];
    Asterisk::answer_all(&mut bench, [&has("1001"), &has("1002")]);
    let mut bound = Vec::new();
    for (name, line) in [("a", 1001), ("b", 1001), ("c", 1002), ("d", 1002), ("e", 1004), ("f", 1004)] {
        assert_eq!(sign_in(&mut bench, name, line).1.status(), 200);
        bound = bench.engine().connections().map(|one| one.sessions).collect();
    }
    assert_eq!(bound, [3, 3], "two at the one, two at the other, and those whose line is at both in turn");
    assert_eq!(sign_in(&mut bench, "g", 1999).1.status(), 404);
}

#[test]
fn whoever_signs_in_while_a_call_begins_hears_once_that_it_rings() {
    for before in 0..=4 {
        let mut bench = bench(&[]);
        let asterisk = Asterisk::answer(&mut bench, ENDPOINTS, &[]);
        let bernd = caller("PJSIP/1002-00000001", "1002", "1001", "1.1");
        let anna = called("PJSIP/1001-00000002", "1001", "1.2", &bernd);
        let rings = Channel { state: "Ringing", ..anna.clone() };
        let events = [
            ami::event("Newchannel", &[], &[("", &bernd)], &[]),
            ami::event("Newchannel", &[], &[("", &anna)], &[]),
            ami::event("DialBegin", &[], &[("", &bernd), ("Dest", &anna)], &[("DialString", "x")]),
            ami::event("Newstate", &[], &[("", &rings)], &[]),
        ];
        let (first, then) = events.split_at(before);
        for event in first {
            asterisk.say(&mut bench, event);
        }
        let (mut client, _) = sign_in(&mut bench, "alice", 1001);
        only(&client.info(&mut bench, "MonitorStart", OBJECT), 200);
        for event in then {
            asterisk.say(&mut bench, event);
        }
        assert_eq!(told(&mut bench, &client), ["DeliveredEvent alerting"], "after {before} events");
    }
}
