//! What goes wrong with a world's links, hosts and clocks.

use core::cell::{Cell, RefCell};
use std::rc::Rc;

use ctigate_core::trace::Header;
use ctigate_core::{Closed, Duration, Input, Machine};

use super::network::Life;
use super::{HostId, World};

/// Where whoever watches a machine says what must not be, which ends the world's next turn, and sees what time it is.
#[derive(Clone, Debug, Default)]
pub struct Alarm {
    what: Rc<RefCell<Option<String>>>,
    now: Rc<Cell<u64>>,
}

impl Alarm {
    /// Says what must not be. Only the first is heard.
    pub fn raise(&self, what: impl FnOnce() -> String) {
        self.what.borrow_mut().get_or_insert_with(what);
    }

    /// The world's time at the turn under way, in microseconds; machines have clocks of their own.
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
    /// Its program is killed: the system closes what it had open, and whoever it spoke with is told.
    Killed,
    /// Its power goes: nobody hears a word.
    Silent,
}

impl World {
    /// Where watchers of this world's machines raise the alarm.
    #[must_use]
    pub fn alarm(&self) -> Alarm {
        self.alarm.clone()
    }

    /// Breaks every connection between two hosts: what is under way is lost, and both are told soon.
    pub fn cut_link(&mut self, one: HostId, two: HostId) {
        for at in self.network.cut(one, two) {
            self.tell_broken(one, two, at);
        }
    }

    /// Every connection between two hosts is gone for one of them, which is told soon; the other finds out when it
    /// speaks.
    pub fn half_open(&mut self, gone: HostId, other: HostId) {
        for at in self.network.half_open(gone, other) {
            self.tell_broken(gone, other, at);
        }
    }

    fn tell_broken(&mut self, one: HostId, two: HostId, at: super::network::Place) {
        let soon = self.now.saturating_add(self.travel(one, two));
        self.network.schedule(soon, super::network::Arrival::Shut { at, why: Closed::Broken });
    }

    /// From now on nothing gets through from one host to another; it waits for [`World::resume`].
    pub fn stall(&mut self, from: HostId, to: HostId) {
        self.network.stall(from, to);
    }

    /// What waits gets through.
    pub fn resume(&mut self, from: HostId, to: HostId) {
        self.network.resume(self.now, from, to);
    }

    /// A host dies with all it had.
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

    /// A host that died, or came to its end, begins anew, with a new machine at the same addresses.
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

    /// A host's clock jumps ahead, as when it was suspended: all that is overdue then is handled at once.
    pub fn jump_clock(&mut self, id: HostId, by: Duration) {
        if let Some(host) = self.host_mut(id) {
            host.jump(by.as_micros());
        }
        self.turn(id, None);
    }

    /// Tells a host another wall-clock time.
    pub fn set_wall_clock(&mut self, id: HostId, unix_micros: u64) {
        self.turn(id, Some(Input::Clock { unix_micros }));
    }
}
