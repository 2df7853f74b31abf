//! The typed messages of ECMA-323 that remote call control uses. They borrow from the document they were read from.

use super::errors::CstaError;
use super::relayed::Relayed;
use super::services::Service;

mod event;

pub use event::{CallEvent, CallEventKind, Event, ListItem};

/// Declares an enum whose values are words of the schema, with conversions in both directions.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $value:ident = $word:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $value,)+ }

        impl $name {
            /// All values, in the schema's order.
            pub const ALL: &'static [Self] = &[$(Self::$value,)+];

            /// The value as the schema spells it.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(Self::$value => $word,)+ }
            }

            /// The value spelt `word`, if there is one.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                match word { $($word => Some(Self::$value),)+ _ => None }
            }
        }
    };
}
pub(crate) use words;

/// The namespace that a peer uses and is answered in (client quirk 9): an edition, and one of two ways to name it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// `http://www.ecma-international.org/standards/ecma-323/csta/edN`, N from 2 to 6.
    International(u8),
    /// `http://www.ecma.ch/standards/ecma-323/csta/edN`, N from 2 to 6.
    Ch(u8),
}

/// ECMA-354's namespace: application sessions over a CTI link.
pub const APPLICATION_SESSION: &str = "http://www.ecma-international.org/standards/ecma-354/appl_session";

/// Avaya's namespace: its logins, private data and services of its own.
pub const AVAYA: &str = "http://www.avaya.com/csta";

impl Default for Namespace {
    fn default() -> Self {
        Self::ED3
    }
}

impl Namespace {
    /// Edition 3, which this project speaks by default.
    pub const ED3: Self = Self::International(3);
}

words! {
    /// ECMA-269's system status values.
    pub enum SystemStatus {
        /// Cannot answer requests.
        Disabled = "disabled",
        /// Some devices are out of reach.
        PartiallyDisabled = "partiallyDisabled",
        /// Running again; everything from before is invalid.
        Enabled = "enabled",
        /// Cannot answer yet.
        Initializing = "initializing",
        /// Events may be missing.
        MessagesLost = "messagesLost",
        /// Normal operation.
        Normal = "normal",
        /// The receiver should shed load.
        OverloadImminent = "overloadImminent",
        /// The sender may refuse requests now.
        OverloadReached = "overloadReached",
        /// The overload is over.
        OverloadRelieved = "overloadRelieved",
    }
}

words! {
    /// The state of one connection.
    pub enum LocalConnectionState {
        /// No relation between call and device.
        Null = "null",
        /// Off hook, or prompting.
        Initiated = "initiated",
        /// Ringing or offered.
        Alerting = "alerting",
        /// Talking.
        Connected = "connected",
        /// On hold.
        Hold = "hold",
        /// Queued, parked, camped on.
        Queued = "queued",
        /// Call progression failed.
        Fail = "fail",
    }
}

words! {
    /// What a monitor follows.
    pub enum MonitorType {
        /// Calls, wherever they go.
        Call = "call",
        /// The calls at one device.
        Device = "device",
    }
}

/// What a registration for system services asks for (SystemRegister's `requestTypes`; true means register).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "the schema's own shape")]
pub struct RequestTypes {
    /// SystemStatus.
    pub system_status: bool,
    /// RequestSystemStatus.
    pub request_system_status: bool,
    /// `SwitchingFunctionCapsChanged`.
    pub switching_function_caps_changed: bool,
    /// `SwitchingFunctionDevicesChanged`.
    pub switching_function_devices_changed: bool,
}

/// Which status values are filtered out (a set bit: not sent). One bit a value, in [`SystemStatus::ALL`]'s order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StatusFilter(pub u16);

/// Which events a monitor filters out (a set bit: not sent). One bit an event, in [`super::events::FILTER_MEMBERS`]'
/// order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MonitorFilter(pub u64);

/// A `DeviceID`: text, and its type (`typeOfNumber`, absent for the default `dialingNumber`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device<'a> {
    /// The identifier's text, without the white space around it.
    pub id: &'a str,
    /// The attribute `typeOfNumber`, if present; `dynamic` only inside a `ConnectionID`.
    pub type_of_number: Option<&'a str>,
}

/// A `ConnectionID`: one device's part in one call. In requests either half may be missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Connection<'a> {
    /// The call, as the switch named it.
    pub call: Option<&'a str>,
    /// The device.
    pub device: Option<Device<'a>>,
}

