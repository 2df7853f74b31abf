//! Tests of the commands for CSTA services: the documents written are right by the services' rows.

use ctigate_core::wire::csta::guard::XmlLimits;
use ctigate_core::wire::csta::model::{Message as Csta, Request};
use ctigate_core::wire::csta::parse::Document;
use ctigate_core::wire::csta::services;

use super::lines::ok;
use super::*;
use crate::client::commands::{COMMANDS, Does, Service};

/// A client that has a held call `1` with 1002, and is connected with 1003 in call `2`.
fn with_two_calls() -> Stage {
    let mut stage = Stage::signed_in();
    stage.say(&["snapshot"]);
    let snapshot = stage.take("INFO");
    let item = |call: &str, number: &str, state: &str| {
        format!(
            "<snapshotDeviceResponseInfo><connectionIdentifier><callID>{call}</callID><deviceID>{LINE}</deviceID>\
             </connectionIdentifier><endpointDevice><deviceIdentifier>tel:{number}</deviceIdentifier></endpointDevice>\
             <localCallState><compoundCallState><localConnectionState>{state}</localConnectionState>\
             <localConnectionState>connected</localConnectionState></compoundCallState></localCallState>\
             </snapshotDeviceResponseInfo>"
        )
    };
    let items = item("1", "1002", "hold") + &item("2", "1003", "connected");
    stage.accept(
        &snapshot,
        &[],
        &format!(
            "<SnapshotDeviceResponse><crossRefIDorSnapshotData><snapshotData>{items}</snapshotData>\
         </crossRefIDorSnapshotData></SnapshotDeviceResponse>"
        ),
    );
    stage.shown.clear();
    stage
}

/// The elements of a document's root, each with its value; a connection as `callID@deviceID`.
fn elements(body: &str) -> String {
    let document = roxmltree::Document::parse(body).unwrap();
    let inner = |node: roxmltree::Node<'_, '_>, name: &str| {
        let child = node.children().find(|child| child.tag_name().name() == name);
        child.map(|child| child.text().unwrap_or_default().replace(LINE, "LINE"))
    };
    let shown = document.root_element().children().map(|node| {
        let name = node.tag_name().name();
        let within = node.children().find(|child| child.tag_name().name() == "string");
        let within = within.and_then(|child| child.text()).map(|text| format!("string:{text}"));
        let text = within.unwrap_or_else(|| node.text().unwrap_or_default().replace(LINE, "LINE"));
        match (inner(node, "callID"), inner(node, "deviceID")) {
            (None, None) => format!("{name}={text}"),
            (call, device) => format!("{name}={}@{}", call.unwrap_or_default(), device.unwrap_or_default()),
        }
    });
    shown.collect::<Vec<_>>().join(" ")
}

