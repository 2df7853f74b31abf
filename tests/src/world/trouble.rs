//! Faults of a world's links, hosts and clocks.

use core::cell::{Cell, RefCell};
use std::rc::Rc;

use ctigate_core::trace::Header;
use ctigate_core::{Closed, Duration, Input, Machine};

use super::network::Life;
use super::{HostId, World};

/// With this, the watcher of a machine reports a fault, which ends the world's run at the next turn, and reads the
/// time.
#[derive(Clone, Debug, Default)]
pub struct Alarm {
    what: Rc<RefCell<Option<String>>>,
    now: Rc<Cell<u64>>,
}

impl Alarm {
    /// Reports a fault. Only the first one counts.
    pub fn raise(&self, what: impl FnOnce() -> String) {
        self.what.borrow_mut().get_or_insert_with(what);
    }

    /// The world's time at the current turn, in microseconds; machines have clocks of their own.
    #[must_use]
    pub fn now(&self) -> u64 {
        self.now.get()
    }

    pub(super) fn set_now(&self, now: u64) {
        self.now.set(now);
    }

    pub(super) fn take(&self) -> Option<String> {
        self.what.borrow_mut().take()
    }
}

/// How a host dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Death {
    /// Its program is killed: the system closes its connections, and peers are notified.
    Killed,
    /// Its power fails: no peer is notified.
    Silent,
}

impl World {
    /// The alarm for watchers of this world's machines.
    #[must_use]
    pub fn alarm(&self) -> Alarm {
        self.alarm.clone()
    }

    /// Breaks every connection between two hosts: what is under way is lost, and both are notified soon.
    pub fn cut_link(&mut self, one: HostId, two: HostId) {
        for at in self.network.cut(one, two) {
            self.tell_broken(one, two, at);
        }
    }

    /// Breaks every connection between two hosts for `gone`, which is notified soon; the other finds out when it sends.
    pub fn half_open(&mut self, gone: HostId, other: HostId) {
        for at in self.network.half_open(gone, other) {
            self.tell_broken(gone, other, at);
        }
    }

    fn tell_broken(&mut self, one: HostId, two: HostId, at: super::network::Place) {
        let soon = self.now.saturating_add(self.travel(one, two));
        self.network.schedule(soon, super::network::Arrival::Shut { at, why: Closed::Broken });
    }

    /// Stalls everything from one host to another until [`World::resume`].
    pub fn stall(&mut self, from: HostId, to: HostId) {
        self.network.stall(from, to);
    }

    /// Lets what is stalled through.
    pub fn resume(&mut self, from: HostId, to: HostId) {
        self.network.resume(self.now, from, to);
    }

    /// Crashes a host.
    pub fn crash(&mut self, host: HostId, death: Death) {
        let peers = self.network.crash(host);
        self.asked.retain(|place| place.0 != host);
        if let Some(host) = self.host_mut(host) {
            host.outbox.finished = Some(137);
            host.wake = None;
            host.listens.clear();
        }
        self.silent.insert(host, death == Death::Silent);
        if death == Death::Killed {
            for peer in peers {
                if let Some(end) = self.network.ends.get_mut(&peer) {
                    end.life = Life::Broken;
                    self.tell_broken(host, peer.0, peer);
                }
            }
        }
    }

    /// Restarts a host that crashed or ended, with a new machine at the same addresses.
    pub fn restart(
        &mut self,
        id: HostId,
        header: Option<Header>,
        factory: impl Fn() -> Box<dyn Machine> + 'static,
    ) {
        self.crash(id, Death::Silent);
        self.silent.remove(&id);
        let now = self.now;
        if let Some(host) = self.host_mut(id) {
            host.reborn(now, header, Box::new(factory));
        }
        self.begin(id);
    }

    /// Lets a host's clock jump ahead, as after a suspension; everything that is then overdue is handled at once.
    pub fn jump_clock(&mut self, id: HostId, by: Duration) {
        if let Some(host) = self.host_mut(id) {
            host.jump(by.as_micros());
        }
        self.turn(id, None);
    }

    /// Gives a host another wall-clock time.
    pub fn set_wall_clock(&mut self, id: HostId, unix_micros: u64) {
        self.turn(id, Some(Input::Clock { unix_micros }));
    }
}
