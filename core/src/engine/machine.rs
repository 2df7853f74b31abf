//! The implementation of [`Machine`].

use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

use super::{Engine, Gateway};
use crate::action::Actions;
use crate::digest::{Digest as _, Digester};
use crate::input::{Input, Listen, Taken, Transport};
use crate::machine::{Machine, Wake, Why};
use crate::overview::{Overview, Selection};
use crate::phase::Phase;
use crate::rcc::binding::BoundCounts;
use crate::rcc::control::Tables;
use crate::step::Shared;
use crate::time::Instant;

impl Machine for Engine {
    fn listens(&self) -> Vec<Listen> {
        let named = |transport, key: &str, addresses: &[SocketAddr]| {
            addresses
                .iter()
                .map(|address| Listen { transport, address: *address, key: String::from(key) })
                .collect::<Vec<_>>()
        };
        let mut listens = named(Transport::Tcp, "sip.tcp", &self.shared.config.sip.tcp);
        listens.extend(named(Transport::Udp, "sip.udp", &self.shared.config.sip.udp));
        listens
    }

    // A function of its own also where all else is inlined, so that a profiler can tell the engine from who drives it.
    #[inline(never)]
    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        let Self { shared, gateway, scratch } = self;
        gateway.on_input(&mut shared.step(now, actions), input, scratch)
    }

    fn next_wake(&self) -> Option<Wake> {
        if self.shared.phase == Phase::Terminated {
            return None;
        }
        if !self.gateway.control.jobs.is_empty() {
            return Some(Wake { at: Instant::ZERO, why: Why::Backlog });
        }
        self.shared.timers.next().map(|(at, key)| Wake { at, why: Why::Timer(key.name()) })
    }

    fn digest(&mut self) -> u64 {
        let Self { shared, gateway, scratch: _ } = self;
        let (ua, unlisted) = gateway.uacsta.ua.fold();
        let control = gateway.control.fold();
        gateway.digest_with(shared, (ua, unlisted), control)
    }

    fn full_digest(&self) -> u64 {
        let Self { shared, gateway, scratch: _ } = self;
        gateway.digest_with(shared, gateway.uacsta.ua.recompute(), gateway.control.recompute())
    }

    fn overview(&self) -> Option<Overview> {
        Some(Self::overview(self))
    }

    fn selections(&self, after: &str, most: usize) -> Vec<Selection> {
        Self::selections(self, after).take(most).collect()
    }
}

impl Gateway {
    /// Computes the fingerprint of the state. The configuration is constant, the timers follow from their owners'
    /// records, and the buffers mean nothing between steps.
    fn digest_with(
        &self,
        shared: &Shared,
        (tables, unlisted): ([u64; 3], usize),
        control_tables: (Tables, BoundCounts),
    ) -> u64 {
        let Shared { config: _, directory, timers, entropy, links, counters, phase, unlisted: refused } =
            shared;
        let Self { uacsta, control, stop, since } = self;
        let mut digester = Digester::new();
        for table in tables {
            digester.number(table);
        }
        digester.value(&unlisted);
        uacsta.digest_rest(&mut digester);
        control.digest_with(&mut digester, control_tables);
        digester.value(entropy);
        digester.value(&timers.len());
        digester.number(links.last_drawn());
        digester.text(phase.name());
        stop.digest(&mut digester);
        digester.value(since);
        digester.value(counters);
        digester.value(refused);
        digester.flag(directory.is_some());
        digester.bytes(&directory.as_ref().map_or(0, |directory| directory.hash()).to_le_bytes());
        digester.finish()
    }
}
