//! Carries out the entries of a schedule, and ends those that last for a while.

use core::net::IpAddr;
use std::collections::BTreeSet;

use ctigate_core::{Command, Duration, LinkId};

use super::Stage;
use crate::office::ip;
use crate::random::Random;
use crate::simulate::client::{Health, node_address};
use crate::simulate::moody;
use crate::simulate::plan::{FIRST_PHONE, PHONES};
use crate::simulate::schedule::{Entry, Far, Nuisance, STATUSES, What};
use crate::world::{Death, Fault, HostId, Weather, World};

/// The last part of the addresses of strangers that send garbage.
const RUBBISH: u8 = 99;

/// How long a drain may take with everything after it, in milliseconds; `sip.drain_timeout` is 10 s at most here.
const DRAINED: u64 = 14_000;

/// The end of something that lasts for a while.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Weather(Nuisance),
    Stall(HostId, HostId),
    Slow(HostId, HostId),
    SwitchDown(usize),
    SwitchSilent(usize),
    SwitchLate(usize),
    NodeDown(usize),
    /// The load balancer notices the death of a node, in this run of it.
    Unnoticed(usize, u64),
    Vanished(usize),
    StoreFails(HostId),
    Rubbish {
        host: HostId,
        link: LinkId,
        salt: u64,
    },
}

impl Stage {
    /// Carries out one entry of the schedule.
    ///
    /// # Errors
    /// What is wrong with what a node answers.
    pub(in crate::simulate) fn happen(&mut self, world: &mut World, entry: &Entry) -> Result<(), Fault> {
        self.report
            .happened
            .entry(entry.what.kind())
            .and_modify(|count| *count = count.saturating_add(1))
            .or_insert(1);
        match entry.what {
            What::Ask { client } => {
                let alive = self.alive();
                let client = self.occupied(client, entry.salt);
                if let Some(client) = self.clients.get_mut(client) {
                    client.ask_something(world, &self.balancer, entry.salt, alive.as_ref());
                }
            }
            What::Odd { client } => {
                if let Some(client) = self.clients.get_mut(client) {
                    client.ask_oddly(world, &self.balancer, entry.salt);
                }
            }
            What::Refresh { client } => {
                if let Some(client) = self.clients.get_mut(client) {
                    client.hasten(world.now());
                }
            }
            What::SignOut { client } => {
                if let Some(client) = self.clients.get_mut(client) {
                    client.sign_out(world, &self.balancer);
                }
            }
            What::Vanish { client, ms } => {
                if let Some(vanished) = self.clients.get_mut(client) {
                    vanished.vanish();
                    self.later(world, ms, End::Vanished(client));
                }
            }
            What::Phone { switch, phone } => self.phone_acts(world, switch, phone, entry.salt),
            What::Setting { switch, phone } => self.phone_is_set(world, switch, phone, entry.salt),
            What::Incoming { switch } => self.outside_calls(world, switch, entry.salt),
            What::Rubbish { node } => self.rubbish(world, node, entry.salt),
            What::Weather { nuisance, value, ms } => {
                set_weather(world, nuisance, value);
                self.later(world, ms, End::Weather(nuisance));
            }
            What::Cut { .. } | What::HalfOpen { .. } | What::Stall { .. } | What::Slow { .. } => {
                self.link_fails(world, entry.what);
            }
            What::NodeCrash { .. }
            | What::NodeStop { .. }
            | What::NodeDrain { .. }
            | What::NodeJump { .. }
            | What::WallClock { .. } => {
                self.node_fails(world, entry.what);
            }
            What::SwitchRestart { .. }
            | What::SwitchSilent { .. }
            | What::SwitchLate { .. }
            | What::SwitchWrong { .. }
            | What::SwitchCloses { .. }
            | What::SwitchStatus { .. }
            | What::SwitchJump { .. }
            | What::Unmonitor { .. } => self.switch_fails(world, entry.what),
            What::Select { node, client } => self.select(world, (node, client), entry.salt),
            What::Reload { node } => self.change_site(world, node, entry.salt)?,
            What::StoreFails { node, fault, ms } => self.store_fails(world, node, fault, ms),
            What::Sleep { client, ms } => {
                if let Some(client) = self.clients.get_mut(client) {
                    client.sleep(world.now().saturating_add(ms.saturating_mul(1_000)));
                }
            }
        }
        Ok(())
    }

    /// The client of this index, or mostly, if it knows of no call, the next one that does.
    fn occupied(&self, client: usize, salt: u64) -> usize {
        let count = self.clients.len().max(1);
        let mut others = (0..count).map(|offset| client.wrapping_add(offset) % count);
        let has_calls = |client: &usize| {
            self.clients.get(*client).is_some_and(|client| client.believes().next().is_some())
        };
        others.find(has_calls).filter(|_| salt % 100 < 75).unwrap_or(client)
    }

