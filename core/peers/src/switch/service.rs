//! Services. Each handler writes its answer before any event it causes, or returns an error, which becomes a
//! CSTAErrorCode.
//!
//! A service is one row of [`TABLE`] and one handler.

mod associating;
mod calls;
mod devices;
mod joining;
mod settings;
mod snapshots;
mod system;
mod waiting;

pub(super) use system::static_device;

use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::errors::CstaError;
use ctigate_core::wire::csta::model::{Request, SystemStatus};
use ctigate_core::wire::csta::relayed::Relayed;
use ctigate_core::wire::csta::services::{self as csta, COUNT, Features, named};

use super::link::Link;
use super::{Step, Switch, To};
use Handler::{Read, Says, Sets, Typed};

/// What comes of a request: it was answered, or is refused.
type Outcome = Result<(), CstaError>;

/// Serves one request and answers it, unless it is refused.
#[derive(Clone, Copy)]
enum Handler {
    /// Any request.
    Typed(fn(&mut Switch, &mut Step<'_>, To, &Request<'_>) -> Outcome),
    /// One that was read by its row.
    Read(fn(&mut Switch, &mut Step<'_>, To, &Relayed<'_>) -> Outcome),
    /// One for what is set at a phone.
    Says(settings::Says),
    /// One that sets something at a phone.
    Sets(settings::Sets),
}

/// The error of a handler for a request of another service, which means that its row has the wrong name.
pub(super) const MISROUTED: CstaError = CstaError::GENERIC_OPERATION;

/// What a service is about, which determines when it is served.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum About {
    /// The application session itself (ECMA-354): also served outside a session. GetCSTAFeatures does not list it.
    Session,
    /// The phone system as a whole: also served while it is out of service.
    System,
    /// Phones and their calls.
    Phones,
}

/// A service.
struct Service {
    /// The name of its request's root.
    name: &'static str,
    about: About,
    handler: Handler,
    /// What it does here, in a sentence.
    doc: &'static str,
}

const fn service(name: &'static str, about: About, handler: Handler, doc: &'static str) -> Service {
    Service { name, about, handler, doc }
}

