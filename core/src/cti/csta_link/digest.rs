//! A link's fingerprint.

use super::{Asked, CstaLink, Queued};
use crate::config::SessionKind;
use crate::cti::protocol::Asker;
use crate::digest::{Digest, Digester};

impl Digest for Asked {
    fn digest(&self, digester: &mut Digester) {
        let (kind, who) = match self {
            Self::Session => (0, None),
            Self::Features => (1, None),
            Self::Registration => (2, None),
            Self::Heartbeat => (3, None),
            Self::Nothing => (4, None),
            Self::Service(Asker(who)) => (5, Some(*who)),
        };
        digester.number(kind);
        digester.value(&who);
    }
}

crate::digest! { struct CstaLink {
    application,
    session_kind => *session_kind == SessionKind::Application,
    requested_duration,
    namespace => namespace.uri(),
    window,
    queue_limit,
    session,
    granted,
    next_invoke,
    outstanding,
    by_asker: _, // It follows from `outstanding`.
    abandoned,
    queue,
    patience,
    gathering,
} }

crate::digest! { struct Queued { who, document, since } }
