//! What an Asterisk can do, by the rights of the user.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::config::Asterisk;
use crate::wire::ami::Rights;
use crate::wire::csta::model::CallEventKind;
use crate::wire::csta::services::Features;

/// A service, the rights of which one is needed, another one that is needed too, and whether the phone must obey NOTIFY.
struct Offer {
    service: &'static str,
    needs: Rights,
    also: Rights,
    by_phone: bool,
}

impl Offer {
    const fn is_allowed(&self, rights: Rights) -> bool {
        rights.allow(self.needs) && rights.allow(self.also)
    }
}

const fn offer(service: &'static str, needs: Rights) -> Offer {
    Offer { service, needs, also: Rights::NONE, by_phone: false }
}

/// One that the phone carries out.
const fn at_phone(service: &'static str) -> Offer {
    at_phone_and(service, Rights::NONE)
}

/// One that the phone carries out, and Asterisk with another right.
const fn at_phone_and(service: &'static str, also: Rights) -> Offer {
    Offer { service, needs: Rights::SYSTEM, also, by_phone: true }
}

const OFFERS: &[Offer] = &[
    offer("MonitorStart", Rights::NONE),
    offer("MonitorStop", Rights::NONE),
    offer("SnapshotDevice", Rights::NONE),
    offer("SnapshotCall", Rights::NONE),
    offer("GetSwitchingFunctionDevices", Rights::SYSTEM),
    offer("SwitchingFunctionDevices", Rights::SYSTEM),
    offer("MakeCall", Rights::ORIGINATE),
    offer("ClearConnection", Rights::SYSTEM.or(Rights::CALL)),
    offer("SingleStepTransferCall", Rights::CALL),
    offer("ParkCall", Rights::CALL),
    offer("DirectedPickupCall", Rights::ORIGINATE),
    offer("GroupPickupCall", Rights::ORIGINATE),
    offer("DeflectCall", Rights::CALL),
    offer("TransferCall", Rights::CALL),
    offer("GenerateDigits", Rights::CALL),
    offer("GetForwarding", Rights::SYSTEM.or(Rights::REPORTING)),
    offer("SetForwarding", Rights::SYSTEM),
    offer("GetDoNotDisturb", Rights::SYSTEM.or(Rights::REPORTING)),
    offer("SetDoNotDisturb", Rights::SYSTEM),
    offer("GetMessageWaitingIndicator", Rights::CALL.or(Rights::REPORTING)),
    offer("GetMicrophoneMute", Rights::SYSTEM),
    offer("SetMicrophoneMute", Rights::SYSTEM),
    at_phone("AnswerCall"),
    at_phone("HoldCall"),
    at_phone("RetrieveCall"),
    at_phone_and("ConsultationCall", Rights::ORIGINATE),
    at_phone("AlternateCall"),
    at_phone("ReconnectCall"),
    at_phone_and("ConferenceCall", Rights::CALL),
];

/// The events of calls that are told, beside [`OTHERS`].
const EVENTS: [CallEventKind; 12] = [
    CallEventKind::ServiceInitiated,
    CallEventKind::Originated,
    CallEventKind::Delivered,
    CallEventKind::Established,
    CallEventKind::Held,
    CallEventKind::Retrieved,
    CallEventKind::Failed,
    CallEventKind::ConnectionCleared,
    CallEventKind::NetworkReached,
    CallEventKind::Diverted,
    CallEventKind::Transfered,
    CallEventKind::Conferenced,
];

/// The others.
const OTHERS: [&str; 6] = [
    "QueuedEvent",
    "ForwardingEvent",
    "DoNotDisturbEvent",
    "MessageWaitingEvent",
    "MicrophoneMuteEvent",
    "DeviceCapsChangedEvent",
];

/// Whether an Asterisk with these settings has what a service needs, beside rights.
fn has(settings: &Asterisk, offer: &Offer) -> bool {
    (settings.may_obey() || !offer.by_phone)
        && (settings.rooms.is_some() || offer.service != "ConferenceCall")
        && (settings.group_pickup.is_some() || offer.service != "GroupPickupCall")
}