/// Lines, and the documents that they write: the root and its elements.
const WRITTEN: &[(&str, &str, &str)] = &[
    ("call 1004", "MakeCall", "callingDevice=LINE calledDirectoryNumber=tel:1004 autoOriginate=doNotPrompt"),
    ("answer 2", "AnswerCall", "callToBeAnswered=2@LINE"),
    ("deflect 1004", "DeflectCall", "callToBeDiverted=2@LINE newDestination=tel:1004"),
    ("hold", "HoldCall", "callToBeHeld=2@LINE"),
    ("retrieve", "RetrieveCall", "callToBeRetrieved=1@LINE"),
    ("hangup", "ClearConnection", "connectionToBeCleared=2@LINE"),
    ("hangup-all 1", "ClearCall", "callToBeCleared=1@LINE"),
    ("consult 1004", "ConsultationCall", "existingCall=2@LINE consultedDevice=tel:1004"),
    ("alternate", "AlternateCall", "heldCall=1@LINE activeCall=2@LINE"),
    ("reconnect", "ReconnectCall", "activeCall=2@LINE heldCall=1@LINE"),
    ("transfer", "TransferCall", "heldCall=1@LINE activeCall=2@LINE"),
    ("conference 1 2", "ConferenceCall", "heldCall=1@LINE activeCall=2@LINE"),
    ("transfer-to 1004", "SingleStepTransferCall", "activeCall=2@LINE transferredTo=tel:1004"),
    (
        "conference-with 1004 silent",
        "SingleStepConferenceCall",
        "activeCall=2@LINE deviceToJoin=tel:1004 participationType=silent",
    ),
    ("pickup 1004", "DirectedPickupCall", "callToBePickedUp=@tel:1004 requestingDevice=LINE"),
    ("pickup-group", "GroupPickupCall", "newDestination=LINE"),
    ("pickup-group 1500", "GroupPickupCall", "newDestination=LINE pickGroup=tel:1500"),
    (
        "join prompt 1004 none",
        "JoinCall",
        "activeCall=@tel:1004 joiningDevice=LINE autoOriginate=prompt participationType=none",
    ),
    ("join 1004", "JoinCall", "activeCall=@tel:1004 joiningDevice=LINE autoOriginate=doNotPrompt"),
    ("park", "ParkCall", "parking=2@LINE parkTo=LINE"),
    ("park 1 700", "ParkCall", "parking=1@LINE parkTo=tel:700"),
    ("camp-on", "CamponCall", "camponConnection=2@LINE"),
    ("callback", "CallBack", "callbackConnection=2@LINE"),
    ("callback for 1004", "CallBackNonCallRelated", "originatingDevice=LINE targetDevice=tel:1004"),
    ("callback off 1004", "CancelCallBack", "originatingDevice=LINE targetDevice=tel:1004"),
    ("intrude active", "IntrudeCall", "intrude=2@LINE participationType=active"),
    ("offhook", "MakeCall", "callingDevice=LINE calledDirectoryNumber= autoOriginate=doNotPrompt"),
    ("dial 1004", "DialDigits", "diallingConnection=2@LINE diallingSequence=tel:1004"),
    ("associate account 4711", "AssociateData", "existingCall=2@LINE accountCode=34373131"),
    ("associate auth 1 1234", "AssociateData", "existingCall=1@LINE authCode=31323334"),
    ("associate correlator t-17", "AssociateData", "existingCall=2@LINE correlatorData=string:742D3137"),
    ("associate qualifying sold", "AssociateData", "existingCall=2@LINE callQualifyingData=736F6C64"),
    ("associate subject invoice", "AssociateData", "existingCall=2@LINE subjectOfCall=invoice"),
    ("digits 123#", "GenerateDigits", "connectionToSendDigits=2@LINE digitMode=dTMF charactersToSend=123#"),
    (
        "forward busy 1004",
        "SetForwarding",
        "device=LINE forwardingType=forwardBusy activateForward=true forwardDN=tel:1004",
    ),
    (
        "forward 1004",
        "SetForwarding",
        "device=LINE forwardingType=forwardImmediate activateForward=true forwardDN=tel:1004",
    ),
    (
        "forward off noanswer",
        "SetForwarding",
        "device=LINE forwardingType=forwardNoAns activateForward=false",
    ),
    ("forward off", "SetForwarding", "device=LINE activateForward=false"),
    ("forward default", "SetForwarding", "device=LINE activateForward=true"),
    ("forward ?", "GetForwarding", "device=LINE"),
    ("dnd on", "SetDoNotDisturb", "device=LINE doNotDisturbOn=true"),
    ("dnd ?", "GetDoNotDisturb", "device=LINE"),
    ("lamp off", "SetMessageWaitingIndicator", "device=LINE messageWaitingOn=false"),
    ("lamp ?", "GetMessageWaitingIndicator", "device=LINE"),
    ("mute on", "SetMicrophoneMute", "device=LINE auditoryApparatus=1 microphoneMuteOn=true"),
    ("mute ?", "GetMicrophoneMute", "device=LINE"),
    ("speaker off 2", "SetSpeakerMute", "device=LINE auditoryApparatus=2 speakerMuteOn=true"),
    ("speaker ?", "GetSpeakerMute", "device=LINE"),
    ("autoanswer on 3", "SetAutoAnswer", "device=LINE autoAnswerOn=true numberOfRings=3"),
    ("autoanswer off", "SetAutoAnswer", "device=LINE autoAnswerOn=false"),
    ("autoanswer ?", "GetAutoAnswer", "device=LINE"),
    ("callerid off", "SetCallerIDStatus", "device=LINE callerIDProvided=false"),
    ("callerid ?", "GetCallerIDStatus", "device=LINE"),
    ("last", "GetLastNumberDialed", "device=LINE"),
    ("snapshot", "SnapshotDevice", "snapshotObject=LINE"),
    ("snapshot-call 1", "SnapshotCall", "snapshotObject=1@LINE"),
    ("device", "GetLogicalDeviceInformation", "device=LINE"),
    ("phone", "GetPhysicalDeviceInformation", "device=LINE"),
    ("devices", "GetSwitchingFunctionDevices", ""),
];

