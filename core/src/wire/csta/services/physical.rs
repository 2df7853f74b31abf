//! Physical device feature services (ECMA-269 clause 21.1).

use super::super::errors::CstaError;
use super::super::member::{
    LAMP_BRIGHTNESS, Names, RING_MODE, copied, count, dialled, line, number, text, truth, within, word_of,
};
use super::{Served, Service};

/// In the schema's order.
pub(super) const PHYSICAL: &[Service] = &[
    relay!(
        "ButtonPress",
        "physDevServList",
        "buttonPress",
        &[line("device"), text("button").required()],
        &[]
    ),
    relay!(
        "GetAuditoryApparatusInformation",
        "physDevServList",
        "getAuditoryApparatusInfo",
        &[line("device"), text("auditorityApparatus")],
        &[copied("auditoryApparatusList")]
    ),
    relay!(
        "GetButtonInformation",
        "physDevServList",
        "getButtonInformation",
        &[line("device"), text("button")],
        &[within("buttonList", Names::Within { devices: &["buttonAssociatedNumber"], connections: &[] })]
    ),
    relay!(
        "GetDisplay",
        "physDevServList",
        "getDisplay",
        &[line("device"), text("display")],
        &[copied("displayList")]
    ),
    relay!(
        "GetHookswitchStatus",
        "physDevServList",
        "getHookSwitchStatus",
        &[line("device"), text("hookswitch")],
        &[copied("hookswitchStatusList")]
    ),
    relay!(
        "GetLampInformation",
        "physDevServList",
        "getLampInfo",
        &[line("device"), text("lamp")],
        &[copied("lampList")]
    ),
    relay!(
        "GetLampMode",
        "physDevServList",
        "getLampMode",
        &[line("device"), text("lamp")],
        &[copied("lampModeList"), text("lamp")]
    ),
    relay!(
        "GetMessageWaitingIndicator",
        "physDevServList",
        "getMessageWaitingIndicator",
        &[line("device")],
        &[truth("messageWaitingOn"), within("deviceForMessage", Names::Device), truth("lampIsPresent")]
    ),
    relay!(
        "GetMicrophoneGain",
        "physDevServList",
        "getMicrophoneGain",
        &[line("device"), text("auditoryApparatus")],
        &[copied("microphoneGainList")]
    ),
    relay!(
        "GetMicrophoneMute",
        "physDevServList",
        "getMicrophoneMute",
        &[line("device"), text("auditoryApparatus")],
        &[copied("microphoneMuteList")]
    ),
    relay!(
        "GetRingerStatus",
        "physDevServList",
        "getRingerStatus",
        &[line("device"), text("ringer")],
        &[copied("ringerStatusList")]
    ),
    relay!(
        "GetSpeakerMute",
        "physDevServList",
        "getSpeakerMute",
        &[line("device"), text("auditoryApparatus")],
        &[copied("speakerMuteList")]
    ),
    relay!(
        "GetSpeakerVolume",
        "physDevServList",
        "getSpeakerVolume",
        &[line("device"), text("auditoryApparatus")],
        &[copied("speakerVolumeList")]
    ),
    relay!(
        "SetButtonInformation",
        "physDevServList",
        "setButtonInformation",
        &[
            line("device"),
            text("button").required(),
            text("buttonLabel"),
            dialled("buttonAssociatedNumber", CstaError::INVALID_DESTINATION_DEVICE_ID).optional()
        ],
        &[]
    ),
    relay!(
        "SetDisplay",
        "physDevServList",
        "setDisplay",
        &[
            line("device"),
            text("display"),
            count("physicalBaseRowNumber"),
            count("physicalBaseColumnNumber"),
            text("contentsOfDisplay").required(),
            count("offset"),
            copied("characterSet").since(6)
        ],
        &[]
    ),
    relay!(
        "SetHookswitchStatus",
        "physDevServList",
        "setHookSwitchStatus",
        &[line("device"), text("hookswitch").required(), truth("hookswitchOnhook").required()],
        &[]
    ),
    relay!(
        "SetLampMode",
        "physDevServList",
        "setLampMode",
        &[
            line("device"),
            text("lamp").required(),
            count("lampMode").required().spelt_until(5, "LampMode"),
            word_of("lampBrightness", LAMP_BRIGHTNESS),
            count("lampColor")
        ],
        &[]
    ),
    relay!(
        "SetMessageWaitingIndicator",
        "physDevServList",
        "setMessageWaitingIndicator",
        &[line("device"), truth("messageWaitingOn").required(), number("deviceForMessage").optional()],
        &[]
    ),
    relay!(
        "SetMicrophoneGain",
        "physDevServList",
        "setMicrophoneGain",
        &[line("device"), text("auditoryApparatus").required(), copied("microphoneGain").required()],
        &[]
    ),
    relay!(
        "SetMicrophoneMute",
        "physDevServList",
        "setMicrophoneMute",
        &[line("device"), text("auditoryApparatus").required(), truth("microphoneMuteOn").required()],
        &[]
    ),
    relay!(
        "SetRingerStatus",
        "physDevServList",
        "setRingerStatus",
        &[
            line("device"),
            text("ringer").required(),
            word_of("ringMode", RING_MODE),
            count("ringPattern"),
            copied("ringVolume")
        ],
        &[]
    ),
    relay!(
        "SetSpeakerMute",
        "physDevServList",
        "setSpeakerMute",
        &[line("device"), text("auditoryApparatus").required(), truth("speakerMuteOn").required()],
        &[]
    ),
    relay!(
        "SetSpeakerVolume",
        "physDevServList",
        "setSpeakerVolume",
        &[line("device"), text("auditoryApparatus").required(), copied("speakerVolume").required()],
        &[]
    ),
];
