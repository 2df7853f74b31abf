//! Counts of what happened since the gateway started. Counting is always on and costs one addition.

use crate::digest::{Digest, Digester};

/// The statuses that have a count of their own; all others are counted under 0.
const STATUSES: [u16; 19] =
    [400, 403, 404, 405, 415, 416, 420, 422, 480, 481, 485, 487, 488, 491, 500, 501, 503, 505, 0];

/// Declares the counters that have a name of their own.
macro_rules! counters {
    ($($(#[$doc:meta])+ $name:ident,)+) => {
        /// Counts since the gateway started. They only grow.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct Counters {
            $($(#[$doc])+ pub $name: u64,)+
            /// Final responses with a status of 300 or above, in the order of [`STATUSES`].
            refusals: [u64; STATUSES.len()],
        }

        /// The number of counters with a name of their own.
        const NAMED: usize = [$(stringify!($name)),+].len();

        impl Counters {
            /// Each counter with its name; refusals are counted by status instead ([`Self::refusals`]).
            #[must_use]
            pub const fn named(&self) -> [(&'static str, u64); NAMED] {
                [$((stringify!($name), self.$name)),+]
            }
        }
    };
}

counters! {
    /// SIP requests, without ACKs and retransmissions.
    requests,
    /// Retransmitted SIP requests.
    requests_repeated,
    /// SIP messages that could not be read.
    messages_discarded,
    /// Users signed in.
    sign_ins,
    /// Users signed in while no connection was in service.
    sign_ins_unserved,
    /// Refreshes by re-INVITE or UPDATE.
    refreshes,
    /// Sessions that ended, however they did, apart from those left to another node.
    sessions_ended,
    /// Sessions left to another node by a drain.
    sessions_handed_over,
    /// Sessions moved to another connection by the gateway itself.
    rebinds,
    /// Dialogs of another node that were taken over.
    takeovers,
    /// Events sent to clients.
    events_sent,
    /// Events lost: too many waited, or there was no way to the client.
    events_lost,
    /// Events from phone systems that belong to no monitor.
    events_unknown,
    /// Events from phone systems of kinds that are not known.
    events_of_unknown_kind,
    /// Requests sent to phone systems on behalf of sessions.
    services,
    /// Requests that phone systems did not answer in time.
    services_timed_out,
    /// Answers of phone systems that came too late.
    answers_late,
    /// Answers of phone systems to requests that were never sent.
    answers_unknown,
    /// Documents from phone systems that could not be read, or asked for a service that the gateway does not have.
    documents_discarded,
    /// Monitors to which a phone system gave the cross-reference ID of another.
    monitors_confused,
    /// Heartbeats without an answer in time.
    heartbeats_missed,
    /// CTI connections that came into service.
    connections_served,
    /// CTI connections that were in service and failed.
    connections_lost,
    /// Sign-ins of unknown users.
    users_unknown,
    /// Sign-ins of users who are not enabled for remote call control.
    users_not_enabled,
    /// Sign-ins to lines that their users may not control.
    lines_not_authorized,
    /// Sign-ins to unknown lines.
    lines_unknown,
    /// Sign-ins to lines at unknown devices, or at devices that do not have them.
    devices_unknown,
    /// Sign-ins to lines of which it is not clear which is meant, or at which device.
    lines_ambiguous,
    /// Sign-ins to lines whose device was not registered.
    devices_unregistered,
    /// Requests with a number that cannot be dialled.
    numbers_not_diallable,
    /// Changes of configuration and directory in the run.
    reloads,
    /// Sessions that were ended because such a change took their users' rights.
    rights_withdrawn,
}

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