/// All services that are served. GetCSTAFeatures lists those of CSTA.
const TABLE: &[Service] = &[
    service(
        "StartApplicationSession",
        About::Session,
        Typed(Switch::start_session),
        "Starts a session, in which everything else is asked.",
    ),
    service(
        "ResetApplicationSessionTimer",
        About::Session,
        Typed(Switch::reset_session),
        "Keeps the session for another while.",
    ),
    service(
        "StopApplicationSession",
        About::Session,
        Typed(Switch::stop_session),
        "Ends the session, with its monitors and its registration.",
    ),
    service(
        "GetCSTAFeatures",
        About::System,
        Typed(Switch::get_features),
        "The services and events in this table and the next.",
    ),
    service(
        "RequestSystemStatus",
        About::System,
        Typed(Switch::request_system_status),
        "The phone system's status.",
    ),
    service(
        "SystemStatus",
        About::System,
        Typed(Switch::client_status),
        "The client's status; it is noted and has no effect.",
    ),
    service(
        "SystemRegister",
        About::System,
        Typed(Switch::system_register),
        "Registers for reports of the phone system's status.",
    ),
    service(
        "SystemRegisterCancel",
        About::System,
        Typed(Switch::system_register_cancel),
        "Ends the registration.",
    ),
    service("MonitorStart", About::Phones, Typed(Switch::monitor_start), "Starts a monitor of a phone."),
    service("MonitorStop", About::Phones, Typed(Switch::monitor_stop), "Stops a monitor."),
    service(
        "SnapshotDevice",
        About::Phones,
        Typed(Switch::snapshot_device),
        "The calls of a phone, in the response.",
    ),
    service(
        "MakeCall",
        About::Phones,
        Read(Switch::make_call),
        "A phone dials: at once, or when its handset is taken off the hook.",
    ),
    service(
        "AnswerCall",
        About::Phones,
        Read(Switch::answer_call),
        "A ringing phone answers; one that was prompted to dial dials.",
    ),
    service("ClearConnection", About::Phones, Read(Switch::clear_connection), "A phone leaves a call."),
    service(
        "DeflectCall",
        About::Phones,
        Read(Switch::deflect_call),
        "A ringing call goes to another phone.",
    ),
    service("HoldCall", About::Phones, Read(Switch::hold_call), "A connected call is held."),
    service("RetrieveCall", About::Phones, Read(Switch::retrieve_call), "A held call is connected again."),
    service(
        "ConsultationCall",
        About::Phones,
        Read(Switch::consultation_call),
        "Holds the call and calls somebody about it.",
    ),
    service(
        "AlternateCall",
        About::Phones,
        Read(Switch::alternate_call),
        "Holds the active call and retrieves another, or answers it.",
    ),
    service(
        "ReconnectCall",
        About::Phones,
        Read(Switch::reconnect_call),
        "Leaves the active call and retrieves the held one.",
    ),
    service(
        "TransferCall",
        About::Phones,
        Read(Switch::transfer_call),
        "Connects the held call with the active one and leaves both.",
    ),
    service(
        "ConferenceCall",
        About::Phones,
        Read(Switch::conference_call),
        "Makes one call of the held call and the active one.",
    ),
    service(
        "SingleStepTransferCall",
        About::Phones,
        Read(Switch::single_step_transfer),
        "Leaves the call, which goes on to another number.",
    ),
    service(
        "SingleStepConferenceCall",
        About::Phones,
        Read(Switch::single_step_conference),
        "Adds a number to the call, which rings there; silent, it will only listen.",
    ),
    service(
        "JoinCall",
        About::Phones,
        Read(Switch::join_call),
        "A phone enters a call of others, at once or when it is answered; silent, it only listens.",
    ),
    service(
        "IntrudeCall",
        About::Phones,
        Read(Switch::intrude_call),
        "Enters the call that keeps the called phone busy; silent, to listen only.",
    ),
    service(
        "DirectedPickupCall",
        About::Phones,
        Read(Switch::directed_pickup),
        "A phone answers a call that rings or is parked elsewhere.",
    ),
    service(
        "GroupPickupCall",
        About::Phones,
        Read(Switch::group_pickup),
        "A phone answers the call that rings longest in its pickup group.",
    ),
    service(
        "ParkCall",
        About::Phones,
        Read(Switch::park_call),
        "Leaves the call, which waits at a place for parking.",
    ),
    service(
        "CamponCall",
        About::Phones,
        Read(Switch::camp_on_call),
        "The call waits until the busy phone is free.",
    ),
    service(
        "CallBack",
        About::Phones,
        Read(Switch::call_back),
        "Ends the call, and calls again when both phones are idle.",
    ),
    service("CancelCallBack", About::Phones, Read(Switch::cancel_call_back), "Does not call again."),
    service("ClearCall", About::Phones, Read(Switch::clear_call), "Ends the call for all its parties."),
    service(
        "DialDigits",
        About::Phones,
        Read(Switch::dial_digits),
        "Dials more digits of a number that is not complete.",
    ),
    service(
        "AssociateData",
        About::Phones,
        Read(Switch::associate_data),
        "Gives the call codes, correlator data or a subject; the parties are told what changed.",
    ),
    service(
        "GenerateDigits",
        About::Phones,
        Read(Switch::generate_digits),
        "Sends digits to the others in the call.",
    ),
    service(
        "SnapshotCall",
        About::Phones,
        Read(Switch::snapshot_call),
        "The parties of a call, in the response.",
    ),
    service(
        "GetLogicalDeviceInformation",
        About::Phones,
        Read(Switch::get_logical_information),
        "What a phone can do: the services and events for it, and how many calls it can have.",
    ),
    service(
        "GetPhysicalDeviceInformation",
        About::Phones,
        Read(Switch::get_physical_information),
        "What a phone consists of, and the services and events for that.",
    ),
    service(
        "GetSwitchingFunctionDevices",
        About::System,
        Read(Switch::get_devices),
        "All devices, or those of a category, or one; they follow in messages of limits.segment devices each.",
    ),
    service(
        "SwitchingFunctionDevices",
        About::System,
        Read(Switch::devices_told),
        "The messages that bring the devices; only the phone system sends them.",
    ),
    service(
        "GetForwarding",
        About::Phones,
        Says(settings::forwarding),
        "Where a phone's calls are forwarded to.",
    ),
    service(
        "SetForwarding",
        About::Phones,
        Read(Switch::set_forwarding),
        "Forwards a phone's calls, by type; without a type and a number, whether the phone system's defaults apply there.",
    ),
    service(
        "GetDoNotDisturb",
        About::Phones,
        Says(settings::do_not_disturb),
        "Which calls must not disturb.",
    ),
    service(
        "SetDoNotDisturb",
        About::Phones,
        Sets(settings::set_do_not_disturb),
        "Whether calls must not disturb: all, those from inside or outside, or those of certain callers.",
    ),
    service(
        "GetMessageWaitingIndicator",
        About::Phones,
        Says(settings::message_waiting),
        "Whether a phone's message lamp is on, and for which device.",
    ),
    service(
        "SetMessageWaitingIndicator",
        About::Phones,
        Read(Switch::set_message_waiting),
        "The message lamp on or off.",
    ),
    service(
        "GetMicrophoneMute",
        About::Phones,
        Says(settings::microphone_mute),
        "Whether a phone's microphone is mute.",
    ),
    service(
        "SetMicrophoneMute",
        About::Phones,
        Sets(settings::set_microphone_mute),
        "The microphone mute or not.",
    ),
    service(
        "GetSpeakerMute",
        About::Phones,
        Says(settings::speaker_mute),
        "Whether a phone's speaker is mute.",
    ),
    service("SetSpeakerMute", About::Phones, Sets(settings::set_speaker_mute), "The speaker mute or not."),
    service(
        "GetAutoAnswer",
        About::Phones,
        Says(settings::auto_answer),
        "After how many rings a phone answers by itself.",
    ),
    service(
        "SetAutoAnswer",
        About::Phones,
        Sets(settings::set_auto_answer),
        "Whether a phone answers by itself, and after how many rings.",
    ),
    service(
        "GetCallerIDStatus",
        About::Phones,
        Says(settings::caller_id_status),
        "Whether those called are shown a phone's number.",
    ),
    service(
        "SetCallerIDStatus",
        About::Phones,
        Sets(settings::set_caller_id_status),
        "Whether those called are shown the number.",
    ),
    service(
        "GetLastNumberDialed",
        About::Phones,
        Says(settings::last_number),
        "The number that a phone dialled last.",
    ),
];

