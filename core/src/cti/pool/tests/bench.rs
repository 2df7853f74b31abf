//! A test bench for the pool: its timers, its links, and its news as text.

use alloc::borrow::ToOwned as _;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::Write as _;

use crate::action::{Action, Actions};
use crate::config::Config;
use crate::cti::ConnectionRef;
use crate::cti::csta_link::CstaLink;
use crate::cti::news::News;
use crate::cti::pool::{Due, Pool};
use crate::cti::protocol::{RequestId, Slot};
use crate::entropy::Seed;
use crate::input::{Closed, LinkId};
use crate::setting::read_line;
use crate::step::{Shared, Step, TimerKey};
use crate::time::{Duration, Instant};
use crate::timer::Timers;
use crate::wire::csta::errors::CstaError;
use crate::wire::csta::model::Request;
use crate::wire::csta_frame::{Framed, Framer, frame};

/// The cross-reference ID of a monitor to be stopped: a request like any other.
pub(super) const STOP: &str = "m";

/// The answer of a phone system that works normally.
pub(super) const NORMAL: &str =
    "<RequestSystemStatusResponse><systemStatus>normal</systemStatus></RequestSystemStatusResponse>";

pub(super) const STARTED: &str = "<StartApplicationSessionPosResponse \
    xmlns=\"http://www.ecma-international.org/standards/ecma-354/appl_session\"><sessionID>s</sessionID>\
    <actualProtocolVersion>x</actualProtocolVersion><actualSessionDuration>180</actualSessionDuration>\
    </StartApplicationSessionPosResponse>";

/// The answer of a phone system that reports two services and an event.
pub(super) const FEATURES: &str = "<GetCSTAFeaturesResponse><supportedServices><callControlServList><answerCall/>\
    <deflectCall/></callControlServList></supportedServices><supportedEvents><callControlEvtsList><held/>\
    </callControlEvtsList></supportedEvents></GetCSTAFeaturesResponse>";

/// The answer of a phone system that does not report its features.
const SILENT: &str = "<CSTAErrorCode><operation>generic</operation></CSTAErrorCode>";

pub(super) struct Bench {
    pub(super) pool: Pool<u32>,
    pub(super) shared: Shared,
    pub(super) now: Instant,
    pub(super) closed: Vec<LinkId>,
    actions: Actions,
    news: Vec<String>,
    notices: Vec<String>,
    /// The link of each connection, by index.
    links: [Option<LinkId>; 8],
    /// What was sent and not yet inspected: the link, the invoke ID, and the document.
    sent: Vec<(LinkId, u16, String)>,
}

impl Bench {
    /// A pool of `count` connections, with these settings.
    pub(super) fn new(count: usize, settings: &str) -> Self {
        let mut text = String::from("sip.tcp = [\"127.0.0.1:5060\"]\n");
        if !settings.contains("cti.session ") {
            text.push_str("cti.session = \"none\"\n");
        }
        for index in 0..count {
            writeln!(text, "cti.connection[{index}].address = \"pbx{index}:1\"").unwrap();
            writeln!(text, "cti.connection[{index}].name = \"pbx{index}\"").unwrap();
        }
        text.push_str(settings);
        let settings: Vec<_> = text.lines().map(|line| read_line(line).unwrap()).collect();
        let config = Config::from_settings(&settings).unwrap();
        let mut shared = Shared::new(config, Seed::from_number(1));
        let Shared { config, timers, .. } = &mut shared;
        let pool = Pool::new(config, timers, |config, index| Box::new(CstaLink::new(config, index)));
        Self {
            pool,
            shared,
            now: Instant::ZERO,
            closed: Vec::new(),
            actions: Actions::new(),
            news: Vec::new(),
            notices: Vec::new(),
            links: [None; 8],
            sent: Vec::new(),
        }
    }

    /// The same, with all connections in service and nothing left to inspect.
    pub(super) fn in_service(count: usize, settings: &str) -> Self {
        let mut bench = Self::new(count, settings);
        bench.tick();
        for index in 0..count {
            bench.bring_up(index);
        }
        bench.news();
        bench.notices();
        bench
    }

