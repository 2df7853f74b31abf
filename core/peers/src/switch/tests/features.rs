//! What is set at phones: every service and its refusals, every verb, and what monitors are told.

use super::*;

/// A document without what all have in common: the declaration, the namespace, and the monitorCrossRefID, of which only
/// the monitored phone is left.
pub(super) fn bare(world: &World, xml: &str) -> String {
    let xml = xml.trim_start_matches("<?xml version=\"1.0\"?>").replace(&format!(" xmlns=\"{VERSION}\""), "");
    let Some((head, rest)) = xml.split_once("<monitorCrossRefID>") else { return xml };
    let (reference, tail) = rest.split_once("</monitorCrossRefID>").unwrap();
    format!("{}: {head}{tail}", world.monitored[reference])
}

/// The events received since the last call.
pub(super) fn heard(world: &mut World, link: LinkId) -> Vec<String> {
    let frames = world.frames(link);
    assert!(frames.iter().all(|(invoke, _)| *invoke == 9999), "{frames:?}");
    frames.iter().map(|(_, xml)| bare(world, xml)).collect()
}

/// The response to a request with these elements, or the error. What came before, and events behind it, are kept.
pub(super) fn says(world: &mut World, link: LinkId, root: &str, inside: &str) -> String {
    let before = core::mem::take(&mut world.inboxes.get_mut(&link).unwrap().bytes);
    world.next_invoke += 1;
    let invoke = world.next_invoke;
    world.send_xml(link, invoke, &format!("<{root} xmlns=\"{VERSION}\">{inside}</{root}>"));
    let mut frames = world.frames(link).into_iter();
    let (answered, xml) = frames.next().expect("an answer");
    assert_eq!(answered, invoke, "{xml}");
    let inbox = world.inboxes.get_mut(&link).unwrap();
    inbox.bytes = before;
    for (invoke, xml) in frames {
        csta_frame::frame(&mut inbox.bytes, invoke, |out| out.extend_from_slice(xml.as_bytes())).unwrap();
    }
    if xml.contains("<CSTAErrorCode") { outcome_of(&xml) } else { bare(world, &xml) }
}

/// A service that sets something, the event that tells of it, and the service that gets it.
struct Story {
    service: &'static str,
    set: &'static str,
    event: &'static str,
    got: &'static str,
}

const fn story(service: &'static str, set: &'static str, event: &'static str, got: &'static str) -> Story {
    Story { service, set, event, got }
}

