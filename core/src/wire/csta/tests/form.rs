//! The form of what is written: edition 3's order, and what ECMA-285 marks as required. The tables here were made from
//! the standards, independently of those in the code.

use alloc::{
    format,
    string::{String, ToString as _},
    vec::Vec,
};

use roxmltree::Node;

mod services;

use super::{namespaces, read, samples, write};
use crate::wire::csta::{
    model::{CallEventKind, Message, Namespace, Response},
    services::Features,
};

/// Root or type, then its elements: `!` required, `?` optional, `|` one of these.
const FORMS: &[(&str, &str)] = &[
    ("RequestSystemStatus", "sysStatRegisterID?"),
    ("RequestSystemStatusResponse", "systemStatus!"),
    ("SystemStatus", "sysStatRegisterID? systemStatus!"),
    ("SystemStatusResponse", ""),
    ("SystemRegister", "requestTypes! requestedStatusFilter?"),
    ("SystemRegisterResponse", "sysStatRegisterID! actualStatusFilter?"),
    ("SystemRegisterCancel", "sysStatRegisterID!"),
    ("SystemRegisterCancelResponse", ""),
    ("SystemRegisterAbort", "sysStatRegisterID!"),
    ("GetCSTAFeatures", ""),
    ("GetCSTAFeaturesResponse", "supportedServices! supportedEvents?"),
    ("MonitorStart", "monitorObject! requestedMonitorFilter? monitorType? requestedMonitorMediaClass?"),
    (
        "MonitorStartResponse",
        "monitorCrossRefID! actualMonitorFilter? actualMonitorMediaClass? monitorExistingCalls?",
    ),
    ("MonitorStop", "monitorCrossRefID!"),
    ("MonitorStopResponse", ""),
    ("SnapshotDevice", "snapshotObject!"),
    ("SnapshotDeviceResponse", "crossRefIDorSnapshotData!"),
    (
        "MakeCall",
        "callingDevice! calledDirectoryNumber! accountCode? authCode? autoOriginate? correlatorData? userData? \
         callCharacteristics? mediaCallCharacteristics? callingConnectionInfo? subjectOfCall? languagePreferences?",
    ),
    ("MakeCallResponse", "callingDevice! mediaCallCharacteristics? initiatedCallInfo?"),
    ("AnswerCall", "callToBeAnswered! correlatorData? userData?"),
    ("AnswerCallResponse", ""),
    ("ClearConnection", "connectionToBeCleared! correlatorData? userData? reason?"),
    ("ClearConnectionResponse", ""),
    ("HoldCall", "callToBeHeld! connectionReservation?"),
    ("HoldCallResponse", ""),
    ("RetrieveCall", "callToBeRetrieved!"),
    ("RetrieveCallResponse", ""),
    ("DanceCall", ""),
    ("DanceCallResponse", ""),
    ("ChangeMonitorFilter", "monitorCrossRefID! requestedFilterList!"),
    ("ChangeMonitorFilterResponse", "actualFilterList?"),
    ("requestedFilterList", MONITOR_FILTER),
    ("actualFilterList", MONITOR_FILTER),
    ("StartApplicationSession", "applicationInfo! requestedProtocolVersions! requestedSessionDuration?"),
    ("StartApplicationSessionPosResponse", "sessionID! actualProtocolVersion! actualSessionDuration!"),
    ("StartApplicationSessionNegResponse", "errorCode!"),
    ("ResetApplicationSessionTimer", "sessionID! requestedSessionDuration?"),
    ("ResetApplicationSessionTimerPosResponse", "actualSessionDuration?"),
    ("ResetApplicationSessionTimerNegResponse", "errorCode!"),
    ("StopApplicationSession", "sessionID! sessionEndReason!"),
    ("StopApplicationSessionPosResponse", ""),
    ("ApplicationSessionTerminated", "sessionID! sessionTermReason?"),
    (
        "requestTypes",
        "systemStatus! requestSystemStatus! switchingFunctionCapsChanged! switchingFunctionDevicesChanged!",
    ),
    ("requestedStatusFilter", STATUS_FILTER),
    ("actualStatusFilter", STATUS_FILTER),
    ("requestedMonitorFilter", MONITOR_FILTER),
    ("actualMonitorFilter", MONITOR_FILTER),
    ("callToBeAnswered", CONNECTION),
    ("connectionToBeCleared", CONNECTION),
    ("callToBeHeld", CONNECTION),
    ("callToBeRetrieved", CONNECTION),
    ("connectionIdentifier", CONNECTION),
    ("snapshotDeviceResponseInfo", "connectionIdentifier! endpointDevice? localCallState!"),
    ("endpointDevice", PARTY),
    ("localCallState", "compoundCallState| simpleCallState| unknown|"),
    ("monitorObject", "callObject| deviceObject|"),
    ("crossRefIDorSnapshotData", "serviceCrossRefID| snapshotData|"),
    ("calledDevice", PARTY),
    ("lastRedirectionDevice", "notKnown| notRequired| notSpecified| numberDialed| restricted|"),
];

