//! Lists of devices (GetSwitchingFunctionDevices): the phone system sends them after its answer, in as many messages as
//! it likes. They go to whoever asked.

use alloc::boxed::Box;
use alloc::collections::VecDeque;
use alloc::vec::Vec;

use super::{Gateway, Step};
use crate::cti::ConnectionRef;
use crate::digest::{Digest, Digester};
use crate::rcc::keep;
use crate::rcc::session::Session;
use crate::rcc::view::{ClientView, in_agreed_edition};
use crate::slots::Handle;
use crate::wire::csta::emit;
use crate::wire::csta::member::Role;
use crate::wire::csta::model::{Message, Request, Response};
use crate::wire::csta::parse::Document;
use crate::wire::csta::relayed::Relayed;

/// The most lists that are on their way at a time. The oldest makes room: it is the least likely still to be.
const MAX_LISTS: usize = 256;

/// The most parts that are kept over one connection which came before the answer that announces them.
const MAX_EARLY: usize = 32;

/// A part that came before its answer.
struct Early {
    connection: ConnectionRef,
    cross_reference: Box<str>,
    document: Box<[u8]>,
}

/// A list on its way.
struct List {
    connection: ConnectionRef,
    /// `serviceCrossRefID`.
    cross_reference: Box<str>,
    session: Handle<Session>,
}

/// The lists on their way, and what came too early, oldest first.
#[derive(Default)]
pub(super) struct DeviceLists {
    lists: VecDeque<List>,
    early: VecDeque<Early>,
    /// Over which connections lists were asked for that are not answered yet, one entry each: as long as there is one,
    /// parts may come before the answer.
    asked: Vec<ConnectionRef>,
}

impl DeviceLists {
    /// A connection is made anew: what was on its way over it before never comes.
    pub(super) fn renew(&mut self, place: u8) {
        self.lists.retain(|list| list.connection.index() != place);
        self.early.retain(|early| early.connection.index() != place);
        self.asked.retain(|asked| asked.index() != place);
    }

    /// A service was asked for that may be answered by a list.
    pub(super) fn ask(&mut self, connection: ConnectionRef) {
        self.asked.push(connection);
    }

    /// It is answered. What the last answer did not announce will be announced by none.
    pub(super) fn answered(&mut self, connection: ConnectionRef) {
        if let Some(place) = self.asked.iter().position(|asked| *asked == connection) {
            self.asked.swap_remove(place);
        }
        if !self.asked.contains(&connection) {
            self.early.retain(|early| early.connection != connection);
        }
    }

    /// Takes the first part out that came before its answer.
    fn take_early(&mut self, connection: ConnectionRef, cross_reference: &str) -> Option<Box<[u8]>> {
        let place = self
            .early
            .iter()
            .position(|early| early.connection == connection && *early.cross_reference == *cross_reference);
        self.early.remove(place?).map(|early| early.document)
    }
}

impl Gateway {
    /// A response may announce a list.
    pub(super) fn expect_device_list(
        &mut self,
        step: &mut Step<'_>,
        session: Handle<Session>,
        connection: ConnectionRef,
        response: &Response<'_>,
    ) {
        let Response::Relayed(relayed) = response else { return };
        let reference = relayed.members.iter().find(|member| member.role == Role::CrossReference);
        let Some(cross_reference) = reference.and_then(|member| relayed.text(member.name)) else { return };
        let lists = &mut self.device_lists.lists;
        // A name that is given anew means the new list: the rest of the one before will not come.
        lists.retain(|list| list.connection != connection || *list.cross_reference != *cross_reference);
        if lists.len() >= MAX_LISTS {
            lists.pop_front();
        }
        lists.push_back(List { connection, cross_reference: Box::from(cross_reference), session });
        // Bounded by MAX_EARLY.
        while let Some(early) = self.device_lists.take_early(connection, cross_reference) {
            let document = Document::parse(&early, &self.xml_limits);
            if let Ok(Ok(Message::Request(Request::Relayed(told)))) = document.as_ref().map(Document::message)
            {
                self.on_told(step, connection, &told, Some(&early));
            }
        }
    }

    /// A part of a list came.
    pub(super) fn on_told(
        &mut self,
        step: &mut Step<'_>,
        connection: ConnectionRef,
        told: &Relayed<'_>,
        document: Option<&[u8]>,
    ) {
        let cross_reference = told.text("serviceCrossRefID").unwrap_or_default();
        let DeviceLists { lists, early, asked } = &mut self.device_lists;
        let place = lists
            .iter()
            .position(|list| list.connection == connection && *list.cross_reference == *cross_reference);
        let Some(session) = place.and_then(|place| lists.get(place)).map(|list| list.session) else {
            // Its answer may still come. Where there is no room, the oldest is the least likely to be waited for.
            let is_early = asked.contains(&connection);
            let same = early.iter().filter(|early| early.connection == connection).count();
            let oldest = early.iter().position(|early| early.connection == connection);
            let lost =
                oldest.filter(|_| is_early && same >= MAX_EARLY).and_then(|oldest| early.remove(oldest));
            if is_early {
                let edition = step.config.cti.protocol_version;
                let document = keep::request(&Request::Relayed(*told), document, edition);
                let cross_reference = Box::from(cross_reference);
                early.push_back(Early { connection, cross_reference, document });
            }
            if lost.is_some() || !is_early {
                step.counters.documents_discarded += 1;
                self.pool.discard(step, connection.index(), &"a list of devices that nobody waits for");
            }
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
        let agreed = step.config.cti.protocol_version;
        let mut view = ClientView::new(session, (self.switch_of(connection), agreed), 0);
        let told = in_agreed_edition(told, agreed);
        let namespace = session.namespace;
        let mut body = core::mem::take(&mut self.buffers.body);
        body.clear();
        emit::request(&mut body, namespace, &Request::Relayed(told), &mut view);
        self.send_event(step, handle, &body);
        self.buffers.body = body;
    }
}

impl Digest for DeviceLists {
    fn digest(&self, digester: &mut Digester) {
        let Self { lists, early, asked } = self;
        digester.value(&lists.len());
        for List { connection, cross_reference, session } in lists {
            digester.value(connection);
            digester.value(cross_reference);
            digester.value(session);
        }
        crate::digest::sequence(digester, asked.iter());
        digester.value(&early.len());
        for Early { connection, cross_reference, document } in early {
            digester.value(connection);
            digester.value(cross_reference);
            digester.value(document);
        }
    }
}
