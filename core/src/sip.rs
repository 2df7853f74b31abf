//! SIP's state machines (RFC 3261, 6026, 4028, 4320): one file per machine, each a pure function of its state, an event
//! and the time; and the user agent above them. The only bytes that the state machines hold are the response or request
//! they may have to send again.

pub(crate) mod dialog;
pub mod invite_server;
pub mod non_invite_client;
pub mod non_invite_server;
pub mod session_timer;
pub(crate) mod transactions;
pub(crate) mod user_agent;

use crate::time::Duration;

/// RFC 3261 17.1.1.1: T1, the round-trip estimate.
pub const T1: Duration = Duration::from_millis(500);
/// RFC 3261 17.1.2.2: T2, the longest time between retransmissions.
pub const T2: Duration = Duration::from_secs(4);
/// RFC 3261 17.1.2.2: T4, the longest time a message stays in the network.
pub const T4: Duration = Duration::from_secs(5);
/// 64 * T1: how long a transaction waits for an answer.
pub const TRANSACTION_TIMEOUT: Duration = Duration::from_millis(500 * 64);
/// RFC 3261 17.2.1: an INVITE that takes longer than this is answered 100 Trying.
pub const TRYING_AFTER: Duration = Duration::from_millis(200);

/// The retransmission interval after `interval`: twice as long, at most T2.
pub(crate) fn doubled(interval: Duration) -> Duration {
    interval.times(2).min(T2)
}