const STATUS_FILTER: &str = "initializing? enabled? normal? messageLost? disabled? partiallyDisabled? \
                             overloadImminent? overloadReached? overloadRelieved?";
const MONITOR_FILTER: &str = "callcontrol? callAssociated? mediaAttachment? physicalDeviceFeature? \
                              logicalDeviceFeature? maintenance? voice? private?";
const CONNECTION: &str = "callID? deviceID?";
const PARTY: &str = "deviceIdentifier| notKnown| restricted|";

/// The call events, as the ASN.1 has them, with these abbreviations of it and one for the three parties.
const EVENTS: [(&str, &str); 13] = [
    (
        "ServiceInitiatedEvent",
        "initiatedConnection! initiatingDevice! LCI correlatorData? cause! servicesPermitted? MC2 \
         initiatedConnectionInfo? networkCallingDevice? networkCalledDevice? associatedCallingDevice? \
         callLinkageData? SML3",
    ),
    (
        "OriginatedEvent",
        "originatedConnection! callingDevice! calledDevice! originatingDevice? LCI correlatorData? cause! \
         servicesPermitted? NET4 MC2 originatedConnectionInfo? callLinkageData? SML3",
    ),
    (
        "DeliveredEvent",
        "connection! alertingDevice! CCR originatingNIDConnection? LCI CUCS NET4 MC2 connectionInfo? \
         callLinkageData? SML3 deviceHistory?",
    ),
    (
        "EstablishedEvent",
        "establishedConnection! answeringDevice! CCR originatinNIDConnection? LCI CUCS NET4 MC2 \
         establishedConnectionInfo? callLinkageData? SML3 deviceHistory?",
    ),
    (
        "HeldEvent",
        "heldConnection! holdingDevice! LCI correlatorData? cause! servicesPermitted? MC2 heldConnectionInfo? \
         callLinkageData? languagePreferences?",
    ),
    (
        "RetrievedEvent",
        "retrievedConnection! retrievingDevice! LCI correlatorData? cause! servicesPermitted? MC2 \
         retrievedConnectionInfo? callLinkageData? languagePreferences?",
    ),
    (
        "FailedEvent",
        "failedConnection! failingDevice! CCR originatingNIDConnection? LCI CUCS NET4 MC2 failedConnectionInfo? \
         callLinkageData? SML3 deviceHistory?",
    ),
    (
        "ConnectionClearedEvent",
        "droppedConnection! releasingDevice! LCI correlatorData? userData? chargingInfo? cause! \
         servicesPermitted? MC2 droppedConnectionInfo? callLinkageData? languagePreferences? deviceHistory?",
    ),
    (
        "NetworkReachedEvent",
        "outboundConnection! networkInterfaceUsed! CCR originatingNIDConnection? LCI correlatorData? userData? \
         networkCapability? cause! servicesPermitted? MC2 outboundConnectionInfo? networkCallingDevice? \
         networkCalledDevice? associatedCallingDevice? callLinkageData? languagePreferences? deviceHistory?",
    ),
    (
        "DivertedEvent",
        "connection! divertingDevice! newDestination! callingDevice? calledDevice? lastRedirectionDevice! LCI CUCS MC2 \
         connectionInfo? NET4 callLinkageData? SML3 deviceHistory?",
    ),
    (
        "TransferedEvent",
        "primaryOldCall! secondaryOldCall? transferringDevice! transferredToDevice! transferredConnections! LCI \
         correlatorData? userData? chargingInfo? cause! servicesPermitted? MC2 callLinkageDataList? \
         languagePreferences? deviceHistory?",
    ),
    (
        "ConferencedEvent",
        "primaryOldCall! secondaryOldCall? conferencingDevice! addedParty! conferenceConnections! LCI CUCS MC2 \
         callLinkageDataList? languagePreferences? deviceHistory?",
    ),
    (
        "CallClearedEvent",
        "clearedCall! correlatorData? userData? cause! MC2 callLinkageData? languagePreferences?",
    ),
];

/// The elements of a call event, marks at their ends.
fn event_form(root: &str) -> Option<String> {
    let (_, form) = EVENTS.iter().find(|(name, _)| *name == root)?;
    let form = form
        .replace("CCR", "callingDevice! calledDevice! lastRedirectionDevice!")
        .replace("LCI", "localConnectionInfo?")
        .replace("CUCS", "correlatorData? userData? cause! servicesPermitted?")
        .replace(
            "NET4",
            "networkCallingDevice? networkCalledDevice? associatedCallingDevice? associatedCalledDevice?",
        )
        .replace("MC2", "mediaCallCharacteristics? callCharacteristics?")
        .replace("SML3", "subjectOfCall? messageInfo? languagePreferences?");
    Some(format!("monitorCrossRefID! {form} extensions?"))
}

