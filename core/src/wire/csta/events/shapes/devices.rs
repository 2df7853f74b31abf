//! Events of devices: their features, their maintenance (ECMA-269 clauses 21.2, 22.2 and 24.2), and vendor specific
//! ones.

use super::super::{Part, Shape};
use super::{CALLING_DEVICES, plain, slot};
use crate::wire::csta::member::{Names, PARTY};

/// In the order in which GetCSTAFeatures lists them.
pub(super) const SHAPES: &[Shape] = &[
    Shape {
        root: "ButtonInformationEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("device", Part::Copy(PARTY)),
            plain("button"),
            plain("buttonLabel"),
            slot("buttonAssociatedNumber", Part::Copy(Names::Device)),
            plain("buttonPressIndicator"),
        ],
    },
    Shape {
        root: "ButtonPressEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("device", Part::Copy(PARTY)),
            plain("button"),
            plain("buttonLabel"),
            slot("buttonAssociatedNumber", Part::Copy(Names::Device)),
        ],
    },
    Shape {
        root: "DisplayUpdatedEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("device", Part::Copy(PARTY)),
            plain("displayID"),
            plain("logicalRows"),
            plain("logicalColumns"),
            plain("physicalRows"),
            plain("physicalColumns"),
            plain("physicalBaseRowNumber"),
            plain("physicalBaseColumnNumber"),
            plain("characterSet"),
            plain("contentsOfDisplay"),
        ],
    },
    Shape {
        root: "HookswitchEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("device", Part::Copy(PARTY)),
            plain("hookswitch"),
            plain("hookswitchOnHook"),
        ],
    },
    Shape {
        root: "LampModeEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("device", Part::Copy(PARTY)),
            plain("lamp"),
            plain("lampLabel"),
            plain("lampMode"),
            plain("lampBrightness"),
            plain("lampColor"),
        ],
    },
    Shape {
        root: "MessageWaitingEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("targetDevice", Part::Copy(PARTY)),
            slot("deviceForMessage", Part::Copy(Names::Device)),
            plain("messageWaitingOn"),
        ],
    },
    Shape {
        root: "MicrophoneGainEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("invokingDevice", Part::Copy(PARTY)),
            plain("auditoryApparatus"),
            plain("microphoneGain"),
        ],
    },
    Shape {
        root: "MicrophoneMuteEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("invokingDevice", Part::Copy(PARTY)),
            plain("auditoryApparatus"),
            plain("microphoneMuteOn"),
        ],
    },
    Shape {
        root: "RingerStatusEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("device", Part::Copy(PARTY)),
            plain("ringer"),
            plain("ringMode"),
            plain("ringCount"),
            plain("ringDuration").since(6),
            plain("ringPattern"),
            plain("ringVolume"),
        ],
    },
    Shape {
        root: "SpeakerMuteEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("invokingDevice", Part::Copy(PARTY)),
            plain("auditoryApparatus"),
            plain("speakerMuteOn"),
        ],
    },
    Shape {
        root: "SpeakerVolumeEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("invokingDevice", Part::Copy(PARTY)),
            plain("auditoryApparatus"),
            plain("speakerVolume"),
        ],
    },
    Shape {
        root: "AgentBusyEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("agentDevice", Part::Copy(PARTY)),
            plain("agentID"),
            slot("acdGroup", Part::Copy(Names::Device)),
            plain("pendingAgentState"),
            plain("cause"),
        ],
    },
    Shape {
        root: "AgentLoggedOffEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("agentDevice", Part::Copy(PARTY)),
            plain("agentID"),
            slot("acdGroup", Part::Copy(Names::Device)),
            plain("agentPassword"),
            plain("cause"),
        ],
    },
    Shape {
        root: "AgentLoggedOnEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("agentDevice", Part::Copy(PARTY)),
            plain("agentID"),
            slot("acdGroup", Part::Copy(Names::Device)),
            plain("agentPassword"),
            plain("cause"),
        ],
    },
    Shape {
        root: "AgentNotReadyEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("agentDevice", Part::Copy(PARTY)),
            plain("agentID"),
            slot("acdGroup", Part::Copy(Names::Device)),
            plain("cause"),
        ],
    },
    Shape {
        root: "AgentReadyEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("agentDevice", Part::Copy(PARTY)),
            plain("agentID"),
            slot("acdGroup", Part::Copy(Names::Device)),
            plain("cause"),
        ],
    },
    Shape {
        root: "AgentWorkingAfterCallEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("agentDevice", Part::Copy(PARTY)),
            plain("agentID"),
            slot("acdGroup", Part::Copy(Names::Device)),
            plain("pendingAgentState"),
            plain("cause"),
        ],
    },
    Shape {
        root: "AutoAnswerEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("invokingDevice", Part::Copy(PARTY)),
            plain("autoAnswerOn"),
            plain("numberOfRings"),
        ],
    },
    Shape {
        root: "AutoWorkModeEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("invokingDevice", Part::Copy(PARTY)),
            plain("autoWorkOn"),
            plain("autoWorkInterval"),
        ],
    },
    Shape {
        root: "CallBackEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("originatingDevice", Part::Copy(PARTY)),
            slot("targetDevice", Part::Copy(PARTY)),
            plain("callBackSetCanceled"),
        ],
    },
    Shape {
        root: "CallBackMessageEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("originatingDevice", Part::Copy(PARTY)),
            slot("targetDevice", Part::Copy(PARTY)),
            plain("callBackMsgSetCanceled"),
        ],
    },
    Shape {
        root: "CallerIDStatusEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("device", Part::Copy(Names::Device)),
            plain("callerIDProvided"),
        ],
    },
    Shape {
        root: "DoNotDisturbEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("device", Part::Copy(PARTY)),
            plain("doNotDisturbOn"),
            plain("callOrigination"),
            slot("callingDeviceList", Part::Copy(CALLING_DEVICES)),
        ],
    },
    Shape {
        root: "ForwardingEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("device", Part::Copy(PARTY)),
            plain("forwardingType"),
            plain("forwardStatus"),
            slot("forwardTo", Part::Copy(Names::Device)),
            plain("forwardDefault"),
            plain("ringCount"),
            plain("ringDuration").since(6),
        ],
    },
    Shape {
        root: "RouteingEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("device", Part::Copy(PARTY)),
            plain("routeingMode"),
        ],
    },
    Shape {
        root: "BackInServiceEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("device", Part::Copy(PARTY)),
            plain("cause"),
        ],
    },
    Shape {
        root: "DeviceCapsChangedEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("device", Part::Copy(PARTY)),
            plain("cause"),
        ],
    },
    Shape {
        root: "OutOfServiceEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("device", Part::Copy(PARTY)),
            plain("cause"),
        ],
    },
    Shape {
        root: "PartiallyInServiceEvent",
        kind: None,
        slots: &[
            slot("monitorCrossRefID", Part::CrossReference),
            slot("device", Part::Copy(PARTY)),
            plain("cause"),
        ],
    },
    Shape {
        root: "PrivateEvent",
        kind: None,
        slots: &[slot("monitorCrossRefID", Part::CrossReference), plain("security"), plain("privateData")],
    },
];
