//! Answers `ask N` with `answer N`, over TCP (one a line) and UDP (one a datagram).

use std::collections::BTreeMap;

use core::net::{IpAddr, Ipv4Addr, SocketAddr};

use ctigate_core::digest::{Digest as _, Digester};
use ctigate_core::{Actions, Input, Instant, LinkId, Listen, Machine, Taken, Transport, Wake};

/// The longest line it takes.
const LINE: usize = 64;

/// Listens on port 7, TCP and UDP.
#[derive(Default)]
pub struct Answerer {
    /// The incomplete line of every open connection.
    tails: BTreeMap<LinkId, Vec<u8>>,
    answered: u64,
}

impl Answerer {
    /// An answerer that has answered nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one line, or all bytes of an incomplete one.
    fn bytes(&mut self, link: LinkId, bytes: &[u8], actions: &mut Actions) -> Taken {
        let Some(pending) = self.tails.get_mut(&link) else { return Taken(bytes.len()) };
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let length = end.map_or(bytes.len(), |end| end.saturating_add(1));
        pending.extend(bytes.iter().take(length));
        if end.is_some() {
            let said = core::mem::take(pending);
            if let Some(question) = said.strip_prefix(b"ask ") {
                self.answered = self.answered.wrapping_add(1);
                actions.write_with(link, |out| answer(question, out));
            }
        } else if pending.len() > LINE {
            self.tails.remove(&link);
            actions.close(link);
        }
        Taken(length)
    }
}

fn answer(question: &[u8], out: &mut Vec<u8>) {
    out.extend_from_slice(b"answer ");
    out.extend_from_slice(question);
}

impl Machine for Answerer {
    fn listens(&self) -> Vec<Listen> {
        [Transport::Tcp, Transport::Udp]
            .map(|transport| Listen {
                transport,
                address: SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 7),
                key: "answerer".to_owned(),
            })
            .to_vec()
    }

    fn step(&mut self, _now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        match input {
            Input::Opened { link, .. } => {
                self.tails.insert(link, Vec::new());
            }
            Input::Bytes { link, bytes } => return self.bytes(link, bytes, actions),
            Input::Closed { link, .. } => {
                self.tails.remove(&link);
            }
            Input::Datagram { listener, peer, bytes } => {
                if let Some(question) = bytes.strip_prefix(b"ask ") {
                    self.answered = self.answered.wrapping_add(1);
                    actions.send_datagram_with(listener, peer, |out| answer(question, out));
                }
            }
            Input::Tick
            | Input::Listening { .. }
            | Input::Command { .. }
            | Input::Persisted { .. }
            | Input::Restored { .. }
            | Input::Clock { .. } => {}
        }
        Taken(0)
    }

    fn next_wake(&self) -> Option<Wake> {
        None
    }

    fn digest(&mut self) -> u64 {
        self.full_digest()
    }

    fn full_digest(&self) -> u64 {
        let Self { tails, answered } = self;
        let mut digester = Digester::new();
        answered.digest(&mut digester);
        tails.len().digest(&mut digester);
        for (link, tail) in tails {
            link.digest(&mut digester);
            digester.bytes(tail);
        }
        digester.finish()
    }
}
