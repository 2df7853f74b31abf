//! Asks questions one after another, repeating each until it is answered. On the command `tcp HOST:PORT COUNT` it asks
//! over a connection, and opens a new one when that breaks; on `udp IP:PORT COUNT` it asks by datagrams.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use core::sync::atomic::{AtomicU64, Ordering};

use ctigate_core::action::MAX_ACTIONS;
use ctigate_core::digest::{Digest as _, Digester};
use ctigate_core::{
    Actions, Command, Duration, Input, Instant, LinkId, Listen, ListenerId, Machine, Taken, Transport, Wake,
    Why,
};

use super::Canary;

/// How long it waits for an answer.
const PATIENCE: Duration = Duration::from_millis(200);

/// State that a broken toy reads although it must not.
static OUTSIDE: AtomicU64 = AtomicU64::new(0);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Way {
    /// Nothing to ask.
    Idle,
    /// Over a connection, which is open or not yet.
    Tcp { address: String, link: LinkId, open: bool },
    /// By datagrams.
    Udp { peer: SocketAddr },
}

/// Asks, and prints `done` when the last question was answered.
pub struct Asker {
    canary: Canary,
    way: Way,
    question: u64,
    count: u64,
    again: Option<Instant>,
    tail: Vec<u8>,
    next_link: u64,
    kept: Option<u64>,
}

impl Asker {
    /// An asker with nothing to ask, broken as `canary` says.
    #[must_use]
    pub const fn new(canary: Canary) -> Self {
        Self {
            canary,
            way: Way::Idle,
            question: 0,
            count: 0,
            again: None,
            tail: Vec::new(),
            next_link: 2,
            kept: None,
        }
    }

    fn command(&mut self, now: Instant, line: &str, actions: &mut Actions) {
        let mut words = line.split(' ');
        let (Some(way), Some(address), Some(count)) = (words.next(), words.next(), words.next()) else {
            return;
        };
        self.count = count.parse().unwrap_or(0);
        self.question = 1;
        match (way, address.parse()) {
            ("udp", Ok(peer)) => {
                self.way = Way::Udp { peer };
                self.ask(now, actions);
            }
            ("tcp", _) => self.connect(address.to_owned(), actions),
            _ => {}
        }
    }

    fn connect(&mut self, address: String, actions: &mut Actions) {
        let link = LinkId::new(self.next_link);
        if self.canary != Canary::SameLink {
            self.next_link = self.next_link.wrapping_add(2);
        }
        self.tail.clear();
        actions.connect(link, &address);
        self.way = Way::Tcp { address, link, open: false };
    }

    fn ask(&mut self, now: Instant, actions: &mut Actions) {
        let question = format!("ask {}{}\n", self.question, self.whim());
        match &self.way {
            Way::Idle | Way::Tcp { open: false, .. } => return,
            Way::Tcp { link, .. } => actions.write(*link, question.as_bytes()),
            Way::Udp { peer } => {
                actions.send_datagram(ListenerId::new(0), *peer, question.as_bytes());
                self.again = Some(now + PATIENCE);
            }
        }
        let burst = if self.canary == Canary::Flood {
            actions.room()
        } else if self.canary == Canary::Overflow {
            MAX_ACTIONS
        } else {
            0
        };
        for _ in 0..burst {
            actions.print(format_args!("flood"));
        }
    }

    /// What a broken toy adds to a question; empty for a healthy one.
    fn whim(&self) -> String {
        if self.canary == Canary::OutsideCounter {
            format!(".{}", OUTSIDE.fetch_add(1, Ordering::Relaxed))
        } else if self.canary == Canary::Address {
            format!(".{}", core::ptr::from_ref(self).addr())
        } else {
            String::new()
        }
    }

