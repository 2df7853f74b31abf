//! Counts of what happened since the gateway started. Counting is always on and costs one addition.

use crate::digest::{Digest, Digester};

/// The statuses that have a count of their own; all others are counted under 0.
const STATUSES: [u16; 19] =
    [400, 403, 404, 405, 415, 416, 420, 422, 480, 481, 485, 487, 488, 491, 500, 501, 503, 505, 0];

/// Counts since the gateway started. They only grow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// SIP requests, without ACKs and retransmissions.
    pub requests: u64,
    /// Retransmitted SIP requests.
    pub requests_repeated: u64,
    /// SIP messages that could not be read.
    pub messages_discarded: u64,
    /// Users signed in.
    pub sign_ins: u64,
    /// Users signed in while no connection was in service.
    pub sign_ins_unserved: u64,
    /// Refreshes by re-INVITE or UPDATE.
    pub refreshes: u64,
    /// Sessions that ended, however they did, apart from those left to another node.
    pub sessions_ended: u64,
    /// Sessions left to another node by a drain.
    pub sessions_handed_over: u64,
    /// Sessions moved to another connection by the gateway itself.
    pub rebinds: u64,
    /// Dialogs of another node that were taken over.
    pub takeovers: u64,
    /// Events sent to clients.
    pub events_sent: u64,
    /// Events lost: too many waited, or there was no way to the client.
    pub events_lost: u64,
    /// Events from phone systems that belong to no monitor.
    pub events_unknown: u64,
    /// Events from phone systems of kinds that are not known.
    pub events_of_unknown_kind: u64,
    /// Requests sent to phone systems on behalf of sessions.
    pub services: u64,
    /// Requests that phone systems did not answer in time.
    pub services_timed_out: u64,
    /// Answers of phone systems that came too late.
    pub answers_late: u64,
    /// Answers of phone systems to requests that were never sent.
    pub answers_unknown: u64,
    /// Documents from phone systems that could not be read, or asked for a service that the gateway does not have.
    pub documents_discarded: u64,
    /// Monitors to which a phone system gave the cross-reference ID of another.
    pub monitors_confused: u64,
    /// Heartbeats without an answer in time.
    pub heartbeats_missed: u64,
    /// CTI connections that came into service.
    pub connections_served: u64,
    /// CTI connections that were in service and failed.
    pub connections_lost: u64,
    /// Sign-ins of unknown users.
    pub users_unknown: u64,
    /// Sign-ins of users who are not enabled for remote call control.
    pub users_not_enabled: u64,
    /// Sign-ins to lines that their users may not control.
    pub lines_not_authorized: u64,
    /// Sign-ins to unknown lines.
    pub lines_unknown: u64,
    /// Sign-ins to lines at unknown devices, or at devices that do not have them.
    pub devices_unknown: u64,
    /// Sign-ins to lines of which it is not clear which is meant, or at which device.
    pub lines_ambiguous: u64,
    /// Sign-ins to lines whose device was not registered.
    pub devices_unregistered: u64,
    /// Requests with a number that cannot be dialled.
    pub numbers_not_diallable: u64,
    /// Changes of configuration and directory in the run.
    pub reloads: u64,
    /// Sessions that were ended because such a change took their users' rights.
    pub rights_withdrawn: u64,
    /// Final responses with a status of 300 or above, in the order of [`STATUSES`].
    refusals: [u64; STATUSES.len()],
}

/// The number of counters with a name of their own.
const NAMED: usize = 33;

impl Counters {
    /// Counts a final response.
    pub(crate) fn replied(&mut self, status: u16) {
        if status < 300 {
            return;
        }
        let index = STATUSES.iter().position(|known| *known == status).unwrap_or(STATUSES.len() - 1);
        if let Some(count) = self.refusals.get_mut(index) {
            *count += 1;
        }
    }

    /// Each counter with its name; refusals are counted by status instead ([`Self::refusals`]).
    #[must_use]
    pub const fn named(&self) -> [(&'static str, u64); NAMED] {
        let Self {
            requests,
            requests_repeated,
            messages_discarded,
            sign_ins,
            sign_ins_unserved,
            refreshes,
            sessions_ended,
            sessions_handed_over,
            rebinds,
            takeovers,
            events_sent,
            events_lost,
            events_unknown,
            events_of_unknown_kind,
            services,
            services_timed_out,
            answers_late,
            answers_unknown,
            documents_discarded,
            monitors_confused,
            heartbeats_missed,
            connections_served,
            connections_lost,
            users_unknown,
            users_not_enabled,
            lines_not_authorized,
            lines_unknown,
            devices_unknown,
            lines_ambiguous,
            devices_unregistered,
            numbers_not_diallable,
            reloads,
            rights_withdrawn,
            refusals: _by_status,
        } = self;
        [
            ("requests", *requests),
            ("requests_repeated", *requests_repeated),
            ("messages_discarded", *messages_discarded),
            ("sign_ins", *sign_ins),
            ("sign_ins_unserved", *sign_ins_unserved),
            ("refreshes", *refreshes),
            ("sessions_ended", *sessions_ended),
            ("sessions_handed_over", *sessions_handed_over),
            ("rebinds", *rebinds),
            ("takeovers", *takeovers),
            ("events_sent", *events_sent),
            ("events_lost", *events_lost),
            ("events_unknown", *events_unknown),
            ("events_of_unknown_kind", *events_of_unknown_kind),
            ("services", *services),
            ("services_timed_out", *services_timed_out),
            ("answers_late", *answers_late),
            ("answers_unknown", *answers_unknown),
            ("documents_discarded", *documents_discarded),
            ("monitors_confused", *monitors_confused),
            ("heartbeats_missed", *heartbeats_missed),
            ("connections_served", *connections_served),
            ("connections_lost", *connections_lost),
            ("users_unknown", *users_unknown),
            ("users_not_enabled", *users_not_enabled),
            ("lines_not_authorized", *lines_not_authorized),
            ("lines_unknown", *lines_unknown),
            ("devices_unknown", *devices_unknown),
            ("lines_ambiguous", *lines_ambiguous),
            ("devices_unregistered", *devices_unregistered),
            ("numbers_not_diallable", *numbers_not_diallable),
            ("reloads", *reloads),
            ("rights_withdrawn", *rights_withdrawn),
        ]
    }

    /// The statuses that were used to refuse, with their counts; 0 stands for those without a count of their own.
    pub fn refusals(&self) -> impl Iterator<Item = (u16, u64)> {
        STATUSES.into_iter().zip(self.refusals).filter(|(_, count)| *count > 0)
    }
}

impl Digest for Counters {
    fn digest(&self, digester: &mut Digester) {
        for (_, count) in self.named() {
            digester.number(count);
        }
        for count in self.refusals {
            digester.number(count);
        }
    }
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    #[test]
    fn refusals_are_counted_by_their_status_and_others_together() {
        let mut counters = Counters::default();
        for status in [404, 200, 503, 404, 606, 599] {
            counters.replied(status);
        }
        assert_eq!(counters.refusals().collect::<Vec<_>>(), [(404, 2), (503, 1), (0, 2)]);
    }

    #[test]
    fn every_count_changes_the_fingerprint() {
        let print = |counters: &Counters| {
            let mut digester = Digester::new();
            digester.value(counters);
            digester.finish()
        };
        let none = Counters::default();
        assert_ne!(print(&none), print(&Counters { takeovers: 1, ..Counters::default() }));
        let mut refused = Counters::default();
        refused.replied(400);
        assert_ne!(print(&none), print(&refused));
    }
}