    /// Calls the pool, and notes its actions.
    pub(super) fn act<R>(&mut self, act: impl FnOnce(&mut Pool<u32>, &mut Step<'_>) -> R) -> R {
        let Self { pool, shared, now, closed, actions, notices, links, sent, .. } = self;
        actions.clear();
        let result = act(pool, &mut shared.step(*now, actions));
        for action in actions.iter() {
            match action {
                Action::Connect { link, address } => {
                    let index: usize =
                        address.trim_start_matches("pbx").trim_end_matches(":1").parse().unwrap();
                    links[index] = Some(link);
                }
                Action::Write { link, bytes } | Action::WriteSecret { link, bytes, .. } => {
                    let mut framer = Framer::default();
                    let (taken, Framed::Frame { invoke, document }) = framer.push(bytes) else {
                        panic!("a frame is written as a whole")
                    };
                    assert_eq!(taken, bytes.len());
                    sent.push((link, invoke, core::str::from_utf8(document).unwrap().to_owned()));
                }
                Action::Close { link } => closed.push(link),
                Action::Notify(notice) => notices.push(format!("{} {}", notice.name, notice.fields)),
                Action::SendDatagram { .. }
                | Action::Print { .. }
                | Action::Persist { .. }
                | Action::Reply { .. }
                | Action::Finish { .. } => {
                    panic!("a pool wants no such thing: {action:?}")
                }
            }
        }
        result
    }

    fn hear(&mut self, news: &News<'_, u32>) {
        self.news.extend(said(news));
    }

    /// Lets the pool handle everything that is due.
    pub(super) fn tick(&mut self) {
        while let Some((_, key)) = self.shared.timers.pop_due(self.now) {
            match key {
                TimerKey::Connection(index) => {
                    Timers::<TimerKey>::fired(self.pool.deadline(index).unwrap());
                    let news = self.act(|pool, step| pool.on_timer(step, index));
                    self.hear(&news);
                }
                TimerKey::Pending(handle) => {
                    Timers::<TimerKey>::fired(self.pool.request_deadline(handle.cast()).unwrap());
                    let due = self.act(|pool, step| pool.on_request_due(step, handle.cast()));
                    let Due { id, ended, refused } = due.unwrap();
                    self.news.push(match refused {
                        Some(error) => format!("refused {}: {error}", ended.ticket),
                        None => format!("due {}", ended.ticket),
                    });
                    self.abandon(ended.connection, id);
                }
                TimerKey::Send(index) => {
                    Timers::<TimerKey>::fired(self.pool.send_deadline(index).unwrap());
                    self.act(|pool, step| pool.on_send_due(step, index));
                }
                TimerKey::Server(_)
                | TimerKey::Client(_)
                | TimerKey::Expiry(_)
                | TimerKey::Refresh(_)
                | TimerKey::Outbox(_)
                | TimerKey::Link(_)
                | TimerKey::Rebind
                | TimerKey::Stop
                | TimerKey::Unlisted => panic!("a pool has no such timer: {key:?}"),
            }
        }
    }

    /// Lets time pass, timer by timer.
    pub(super) fn advance(&mut self, span: Duration) {
        let end = self.now + span;
        while let Some((at, _)) = self.shared.timers.next().filter(|(at, _)| *at <= end) {
            self.now = self.now.max(at);
            self.tick();
        }
        self.now = end;
    }

    /// Opens the connection at `index`.
    pub(super) fn open(&mut self, index: usize) {
        let number = u8::try_from(index).unwrap();
        let news = self.act(|pool, step| pool.on_opened(step, number));
        self.hear(&news);
    }

    /// Opens the connection at `index` and brings it into service.
    pub(super) fn bring_up(&mut self, index: usize) {
        self.open(index);
        let (invoke, asked) = self.sent(index).pop().unwrap();
        let begun = if asked.contains("StartApplicationSession") { STARTED } else { NORMAL };
        self.say(index, invoke, begun);
        let (invoke, _) = self.sent(index).pop().unwrap();
        self.say(index, invoke, SILENT);
        assert_eq!(self.sent(index).len(), 1, "the registration");
    }

    pub(super) fn frame(invoke: u16, document: &str) -> Vec<u8> {
        let mut bytes = Vec::new();
        frame(&mut bytes, invoke, |out| out.extend_from_slice(document.as_bytes())).unwrap();
        bytes
    }

    /// Lets a phone system send a document.
    pub(super) fn say(&mut self, index: usize, invoke: u16, document: &str) {
        self.bytes(index, &Self::frame(invoke, document));
    }

    /// Answers the last request over a connection.
    pub(super) fn say_to_last(&mut self, index: usize, document: &str) {
        let (invoke, _) = self.sent(index).pop().unwrap();
        self.say(index, invoke, document);
    }

    /// Lets a phone system report its status.
    pub(super) fn status(&mut self, index: usize, status: &str) {
        self.say(index, 5, &format!("<SystemStatus><systemStatus>{status}</systemStatus></SystemStatus>"));
    }

    /// Delivers bytes on a connection's link.
    pub(super) fn bytes(&mut self, index: usize, mut bytes: &[u8]) {
        let index = u8::try_from(index).unwrap();
        while !bytes.is_empty() {
            let mut reading = self.pool.check_out(index).unwrap();
            let mut slot = Slot::default();
            let (taken, news) = self.act(|pool, step| pool.on_bytes(step, &mut reading, bytes, &mut slot));
            self.hear(&news);
            self.pool.put_back(reading);
            bytes = &bytes[taken..];
        }
        assert_eq!(self.pool.fold(), self.pool.recompute());
    }

    /// Lets the peer close a connection's link.
    pub(super) fn close(&mut self, index: usize) {
        let index = u8::try_from(index).unwrap();
        let news = self.act(|pool, step| pool.on_closed(step, index, Closed::ByPeer));
        self.hear(&news);
    }

    /// Asks for a monitor to be stopped.
    pub(super) fn ask(
        &mut self,
        connection: ConnectionRef,
        ticket: u32,
        cross_reference: &str,
    ) -> Result<(), CstaError> {
        let request = Request::MonitorStop { cross_reference };
        self.act(|pool, step| pool.ask(step, connection, ticket, &request))
    }

    pub(super) fn abandon(&mut self, connection: ConnectionRef, id: RequestId) {
        let news = self.act(|pool, step| pool.abandon(step, connection, id));
        self.hear(&news);
    }

    /// Takes a turn.
    pub(super) fn turn(&mut self) -> Option<u8> {
        self.pool.take_turn("").map(ConnectionRef::index)
    }

    /// The news since the last call.
    pub(super) fn news(&mut self) -> Vec<String> {
        core::mem::take(&mut self.news)
    }

    /// The notices since the last call.
    pub(super) fn notices(&mut self) -> Vec<String> {
        core::mem::take(&mut self.notices)
    }

    /// What was sent over a connection's link since the last call: invoke ID and document.
    pub(super) fn sent(&mut self, index: usize) -> Vec<(u16, String)> {
        let link = self.link(index);
        let (ours, others) = core::mem::take(&mut self.sent).into_iter().partition(|(on, ..)| *on == link);
        self.sent = others;
        let ours: Vec<(LinkId, u16, String)> = ours;
        ours.into_iter().map(|(_, invoke, document)| (invoke, document)).collect()
    }

    pub(super) fn link(&self, index: usize) -> LinkId {
        self.links[index].unwrap()
    }

    pub(super) fn state(&self, index: u8) -> &'static str {
        self.pool.at(index).unwrap().state.name()
    }
}

