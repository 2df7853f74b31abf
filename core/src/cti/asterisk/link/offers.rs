//! What an Asterisk can do, by the rights of the user.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

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
    offer("GetSwitchingFunctionDevices", Rights::SYSTEM),
    offer("SwitchingFunctionDevices", Rights::SYSTEM),
    offer("MakeCall", Rights::ORIGINATE),
    offer("ClearConnection", Rights::SYSTEM.or(Rights::CALL)),
    offer("SingleStepTransferCall", Rights::CALL),
    offer("ParkCall", Rights::CALL),
    offer("DirectedPickupCall", Rights::ORIGINATE),
    offer("DeflectCall", Rights::CALL),
    offer("TransferCall", Rights::CALL),
    offer("GenerateDigits", Rights::CALL),
    offer("GetForwarding", Rights::SYSTEM.or(Rights::REPORTING)),
    offer("SetForwarding", Rights::SYSTEM),
    offer("GetDoNotDisturb", Rights::SYSTEM.or(Rights::REPORTING)),
    offer("SetDoNotDisturb", Rights::SYSTEM),
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
const OTHERS: [&str; 3] = ["QueuedEvent", "ForwardingEvent", "DoNotDisturbEvent"];

/// What a user with these rights can do; `by_phone` tells whether there are phones that obey NOTIFY, `has_rooms` whether
/// there are conference rooms.
pub(super) fn features(rights: Rights, by_phone: bool, has_rooms: bool) -> Features {
    let may = |offer: &&Offer| {
        offer.is_allowed(rights)
            && (by_phone || !offer.by_phone)
            && (has_rooms || offer.service != "ConferenceCall")
    };
    let services = OFFERS.iter().filter(may).fold(Features::NONE, |all, one| all.with_service(one.service));
    let events = EVENTS.iter().map(|event| event.word()).chain(OTHERS);
    events.fold(services, Features::with_event)
}

/// What each right that the user lacks costs.
pub(super) fn lacking(rights: Rights) -> impl Iterator<Item = String> {
    let needed = [Rights::SYSTEM, Rights::CALL, Rights::ORIGINATE];
    needed.into_iter().filter(move |right| !rights.allow(*right)).filter_map(move |right| {
        let needs = |offer: &Offer| offer.needs.allow(right) || offer.also.allow(right);
        let lost = |offer: &&Offer| needs(offer) && !offer.is_allowed(rights);
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
        let services = |rights: Rights, by_phone| {
            let features = features(rights, by_phone, true);
            OFFERS.iter().filter(|offer| features.has_service(offer.service)).count()
        };
        let all = Rights::SYSTEM.or(Rights::CALL).or(Rights::ORIGINATE);
        assert_eq!(services(all, true), OFFERS.len());
        assert_eq!(services(all, false), OFFERS.len() - 7);
        assert_eq!(services(Rights::CALL.or(Rights::ORIGINATE), true), OFFERS.len() - 13);
        assert_eq!(services(Rights::NONE, true), 3);
        // Some need two rights.
        for (right, service) in [(Rights::ORIGINATE, "ConsultationCall"), (Rights::CALL, "ConferenceCall")] {
            let lacks = features(Rights::SYSTEM, true, true);
            assert!(!lacks.has_service(service) && features(all, true, true).has_service(service));
            let said = lacking(Rights::SYSTEM).find(|said| right.names().any(|name| said.contains(name)));
            assert!(said.is_some_and(|said| said.contains(service)), "{service}");
        }
        assert!(by_phone().has_service("HoldCall") && !by_phone().has_service("MakeCall"));
    }
}
