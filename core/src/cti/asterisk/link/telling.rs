//! What a link tells the gateway: events as CSTA has them, and answers that it gives itself.

use alloc::boxed::Box;
use alloc::string::{String, ToString as _};
use core::fmt::{Display, Write as _};
use core::ops::Range;

use super::monitors::Monitor;
use super::{AsteriskLink, documents};
use crate::cti::asterisk::calls::{AtDevice, CallId, Kind, Moved, News, Redirected, Text, Who};
use crate::cti::protocol::{Incoming, RequestId, Slot, Spare};
use crate::slots::Handle;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{
    CallEvent, CallEventKind, Connection, Device, Event, ListItem, Party, Redirection, Response,
    SnapshotItem, SystemStatus,
};
use crate::wire::csta::relayed::{Relayed, Value};
use crate::wire::csta::services::Service;

/// Something that is to be told.
#[derive(Debug)]
pub(super) enum Told {
    /// News for a monitor.
    News(Handle<Monitor>, Box<News>),
    /// A document of CSTA.
    Document(Box<[u8]>),
    /// The answer to a request.
    Answer(RequestId, Answer),
}

impl crate::digest::Digest for Told {
    fn digest(&self, digester: &mut crate::digest::Digester) {
        match self {
            Self::News(monitor, news) => {
                digester.number(monitor.number());
                digester.value(&news.device);
                digester.value(&news.call);
            }
            Self::Document(document) => digester.bytes(document),
            Self::Answer(id, _) => digester.value(id),
        }
    }
}

/// An answer.
#[derive(Debug)]
pub(super) enum Answer {
    /// The monitor with this number was started.
    MonitorStart(u64),
    /// A monitor was stopped.
    MonitorStop,
    /// The phone system works.
    Status,
    /// The calls at this device.
    Snapshot(Text),
    /// A service was carried out.
    Done(&'static Service),
    /// A service was carried out, and this member names a connection.
    Named(&'static Service, &'static str, CallId, Text),
    /// A service was carried out, and this member has this text.
    Said(&'static Service, &'static str, Text),
    /// A document of CSTA.
    Document(Box<[u8]>),
    /// An error.
    Error(CstaError),
}

/// Collects words, which can be borrowed once all are there.
#[derive(Default)]
struct Words(String);

/// The place of a word.
type At = Range<usize>;

impl Words {
    fn add(&mut self, word: impl Display) -> At {
        let start = self.0.len();
        // Writing to a string does not fail.
        let _ = write!(self.0, "{word}");
        start..self.0.len()
    }

    /// Leaves all words in `spare`.
    fn kept(self, spare: &mut Spare) -> &str {
        spare.words = self.0;
        &spare.words
    }
}

/// The places of a party's words: its device, and what identifies it to others.
struct WhoAt {
    device: At,
    id: At,
}

impl WhoAt {
    fn of(words: &mut Words, viewer: &str, who: &Who) -> Self {
        let device = words.add(&who.device);
        // The line's own device is named as the gateway knows it; others by the numbers that can be dialled.
        let is_named_by_number = *who.device != *viewer && !who.number.is_empty();
        let id = if is_named_by_number { words.add(&who.number) } else { device.clone() };
        Self { device, id }
    }

    fn party<'b>(&self, words: &'b str) -> Party<'b> {
        let id = words.get(self.id.clone()).unwrap_or_default();
        if id.is_empty() { Party::NotKnown } else { Party::Device(device(id)) }
    }

    fn connection<'b>(&self, words: &'b str, call: &At) -> Connection<'b> {
        let id = words.get(self.device.clone()).filter(|device| !device.is_empty());
        let id = id.or_else(|| words.get(self.id.clone())).filter(|id| !id.is_empty());
        Connection { call: words.get(call.clone()), device: id.map(device) }
    }
}

const fn device(id: &str) -> Device<'_> {
    Device { id, type_of_number: None }
}

impl AsteriskLink {
    /// Tells an event to all monitors of a device.
    pub(super) fn tell_monitors(&mut self, device: &str, root: &str, given: &[(&'static str, Value<'_>)]) {
        for monitor in self.monitors.of(device) {
            let document = documents::event(root, &monitor.number().to_string(), given);
            self.told.extend(document.map(Told::Document));
        }
    }

