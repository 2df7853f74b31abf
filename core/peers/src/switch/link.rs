//! Links of two kinds: CTI links, and control links with lines of text.

use alloc::collections::{BTreeMap, VecDeque};
use alloc::string::String;
use alloc::vec::Vec;
use core::net::SocketAddr;

use ctigate_core::input::LinkId;
use ctigate_core::slots::Handle;
use ctigate_core::time::{Duration, Instant};
use ctigate_core::timer::Deadline;
use ctigate_core::wire::csta::model::{Namespace, Response, StatusFilter};
use ctigate_core::wire::csta_frame::{Framer, LAST_INVOKE};

use crate::switch::phones::Phone;

/// The longest line of a control link, in bytes.
pub const MAX_LINE: usize = 1024;

/// How long the client may take to answer a request of the switch.
pub const QUESTION_TIMEOUT: Duration = Duration::from_secs(30);

/// The most unanswered requests of the switch on one link.
pub const MAX_QUESTIONS: usize = 32;

/// The most delayed answers on one link.
pub const MAX_DELAYED: usize = 1_000;

/// One accepted connection.
pub struct Link {
    /// The connection.
    pub id: LinkId,
    /// Its other end.
    pub peer: SocketAddr,
    /// Its kind.
    pub kind: Kind,
}

/// The kind of a link.
pub enum Kind {
    /// CSTA III over TCP.
    Cti(Cti),
    /// Lines of text.
    Control(Lines),
}

/// The state of a CTI link.
pub struct Cti {
    /// Cuts frames.
    pub framer: Framer,
    /// The edition and namespace style that the client used last.
    pub namespace: Namespace,
    /// The application session, if one is running.
    pub session: Option<Session>,
    /// The number of sessions so far: monitors of an earlier one are dead.
    pub epoch: u32,
    /// The registration for system services.
    pub registration: Option<Registration>,
    /// The invoke ID of our last request.
    pub last_invoke: u16,
    /// Our unanswered requests, by invoke ID.
    pub questions: BTreeMap<u16, Question>,
    /// When the oldest of our requests has waited too long.
    pub question_deadline: Deadline,
    /// Delayed answers, in the order of their requests.
    pub delayed: VecDeque<Delayed>,
    /// When the first of them is due.
    pub delayed_deadline: Deadline,
}

/// A delayed answer.
pub struct Delayed {
    /// When it is due.
    pub at: Instant,
    /// Its invoke ID.
    pub invoke: u16,
    /// Its content.
    pub answer: Answer,
}

/// The content of a delayed answer.
pub enum Answer {
    /// This frame.
    Frame(Vec<u8>),
    /// A snapshot of this phone, taken when the answer is sent, so that it agrees with the events sent before it.
    Snapshot(Handle<Phone>),
    /// The announcement of this list of devices, whose messages follow.
    List(List),
}

/// A list of devices that is sent in several messages (ECMA-269, Switching Function Devices).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct List {
    /// The link it goes to.
    pub link: Handle<Link>,
    /// The link's session in which it was requested.
    pub epoch: u32,
    /// Its serviceCrossRefID.
    pub id: u32,
    /// The position of the next device.
    pub next: u32,
    /// The position behind the last one.
    pub end: u32,
    /// The only category that is listed, as the schema's `ReqDeviceCategory` spells it; `None` for all.
    pub category: Option<&'static str>,
    /// How many messages were sent.
    pub segments: u32,
}

/// An application session (ECMA-354).
pub struct Session {
    /// Its sessionID.
    pub id: String,
    /// Its duration without a reset, in seconds.
    pub duration: u32,
    /// When it ends unless it is reset.
    pub deadline: Deadline,
}

/// A registration for system services (ECMA-269, System Register).
pub struct Registration {
    /// Its sysStatRegisterID.
    pub id: String,
    /// Whether SystemStatus is to be sent.
    pub system_status: bool,
    /// The values that are filtered out.
    pub filter: StatusFilter,
}

/// A kind of request that the switch sends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// SystemStatus.
    SystemStatus,
    /// RequestSystemStatus.
    RequestSystemStatus,
    /// MonitorStop.
    MonitorStop,
}

impl Asked {
    /// Whether `response` is the positive answer to it.
    #[must_use]
    pub const fn fits(self, response: &Response<'_>) -> bool {
        match self {
            Self::SystemStatus => matches!(response, Response::SystemStatus),
            Self::RequestSystemStatus => matches!(response, Response::RequestSystemStatus { .. }),
            Self::MonitorStop => matches!(response, Response::MonitorStop),
        }
    }
}

/// A request that the switch sent.
#[derive(Clone, Copy, Debug)]
pub struct Question {
    /// When it was sent.
    pub at: Instant,
    /// Its kind.
    pub asked: Asked,
}

/// The state of a control link.
#[derive(Debug, Default)]
pub struct Lines {
    /// The beginning of an incomplete line.
    pub held: Vec<u8>,
    /// Whether the line is too long, so that the rest of it is dropped.
    pub skipping: bool,
}

impl Cti {
    /// The state of a link that was just accepted.
    #[must_use]
    pub fn new() -> Self {
        Self {
            framer: Framer::default(),
            namespace: Namespace::ED3,
            session: None,
            epoch: 0,
            registration: None,
            last_invoke: 0,
            questions: BTreeMap::new(),
            question_deadline: Deadline::default(),
            delayed: VecDeque::new(),
            delayed_deadline: Deadline::default(),
        }
    }