    /// The calls that are at any phone; `None` if there may be others, which wait somewhere.
    fn alive(&self) -> Option<BTreeSet<String>> {
        let mut alive = BTreeSet::new();
        for switch in &self.switches {
            alive.extend(switch.calls.borrow().alive()?);
        }
        Some(alive)
    }

    pub(super) fn later(&mut self, world: &World, ms: u64, end: End) {
        let at = world.now().saturating_add(ms.saturating_mul(1_000));
        self.sequence = self.sequence.wrapping_add(1);
        self.ends.insert((at, self.sequence), end);
    }

    fn far(&self, far: Far) -> Option<HostId> {
        match far {
            Far::Switch(index) => self.switches.get(index).map(|switch| switch.host),
            Far::Client(index) => self.clients.get(index).map(|client| client.host),
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "called with its own kinds alone")]
    fn link_fails(&mut self, world: &mut World, what: What) {
        let ends = |node: usize, far: Far| Some((self.nodes.get(node)?.host, self.far(far)?));
        match what {
            What::Cut { node, far } => {
                if let Some((node, far)) = ends(node, far) {
                    world.cut_link(node, far);
                }
            }
            What::HalfOpen { node, far, node_knows } => {
                if let Some((node, far)) = ends(node, far) {
                    let (gone, other) = if node_knows { (node, far) } else { (far, node) };
                    world.half_open(gone, other);
                }
            }
            What::Stall { node, far, there, back, ms } => {
                let Some((node, far)) = ends(node, far) else { return };
                for (stalls, from, to) in [(there, node, far), (back, far, node)] {
                    if stalls {
                        world.stall(from, to);
                        self.later(world, ms, End::Stall(from, to));
                    }
                }
            }
            What::Slow { node, far, per_byte, ms } => {
                let Some((node, far)) = ends(node, far) else { return };
                world.set_weather_between(node, far, Weather { per_byte, ..world.weather_everywhere() });
                self.later(world, ms, End::Slow(node, far));
            }
            _ => {}
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "called with its own kinds alone")]
    fn node_fails(&mut self, world: &mut World, what: What) {
        match what {
            What::NodeCrash { node, silent, ms } => {
                let Some(host) = self.nodes.get(node).map(|node| node.host) else { return };
                let death = if silent { Death::Silent } else { Death::Killed };
                for client in &mut self.clients {
                    client.excuse_node(node, world.now());
                }
                let life = self.nodes.get(node).map_or(0, |node| node.lives);
                self.later(world, self.plan.unnoticed, End::Unnoticed(node, life));
                world.crash(host, death);
                self.later(world, ms, End::NodeDown(node));
            }
            What::NodeStop { node, ms } => {
                let Some(host) = self.nodes.get(node).map(|node| node.host) else { return };
                self.node_goes(world, node);
                world.command(host, Command::Stop);
                // Stopping takes some time.
                self.later(world, ms.saturating_add(3_000), End::NodeDown(node));
            }
            What::NodeDrain { node } => {
                let Some(host) = self.nodes.get(node).map(|node| node.host) else { return };
                self.node_goes(world, node);
                self.balancer.set(node, Health::Leaving);
                world.command(host, Command::Drain);
                self.later(world, DRAINED, End::NodeDown(node));
            }
            What::NodeJump { node, ms } => {
                let Some(host) = self.nodes.get(node).map(|node| node.host) else { return };
                for client in &mut self.clients {
                    client.may_be_forgotten(node, world.now());
                }
                world.jump_clock(host, Duration::from_millis(ms));
            }
            What::WallClock { node, micros } => {
                if let Some(node) = self.nodes.get(node) {
                    world.set_wall_clock(node.host, micros);
                }
            }
            _ => {}
        }
    }

    /// Notes that a node takes no more requests: the balancer knows it, and pending requests may get no answer.
    fn node_goes(&mut self, world: &World, node: usize) {
        self.balancer.set(node, Health::Down);
        for client in &mut self.clients {
            client.excuse_node(node, world.now());
        }
    }

    #[expect(clippy::wildcard_enum_match_arm, reason = "called with its own kinds alone")]
    fn switch_fails(&mut self, world: &mut World, what: What) {
        let host = |switch: usize| self.switches.get(switch).map(|switch| switch.host);
        let (switch, line) = match what {
            What::SwitchRestart { switch, silent, ms } => {
                if let Some(host) = host(switch) {
                    world.crash(host, if silent { Death::Silent } else { Death::Killed });
                    self.later(world, ms, End::SwitchDown(switch));
                }
                return;
            }
            What::SwitchJump { switch, ms } => {
                if let Some(host) = host(switch) {
                    world.jump_clock(host, Duration::from_millis(ms));
                }
                return;
            }
            What::SwitchSilent { switch, ms } => {
                self.later(world, ms, End::SwitchSilent(switch));
                (switch, "stall on".to_owned())
            }
            What::SwitchLate { switch, delay, ms } => {
                self.later(world, ms, End::SwitchLate(switch));
                (switch, format!("delay {delay}"))
            }
            What::SwitchWrong { switch, mood, times } => (switch, moody::line(mood, times)),
            What::SwitchCloses { switch } => (switch, "fail link".to_owned()),
            What::SwitchStatus { switch, status } => {
                let status = STATUSES.get(status).copied().unwrap_or("normal");
                (switch, format!("system {status}"))
            }
            What::Unmonitor { switch, phone } => (switch, format!("unmonitor {phone}")),
            _ => return,
        };
        self.tell_switch(world, switch, &line);
    }

