//! The services that a phone may ask for in a call, by the state of its connection (ECMA-269, `servicesPermitted`).

use ctigate_core::wire::csta::model::LocalConnectionState as State;
use ctigate_core::wire::csta::relayed::Value;

use super::phones::Participation;

const YES: Value<'static> = Value::Text("true");

/// All five groups, which the schema requires; call control, and digits, in the schema's order of members.
macro_rules! groups {
    ([$($control:literal),*], [$($associated:literal),*]) => {
        Value::Elements(&[
            ("callControlServices", Value::Elements(&[$(($control, YES)),*])),
            ("callAssociatedServices", Value::Elements(&[$(($associated, YES)),*])),
            ("mediaAttachementServices", Value::Elements(&[])),
            ("routeingServices", Value::Elements(&[])),
            ("voiceServices", Value::Elements(&[])),
        ])
    };
}

/// What is permitted in this state to a party that takes part so.
pub(super) const fn by(state: State, participation: Participation) -> Value<'static> {
    match (state, participation) {
        (State::Connected, Participation::Silent | Participation::None) => {
            groups!(["clearCall", "clearConnection", "consultationCall", "holdCall"], ["associateData"])
        }
        (State::Hold, Participation::Silent | Participation::None) => {
            groups!(["alternateCall", "clearConnection", "reconnectCall", "retrieveCall"], ["associateData"])
        }
        _ => to_talkers(state),
    }
}

/// What is permitted in this state to a party that is heard.
const fn to_talkers(state: State) -> Value<'static> {
    match state {
        State::Null => groups!([], []),
        State::Initiated => groups!(["answerCall", "clearConnection", "dialDigits"], ["associateData"]),
        State::Alerting => groups!(["answerCall", "clearConnection", "deflectCall"], ["associateData"]),
        State::Connected => groups!(
            [
                "clearCall",
                "clearConnection",
                "consultationCall",
                "holdCall",
                "parkCall",
                "singleStepConference",
                "singleStepTransfer"
            ],
            ["associateData", "generateDigits"]
        ),
        State::Hold => groups!(
            [
                "alternateCall",
                "clearConnection",
                "conferenceCall",
                "parkCall",
                "reconnectCall",
                "retrieveCall",
                "transferCall"
            ],
            ["associateData"]
        ),
        State::Queued => groups!(["clearConnection"], ["associateData"]),
        State::Fail => {
            groups!(["callBack", "campOnCall", "clearConnection", "intrudeCall"], ["associateData"])
        }
    }
}
