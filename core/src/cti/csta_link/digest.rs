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

impl Digest for CstaLink {
    fn digest(&self, digester: &mut Digester) {
        let Self {
            application,
            session_kind,
            requested_duration,
            namespace,
            window,
            queue_limit,
            session,
            granted,
            next_invoke,
            outstanding,
            by_request: _derived,
            abandoned,
            queue,
            patience,
            gathering,
            xml_limits: _configured,
        } = self;
        digester.value(application);
        digester.flag(*session_kind == SessionKind::Application);
        digester.value(requested_duration);
        digester.text(namespace.uri());
        digester.value(window);
        digester.value(queue_limit);
        digester.value(session);
        digester.value(granted);
        digester.number(u64::from(*next_invoke));
        digester.value(&outstanding.len());
        for (invoke, asked) in outstanding {
            digester.number(u64::from(*invoke));
            digester.value(asked);
        }
        digester.value(&abandoned.len());
        for invoke in abandoned {
            digester.number(u64::from(*invoke));
        }
        digester.value(&queue.len());
        for Queued { id, document, since } in queue {
            digester.value(id);
            digester.value(document);
            digester.value(since);
        }
        digester.value(patience);
        digester.value(gathering);
    }
}
