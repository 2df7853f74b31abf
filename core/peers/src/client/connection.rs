//! The connection to the server, from its opening to its end.

use ctigate_core::input::{Closed, LinkId, Peer, Transport};
use ctigate_core::time::Duration;
use ctigate_core::wire::sip::{Framed, Framer};

use super::flow::Way;
use super::happening::{Happening, Sort};
use super::{COULD_NOT_CONNECT, Client, LINK, MAX_MESSAGE, Phase, Step};

/// How long opening the connection may take.
const CONNECTS_WITHIN: Duration = Duration::from_secs(10);

impl Client {
    pub(super) fn start(&mut self, step: &mut Step<'_>) {
        match self.config.transport {
            Transport::Tcp => {
                self.phase = Phase::Connecting { until: step.now + CONNECTS_WITHIN };
                step.actions.connect(LINK, &self.config.server);
            }
            Transport::Udp => self.sign_in(step),
        }
    }

    pub(super) fn opened(&mut self, step: &mut Step<'_>, link: LinkId, peer: Peer) {
        self.flows.framers.insert(link, Framer::default());
        if link == LINK && matches!(self.phase, Phase::Connecting { .. }) {
            self.flows.server = Some(Way::Link(link));
            self.flows.local = Some(peer.local);
            self.sign_in(step);
        }
    }

    pub(super) fn closed(&mut self, step: &mut Step<'_>, link: LinkId, why: Closed) {
        self.flows.framers.remove(&link);
        if link != LINK || self.phase == Phase::Finished {
            return;
        }
        self.flows.server = None;
        if matches!(self.phase, Phase::Connecting { .. }) {
            self.happen(step, Happening::new(Sort::Fault, "not-connected").with("why", &why.name()));
            self.finish(step, Some(COULD_NOT_CONNECT));
        } else {
            self.session_ended(step, &why.name());
            self.finish(step, None);
        }
    }

    /// Takes one message, or the part of it that has arrived.
    pub(super) fn bytes(&mut self, step: &mut Step<'_>, link: LinkId, bytes: &[u8]) -> usize {
        let Some(mut framer) = self.flows.framers.remove(&link) else { return bytes.len() };
        let (taken, outcome) = framer.push(bytes, MAX_MESSAGE);
        match outcome {
            Framed::Incomplete => {}
            Framed::KeepAlive => step.actions.write(link, b"\r\n"),
            Framed::Message(message) => self.receive(step, Way::Link(link), message.bytes),
            Framed::Broken(error, _) => {
                step.actions.close(link);
                self.failed = true;
                step.actions.print(format_args!("failed: {error}"));
                self.closed(step, link, Closed::Broken);
                return bytes.len();
            }
        }
        self.flows.framers.insert(link, framer);
        taken
    }
}