#[test]
fn every_command_writes_the_document_of_its_row() {
    for (line, root, content) in WRITTEN {
        let mut stage = with_two_calls();
        stage.say(&[line]);
        let mut request = stage.take("INFO");
        if body_of(&request).contains("<SnapshotDevice ") && *root != "SnapshotDevice" {
            // It may not know the calls of another phone.
            stage.accept(
                &request,
                &[],
                "<CSTAErrorCode><security>securityViolation</security></CSTAErrorCode>",
            );
            request = stage.take("INFO");
        }
        let body = body_of(&request);
        assert_eq!(elements(&body), *content, "{line}");
        // By the row nothing is missing, twice or unreadable.
        let document = Document::parse(body.as_bytes(), &XmlLimits::default()).unwrap();
        assert_eq!(document.name(), *root, "{line}");
        match document.message() {
            Ok(Csta::Request(Request::Relayed(_) | Request::SnapshotDevice { .. })) => {}
            other => panic!("{line}: {other:?}"),
        }
        stage.accept(&request, &[], &ok("HoldCall"));
        let word = line.split(' ').next().unwrap().replace("hangup-all", "clear-call");
        assert_eq!(stage.shown(), [format!("ok service={word}")]);
    }
}

#[test]
fn every_command_for_a_csta_service_is_tested_and_names_elements_of_its_row_in_their_order() {
    for command in COMMANDS {
        if let Does::Asks(Service::Csta(root, elements)) = command.does {
            assert!(WRITTEN.iter().any(|(_, tested, _)| *tested == root), "{root}");
            let row = services::named(root).unwrap().request;
            let names = elements.iter().map(|(name, _)| row.iter().position(|member| member.name == *name));
            assert!(root == "SnapshotDevice" || names.clone().all(|index| index.is_some()), "{root}");
            assert!(names.is_sorted(), "{root}");
        }
    }
}

#[test]
fn a_call_that_rings_elsewhere_is_learnt_from_a_snapshot_of_that_phone() {
    let mut stage = Stage::signed_in();
    stage.say(&["pickup 1002"]);
    let look = stage.take("INFO");
    assert!(body_of(&look).contains("<snapshotObject>tel:1002</snapshotObject>"), "{}", body_of(&look));
    let item = |call: &str, state: &str| {
        format!(
            "<snapshotDeviceResponseInfo><connectionIdentifier><callID>{call}</callID><deviceID>tel:1002</deviceID>\
             </connectionIdentifier><localCallState><compoundCallState><localConnectionState>{state}\
             </localConnectionState></compoundCallState></localCallState></snapshotDeviceResponseInfo>"
        )
    };
    let items = item("8", "hold") + &item("9", "alerting");
    stage.accept(
        &look,
        &[],
        &format!(
            "<SnapshotDeviceResponse><crossRefIDorSnapshotData><snapshotData>{items}</snapshotData>\
         </crossRefIDorSnapshotData></SnapshotDeviceResponse>"
        ),
    );
    let pickup = stage.take("INFO");
    assert!(
        body_of(&pickup)
            .contains("<callToBePickedUp><callID>9</callID><deviceID>tel:1002</deviceID></callToBePickedUp>"),
        "{}",
        body_of(&pickup)
    );
    assert_eq!(stage.client.calls().iter().count(), 0, "they are not its own calls");
    assert!(stage.shown().is_empty());
}