    pub(in crate::simulate) fn tell_switch(&self, world: &mut World, switch: usize, line: &str) {
        if let Some(switch) = self.switches.get(switch) {
            world.line(switch.host, line);
        }
    }

    /// Lets a stranger connect, and send garbage as soon as the connection is open.
    fn rubbish(&mut self, world: &mut World, node: usize, salt: u64) {
        let address: IpAddr = ip(RUBBISH);
        let host = world.add_bare("nobody", address, Vec::new());
        let link = world.connect(host, &node_address(node));
        self.later(world, 250, End::Rubbish { host, link, salt });
    }

    /// Ends something that lasted.
    ///
    /// # Errors
    /// What is wrong with what a node that comes back knows.
    pub(super) fn end(&mut self, world: &mut World, end: End) -> Result<(), Fault> {
        match end {
            End::Weather(nuisance) => set_weather(world, nuisance, 0),
            End::Stall(from, to) => world.resume(from, to),
            End::Slow(from, to) => world.clear_weather_between(from, to),
            End::SwitchDown(index) => self.restart_switch(world, index),
            End::SwitchSilent(index) => self.tell_switch(world, index, "stall off"),
            End::SwitchLate(index) => self.tell_switch(world, index, "delay 0"),
            End::NodeDown(index) => self.restart_node(world, index)?,
            End::StoreFails(host) => world.set_store_fault(host, None),
            End::Unnoticed(index, life) => self.notice_death(world, index, life),
            End::Rubbish { host, link, salt } => {
                world.write(host, link, &nonsense(salt));
                world.close(host, link);
            }
            End::Vanished(index) => {
                if let Some(client) = self.clients.get_mut(index) {
                    client.come_back();
                }
            }
        }
        Ok(())
    }

    /// Lets the load balancer notice that a node is dead: requests to it are given up.
    fn notice_death(&mut self, world: &World, index: usize, life: u64) {
        if self.nodes.get(index).is_some_and(|node| node.lives == life) {
            self.balancer.set(index, Health::Down);
            for client in &mut self.clients {
                client.give_up_on(index, world.now());
            }
        }
    }

    /// Whether something lasts that will end by itself.
    pub(in crate::simulate) fn is_quiet(&self) -> bool {
        self.ends.is_empty()
    }

    /// Makes the weather calm, restarts everything that is down, and lets every node read the site's directory.
    ///
    /// # Errors
    /// What is wrong with what a node answers.
    pub(in crate::simulate) fn calm(&mut self, world: &mut World) -> Result<(), Fault> {
        for end in core::mem::take(&mut self.ends).into_values() {
            self.end(world, end)?;
        }
        for index in 0..self.nodes.len() {
            self.reload(world, index)?;
        }
        world.set_weather(Weather::CALM);
        for index in 0..self.switches.len() {
            for line in ["mood none 0", "system normal"] {
                self.tell_switch(world, index, line);
            }
            for phone in FIRST_PHONE..FIRST_PHONE.saturating_add(PHONES) {
                self.tell_switch(world, index, &format!("service {phone} in"));
            }
        }
        for client in &mut self.clients {
            client.hurries = true;
        }
        Ok(())
    }
}

fn set_weather(world: &mut World, nuisance: Nuisance, value: u64) {
    let mut weather = world.weather_everywhere();
    let part = match nuisance {
        Nuisance::Jitter => &mut weather.jitter,
        Nuisance::Pieces => &mut weather.piece,
        Nuisance::Merge => &mut weather.merge,
        Nuisance::Loss => &mut weather.loss,
        Nuisance::Duplicate => &mut weather.duplicate,
        Nuisance::Reorder => &mut weather.reorder,
        Nuisance::Oversleep => &mut weather.oversleep,
    };
    *part = value;
    world.set_weather(weather);
}

/// Bytes that are not SIP.
fn nonsense(salt: u64) -> Vec<u8> {
    let mut random = Random::new(salt);
    let printable = random.chance(500);
    let mut bytes: Vec<u8> = (0..random.below(300))
        .map(|_| {
            let byte = random.below(256);
            let byte = if printable { 32 + byte % 95 } else { byte };
            u8::try_from(byte).unwrap_or(b' ')
        })
        .collect();
    bytes.extend_from_slice(b"\r\n\r\n");
    bytes
}
