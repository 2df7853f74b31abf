//! The services a client may ask for: one table, from which both dispatch and GetCSTAFeatures are made, so that the
//! features a client is told are those it gets.

use crate::wire::csta::events::SHAPES;
use crate::wire::csta::services::Features;

/// One service of the gateway.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offered {
    /// The request's root element.
    pub(crate) request: &'static str,
    /// Whether the phone system behind must be able to do it.
    pub(crate) needs_link: bool,
}

const fn own(request: &'static str) -> Offered {
    Offered { request, needs_link: false }
}

const fn of_link(request: &'static str) -> Offered {
    Offered { request, needs_link: true }
}

/// All services the gateway serves.
pub(crate) const OFFERED: &[Offered] = &[
    own("GetCSTAFeatures"),
    own("RequestSystemStatus"),
    own("SystemRegister"),
    own("SystemRegisterCancel"),
    of_link("MonitorStart"),
    own("MonitorStop"),
    of_link("SnapshotDevice"),
    of_link("MakeCall"),
    of_link("AnswerCall"),
    of_link("ClearConnection"),
    of_link("HoldCall"),
    of_link("RetrieveCall"),
];

/// What a client behind a link that can do `link` is told.
pub(crate) fn features(link: Features) -> Features {
    let mut features = Features::default();
    for offered in OFFERED {
        if !offered.needs_link || link.has_service(offered.request) {
            features = features.with_service(offered.request);
        }
    }
    features.events = link.events;
    features
}

/// What a link is taken to be able to do that does not answer GetCSTAFeatures: everything the gateway asks of links.
pub(crate) fn presumed() -> Features {
    let mut features = Features::default();
    for offered in OFFERED.iter().filter(|offered| offered.needs_link) {
        features = features.with_service(offered.request);
    }
    for shape in SHAPES {
        features = features.with_event(shape.kind.word());
    }
    features
}

/// Whether the gateway serves `request`, whatever the phone system behind can do.
pub(crate) fn is_offered(request: &str) -> bool {
    OFFERED.iter().any(|offered| offered.request == request)
}