#[test]
fn a_snapshot_of_another_phone_that_is_not_answered_holds_nothing_up_for_ever() {
    let mut stage = Stage::signed_in();
    stage.client.config.timeout = Duration::from_secs(60);
    stage.say(&["join 1002"]);
    stage.take("INFO");
    stage.pass(Duration::from_secs(33));
    assert!(body_of(&stage.take("INFO")).contains("<JoinCall "));
}

#[test]
fn a_service_that_announces_a_call_makes_it_known() {
    let mut stage = with_two_calls();
    stage.say(&["consult 1004", "expect made initiatedCall.callID=7", "hangup 3"]);
    let consult = stage.take("INFO");
    let answer = format!(
        "<ConsultationCallResponse><initiatedCall><callID>7</callID><deviceID>{LINE}</deviceID></initiatedCall>\
         </ConsultationCallResponse>"
    );
    stage.accept(&consult, &[], &answer);
    assert_eq!(stage.shown(), [format!("made call=7 device={LINE}")]);
    assert_eq!(stage.client.calls().named("7").unwrap().consultation_of(), Some(2));
    assert!(body_of(&stage.take("INFO")).contains("<connectionToBeCleared><callID>7</callID>"));
}

#[test]
fn what_a_service_answers_is_shown_and_can_be_expected() {
    let mut stage = Stage::signed_in();
    stage.say(&[
        "forward ?",
        "expect ok forward forwardListItem.forwardDN=1003 forwardingType=forwardBusy forwardStatus=true",
        "features",
    ]);
    let ask = stage.take("INFO");
    stage.accept(
        &ask,
        &[],
        "<GetForwardingResponse><forwardingList><forwardListItem><forwardingType>forwardBusy</forwardingType>\
         <forwardStatus>true</forwardStatus><forwardDN>tel:1003</forwardDN></forwardListItem></forwardingList>\
         </GetForwardingResponse>",
    );
    assert_eq!(
        stage.shown(),
        ["ok service=forward forwardingType=forwardBusy forwardStatus=true forwardDN=1003"]
    );
    assert!(body_of(&stage.take("INFO")).contains("<GetCSTAFeatures"), "the expectation was met");
}

#[test]
fn a_call_back_is_cancelled_for_the_phone_it_was_requested_for() {
    let mut stage = with_two_calls();
    stage.say(&["callback", "callback off"]);
    let ask = stage.take("INFO");
    stage.accept(&ask, &[], "<CallBackResponse><targetDevice>tel:1003</targetDevice></CallBackResponse>");
    let cancel = body_of(&stage.take("INFO"));
    assert!(cancel.contains("<targetDevice>tel:1003</targetDevice>"), "{cancel}");
}

#[test]
fn a_list_of_devices_comes_in_segments() {
    let mut stage = Stage::signed_in();
    stage.say(&["devices", "expect devices last=false", "expect devices 2 true", "features"]);
    let ask = stage.take("INFO");
    stage.accept(
        &ask,
        &[],
        "<GetSwitchingFunctionDevicesResponse><serviceCrossRefID>4</serviceCrossRefID>\
        </GetSwitchingFunctionDevicesResponse>",
    );
    for (segment, last) in [(1, false), (2, true)] {
        stage.event(&format!(
            "<SwitchingFunctionDevices><serviceCrossRefID>4</serviceCrossRefID><segmentID>{segment}</segmentID>\
             <lastSegment>{last}</lastSegment><deviceList><device><deviceID>tel:100{segment}</deviceID></device>\
             <device><deviceID>tel:200{segment}</deviceID></device></deviceList></SwitchingFunctionDevices>"
        ));
    }
    assert_eq!(
        stage.shown(),
        [
            "ok service=devices serviceCrossRefID=4",
            "devices segment=1 last=false count=2 devices=1001,2001",
            "devices segment=2 last=true count=2 devices=1002,2002"
        ]
    );
    assert!(body_of(&stage.take("INFO")).contains("<GetCSTAFeatures"));
}

