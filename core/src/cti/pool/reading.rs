//! Reading from a link: a message is cut out of the stream and read by the link's protocol, and its meaning is returned
//! as news.
//!
//! The reader is checked out of its connection while a message is processed, and put back after that.

use alloc::boxed::Box;
use alloc::string::String;
use core::fmt::Display;

use super::{Known, Pool};
use crate::action::Level;
use crate::cti::ConnectionRef;
use crate::cti::connection::Event;
use crate::cti::news::News;
use crate::cti::offer;
use crate::cti::protocol::{Frame, Framed, Incoming, Output, Reader, RequestId, Slot, Spare};
use crate::digest::Digest;
use crate::expected::Expected as _;
use crate::slots::Handle;
use crate::step::Step;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{Response, SystemStatus};
use crate::wire::csta::services::Features;

/// A connection's reader, checked out.
pub(crate) struct Reading {
    connection: ConnectionRef,
    reader: Box<dyn Reader>,
    spare: Spare,
}

impl<T: Digest + Copy> Pool<T> {
    /// Takes the reader out of the connection at `index`, to read its next bytes.
    pub(crate) fn check_out(&mut self, index: u8) -> Option<Reading> {
        let connection = self.latest(index);
        let reader = self.at_mut(index)?.reader.take()?;
        Some(Reading { connection, reader, spare: Spare::default() })
    }

    /// Puts a reader back, unless its connection was dialled again meanwhile.
    pub(crate) fn put_back(&mut self, reading: Reading) {
        let Reading { connection, reader, spare: _ } = reading;
        if let Some(one) = self.at_mut(connection.index()).filter(|one| one.id == connection.id) {
            one.reader = Some(reader);
        }
    }

