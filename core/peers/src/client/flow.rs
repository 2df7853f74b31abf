//! Flows: the connection or socket to the server, and connections that the gateway opens to us.

use alloc::collections::BTreeMap;
use core::net::SocketAddr;

use ctigate_core::action::Actions;
use ctigate_core::input::{LinkId, ListenerId, Transport};
use ctigate_core::wire::sip::Framer;

/// One flow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A connection.
    Link(LinkId),
    /// Datagrams to and from a peer.
    Datagram(ListenerId, SocketAddr),
}

impl Way {
    pub(super) fn send(self, actions: &mut Actions, bytes: &[u8]) {
        match self {
            Self::Link(link) => actions.write(link, bytes),
            Self::Datagram(listener, peer) => actions.send_datagram(listener, peer, bytes),
        }
    }

    pub(super) const fn is_reliable(self) -> bool {
        matches!(self, Self::Link(_))
    }

    /// The address of the other end, if a Via may need it.
    pub(super) const fn source(self) -> Option<SocketAddr> {
        match self {
            Self::Link(_) => None,
            Self::Datagram(_, peer) => Some(peer),
        }
    }
}

/// All flows.
#[derive(Debug, Default)]
pub(super) struct Flows {
    /// The flow to the server, once there is one.
    pub(super) server: Option<Way>,
    /// The local address of that flow.
    pub(super) local: Option<SocketAddr>,
    /// The address to which requests to us are sent, if it is not `local`.
    pub(super) listening: Option<SocketAddr>,
    /// Incomplete messages, by connection.
    pub(super) framers: BTreeMap<LinkId, Framer>,
}

impl Flows {
    /// The address for our Contact.
    pub(super) fn contact(&self, transport: Transport) -> Option<SocketAddr> {
        match transport {
            Transport::Tcp => self.listening.or(self.local),
            Transport::Udp => self.local,
        }
    }
}

ctigate_core::digest! { enum Way { Link(link), Datagram(listener, peer) } }

ctigate_core::digest! { struct Flows { server, local, listening, framers } }
