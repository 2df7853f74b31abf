//! The roots' names of typed messages.

use super::model::{Event, Message, Request, Response};

impl<'a> Request<'a> {
    /// The root's name: `MakeCall`.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        match self {
            Self::RequestSystemStatus { .. } => "RequestSystemStatus",
            Self::SystemStatus { .. } => "SystemStatus",
            Self::SystemRegister { .. } => "SystemRegister",
            Self::SystemRegisterCancel { .. } => "SystemRegisterCancel",
            Self::SystemRegisterAbort { .. } => "SystemRegisterAbort",
            Self::GetCstaFeatures => "GetCSTAFeatures",
            Self::MonitorStart { .. } => "MonitorStart",
            Self::MonitorStop { .. } => "MonitorStop",
            Self::SnapshotDevice { .. } => "SnapshotDevice",
            Self::MakeCall { .. } => "MakeCall",
            Self::AnswerCall { .. } => "AnswerCall",
            Self::ClearConnection { .. } => "ClearConnection",
            Self::HoldCall { .. } => "HoldCall",
            Self::RetrieveCall { .. } => "RetrieveCall",
            Self::StartApplicationSession { .. } => "StartApplicationSession",
            Self::ResetApplicationSessionTimer { .. } => "ResetApplicationSessionTimer",
            Self::StopApplicationSession { .. } => "StopApplicationSession",
            Self::ApplicationSessionTerminated { .. } => "ApplicationSessionTerminated",
            Self::Other { name } => name,
        }
    }

    /// Whether it is ECMA-354's, in a namespace of its own, and not CSTA's.
    #[must_use]
    pub const fn is_application_session(&self) -> bool {
        matches!(
            self,
            Self::StartApplicationSession { .. }
                | Self::ResetApplicationSessionTimer { .. }
                | Self::StopApplicationSession { .. }
                | Self::ApplicationSessionTerminated { .. }
        )
    }
}

impl<'a> Response<'a> {
    /// The root's name: `MakeCallResponse`.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        match self {
            Self::RequestSystemStatus { .. } => "RequestSystemStatusResponse",
            Self::SystemStatus => "SystemStatusResponse",
            Self::SystemRegister { .. } => "SystemRegisterResponse",
            Self::SystemRegisterCancel => "SystemRegisterCancelResponse",
            Self::GetCstaFeatures(_) => "GetCSTAFeaturesResponse",
            Self::MonitorStart { .. } => "MonitorStartResponse",
            Self::MonitorStop => "MonitorStopResponse",
            Self::SnapshotDevice(_) => "SnapshotDeviceResponse",
            Self::MakeCall { .. } => "MakeCallResponse",
            Self::AnswerCall => "AnswerCallResponse",
            Self::ClearConnection => "ClearConnectionResponse",
            Self::HoldCall => "HoldCallResponse",
            Self::RetrieveCall => "RetrieveCallResponse",
            Self::StartApplicationSession { .. } => "StartApplicationSessionPosResponse",
            Self::StartApplicationSessionRefused { .. } => "StartApplicationSessionNegResponse",
            Self::ResetApplicationSessionTimer { .. } => "ResetApplicationSessionTimerPosResponse",
            Self::ResetApplicationSessionTimerRefused { .. } => "ResetApplicationSessionTimerNegResponse",
            Self::StopApplicationSession => "StopApplicationSessionPosResponse",
            Self::Error(_) => "CSTAErrorCode",
            Self::Other { name } => name,
        }
    }

    /// Whether it is ECMA-354's, in a namespace of its own, and not CSTA's.
    #[must_use]
    pub const fn is_application_session(&self) -> bool {
        matches!(
            self,
            Self::StartApplicationSession { .. }
                | Self::StartApplicationSessionRefused { .. }
                | Self::ResetApplicationSessionTimer { .. }
                | Self::ResetApplicationSessionTimerRefused { .. }
                | Self::StopApplicationSession
        )
    }
}

impl<'a> Event<'a> {
    /// The root's name: `DeliveredEvent`.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        match self {
            Self::Call(event) => event.kind.word(),
            Self::Other { name, .. } => name,
        }
    }

    /// `monitorCrossRefID`.
    #[must_use]
    pub const fn cross_reference(&self) -> &'a str {
        match self {
            Self::Call(event) => event.cross_reference,
            Self::Other { cross_reference, .. } => cross_reference,
        }
    }
}

impl<'a> Message<'a> {
    /// The root's name.
    #[must_use]
    pub const fn name(&self) -> &'a str {
        match self {
            Self::Request(request) => request.name(),
            Self::Response(response) => response.name(),
            Self::Event(event) => event.name(),
        }
    }
}
