//! A link protocol of text lines, outside the core and without XML, which shows that [`LinkProtocol`] is all that a
//! link needs. Each line consists of words.
//!
//! | the gateway says | the phone system says |
//! |---|---|
//! | `hello` | `ready` |
//! | `ping` | `pong` |
//! | `ask 7 snapshot 1001` | `ok 7`, and words of the service's own; or `no 7` |
//! | `ask 8 monitor 1001` | `ok 8 m1`; from then on `event m1 delivered 55 1001 1002`, at last `stopped m1` |
//! | `ask 9 unmonitor m1`, `ask 10 call 1001 1002`, `ask 11 answer 55 1001` | `ok 9`, `ok 10 56 1001`, `ok 11` |
//! | `bye` | `status overloadReached`, whenever it likes |

use std::collections::{BTreeMap, BTreeSet};

use ctigate_core::Duration;
use ctigate_core::cti::protocol::{
    Frame, Framed, Incoming, LinkProtocol, Output, Reader, Refused, RequestId, Slot, Spare, Urgency,
};
use ctigate_core::digest::{Digest, Digester, sequence};
use ctigate_core::wire::csta::errors::CstaError;
use ctigate_core::wire::csta::model::{
    CallEvent, CallEventKind, Connection, Device, Event, LocalConnectionState, MonitorObject, Party,
    Redirection, Request, Response, SystemStatus,
};
use ctigate_core::wire::csta::relayed::{Relayed, Value};
use ctigate_core::wire::csta::services::{self, Features};

/// The longest line.
const LONGEST: usize = 1_000;

/// The services of such a phone system.
const SERVICES: [&str; 5] = ["MonitorStart", "MonitorStop", "SnapshotDevice", "MakeCall", "AnswerCall"];

/// Cuts a stream into lines.
#[derive(Debug, Default)]
struct Lines {
    /// The beginning of an incomplete line, or the line that was returned last.
    held: Vec<u8>,
    /// Whether the line in `held` was returned, so that the next push discards it.
    given: bool,
}

impl Digest for Lines {
    fn digest(&self, digester: &mut Digester) {
        let Self { held, given } = self;
        digester.bytes(if *given { &[] } else { held });
    }
}

impl Reader for Lines {
    fn push<'b>(&'b mut self, bytes: &'b [u8]) -> (usize, Framed<'b>) {
        if core::mem::take(&mut self.given) {
            self.held.clear();
        }
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let taken = end.map_or(bytes.len(), |end| end + 1);
        let (piece, _) = bytes.split_at(taken);
        if self.held.len() + piece.len() > LONGEST {
            return (bytes.len(), Framed::Broken("a line is longer than lines may be"));
        }
        let message = |bytes| Framed::Message(Frame::new(0, bytes));
        match end {
            Some(_) if self.held.is_empty() => (taken, message(piece)),
            Some(_) => {
                self.held.extend_from_slice(piece);
                self.given = true;
                (taken, message(&self.held))
            }
            None => {
                self.held.extend_from_slice(piece);
                (taken, Framed::Incomplete)
            }
        }
    }
}

/// A request that awaits its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    id: RequestId,
    service: &'static str,
}

impl Digest for Asked {
    fn digest(&self, digester: &mut Digester) {
        let Self { id, service } = self;
        digester.value(id);
        digester.text(service);
    }
}

/// The protocol of one link.
#[derive(Debug, Default)]
pub struct LineProtocol {
    /// The number of the last request.
    last: u32,
    asked: BTreeMap<u32, Asked>,
    /// The numbers of requests that were given up.
    abandoned: BTreeSet<u32>,
}

impl Digest for LineProtocol {
    fn digest(&self, digester: &mut Digester) {
        let Self { last, asked, abandoned } = self;
        digester.value(last);
        sequence(digester, asked.keys());
        sequence(digester, asked.values());
        sequence(digester, abandoned.iter());
    }
}

impl LineProtocol {
    /// Reads the answer to the request numbered `number`.
    fn answered<'d, 'b: 'd>(
        &mut self,
        number: &str,
        mut words: impl Iterator<Item = &'b str>,
        values: &'d mut Vec<(&'static str, Value<'b>)>,
    ) -> Incoming<'d> {
        let Some(Asked { id, service }) = number.parse().ok().and_then(|number| self.asked.remove(&number))
        else {
            return self.nobody_waits(number);
        };
        let mut word = || words.next().unwrap_or_default();
        let response = match service {
            "SnapshotDevice" => Response::SnapshotDevice { items: Vec::new(), source: None },
            "MonitorStart" => Response::MonitorStart { cross_reference: word(), filter: None },
            "MonitorStop" => Response::MonitorStop,
            _ => {
                let Some(row) = services::named(service) else { return Incoming::Unexpected };
                if service == "MakeCall" {
                    let (call, line) = (word(), word());
                    values.push(("callingDevice", Value::Connection(connection(call, line))));
                }
                Response::Relayed(Relayed::response(row, values))
            }
        };
        Incoming::Response(id, response)
    }

    fn nobody_waits<'d>(&mut self, number: &str) -> Incoming<'d> {
        let is_late = number.parse().is_ok_and(|number| self.abandoned.remove(&number));
        if is_late { Incoming::Late } else { Incoming::Unexpected }
    }
}

impl LinkProtocol for LineProtocol {
    fn reader(&self) -> Box<dyn Reader> {
        Box::new(Lines::default())
    }

    fn open(&mut self, output: &mut Output<'_>) {
        *self = Self::default();
        output.write(b"hello\n");
    }

