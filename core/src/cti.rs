//! CTI connections: the pool that shares sessions out, each connection's life, and the link protocols behind one
//! interface.

pub(crate) mod connection;
pub(crate) mod csta_link;
pub(crate) mod pool;
pub(crate) mod protocol;
pub(crate) mod rebind;
pub(crate) mod vitals;

use crate::digest::{Digest, Digester};

/// One connect of one CTI connection: its place in the configuration, and a connection ID that is never used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct ConnectionRef {
    /// The place in the configured order, from 0.
    pub(crate) place: u8,
    /// The connection ID.
    pub(crate) id: u64,
}

impl Digest for ConnectionRef {
    fn digest(&self, digester: &mut Digester) {
        let Self { place, id } = self;
        digester.number(u64::from(*place));
        digester.number(*id);
    }
}