const STORIES: &[Story] = &[
    story(
        "Forwarding",
        "<forwardingType>forwardBusy</forwardingType><activateForward>true</activateForward><forwardDN>1003</forwardDN>",
        "<ForwardingEvent><device><deviceIdentifier>1001</deviceIdentifier></device><forwardingType>forwardBusy\
         </forwardingType><forwardStatus>true</forwardStatus><forwardTo>1003</forwardTo></ForwardingEvent>",
        "<forwardingList><forwardListItem><forwardingType>forwardBusy</forwardingType><forwardStatus>true\
         </forwardStatus><forwardDN>1003</forwardDN></forwardListItem></forwardingList>",
    ),
    story(
        "DoNotDisturb",
        "<doNotDisturbOn>true</doNotDisturbOn><callOrigination><external>true</external></callOrigination>\
         <callingDeviceList><callingDevice>1002</callingDevice></callingDeviceList>",
        "<DoNotDisturbEvent><device><deviceIdentifier>1001</deviceIdentifier></device><doNotDisturbOn>true\
         </doNotDisturbOn><callOrigination><internal>false</internal><external>true</external></callOrigination>\
         <callingDeviceList><callingDevice>1002</callingDevice></callingDeviceList></DoNotDisturbEvent>",
        "<doNotDisturbOn>true</doNotDisturbOn><callOrigination><internal>false</internal><external>true</external>\
         </callOrigination><callingDeviceList><callingDevice>1002</callingDevice></callingDeviceList>",
    ),
    story(
        "MessageWaitingIndicator",
        "<messageWaitingOn>true</messageWaitingOn><deviceForMessage>1002</deviceForMessage>",
        "<MessageWaitingEvent><targetDevice><deviceIdentifier>1001</deviceIdentifier></targetDevice><deviceForMessage>\
         1002</deviceForMessage><messageWaitingOn>true</messageWaitingOn></MessageWaitingEvent>",
        "<messageWaitingOn>true</messageWaitingOn><deviceForMessage>1002</deviceForMessage><lampIsPresent>true\
         </lampIsPresent>",
    ),
    story(
        "MicrophoneMute",
        "<auditoryApparatus>1</auditoryApparatus><microphoneMuteOn>true</microphoneMuteOn>",
        "<MicrophoneMuteEvent><invokingDevice><deviceIdentifier>1001</deviceIdentifier></invokingDevice>\
         <auditoryApparatus>1</auditoryApparatus><microphoneMuteOn>true</microphoneMuteOn></MicrophoneMuteEvent>",
        "<microphoneMuteList><microphoneMuteItem><auditoryApparatus>1</auditoryApparatus><microphoneMuteOn>true\
         </microphoneMuteOn></microphoneMuteItem></microphoneMuteList>",
    ),
    story(
        "SpeakerMute",
        "<auditoryApparatus>1</auditoryApparatus><speakerMuteOn>1</speakerMuteOn>",
        "<SpeakerMuteEvent><invokingDevice><deviceIdentifier>1001</deviceIdentifier></invokingDevice>\
         <auditoryApparatus>1</auditoryApparatus><speakerMuteOn>true</speakerMuteOn></SpeakerMuteEvent>",
        "<speakerMuteList><speakerMuteItem><auditoryApparatus>1</auditoryApparatus><speakerMuteOn>true</speakerMuteOn>\
         </speakerMuteItem></speakerMuteList>",
    ),
    story(
        "AutoAnswer",
        "<autoAnswerOn>true</autoAnswerOn><numberOfRings>3</numberOfRings>",
        "<AutoAnswerEvent><invokingDevice><deviceIdentifier>1001</deviceIdentifier></invokingDevice><autoAnswerOn>true\
         </autoAnswerOn><numberOfRings>3</numberOfRings></AutoAnswerEvent>",
        "<autoAnswerOn>true</autoAnswerOn><numberOfRings>3</numberOfRings>",
    ),
    story(
        "CallerIDStatus",
        "<callerIDProvided>false</callerIDProvided>",
        "<CallerIDStatusEvent><device>1001</device><callerIDProvided>false</callerIDProvided></CallerIDStatusEvent>",
        "<callerIDProvided>false</callerIDProvided>",
    ),
];

#[test]
fn what_a_service_sets_is_told_once_and_can_be_got() {
    for Story { service, set, event, got } in STORIES {
        let mut world = world();
        let (asking, other) = (world.client(), world.client());
        world.monitor(asking, "1001");
        world.monitor(other, "1001");
        world.monitor(other, "1002");
        let (setter, getter) = (format!("Set{service}"), format!("Get{service}"));
        let set = format!("<device>1001</device>{set}");
        assert_eq!(says(&mut world, asking, &setter, &set), format!("<{setter}Response/>"));
        let told = format!("1001: {event}");
        assert_eq!(heard(&mut world, asking), [told.as_str()]);
        assert_eq!(heard(&mut world, other), [told], "the other phone's monitor is told nothing");
        assert_eq!(says(&mut world, asking, &setter, &set), format!("<{setter}Response/>"));
        assert_eq!(world.frames(asking), [], "nothing changed: {service}");
        let device = "<device>1001</device>";
        let expected = format!("<{getter}Response>{got}</{getter}Response>");
        assert_eq!(says(&mut world, asking, &getter, device), expected);
    }
}

