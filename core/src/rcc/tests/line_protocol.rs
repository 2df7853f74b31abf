//! The link protocol of the model's phone systems: each message is a line of words.

use alloc::boxed::Box;
use alloc::collections::BTreeSet;

use crate::cti::protocol::{
    Frame, Framed, Incoming, LinkProtocol, Output, Reader, Refused, RequestId, Slot, Spare, Urgency,
};
use crate::digest::{Digest, Digester, sequence};
use crate::time::Duration;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::{
    CallEvent, CallEventKind, Connection, Device, Event, ListItem, LocalConnectionState as State,
    MonitorObject, Party, Request, Response, SnapshotItem, SystemStatus,
};
use crate::wire::csta::services::Features;

/// The protocol of one link.
#[derive(Default)]
pub(super) struct Lines {
    /// Requests that were given up.
    abandoned: BTreeSet<u64>,
}

struct OneLine;

impl Digest for Lines {
    fn digest(&self, digester: &mut Digester) {
        let Self { abandoned } = self;
        sequence(digester, abandoned.iter());
    }
}

impl Digest for OneLine {
    fn digest(&self, _: &mut Digester) {}
}

impl Reader for OneLine {
    fn push<'b>(&'b mut self, bytes: &'b [u8]) -> (usize, Framed<'b>) {
        (bytes.len(), Framed::Message(Frame::new(0, bytes)))
    }
}

impl LinkProtocol for Lines {
    fn reader(&self) -> Box<dyn Reader> {
        Box::new(OneLine)
    }

    fn open(&mut self, output: &mut Output<'_>) {
        *self = Self::default();
        output.write(b"open");
    }

    fn request(
        &mut self,
        id: RequestId,
        _: Urgency,
        request: &Request<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Refused> {
        let (what, of) = if let Request::MonitorStart { object: MonitorObject::Device(device), .. } = request
        {
            ("start", device.id)
        } else if let Request::MonitorStop { cross_reference } = request {
            ("stop", *cross_reference)
        } else if let Request::SnapshotDevice { device } = request {
            ("snapshot", device.id)
        } else {
            return Err(Refused::NotSupported);
        };
        output.write(alloc::format!("ask {} {what} {of}", id.number()).as_bytes());
        Ok(())
    }

    fn read<'d, 'b: 'd>(
        &mut self,
        frame: Frame<'b>,
        _: &'b mut Spare,
        slot: &'d mut Slot<'b>,
        output: &mut Output<'_>,
    ) -> Incoming<'d> {
        let line = core::str::from_utf8(frame.bytes).unwrap();
        let mut words = line.split(' ');
        let mut next = || words.next().unwrap_or_default();
        match next() {
            "ready" => Incoming::Ready(Some(Features::ALL)),
            "alive" => Incoming::Alive,
            "started" => {
                let (id, cross_reference) = (id_of(next()), next());
                if self.abandoned.remove(&id.number()) {
                    output.write(alloc::format!("ask 0 stop {cross_reference}").as_bytes());
                    return Incoming::LateMonitor { cross_reference };
                }
                Incoming::Response(id, Response::MonitorStart { cross_reference, filter: None })
            }
            "stopped" => Incoming::Response(id_of(next()), Response::MonitorStop),
            "busy" => Incoming::Response(id_of(next()), Response::Error(CstaError::RESOURCE_BUSY)),
            "calls" => {
                let id = id_of(next());
                let items = next().split(',').filter_map(|call| call.split_once('=')).map(item).collect();
                Incoming::Response(id, Response::SnapshotDevice { items, source: None })
            }
            "end" => Incoming::MonitorStopped { cross_reference: next(), document: None },
            "lost" => Incoming::Status(SystemStatus::MessagesLost),
            "event" => {
                let words = [next(), next(), next(), next(), next(), next(), next(), next()];
                Incoming::Event { event: event(words, slot), document: None }
            }
            other => panic!("a phone system writes no such line: {other}"),
        }
    }

    fn abandon(&mut self, id: RequestId, _: &mut Output<'_>) {
        self.abandoned.insert(id.number());
    }

    fn is_worn_out(&self) -> bool {
        false
    }

    fn heartbeat(&mut self, output: &mut Output<'_>) {
        output.write(b"beat");
    }

    fn longest_silence(&self) -> Option<Duration> {
        None
    }

    fn close(&mut self, _: &mut Output<'_>) {}
}

fn id_of(word: &str) -> RequestId {
    RequestId::new(word.parse().unwrap())
}

fn item<'a>((call, states): (&'a str, &str)) -> SnapshotItem<'a> {
    SnapshotItem {
        connection: Connection { call: Some(call), device: None },
        endpoint: None,
        states: states.split('.').map(|state| State::from_word(state).unwrap()).collect(),
        source: None,
    }
}

/// Returns what a word says, unless it stands for nothing.
fn given(word: &str) -> Option<&str> {
    Some(word).filter(|word| *word != "-")
}

/// Builds an event with a monitor's name, a line, the kind of event, a call, the device it is about, the line's state, a
/// second call, and the connections of the call that resulted: `old:device:new:device,...`.
fn event<'d, 'b: 'd>(
    [name, _line, kind, call, subject, local, second, list]: [&'b str; 8],
    slot: &'d mut Slot<'b>,
) -> Event<'d> {
    let device = |id| Device { id, type_of_number: None };
    let connection = |call, id| Connection { call: Some(call), device: Some(device(id)) };
    for item in given(list).into_iter().flat_map(|list| list.split(',')) {
        let mut words = item.split(':');
        let mut next = || words.next().unwrap_or_default();
        let (old, was, new, is) = (next(), next(), next(), next());
        let old = given(old).map(|old| connection(old, was));
        slot.list.push(ListItem { new: Some(connection(new, is)), old, endpoint: None });
    }
    Event::Call(CallEvent {
        cross_reference: name,
        second: given(second).map(|second| connection(second, subject)),
        subject: Party::Device(device(subject)),
        given_list: &slot.list,
        local: given(local).and_then(State::from_word),
        ..CallEvent::new(CallEventKind::from_word(kind).unwrap(), connection(call, subject))
    })
}
