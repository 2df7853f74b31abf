//! What becomes of the CTI connections, and who is concerned.

use super::control::Control;
use super::moving::rebinds;
use super::session::Carrier;
use crate::cti::ConnectionRef;
use crate::cti::news::News;
use crate::step::Step;
use crate::wire::csta::model::SystemStatus;

impl<C: Carrier> Control<C> {
    /// A connection is dialled anew: all that came over it before is void.
    pub(crate) fn on_dialled(&mut self, index: u8) {
        self.stops.renew(index);
        self.early.renew(index);
        self.device_lists.renew(index);
    }

    /// A connection came into service.
    pub(crate) fn on_in_service(&mut self, step: &mut Step<'_>, connection: ConnectionRef) {
        self.want_rebind(step);
        // Where sessions are moved nothing of theirs is void: those that lost it are told when they are moved.
        if !rebinds(step.config) {
            // The first is good news for all: whoever INVITEs anew is served (S9).
            let is_first = self.pool.serving() == 1;
            self.tell_all((!is_first).then_some(connection.index()), SystemStatus::Enabled);
        }
    }

    /// A connection that was in service is lost.
    pub(crate) fn on_lost(&mut self, step: &mut Step<'_>, connection: ConnectionRef) {
        self.lose_connection(connection);
        self.tell_all(Some(connection.index()), SystemStatus::Disabled);
        self.want_rebind(step);
    }

    /// The phone system says how it is.
    pub(crate) fn on_status(&mut self, step: &mut Step<'_>, connection: ConnectionRef, status: SystemStatus) {
        // ECMA-269, System Status: there are no monitors any more. As long as none of ours is active, it is how a phone
        // system introduces itself: the first MonitorStarts may go out right after the registration.
        if status == SystemStatus::Enabled && self.switch_monitors.is_any_active(connection) {
            let why = "the phone system says it has begun anew";
            if let News::Lost(connection) = self.pool.give_up(step, connection.index(), why) {
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
