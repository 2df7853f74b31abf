//! Call control services (ECMA-269 clause 17.1).

use super::super::errors::CstaError;
use super::super::member::{
    AUTO_ORIGINATE, CONNECTION_LIST, CONSULT_OPTIONS, Names, PARTICIPATION, active, announced, announced_own,
    calling, copied, count, dialled, foreign, held, line, number, own, own_call, text, truth, withheld,
    within, word, word_of,
};
use super::{Served, Service};

/// In the schema's order.
pub(super) const CALL_CONTROL: &[Service] = &[
    relay!(
        "AcceptCall",
        "callControlServList",
        "acceptCall",
        &[own("callToBeAccepted"), copied("correlatorData"), copied("userData")],
        &[]
    ),
    relay!(
        "AlternateCall",
        "callControlServList",
        "alternateCall",
        &[
            held("heldCall"),
            active("activeCall"),
            truth("connectionReservation"),
            word_of("consultOptions", CONSULT_OPTIONS)
        ],
        &[]
    ),
    relay!(
        "AnswerCall",
        "callControlServList",
        "answerCall",
        &[own("callToBeAnswered"), copied("correlatorData"), copied("userData")],
        &[]
    ),
    relay!(
        "CallBack",
        "callControlServList",
        "callBack",
        &[
            own("callbackConnection"),
            copied("callCharacteristics"),
            text("subjectOfCall"),
            text("languagePreferences")
        ],
        &[within("targetDevice", Names::Device)]
    ),
    relay!(
        "CallBackMessage",
        "callControlServList",
        "callBackMessage",
        &[own("callbackMessageConnection")],
        &[within("targetDevice", Names::Device)]
    ),
    relay!("CamponCall", "callControlServList", "campOnCall", &[own("camponConnection")], &[]),
    relay!(
        "ClearCall",
        "callControlServList",
        "clearCall",
        &[own_call("callToBeCleared"), copied("userData"), word("reason").since(6)],
        &[]
    ),
    relay!(
        "ClearConnection",
        "callControlServList",
        "clearConnection",
        &[own("connectionToBeCleared"), copied("correlatorData"), copied("userData"), word("reason")],
        &[]
    ),
    relay!(
        "ConferenceCall",
        "callControlServList",
        "conferenceCall",
        &[held("heldCall"), active("activeCall")],
        &[
            announced("conferenceCall"),
            within("connections", CONNECTION_LIST),
            copied("conferenceCallInfo"),
            copied("callLinkageDataList").since(6)
        ]
    ),
    relay!(
        "ConsultationCall",
        "callControlServList",
        "consultationCall",
        &[
            own("existingCall"),
            dialled("consultedDevice", CstaError::INVALID_CALLED_DEVICE_ID),
            truth("connectionReservation"),
            copied("accountCode"),
            copied("authCode"),
            copied("correlatorData"),
            copied("userData"),
            copied("callCharacteristics"),
            copied("mediaCallCharacteristics"),
            copied("callingConnectionInfo"),
            word_of("consultOptions", CONSULT_OPTIONS),
            text("subjectOfCall"),
            text("languagePreferences")
        ],
        &[
            announced_own("initiatedCall"),
            copied("mediaCallCharacteristics"),
            copied("initiatedCallInfo"),
            copied("callLinkageData").since(6)
        ]
    ),
    relay!(
        "DeflectCall",
        "callControlServList",
        "deflectCall",
        &[
            own("callToBeDiverted"),
            dialled("newDestination", CstaError::INVALID_DESTINATION_DEVICE_ID).listed("device", 6),
            withheld("addNewDestinationsList"),
            copied("correlatorData"),
            copied("userData"),
            copied("callCharacteristics").since(6),
            text("subjectOfCall"),
            text("languagePreferences"),
            word("reason")
        ],
        &[]
    ),
    relay!(
        "DialDigits",
        "callControlServList",
        "dialDigits",
        &[
            own("diallingConnection"),
            dialled("diallingSequence", CstaError::INVALID_CALLED_DEVICE_ID).in_part(),
            copied("correlatorData")
        ],
        &[]
    ),
    relay!(
        "DirectedPickupCall",
        "callControlServList",
        "directedPickupCall",
        &[
            foreign("callToBePickedUp"),
            line("requestingDevice"),
            copied("correlatorData"),
            copied("userData")
        ],
        &[
            announced_own("pickedCall").optional(),
            copied("pickedCallInfo"),
            copied("callLinkageData").since(6)
        ]
    ),
    relay!(
        "GroupPickupCall",
        "callControlServList",
        "groupPickupCall",
        &[
            line("newDestination"),
            number("pickGroup").optional(),
            copied("correlatorData"),
            copied("userData")
        ],
        &[
            announced_own("pickedCall").optional(),
            copied("pickedCallInfo"),
            copied("callLinkageData").since(6)
        ]
    ),
    relay!(
        "HoldCall",
        "callControlServList",
        "holdCall",
        &[own("callToBeHeld"), truth("connectionReservation")],
        &[]
    ),
    relay!(
        "IntrudeCall",
        "callControlServList",
        "intrudeCall",
        &[own("intrude"), word_of("participationType", PARTICIPATION), copied("userData")],
        &[
            announced("conferencedCall").optional(),
            copied("conferencedCallInfo"),
            copied("callLinkageDataList").since(6)
        ]
    ),
    relay!(
        "JoinCall",
        "callControlServList",
        "joinCall",
        &[
            foreign("activeCall"),
            line("joiningDevice"),
            word_of("autoOriginate", AUTO_ORIGINATE),
            word_of("participationType", PARTICIPATION),
            copied("accountCode"),
            copied("authCode"),
            copied("correlatorData"),
            copied("userData")
        ],
        &[
            announced("conferencedCall"),
            copied("conferencedCallInfo"),
            copied("callLinkageDataList").since(6)
        ]
    ),
    relay!(
        "MakeCall",
        "callControlServList",
        "makeCall",
        &[
            calling("callingDevice"),
            dialled("calledDirectoryNumber", CstaError::INVALID_CALLED_DEVICE_ID).in_part(),
            copied("accountCode"),
            copied("authCode"),
            word_of("autoOriginate", AUTO_ORIGINATE),
            copied("correlatorData"),
            copied("userData"),
            copied("callCharacteristics"),
            copied("mediaCallCharacteristics"),
            copied("callingConnectionInfo"),
            text("subjectOfCall"),
            text("languagePreferences"),
            word("reason").since(6)
        ],
        &[
            announced_own("callingDevice"),
            copied("mediaCallCharacteristics"),
            copied("initiatedCallInfo"),
            copied("callLinkageData").since(6)
        ]
    ),
    relay!(
        "MakeConnection",
        "callControlServList",
        "makeConnection",
        &[
            line("initiatingDevice"),
            copied("accountCode"),
            copied("authCode"),
            word_of("autoOriginate", AUTO_ORIGINATE),
            copied("correlatorData"),
            copied("callCharacteristics"),
            copied("mediaCallCharacteristics"),
            copied("connectionInfo"),
            text("subjectOfCall"),
            text("languagePreferences"),
            word("reason"),
            count("maxDevices"),
            text("startTime"),
            count("duration")
        ],
        &[
            announced_own("initiatingDevice"),
            copied("mediaCallCharacteristics"),
            copied("initiatedCallInfo"),
            copied("callLinkageData")
        ]
    )
    .since(6),
    relay!(
        "MakePredictiveCall",
        "callControlServList",
        "makePredictiveCall",
        &[
            calling("callingDevice"),
            dialled("calledDirectoryNumber", CstaError::INVALID_CALLED_DEVICE_ID),
            copied("signallingDetection"),
            copied("destinationDetection"),
            word("defaultAction"),
            copied("accountCode"),
            copied("authCode"),
            word_of("autoOriginate", AUTO_ORIGINATE),
            count("alertTime"),
            copied("correlatorData"),
            copied("callCharacteristics"),
            copied("userData"),
            text("subjectOfCall"),
            text("languagePreferences")
        ],
        &[announced("initiatedCall"), copied("initiatedCallInfo"), copied("callLinkageData").since(6)]
    ),
    relay!(
        "ParkCall",
        "callControlServList",
        "parkCall",
        &[
            own("parking"),
            dialled("parkTo", CstaError::INVALID_PARK_TO_DEVICE_ID),
            copied("correlatorData"),
            text("subjectOfCall"),
            text("languagePreferences")
        ],
        &[announced("parkedTo").optional(), copied("callLinkageData").since(6)]
    ),
    relay!(
        "ReconnectCall",
        "callControlServList",
        "reconnectCall",
        &[active("activeCall"), held("heldCall")],
        &[]
    ),
    relay!("RetrieveCall", "callControlServList", "retrieveCall", &[own("callToBeRetrieved")], &[]),
    relay!(
        "SendMessage",
        "callControlServList",
        "sendMessage",
        &[
            calling("callingDevice"),
            dialled("destinationDevices", CstaError::INVALID_DESTINATION_DEVICE_ID).listed("device", 2),
            copied("messageInfo").required(),
            copied("accountCode"),
            copied("authCode"),
            copied("correlatorData"),
            copied("callCharacteristics"),
            copied("mediaCallCharacteristics"),
            text("subjectOfCall"),
            text("languagePreferences")
        ],
        &[
            within("connectionList", Names::Within { devices: &[], connections: &["connection"] }),
            copied("mediaCallCharacteristics"),
            copied("listOfCallLinkageData").since(6)
        ]
    ),
    relay!(
        "SingleStepConferenceCall",
        "callControlServList",
        "singleStepConference",
        &[
            own("activeCall"),
            dialled("deviceToJoin", CstaError::INVALID_DESTINATION_DEVICE_ID),
            word_of("participationType", PARTICIPATION),
            copied("accountCode"),
            copied("authCode"),
            copied("correlatorData"),
            copied("userData"),
            text("subjectOfCall"),
            text("languagePreferences")
        ],
        &[
            announced("conferencedCall"),
            copied("conferencedCallInfo"),
            copied("callLinkageDataList").since(6)
        ]
    ),
    relay!(
        "SingleStepTransferCall",
        "callControlServList",
        "singleStepTransfer",
        &[
            own("activeCall"),
            dialled("transferredTo", CstaError::INVALID_DESTINATION_DEVICE_ID),
            copied("accountCode"),
            copied("authCode"),
            copied("correlatorData"),
            copied("userData"),
            copied("callCharacteristics").since(6),
            text("subjectOfCall"),
            text("languagePreferences"),
            word("reason")
        ],
        &[
            announced("transferredCall"),
            within("connections", CONNECTION_LIST),
            copied("transferredCallInfo"),
            copied("callLinkageDataList").since(6)
        ]
    ),
    relay!(
        "TransferCall",
        "callControlServList",
        "transferCall",
        &[held("heldCall"), active("activeCall")],
        &[
            announced("transferredCall"),
            within("connections", CONNECTION_LIST),
            copied("transferredCallInfo"),
            copied("callLinkageDataList").since(6)
        ]
    ),
];
