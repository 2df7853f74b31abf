//! What is set for a line in Asterisk's database: forwarding and do not disturb. The dialplan reads it; its names are
//! configured, and as FreePBX has them unless they are.
//!
//! The database tells nobody that it has changed. So a dialplan is expected to raise `UserEvent(AstDBChanged)` with
//! family, key and value; where it only sets a device state of its own (`Custom:CF1001`), as FreePBX does, that is a hint
//! to read again. What another program writes shows only when all is read again ([`super::polling`]).

use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use super::asking::{Asked, Then};
use super::telling::{Answer, Told};
use super::{AsteriskLink, documents};
use crate::cti::asterisk::calls::Text;
use crate::cti::protocol::{Output, RequestId};
use crate::wire::ami::write::Action;
use crate::wire::ami::{Message, Token, Value as Plain};
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Device, Party};
use crate::wire::csta::relayed::{Relayed, Value};
use crate::wire::csta::services::Service;

/// The settings, in the order of their configured families: the types of forwarding as CSTA has them, and do not
/// disturb.
pub(super) const KINDS: [&str; 4] = ["forwardImmediate", "forwardBusy", "forwardNoAns", DO_NOT_DISTURB];

/// The index, among the kinds of what is known of a line, of the messages that wait for it.
pub(super) const MESSAGES: u8 = 4;

/// What is no type of forwarding.
const DO_NOT_DISTURB: &str = "doNotDisturb";

/// What stands in the database for a line that must not be disturbed.
const YES: &str = "YES";

/// The most settings that are remembered.
const MOST_KNOWN: usize = 40_000;

type Given<'a> = (&'static str, Value<'a>);

/// A setting of a line: the index of its kind, and the line.
type Place = (u8, Text);

/// What was last heard of settings. Once there is too much, all is forgotten.
#[derive(Debug, Default)]
pub(super) struct Known {
    values: BTreeMap<Place, Text>,
    mark: u64,
}

crate::digest! { struct Known {
    values: _, // In `mark`.
    mark,
} }

impl Known {
    /// Whether anything was heard of a setting.
    fn has(&self, place: &Place) -> bool {
        self.values.contains_key(place)
    }

    /// Notes a value. Returns the one before, if it is another; `None` if nothing has changed.
    pub(super) fn note(&mut self, place: &Place, value: &str) -> Option<Text> {
        let before = self.values.get(place).cloned();
        if before.as_deref() == Some(value) {
            return None;
        }
        if self.values.len() >= MOST_KNOWN {
            self.values.clear();
        }
        self.values.insert(place.clone(), value.into());
        let mut digester = crate::digest::Digester::new();
        digester.number(self.mark);
        digester.number(u64::from(place.0));
        digester.text(&place.1);
        digester.text(value);
        self.mark = digester.finish();
        Some(before.unwrap_or_default())
    }
}

/// Settings that are being read for a request.
#[derive(Debug)]
pub(super) struct Asking {
    service: &'static Service,
    line: Text,
    /// The values so far, by the indexes of their kinds.
    values: Vec<(u8, Text)>,
    /// How many are still to come.
    left: usize,
}

crate::digest! { struct Asking { service => service.root, line, values: _, left } }

pub(super) const fn truth(value: bool) -> Value<'static> {
    Value::Text(if value { "true" } else { "false" })
}

impl AsteriskLink {
    /// The family of a kind in the database.
    pub(super) fn family(&self, kind: u8) -> &str {
        self.settings.families.get(usize::from(kind)).map_or("", |family| family.as_str())
    }

    /// Reads what is set for a line: all types of forwarding, or do not disturb.
    pub(super) fn read_settings(
        &mut self,
        id: RequestId,
        asked: &Relayed<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), CstaError> {
        let line = asked.device("device").ok_or(CstaError::INVALID_DEVICE_ID)?.id;
        let kinds = if asked.service.root == "GetDoNotDisturb" { 3..4 } else { 0..3 };
        let left = kinds.len();
        for kind in kinds {
            self.read_setting(kind, line, Asked::Setting(Some(id), kind, line.into()), output)?;
        }
        let asking = Asking { service: asked.service, line: line.into(), values: Vec::new(), left };
        self.asking.insert(id, asking);
        Ok(())
    }

    fn read_setting(
        &mut self,
        kind: u8,
        line: &str,
        asked: Asked,
        output: &mut Output<'_>,
    ) -> Result<(), CstaError> {
        let family = Box::<str>::from(self.family(kind));
        let (family, key) = entry(&family, line)?;
        self.send(&Action::DbGet { family, key }, asked, output);
        Ok(())
    }

    /// A setting was read; empty if it is not in the database.
    pub(super) fn has_read(&mut self, id: Option<RequestId>, kind: u8, line: &Text, value: &str) {
        let Some(id) = id else { return self.changed(kind, line, value) };
        self.seen(kind, line, value);
        let Some(asking) = self.asking.get_mut(&id) else { return };
        if !value.is_empty() {
            asking.values.push((kind, value.into()));
        }
        asking.left = asking.left.saturating_sub(1);
        if asking.left > 0 {
            return;
        }
        let Some(Asking { service, values, .. }) = self.asking.remove(&id) else { return };
        let document = if service.root == "GetDoNotDisturb" {
            documents::response(service, &[("doNotDisturbOn", truth(!values.is_empty()))])
        } else {
            let items = values.iter().map(|(kind, value)| forward("forwardDN", *kind, value, true));
            let items: Vec<Vec<Given<'_>>> = items.collect();
            let list: Vec<Given<'_>> =
                items.iter().map(|item| ("forwardListItem", Value::Elements(item))).collect();
            documents::response(service, &[("forwardingList", Value::Elements(&list))])
        };
        self.told.push_back(Told::Answer(id, Answer::Document(document)));
    }

