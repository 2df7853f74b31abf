//! Microphones that are muted: Asterisk drops what comes from a channel. It keeps that to itself, so it is remembered
//! here, as far as this link asked for it. A device is mute while all its channels that are up are.

use alloc::collections::{BTreeMap, BTreeSet};
use alloc::vec::Vec;

use super::asking::{Asked, Then};
use super::settings::truth;
use super::telling::{Answer, Told};
use super::{AsteriskLink, documents};
use crate::cti::asterisk::calls::Text;
use crate::cti::protocol::{Output, RequestId};
use crate::wire::ami::Token;
use crate::wire::ami::write::{Action, Direction};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Device, Party};
use crate::wire::csta::relayed::{Relayed, Value};

/// The only apparatus that a phone has here.
const APPARATUS: &str = "1";

/// The muted channels, by their Uniqueids, of each device that is mute.
#[derive(Debug, Default)]
pub(super) struct Mutes(BTreeMap<Text, BTreeSet<Text>>);

crate::digest! { struct Mutes(devices) }

/// A request must name the apparatus that phones have, or none.
fn check_apparatus(asked: &Relayed<'_>) -> Result<(), CstaError> {
    let is_known = asked.text("auditoryApparatus").is_none_or(|apparatus| apparatus == APPARATUS);
    if is_known { Ok(()) } else { Err(CstaError::OBJECT_NOT_KNOWN) }
}

impl AsteriskLink {
    /// Mutes the microphone of a device, or no longer.
    pub(super) fn set_mute(
        &mut self,
        id: RequestId,
        asked: &Relayed<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), CstaError> {
        check_apparatus(asked)?;
        let device = Text::from(asked.device("device").ok_or(CstaError::INVALID_DEVICE_ID)?.id);
        let is_on = asked.truth("microphoneMuteOn").ok_or(CstaError::PARAMETER_MISSING)?;
        let channels: Vec<Text> = self.calls.up_at(&device).map(Text::from).collect();
        let Some((last, before)) = channels.split_last() else { return Err(CstaError::NO_ACTIVE_CALL) };
        for channel in before {
            self.mute(channel, is_on, Asked::Nothing, output)?;
        }
        let then = Then::Muted(asked.service, device, is_on);
        self.mute(last, is_on, Asked::Service(id, then), output)
    }

    fn mute(
        &mut self,
        unique: &Text,
        is_on: bool,
        asked: Asked,
        output: &mut Output<'_>,
    ) -> Result<(), CstaError> {
        let name = self.calls.name_of(unique).map(Text::from).unwrap_or_default();
        let channel = Token::new(&name).map_err(|_| CstaError::INVALID_CONNECTION_ID)?;
        let action = Action::MuteAudio { channel, direction: Direction::In, is_on };
        self.send(&action, asked, output).map(|_| ()).ok_or(CstaError::INVALID_CONNECTION_ID)
    }

    /// Says whether the microphone of a device is mute.
    pub(super) fn say_mute(&mut self, id: RequestId, asked: &Relayed<'_>) -> Result<(), CstaError> {
        check_apparatus(asked)?;
        let device = asked.device("device").ok_or(CstaError::INVALID_DEVICE_ID)?.id;
        let is_on = self.mutes.0.contains_key(device);
        let members = [("auditoryApparatus", Value::Text(APPARATUS)), ("microphoneMuteOn", truth(is_on))];
        let items = [("microphoneMuteItem", Value::Elements(&members))];
        let document = documents::response(asked.service, &[("microphoneMuteList", Value::Elements(&items))]);
        self.told.push_back(Told::Answer(id, Answer::Document(document)));
        Ok(())
    }

    /// Asterisk has muted all channels of a device that are up, or no longer.
    pub(super) fn has_muted(&mut self, device: &Text, is_on: bool) {
        let was_on = self.mutes.0.contains_key(device);
        if is_on {
            let channels = self.calls.up_at(device).map(Text::from).collect();
            self.mutes.0.insert(device.clone(), channels);
        } else {
            self.mutes.0.remove(device);
        }
        if was_on != is_on {
            self.tell_mute(device, is_on);
        }
        self.follow_mute(Some(device.clone()));
    }

    /// The device of a channel that an event is about, if that is mute.
    pub(super) fn mute_device_of(&self, unique: Option<&str>) -> Option<Text> {
        if self.mutes.0.is_empty() {
            return None;
        }
        let (device, _) = self.calls.of_channel(unique?)?;
        self.mutes.0.contains_key(device).then(|| device.into())
    }

    /// Something has happened to the channels of a device that is mute: it is no longer, if none of those that are up is
    /// left, or if another one came up.
    pub(super) fn follow_mute(&mut self, device: Option<Text>) {
        let Some(device) = device else { return };
        let Some(muted) = self.mutes.0.get(&device) else { return };
        let is_silent = |channel| muted.contains(channel);
        let stays = self.calls.up_at(&device).next().is_some() && self.calls.up_at(&device).all(is_silent);
        if !stays {
            self.mutes.0.remove(&device);
            self.tell_mute(&device, false);
        }
    }

    /// The same for all, after a list of channels.
    pub(super) fn follow_mutes(&mut self) {
        let devices: Vec<Text> = self.mutes.0.keys().cloned().collect();
        for device in devices {
            self.follow_mute(Some(device));
        }
    }

    fn tell_mute(&mut self, device: &Text, is_on: bool) {
        let party = Party::Device(Device { id: device, type_of_number: None });
        let given = [
            ("invokingDevice", Value::Party(party)),
            ("auditoryApparatus", Value::Text(APPARATUS)),
            ("microphoneMuteOn", truth(is_on)),
        ];
        self.tell_monitors(device, "MicrophoneMuteEvent", &given);
    }
}