    fn answered(&mut self, now: Instant, line: &[u8], actions: &mut Actions) {
        let expected = format!("answer {}", self.question);
        if !line.starts_with(expected.as_bytes()) || self.way == Way::Idle {
            return;
        }
        if self.canary != Canary::StaleWake {
            self.again = None;
        }
        self.question = self.question.wrapping_add(1);
        if self.question <= self.count {
            return self.ask(now, actions);
        }
        actions.print(format_args!("done"));
        if let Way::Tcp { link, .. } = self.way {
            actions.close(link);
        }
        self.way = Way::Idle;
    }

    fn bytes(&mut self, now: Instant, bytes: &[u8], actions: &mut Actions) -> Taken {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(bytes.len(), |end| end.saturating_add(1));
        self.tail.extend(bytes.iter().take(taken));
        if end.is_some() {
            let line = core::mem::take(&mut self.tail);
            self.answered(now, &line, actions);
        }
        Taken(taken)
    }

    fn tick(&mut self, now: Instant, actions: &mut Actions) {
        let due = self.again.is_some_and(|at| at <= now);
        if !due || self.canary == Canary::Spin {
            // Broken on purpose: the deadline stays, and something else changes, so that only time does not advance.
            self.next_link = self.next_link.wrapping_add(if self.canary == Canary::Spin { 2 } else { 0 });
            return;
        }
        if self.canary == Canary::StaleWake && self.way == Way::Idle {
            return;
        }
        self.again = None;
        match &self.way {
            Way::Tcp { address, open: false, .. } => self.connect(address.clone(), actions),
            Way::Tcp { .. } | Way::Udp { .. } | Way::Idle => self.ask(now, actions),
        }
    }

    fn closed(&mut self, now: Instant, actions: &mut Actions) {
        if let Way::Tcp { link, open, .. } = &mut self.way {
            if self.canary == Canary::LateWrite {
                actions.write(*link, b"ask 1\n");
            }
            *open = false;
            self.again = Some(now + PATIENCE);
        }
    }
}

impl Machine for Asker {
    fn listens(&self) -> Vec<Listen> {
        let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::UNSPECIFIED), 0);
        vec![Listen { transport: Transport::Udp, address, key: "asker".to_owned() }]
    }

    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        if self.canary != Canary::ForgottenDigest || !matches!(input, Input::Datagram { .. }) {
            self.kept = None;
        }
        match input {
            Input::Tick => self.tick(now, actions),
            Input::Opened { .. } => {
                if let Way::Tcp { open, .. } = &mut self.way {
                    *open = true;
                    self.ask(now, actions);
                }
            }
            Input::Bytes { bytes, .. } => return self.bytes(now, bytes, actions),
            Input::Closed { .. } => self.closed(now, actions),
            Input::Datagram { bytes, .. } => self.answered(now, bytes, actions),
            Input::Command { command: Command::Line(line), .. } => self.command(now, line, actions),
            Input::Command { .. }
            | Input::Persisted { .. }
            | Input::Restored { .. }
            | Input::Listening { .. }
            | Input::Clock { .. } => {}
        }
        Taken(0)
    }

    fn next_wake(&self) -> Option<Wake> {
        Some(Wake { at: self.again?, why: Why::Timer("again") })
    }

    fn digest(&mut self) -> u64 {
        let digest = self.kept.unwrap_or_else(|| self.full_digest());
        self.kept = Some(digest);
        digest
    }

    fn full_digest(&self) -> u64 {
        let Self { canary: _, way, question, count, again, tail, next_link, kept: _ } = self;
        let mut digester = Digester::new();
        match way {
            Way::Idle => digester.number(0),
            Way::Tcp { address, link, open } => {
                digester.number(1);
                address.digest(&mut digester);
                link.digest(&mut digester);
                open.digest(&mut digester);
            }
            Way::Udp { peer } => {
                digester.number(2);
                peer.digest(&mut digester);
            }
        }
        question.digest(&mut digester);
        count.digest(&mut digester);
        again.digest(&mut digester);
        digester.bytes(tail);
        next_link.digest(&mut digester);
        digester.finish()
    }
}