#[test]
fn a_call_that_does_not_exist_fails_the_line() {
    let mut stage = with_two_calls();
    stage.client.config.interactive = true;
    stage.say(&["hold 7", "hold 2"]);
    assert_eq!(stage.shown(), ["failed: hold: there is no call 7: 1, 2"]);
    assert!(body_of(&stage.take("INFO")).contains("<callToBeHeld><callID>2</callID>"));
}

#[test]
fn the_calls_are_shown_and_can_be_expected() {
    let mut stage = with_two_calls();
    stage.say(&[
        "calls",
        "expect call 2 state=connected with=1003:connected",
        "expect calls hold:1002 connected:1003",
    ]);
    assert_eq!(
        stage.shown(),
        [
            "call number=1 call=1 state=hold with=1002:connected",
            "call number=2 call=2 state=connected with=1003:connected"
        ]
    );
    stage.say(&["expect calls none 100ms"]);
    stage.pass(Duration::from_millis(101));
    assert_eq!(
        stage.shown(),
        ["failed: expect calls none 100ms: the calls are hold:1002/connected connected:1003/connected"]
    );
}

#[test]
fn a_picture_that_is_expected_may_still_come() {
    let mut stage = Stage::signed_in();
    stage.say(&["expect calls connected:1002 1s", "features"]);
    stage.event(&delivered());
    assert!(!stage.sent.is_empty(), "the call is connected, and 1002 in it");
}

#[test]
fn what_must_not_happen_fails_the_line_and_else_its_time_passes() {
    let mut stage = Stage::signed_in();
    stage.client.config.interactive = true;
    stage.say(&["expect no held 200ms", "features"]);
    stage.event(&delivered());
    assert!(stage.sent.is_empty());
    stage.pass(Duration::from_millis(201));
    assert!(body_of(&stage.take("INFO")).contains("<GetCSTAFeatures"));
    let mut stage = Stage::signed_in();
    stage.say(&["expect no delivered called=1002 200ms"]);
    stage.event(&delivered());
    assert_eq!(
        stage.shown()[1],
        "failed: expect no delivered called=1002 200ms: happened: event delivered call=0_1 calling=1001 called=1002 \
         local=connected cause=newCall"
    );
}

#[test]
fn any_element_of_any_event_can_be_expected() {
    let forwarding = format!(
        "<ForwardingEvent><monitorCrossRefID>99fda87c</monitorCrossRefID><device><deviceIdentifier>{LINE}\
         </deviceIdentifier></device><forwardingType>forwardBusy</forwardingType><forwardStatus>true</forwardStatus>\
         <forwardTo>tel:1003</forwardTo></ForwardingEvent>"
    );
    let transfered = format!(
        "<TransferedEvent><monitorCrossRefID>99fda87c</monitorCrossRefID><primaryOldCall><callID>1</callID>\
         <deviceID>tel:1009</deviceID></primaryOldCall><secondaryOldCall><callID>2</callID><deviceID>tel:1009</deviceID>\
         </secondaryOldCall><transferringDevice><deviceIdentifier>tel:1009</deviceIdentifier></transferringDevice>\
         <transferredToDevice><deviceIdentifier>tel:1003</deviceIdentifier></transferredToDevice><transferredConnections>\
         <connectionListItem><newConnection><callID>3</callID><deviceID>{LINE}</deviceID></newConnection>\
         </connectionListItem></transferredConnections><localConnectionInfo>connected</localConnectionInfo>\
         <cause>transfer</cause></TransferedEvent>"
    );
    let mut stage = Stage::signed_in();
    stage.say(&[
        "expect Forwarding forwardTo=1003 forwardStatus=true device=1001 cause=-",
        "expect transferred transferringDevice=1009 newConnection.callID=3 localConnectionInfo=connected callingDevice=-",
        "features",
    ]);
    stage.event(&forwarding);
    stage.event(&transfered);
    assert_eq!(
        stage.shown(),
        [
            "event forwarding device=1001 forwardingType=forwardBusy forwardStatus=true forwardTo=1003",
            "event transfered call=1 second=2 new=3 by=1009 to=1003 local=connected cause=transfer"
        ]
    );
    assert!(body_of(&stage.take("INFO")).contains("<GetCSTAFeatures"), "both were met");
}
