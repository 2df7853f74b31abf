//! The services a client may ask for. What it is told follows from the same rows that serve it, so that the features a
//! client is told are those it gets.

use super::features::DeviceFeatures;
use crate::wire::csta::model::CallEventKind;
use crate::wire::csta::services::{self, Features, Served};

/// What a link is presumed to be able to do that does not tell its features. It promises nothing on behalf of silent
/// phone systems that they were not asked for from the beginning.
const PRESUMED_SERVICES: [&str; 7] = [
    "MonitorStart",
    "SnapshotDevice",
    "MakeCall",
    "AnswerCall",
    "ClearConnection",
    "HoldCall",
    "RetrieveCall",
];

/// The same of events.
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

/// What the devices at a link can do that can do `link`, and what their clients are told.
pub(crate) fn at_link(link: Features) -> DeviceFeatures {
    DeviceFeatures::of_all(link, features(link))
}

/// What a client behind a link that can do `link` is told.
fn features(link: Features) -> Features {
    let served = services::all().iter().filter(|service| match service.served {
        Served::Here => true,
        Served::ByLink | Served::Relayed | Served::Told => link.has(service),
        Served::Nowhere => false,
    });
    let features = served.fold(Features::NONE, Features::with);
    Features { events: link.events, ..features }
}

/// What a link is taken to be able to do that does not answer GetCSTAFeatures.
pub(crate) fn presumed() -> Features {
    let services = PRESUMED_SERVICES.iter().fold(Features::NONE, |all, service| all.with_service(service));
    PRESUMED_EVENTS.iter().fold(services, |all, event| all.with_event(event.word()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silent_link_is_presumed_to_do_seven_services_and_nine_events() {
        let presumed = presumed();
        assert_eq!((presumed.services().count(), presumed.events().count()), (7, 9));
        let told = at_link(presumed).offered_to(|| "1001");
        let own = services::all().iter().filter(|service| service.served == Served::Here).count();
        assert_eq!(told.services().count(), 7 + own);
    }

    #[test]
    fn every_service_that_is_served_is_offered_where_the_link_has_it() {
        let told = at_link(Features::ALL).offered_to(|| "1001");
        let nothing = at_link(Features::NONE).offered_to(|| "1001");
        for service in services::all() {
            assert_eq!(told.has(service), service.served != Served::Nowhere, "{}", service.root);
            assert_eq!(nothing.has(service), service.served == Served::Here, "{}", service.root);
        }
    }
}