fn form(name: &str) -> Option<String> {
    let own = || FORMS.iter().find(|(of, _)| *of == name).map(|(_, form)| (*form).to_string());
    event_form(name).or_else(own).or_else(|| services::form(name))
}

/// Asserts that an element's children, and theirs, are those of its form, in order.
fn assert_form(node: Node<'_, '_>, text: &str) {
    let children: Vec<_> = node.children().filter(Node::is_element).collect();
    let name = node.tag_name().name();
    if let Some(form) = form(name).filter(|_| !children.is_empty() || node.parent_element().is_none()) {
        let mut rest = children.iter().map(|child| child.tag_name().name()).peekable();
        let mut chosen = 0;
        for wanted in form.split_whitespace() {
            let (element, mark) = wanted.split_at(wanted.len() - 1);
            let is_there = rest.next_if_eq(&element).is_some();
            let is_wanted = mark == "!" && !services::is_unmarked(name, element);
            assert!(is_there || !is_wanted, "{element} is missing in {name}: {text}");
            chosen += usize::from(is_there && mark == "|");
        }
        assert_eq!(rest.next(), None, "out of order in {name}: {text}");
        assert_eq!(chosen, usize::from(form.contains('|')), "{name}: {text}");
    }
    for child in children {
        assert_form(child, text);
    }
}

#[test]
fn every_message_has_its_required_elements_in_order() {
    for seed in 0..60 {
        for message in samples::messages(seed) {
            let text = write(Namespace::ED3, &message);
            let document = roxmltree::Document::parse(&text).unwrap();
            let root = document.root_element();
            let known = form(root.tag_name().name()).is_some() || root.tag_name().name() == "CSTAErrorCode";
            assert!(known, "no form for {text}");
            assert_form(root, &text);
        }
    }
}

#[test]
fn every_element_of_a_link_is_passed_on_in_order_however_it_came() {
    for kind in CallEventKind::ALL {
        let form = event_form(kind.word()).unwrap();
        let names: Vec<_> =
            form.split_whitespace().map(|wanted| wanted.trim_end_matches(['!', '?'])).collect();
        let element = |name: &&str| match *name {
            "monitorCrossRefID" => "<monitorCrossRefID>7</monitorCrossRefID>".to_string(),
            "localConnectionInfo" => "<localConnectionInfo>hold</localConnectionInfo>".to_string(),
            name => format!("<{name}><callID>1</callID><deviceIdentifier>2</deviceIdentifier></{name}>"),
        };
        let body: String = names.iter().rev().map(element).collect();
        for namespace in namespaces() {
            let source = format!("<x:{0} xmlns:x=\"{1}\">{body}</x:{0}>", kind.word(), namespace.uri());
            let text = write(Namespace::ED3, &read(&source).message().unwrap());
            let document = roxmltree::Document::parse(&text).unwrap();
            let written: Vec<_> =
                document.root_element().children().map(|child| child.tag_name().name()).collect();
            assert_eq!(written, names, "{text}");
            assert!(
                document
                    .descendants()
                    .filter(Node::is_element)
                    .all(|node| { node.tag_name().namespace() == Some(Namespace::ED3.uri()) })
            );
        }
    }
}

#[test]
fn what_an_event_lacks_is_written_as_not_known() {
    for kind in CallEventKind::ALL {
        let connection = event_form(kind.word()).unwrap().split('!').nth(1).unwrap().trim().to_string();
        let body = format!("<{connection}><callID>1</callID></{connection}>");
        let source = format!("<{0}><monitorCrossRefID>7</monitorCrossRefID>{body}</{0}>", kind.word());
        let text = write(Namespace::ED3, &read(&source).message().unwrap());
        assert_form(roxmltree::Document::parse(&text).unwrap().root_element(), &text);
        assert!(text.contains("<cause>normal</cause>"), "{text}");
        assert_eq!(text.contains("<lastRedirectionDevice>"), text.contains("<notSpecified/>"), "{text}");
    }
}

#[test]
fn an_empty_set_of_features_has_no_lists() {
    let text = write(Namespace::ED3, &Message::Response(Response::GetCstaFeatures(Features::NONE)));
    assert!(
        text.ends_with("/ed3\"><supportedServices></supportedServices></GetCSTAFeaturesResponse>"),
        "{text}"
    );
}

#[test]
fn features_stand_in_their_lists() {
    let features = Features::NONE
        .with_service("SingleStepTransferCall")
        .with_service("MonitorStart")
        .with_service("AnswerCall")
        .with_event("TransferedEvent")
        .with_event("MessageWaitingEvent");
    let text = write(Namespace::ED3, &Message::Response(Response::GetCstaFeatures(features)));
    let body = "<supportedServices><monitoringServList><monitorStart/></monitoringServList><callControlServList>\
                <answerCall/><singleStepTransfer/></callControlServList></supportedServices><supportedEvents>\
                <callControlEvtsList><transferred/></callControlEvtsList><physDevEvtsList><messageWaiting/>\
                </physDevEvtsList></supportedEvents>";
    assert!(text.contains(body), "{text}");
}
