//! Logical device feature services (ECMA-269 clause 22.1).

use super::super::errors::CstaError;
use super::super::member::{
    AGENT_STATE, FORWARDING_TYPE, Names, copied, count, dialled, dialled_if, line, number, text, truth,
    within, word, word_of,
};
use super::{Served, Service};

/// In the schema's order.
pub(super) const LOGICAL: &[Service] = &[
    relay!(
        "CallBackNonCallRelated",
        "logicalServList",
        "callBackNonCallRel",
        &[line("originatingDevice"), dialled("targetDevice", CstaError::INVALID_CALLED_DEVICE_ID)],
        &[]
    ),
    relay!(
        "CallBackMessageNonCallRelated",
        "logicalServList",
        "callBackMsgNonCallRel",
        &[line("originatingDevice"), dialled("targetDevice", CstaError::INVALID_CALLED_DEVICE_ID)],
        &[]
    ),
    relay!(
        "CancelCallBack",
        "logicalServList",
        "cancelCallBack",
        &[line("originatingDevice"), dialled("targetDevice", CstaError::INVALID_CALLED_DEVICE_ID)],
        &[]
    ),
    relay!(
        "CancelCallBackMessage",
        "logicalServList",
        "cancelCallBackMsg",
        &[line("originatingDevice"), dialled("targetDevice", CstaError::INVALID_CALLED_DEVICE_ID)],
        &[]
    ),
    relay!(
        "GetAgentState",
        "logicalServList",
        "getAgentState",
        &[line("device"), number("acdGroup").optional()],
        &[within("agentStateList", Names::Within { devices: &["acdGroup"], connections: &[] })]
    ),
    relay!(
        "GetAutoAnswer",
        "logicalServList",
        "getAutoAnswer",
        &[line("device")],
        &[truth("autoAnswerOn"), count("numberOfRings")]
    ),
    relay!(
        "GetAutoWorkMode",
        "logicalServList",
        "getAutoWorkMode",
        &[line("device")],
        &[truth("autoWorkOn"), count("autoWorkInterval")]
    ),
    relay!(
        "GetCallBack",
        "logicalServList",
        "getCallBack",
        &[line("device")],
        &[within(
            "callBackList",
            Names::Within { devices: &["originatingDevice", "targetDevice"], connections: &[] }
        )]
    )
    .since(6),
    relay!(
        "GetCallerIDStatus",
        "logicalServList",
        "getCallerIDStatus",
        &[line("device")],
        &[truth("callerIDProvided")]
    ),
    relay!(
        "GetDoNotDisturb",
        "logicalServList",
        "getDoNotDisturb",
        &[line("device")],
        &[
            truth("doNotDisturbOn"),
            copied("callOrigination"),
            within("callingDeviceList", Names::Within { devices: &["callingDevice"], connections: &[] })
        ]
    ),
    relay!(
        "GetForwarding",
        "logicalServList",
        "getForwarding",
        &[line("device")],
        &[within("forwardingList", Names::Within { devices: &["forwardDN"], connections: &[] })]
    ),
    relay!(
        "GetLastNumberDialed",
        "logicalServList",
        "getLastNumberDialed",
        &[line("device")],
        &[within("numberDialed", Names::Device)]
    ),
    relay!(
        "GetRouteingMode",
        "logicalServList",
        "getRouteingMode",
        &[line("device")],
        &[truth("routeingMode")]
    ),
    relay!(
        "SetAgentState",
        "logicalServList",
        "setAgentState",
        &[
            line("device"),
            word_of("requestedAgentState", AGENT_STATE).required(),
            text("agentID"),
            copied("password"),
            number("group").optional()
        ],
        &[word("pendingAgentState")]
    ),
    relay!(
        "SetAutoAnswer",
        "logicalServList",
        "setAutoAnswer",
        &[line("device"), truth("autoAnswerOn").required(), count("numberOfRings")],
        &[]
    ),
    relay!(
        "SetAutoWorkMode",
        "logicalServList",
        "setAutoWorkMode",
        &[line("device"), truth("autoWorkOn").required(), count("autoWorkInterval")],
        &[]
    ),
    relay!(
        "SetCallerIDStatus",
        "logicalServList",
        "setCallerIDStatus",
        &[line("device"), truth("callerIDProvided").required()],
        &[]
    ),
    relay!(
        "SetDoNotDisturb",
        "logicalServList",
        "setDoNotDisturb",
        &[
            line("device"),
            truth("doNotDisturbOn").required(),
            copied("callOrigination"),
            number("callingDeviceList").listed("callingDevice", 2).optional()
        ],
        &[]
    ),
    relay!(
        "SetForwarding",
        "logicalServList",
        "setForwarding",
        &[
            line("device"),
            word_of("forwardingType", FORWARDING_TYPE),
            truth("activateForward").required(),
            dialled_if("forwardDN", "activateForward", CstaError::INVALID_FORWARDING_DESTINATION).optional(),
            count("ringCount"),
            count("ringDuration").since(6)
        ],
        &[]
    ),
    relay!(
        "SetRouteingMode",
        "logicalServList",
        "setRouteingMode",
        &[line("device"), truth("routeingMode").required()],
        &[]
    ),
];
