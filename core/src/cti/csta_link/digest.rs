//! A link's fingerprint.

use super::{Asked, CstaLink, Queued};
use crate::config::SessionKind;
use crate::digest::{Digest, Digester};

impl Digest for Asked {
    fn digest(&self, digester: &mut Digester) {
        let (kind, id) = match self {
            Self::Session => (0, None),
            Self::Features => (1, None),
            Self::Registration => (2, None),
            Self::Heartbeat => (3, None),
            Self::Nothing => (4, None),
            Self::Service(id) => (5, Some(*id)),
        };
        digester.number(kind);
        digester.value(&id);
    }
}

crate::digest! { struct CstaLink {
    application,
    session_kind => *session_kind == SessionKind::Application,
    requested_duration,
    login: _, // Configured.
    versions: _, // Configured.
    namespace => namespace.uri(),
    window,
    queue_limit,
    session,
    granted,
    next_invoke,
    outstanding,
    by_request: _, // It follows from `outstanding`.
    abandoned,
    queue,
    patience,
    gathering,
    xml_limits: _, // Configured.
} }

crate::digest! { struct Queued { id, document, since } }
