//! The form of the services that the phone system serves: the elements of each request and response in edition 3, taken
//! from the standards and not from the rows of the code. Services that only edition 6 has are given as in that edition.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use super::super::super::{
    member::{Member, Role},
    services::{self, Served, Service},
};

/// A request's root, its elements, and those of its response; abbreviations as in [`in_full`].
type Form = (&'static str, &'static str, &'static str);

/// Stands for the response of a message that has none.
const UNANSWERED: &str = "-";

const CAPABILITY_EXCHANGE: &[Form] = &[
    (
        "GetLogicalDeviceInformation",
        "device!",
        "deviceCategory? groupDeviceAttributes? namedDeviceTypes? shortFormDeviceID? hasPhysicalElement! acdModels! \
         agentLogOnModels! appearanceAddressable! appearanceType! appearanceList? otherPhysicalDeviceList? \
         miscMonitorCaps? associatedGroupList? maxCallbacks? maxAutoAnswerRings? maxActiveCalls? maxHeldCalls? \
         maxFwdSettings? maxDevicesInConf? transAndConfSetup? FILTERS mediaClassSupport? mediaServiceCapsList? \
         connectionRateList? delayToleranceList? numberOfChannels? maxChannelBind? routeingServList? \
         logDevServList? logDevEvtsList? deviceMaintEvtsList?",
    ),
    (
        "GetPhysicalDeviceInformation",
        "device!",
        "deviceCategory? groupDeviceAttributes? namedDeviceTypes? hasLogicalElement! otherLogicalDeviceList? \
         deviceModelName? FILTERS maxDisplays? maxButtons? maxLamps? maxRingPatterns? physDevServList? \
         physDevEvtsList?",
    ),
    ("GetSwitchingFunctionDevices", "requestedDeviceID? requestedDeviceCategory?", "serviceCrossRefID!"),
    ("SwitchingFunctionDevices", "serviceCrossRefID! segmentID? lastSegment! deviceList!", UNANSWERED),
];

const SNAPSHOT: &[Form] = &[(
    "SnapshotCall",
    "snapshotObject!",
    "crossRefIDorSnapshotData! mediaCallCharacteristics? callCharacteristics? callingDevice? calledDevice? \
     associatedCallingDevice? associatedCalledDevice? correlatorData? callLinkageData? subjectOfCall? messageInfo? \
     languagePreferences? deviceHistory?",
)];

const CALL_CONTROL: &[Form] = &[
    ("AcceptCall", "callToBeAccepted! DATA", ""),
    ("AlternateCall", "heldCall! activeCall! connectionReservation? consultOptions?", ""),
    ("CallBack", "callbackConnection! callCharacteristics? SUBJECT", "targetDevice?"),
    ("CallBackMessage", "callbackMessageConnection!", "targetDevice?"),
    ("CamponCall", "camponConnection!", ""),
    ("ClearCall", "callToBeCleared! userData?", ""),
    ("ConferenceCall", "heldCall! activeCall!", "conferenceCall! connections? conferenceCallInfo?"),
    (
        "ConsultationCall",
        "existingCall! consultedDevice! connectionReservation? CODES DATA callCharacteristics? \
         mediaCallCharacteristics? callingConnectionInfo? consultOptions? SUBJECT",
        "initiatedCall! mediaCallCharacteristics? initiatedCallInfo?",
    ),
    ("DeflectCall", "callToBeDiverted! newDestination! DATA SUBJECT reason?", ""),
    ("DialDigits", "diallingConnection! diallingSequence! correlatorData?", ""),
    ("DirectedPickupCall", "callToBePickedUp! requestingDevice! DATA", "pickedCall? pickedCallInfo?"),
    ("GroupPickupCall", "newDestination! pickGroup? DATA", "pickedCall? pickedCallInfo?"),
    ("IntrudeCall", "intrude! participationType? userData?", "conferencedCall? conferencedCallInfo?"),
    (
        "JoinCall",
        "activeCall! joiningDevice! autoOriginate? participationType? CODES DATA",
        "conferencedCall! conferencedCallInfo?",
    ),
    (
        "MakeConnection",
        "initiatingDevice! CODES autoOriginate? correlatorData? callCharacteristics? mediaCallCharacteristics? \
         connectionInfo? SUBJECT reason? maxDevices? startTime? duration?",
        "initiatingDevice! mediaCallCharacteristics? initiatedCallInfo? callLinkageData?",
    ),
    (
        "MakePredictiveCall",
        "callingDevice! calledDirectoryNumber! signallingDetection? destinationDetection? defaultAction? CODES \
         autoOriginate? alertTime? correlatorData? callCharacteristics? userData? SUBJECT",
        "initiatedCall! initiatedCallInfo?",
    ),
    ("ParkCall", "parking! parkTo! correlatorData? SUBJECT", "parkedTo?"),
    ("ReconnectCall", "activeCall! heldCall!", ""),
    (
        "SendMessage",
        "callingDevice! destinationDevices! messageInfo! CODES correlatorData? callCharacteristics? \
         mediaCallCharacteristics? SUBJECT",
        "connectionList! mediaCallCharacteristics?",
    ),
    (
        "SingleStepConferenceCall",
        "activeCall! deviceToJoin! participationType? CODES DATA SUBJECT",
        "conferencedCall! conferencedCallInfo?",
    ),
    (
        "SingleStepTransferCall",
        "activeCall! transferredTo! CODES DATA SUBJECT reason?",
        "transferredCall! connections? transferredCallInfo?",
    ),
    ("TransferCall", "heldCall! activeCall!", "transferredCall! connections? transferredCallInfo?"),
];

const CALL_ASSOCIATED: &[Form] = &[
    (
        "AssociateData",
        "existingCall! CODES correlatorData? callQualifyingData? callCharacteristics? SUBJECT",
        "",
    ),
    ("CancelTelephonyTones", "connectionToStopTone!", ""),
    (
        "ChangeConnectionInformation",
        "connectionToBeChanged! requestedConnectionInfo!",
        "actualConnectionInfo!",
    ),
    (
        "GenerateDigits",
        "connectionToSendDigits! digitMode? charactersToSend! toneDuration? pulseRate? pauseDuration?",
        "",
    ),
    ("GenerateTelephonyTones", "connectionToSendTone! toneToSend! toneDuration?", ""),
    ("SendUserInformation", "existingCall! userData!", ""),
];

const PHYSICAL_DEVICES: &[Form] = &[
    ("ButtonPress", "device! button!", ""),
    ("GetAuditoryApparatusInformation", "device! auditorityApparatus?", "auditoryApparatusList!"),
    ("GetButtonInformation", "device! button?", "buttonList!"),
    ("GetDisplay", "device! display?", "displayList!"),
    ("GetHookswitchStatus", "device! hookswitch?", "hookswitchStatusList!"),
    ("GetLampInformation", "device! lamp?", "lampList!"),
    ("GetLampMode", "device! lamp?", "lampModeList! lamp?"),
    ("GetMessageWaitingIndicator", "device!", "messageWaitingOn! deviceForMessage? lampIsPresent?"),
    ("GetMicrophoneGain", "device! auditoryApparatus?", "microphoneGainList!"),
    ("GetMicrophoneMute", "device! auditoryApparatus?", "microphoneMuteList!"),
    ("GetRingerStatus", "device! ringer?", "ringerStatusList!"),
    ("GetSpeakerMute", "device! auditoryApparatus?", "speakerMuteList!"),
    ("GetSpeakerVolume", "device! auditoryApparatus?", "speakerVolumeList!"),
    ("SetButtonInformation", "device! button! buttonLabel? buttonAssociatedNumber?", ""),
    (
        "SetDisplay",
        "device! display? physicalBaseRowNumber? physicalBaseColumnNumber? contentsOfDisplay! offset?",
        "",
    ),
    ("SetHookswitchStatus", "device! hookswitch! hookswitchOnhook!", ""),
    ("SetLampMode", "device! lamp! LampMode! lampBrightness? lampColor?", ""),
    ("SetMessageWaitingIndicator", "device! messageWaitingOn! deviceForMessage?", ""),
    ("SetMicrophoneGain", "device! auditoryApparatus! microphoneGain!", ""),
    ("SetMicrophoneMute", "device! auditoryApparatus! microphoneMuteOn!", ""),
    ("SetRingerStatus", "device! ringer! ringMode? ringPattern? ringVolume?", ""),
    ("SetSpeakerMute", "device! auditoryApparatus! speakerMuteOn!", ""),
    ("SetSpeakerVolume", "device! auditoryApparatus! speakerVolume!", ""),
];

const LOGICAL_DEVICES: &[Form] = &[
    ("CallBackNonCallRelated", "originatingDevice! targetDevice!", ""),
    ("CallBackMessageNonCallRelated", "originatingDevice! targetDevice!", ""),
    ("CancelCallBack", "originatingDevice! targetDevice!", ""),
    ("CancelCallBackMessage", "originatingDevice! targetDevice!", ""),
    ("GetAgentState", "device! acdGroup?", "agentStateList!"),
    ("GetAutoAnswer", "device!", "autoAnswerOn! numberOfRings?"),
    ("GetAutoWorkMode", "device!", "autoWorkOn! autoWorkInterval?"),
    ("GetCallBack", "device!", "callBackList!"),
    ("GetCallerIDStatus", "device!", "callerIDProvided!"),
    ("GetDoNotDisturb", "device!", "doNotDisturbOn! callOrigination? callingDeviceList?"),
    ("GetForwarding", "device!", "forwardingList!"),
    ("GetLastNumberDialed", "device!", "numberDialed!"),
    ("GetRouteingMode", "device!", "routeingMode!"),
    ("SetAgentState", "device! requestedAgentState! agentID? password? group?", "pendingAgentState?"),
    ("SetAutoAnswer", "device! autoAnswerOn! numberOfRings?", ""),
    ("SetAutoWorkMode", "device! autoWorkOn! autoWorkInterval?", ""),
    ("SetCallerIDStatus", "device! callerIDProvided!", ""),
    ("SetDoNotDisturb", "device! doNotDisturbOn! callOrigination? callingDeviceList?", ""),
    ("SetForwarding", "device! forwardingType? activateForward! forwardDN? ringCount?", ""),
    ("SetRouteingMode", "device! routeingMode!", ""),
];

/// Elements of services that are a `ConnectionID` in any message.
const CONNECTIONS: &str = "activeCall callToBeAccepted callToBeCleared callToBeDiverted \
    callToBePickedUp callbackConnection callbackMessageConnection camponConnection conferenceCall \
    conferencedCall connectionToBeChanged connectionToSendDigits connectionToSendTone \
    connectionToStopTone diallingConnection existingCall heldCall initiatedCall intrude parkedTo parking pickedCall \
    transferredCall";

/// The additions of edition 6 to edition 3: the message, the preceding element, and the new element.
const LATER: &[(&str, &str, &str)] = &[
    ("AssociateData", "languagePreferences", "deviceInfo"),
    ("ClearCall", "userData", "reason"),
    ("ConferenceCallResponse", "conferenceCallInfo", "callLinkageDataList"),
    ("ConsultationCallResponse", "initiatedCallInfo", "callLinkageData"),
    ("DeflectCall", "userData", "callCharacteristics"),
    ("DirectedPickupCallResponse", "pickedCallInfo", "callLinkageData"),
    ("GroupPickupCallResponse", "pickedCallInfo", "callLinkageData"),
    ("IntrudeCallResponse", "conferencedCallInfo", "callLinkageDataList"),
    ("JoinCallResponse", "conferencedCallInfo", "callLinkageDataList"),
    ("MakeCall", "languagePreferences", "reason"),
    ("MakeCallResponse", "initiatedCallInfo", "callLinkageData"),
    ("MakePredictiveCallResponse", "initiatedCallInfo", "callLinkageData"),
    ("ParkCallResponse", "parkedTo", "callLinkageData"),
    ("SendMessageResponse", "mediaCallCharacteristics", "listOfCallLinkageData"),
    ("SetDisplay", "offset", "characterSet"),
    ("SetForwarding", "ringCount", "ringDuration"),
    ("SingleStepConferenceCallResponse", "conferencedCallInfo", "callLinkageDataList"),
    ("SingleStepTransferCall", "userData", "callCharacteristics"),
    ("SingleStepTransferCallResponse", "transferredCallInfo", "callLinkageDataList"),
    ("TransferCallResponse", "transferredCallInfo", "callLinkageDataList"),
];

/// The elements that the standards mark as required and the rows do not: a response is checked only for what it
/// announces, and the rest is left to the client. Any other missing mark is a mistake.
const UNMARKED: &[(&str, &str)] = &[
    ("ChangeConnectionInformationResponse", "actualConnectionInfo"),
    ("GetAgentStateResponse", "agentStateList"),
    ("GetAuditoryApparatusInformationResponse", "auditoryApparatusList"),
    ("GetAutoAnswerResponse", "autoAnswerOn"),
    ("GetAutoWorkModeResponse", "autoWorkOn"),
    ("GetButtonInformationResponse", "buttonList"),
    ("GetCallBackResponse", "callBackList"),
    ("GetCallerIDStatusResponse", "callerIDProvided"),
    ("GetDisplayResponse", "displayList"),
    ("GetDoNotDisturbResponse", "doNotDisturbOn"),
    ("GetForwardingResponse", "forwardingList"),
    ("GetHookswitchStatusResponse", "hookswitchStatusList"),
    ("GetLampInformationResponse", "lampList"),
    ("GetLampModeResponse", "lampModeList"),
    ("GetLastNumberDialedResponse", "numberDialed"),
    ("GetLogicalDeviceInformationResponse", "acdModels"),
    ("GetLogicalDeviceInformationResponse", "agentLogOnModels"),
    ("GetLogicalDeviceInformationResponse", "appearanceAddressable"),
    ("GetLogicalDeviceInformationResponse", "appearanceType"),
    ("GetLogicalDeviceInformationResponse", "hasPhysicalElement"),
    ("GetMessageWaitingIndicatorResponse", "messageWaitingOn"),
    ("GetMicrophoneGainResponse", "microphoneGainList"),
    ("GetMicrophoneMuteResponse", "microphoneMuteList"),
    ("GetPhysicalDeviceInformationResponse", "hasLogicalElement"),
    ("GetRingerStatusResponse", "ringerStatusList"),
    ("GetRouteingModeResponse", "routeingMode"),
    ("GetSpeakerMuteResponse", "speakerMuteList"),
    ("GetSpeakerVolumeResponse", "speakerVolumeList"),
    ("SendMessageResponse", "connectionList"),
    ("SnapshotCallResponse", "crossRefIDorSnapshotData"),
    // Not a response: it comes unrequested, and a part without a list is passed on unchanged.
    ("SwitchingFunctionDevices", "deviceList"),
];

/// Whether the row of a message lacks the mark of an element that is required.
pub(super) fn is_unmarked(message: &str, element: &str) -> bool {
    UNMARKED.contains(&(message, element))
}

/// The elements of a service's request or response, or of a connection in one, marks at their ends.
pub(super) fn form(name: &str) -> Option<String> {
    if CONNECTIONS.split_whitespace().any(|connection| connection == name) {
        return Some("callID? deviceID?".to_string());
    }
    let groups =
        [CAPABILITY_EXCHANGE, SNAPSHOT, CALL_CONTROL, CALL_ASSOCIATED, PHYSICAL_DEVICES, LOGICAL_DEVICES];
    let is_named = |root: &str| name.strip_prefix(root).is_some_and(|rest| matches!(rest, "" | "Response"));
    let (root, request, response) = groups.into_iter().flatten().find(|(root, ..)| is_named(root))?;
    let form = if name == *root { request } else { response };
    assert_ne!(*form, UNANSWERED, "{name} does not exist");
    Some(in_full(form))
}

fn in_full(form: &str) -> String {
    form.replace("CODES", "accountCode? authCode?")
        .replace("DATA", "correlatorData? userData?")
        .replace("SUBJECT", "subjectOfCall? languagePreferences?")
        .replace("FILTERS", &filters())
}

/// The events that a device's monitors can filter out.
fn filters() -> String {
    let of = |monitor: &str, on: &str| format!("{monitor}On{on}MonitorFilter?");
    [("device", "Device"), ("device", "Connection"), ("call", "Device"), ("call", "Connection")]
        .map(|(monitor, on)| of(monitor, on))
        .join(" ")
}

/// The elements that a form gives a message of this edition.
fn form_in(edition: u8, root: &str) -> Vec<String> {
    let form = super::form(root).unwrap_or_else(|| panic!("no form for {root}"));
    let mut elements: Vec<String> = form.split_whitespace().map(String::from).collect();
    for (_, before, name) in LATER.iter().filter(|(of, ..)| edition > 3 && *of == root) {
        let index = elements.iter().position(|element| element.trim_end_matches(['!', '?']) == *before);
        elements.insert(index.unwrap() + 1, format!("{name}?"));
    }
    if edition > 3 && root == "SetLampMode" {
        elements[2] = "lampMode!".into();
    }
    elements
}

/// The elements that a row gives a message, with the standards' marks where the row is known to lack them.
fn row_in(edition: u8, root: &str, members: &[Member]) -> Vec<String> {
    let is_there = |member: &&Member| member.since <= edition && member.role != Role::Withheld;
    let marked = |member: &Member| {
        let name = member.name_in(edition);
        let unmarked = is_unmarked(root, name);
        assert!(!(unmarked && member.required), "{name} of {root} has its mark");
        format!("{name}{}", if member.required || unmarked { '!' } else { '?' })
    };
    members.iter().filter(is_there).map(marked).collect()
}

fn messages(service: &Service) -> impl Iterator<Item = (&'static str, &'static [Member])> {
    let response = (service.response_root, service.response);
    let count = if service.served == Served::Told { 1 } else { 2 };
    [(service.root, service.request), response].into_iter().take(count)
}

#[test]
fn every_row_has_the_elements_and_marks_of_its_form_in_order() {
    for service in services::all().iter().filter(|service| service.is_relayed()) {
        for (root, members) in messages(service) {
            for edition in [3, 6].into_iter().filter(|edition| service.since <= *edition) {
                assert_eq!(row_in(edition, root, members), form_in(edition, root), "{root} in {edition}");
            }
        }
    }
}