#[test]
fn what_is_set_is_taken_back_and_told_again() {
    let mut world = world();
    let alice = world.client();
    world.monitor(alice, "1001");
    let dnd = |on| format!("<device>1001</device><doNotDisturbOn>{on}</doNotDisturbOn>");
    for (root, on, off, told) in [
        (
            "SetDoNotDisturb",
            dnd(true),
            dnd(false),
            "<doNotDisturbOn>false</doNotDisturbOn></DoNotDisturbEvent>",
        ),
        (
            "SetAutoAnswer",
            "<device>1001</device><autoAnswerOn>true</autoAnswerOn>".into(),
            "<device>1001</device><autoAnswerOn>false</autoAnswerOn><numberOfRings>99</numberOfRings>".into(),
            "<autoAnswerOn>false</autoAnswerOn></AutoAnswerEvent>",
        ),
        (
            "SetForwarding",
            "<device>1001</device><forwardingType>forwardNoAnsExt</forwardingType><activateForward>true\
             </activateForward><forwardDN>1003</forwardDN><ringCount>2</ringCount>"
                .into(),
            "<device>1001</device><forwardingType>forwardNoAnsExt</forwardingType><activateForward>false\
             </activateForward>"
                .into(),
            "<forwardStatus>false</forwardStatus><forwardTo>1003</forwardTo><ringCount>2</ringCount></ForwardingEvent>",
        ),
    ] {
        for inside in [&on, &off, &off] {
            assert_eq!(says(&mut world, alice, root, inside), format!("<{root}Response/>"));
        }
        let told_both = heard(&mut world, alice);
        assert_eq!(told_both.len(), 2, "{told_both:?}");
        assert!(told_both[1].ends_with(told), "{told_both:?}");
    }
}

#[test]
fn several_types_of_forwarding_hold_at_once() {
    let mut world = world();
    let alice = world.client();
    for (kind, to) in [("forwardBusyInt", "1002"), ("forwardBusyExt", "1003"), ("forwardNoAns", "1004")] {
        let inside = format!(
            "<device>1001</device><forwardingType>{kind}</forwardingType><activateForward>true</activateForward>\
             <forwardDN>{to}</forwardDN>"
        );
        assert_eq!(says(&mut world, alice, "SetForwarding", &inside), "<SetForwardingResponse/>");
    }
    let got = says(&mut world, alice, "GetForwarding", "<device>1001</device>");
    let items: Vec<&str> = got.matches("<forwardListItem>").collect();
    assert_eq!(items.len(), 3, "{got}");
    assert!(got.contains("<forwardDN>1004</forwardDN><ringCount>4</ringCount>"), "{got}");
    let got = says(&mut world, alice, "GetForwarding", "<device>1002</device>");
    assert_eq!(got, "<GetForwardingResponse><forwardingList/></GetForwardingResponse>");
}

#[test]
fn the_phone_system_s_forwarding_is_said_to_be_a_default_and_can_be_ended() {
    let mut world = World::new(|config| config.forwarding.busy = Some("1009".into()));
    let alice = world.client();
    world.monitor(alice, "1001");
    let default = "<forwardDefault>forwardingTypeAndForwardDN</forwardDefault>";
    let got = says(&mut world, alice, "GetForwarding", "<device>1001</device>");
    assert!(got.contains("<forwardStatus>true</forwardStatus>") && got.contains(default), "{got}");
    let end = "<device>1001</device><activateForward>false</activateForward>";
    for _ in 0..2 {
        assert_eq!(says(&mut world, alice, "SetForwarding", end), "<SetForwardingResponse/>");
    }
    let told = heard(&mut world, alice);
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(
        told[0].contains("<forwardStatus>false</forwardStatus>") && told[0].contains(default),
        "{told:?}"
    );
    assert_eq!(world.command("forward 1001 default on"), "ok");
    assert!(heard(&mut world, alice)[0].contains("<forwardStatus>true</forwardStatus>"));
}