/// The events that monitors report, by their roots' names, each with when it is reported.
pub const EVENTS: &[(&str, &str)] = &[
    ("ServiceInitiatedEvent", "A phone went off hook, or was prompted to."),
    ("OriginatedEvent", "A phone dialled."),
    ("OfferedEvent", "A call is offered to a phone, before it rings or is forwarded there (key `offers`)."),
    ("DeliveredEvent", "A phone rings."),
    ("EstablishedEvent", "A call was answered."),
    ("HeldEvent", "A phone held a call."),
    ("RetrievedEvent", "A phone retrieved a call."),
    ("FailedEvent", "A call did not come about: the called phone is busy, or the number leads nowhere."),
    ("ConnectionClearedEvent", "A party left a call."),
    ("NetworkReachedEvent", "A call left through a trunk."),
    ("DivertedEvent", "A call left a phone for another one before it was answered."),
    ("QueuedEvent", "A call waits: parked, camped on, or in a group's queue."),
    ("TransferedEvent", "A phone connected its calls to each other and left them."),
    ("ConferencedEvent", "Calls became one, or a party was added to one."),
    ("CallClearedEvent", "A call was ended for all its parties."),
    ("DigitsDialedEvent", "A phone dialled digits of a number that is not complete."),
    ("DigitsGeneratedEvent", "A phone sent digits to the others in a call."),
    ("CallInformationEvent", "Data that were associated with a call; later events have its correlatorData."),
    ("CallBackEvent", "A call will be made later, or no longer."),
    ("ForwardingEvent", "One type of a phone's forwarding was set or ended."),
    ("DoNotDisturbEvent", "Which calls must not disturb has changed."),
    ("MessageWaitingEvent", "A phone's message lamp went on or off."),
    ("MicrophoneMuteEvent", "A phone's microphone is mute now, or no longer."),
    ("SpeakerMuteEvent", "A phone's speaker is mute now, or no longer."),
    ("AutoAnswerEvent", "Whether a phone answers by itself has changed, or after how many rings."),
    ("CallerIDStatusEvent", "Whether those called are shown a phone's number has changed."),
    ("OutOfServiceEvent", "A phone went out of service."),
    ("BackInServiceEvent", "A phone is in service again."),
    ("DeviceCapsChangedEvent", "What a phone can do has changed: how many calls it can have."),
];

