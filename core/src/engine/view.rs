//! Reading the engine's state, which is not an input and changes nothing.

use super::{Engine, Gateway};
use crate::overview::{ConnectionView, Counters, Overview, Selection, SessionView, View};
use crate::rcc::session::Carrier as _;
use crate::sip::transactions::ServerMachine;

impl Engine {
    /// Returns the sizes of the tables.
    #[must_use]
    pub fn view(&self) -> View {
        let Gateway { uacsta, control, .. } = &self.gateway;
        let ua = &uacsta.ua;
        let mut view = View {
            links: ua.links.slots.len(),
            server_transactions: ua.transactions.server.len(),
            client_transactions: ua.transactions.client.len(),
            indexed: ua.dialogs() + ua.transactions.indexed(),
            timers: self.shared.timers.len(),
            ..View::default()
        };
        control.count(&mut view);
        view
    }

    /// Returns the counters, which count from the start.
    #[must_use]
    pub const fn counters(&self) -> &Counters {
        &self.shared.counters
    }

    /// Iterates over the CTI connections, in configured order.
    pub fn connections(&self) -> impl Iterator<Item = ConnectionView> {
        let control = &self.gateway.control;
        control.pool.connections().enumerate().map(|(index, connection)| ConnectionView {
            name: connection.name.clone(),
            address: connection.address.clone(),
            id: connection.id,
            state: connection.state.name(),
            in_service: connection.state.is_in_service(),
            features: connection.features.all(),
            since: connection.vitals.since,
            next_dial: connection.state.next_dial(),
            heartbeat_at: connection.vitals.heard_at,
            round_trip: connection.vitals.round_trip,
            sessions: control.bound_to(index),
            last_failure: connection.last_failure.clone(),
            failed_at: connection.vitals.failed_at,
            features_known: connection.features_known(),
            is_mute: connection.is_mute(),
            remarks: connection.remarks(),
        })
    }

    /// Iterates over the CTI connections in configured order: connection ID, whether it is in service, and whether its
    /// phone system is overloaded. Cheap enough to call after every step.
    pub fn connection_ids(&self) -> impl Iterator<Item = (u64, bool, bool)> + use<'_> {
        let connections = self.gateway.control.pool.connections();
        connections.map(|one| (one.id, one.state.is_in_service(), one.overloaded))
    }

    /// Returns what an operator may see.
    #[must_use]
    pub fn overview(&self) -> Overview {
        Overview {
            phase: self.shared.phase.name(),
            phase_since: self.gateway.since,
            ends_at: self.gateway.stop.at(),
            view: self.view(),
            connections: self.connections().collect(),
            counters: self.shared.counters.clone(),
        }
    }

    /// Iterates over the sessions, including those that are signing in.
    pub fn sessions(&self) -> impl Iterator<Item = SessionView<'_>> {
        self.gateway.control.sessions.iter().map(|(handle, session)| SessionView {
            handle: handle.number(),
            call_id: session.carrier.dialog.call_id(),
            local_tag: session.carrier.dialog.local_tag(),
            number: session.number(),
            connection: session.connection.map(|connection| (connection.index(), connection.id)),
            is_established: session.carrier.is_established(),
        })
    }

    /// Iterates over the choices of users that are in force, in the order of their IDs. Begins behind the user `after`.
    pub fn selections(&self, after: &str) -> impl Iterator<Item = Selection> {
        let chosen = self.gateway.control.choices.iter_after(after);
        chosen.map(|(user, choice)| Selection { user: user.into(), choice: choice.into() })
    }

    /// Iterates over all state machines: the name in [`crate::tables::ALL`], a number that identifies one among its
    /// kind, and its state.
    pub fn machines(&self) -> impl Iterator<Item = (&'static str, u64, &'static str)> {
        let server =
            self.gateway.uacsta.ua.transactions.server.iter().map(|(handle, transaction)| match &transaction
                .machine
            {
                ServerMachine::Invite(state) => ("INVITE server transaction", handle.number(), state.name()),
                ServerMachine::NonInvite(state) => {
                    ("non-INVITE server transaction", handle.number(), state.name())
                }
            });
        let client = self.gateway.uacsta.ua.transactions.client.iter().map(|(handle, transaction)| {
            ("non-INVITE client transaction", handle.number(), transaction.machine.name())
        });
        let connections = (0..).zip(self.gateway.control.pool.connections());
        let connections = connections.map(|(index, one)| ("CTI connection", index, one.state.name()));
        server.chain(client).chain(connections)
    }
}
