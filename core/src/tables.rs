//! The tables of transitions of the gateway's state machines, for documents and tests: every state change is asserted
//! against its machine's table, at the one place where states change.

use crate::cti;
use crate::phase;
use crate::rcc;
use crate::sip::{invite_server, non_invite_client, non_invite_server};

/// A state machine: its name, and from which state it may go to which.
#[derive(Clone, Copy, Debug)]
pub struct Machine {
    /// What it is, in the words of the standard it obeys.
    pub name: &'static str,
    /// Where it is defined.
    pub clause: &'static str,
    /// From which state to which.
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
    Machine { name: "The gateway's end", clause: "this project's own", transitions: phase::TABLE },
    Machine {
        name: "Moving of sessions whose CTI connection failed",
        clause: "this project's own",
        transitions: rcc::walk::TABLE,
    },
];
