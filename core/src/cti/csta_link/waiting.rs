//! Requests that wait: for room in the window, and for their turn where the rate of messages is limited (`cti.rate`).
//!
//! With a limited rate, what people click goes first, one request of each user in turn; monitors, snapshots and stops
//! follow in the order in which they came. Without one, all requests are sent in that order.

use alloc::boxed::Box;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::vec::Vec;

use super::devices::Gap;
use crate::cti::protocol::{RequestId, Urgency};
use crate::time::{Duration, Instant};
use crate::wire::csta::services::Service;

/// The longest time between a client's request and its answer: clients give up after 32 s (RFC 3261, timer F).
const LONGEST_ANSWER: Duration = Duration::from_secs(30);

/// A request that waits.
pub(super) struct Queued {
    pub(super) id: RequestId,
    pub(super) service: Option<&'static Service>,
    pub(super) document: Box<[u8]>,
    /// Where in the document identifiers of devices are missing, in order.
    pub(super) gaps: Vec<Gap>,
    pub(super) urgency: Urgency,
    pub(super) since: Instant,
}

/// The requests that wait.
pub(super) struct Waiting {
    /// What people clicked, oldest first, by user.
    people: BTreeMap<u64, VecDeque<Queued>>,
    /// The users whose requests wait, in turn.
    turns: VecDeque<u64>,
    /// How many requests of people wait.
    clicked: usize,
    /// All others, oldest first; without a limited rate, all requests.
    background: VecDeque<Queued>,
    pace: Option<Pace>,
    /// How long an answer may take, including the wait of what people clicked.
    patience: Duration,
}

/// A limited rate: messages of equal distance, of which a few may come at once (ITU-T I.371, generic cell rate
/// algorithm).
struct Pace {
    /// The distance between messages.
    interval: Duration,
    /// How far messages may be ahead of their time.
    burst: Duration,
    /// When the next message would be due if all came at their distance.
    due: Instant,
}

impl Waiting {
    /// Nothing waits; `rate` is the limit in messages per second.
    pub(super) fn new(rate: Option<u32>, patience: Duration) -> Self {
        let pace = rate.map(|rate| {
            let interval = Duration::from_micros(1_000_000 / u64::from(rate.max(1)));
            // A tenth of a second's messages.
            let burst = interval.times(u64::from(rate / 10).saturating_sub(1));
            Pace { interval, burst, due: Instant::ZERO }
        });
        Self {
            people: BTreeMap::new(),
            turns: VecDeque::new(),
            clicked: 0,
            background: VecDeque::new(),
            pace,
            patience,
        }
    }

    /// From now on, an answer may take so long.
    pub(super) const fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Forgets all requests.
    pub(super) fn clear(&mut self) {
        self.people.clear();
        self.turns.clear();
        self.clicked = 0;
        self.background.clear();
    }

    /// How many requests wait.
    pub(super) fn len(&self) -> usize {
        self.clicked + self.background.len()
    }

    /// The user whose request takes turns with those of others; `None` for a request that does not.
    fn user(&self, urgency: Urgency) -> Option<u64> {
        match urgency {
            Urgency::Person(user) if self.pace.is_some() => Some(user),
            Urgency::Person(_) | Urgency::Background => None,
        }
    }

    /// Whether a request may be sent at once as far as the rate and the requests ahead of it are concerned.
    pub(super) fn lets_pass(&self, urgency: Urgency, now: Instant) -> bool {
        let is_first = self.clicked == 0 && (self.user(urgency).is_some() || self.background.is_empty());
        self.pace.is_none() || (is_first && self.wait(now) == Duration::ZERO)
    }

    /// How long the rate demands to wait before the next message.
    fn wait(&self, now: Instant) -> Duration {
        self.pace.as_ref().map_or(Duration::ZERO, |pace| pace.due.since(now) - pace.burst)
    }

    /// When the next message may be sent, if any waits for that.
    pub(super) fn next(&self, now: Instant) -> Option<Instant> {
        (self.pace.is_some() && self.len() > 0).then(|| now + self.wait(now))
    }

    /// Notes that a message is sent.
    pub(super) fn sent(&mut self, now: Instant) {
        if let Some(pace) = &mut self.pace {
            pace.due = pace.due.max(now) + pace.interval;
        }
    }

