//! The services and events that a client is offered. They follow from the same rows that serve its requests, so that
//! what is offered and what is served agree.

use super::features::LinkFeatures;
use crate::wire::csta::model::CallEventKind;
use crate::wire::csta::services::{self, Features, Served};

/// The services that a phone system is presumed to have if it does not report its features: those that the gateway has
/// asked for from the beginning.
const PRESUMED_SERVICES: [&str; 7] = [
    "MonitorStart",
    "SnapshotDevice",
    "MakeCall",
    "AnswerCall",
    "ClearConnection",
    "HoldCall",
    "RetrieveCall",
];

/// The events that a phone system is presumed to send if it does not report its features.
const PRESUMED_EVENTS: [CallEventKind; 9] = [
    CallEventKind::ServiceInitiated,
    CallEventKind::Originated,
    CallEventKind::Delivered,
    CallEventKind::Established,
    CallEventKind::Held,
    CallEventKind::Retrieved,
    CallEventKind::Failed,
    CallEventKind::ConnectionCleared,
    CallEventKind::NetworkReached,
];

/// The features of the devices at a link with the features `link`.
pub(crate) fn at_link(link: Features) -> LinkFeatures {
    LinkFeatures::of_all(link, features(link))
}

/// What a client is offered over a link with the features `link`.
fn features(link: Features) -> Features {
    let served = services::all().iter().filter(|service| match service.served {
        Served::Here => true,
        Served::ByLink | Served::Relayed | Served::Told => link.has(service),
        Served::Nowhere => false,
    });
    let features = served.fold(Features::NONE, Features::with);
    Features { events: link.events, ..features }
}

/// The features that a link is presumed to have if it does not answer GetCSTAFeatures.
pub(crate) fn presumed() -> Features {
    let services = PRESUMED_SERVICES.iter().fold(Features::NONE, |all, service| all.with_service(service));
    PRESUMED_EVENTS.iter().fold(services, |all, event| all.with_event(event.word()))
}

/// The features that are configured for a link; with no event among them, it is presumed to send the usual ones.
pub(crate) fn configured(named: Features) -> Features {
    if named.events == 0 { Features { events: presumed().events, ..named } } else { named }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn configured_services_come_with_the_usual_events_unless_events_are_configured_too() {
        let services = Features::NONE.with_service("MakeCall");
        assert_eq!(configured(services), Features { events: presumed().events, ..services });
        let with_event = services.with_event("HeldEvent");
        assert_eq!(configured(with_event), with_event);
    }

    #[test]
    fn a_silent_link_is_presumed_to_do_seven_services_and_nine_events() {
        let presumed = presumed();
        assert_eq!((presumed.services().count(), presumed.events().count()), (7, 9));
        let told = at_link(presumed).offered();
        let own = services::all().iter().filter(|service| service.served == Served::Here).count();
        assert_eq!(told.services().count(), 7 + own);
    }

    #[test]
    fn every_service_that_is_served_is_offered_where_the_link_has_it() {
        let told = at_link(Features::ALL).offered();
        let nothing = at_link(Features::NONE).offered();
        for service in services::all() {
            assert_eq!(told.has(service), service.served != Served::Nowhere, "{}", service.root);
            assert_eq!(nothing.has(service), service.served == Served::Here, "{}", service.root);
        }
    }
}
