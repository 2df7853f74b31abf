//! Verification of calls of which events were lost.

use super::control::Control;
use super::jobs::portion;
use super::session::Carrier;
use super::switch_monitor::EventSource;
use crate::cti::ConnectionRef;
use crate::step::Step;

impl<C: Carrier> Control<C> {
    /// Begins the verification of a switch monitor, if it is known, because one of its events was lost.
    pub(super) fn request_verification(&mut self, step: &mut Step<'_>, source: EventSource<'_>) {
        let switch_monitor =
            self.switch_monitors.of_cross_reference(source.connection, source.cross_reference);
        if let Some(switch_monitor) =
            switch_monitor.and_then(|switch_monitor| self.switch_monitors.slots.get_mut(switch_monitor))
        {
            switch_monitor.begin_verification();
            self.schedule_verification(step);
        }
    }

    /// Begins the verification of a portion of a connection's switch monitors. Returns where the next portion begins.
    pub(super) fn verify_portion(
        &mut self,
        step: &mut Step<'_>,
        connection: ConnectionRef,
        slot: u32,
    ) -> Option<u32> {
        let (slots, next) = portion(self.switch_monitors.slots.slots(), slot);
        for slot in slots {
            let Some(handle) = self.switch_monitors.slots.at(slot) else { continue };
            if let Some(switch_monitor) =
                self.switch_monitors.slots.get_mut(handle).filter(|one| one.connection == connection)
            {
                switch_monitor.begin_verification();
            }
        }
        if next.is_none() {
            self.schedule_verification(step);
        }
        next
    }
}
