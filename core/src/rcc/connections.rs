//! Changes in the state of CTI connections, and the sessions they affect.

use super::control::Control;
use super::moving::rebinds;
use super::session::Carrier;
use crate::cti::ConnectionRef;
use crate::cti::news::News;
use crate::step::Step;
use crate::wire::csta::model::SystemStatus;

impl<C: Carrier> Control<C> {
    /// Handles a connection being dialled again: all that came over it before is void.
    pub(super) fn on_dialled(&mut self, index: u8) {
        self.stops.renew(index);
        self.early.renew(index);
        self.device_lists.renew(index);
    }

    /// Handles a connection that came into service.
    pub(super) fn on_in_service(&mut self, step: &mut Step<'_>, connection: ConnectionRef) {
        self.schedule_rebind(step);
        // Where the gateway moves sessions, none is void; those that lost it are told when they are moved.
        if !rebinds(step.config) {
            // The first connection in service concerns all: any new INVITE is served (S9).
            let is_first = self.pool.serving() == 1;
            self.tell_all((!is_first).then_some(connection.index()), SystemStatus::Enabled);
        }
    }

    /// Handles the loss of a connection that was in service.
    pub(super) fn on_lost(&mut self, step: &mut Step<'_>, connection: ConnectionRef) {
        self.lose_connection(connection);
        self.tell_all(Some(connection.index()), SystemStatus::Disabled);
        self.schedule_rebind(step);
    }

    /// Handles a SystemStatus of the phone system.
    pub(crate) fn on_status(&mut self, step: &mut Step<'_>, connection: ConnectionRef, status: SystemStatus) {
        // ECMA-269, System Status: `enabled` means that no monitors exist any more. While no switch monitor is active,
        // it only introduces the phone system: the first MonitorStarts may be sent right after registration.
        if status == SystemStatus::Enabled && self.switch_monitors.is_any_active(connection) {
            let why = "the phone system says it has begun anew";
            if let News::Lost(connection) = self.pool.give_up(step, connection.index(), why.into()) {
                self.on_lost(step, connection);
            }
            return;
        }
        if status == SystemStatus::MessagesLost {
            self.verify_connection(connection);
        }
        self.tell_all(Some(connection.index()), status);
    }
}
