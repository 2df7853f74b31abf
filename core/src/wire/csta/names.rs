//! The names of the roots of typed messages.

use super::model::{Event, Message, Request, Response};
use super::relayed::Relayed;

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
            Self::ChangeMonitorFilter { .. } => "ChangeMonitorFilter",
            Self::SnapshotDevice { .. } => "SnapshotDevice",
            Self::Relayed(relayed) => relayed.service.root,
            Self::SnapshotData(data) => data.service.data_root,
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
            Self::ChangeMonitorFilter { .. } => "ChangeMonitorFilterResponse",
            Self::SnapshotDevice { .. } => "SnapshotDeviceResponse",
            Self::DataFollow { service, .. } | Self::Relayed(Relayed { service, .. }) => {
                service.response_root
            }
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
            Self::Other { shape, .. } => shape.root,
            Self::Unknown { name } => name,
        }
    }

    /// `monitorCrossRefID`.
    #[must_use]
    pub const fn cross_reference(&self) -> &'a str {
        match self {
            Self::Call(event) => event.cross_reference,
            Self::Other { cross_reference, .. } => cross_reference,
            Self::Unknown { .. } => "",
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