/// Services, what their requests about 1001 say, and the errors that they are refused with.
const REFUSED: &[(&str, &str, &str)] = &[
    (
        "SetForwarding",
        "<forwardingType>forwardBusy</forwardingType><activateForward>true</activateForward>",
        "operation/atLeastOneConditionalParameterNotProvided",
    ),
    (
        "SetForwarding",
        "<activateForward>true</activateForward><forwardDN>1002</forwardDN>",
        "operation/atLeastOneConditionalParameterNotProvided",
    ),
    (
        "SetForwarding",
        "<activateForward>true</activateForward>",
        "operation/atLeastOneConditionalParameterNotProvided",
    ),
    ("SetForwarding", "<forwardingType>forwardAlways</forwardingType>", "operation/invalidParameterValue"),
    (
        "SetForwarding",
        "<forwardingType>forwardBusy</forwardingType><activateForward>true</activateForward><forwardDN>bob</forwardDN>",
        "operation/invalidForwardingDestination",
    ),
    (
        "SetForwarding",
        "<forwardingType>forwardBusy</forwardingType><activateForward>true</activateForward><forwardDN>1001</forwardDN>",
        "operation/invalidForwardingDestination",
    ),
    (
        "SetForwarding",
        "<forwardingType>forwardNoAns</forwardingType><activateForward>true</activateForward><forwardDN>1002</forwardDN>\
         <ringCount>0</ringCount>",
        "operation/ringCountOutOfRange",
    ),
    (
        "SetForwarding",
        "<forwardingType>forwardNoAns</forwardingType><activateForward>true</activateForward><forwardDN>1002</forwardDN>\
         <ringCount>101</ringCount>",
        "operation/ringCountOutOfRange",
    ),
    (
        "SetForwarding",
        "<forwardingType>forwardBusy</forwardingType><activateForward>true</activateForward><forwardDN>1002</forwardDN>\
         <ringCount>3</ringCount>",
        "operation/ringCountNotSupported",
    ),
    (
        "SetForwarding",
        "<forwardingType>forwardNoAns</forwardingType><activateForward>true</activateForward><forwardDN>1002</forwardDN>\
         <ringDuration>3</ringDuration>",
        "operation/parameterNotSupported",
    ),
    ("SetDoNotDisturb", "", "operation/atLeastOneConditionalParameterNotProvided"),
    ("SetDoNotDisturb", "<doNotDisturbOn>maybe</doNotDisturbOn>", "operation/invalidParameterValue"),
    (
        "SetDoNotDisturb",
        "<doNotDisturbOn>true</doNotDisturbOn><callOrigination><internal>no</internal></callOrigination>",
        "operation/invalidParameterValue",
    ),
    (
        "SetDoNotDisturb",
        "<doNotDisturbOn>true</doNotDisturbOn><callOrigination><internal>false</internal><external>0</external>\
         </callOrigination>",
        "operation/invalidDoNotDisturb",
    ),
    (
        "SetMessageWaitingIndicator",
        "<messageWaitingOn>true</messageWaitingOn><deviceForMessage>1099</deviceForMessage>",
        "operation/invalidDeviceID",
    ),
    (
        "SetMicrophoneMute",
        "<auditoryApparatus>2</auditoryApparatus><microphoneMuteOn>true</microphoneMuteOn>",
        "operation/objectNotKnown",
    ),
    (
        "SetSpeakerMute",
        "<auditoryApparatus>ear</auditoryApparatus><speakerMuteOn>true</speakerMuteOn>",
        "operation/objectNotKnown",
    ),
    ("GetMicrophoneMute", "<auditoryApparatus>2</auditoryApparatus>", "operation/objectNotKnown"),
    ("GetSpeakerMute", "<auditoryApparatus>2</auditoryApparatus>", "operation/objectNotKnown"),
    (
        "SetAutoAnswer",
        "<autoAnswerOn>true</autoAnswerOn><numberOfRings>21</numberOfRings>",
        "operation/autoAnswerOutOfRange",
    ),
    (
        "SetAutoAnswer",
        "<autoAnswerOn>true</autoAnswerOn><numberOfRings>-1</numberOfRings>",
        "operation/autoAnswerOutOfRange",
    ),
    ("SetCallerIDStatus", "<callerIDProvided>2</callerIDProvided>", "operation/invalidParameterValue"),
    ("GetLastNumberDialed", "", "stateIncompatibility/invalidDeviceState"),
];

