//! What the log says of peers outside `sip.allow`: one line for each address and minute, however often they come. The
//! first refusal is logged at once, those after it are counted and logged when the minute is over.

use alloc::collections::VecDeque;
use core::fmt::{self, Display};
use core::net::{IpAddr, SocketAddr};

use super::{Step, TimerKey};
use crate::action::Level;
use crate::digest::{Digest, Digester, sequence};
use crate::time::{Duration, Instant};
use crate::timer::{Deadline, Timers};

/// How often an address has a line.
const EVERY: Duration = Duration::from_secs(60);
/// The most addresses with lines of their own in a minute; all others share one. A datagram's source may be forged.
const ADDRESSES: usize = 64;
/// The most fields of a line.
const MOST_FIELDS: usize = 12;

/// The peers that were refused within the last minute.
#[derive(Default)]
pub(crate) struct Unlisted {
    /// In order of time.
    entries: VecDeque<Entry>,
    deadline: Deadline,
}

/// An address, or all those without an entry of their own.
struct Entry {
    who: Who,
    /// When its minute is over.
    until: Instant,
    /// How often it was refused since its last line.
    times: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
struct Who(Option<IpAddr>);

impl Display for Who {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(address) => write!(f, "{address}"),
            None => f.write_str("others"),
        }
    }
}

impl Digest for Unlisted {
    fn digest(&self, digester: &mut Digester) {
        let Self { entries, deadline } = self;
        sequence(digester, entries.iter());
        digester.value(deadline);
    }
}

crate::digest! { struct Entry { who, until, times } }

crate::digest! { struct Who(address) }

impl Unlisted {
    /// Counts a refusal of `peer`. Returns who is to be logged for it, if anybody is.
    fn count(&mut self, now: Instant, peer: SocketAddr) -> Option<Who> {
        let who = Who(Some(peer.ip().to_canonical()));
        let is_known = self.entries.iter().any(|entry| entry.who == who);
        let who = if is_known || self.entries.len() < ADDRESSES { who } else { Who(None) };
        if let Some(entry) = self.entries.iter_mut().find(|entry| entry.who == who) {
            entry.times += 1;
            return None;
        }
        self.entries.push_back(Entry { who, until: now + EVERY, times: 0 });
        Some(who)
    }

    /// Takes an address whose minute is over, and how often it was refused since its last line. If it was, another
    /// minute begins.
    fn take_due(&mut self, now: Instant) -> Option<(Who, u64)> {
        self.entries.front().filter(|entry| entry.until <= now)?;
        let Entry { who, times, .. } = self.entries.pop_front()?;
        if times > 0 {
            self.entries.push_back(Entry { who, until: now + EVERY, times: 0 });
        }
        Some((who, times))
    }
}

impl Step<'_> {
    /// Notes that a peer that is not in `sip.allow` was refused; `what` says in which way.
    pub(crate) fn note_unlisted(&mut self, peer: SocketAddr, what: &[(&str, &dyn Display)]) {
        let Some(who) = self.unlisted.count(self.now, peer) else { return };
        self.await_unlisted();
        self.tell_unlisted(who, 1, what);
    }

    /// Handles the end of a minute.
    pub(crate) fn on_unlisted_due(&mut self) {
        Timers::<TimerKey>::fired(&mut self.unlisted.deadline);
        while let Some((who, times)) = self.unlisted.take_due(self.now) {
            if times > 0 {
                self.tell_unlisted(who, times, &[]);
            }
        }
        self.await_unlisted();
    }

    /// Sets the deadline to the end of the earliest minute.
    fn await_unlisted(&mut self) {
        if let Some(first) = self.unlisted.entries.front() {
            self.timers.set(&mut self.unlisted.deadline, TimerKey::Unlisted, first.until);
        }
    }

    fn tell_unlisted(&mut self, who: Who, times: u64, what: &[(&str, &dyn Display)]) {
        let mut fields: heapless::Vec<(&str, &dyn Display), MOST_FIELDS> = heapless::Vec::new();
        let own: [(&str, &dyn Display); 3] =
            [("peer", &who), ("why", &"not in sip.allow"), ("times", &times)];
        let others = what.iter().filter(|(key, _)| own.iter().all(|(known, _)| known != key));
        for field in own.iter().chain(others) {
            let pushed = fields.push(*field);
            debug_assert!(pushed.is_ok(), "a line has at most {MOST_FIELDS} fields");
        }
        self.actions.notify(Level::Warn, "peer_refused", &fields);
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString as _;

    use super::*;

    fn peer(number: u8) -> SocketAddr {
        format!("[::ffff:192.0.2.{number}]:5060").parse().unwrap()
    }

    #[test]
    fn each_address_is_said_at_once_and_then_once_a_minute_with_a_count() {
        let mut unlisted = Unlisted::default();
        let at = |second| Instant::ZERO + Duration::from_secs(second);
        let said = unlisted.count(at(0), peer(1)).map(|who| who.to_string());
        assert_eq!(said.as_deref(), Some("192.0.2.1"), "as it goes into sip.allow");
        for second in 1..50 {
            assert!(unlisted.count(at(second), peer(1)).is_none());
        }
        assert!(unlisted.count(at(50), peer(2)).is_some());
        let mut due = |second| unlisted.take_due(at(second)).map(|(_, times)| times);
        assert_eq!(
            [due(59), due(60), due(60), due(110), due(119), due(120), due(180)].map(|times| times),
            [None, Some(49), None, Some(0), None, Some(0), None]
        );
        assert!(unlisted.entries.is_empty());
    }

    #[test]
    fn more_addresses_than_have_lines_of_their_own_share_one() {
        let mut unlisted = Unlisted::default();
        let said = (0..=255).filter_map(|number| unlisted.count(Instant::ZERO, peer(number)));
        let said: alloc::vec::Vec<_> = said.map(|who| who.to_string()).collect();
        assert_eq!(
            (said.len(), said.last().map(alloc::string::String::as_str)),
            (ADDRESSES + 1, Some("others"))
        );
        assert_eq!(unlisted.entries.back().map(|entry| entry.times), Some(255 - 64));
    }
}