/// The services of CSTA that a client can ask for, by their requests' names.
pub fn services() -> impl Iterator<Item = &'static str> {
    TABLE.iter().filter(|service| service.about != About::Session).map(|service| service.name)
}

/// All services, those of application sessions too, each by its request's name with what it does.
pub fn documented() -> impl Iterator<Item = (&'static str, &'static str)> {
    TABLE.iter().map(|service| (service.name, service.doc))
}

/// The requests of application sessions (ECMA-354), which no list of CSTA's has.
const OF_SESSIONS: [&str; 3] =
    ["StartApplicationSession", "ResetApplicationSessionTimer", "StopApplicationSession"];

/// The names of all requests, served or not.
#[expect(clippy::indexing_slicing, reason = "it is computed by the compiler, which refuses a wrong index")]
pub(super) const REQUESTS: [&str; OF_SESSIONS.len() + COUNT] = {
    let mut names = [""; OF_SESSIONS.len() + COUNT];
    let mut index = 0;
    while index < names.len() {
        let sessions = OF_SESSIONS.len();
        names[index] = if index < sessions { OF_SESSIONS[index] } else { csta::REQUESTS[index - sessions] };
        index += 1;
    }
    names
};

/// Whether a request is for a service that is not served here.
pub(super) fn is_unknown(request: &str) -> bool {
    let is_served = TABLE.iter().any(|service| service.name == request);
    !is_served && named(request).is_some()
}

/// The features for GetCSTAFeatures: exactly [`services`] and [`EVENTS`].
#[must_use]
pub fn features() -> Features {
    let services = services().fold(Features::NONE, Features::with_service);
    EVENTS.iter().fold(services, |set, (event, _)| set.with_event(event))
}

impl Switch {
    /// Serves a request and answers it, unless it is refused.
    pub(super) fn serve(
        &mut self,
        step: &mut Step<'_>,
        to: To,
        request: &Request<'_>,
    ) -> Result<(), CstaError> {
        let service = TABLE.iter().find(|service| service.name == request.name());
        // An unknown service is treated as one about phones.
        self.may_ask(step, to.0, service.map_or(About::Phones, |service| service.about))?;
        if let Some(service) = service {
            return match (service.handler, request) {
                (Typed(serve), _) => serve(self, step, to, request),
                (Read(serve), Request::Relayed(asked)) => serve(self, step, to, asked),
                (Says(says), Request::Relayed(asked)) => self.say_set(step, to, asked, says),
                (Sets(sets), Request::Relayed(asked)) => self.set_as(step, to, asked, sets),
                (Read(_) | Says(_) | Sets(_), _) => Err(MISROUTED),
            };
        }
        if matches!(
            request,
            Request::SystemRegisterAbort { .. } | Request::ApplicationSessionTerminated { .. }
        ) {
            self.client_error(step, to.0, "a client sent a request that only a switch sends");
        }
        Err(CstaError::SERVICE_NOT_SUPPORTED)
    }

    /// Checks that a service may be requested now: within a session if one is required, and while the switch is in
    /// service.
    fn may_ask(&self, step: &mut Step<'_>, handle: Handle<Link>, about: About) -> Result<(), CstaError> {
        if about == About::Session {
            return Ok(());
        }
        let in_session = self.links.get(handle).and_then(Link::cti).is_some_and(|cti| cti.session.is_some());
        if self.config.session_required && !in_session {
            self.client_error(step, handle, "a service was requested outside an application session");
            return Err(CstaError::SECURITY_VIOLATION);
        }
        let out = matches!(self.status, SystemStatus::Disabled | SystemStatus::Initializing);
        if out && about != About::System { Err(CstaError::RESOURCE_OUT_OF_SERVICE) } else { Ok(()) }
    }
}