    /// Sets forwarding, or do not disturb.
    pub(super) fn change_setting(
        &mut self,
        id: RequestId,
        asked: &Relayed<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), CstaError> {
        let line = asked.device("device").ok_or(CstaError::INVALID_DEVICE_ID)?.id;
        let (kind, value) = if asked.service.root == "SetDoNotDisturb" {
            let is_on = asked.truth("doNotDisturbOn").ok_or(CstaError::PARAMETER_MISSING)?;
            (3, if is_on { YES } else { "" })
        } else {
            let is_on = asked.truth("activateForward").ok_or(CstaError::PARAMETER_MISSING)?;
            let word = asked.text("forwardingType").ok_or(CstaError::PARAMETER_MISSING)?;
            let kind = KINDS.iter().take(3).position(|kind| *kind == word);
            let kind = kind.and_then(|kind| u8::try_from(kind).ok());
            let kind = kind.ok_or(CstaError::INVALID_PARAMETER_VALUE)?;
            let to = asked.device("forwardDN").map_or("", |to| to.id);
            if is_on {
                Token::new(to).map_err(|_| CstaError::INVALID_FORWARDING_DESTINATION)?;
            }
            (kind, if is_on { to } else { "" })
        };
        let family = Box::<str>::from(self.family(kind));
        let (family, key) = entry(&family, line)?;
        let then = Then::Set(asked.service, kind, line.into(), value.into());
        let action = if value.is_empty() {
            Action::DbDel { family, key }
        } else {
            let value = Plain::new(value).map_err(|_| CstaError::INVALID_FORWARDING_DESTINATION)?;
            Action::DbPut { family, key, value }
        };
        let sent = self.send(&action, Asked::Service(id, then), output);
        sent.map(|_| ()).ok_or(CstaError::INVALID_PARAMETER_VALUE)
    }

    /// A setting was found to have this value; empty if it is not in the database. It has changed only if it is known what
    /// it was before.
    pub(super) fn seen(&mut self, kind: u8, line: &Text, value: &str) {
        let place = (kind, line.clone());
        if self.known.has(&place) {
            self.changed(kind, line, value);
        } else if !self.monitors.of(line).is_empty() {
            self.known.note(&place, value);
        }
    }

    /// A setting has this value now; empty if it is not in the database.
    pub(super) fn changed(&mut self, kind: u8, line: &Text, value: &str) {
        let monitors = Vec::from(self.monitors.of(line));
        if monitors.is_empty() {
            return;
        }
        let Some(before) = self.known.note(&(kind, line.clone()), value) else { return };
        let device = Device { id: line, type_of_number: None };
        let device = ("device", Value::Party(Party::Device(device)));
        let mut given = Vec::from([device]);
        let root = if KINDS.get(usize::from(kind)) == Some(&DO_NOT_DISTURB) {
            given.push(("doNotDisturbOn", truth(!value.is_empty())));
            "DoNotDisturbEvent"
        } else {
            let to = if value.is_empty() { &*before } else { value };
            given.extend(forward("forwardTo", kind, to, !value.is_empty()));
            "ForwardingEvent"
        };
        self.tell_monitors(line, root, &given);
    }

    /// The dialplan says that an entry of the database has changed (event `UserEvent`).
    pub(super) fn entry_changed(&mut self, event: &Message<'_>) {
        let [family, line, value] =
            ["Family", "Key", "Value"].map(|key| event.value(key).unwrap_or_default());
        if let Some(kind) = self.kind_of(family) {
            self.changed(kind, &line.into(), value);
        }
    }

    /// A device state of the dialplan's own has changed, such as `Custom:CF1001`: what it stands for is read again.
    pub(super) fn hinted(&mut self, device: &str, output: &mut Output<'_>) {
        let Some(rest) = device.strip_prefix("Custom:") else { return };
        let line = rest.trim_start_matches(|one: char| one.is_ascii_alphabetic());
        let family = rest.strip_suffix(line).unwrap_or_default();
        let Some(kind) = self.kind_of(family).filter(|_| !self.monitors.of(line).is_empty()) else { return };
        // What cannot be asked for is not known.
        let _ = self.read_setting(kind, line, Asked::Setting(None, kind, line.into()), output);
    }

    fn kind_of(&self, family: &str) -> Option<u8> {
        let kind = self.settings.families.iter().position(|known| known == family)?;
        u8::try_from(kind).ok().filter(|kind| usize::from(*kind) < KINDS.len())
    }
}

/// The entry of the database with this family, for a line.
fn entry<'t>(family: &'t str, line: &'t str) -> Result<(Token<'t>, Token<'t>), CstaError> {
    let family = Token::new(family).map_err(|_| CstaError::GENERIC_OPERATION)?;
    Ok((family, Token::new(line).map_err(|_| CstaError::INVALID_DEVICE_ID)?))
}

/// The members for one type of forwarding; `name` is that of the number's.
fn forward<'a>(name: &'static str, kind: u8, to: &'a str, is_on: bool) -> Vec<Given<'a>> {
    let word = KINDS.get(usize::from(kind)).copied().unwrap_or_default();
    let mut given = Vec::from([("forwardingType", Value::Text(word)), ("forwardStatus", truth(is_on))]);
    if !to.is_empty() {
        given.push((name, Value::Device(Device { id: to, type_of_number: None })));
    }
    given
}