    /// Whether a request of this urgency would wait too long to be of use.
    pub(super) fn is_congested(&self, urgency: Urgency) -> bool {
        let Some(pace) = &self.pace else { return false };
        let (ahead, most) = match self.user(urgency) {
            Some(_) => (self.clicked, self.patience),
            None => (self.len(), self.longest_wait()),
        };
        pace.interval.times(u64::try_from(ahead).unwrap_or(u64::MAX)) > most
    }

    /// How long the requests that nobody clicked will take to be sent.
    pub(super) fn backlog(&self) -> Duration {
        let count = u64::try_from(self.len()).unwrap_or(u64::MAX);
        self.pace.as_ref().map_or(Duration::ZERO, |pace| pace.interval.times(count))
    }

    /// How long requests that nobody clicked may wait where the rate is limited, before the time for their answer
    /// begins.
    pub(super) fn longest_wait(&self) -> Duration {
        (LONGEST_ANSWER - self.patience).max(Duration::from_secs(1))
    }

    /// How much longer the answer to a request may take because it waits.
    pub(super) fn extra(&self, id: RequestId) -> Duration {
        let waits = self.pace.is_some() && self.background.back().is_some_and(|last| last.id == id);
        if waits { self.longest_wait() } else { Duration::ZERO }
    }

    /// Adds a request.
    pub(super) fn push(&mut self, queued: Queued) {
        match self.user(queued.urgency) {
            None => self.background.push_back(queued),
            Some(user) => self.of_user(user).push_back(queued),
        }
    }

    /// Adds a request whose turn had come already: it goes first.
    pub(super) fn push_front(&mut self, queued: Queued) {
        match self.user(queued.urgency) {
            None => self.background.push_front(queued),
            Some(user) => self.of_user(user).push_front(queued),
        }
    }

    /// The requests of a user, to which one is added.
    fn of_user(&mut self, user: u64) -> &mut VecDeque<Queued> {
        let requests = self.people.entry(user).or_default();
        if requests.is_empty() {
            self.turns.push_back(user);
        }
        self.clicked += 1;
        requests
    }

    /// Removes and returns the next request that may be sent now. Those that have waited too long are dropped, and left
    /// to their time-out: an answer would hardly come in time. If they were sent, they would use up the invoke IDs of a
    /// phone system that is merely slow.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Queued> {
        while self.wait(now) == Duration::ZERO {
            let (next, longest) = match self.pop_clicked() {
                Some(clicked) => (clicked, None),
                None => (self.background.pop_front()?, self.pace.as_ref().map(|_| self.longest_wait())),
            };
            let waited = now.since(next.since);
            let is_too_late = match longest {
                Some(longest) => waited > longest,
                // Four fifths of its time.
                None => waited.times(5) > self.patience.times(4),
            };
            if !is_too_late {
                return Some(next);
            }
        }
        None
    }

    fn pop_clicked(&mut self) -> Option<Queued> {
        let user = self.turns.pop_front()?;
        let requests = self.people.get_mut(&user)?;
        let next = requests.pop_front()?;
        if requests.is_empty() {
            self.people.remove(&user);
        } else {
            self.turns.push_back(user);
        }
        self.clicked = self.clicked.saturating_sub(1);
        Some(next)
    }

    /// Removes a request that has timed out, if it still waits.
    pub(super) fn remove(&mut self, id: RequestId, now: Instant) {
        // Requests of one kind have the same time-out: the one that has is among those that are due.
        let due = |queued: &&Queued| now.since(queued.since) >= self.patience;
        if let Some(index) = self.background.iter().take_while(due).position(|queued| queued.id == id) {
            self.background.remove(index);
            return;
        }
        let first = self.people.iter().find(|(_, requests)| requests.front().is_some_and(|one| one.id == id));
        if let Some(user) = first.map(|(user, _)| *user) {
            if let Some(requests) = self.people.get_mut(&user) {
                requests.pop_front();
                if requests.is_empty() {
                    self.people.remove(&user);
                    self.turns.retain(|turn| *turn != user);
                }
            }
            self.clicked = self.clicked.saturating_sub(1);
        }
    }
}

// The urgency follows from where it waits.
crate::digest! { struct Queued { id, service => service.map_or("", |one| one.root), document, gaps, urgency: _, since } }

crate::digest! { struct Pace { interval, burst, due } }

crate::digest! { struct Waiting {
    people: _, // It follows from the requests under way and the turns.
    turns,
    clicked,
    background,
    pace,
    patience,
} }

#[cfg(test)]
mod tests {
    use super::*;