    fn request(
        &mut self,
        id: RequestId,
        _urgency: Urgency,
        request: &Request<'_>,
        output: &mut Output<'_>,
    ) -> Result<(), Refused> {
        let number = self.last + 1;
        let words = words_of(request).ok_or(Refused::NotSupported)?;
        let line = format!("ask {number} {words}\n");
        if line.len() > LONGEST {
            return Err(Refused::TooLong);
        }
        let service = SERVICES.into_iter().find(|service| *service == request.name());
        self.last = number;
        self.asked.insert(number, Asked { id, service: service.unwrap_or_default() });
        output.write(line.as_bytes());
        Ok(())
    }

    fn read<'d, 'b: 'd>(
        &mut self,
        frame: Frame<'b>,
        _spare: &'b mut Spare,
        slot: &'d mut Slot<'b>,
        _output: &mut Output<'_>,
    ) -> Incoming<'d> {
        let Ok(line) = core::str::from_utf8(frame.bytes) else {
            return Incoming::Discarded("a line that is no text".into());
        };
        let mut words = line.split_whitespace();
        match (words.next().unwrap_or_default(), words.next().unwrap_or_default()) {
            ("ready", _) => Incoming::Ready(Some(features())),
            ("pong", _) => Incoming::Alive,
            ("ok", number) => self.answered(number, words, &mut slot.values),
            ("no", number) => match number.parse().ok().and_then(|number| self.asked.remove(&number)) {
                Some(asked) => Incoming::Response(asked.id, Response::Error(CstaError::GENERIC_OPERATION)),
                None => self.nobody_waits(number),
            },
            ("event", cross_reference) => happened(cross_reference, words),
            ("stopped", cross_reference) => Incoming::MonitorStopped { cross_reference, document: None },
            ("status", word) => match SystemStatus::from_word(word) {
                Some(status) => Incoming::Status(status),
                None => Incoming::Discarded(format!("a status that is none: {word}").into()),
            },
            ("bye", _) => Incoming::Failed("the phone system took leave".into()),
            (word, _) => Incoming::Discarded(format!("a line that means nothing: {word}").into()),
        }
    }

    fn abandon(&mut self, id: RequestId, _output: &mut Output<'_>) {
        let number = self.asked.iter().find(|(_, asked)| asked.id == id).map(|(number, _)| *number);
        if let Some(number) = number {
            self.asked.remove(&number);
            self.abandoned.insert(number);
        }
    }

    fn is_worn_out(&self) -> bool {
        self.abandoned.len() > 1_000
    }

    fn heartbeat(&mut self, output: &mut Output<'_>) {
        output.write(b"ping\n");
    }

    fn longest_silence(&self) -> Option<Duration> {
        None
    }

    fn close(&mut self, output: &mut Output<'_>) {
        output.write(b"bye\n");
    }
}

/// A request as words; `None` if the protocol has none for it.
fn words_of(request: &Request<'_>) -> Option<String> {
    if let Request::SnapshotDevice { device } = request {
        return Some(format!("snapshot {}", device.id));
    }
    if let Request::MonitorStart { object: MonitorObject::Device(device), .. } = request {
        return Some(format!("monitor {}", device.id));
    }
    if let Request::MonitorStop { cross_reference } = request {
        return Some(format!("unmonitor {cross_reference}"));
    }
    let Request::Relayed(relayed) = request else { return None };
    match relayed.service.root {
        "MakeCall" => {
            let device = |name| relayed.device(name).map_or("", |device| device.id);
            Some(format!("call {} {}", device("callingDevice"), device("calledDirectoryNumber")))
        }
        "AnswerCall" => {
            let own = relayed.connection("callToBeAnswered")?;
            Some(format!("answer {} {}", own.call?, own.device?.id))
        }
        _ => None,
    }
}

/// The features of such a phone system.
fn features() -> Features {
    let services = SERVICES.iter().fold(Features::NONE, |all, service| all.with_service(service));
    let events = [CallEventKind::Delivered, CallEventKind::Established, CallEventKind::ConnectionCleared];
    events.iter().fold(services, |all, event| all.with_event(event.word()))
}

fn device(id: &str) -> Device<'_> {
    Device { id, type_of_number: None }
}

fn connection<'a>(call: &'a str, line: &'a str) -> Connection<'a> {
    Connection { call: Some(call), device: Some(device(line)) }
}

/// Reads an event: its kind, the call, the monitored line, and the calling line.
fn happened<'d>(cross_reference: &'d str, mut words: impl Iterator<Item = &'d str>) -> Incoming<'d> {
    let mut word = || words.next().unwrap_or_default();
    let (kind, call, line, caller) = (word(), word(), word(), word());
    let (kind, local) = match kind {
        "delivered" => (CallEventKind::Delivered, LocalConnectionState::Alerting),
        "established" => (CallEventKind::Established, LocalConnectionState::Connected),
        "cleared" => (CallEventKind::ConnectionCleared, LocalConnectionState::Null),
        _ => return Incoming::Discarded(format!("an event that means nothing: {kind}").into()),
    };
    let event = CallEvent {
        cross_reference,
        subject: Party::Device(device(line)),
        calling: Some(Party::Device(device(caller))),
        called: Some(Party::Device(device(line))),
        redirection: Some(Redirection::NotRequired),
        local: Some(local),
        cause: if kind == CallEventKind::ConnectionCleared { "normalClearing" } else { "newCall" },
        ..CallEvent::new(kind, connection(call, line))
    };
    Incoming::Event { event: Event::Call(event), document: None }
}
