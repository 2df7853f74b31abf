//! Calls that may be other than they are known: events of theirs are lost.

use super::control::Control;
use super::jobs::portion;
use super::session::Carrier;
use super::watch::EventSource;
use crate::cti::ConnectionRef;
use crate::step::Step;

impl<C: Carrier> Control<C> {
    /// An event is lost: the clients of its watch, if that is known, are brought up to date by a snapshot.
    pub(super) fn doubt(&mut self, step: &mut Step<'_>, source: EventSource<'_>) {
        let watch = self.watches.of_cross_reference(source.connection, source.cross_reference);
        if let Some(watch) = watch.and_then(|watch| self.watches.slots.get_mut(watch)) {
            watch.begin_doubt();
            self.want_verifying(step);
        }
    }

    /// A phone system lost events: a portion of its watches is doubted. Returns where the next portion begins.
    pub(crate) fn doubt_portion(
        &mut self,
        step: &mut Step<'_>,
        connection: ConnectionRef,
        slot: u32,
    ) -> Option<u32> {
        let (slots, next) = portion(self.watches.slots.slots(), slot);
        for slot in slots {
            let Some(handle) = self.watches.slots.at(slot) else { continue };
            if let Some(watch) = self.watches.slots.get_mut(handle).filter(|one| one.connection == connection)
            {
                watch.begin_doubt();
            }
        }
        if next.is_none() {
            self.want_verifying(step);
        }
        next
    }
}
