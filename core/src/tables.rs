//! The transition tables of the gateway's state machines, for documentation and tests. Each machine asserts every
//! change of its state against its table, in one place.

use crate::cti;
use crate::phase;
use crate::rcc;
use crate::sip::{invite_server, non_invite_client, non_invite_server};

/// A state machine and its transitions.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// Its name, as in the standard that defines it.
    pub name: &'static str,
    /// Where it is defined.
    pub clause: &'static str,
    /// Pairs of a state and a state that may follow it.
    pub transitions: &'static [(&'static str, &'static str)],
}

/// All of them.
pub const ALL: &[Machine] = &[
    Machine {
        name: "INVITE server transaction",
        clause: "RFC 3261 17.2.1, RFC 6026 7.1",
        transitions: invite_server::TABLE,
    },
    Machine {
        name: "non-INVITE server transaction",
        clause: "RFC 3261 17.2.2, RFC 4320",
        transitions: non_invite_server::TABLE,
    },
    Machine {
        name: "non-INVITE client transaction",
        clause: "RFC 3261 17.1.2",
        transitions: non_invite_client::TABLE,
    },
    Machine { name: "CTI connection", clause: "this project's own", transitions: cti::connection::TABLE },
    Machine {
        name: "Session of the Asterisk Manager Interface",
        clause: "this project's own",
        transitions: cti::asterisk::session::TABLE,
    },
    Machine { name: "The gateway's end", clause: "this project's own", transitions: phase::TABLE },
    Machine {
        name: "Moving of sessions whose CTI connection failed",
        clause: "this project's own",
        transitions: rcc::walk::TABLE,
    },
    Machine {
        name: "Resynchronization of a client's monitor",
        clause: "this project's own",
        transitions: rcc::resync_state::TABLE,
    },
];
