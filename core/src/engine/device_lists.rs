//! Lists of devices (GetSwitchingFunctionDevices): the phone system sends them after its answer, in as many messages as
//! it likes. They go to whoever asked.

use alloc::boxed::Box;
use alloc::collections::VecDeque;

use super::{Engine, Step};
use crate::cti::ConnectionRef;
use crate::digest::{Digest, Digester};
use crate::rcc::session::Session;
use crate::rcc::view::ClientView;
use crate::slots::Handle;
use crate::wire::csta::emit;
use crate::wire::csta::member::Role;
use crate::wire::csta::model::{Request, Response};
use crate::wire::csta::relayed::Relayed;

/// The most lists that are on their way at a time. The oldest makes room: it is the least likely still to be.
const MAX_LISTS: usize = 256;

/// A list on its way.
struct List {
    connection: ConnectionRef,
    /// `serviceCrossRefID`.
    cross_reference: Box<str>,
    session: Handle<Session>,
}

/// The lists on their way, oldest first.
#[derive(Default)]
pub(super) struct DeviceLists(VecDeque<List>);

impl Engine {
    /// A response may announce a list.
    pub(super) fn expect_device_list(
        &mut self,
        session: Handle<Session>,
        connection: ConnectionRef,
        response: &Response<'_>,
    ) {
        let Response::Relayed(relayed) = response else { return };
        let reference = relayed.members.iter().find(|member| member.role == Role::CrossReference);
        let Some(cross_reference) = reference.and_then(|member| relayed.text(member.name)) else { return };
        let DeviceLists(lists) = &mut self.device_lists;
        if lists.len() >= MAX_LISTS {
            lists.pop_front();
        }
        lists.push_back(List { connection, cross_reference: Box::from(cross_reference), session });
    }

    /// A part of a list came.
    pub(super) fn on_told(&mut self, step: &mut Step<'_>, connection: ConnectionRef, told: &Relayed<'_>) {
        let cross_reference = told.text("serviceCrossRefID").unwrap_or_default();
        let DeviceLists(lists) = &mut self.device_lists;
        let place = lists
            .iter()
            .position(|list| list.connection == connection && *list.cross_reference == *cross_reference);
        let Some(session) = place.and_then(|place| lists.get(place)).map(|list| list.session) else {
            self.counters.documents_discarded += 1;
            self.discard_from(step, connection.place(), &"a list of devices that nobody waits for");
            return;
        };
        if told.truth("lastSegment") != Some(false) {
            place.map(|place| lists.remove(place));
        }
        self.tell_part(step, session, connection, told);
    }

    fn tell_part(
        &mut self,
        step: &mut Step<'_>,
        handle: Handle<Session>,
        connection: ConnectionRef,
        told: &Relayed<'_>,
    ) {
        let Some(session) = self.sessions.get(handle) else { return };
        let mut view = ClientView::new(session, self.switch_of(connection), 0);
        let namespace = session.namespace;
        let mut body = core::mem::take(&mut self.buffers.body);
        body.clear();
        emit::request(&mut body, namespace, &Request::Relayed(*told), &mut view);
        self.send_event(step, handle, &body);
        self.buffers.body = body;
    }
}

impl Digest for DeviceLists {
    fn digest(&self, digester: &mut Digester) {
        let Self(lists) = self;
        digester.value(&lists.len());
        for List { connection, cross_reference, session } in lists {
            digester.value(connection);
            digester.value(cross_reference);
            digester.value(session);
        }
    }
}
