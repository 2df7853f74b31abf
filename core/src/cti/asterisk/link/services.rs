//! Services of CSTA as actions of Asterisk.

use alloc::format;
use alloc::string::ToString as _;
use alloc::vec::Vec;

use super::asking::{Asked, Making, Then};
use super::endpoints::Standing;
use super::telling::{Answer, Told};
use super::{AsteriskLink, documents};
use crate::cti::asterisk::calls::{AtDevice, CALLING, CallId, ChannelName, Purposed, Text};
use crate::cti::protocol::{Output, Refused, RequestId};
use crate::wire::ami::write::{Action, Place};
use crate::wire::ami::{Token, Value, Variable};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::LocalConnectionState as State;
use crate::wire::csta::relayed::Relayed;
use crate::wire::csta::services::Service;

/// How long the user's own phone rings when he makes a call, in milliseconds.
const PROMPT: u64 = 30_000;

/// The cause of normal clearing (ITU-T Q.850).
const NORMAL: u8 = 16;

/// How long a digit sounds, in milliseconds.
const DIGIT: u64 = 100;

/// A connection of a line, with its channels and those of the others in the call.
struct Own {
    device: Text,
    call: CallId,
    at: AtDevice,
    channels: Vec<ChannelName>,
    far: Vec<ChannelName>,
}

impl Own {
    /// The state of the line's connection.
    fn state(&self) -> State {
        self.at.states.first().copied().unwrap_or(State::Null)
    }

    fn must_be(&self, state: State, or: CstaError) -> Result<(), CstaError> {
        if self.state() == state { Ok(()) } else { Err(or) }
    }

    /// The line's channel.
    fn channel(&self) -> Result<Token<'_>, CstaError> {
        let channel = self.channels.first().ok_or(CstaError::INVALID_CONNECTION_ID)?;
        token(&channel.name, CstaError::INVALID_CONNECTION_ID)
    }

    /// The channel of the other, who is talking.
    fn other(&self) -> Result<Token<'_>, CstaError> {
        let other = self.far.iter().find(|other| other.is_up).ok_or(CstaError::INVALID_CONNECTION_ID)?;
        token(&other.name, CstaError::INVALID_CONNECTION_ID)
    }
}

fn token(text: &str, or: CstaError) -> Result<Token<'_>, CstaError> {
    Token::new(text).map_err(|_| or)
}

/// Where a number is dialled.
fn place<'a>(context: &'a str, number: &'a str, or: CstaError) -> Result<Place<'a>, CstaError> {
    Ok(Place { context: token(context, CstaError::GENERIC_OPERATION)?, exten: token(number, or)? })
}

/// A service under way: the request, its row, and the request's members.
#[derive(Clone, Copy)]
struct Wanted<'a> {
    id: RequestId,
    service: &'static Service,
    members: &'a Relayed<'a>,
}

