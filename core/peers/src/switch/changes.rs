//! Turns changes of a phone's settings into events for its monitors (ECMA-269, device feature and maintenance events).
//! Whoever made a change, at the phone or by a service, the events are the same.

use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use ctigate_core::action::Level;
use ctigate_core::slots::Handle;
use ctigate_core::wire::csta::events::Shape;
use ctigate_core::wire::csta::relayed::Value;

use super::phones::Phone;
use super::report::known;
use super::service::static_device;
use super::settings::{Change, DoNotDisturb, Forward, Origin, Settings};
use super::{Step, Switch};

/// A member of a message with its value.
pub(super) type Given<'a> = (&'static str, Value<'a>);

/// The auditory apparatus of every phone: its handset.
pub(super) const APPARATUS: &str = "1";

impl Switch {
    /// Changes what is set at a phone; returns what changed, which must be reported.
    #[must_use]
    pub(super) fn change(
        &mut self,
        phone: Handle<Phone>,
        set: impl FnOnce(&mut Settings) -> Vec<Change>,
    ) -> Vec<Change> {
        let changes = self.phones.settings_mut(phone).map(set).unwrap_or_default();
        if changes.iter().any(|change| matches!(change, Change::Forwarding(_))) {
            self.phones.share_forwarding(phone);
        }
        changes
    }

    /// Lights the lamps of phones for which the mailbox has a message now, and puts out those whose messages were heard.
    pub(super) fn light_lamps(&mut self, step: &mut Step<'_>) {
        for (phone, on) in self.phones.take_messages() {
            let mailbox = self.config.mailbox.clone();
            let changes = self.change(phone, |settings| settings.set_message_waiting(on, mailbox.as_deref()));
            self.report_changes(step, phone, &changes);
        }
    }

    /// Sends an event for each change to every monitor of the phone.
    pub(super) fn report_changes(&self, step: &mut Step<'_>, phone: Handle<Phone>, changes: &[Change]) {
        for change in changes {
            self.report_at(step, phone, change);
            // Forwarding is the line's, and was set at all its appearances.
            if matches!(change, Change::Forwarding(_)) {
                for other in self.phones.other_appearances(phone) {
                    self.report_at(step, other, change);
                }
            }
        }
    }

    fn report_at(&self, step: &mut Step<'_>, phone: Handle<Phone>, change: &Change) {
        if let Some(id) = self.phones.phone(phone).map(|phone| phone.id.as_str()) {
            self.report_change(step, phone, id, change);
        }
    }

    fn report_change(&self, step: &mut Step<'_>, phone: Handle<Phone>, number: &str, change: &Change) {
        let party = Value::Party(known(number));
        let mut told = |root, given: &[Given<'_>]| self.tell_of_device(step, phone, number, root, given);
        match change {
            Change::Forwarding(forward) => {
                let rings = rings_of(forward);
                let mut given = forward_members("forwardTo", forward, rings.as_deref());
                given.push(("device", party));
                told("ForwardingEvent", &given);
            }
            Change::DoNotDisturb(refused) => {
                let callers = callers_of(refused.as_ref());
                let mut given = refused_members(refused.as_ref(), &callers);
                given.push(("device", party));
                told("DoNotDisturbEvent", &given);
            }
            Change::MessageWaiting(on, at) => {
                let at = at.as_deref().map_or(Value::Nothing, |at| Value::Device(static_device(at)));
                let given =
                    [("targetDevice", party), ("deviceForMessage", at), ("messageWaitingOn", truth(*on))];
                told("MessageWaitingEvent", &given);
            }
            Change::MicrophoneMute(mute) => told(
                "MicrophoneMuteEvent",
                &[
                    ("invokingDevice", party),
                    ("auditoryApparatus", Value::Text(APPARATUS)),
                    ("microphoneMuteOn", truth(*mute)),
                ],
            ),
            Change::SpeakerMute(mute) => told(
                "SpeakerMuteEvent",
                &[
                    ("invokingDevice", party),
                    ("auditoryApparatus", Value::Text(APPARATUS)),
                    ("speakerMuteOn", truth(*mute)),
                ],
            ),
            Change::AutoAnswer(rings) => {
                let count = rings.map(|rings| rings.to_string());
                let count = count.as_deref().map_or(Value::Nothing, Value::Text);
                let given = [
                    ("invokingDevice", party),
                    ("autoAnswerOn", truth(rings.is_some())),
                    ("numberOfRings", count),
                ];
                told("AutoAnswerEvent", &given);
            }
            Change::CallerId(shown) => {
                let device = Value::Device(static_device(number));
                told("CallerIDStatusEvent", &[("device", device), ("callerIDProvided", truth(*shown))]);
            }
            Change::Service(true) => told("BackInServiceEvent", &[("device", party)]),
            Change::Service(false) => told("OutOfServiceEvent", &[("device", party)]),
            Change::Capabilities => told("DeviceCapsChangedEvent", &[("device", party)]),
        }
    }

    /// Sends an event to the phone's monitors.
    fn tell_of_device(
        &self,
        step: &mut Step<'_>,
        phone: Handle<Phone>,
        number: &str,
        root: &'static str,
        given: &[Given<'_>],
    ) {
        let shape = Shape::named(root);
        debug_assert!(shape.is_some(), "{root} is an event of the schema");
        let Some(shape) = shape else { return };
        step.actions.notify(Level::Debug, "device_changed", &[("device", &number), ("event", &root)]);
        self.tell_monitors(step, phone, shape, given);
    }
}

/// A truth value as the schema writes it.
pub(super) const fn truth(value: bool) -> Value<'static> {
    Value::Text(if value { "true" } else { "false" })
}

/// The ring count of a setting, as text.
pub(super) fn rings_of(forward: &Forward) -> Option<String> {
    forward.rings.map(|rings| rings.to_string())
}

/// The members for one setting; `to` is the name of the number's.
pub(super) fn forward_members<'a>(
    to: &'static str,
    forward: &'a Forward,
    rings: Option<&'a str>,
) -> Vec<Given<'a>> {
    let Forward { kind, active, to: number, rings: _, is_default } = forward;
    let mut given = Vec::from([
        ("forwardingType", Value::Text(kind.word)),
        ("forwardStatus", truth(*active)),
        (to, Value::Device(static_device(number))),
    ]);
    if *is_default {
        given.push(("forwardDefault", Value::Text("forwardingTypeAndForwardDN")));
    }
    given.extend(rings.map(|rings| ("ringCount", Value::Text(rings))));
    given
}

/// The callers that must not disturb, as the items of a list.
pub(super) fn callers_of(refused: Option<&DoNotDisturb>) -> Vec<Given<'_>> {
    let callers = refused.map(|refused| refused.callers.as_slice()).unwrap_or_default();
    callers.iter().map(|caller| ("callingDevice", Value::Device(static_device(caller)))).collect()
}

/// The members that say which calls must not disturb.
pub(super) fn refused_members<'a>(
    refused: Option<&DoNotDisturb>,
    callers: &'a [Given<'a>],
) -> Vec<Given<'a>> {
    let mut given = Vec::from([("doNotDisturbOn", truth(refused.is_some()))]);
    let origin: &[Given<'_>] = match refused.map_or(Origin::All, |refused| refused.origin) {
        Origin::All => &[],
        Origin::Internal => const { &[("internal", truth(true)), ("external", truth(false))] },
        Origin::External => const { &[("internal", truth(false)), ("external", truth(true))] },
    };
    for (name, inner) in [("callOrigination", origin), ("callingDeviceList", callers)] {
        if !inner.is_empty() {
            given.push((name, Value::Elements(inner)));
        }
    }
    given
}
