//! A link's fingerprint.

use super::{Asked, CstaLink, Sent, Stage};
use crate::config::SessionKind;
use crate::digest::{Digest, Digester};

impl Digest for Asked {
    fn digest(&self, digester: &mut Digester) {
        let (kind, sent) = match self {
            Self::Session => (0, None),
            Self::Features => (1, None),
            Self::Registration => (2, None),
            Self::Heartbeat => (3, None),
            Self::Nothing => (4, None),
            Self::Service(sent) => (5, Some(*sent)),
            Self::Device(_) => (6, None),
        };
        digester.number(kind);
        digester.value(&sent);
    }
}

crate::digest! { struct CstaLink {
    application,
    session_kind => *session_kind == SessionKind::Application,
    requested_duration,
    login: _, // Configured.
    versions: _, // Configured.
    has_features: _, // Configured.
    namespace => namespace.uri(),
    window,
    queue_limit,
    session,
    granted,
    stage,
    next_invoke,
    outstanding,
    by_request: _, // It follows from `outstanding`.
    abandoned,
    beat: _, // It follows from `outstanding`.
    silence,
    waiting,
    patience,
    gathering,
    devices,
    xml_limits: _, // Configured.
} }

crate::digest! { struct Sent { id, service => service.map_or("", |one| one.root), at, answers => u64::from(*answers) } }

crate::digest! { enum Stage { Opening = 0, Asking = 1, Ready = 2 } }