#[test]
fn what_does_not_fit_is_refused_and_changes_nothing() {
    let mut world = world();
    let alice = world.client();
    world.monitor(alice, "1001");
    for (root, inside, error) in REFUSED {
        let inside = format!("<device>1001</device>{inside}");
        assert_eq!(says(&mut world, alice, root, &inside), *error, "{root} {inside}");
    }
    let callers = "<callingDevice>1002</callingDevice>".repeat(17);
    let many = format!(
        "<device>1001</device><doNotDisturbOn>true</doNotDisturbOn><callingDeviceList>{callers}</callingDeviceList>"
    );
    let error = says(&mut world, alice, "SetDoNotDisturb", &many);
    assert_eq!(error, "systemResourceAvailibility/resourceLimitExceeded");
    assert_eq!(world.frames(alice), []);
    assert_eq!(world.command("settings 1001"), "ok nothing is set");
}

#[test]
fn no_feature_of_an_unknown_phone_or_one_out_of_service_is_served() {
    let mut world = world();
    let alice = world.client();
    world.command("service 1002 out");
    let last = Story { service: "LastNumberDialed", set: "", event: "", got: "" };
    for Story { service, set, .. } in STORIES.iter().chain([&last]) {
        for (root, rest) in [(format!("Get{service}"), ""), (format!("Set{service}"), *set)] {
            if root == "SetLastNumberDialed" {
                continue;
            }
            for (device, error) in [
                ("1099", "operation/invalidDeviceID"),
                ("1002", "systemResourceAvailibility/deviceOutOfService"),
            ] {
                let inside = format!("<device>{device}</device>{rest}");
                assert_eq!(says(&mut world, alice, &root, &inside), error, "{root} {device}");
            }
        }
    }
    assert_eq!(world.command("settings 1002"), "ok out of service");
}

#[test]
fn the_number_dialled_last_can_be_got() {
    let mut world = world();
    let alice = world.client();
    world.command("dial 1001 1002");
    let got = says(&mut world, alice, "GetLastNumberDialed", "<device>1001</device>");
    assert_eq!(
        got,
        "<GetLastNumberDialedResponse><numberDialed>1002</numberDialed></GetLastNumberDialedResponse>"
    );
}

#[test]
fn what_is_set_at_the_phone_is_told_as_if_a_computer_had_set_it() {
    let mut world = world();
    let alice = world.client();
    world.monitor(alice, "1001");
    for (line, event) in [
        (
            "forward 1001 1003",
            "<forwardingType>forwardImmediate</forwardingType><forwardStatus>true</forwardStatus>",
        ),
        (
            "forward 1001 busy-external 1003",
            "<forwardingType>forwardBusyExt</forwardingType><forwardStatus>true",
        ),
        (
            "forward 1001 noanswer 1003 7",
            "<forwardTo>1003</forwardTo><ringCount>7</ringCount></ForwardingEvent>",
        ),
        (
            "forward 1001 off busy-external",
            "forwardBusyExt</forwardingType><forwardStatus>false</forwardStatus>",
        ),
        ("dnd 1001 on", "<doNotDisturbOn>true</doNotDisturbOn></DoNotDisturbEvent>"),
        ("dnd 1001 on internal", "<internal>true</internal><external>false</external>"),
        ("dnd 1001 off", "<doNotDisturbOn>false</doNotDisturbOn>"),
        (
            "lamp 1001 on 1004",
            "<deviceForMessage>1004</deviceForMessage><messageWaitingOn>true</messageWaitingOn>",
        ),
        ("lamp 1001 off", "<messageWaitingOn>false</messageWaitingOn>"),
        ("mute 1001 on", "<microphoneMuteOn>true</microphoneMuteOn>"),
        ("speaker 1001 off", "<speakerMuteOn>true</speakerMuteOn>"),
        ("autoanswer 1001 on 0", "<autoAnswerOn>true</autoAnswerOn><numberOfRings>0</numberOfRings>"),
        ("callerid 1001 off", "<callerIDProvided>false</callerIDProvided>"),
        ("callwaiting 1001 off", "DeviceCapsChangedEvent"),
        (
            "service 1001 out",
            "1001: <OutOfServiceEvent><device><deviceIdentifier>1001</deviceIdentifier></device></OutOfServiceEvent>",
        ),
        ("service 1001 in", "<BackInServiceEvent>"),
    ] {
        assert_eq!(world.command(line), "ok", "{line}");
        let told = heard(&mut world, alice);
        assert_eq!(told.len(), 1, "{line}: {told:?}");
        assert!(told[0].contains(event), "{line}: {told:?}");
        assert_eq!(world.command(line), "ok", "{line}");
        assert_eq!(world.frames(alice), [], "{line} changes nothing the second time");
    }
    assert_eq!(
        world.command("settings 1001"),
        "ok forward immediate to 1003, forward noanswer to 1003 after 7 rings, autoanswer after 0 rings, microphone mute, \
         speaker mute, number withheld, no call waiting"
    );
    assert_eq!(world.command("forward 1001 off"), "ok");
    assert_eq!(heard(&mut world, alice).len(), 2);
}