/// A subject, calling, called, ... device of an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Party<'a> {
    /// `deviceIdentifier`.
    Device(Device<'a>),
    /// `notKnown`.
    NotKnown,
    /// `restricted`: withheld.
    Restricted,
}

/// `lastRedirectionDevice`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redirection<'a> {
    /// `numberDialed`.
    NumberDialed(Device<'a>),
    /// Redirected by an unknown device.
    NotKnown,
    /// Not redirected, as most calls.
    NotRequired,
    /// The switch cannot tell.
    NotSpecified,
    /// Withheld.
    Restricted,
}

/// What MonitorStart monitors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MonitorObject<'a> {
    /// `deviceObject`.
    Device(Device<'a>),
    /// `callObject`.
    Call(Connection<'a>),
}

/// A service request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Request<'a> {
    /// RequestSystemStatus. `register` is present if the switch asks and registrations are in use.
    RequestSystemStatus {
        /// `sysStatRegisterID`.
        register: Option<&'a str>,
    },
    /// SystemStatus: the sender's state has changed.
    SystemStatus {
        /// `sysStatRegisterID`.
        register: Option<&'a str>,
        /// The state.
        status: SystemStatus,
    },
    /// SystemRegister.
    SystemRegister {
        /// What it registers for.
        types: RequestTypes,
        /// The values that are filtered out.
        filter: Option<StatusFilter>,
    },
    /// `SystemRegisterCancel`.
    SystemRegisterCancel {
        /// `sysStatRegisterID`.
        register: &'a str,
    },
    /// `SystemRegisterAbort` (switch to client).
    SystemRegisterAbort {
        /// `sysStatRegisterID`.
        register: &'a str,
    },
    /// GetCSTAFeatures.
    GetCstaFeatures,
    /// MonitorStart.
    MonitorStart {
        /// What to monitor.
        object: MonitorObject<'a>,
        /// The events that are filtered out; absent: none.
        filter: Option<MonitorFilter>,
        /// What the monitor follows; absent: the switch's default.
        kind: Option<MonitorType>,
    },
    /// MonitorStop.
    MonitorStop {
        /// `monitorCrossRefID`.
        cross_reference: &'a str,
    },
    /// ChangeMonitorFilter.
    ChangeMonitorFilter {
        /// `monitorCrossRefID`.
        cross_reference: &'a str,
        /// The events that are filtered out from now on.
        filter: MonitorFilter,
    },
    /// SnapshotDevice.
    SnapshotDevice {
        /// The device.
        device: Device<'a>,
    },
    /// A request that is read and written by its row.
    Relayed(Relayed<'a>),
    /// `SnapshotDeviceData` or `SnapshotCallData`: what a response announced (switch to client; never answered).
    SnapshotData(SnapshotData<'a>),
    /// `StartApplicationSession` (ECMA-354).
    StartApplicationSession {
        /// `applicationInfo/applicationID`.
        application: &'a str,
        /// The first `requestedProtocolVersions/protocolVersion`.
        protocol_version: &'a str,
        /// `requestedSessionDuration` in seconds, if present.
        duration: Option<u32>,
    },
    /// `ResetApplicationSessionTimer` (ECMA-354): the heartbeat.
    ResetApplicationSessionTimer {
        /// `sessionID`.
        session: &'a str,
        /// `requestedSessionDuration` in seconds, if present.
        duration: Option<u32>,
    },
    /// `StopApplicationSession` (ECMA-354).
    StopApplicationSession {
        /// `sessionID`.
        session: &'a str,
        /// `sessionEndReason/appEndReason`.
        reason: &'a str,
    },
    /// `ApplicationSessionTerminated` (ECMA-354, from the server).
    ApplicationSessionTerminated {
        /// `sessionID`.
        session: &'a str,
        /// `sessionTermReason`: the text of its `definedTermReason` or `appTermReason`; empty if there is none.
        reason: &'a str,
    },
    /// A request that has no row, or that is not served.
    Other {
        /// The root's local name.
        name: &'a str,
    },
}

/// A part of a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SnapshotData<'a> {
    /// The service that was requested.
    pub service: &'static Service,
    /// `serviceCrossRefID`; edition 6's schema has none in `SnapshotCallData`.
    pub cross_reference: Option<&'a str>,
    /// `lastSegment`; a part without it is the last.
    pub is_last: bool,
    /// The element whose children are the items.
    pub items: roxmltree::Node<'a, 'a>,
}

/// A positive or negative response.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Response<'a> {
    /// `RequestSystemStatusResponse`.
    RequestSystemStatus {
        /// The responder's state.
        status: SystemStatus,
    },
    /// `SystemStatusResponse`.
    SystemStatus,
    /// `SystemRegisterResponse`.
    SystemRegister {
        /// `sysStatRegisterID`.
        register: &'a str,
        /// `actualStatusFilter`.
        filter: Option<StatusFilter>,
    },
    /// `SystemRegisterCancelResponse`.
    SystemRegisterCancel,
    /// `GetCSTAFeaturesResponse`: which services and events ([`super::services`]).
    GetCstaFeatures(super::services::Features),
    /// `MonitorStartResponse`.
    MonitorStart {
        /// `monitorCrossRefID`.
        cross_reference: &'a str,
        /// `actualMonitorFilter`.
        filter: Option<MonitorFilter>,
    },
    /// `MonitorStopResponse`.
    MonitorStop,
    /// `SnapshotDeviceResponse` with `snapshotData`.
    SnapshotDevice {
        /// The calls.
        items: alloc::vec::Vec<SnapshotItem<'a>>,
        /// The document's root, which may hold more.
        source: Option<roxmltree::Node<'a, 'a>>,
    },
    /// `SnapshotDeviceResponse` or `SnapshotCallResponse` whose data follow in other messages.
    DataFollow {
        /// The service that was requested.
        service: &'static Service,
        /// `serviceCrossRefID`, which identifies those messages.
        cross_reference: &'a str,
        /// The document's root, which may hold more.
        source: Option<roxmltree::Node<'a, 'a>>,
    },
    /// `ChangeMonitorFilterResponse`.
    ChangeMonitorFilter {
        /// `actualFilterList`.
        filter: Option<MonitorFilter>,
    },
    /// A response that is read and written by its service's row.
    Relayed(Relayed<'a>),
    /// `StartApplicationSessionPosResponse` (ECMA-354).
    StartApplicationSession {
        /// `sessionID`.
        session: &'a str,
        /// `actualProtocolVersion`.
        protocol_version: &'a str,
        /// `actualSessionDuration` in seconds.
        duration: u32,
    },
    /// `StartApplicationSessionNegResponse` (ECMA-354).
    StartApplicationSessionRefused {
        /// `errorCode/definedError` (or the application's own word).
        error: &'a str,
    },
    /// `ResetApplicationSessionTimerPosResponse` (ECMA-354).
    ResetApplicationSessionTimer {
        /// `actualSessionDuration` in seconds.
        duration: Option<u32>,
    },
    /// `ResetApplicationSessionTimerNegResponse` (ECMA-354).
    ResetApplicationSessionTimerRefused {
        /// `errorCode/definedError` (or the application's own word).
        error: &'a str,
    },
    /// `StopApplicationSessionPosResponse` (ECMA-354).
    StopApplicationSession,
    /// CSTAErrorCode.
    Error(CstaError),
    /// A positive response that is not modelled.
    Other {
        /// The root's local name.
        name: &'a str,
    },
}

/// One call at a device (`snapshotDeviceResponseInfo`). Equality ignores `source`.
#[derive(Clone, Debug)]
pub struct SnapshotItem<'a> {
    /// `connectionIdentifier`.
    pub connection: Connection<'a>,
    /// `endpointDevice`.
    pub endpoint: Option<Party<'a>>,
    /// `localCallState/compoundCallState`: one state per party, this device's own first; empty for `unknown`.
    pub states: heapless::Vec<LocalConnectionState, 8>,
    /// The element it was read from, which may hold more.
    pub source: Option<roxmltree::Node<'a, 'a>>,
}

impl PartialEq for SnapshotItem<'_> {
    fn eq(&self, other: &Self) -> bool {
        let Self { connection, endpoint, states, source: _ } = self;
        (connection, endpoint, states) == (&other.connection, &other.endpoint, &other.states)
    }
}

impl Eq for SnapshotItem<'_> {}

/// One party of a call (`snapshotCallResponseInfo`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnCall<'a> {
    /// `deviceOnCall`.
    pub device: Party<'a>,
    /// `callIdentifier`, if present.
    pub connection: Option<Connection<'a>>,
    /// `localConnectionInfo`: the state of that connection, if present.
    pub state: Option<LocalConnectionState>,
}

/// Any message.
#[derive(Clone, Debug)]
#[expect(clippy::large_enum_variant, reason = "messages are read, passed on and forgotten, never stored")]
pub enum Message<'a> {
    /// A service request.
    Request(Request<'a>),
    /// A response.
    Response(Response<'a>),
    /// An event.
    Event(Event<'a>),
}
