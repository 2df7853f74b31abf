//! Requests of the gateway, and what was asked of Asterisk for them.

use super::AsteriskLink;
use super::endpoints::Standing;
use super::telling::{Answer, Told};
use crate::cti::asterisk::calls::{CallId, Text};
use crate::cti::asterisk::session::Ask;
use crate::cti::protocol::{Output, Refused, RequestId};
use crate::wire::ami::write::Action;
use crate::wire::ami::{Message, Token};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{MonitorObject, Request};
use crate::wire::csta::services::Service;

/// What an action was sent for.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// The beginning of the session.
    Begin(Ask),
    /// A list of all channels.
    Snapshot,
    /// A list of all endpoints.
    Endpoints,
    /// A list of all contacts.
    Contacts,
    /// A list of what is set for all lines, of one kind.
    Settings,
    /// A sign of life.
    Heartbeat,
    /// What is set for a line: the request that asks for it, if one does, the index of the kind, and the line.
    Setting(Option<RequestId>, u8, Text),
    /// A request, whose answer this is.
    Service(RequestId, Then),
    /// Nothing that needs its answer.
    Nothing,
}

/// What becomes of a request when Asterisk has accepted its action.
#[derive(Clone, Debug)]
pub(super) enum Then {
    /// It is done.
    Done(&'static Service),
    /// It is done, and its answer names a connection.
    Named(&'static Service, &'static str, CallId, Text),
    /// It is done, and this kind of setting has this value for the line.
    Set(&'static Service, u8, Text, Text),
    /// It is done, and all channels of this device that are up are muted, or no longer.
    Muted(&'static Service, Text, bool),
    /// The messages that wait are counted in its answer.
    Counted(&'static Service),
    /// It is done when the channel with this Uniqueid is there.
    Made(Text),
    /// The two who talk are in the conference room with this number, to which this channel is to follow them.
    Gathered { service: &'static Service, call: CallId, device: Text, waiting: Text, room: Text },
}

crate::digest! { enum Asked {
    Begin(ask: _) = 0, // It follows from the session.
    Snapshot = 1,
    Endpoints = 2,
    Heartbeat = 3,
    Service(id, then) = 4,
    Nothing = 5,
    Setting(id, kind => u64::from(*kind), line) = 6,
    Contacts = 7,
    Settings = 8,
} }

crate::digest! { enum Then {
    Done(service => service.root) = 0,
    Named(service => service.root, member => *member, call, device) = 1,
    Made(unique) = 2,
    Set(service => service.root, kind => u64::from(*kind), line, value) = 3,
    Muted(service => service.root, device, is_on) = 4,
    Counted(service => service.root) = 5,
    Gathered { service => service.root, call, device, waiting, room } = 6,
} }

/// A channel that was asked for and is not there yet.
#[derive(Debug)]
pub(super) struct Making {
    /// The request, whose answer names the channel's connection in this member.
    pub(super) id: RequestId,
    pub(super) service: &'static Service,
    pub(super) member: &'static str,
}

crate::digest! { struct Making { id, service => service.root, member: _ } }

/// What Asterisk says of an action that it refuses, and what that means to a client. Anything else is `generic`.
const REFUSALS: &[(&str, CstaError)] = &[
    ("Permission denied", CstaError::SERVICE_NOT_SUPPORTED),
    ("Extension does not exist.", CstaError::INVALID_CALLED_DEVICE_ID),
    ("No such channel", CstaError::INVALID_CONNECTION_ID),
    ("Channel not found", CstaError::INVALID_CONNECTION_ID),
];

/// The error by which a client is told that Asterisk refused an action.
pub(super) fn error_of(response: &Message<'_>) -> CstaError {
    let said = response.value("Message").unwrap_or_default();
    let known = REFUSALS.iter().find(|(text, _)| said.starts_with(text));
    known.map_or(CstaError::GENERIC_OPERATION, |(_, error)| *error)
}

impl AsteriskLink {
    /// Does what a request wants, or asks Asterisk for it.
    pub(super) fn ask(
        &mut self,
        id: RequestId,
        request: &Request<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Refused> {
        let answer = match request {
            Request::MonitorStart { object: MonitorObject::Device(device), .. } => self
                .monitors
                .start(device.id, &mut self.calls)
                .map_or(Answer::Error(CstaError::OVERALL_MONITOR_LIMIT_EXCEEDED), |monitor| {
                    Answer::MonitorStart(monitor.number())
                }),
            Request::MonitorStart { object: MonitorObject::Call(_), .. } => {
                Answer::Error(CstaError::INVALID_MONITOR_OBJECT_TYPE)
            }
            Request::MonitorStop { cross_reference } => {
                if self.monitors.stop(cross_reference, &mut self.calls) {
                    Answer::MonitorStop
                } else {
                    Answer::Error(CstaError::INVALID_MONITOR_CROSS_REF_ID)
                }
            }
            Request::SnapshotDevice { device } => match self.endpoints.standing(device.id) {
                Standing::Unknown => Answer::Error(CstaError::INVALID_DEVICE_ID),
                Standing::Unregistered => Answer::Error(CstaError::DEVICE_OUT_OF_SERVICE),
                Standing::Present | Standing::NotTold => Answer::Snapshot(device.id.into()),
            },
            Request::RequestSystemStatus { .. } => Answer::Status,
            Request::Relayed(relayed) => return self.serve(id, relayed, output),
            Request::SystemStatus { .. }
            | Request::SystemRegister { .. }
            | Request::SystemRegisterCancel { .. }
            | Request::SystemRegisterAbort { .. }
            | Request::GetCstaFeatures
            | Request::ChangeMonitorFilter { .. }
            | Request::SnapshotData(_)
            | Request::StartApplicationSession { .. }
            | Request::ResetApplicationSessionTimer { .. }
            | Request::StopApplicationSession { .. }
            | Request::ApplicationSessionTerminated { .. }
            | Request::Other { .. } => return Err(Refused::NotSupported),
        };
        self.told.push_back(Told::Answer(id, answer));
        Ok(())
    }

    /// Gives up a request. A channel that was asked for is ended: nobody would know what it is for.
    pub(super) fn give_up(&mut self, id: RequestId, output: &mut Output<'_>) {
        if let Some(asked) = self.by_request.remove(&id).and_then(|number| self.asked.get_mut(&number)) {
            *asked = Asked::Nothing;
        }
        self.asking.remove(&id);
        let unique = self.making.iter().find(|(_, making)| making.id == id).map(|(unique, _)| unique.clone());
        let Some(unique) = unique else { return };
        self.making.remove(&unique);
        self.prompts.forget(&unique);
        self.calls.forget(&unique);
        if let Ok(channel) = Token::new(&unique) {
            self.send(&Action::Hangup { channel, cause: None }, Asked::Nothing, output);
        }
    }

    /// Answers the request for a channel.
    pub(super) fn made(&mut self, unique: &str) {
        if self.making.is_empty() {
            return;
        }
        let Some((device, call)) = self.calls.of_channel(unique).map(|(device, call)| (device.into(), call))
        else {
            return;
        };
        if let Some(Making { id, service, member }) = self.making.remove(unique) {
            self.told.push_back(Told::Answer(id, Answer::Named(service, member, call, device)));
        }
    }

    /// A channel that was asked for will not come.
    pub(super) fn not_made(&mut self, unique: &str, error: CstaError) {
        self.calls.forget(unique);
        self.prompts.forget(unique);
        if let Some(Making { id, .. }) = self.making.remove(unique) {
            self.told.push_back(Told::Answer(id, Answer::Error(error)));
        }
    }
}