    pub(super) fn tell<'d, 'b: 'd>(
        &mut self,
        told: Told,
        spare: &'b mut Spare,
        slot: &'d mut Slot<'b>,
    ) -> Incoming<'d> {
        match told {
            Told::News(monitor, news) => {
                let Kind::Call(kind) = news.kind else {
                    let document = documents::queued(monitor, &news);
                    return document
                        .map_or(Incoming::Nothing, |document| documents::told(document, spare, slot));
                };
                Incoming::Event {
                    event: Event::Call(event((monitor, kind), &news, spare, slot)),
                    document: None,
                }
            }
            Told::Document(document) => documents::told(document, spare, slot),
            Told::Answer(id, Answer::Document(document)) => documents::answer(id, document, spare, slot),
            Told::Answer(id, answer) => Incoming::Response(id, self.response_of(answer, spare, slot)),
        }
    }

    fn response_of<'d, 'b: 'd>(
        &self,
        answer: Answer,
        spare: &'b mut Spare,
        slot: &'d mut Slot<'b>,
    ) -> Response<'d> {
        let mut words = Words::default();
        match answer {
            Answer::MonitorStart(number) => {
                words.add(number);
                Response::MonitorStart { cross_reference: words.kept(spare), filter: None }
            }
            Answer::MonitorStop => Response::MonitorStop,
            Answer::Status => Response::RequestSystemStatus { status: SystemStatus::Normal },
            Answer::Snapshot(line) => {
                let places: alloc::vec::Vec<_> =
                    self.calls.at(&line).map(|at| snapshot_words(&mut words, &line, at)).collect();
                let words = words.kept(spare);
                let items = places.iter().map(|place| place.item(words)).collect();
                Response::SnapshotDevice { items, source: None }
            }
            Answer::Done(service) => Response::Relayed(Relayed::response(service, &[])),
            Answer::Named(service, member, call, line) => {
                let (call, line) = (words.add(call), words.add(line));
                let words = words.kept(spare);
                let connection = Connection { call: words.get(call), device: words.get(line).map(device) };
                slot.values.push((member, Value::Connection(connection)));
                Response::Relayed(Relayed::response(service, &slot.values))
            }
            Answer::Said(service, member, text) => {
                words.add(text);
                slot.values.push((member, Value::Text(words.kept(spare))));
                Response::Relayed(Relayed::response(service, &slot.values))
            }
            // It was told as it is.
            Answer::Document(_) => Response::Error(CstaError::GENERIC_OPERATION),
            Answer::Error(error) => Response::Error(error),
        }
    }
}

/// The places of the words of a call in a snapshot.
struct ItemAt {
    call: At,
    line: At,
    other: Option<WhoAt>,
    states: heapless::Vec<crate::wire::csta::model::LocalConnectionState, 8>,
}

fn snapshot_words(words: &mut Words, line: &str, at: AtDevice) -> ItemAt {
    ItemAt {
        call: words.add(at.call),
        line: words.add(line),
        other: at.others.first().map(|other| WhoAt::of(words, line, other)),
        states: at.states.into_iter().take(8).collect(),
    }
}

impl ItemAt {
    fn item<'b>(&self, words: &'b str) -> SnapshotItem<'b> {
        SnapshotItem {
            connection: Connection {
                call: words.get(self.call.clone()),
                device: words.get(self.line.clone()).map(device),
            },
            endpoint: self.other.as_ref().map(|other| other.party(words)),
            states: self.states.clone(),
            source: None,
        }
    }
}

/// News as an event of CSTA, for a monitor.
fn event<'d, 'b: 'd>(
    (monitor, kind): (Handle<Monitor>, CallEventKind),
    news: &News,
    spare: &'b mut Spare,
    slot: &'d mut Slot<'b>,
) -> CallEvent<'d> {
    let mut words = Words::default();
    let viewer = &*news.device;
    let cross_reference = words.add(monitor.number());
    let call = words.add(news.call);
    let second = news.second.map(|second| words.add(second));
    let [subject, new_party, calling, called] = [&news.subject, &news.new_party, &news.calling, &news.called]
        .map(|who| WhoAt::of(&mut words, viewer, who));
    let list: alloc::vec::Vec<(WhoAt, Option<At>)> = news
        .list
        .iter()
        .map(|Moved { party, old }| (WhoAt::of(&mut words, viewer, party), old.map(|old| words.add(old))))
        .collect();
    let redirected = match &news.redirected {
        Redirected::From(number) => words.add(number),
        Redirected::No | Redirected::Perhaps => 0..0,
    };
    let own = words.add(viewer);
    let words = words.kept(spare);
    for (party, old) in &list {
        slot.list.push(ListItem {
            new: Some(party.connection(words, &call)),
            old: old.as_ref().map(|old| party.connection(words, old)),
            endpoint: Some(party.party(words)),
        });
    }
    CallEvent {
        cross_reference: words.get(cross_reference).unwrap_or_default(),
        second: second
            .map(|second| Connection { call: words.get(second), device: words.get(own).map(device) }),
        subject: subject.party(words),
        new_party: Some(new_party.party(words)),
        given_list: &slot.list,
        calling: Some(calling.party(words)),
        called: Some(called.party(words)),
        redirection: Some(match news.redirected {
            Redirected::No => Redirection::NotRequired,
            Redirected::From(_) => {
                Redirection::NumberDialed(device(words.get(redirected).unwrap_or_default()))
            }
            Redirected::Perhaps => Redirection::NotKnown,
        }),
        local: Some(news.local),
        cause: news.cause,
        ..CallEvent::new(kind, subject.connection(words, &call))
    }
}