    /// The next invoke ID that none of our requests uses; `None` if too many are unanswered.
    pub fn next_invoke(&mut self) -> Option<u16> {
        if self.questions.len() >= MAX_QUESTIONS {
            return None;
        }
        loop {
            self.last_invoke =
                if self.last_invoke >= LAST_INVOKE { 1 } else { self.last_invoke.saturating_add(1) };
            if !self.questions.contains_key(&self.last_invoke) {
                return Some(self.last_invoke);
            }
        }
    }
}

impl Default for Cti {
    fn default() -> Self {
        Self::new()
    }
}

impl Link {
    /// The CTI state, if it is a CTI link.
    #[must_use]
    pub const fn cti(&self) -> Option<&Cti> {
        match &self.kind {
            Kind::Cti(cti) => Some(cti),
            Kind::Control(_) => None,
        }
    }

    /// The CTI state, for changing it, if it is a CTI link.
    pub const fn cti_mut(&mut self) -> Option<&mut Cti> {
        match &mut self.kind {
            Kind::Cti(cti) => Some(cti),
            Kind::Control(_) => None,
        }
    }
}

/// The result of [`Lines::take`].
#[derive(Debug, PartialEq, Eq)]
pub enum Line {
    /// No complete line yet.
    Incomplete,
    /// A line, without its end.
    Whole(Vec<u8>),
    /// The end of a line that was too long.
    TooLong,
}

impl Lines {
    /// Takes bytes up to the end of one line. Returns how many were taken, and the result.
    pub fn take(&mut self, bytes: &[u8]) -> (usize, Line) {
        let end = bytes.iter().position(|byte| *byte == b'\n');
        let part = bytes.get(..end.unwrap_or(bytes.len())).unwrap_or_default();
        if self.held.len().saturating_add(part.len()) > MAX_LINE {
            self.skipping = true;
            self.held = Vec::new();
        } else if !self.skipping {
            self.held.extend_from_slice(part);
        }
        match end {
            None => (bytes.len(), Line::Incomplete),
            Some(end) => {
                let line = core::mem::take(&mut self.held);
                let skipped = core::mem::take(&mut self.skipping);
                (end.saturating_add(1), if skipped { Line::TooLong } else { Line::Whole(line) })
            }
        }
    }
}

ctigate_core::digest! { struct Link { id, peer, kind } }

ctigate_core::digest! { enum Kind { Cti(cti), Control(lines) } }

ctigate_core::digest! { struct Lines { held, skipping } }

ctigate_core::digest! { struct Cti {
    framer => framer.held(), // How much it holds, not what: the trace has the bytes.
    namespace => namespace.uri(),
    session,
    epoch,
    registration,
    last_invoke,
    questions,
    question_deadline,
    delayed,
    delayed_deadline,
} }

ctigate_core::digest! { struct Question { at, asked } }

ctigate_core::digest! { enum Asked { SystemStatus = 0, RequestSystemStatus = 1, MonitorStop = 2 } }

ctigate_core::digest! { struct Delayed { at, invoke, answer } }

ctigate_core::digest! { enum Answer { Frame(frame), Snapshot(phone), List(list) } }

ctigate_core::digest! { struct List { link, epoch, id, next, end, category, segments } }

ctigate_core::digest! { struct Session { id, duration, deadline } }

ctigate_core::digest! { struct Registration { id, system_status, filter => u64::from(filter.0) } }

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_however_they_are_cut_and_long_ones_are_thrown_away() {
        let mut stream = b"one\r\n\n".to_vec();
        stream.extend_from_slice(&[b'x'; MAX_LINE]);
        stream.extend_from_slice(b"\n");
        stream.extend_from_slice(&[b'x'; MAX_LINE + 1]);
        stream.extend_from_slice(b"\nlast\n");
        let expected = [
            Line::Whole(b"one\r".to_vec()),
            Line::Whole(Vec::new()),
            Line::Whole([b'x'; MAX_LINE].to_vec()),
            Line::TooLong,
            Line::Whole(b"last".to_vec()),
        ];
        for size in [1, 2, 7, 1000, 5000] {
            let mut lines = Lines::default();
            let mut found = Vec::new();
            for piece in stream.chunks(size) {
                let mut rest = piece;
                while !rest.is_empty() {
                    let (taken, line) = lines.take(rest);
                    rest = &rest[taken..];
                    if line != Line::Incomplete {
                        found.push(line);
                    }
                }
            }
            assert_eq!(found, expected, "pieces of {size}");
            assert!(lines.held.is_empty());
        }
    }

    #[test]
    fn invoke_ids_run_from_1_to_9998_and_pass_over_those_in_use() {
        let mut cti = Cti { last_invoke: 9997, ..Cti::new() };
        let question = Question { at: Instant::ZERO, asked: Asked::SystemStatus };
        cti.questions.insert(1, question);
        assert_eq!(cti.next_invoke(), Some(9998));
        assert_eq!(cti.next_invoke(), Some(2));
        for invoke in 100..131 {
            cti.questions.insert(invoke, question);
        }
        assert_eq!(cti.next_invoke(), None);
    }
}