fn name(connection: ConnectionRef) -> String {
    format!("{}.{}", connection.index(), connection.id)
}

/// News as text; `None` for [`News::Nothing`].
fn said(news: &News<'_, u32>) -> Option<String> {
    let kept =
        |document: Option<&[u8]>| document.map_or("", |text| core::str::from_utf8(text).unwrap()).to_string();
    Some(match news {
        News::Nothing => return None,
        News::Dialled(index) => format!("dialled {index}"),
        News::InService(connection) => format!("in service {}", name(*connection)),
        News::Lost(connection) => format!("lost {}", name(*connection)),
        News::Alive(connection) => format!("alive {}", name(*connection)),
        News::Answer(ended, response) => {
            format!("answer {} over {}: {}", ended.ticket, name(ended.connection), response.name())
        }
        News::Event { connection, event, document } => {
            format!("event {} {} as {}", name(*connection), event.cross_reference(), kept(*document))
        }
        News::Told { connection, request, document } => {
            format!("told {} {} as {}", name(*connection), request.service.root, kept(*document))
        }
        News::MonitorStopped { connection, cross_reference, document } => {
            format!("stopped {} {cross_reference} as {}", name(*connection), kept(*document))
        }
        News::LateMonitor { connection, cross_reference } => {
            format!("late monitor {} {cross_reference}", name(*connection))
        }
        News::Status { connection, status } => format!("status {} {}", name(*connection), status.word()),
    })
}