impl AsteriskLink {
    /// Does what a service wants.
    pub(super) fn serve(
        &mut self,
        id: RequestId,
        members: &Relayed<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Refused> {
        let service = members.service;
        let wanted = Wanted { id, service, members };
        let done = match service.root {
            "MakeCall" => self.make_call(wanted, output),
            "ClearConnection" => self.clear_connection(wanted, output),
            "AnswerCall" => self.answer_call(wanted, output),
            "HoldCall" => self.hold_call(wanted, output),
            "RetrieveCall" => self.retrieve_call(wanted, output),
            "ConsultationCall" => self.consultation_call(wanted, output),
            "AlternateCall" => self.alternate_call(wanted, output),
            "ReconnectCall" => self.reconnect_call(wanted, output),
            "TransferCall" => self.transfer_call(wanted, output),
            "ConferenceCall" => self.conference_call(wanted, output),
            "SingleStepTransferCall" => {
                let members = ("activeCall", "transferredTo", CstaError::INVALID_DESTINATION_DEVICE_ID);
                self.send_on(wanted, members, Some("transferredCall"), output)
            }
            "ParkCall" => {
                let members = ("parking", "parkTo", CstaError::INVALID_PARK_TO_DEVICE_ID);
                self.send_on(wanted, members, None, output)
            }
            "DirectedPickupCall" => self.pick_up(wanted, output),
            "GroupPickupCall" => self.pick_up_of_group(wanted, output),
            "SnapshotCall" => self.snapshot_call(wanted),
            "DeflectCall" => self.deflect_call(wanted, output),
            "GenerateDigits" => self.generate_digits(wanted, output),
            "GetMessageWaitingIndicator" => self.count_messages(id, members, output),
            "GetMicrophoneMute" => self.say_mute(id, members),
            "SetMicrophoneMute" => self.set_mute(id, members, output),
            "GetForwarding" | "GetDoNotDisturb" => self.read_settings(id, members, output),
            "SetForwarding" | "SetDoNotDisturb" => self.change_setting(id, members, output),
            "GetSwitchingFunctionDevices" => {
                self.list_devices(wanted);
                Ok(())
            }
            _ => return Err(Refused::NotSupported),
        };
        if let Err(error) = done {
            self.told.push_back(Told::Answer(id, Answer::Error(error)));
        }
        Ok(())
    }

    /// Lists the endpoints, under the number of the request as the list's name.
    fn list_devices(&mut self, wanted: Wanted<'_>) {
        let list = Text::from(&*wanted.id.number().to_string());
        let parts = documents::devices(&list, &self.endpoints);
        let answer = Answer::Said(wanted.service, "serviceCrossRefID", list);
        self.told.push_back(Told::Answer(wanted.id, answer));
        self.told.extend(parts.into_iter().map(Told::Document));
    }

    /// The connection that a member names.
    fn own(&self, wanted: Wanted<'_>, member: &str) -> Result<Own, CstaError> {
        let unknown = CstaError::INVALID_CONNECTION_ID;
        let connection = wanted.members.connection(member).ok_or(unknown)?;
        let call = connection.call.and_then(CallId::named).ok_or(unknown)?;
        let device = connection.device.ok_or(unknown)?.id;
        let at = self.calls.at(device).find(|at| at.call == call).ok_or(unknown)?;
        let (channels, far) = self.calls.channels_of(device, call);
        Ok(Own { device: device.into(), call, at, channels, far })
    }

    /// Sends an action that is the last one of a service.
    fn finish(
        &mut self,
        id: RequestId,
        then: Then,
        action: &Action<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), CstaError> {
        let sent = self.send(action, Asked::Service(id, then), output);
        sent.map(|_| ()).ok_or(CstaError::INVALID_PARAMETER_VALUE)
    }

    fn make_call(&mut self, wanted: Wanted<'_>, output: &mut Output<'_>) -> Result<(), CstaError> {
        let device = wanted.members.device("callingDevice").ok_or(CstaError::INVALID_CALLING_DEVICE_ID)?;
        let called = wanted.members.device("calledDirectoryNumber").map_or("", |called| called.id);
        self.originate(wanted, ("callingDevice", device.id, called), output)
    }

    /// Calls a device first, and lets it dial a number once its user has answered.
    fn originate(
        &mut self,
        wanted: Wanted<'_>,
        (member, device, number): (&'static str, &str, &str),
        output: &mut Output<'_>,
    ) -> Result<(), CstaError> {
        match self.endpoints.standing(device) {
            Standing::Unknown => return Err(CstaError::INVALID_CALLING_DEVICE_ID),
            Standing::Unregistered => return Err(CstaError::CALLING_DEVICE_OUT_OF_SERVICE),
            Standing::Present | Standing::NotTold => {}
        }
        let unique = format!("{CALLING}{:016x}-{}", output.unguessable(b"channel"), self.last);
        let channel = format!("PJSIP/{device}");
        let connected = Value::new(number).map_err(|_| CstaError::INVALID_CALLED_DEVICE_ID)?;
        // The phone shows whom it is about to call; the called one is shown the endpoint's own number.
        let mut variables = Vec::from([Variable { name: "CONNECTEDLINE(num)", value: connected }]);
        let headers = self.headers_for(device);
        for (function, value) in &headers {
            let value = Value::new(value).map_err(|_| CstaError::GENERIC_OPERATION)?;
            variables.push(Variable { name: function, value });
        }
        let context = self.settings.context.clone();
        let action = Action::Originate {
            channel: token(&channel, CstaError::INVALID_CALLING_DEVICE_ID)?,
            to: place(&context, number, CstaError::INVALID_CALLED_DEVICE_ID)?,
            channel_id: token(&unique, CstaError::GENERIC_OPERATION)?,
            timeout: PROMPT,
            variables: &variables,
        };
        let unique = Text::from(&*unique);
        self.finish(wanted.id, Then::Made(unique.clone()), &action, output)?;
        self.prompted(device, &unique);
        self.calls.expect(&unique, Purposed::Call(number.into()));
        self.making.insert(unique, Making { id: wanted.id, service: wanted.service, member });
        Ok(())
    }

    fn clear_connection(&mut self, wanted: Wanted<'_>, output: &mut Output<'_>) -> Result<(), CstaError> {
        let own = self.own(wanted, "connectionToBeCleared")?;
        self.calls.ends(&own.device, own.call);
        let Some((last, before)) = own.channels.split_last() else {
            return Err(CstaError::NO_CONNECTION_TO_CLEAR);
        };
        for channel in before {
            self.hang_up(channel, Asked::Nothing, output)?;
        }
        self.hang_up(last, Asked::Service(wanted.id, Then::Done(wanted.service)), output)
    }

    fn hang_up(
        &mut self,
        channel: &ChannelName,
        asked: Asked,
        output: &mut Output<'_>,
    ) -> Result<(), CstaError> {
        let channel = token(&channel.unique, CstaError::INVALID_CONNECTION_ID)?;
        self.send(&Action::Hangup { channel, cause: Some(NORMAL) }, asked, output);
        Ok(())
    }

    /// Lets a phone talk or hold, if it is known to obey.
    fn notify(
        &mut self,
        own: &Own,
        event: &'static str,
        asked: Asked,
        output: &mut Output<'_>,
    ) -> Result<(), CstaError> {
        if !self.obeys(&own.device) {
            return Err(CstaError::SERVICE_NOT_SUPPORTED);
        }
        let value = Value::new(event).map_err(|_| CstaError::GENERIC_OPERATION)?;
        let variables = [Variable { name: "Event", value }];
        let action = Action::PjsipNotify { channel: own.channel()?, variables: &variables };
        self.send(&action, asked, output).map(|_| ()).ok_or(CstaError::INVALID_CONNECTION_ID)
    }

    fn answer_call(&mut self, wanted: Wanted<'_>, output: &mut Output<'_>) -> Result<(), CstaError> {
        let own = self.own(wanted, "callToBeAnswered")?;
        // The user's own phone may ring for a call that he makes.
        if !matches!(own.state(), State::Alerting | State::Initiated) {
            return Err(CstaError::NO_CALL_TO_ANSWER);
        }
        self.notify(&own, "talk", Asked::Service(wanted.id, Then::Done(wanted.service)), output)
    }

    fn hold_call(&mut self, wanted: Wanted<'_>, output: &mut Output<'_>) -> Result<(), CstaError> {
        let own = self.own(wanted, "callToBeHeld")?;
        own.must_be(State::Connected, CstaError::INVALID_CONNECTION_STATE)?;
        self.notify(&own, "hold", Asked::Service(wanted.id, Then::Done(wanted.service)), output)
    }

    fn retrieve_call(&mut self, wanted: Wanted<'_>, output: &mut Output<'_>) -> Result<(), CstaError> {
        let own = self.own(wanted, "callToBeRetrieved")?;
        own.must_be(State::Hold, CstaError::INVALID_CONNECTION_STATE)?;
        self.notify(&own, "talk", Asked::Service(wanted.id, Then::Done(wanted.service)), output)
    }

    fn consultation_call(&mut self, wanted: Wanted<'_>, output: &mut Output<'_>) -> Result<(), CstaError> {
        let own = self.own(wanted, "existingCall")?;
        let called = wanted.members.device("consultedDevice").map_or("", |called| called.id);
        token(called, CstaError::INVALID_CALLED_DEVICE_ID)?;
        if own.state() != State::Hold {
            own.must_be(State::Connected, CstaError::INVALID_CONNECTION_STATE)?;
            self.notify(&own, "hold", Asked::Nothing, output)?;
        }
        self.originate(wanted, ("initiatedCall", &own.device, called), output)
    }

    /// The same of a call that becomes one with the other: nobody is in both but the user.
    fn different_pair(&self, wanted: Wanted<'_>) -> Result<(Own, Own), CstaError> {
        let (held, active) = self.pair(wanted)?;
        active.must_be(State::Connected, CstaError::NO_ACTIVE_CALL)?;
        if held.far.iter().any(|one| active.far.iter().any(|other| one.device == other.device)) {
            return Err(CstaError::NOT_DIFFERENT_DEVICES);
        }
        Ok((held, active))
    }

    /// The connections that are held and active.
    fn pair(&self, wanted: Wanted<'_>) -> Result<(Own, Own), CstaError> {
        let held = self.own(wanted, "heldCall").map_err(|_| CstaError::INVALID_HELD_CONNECTION_ID)?;
        let active = self.own(wanted, "activeCall").map_err(|_| CstaError::INVALID_ACTIVE_CONNECTION_ID)?;
        held.must_be(State::Hold, CstaError::NO_HELD_CALL)?;
        Ok((held, active))
    }

    fn alternate_call(&mut self, wanted: Wanted<'_>, output: &mut Output<'_>) -> Result<(), CstaError> {
        let held = self.own(wanted, "heldCall").map_err(|_| CstaError::INVALID_HELD_CONNECTION_ID)?;
        let active = self.own(wanted, "activeCall").map_err(|_| CstaError::INVALID_ACTIVE_CONNECTION_ID)?;
        // A call that waits is answered.
        if held.state() != State::Alerting {
            held.must_be(State::Hold, CstaError::NO_HELD_CALL)?;
        }
        active.must_be(State::Connected, CstaError::NO_ACTIVE_CALL)?;
        self.notify(&active, "hold", Asked::Nothing, output)?;
        self.notify(&held, "talk", Asked::Service(wanted.id, Then::Done(wanted.service)), output)
    }

    fn reconnect_call(&mut self, wanted: Wanted<'_>, output: &mut Output<'_>) -> Result<(), CstaError> {
        let (held, active) = self.pair(wanted)?;
        if !self.obeys(&held.device) {
            return Err(CstaError::SERVICE_NOT_SUPPORTED);
        }
        self.calls.ends(&active.device, active.call);
        for channel in &active.channels {
            self.hang_up(channel, Asked::Nothing, output)?;
        }
        self.notify(&held, "talk", Asked::Service(wanted.id, Then::Done(wanted.service)), output)
    }

    /// The channels of the two others are connected; Asterisk hangs up those of the user by itself.
    fn transfer_call(&mut self, wanted: Wanted<'_>, output: &mut Output<'_>) -> Result<(), CstaError> {
        let (held, active) = self.different_pair(wanted)?;
        let one = held.other().map_err(|_| CstaError::INVALID_HELD_CONNECTION_ID)?;
        let other = active.other().map_err(|_| CstaError::INVALID_ACTIVE_CONNECTION_ID)?;
        let device = held.far.iter().find(|far| far.is_up).map(|far| far.device.clone()).unwrap_or_default();
        let then = Then::Named(wanted.service, "transferredCall", held.call, device);
        self.finish(wanted.id, then, &Action::Bridge { one, other }, output)
    }

    /// The other one goes on to a number, or to the place where calls are parked that has this number.
    fn send_on(
        &mut self,
        wanted: Wanted<'_>,
        (of, to, wrong): (&str, &str, CstaError),
        announced: Option<&'static str>,
        output: &mut Output<'_>,
    ) -> Result<(), CstaError> {
        let own = self.own(wanted, of)?;
        own.must_be(State::Connected, CstaError::INVALID_CONNECTION_STATE)?;
        let to = wanted.members.device(to).map_or("", |to| to.id);
        // Asterisk would do it: one of them would be in a call with himself.
        if announced.is_some() && (to == &*own.device || own.far.iter().any(|far| &*far.device == to)) {
            return Err(CstaError::NOT_DIFFERENT_DEVICES);
        }
        let context = self.settings.context.clone();
        let to = place(&context, to, wrong)?;
        let device = own.far.iter().find(|far| far.is_up).map(|far| far.device.clone()).unwrap_or_default();
        let then = match announced {
            Some(member) => Then::Named(wanted.service, member, own.call, device),
            None => Then::Done(wanted.service),
        };
        self.finish(wanted.id, then, &Action::BlindTransfer { channel: own.channel()?, to }, output)
    }

    /// The user's phone is called first, and dials the code that picks up a call that rings at a device.
    fn pick_up(&mut self, wanted: Wanted<'_>, output: &mut Output<'_>) -> Result<(), CstaError> {
        let device = wanted.members.device("requestingDevice").ok_or(CstaError::INVALID_DEVICE_ID)?;
        let rings = wanted.members.connection("callToBePickedUp").and_then(|rings| rings.device);
        let rings = rings.ok_or(CstaError::INVALID_CONNECTION_ID)?;
        token(rings.id, CstaError::INVALID_CONNECTION_ID)?;
        let number = format!("{}{}", self.settings.pickup, rings.id);
        self.originate(wanted, ("pickedCall", device.id, &number), output)
    }

    /// The user's phone is called first, and dials the code that picks up a call that rings in its group.
    fn pick_up_of_group(&mut self, wanted: Wanted<'_>, output: &mut Output<'_>) -> Result<(), CstaError> {
        let device = wanted.members.device("newDestination").ok_or(CstaError::INVALID_DEVICE_ID)?;
        if wanted.members.device("pickGroup").is_some_and(|group| !group.id.is_empty()) {
            // A phone is in the groups of its endpoint, and cannot choose.
            return Err(CstaError::INVALID_PARAMETER_VALUE);
        }
        let code = self.settings.group_pickup.clone().ok_or(CstaError::SERVICE_NOT_SUPPORTED)?;
        self.originate(wanted, ("pickedCall", device.id, &code), output)
    }

    /// Says who is in a call, as the line knows it.
    fn snapshot_call(&mut self, wanted: Wanted<'_>) -> Result<(), CstaError> {
        let own = self.own(wanted, "snapshotObject")?;
        let document = documents::call(wanted.service, &own.device, &own.at);
        self.told.push_back(Told::Answer(wanted.id, Answer::Document(document)));
        Ok(())
    }

    /// All three go to a conference room of the dialplan's: the two who talk at once, then the one who was held.
    fn conference_call(&mut self, wanted: Wanted<'_>, output: &mut Output<'_>) -> Result<(), CstaError> {
        let (held, active) = self.different_pair(wanted)?;
        let (first, last) = self.settings.rooms.ok_or(CstaError::SERVICE_NOT_SUPPORTED)?;
        let count = u64::from(last.saturating_sub(first)) + 1;
        let room = u64::from(first) + self.last % count;
        let room = room.to_string();
        let context = self.settings.context.clone();
        let to = place(&context, &room, CstaError::GENERIC_OPERATION)?;
        let waiting = held.other().map_err(|_| CstaError::INVALID_HELD_CONNECTION_ID)?;
        let other = active.other().map_err(|_| CstaError::INVALID_ACTIVE_CONNECTION_ID)?;
        let both = Action::Redirect { channel: active.channel()?, to, extra: Some((other, to)) };
        let then = Then::Gathered {
            service: wanted.service,
            call: active.call,
            device: active.device.clone(),
            waiting: waiting.as_str().into(),
            room: room.as_str().into(),
        };
        self.finish(wanted.id, then, &both, output)
    }

    /// The two who talk are in a conference room: who was held follows.
    pub(super) fn gather(&mut self, waiting: &str, room: &str, output: &mut Output<'_>) {
        let context = self.settings.context.clone();
        let to = place(&context, room, CstaError::GENERIC_OPERATION);
        if let (Ok(channel), Ok(to)) = (Token::new(waiting), to) {
            self.send(&Action::Redirect { channel, to, extra: None }, Asked::Nothing, output);
        }
    }

    /// Its caller is sent elsewhere, unless others ring too: then it would be taken from them.
    fn deflect_call(&mut self, wanted: Wanted<'_>, output: &mut Output<'_>) -> Result<(), CstaError> {
        let own = self.own(wanted, "callToBeDiverted")?;
        own.must_be(State::Alerting, CstaError::INVALID_CONNECTION_STATE)?;
        if own.at.states.iter().skip(1).any(|state| *state == State::Alerting) {
            return Err(CstaError::INVALID_CONNECTION_STATE);
        }
        let [caller] = &own.far[..] else { return Err(CstaError::INVALID_CONNECTION_STATE) };
        let to = wanted.members.device("newDestination").map_or("", |to| to.id);
        let context = self.settings.context.clone();
        let to = place(&context, to, CstaError::INVALID_DESTINATION_DEVICE_ID)?;
        let channel = token(&caller.name, CstaError::INVALID_CONNECTION_ID)?;
        let action = Action::Redirect { channel, to, extra: None };
        self.finish(wanted.id, Then::Done(wanted.service), &action, output)
    }

    /// The other one hears the digits.
    fn generate_digits(&mut self, wanted: Wanted<'_>, output: &mut Output<'_>) -> Result<(), CstaError> {
        let own = self.own(wanted, "connectionToSendDigits")?;
        let digits = wanted.members.text("charactersToSend").unwrap_or_default();
        let channel = own.other()?;
        let is_digit = |digit: char| digit.is_ascii_digit() || "*#ABCD".contains(digit);
        if digits.is_empty() || !digits.chars().all(is_digit) {
            return Err(CstaError::INVALID_PARAMETER_VALUE);
        }
        let last = digits.len() - 1;
        for (index, _) in digits.char_indices() {
            let digit = digits.get(index..=index).unwrap_or_default();
            let digit = token(digit, CstaError::INVALID_PARAMETER_VALUE)?;
            let action = Action::PlayDtmf { channel, digit, duration: Some(DIGIT), receive: false };
            let asked = if index == last {
                Asked::Service(wanted.id, Then::Done(wanted.service))
            } else {
                Asked::Nothing
            };
            self.send(&action, asked, output);
        }
        Ok(())
    }
}
