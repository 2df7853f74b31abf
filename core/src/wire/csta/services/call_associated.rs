//! Call associated services (ECMA-269 clause 18.1).

use super::super::member::{DIGIT_MODE, copied, count, number, own, text, word, word_of};
use super::{Served, Service};

/// In the schema's order.
pub(super) const CALL_ASSOCIATED: &[Service] = &[
    relay!(
        "AssociateData",
        "callAssociatedServList",
        "associateData",
        &[
            own("existingCall"),
            copied("accountCode"),
            copied("authCode"),
            copied("correlatorData"),
            copied("callQualifyingData"),
            copied("callCharacteristics"),
            text("subjectOfCall"),
            text("languagePreferences"),
            number("deviceInfo").optional().since(6)
        ],
        &[]
    ),
    relay!(
        "CancelTelephonyTones",
        "callAssociatedServList",
        "cancelTelephonyTones",
        &[own("connectionToStopTone")],
        &[]
    ),
    relay!(
        "ChangeConnectionInformation",
        "callAssociatedServList",
        "changeConnectionInformation",
        &[own("connectionToBeChanged"), copied("requestedConnectionInfo").required()],
        &[copied("actualConnectionInfo")]
    ),
    relay!(
        "GenerateDigits",
        "callAssociatedServList",
        "generateDigits",
        &[
            own("connectionToSendDigits"),
            word_of("digitMode", DIGIT_MODE),
            text("charactersToSend").required(),
            count("toneDuration"),
            count("pulseRate"),
            count("pauseDuration")
        ],
        &[]
    ),
    relay!(
        "GenerateTelephonyTones",
        "callAssociatedServList",
        "generateTelephonyTones",
        &[own("connectionToSendTone"), word("toneToSend").required(), count("toneDuration")],
        &[]
    ),
    relay!(
        "SendUserInformation",
        "callAssociatedServList",
        "sendUserInformation",
        &[own("existingCall"), copied("userData").required()],
        &[]
    ),
];
