//! Lists of devices (GetSwitchingFunctionDevices). The phone system sends a list after its answer, in any number of
//! messages, which go to the client that asked.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::control::{Control, News, What};
use super::keep;
use super::session::Carrier;
use crate::cti::ConnectionRef;
use crate::step::{SessionId, Step};
use crate::wire::csta::member::Role;
use crate::wire::csta::model::{Request, Response};
use crate::wire::csta::relayed::Relayed;

/// The most lists that may be incomplete at a time. Beyond that the oldest, the least likely to continue, is dropped.
const MAX_LISTS: usize = 256;

/// The most parts that are kept per connection for which no answer has come yet.
pub(super) const MAX_EARLY: usize = 32;

/// A part that came before its answer.
struct Early {
    connection: ConnectionRef,
    cross_reference: Box<str>,
    document: Box<[u8]>,
}

/// An incomplete list.
struct List {
    connection: ConnectionRef,
    /// `serviceCrossRefID`.
    cross_reference: Box<str>,
    session: SessionId,
}

/// The incomplete lists and the early parts, oldest first.
#[derive(Default)]
pub(super) struct DeviceLists {
    lists: VecDeque<List>,
    early: VecDeque<Early>,
    /// The connection of each request for a list that has no answer yet. While there is any, parts may come before the
    /// answer.
    asked: Vec<ConnectionRef>,
}

impl DeviceLists {
    /// Forgets what was expected over a connection that is dialled again.
    pub(super) fn renew(&mut self, index: u8) {
        self.lists.retain(|list| list.connection.index() != index);
        self.early.retain(|early| early.connection.index() != index);
        self.asked.retain(|asked| asked.index() != index);
    }

    /// Notes a request for a service whose answer may announce a list.
    pub(super) fn ask(&mut self, connection: ConnectionRef) {
        self.asked.push(connection);
    }

    /// Notes an answer to such a request. After the last, the remaining early parts belong to no list.
    pub(super) fn answered(&mut self, connection: ConnectionRef) {
        if let Some(index) = self.asked.iter().position(|asked| *asked == connection) {
            self.asked.swap_remove(index);
        }
        if !self.asked.contains(&connection) {
            self.early.retain(|early| early.connection != connection);
        }
    }

    /// Takes the first part that came before its answer.
    fn take_early(&mut self, connection: ConnectionRef, cross_reference: &str) -> Option<Box<[u8]>> {
        let index = self
            .early
            .iter()
            .position(|early| early.connection == connection && *early.cross_reference == *cross_reference);
        self.early.remove(index?).map(|early| early.document)
    }
}

impl<C: Carrier> Control<C> {
    /// Prepares for the list that a response may announce. Parts of it may have come already ([`Control::early_part`]).
    pub(super) fn expect_device_list(
        &mut self,
        session: SessionId,
        connection: ConnectionRef,
        response: &Response<'_>,
    ) {
        let Some(cross_reference) = announced_list(response) else { return };
        let lists = &mut self.device_lists.lists;
        // If a name is reused, it stands for the new list, and the rest of the earlier one will not come.
        lists.retain(|list| list.connection != connection || *list.cross_reference != *cross_reference);
        if lists.len() >= MAX_LISTS {
            lists.pop_front();
        }
        lists.push_back(List { connection, cross_reference: Box::from(cross_reference), session });
    }

    /// Takes the next part that came before the response that announces its list, as stored. There are at most
    /// [`MAX_EARLY`].
    pub(super) fn early_part(
        &mut self,
        connection: ConnectionRef,
        response: &Response<'_>,
    ) -> Option<Box<[u8]>> {
        self.device_lists.take_early(connection, announced_list(response)?)
    }

    /// Handles a part of a list. Returns `None` if nobody waits for it, or not yet.
    pub(super) fn on_part<'n>(
        &mut self,
        step: &mut Step<'_>,
        connection: ConnectionRef,
        part: &'n Relayed<'n>,
        document: Option<&[u8]>,
    ) -> Option<News<'n>> {
        let cross_reference = part.text("serviceCrossRefID").unwrap_or_default();
        let DeviceLists { lists, early, asked } = &mut self.device_lists;
        let index = lists
            .iter()
            .position(|list| list.connection == connection && *list.cross_reference == *cross_reference);
        let Some(session) = index.and_then(|index| lists.get(index)).map(|list| list.session) else {
            // Its answer may still come. If there is no room, the oldest part's answer is the least likely to.
            let is_early = asked.contains(&connection);
            let same = early.iter().filter(|early| early.connection == connection).count();
            let oldest = early.iter().position(|early| early.connection == connection);
            let lost =
                oldest.filter(|_| is_early && same >= MAX_EARLY).and_then(|oldest| early.remove(oldest));
            if is_early {
                let edition = step.config.cti.protocol_version;
                let document = keep::request(&Request::Relayed(*part), document, edition);
                let cross_reference = Box::from(cross_reference);
                early.push_back(Early { connection, cross_reference, document });
            }
            if lost.is_some() || !is_early {
                step.counters.documents_discarded += 1;
                self.pool.discard(step, connection.index(), &"a list of devices that nobody waits for");
            }
            return None;
        };
        if part.truth("lastSegment") != Some(false) {
            index.map(|index| lists.remove(index));
        }
        Some(News { session, what: What::Part(self.switch_of(connection), part) })
    }
}

/// Returns the name of the list that a response announces.
fn announced_list<'r>(response: &'r Response<'_>) -> Option<&'r str> {
    let Response::Relayed(relayed) = response else { return None };
    let member = relayed.members.iter().find(|member| member.role == Role::CrossReference)?;
    relayed.text(member.name)
}

crate::digest! { struct DeviceLists { lists, asked, early } }

crate::digest! { struct List { connection, cross_reference, session } }

crate::digest! { struct Early { connection, cross_reference, document } }
