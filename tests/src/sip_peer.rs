//! A hand-driven SIP user agent in the simulated world.

use core::net::SocketAddr;

use ctigate_core::Duration;

use crate::client::Line;
use crate::sip::Sip;
use crate::world::{Fault, HostId, World};

/// One SIP user agent: a bare host and how it reaches the gateway.
#[derive(Clone, Copy, Debug)]
pub struct SipPeer {
    /// The bare host.
    pub host: HostId,
    /// How it reaches the gateway.
    pub way: Line,
    /// How many received messages were checked for requests to answer.
    pub answered: usize,
}

impl SipPeer {
    /// Opens a connection from a bare host.
    ///
    /// # Errors
    /// The world's fault, such as a connection that does not open.
    pub fn tcp(world: &mut World, host: HostId, address: &str) -> Result<Self, Fault> {
        let link = world.connect(host, address);
        let patience = Duration::from_secs(30);
        world.run_until("the connection opens", patience, |world| world.is_open(host, link))?;
        Ok(Self { host, way: Line::Stream(link), answered: 0 })
    }

    /// Speaks by datagrams from a bare host's first listener.
    #[must_use]
    pub const fn udp(host: HostId, gateway: SocketAddr) -> Self {
        Self { host, way: Line::Datagram(gateway), answered: 0 }
    }

    /// Whether its connection is open; always true for datagrams.
    #[must_use]
    pub fn is_open(&self, world: &World) -> bool {
        match self.way {
            Line::Stream(link) => world.is_open(self.host, link),
            Line::Datagram(_) => true,
        }
    }

    /// Sends bytes.
    pub fn send(&self, world: &mut World, bytes: impl AsRef<[u8]>) {
        let bytes = bytes.as_ref();
        match self.way {
            Line::Stream(link) => world.write(self.host, link, bytes),
            Line::Datagram(gateway) => world.send_datagram(self.host, 0, gateway, bytes),
        }
    }

    /// All messages received so far.
    #[must_use]
    pub fn received(&self, world: &World) -> Vec<Sip> {
        match self.way {
            Line::Stream(link) => Sip::all(world.received(self.host, link)),
            Line::Datagram(_) => {
                world.datagrams(self.host).iter().flat_map(|(_, bytes)| Sip::all(bytes)).collect()
            }
        }
    }

    /// The first final answer received to the request of this CSeq (`2 INFO`), beyond the first `skipped` messages.
    #[must_use]
    pub fn answer(&self, world: &World, skipped: usize, cseq: &str) -> Option<Sip> {
        let messages = self.received(world).into_iter().skip(skipped);
        messages.filter(|message| message.status() >= 200).find(|message| message.header("CSeq") == cseq)
    }

    /// Sends a request and waits for its final answer.
    ///
    /// # Errors
    /// The world's fault, such as an answer that does not come.
    pub fn ask(&self, world: &mut World, request: &str) -> Result<Sip, Fault> {
        let skipped = self.received(world).len();
        self.send(world, request);
        self.await_answer(world, skipped, &Sip::from(request.to_owned()))
    }

    /// Waits for the final answer to a request, beyond the first `skipped` messages.
    ///
    /// # Errors
    /// The world's fault, such as an answer that does not come.
    pub fn await_answer(&self, world: &mut World, skipped: usize, request: &Sip) -> Result<Sip, Fault> {
        let (cseq, call_id) = (request.header("CSeq"), request.header("Call-ID"));
        let answer = |world: &World| {
            let answers = self.received(world).into_iter().skip(skipped);
            let mut answers = answers.filter(|message| message.status() >= 200);
            answers.find(|message| message.header("CSeq") == cseq && message.header("Call-ID") == call_id)
        };
        let what = format!("the answer to {cseq} in {call_id}");
        world.run_until(&what, Duration::from_secs(40), |world| answer(world).is_some())?;
        answer(world).ok_or_else(|| Fault { seed: world.seed(), at: world.now(), what })
    }

    /// The gateway's requests received so far, of one method.
    #[must_use]
    pub fn requests(&self, world: &World, method: &str) -> Vec<Sip> {
        self.received(world).into_iter().filter(|message| message.method() == method).collect()
    }

    /// The bodies' root elements of all event INFOs received so far, in order.
    #[must_use]
    pub fn events(&self, world: &World) -> Vec<String> {
        self.requests(world, "INFO").iter().map(|event| event.root().to_owned()).collect()
    }
}