    /// Reads at most one message from `bytes`. Returns how many bytes were taken, and what they mean.
    pub(crate) fn on_bytes<'d, 'b: 'd>(
        &mut self,
        step: &mut Step<'_>,
        reading: &'b mut Reading,
        bytes: &'b [u8],
        slot: &'d mut Slot<'b>,
    ) -> (usize, News<'d, T>) {
        let Reading { connection, reader, spare } = reading;
        match reader.push(bytes) {
            (taken, Framed::Incomplete) => (taken, News::Nothing),
            (taken, Framed::Message(frame)) => (taken, self.on_frame(step, *connection, frame, spare, slot)),
            (_, Framed::Broken(why)) => (bytes.len(), self.give_up(step, connection.index(), why.into())),
        }
    }

    fn on_frame<'d, 'b: 'd>(
        &mut self,
        step: &mut Step<'_>,
        connection: ConnectionRef,
        frame: Frame<'b>,
        spare: &'b mut Spare,
        slot: &'d mut Slot<'b>,
    ) -> News<'d, T> {
        let index = connection.index();
        let Some(one) = self.at_mut(index).expected("a connection") else { return News::Nothing };
        let Some(link) = one.link.expected("a link") else { return News::Nothing };
        one.vitals.received(step.now);
        let incoming = one.protocol.read(
            frame,
            spare,
            slot,
            &mut Output::new(link, step.now, step.actions, step.entropy),
        );
        if !one.protocol.has_more() {
            self.set_send_deadline(step, index);
        }
        self.mean(step, connection, incoming)
    }

    /// What the connection at `index` still has to tell, one at a time; `None` if that was all.
    pub(crate) fn more<'d, 'b: 'd>(
        &mut self,
        step: &mut Step<'_>,
        index: u8,
        spare: &'b mut Spare,
        slot: &'d mut Slot<'b>,
    ) -> Option<News<'d, T>> {
        let connection = self.latest(index);
        let one = self.at_mut(index).filter(|one| one.state.is_open() && one.protocol.has_more())?;
        let link = one.link?;
        let mut output = Output::new(link, step.now, step.actions, step.entropy);
        let incoming = one.protocol.more(spare, slot, &mut output);
        Some(self.mean(step, connection, incoming))
    }

    /// Turns what a link's protocol says into news.
    fn mean<'d>(
        &mut self,
        step: &mut Step<'_>,
        connection: ConnectionRef,
        incoming: Incoming<'d>,
    ) -> News<'d, T> {
        let index = connection.index();
        match incoming {
            Incoming::Nothing => News::Nothing,
            Incoming::Begun => self.on(step, index, Event::Begun),
            Incoming::Ready(features) => {
                self.learn_features(step, index, features);
                self.on(step, index, Event::Ready)
            }
            Incoming::Features(features) => {
                self.learn_features(step, index, Some(features));
                News::Nothing
            }
            Incoming::Alive => self.on(step, index, Event::Alive),
            Incoming::Response(id, response) => self.on_answer(step, id, response),
            Incoming::Unusable(id, error, why) => {
                step.counters.documents_discarded += 1;
                self.discard(step, index, &why);
                self.on_answer(step, id, Response::Error(error))
            }
            Incoming::Refused { requests, error, why } => {
                self.on_refused(step, index, (&requests, error), why)
            }
            Incoming::Told { request, document } => News::Told { connection, request, document },
            Incoming::Event { event, document } => News::Event { connection, event, document },
            Incoming::Status(status) => self.on_status(step, connection, status),
            Incoming::MonitorStopped { cross_reference, document } => {
                News::MonitorStopped { connection, cross_reference, document }
            }
            Incoming::Late => {
                step.counters.answers_late += 1;
                self.dropped(step, index, &"a late response")
            }
            Incoming::LateMonitor { cross_reference } => {
                step.counters.answers_late += 1;
                self.discard(step, index, &"a late response");
                News::LateMonitor { connection, cross_reference }
            }
            Incoming::Unexpected => {
                step.counters.answers_unknown += 1;
                self.dropped(step, index, &"an unexpected response")
            }
            Incoming::UnknownEvent(name) => {
                step.counters.events_of_unknown_kind += 1;
                step.counters.documents_discarded += 1;
                self.dropped(step, index, &format_args!("an event of a kind that is not known: {name}"))
            }
            Incoming::Discarded(why) => {
                step.counters.documents_discarded += 1;
                self.dropped(step, index, &why)
            }
            Incoming::Failed(why) => self.give_up(step, index, why),
        }
    }

    /// Requests cannot be sent after all.
    fn on_refused(
        &mut self,
        step: &mut Step<'_>,
        index: u8,
        (requests, error): (&[RequestId], CstaError),
        why: Option<String>,
    ) -> News<'static, T> {
        if let Some(why) = why {
            step.counters.documents_discarded += 1;
            self.discard(step, index, &why);
        }
        self.refuse(step, requests, error);
        News::Nothing
    }

    /// Notes what the phone system says that it can do; `None` if it does not say.
    fn learn_features(&mut self, step: &mut Step<'_>, index: u8, told: Option<Features>) {
        let Some(one) = self.at_mut(index).expected("a connection") else { return };
        one.known = match (one.configured, told) {
            (Some(_), _) => Known::Configured,
            (None, None) => Known::Refused,
            (None, Some(Features::NONE)) => Known::None,
            (None, Some(_)) => Known::Reported,
        };
        one.features = offer::at_link(one.configured.or(told).unwrap_or_else(offer::presumed));
        if one.known == Known::None {
            let why = "the phone system says that it has neither services nor events";
            let fields: &[(&str, &dyn Display)] = &[("cti", &one.name), ("why", &why)];
            step.actions.notify(Level::Warn, "cti_offers_nothing", fields);
        }
    }

    fn dropped(&self, step: &mut Step<'_>, index: u8, why: &dyn Display) -> News<'static, T> {
        self.discard(step, index, why);
        News::Nothing
    }

    fn on_answer<'d>(&mut self, step: &mut Step<'_>, id: RequestId, response: Response<'d>) -> News<'d, T> {
        match self.end(step, Handle::from_number(id.number())) {
            Some(ended) => News::Answer(ended, response),
            None => News::Nothing,
        }
    }

    /// Handles a reported status: a connection that cannot serve is given up.
    fn on_status(
        &mut self,
        step: &mut Step<'_>,
        connection: ConnectionRef,
        status: SystemStatus,
    ) -> News<'static, T> {
        let index = connection.index();
        let Some(one) = self.at_mut(index).expected("a connection") else { return News::Nothing };
        match status {
            SystemStatus::Disabled => {
                return self.give_up(step, index, "the phone system says it is disabled".into());
            }
            SystemStatus::Initializing => {
                return self.give_up(step, index, "the phone system says it is initializing".into());
            }
            SystemStatus::OverloadImminent | SystemStatus::OverloadReached => one.overloaded = true,
            SystemStatus::OverloadRelieved | SystemStatus::Normal | SystemStatus::Enabled => {
                one.overloaded = false;
            }
            SystemStatus::PartiallyDisabled | SystemStatus::MessagesLost => {}
        }
        News::Status { connection, status }
    }
}