#[test]
fn what_cannot_be_set_at_the_phone_is_answered_with_the_reason() {
    let mut world = world();
    world.command("service 1002 out");
    for (line, answer) in [
        ("forward 1001 1001", "error calls cannot be forwarded to \"1001\""),
        ("forward 1001 bob", "error calls cannot be forwarded to \"bob\""),
        ("forward 1001 busy 1003 4", "error busy forwarding has no number of rings"),
        ("forward 1001 noanswer 1003 101", "error a number of rings is from 1 to 100"),
        ("autoanswer 1001 on 21", "error a number of rings is from 0 to 20"),
        ("dnd 1099 on", "error there is no phone \"1099\""),
        ("lamp 1001 on 1099", "error there is no phone \"1099\""),
        ("mute 1002 on", "error the phone is out of service"),
        ("service 1099 out", "error there is no phone \"1099\""),
    ] {
        assert_eq!(world.command(line), answer, "{line}");
    }
    let answer = world.command("forward 1001 always 1003");
    assert!(
        answer.starts_with("error \"always\" is not a type of forwarding; the types are: immediate,"),
        "{answer}"
    );
    assert_eq!(world.command("settings 1001"), "ok nothing is set");
}

#[test]
fn a_monitor_s_filter_holds_for_what_is_set_too() {
    let mut world = world();
    let alice = world.client();
    let filter = "<requestedMonitorFilter><logicalDeviceFeature><forwarding>true</forwarding></logicalDeviceFeature>\
                  <maintenance><outOfService>true</outOfService></maintenance></requestedMonitorFilter>";
    let start = format!("<monitorObject><deviceObject>1001</deviceObject></monitorObject>{filter}");
    says_started(&mut world, alice, &start);
    for line in ["forward 1001 1003", "dnd 1001 on", "service 1001 out", "service 1001 in"] {
        assert_eq!(world.command(line), "ok");
    }
    let told = heard(&mut world, alice);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].contains("DoNotDisturbEvent") && told[1].contains("BackInServiceEvent"), "{told:?}");
}

/// Starts a monitor of 1001 with these elements.
fn says_started(world: &mut World, link: LinkId, inside: &str) {
    world.next_invoke += 1;
    let invoke = world.next_invoke;
    world.send_xml(link, invoke, &format!("<MonitorStart xmlns=\"{VERSION}\">{inside}</MonitorStart>"));
    let xml = world.frames(link).remove(0).1;
    let reference = xml.split_once("<monitorCrossRefID>").unwrap().1.split_once('<').unwrap().0;
    world.monitored.insert(reference.into(), "1001".into());
}

#[test]
fn a_phone_that_goes_out_of_service_leaves_its_calls_first() {
    let mut world = world();
    let alice = world.client();
    world.command("dial 1001 1002");
    world.command("answer 1002");
    world.monitor(alice, "1001");
    assert_eq!(world.command("service 1001 out"), "ok");
    let told = heard(&mut world, alice);
    assert!(told[0].contains("<cause>destOutOfOrder</cause>"), "{told:?}");
    assert!(told.last().unwrap().contains("<OutOfServiceEvent>"), "{told:?}");
    assert_eq!(world.switch.counts().calls, 0);
    assert_eq!(world.command("phone 1002"), "ok 1002 Bob: on hook");
}