/// What a user with these rights can do at an Asterisk with these settings: some services need phones that obey NOTIFY,
/// conference rooms, or a number for pickup.
pub(super) fn features(rights: Rights, settings: &Asterisk) -> Features {
    let may = |offer: &&Offer| offer.is_allowed(rights) && has(settings, offer);
    let services = OFFERS.iter().filter(may).fold(Features::NONE, |all, one| all.with_service(one.service));
    let events = EVENTS.iter().map(|event| event.word()).chain(OTHERS);
    events.fold(services, Features::with_event)
}

/// What each right that the user lacks costs.
pub(super) fn lacking(rights: Rights, settings: &Asterisk) -> impl Iterator<Item = String> {
    let needed = [Rights::SYSTEM, Rights::CALL, Rights::ORIGINATE];
    needed.into_iter().filter(move |right| !rights.allow(*right)).filter_map(move |right| {
        let needs = |offer: &Offer| offer.needs.allow(right) || offer.also.allow(right);
        let lost = |offer: &&Offer| needs(offer) && !offer.is_allowed(rights) && has(settings, offer);
        let lost: Vec<&str> = OFFERS.iter().filter(lost).map(|offer| offer.service).collect();
        let name = right.names().next()?;
        (!lost.is_empty()).then(|| format!("the user has no write = {name}: no {}", lost.join(", ")))
    })
}

/// What it costs that the user may not list the endpoints.
pub(super) fn unlisted(rights: Rights) -> Option<String> {
    let why = "the user has no write = system: which lines there are, and which phones are registered, is not known";
    (!rights.allow(Rights::SYSTEM)).then(|| why.into())
}

/// What it costs that the user is not told events of the class system.
pub(super) fn unheard(hears_system: bool) -> Option<String> {
    let why = "the user has no read = system, or Asterisk is still starting: it is not told which phones register, and \
               what phones announce of themselves does not count";
    (!hears_system).then(|| why.into())
}

/// What it costs that Asterisk does not list its database.
pub(super) fn unpolled(is_refused: bool) -> Option<String> {
    let why = "Asterisk does not list its database (DBGetTree, since 16.28, 18.14 and 19.6): what other programs set for \
               lines is told only if the dialplan tells it";
    is_refused.then(|| why.into())
}

/// What a phone cannot do that does not obey NOTIFY.
pub(super) fn by_phone() -> Features {
    let offers = OFFERS.iter().filter(|offer| offer.by_phone);
    offers.fold(Features::NONE, |all, one| all.with_service(one.service))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_offered_follows_from_the_rights_and_the_phones() {
        let with = |obedient: &[&str]| Asterisk {
            obedient: obedient.iter().map(|one| String::from(*one)).collect(),
            rooms: Some((8_000, 8_001)),
            group_pickup: Some("*8".into()),
            ..Asterisk::default()
        };
        let services = |rights: Rights, by_phone: bool| {
            let features = features(rights, &with(if by_phone { &["1001"] } else { &[] }));
            OFFERS.iter().filter(|offer| features.has_service(offer.service)).count()
        };
        let all = Rights::SYSTEM.or(Rights::CALL).or(Rights::ORIGINATE);
        assert_eq!(services(all, true), OFFERS.len());
        assert_eq!(services(all, false), OFFERS.len() - 7);
        assert_eq!(services(Rights::CALL.or(Rights::ORIGINATE), true), OFFERS.len() - 15);
        assert_eq!(services(Rights::NONE, true), 4);
        let without = features(all, &Asterisk::default());
        assert!(!without.has_service("GroupPickupCall") && !without.has_service("ConferenceCall"));
        // Some need two rights.
        for (right, service) in [(Rights::ORIGINATE, "ConsultationCall"), (Rights::CALL, "ConferenceCall")] {
            let settings = with(&["1001"]);
            let lacks = features(Rights::SYSTEM, &settings);
            assert!(!lacks.has_service(service) && features(all, &settings).has_service(service));
            let said =
                lacking(Rights::SYSTEM, &settings).find(|said| right.names().any(|name| said.contains(name)));
            assert!(said.is_some_and(|said| said.contains(service)), "{service}");
        }
        assert!(by_phone().has_service("HoldCall") && !by_phone().has_service("MakeCall"));
    }
}
