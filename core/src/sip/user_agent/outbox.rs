//! The outbox decides when a session's events may be sent. Three rules apply:
//!
//! 1. A response that announces an identifier (monitorCrossRefID, callID) is sent before the first event that uses it:
//!    while such a request is under way, events wait.
//! 2. After such a response the next event waits a little longer: otherwise it might overtake the response in a proxy
//!    that uses different connections for the two.
//! 3. On datagrams one event is under way at a time, and the next waits for its final response, but not for ever
//!    (client quirk 3). When the next event is sent without that response, the earlier one is no longer retransmitted:
//!    it would arrive with a CSeq that is too low (RFC 3261 12.2.2), or show outdated state to a client that does not
//!    check the CSeq.

use alloc::boxed::Box;
use alloc::collections::{VecDeque, vec_deque};

use crate::digest::{Digest, Digester};
use crate::sip::transactions::ClientTransaction;
use crate::slots::Handle;
use crate::time::Instant;
use crate::timer::Deadline;

/// The events for one client.
#[derive(Debug, Default)]
pub(crate) struct Outbox {
    /// Rule 2: when the next event may be sent.
    quiet_until: Instant,
    /// Rule 3: the event under way, and until when it holds back the next.
    under_way: Option<(Handle<ClientTransaction>, Instant)>,
    /// Boxed, since usually nothing waits.
    waiting: Option<Box<Waiting>>,
    /// How many requests that announce identifiers are under way.
    announcing: u16,
}

/// Events that wait.
#[derive(Debug, Default)]
struct Waiting {
    /// The documents, oldest first.
    documents: VecDeque<Box<[u8]>>,
    /// When to try again.
    deadline: Deadline,
}

/// The outbox is full, and the event is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutboxFull;

impl Outbox {
    /// Whether an event may be sent at `now`.
    pub(crate) fn is_open(&self, now: Instant) -> bool {
        self.announcing == 0
            && now >= self.quiet_until
            && self.under_way.is_none_or(|(_, until)| now >= until)
    }

    /// Whether no event waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting.as_ref().is_none_or(|waiting| waiting.documents.is_empty())
    }

    /// Whether a response sent now may overtake an event: one waits, or is under way by datagram.
    pub(crate) fn may_be_overtaken(&self) -> bool {
        !self.is_empty() || self.under_way.is_some()
    }

    /// Queues an event.
    pub(crate) fn hold(&mut self, document: &[u8], limit: usize) -> Result<(), OutboxFull> {
        let documents = &mut self.waiting.get_or_insert_default().documents;
        if documents.len() >= limit {
            return Err(OutboxFull);
        }
        documents.push_back(Box::from(document));
        Ok(())
    }

    /// Takes the next event, if it may be sent at `now`.
    pub(crate) fn next(&mut self, now: Instant) -> Option<Box<[u8]>> {
        if !self.is_open(now) {
            return None;
        }
        self.waiting.as_mut()?.documents.pop_front()
    }

    /// When to try again; `None` if no event waits, or if they wait for an answer.
    pub(crate) fn next_at(&self) -> Option<Instant> {
        if self.is_empty() || self.announcing > 0 {
            return None;
        }
        Some(self.under_way.map_or(self.quiet_until, |(_, until)| until.max(self.quiet_until)))
    }

    /// The record of the deadline for trying again; `None` if no event waits.
    pub(crate) fn deadline(&mut self) -> Option<&mut Deadline> {
        self.waiting.as_mut().map(|waiting| &mut waiting.deadline)
    }

    /// Frees the queue once it is empty.
    pub(crate) fn tidy(&mut self) {
        self.waiting.take_if(|waiting| waiting.documents.is_empty() && !waiting.deadline.is_set());
    }

    /// Notes that a request that announces an identifier is under way.
    pub(crate) fn announce(&mut self) {
        self.announcing = self.announcing.saturating_add(1);
    }

    /// Notes that the response to such a request was written; the next event waits until `quiet_until`.
    pub(crate) fn announced(&mut self, quiet_until: Instant) {
        self.announcing = self.announcing.saturating_sub(1);
        self.keep_quiet(quiet_until);
    }

    /// Notes that an immediate response announced an identifier; the next event waits until `until`.
    pub(crate) fn keep_quiet(&mut self, until: Instant) {
        self.quiet_until = self.quiet_until.max(until);
    }

    /// Notes that an event was sent by datagram. Returns the previous one if it has no answer: it must not be
    /// retransmitted any more.
    #[must_use]
    pub(crate) fn sent(
        &mut self,
        event: Handle<ClientTransaction>,
        until: Instant,
    ) -> Option<Handle<ClientTransaction>> {
        self.under_way.replace((event, until)).map(|(before, _)| before)
    }

    /// Notes that an event was answered. If it was the one under way, the next may be sent.
    pub(crate) fn answered(&mut self, event: Handle<ClientTransaction>) {
        if self.under_way.is_some_and(|(under_way, _)| under_way == event) {
            self.under_way = None;
        }
    }
}

impl Waiting {
    fn parts(&self) -> (vec_deque::Iter<'_, Box<[u8]>>, Deadline) {
        let Self { documents, deadline } = self;
        (documents.iter(), *deadline)
    }
}

impl Digest for Outbox {
    fn digest(&self, digester: &mut Digester) {
        let Self { waiting, announcing, quiet_until, under_way } = self;
        let (documents, deadline) = waiting.as_deref().map_or_else(Default::default, Waiting::parts);
        crate::digest::sequence(digester, documents);
        digester.number(u64::from(*announcing));
        digester.value(quiet_until);
        digester.value(&under_way.map(|(event, _)| event));
        digester.value(&under_way.map(|(_, until)| until));
        digester.value(&deadline);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::Duration;

    #[test]
    fn an_event_waits_for_the_response_that_announces_its_identifier_and_20_ms_more() {
        let mut outbox = Outbox::default();
        let now = Instant::ZERO;
        outbox.announce();
        assert!(!outbox.is_open(now));
        outbox.hold(b"event", 8).unwrap();
        assert_eq!(outbox.next_at(), None);
        outbox.announced(now + Duration::from_millis(20));
        assert_eq!(outbox.next_at(), Some(now + Duration::from_millis(20)));
        assert_eq!(outbox.next(now), None);
        assert!(outbox.next(now + Duration::from_millis(20)).is_some());
    }

    #[test]
    fn quirk_3_on_datagrams_the_next_event_waits_for_an_answer_or_the_time_limit() {
        let mut outbox = Outbox::default();
        let limit = Instant::ZERO + Duration::from_secs(2);
        let event = Handle::from_number(1);
        assert_eq!(outbox.sent(event, limit), None);
        assert!(!outbox.is_open(Instant::ZERO) && outbox.is_open(limit));
        outbox.answered(Handle::from_number(2));
        assert!(!outbox.is_open(Instant::ZERO));
        outbox.answered(event);
        assert!(outbox.is_open(Instant::ZERO));
        assert_eq!(outbox.sent(event, limit), None);
        assert_eq!(outbox.sent(Handle::from_number(2), limit), Some(event));
    }

    #[test]
    fn a_full_outbox_refuses_and_changes_nothing() {
        let mut outbox = Outbox::default();
        outbox.announce();
        outbox.hold(b"1", 1).unwrap();
        assert_eq!(outbox.hold(b"2", 1), Err(OutboxFull));
        outbox.announced(Instant::ZERO);
        assert_eq!(outbox.next(Instant::ZERO).as_deref(), Some(&b"1"[..]));
        assert_eq!(outbox.next(Instant::ZERO), None);
    }
}