    fn at(millis: u64) -> Instant {
        Instant::ZERO + Duration::from_millis(millis)
    }

    fn queued(id: u64, millis: u64, urgency: Urgency) -> Queued {
        let (document, gaps, since) = (Box::default(), Vec::new(), at(millis));
        Queued { id: RequestId::new(id), service: None, document, gaps, urgency, since }
    }

    fn waiting(rate: Option<u32>) -> Waiting {
        Waiting::new(rate, Duration::from_secs(5))
    }

    /// The requests that are sent at a moment.
    fn sent(waiting: &mut Waiting, millis: u64) -> Vec<u64> {
        let now = at(millis);
        core::iter::from_fn(|| {
            let next = waiting.pop(now)?;
            waiting.sent(now);
            Some(next.id.number())
        })
        .collect()
    }

    #[test]
    fn what_people_click_goes_first_one_of_each_in_turn() {
        let mut waiting = waiting(Some(1_000));
        for id in 0..3 {
            waiting.push(queued(id, 0, Urgency::Background));
        }
        for (id, user) in [(10, 1), (11, 1), (12, 1), (20, 2), (30, 3)] {
            waiting.push(queued(id, 0, Urgency::Person(user)));
        }
        assert_eq!(sent(&mut waiting, 0), [10, 20, 30, 11, 12, 0, 1, 2]);
        assert_eq!((waiting.len(), waiting.next(at(0))), (0, None));
    }

    #[test]
    fn messages_keep_their_distance_after_a_small_burst() {
        let mut waiting = waiting(Some(20));
        for id in 0..10 {
            waiting.push(queued(id, 0, Urgency::Background));
        }
        assert_eq!(sent(&mut waiting, 0), [0, 1]);
        assert_eq!(waiting.next(at(0)), Some(at(50)));
        assert_eq!(sent(&mut waiting, 49), []);
        assert_eq!(sent(&mut waiting, 50), [2]);
        assert_eq!(sent(&mut waiting, 1_000), [3, 4], "what was not used does not add up");
        assert!(
            !waiting.lets_pass(Urgency::Person(1), at(1_000))
                && waiting.lets_pass(Urgency::Person(1), at(1_050))
        );
        assert!(!waiting.lets_pass(Urgency::Background, at(9_000)), "others wait");
    }

    #[test]
    fn a_wait_is_bounded_in_length_and_time() {
        let mut waiting = waiting(Some(10));
        for id in 0..250 {
            assert!(!waiting.is_congested(Urgency::Background), "{id}");
            waiting.push(queued(id, 0, Urgency::Background));
        }
        waiting.push(queued(250, 0, Urgency::Background));
        assert!(waiting.is_congested(Urgency::Background), "25 s at 10 a second");
        for id in 1_000..1_051 {
            assert!(!waiting.is_congested(Urgency::Person(id)), "{id}");
            waiting.push(queued(id, 0, Urgency::Person(id)));
        }
        assert!(waiting.is_congested(Urgency::Person(1)), "5 s at 10 a second");
        assert_eq!(sent(&mut waiting, 4_100), [0], "a click that is four seconds old is of no use any more");
        assert_eq!(waiting.clicked, 0);
        let waiting = sent(&mut waiting, 25_001);
        assert_eq!(waiting, [], "neither is a snapshot that is 25 seconds old");
    }

    #[test]
    fn without_a_rate_all_are_sent_in_their_order() {
        let mut waiting = waiting(None);
        for (id, urgency) in [(1, Urgency::Background), (2, Urgency::Person(9)), (3, Urgency::Background)] {
            waiting.push(queued(id, 0, urgency));
        }
        assert!(!waiting.is_congested(Urgency::Background) && waiting.next(at(0)).is_none());
        assert_eq!(sent(&mut waiting, 0), [1, 2, 3]);
    }

    #[test]
    fn one_that_timed_out_is_removed_wherever_it_waits() {
        let mut waiting = waiting(Some(1));
        waiting.push(queued(1, 0, Urgency::Background));
        waiting.push(queued(2, 0, Urgency::Person(7)));
        waiting.push(queued(3, 1, Urgency::Person(7)));
        waiting.remove(RequestId::new(2), at(5_000));
        waiting.remove(RequestId::new(1), at(30_000));
        assert_eq!((waiting.len(), waiting.turns.len()), (1, 1));
        waiting.remove(RequestId::new(3), at(5_001));
        assert_eq!((waiting.len(), waiting.turns.len()), (0, 0));
    }
}
