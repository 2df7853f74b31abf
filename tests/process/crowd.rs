//! A crowd of clients behind a few connections, as behind a proxy. Every request and its answer are entered in a
//! ledger; events are answered as Communicator answers them.

use core::ops::Range;
use core::time::Duration;
use std::collections::BTreeMap;
use std::io::{BufReader, Write as _};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Instant;

use ctigate_tests::sip::csta;
use ctigate_tests::{Client, Sip};

const PATIENCE: Duration = Duration::from_secs(15);

/// The number of the first client's line; those of the others follow.
pub(crate) const FIRST: usize = 20_000;

/// Connections to each gateway.
const LINKS: usize = 4;

/// The difference between a client's number and that of the phone it calls, which answers by itself.
pub(crate) const FAR: usize = 10_000;

/// A dialog: an index into the crowd's table.
pub(crate) type Index = usize;

/// A request that was sent: its dialog and its CSeq.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Ticket(Index, u32);

struct Asked {
    at: Instant,
    method: &'static str,
    answer: Option<Sip>,
}

/// An event that a client got.
#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) index: Index,
    pub(crate) message: Sip,
}

struct Member {
    /// The client; its line to the gateway is the index of a connection.
    client: Client<usize>,
    /// The number of its phone.
    number: usize,
}

#[derive(Default)]
struct State {
    members: Vec<Member>,
    by_call_id: BTreeMap<String, Index>,
    asked: BTreeMap<Ticket, Asked>,
    unanswered: usize,
    slowest: Duration,
    events: Vec<Event>,
    /// What must never happen.
    faults: Vec<String>,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    streams: Vec<Mutex<TcpStream>>,
}

/// The clients of a gateway, or of several as behind a load balancer.
pub(crate) struct Crowd(Arc<Shared>);

impl Crowd {
    /// A crowd without clients, behind [`LINKS`] connections to each gateway.
    pub(crate) fn open(gateways: &[String]) -> Self {
        let links = gateways.iter().flat_map(|gateway| [gateway; LINKS]);
        let streams: Vec<TcpStream> = links.map(|gateway| TcpStream::connect(gateway).unwrap()).collect();
        let readers: Vec<TcpStream> = streams.iter().map(|stream| stream.try_clone().unwrap()).collect();
        let streams = streams.into_iter().map(Mutex::new).collect();
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), streams });
        for (link, stream) in readers.into_iter().enumerate() {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                let mut stream = BufReader::new(stream);
                while let Some(message) = Sip::read(&mut stream) {
                    shared.take(link, message);
                }
            });
        }
        Self(shared)
    }

    /// Sends a dialog's requests to this gateway from now on, instead of the first.
    pub(crate) fn lead_to(&self, index: Index, gateway: usize) {
        let member = &mut self.0.lock().members[index];
        member.client.line = gateway * LINKS + member.client.line % LINKS;
    }

    /// A new dialog of one user, who is the client with the number [`FIRST`] + `user`.
    pub(crate) fn dialog(&self, user: usize) -> Index {
        let mut state = self.0.lock();
        let index = state.members.len();
        let call_id = format!("{index:08x}ctigate");
        let number = FIRST + user;
        let client = Client::communicator(user % LINKS, number, &call_id);
        state.by_call_id.insert(call_id, index);
        state.members.push(Member { client, number });
        index
    }

    /// Sends a request.
    pub(crate) fn send(&self, index: Index, method: &'static str, body: &str) -> Ticket {
        let mut state = self.0.lock();
        let client = &mut state.members[index].client;
        let (link, ticket) = (client.line, Ticket(index, client.sequence));
        let text = client.compose(method, "", body);
        state.asked.insert(ticket, Asked { at: Instant::now(), method, answer: None });
        state.unanswered += 1;
        drop(state);
        self.0.write(link, &text);
        ticket
    }

    /// Asks for a service.
    pub(crate) fn info(&self, index: Index, root: &str, children: &str) -> Ticket {
        self.send(index, "INFO", &csta(root, children))
    }

    /// Sends an INVITE: the first of its dialog, or a refresh.
    pub(crate) fn invite(&self, index: Index) -> Ticket {
        let body = self.0.lock().members[index].client.sign_in_body();
        self.send(index, "INVITE", &body)
    }

    pub(crate) fn start_monitor(&self, index: Index) -> Ticket {
        let object = self.0.lock().members[index].client.monitor_object();
        self.info(index, "MonitorStart", &object)
    }

    /// Calls the phone that answers by itself.
    pub(crate) fn make_call(&self, index: Index) -> Ticket {
        let far = (self.number(index) + FAR).to_string();
        let call = self.0.lock().members[index].client.call_to(&far);
        self.info(index, "MakeCall", &format!("{call}<autoOriginate>doNotPrompt</autoOriginate>"))
    }

    pub(crate) fn snapshot(&self, index: Index) -> Ticket {
        let object = self.0.lock().members[index].client.snapshot_object();
        self.info(index, "SnapshotDevice", &object)
    }

    /// The number of a dialog's line.
    pub(crate) fn number(&self, index: Index) -> usize {
        self.0.lock().members[index].number
    }

    /// The monitorCrossRefID that a client holds.
    pub(crate) fn monitor(&self, index: Index) -> String {
        self.0.lock().members[index].client.reference.clone()
    }

    /// Waits for the answer to a request.
    pub(crate) fn answer(&self, ticket: Ticket) -> Sip {
        let state = self.0.lock();
        let open = |state: &mut State| state.asked[&ticket].answer.is_none();
        let (state, _) = self.0.changed.wait_timeout_while(state, PATIENCE, open).unwrap();
        let asked = &state.asked[&ticket];
        asked.answer.clone().unwrap_or_else(|| panic!("{ticket:?}, {}, was never answered", asked.method))
    }

    /// The answer to a request, if it has come.
    pub(crate) fn answer_so_far(&self, ticket: Ticket) -> Option<Sip> {
        self.0.lock().asked[&ticket].answer.clone()
    }

    /// Waits for the answers to requests, in their order.
    pub(crate) fn answers(&self, tickets: &[Ticket]) -> Vec<Sip> {
        tickets.iter().map(|ticket| self.answer(*ticket)).collect()
    }

    /// Signs users in, all at once, and starts their monitors.
    pub(crate) fn sign_in(&self, users: Range<usize>) -> Vec<Index> {
        let indexes: Vec<Index> = users.map(|user| self.dialog(user)).collect();
        self.begin_all(&indexes);
        indexes
    }

    /// The same, for dialogs that have not begun yet.
    pub(crate) fn begin_all(&self, indexes: &[Index]) {
        let invites: Vec<Ticket> = indexes.iter().map(|index| self.invite(*index)).collect();
        for answer in self.answers(&invites) {
            assert_eq!(answer.element("systemStatus"), "normal", "{answer:?}");
        }
        self.monitor_all(indexes);
    }

    /// Starts a monitor for each.
    pub(crate) fn monitor_all(&self, indexes: &[Index]) {
        let monitors: Vec<Ticket> = indexes.iter().map(|index| self.start_monitor(*index)).collect();
        for answer in self.answers(&monitors) {
            assert_eq!(answer.root(), "MonitorStartResponse", "{answer:?}");
        }
    }

    /// The current position in the list of events.
    pub(crate) fn mark(&self) -> usize {
        self.0.lock().events.len()
    }

    /// Waits until each of these clients has got an event of this name since `mark`.
    pub(crate) fn wait_for_events(&self, indexes: &[Index], root: &str, mark: usize) {
        for index in indexes {
            let state = self.0.lock();
            let told = |state: &State| {
                let mut events = state.events[mark..].iter();
                events.any(|event| event.index == *index && event.message.root() == root)
            };
            let waited = self.0.changed.wait_timeout_while(state, PATIENCE, |state| !told(state)).unwrap();
            assert!(!waited.1.timed_out(), "client {index} was never told {root}");
        }
    }

    /// The events of one client since `mark`.
    pub(crate) fn events(&self, index: Index, mark: usize) -> Vec<Sip> {
        let state = self.0.lock();
        let events = state.events[mark..].iter().filter(|event| event.index == index);
        events.map(|event| event.message.clone()).collect()
    }

    /// How many requests with this method were sent.
    pub(crate) fn count(&self, method: &str) -> usize {
        self.0.lock().asked.values().filter(|asked| asked.method == method).count()
    }

    /// Checks the ledger: every request has one answer, none later than `limit`, and nothing else went wrong.
    pub(crate) fn assert_all_answered_within(&self, limit: Duration) {
        let state = self.0.lock();
        let (state, _) =
            self.0.changed.wait_timeout_while(state, limit, |state| state.unanswered > 0).unwrap();
        let open: Vec<_> = state.asked.iter().filter(|(_, asked)| asked.answer.is_none()).collect();
        let open: Vec<_> = open.iter().map(|(ticket, asked)| (ticket, asked.method)).collect();
        assert!(open.is_empty(), "never answered: {open:?}");
        assert!(state.slowest <= limit, "a request waited for {:?}", state.slowest);
        assert!(state.faults.is_empty(), "{:#?}", state.faults);
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for stream in &self.0.streams {
            let _ = stream.lock().unwrap().shutdown(Shutdown::Both);
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn write(&self, link: usize, text: &str) {
        // A gateway that was killed does not take it; the ledger shows that.
        let _ = self.streams[link].lock().unwrap().write_all(text.as_bytes());
    }

    /// Takes a message of the gateway.
    fn take(&self, link: usize, message: Sip) {
        let mut state = self.lock();
        let reply = match (state.by_call_id.get(message.header("Call-ID")).copied(), message.status()) {
            (None, _) => {
                state.faults.push(format!("a message for nobody: {message:?}"));
                None
            }
            (Some(_), 100) => None,
            (Some(index), 0) => {
                let ok = message.answered(200);
                state.take_event(index, message);
                Some(ok)
            }
            (Some(index), _) => state.take_answer(index, message),
        };
        drop(state);
        self.changed.notify_all();
        if let Some(reply) = reply {
            self.write(link, &reply);
        }
    }
}

impl State {
    /// Enters an answer; an INVITE's gets its ACK.
    fn take_answer(&mut self, index: Index, message: Sip) -> Option<String> {
        let (sequence, method) = message.sequence();
        let (is_invite, ticket) = (method == "INVITE", Ticket(index, sequence));
        let client = &mut self.members[index].client;
        let Some(asked) = self.asked.get_mut(&ticket) else {
            self.faults.push(format!("an answer to nothing: {message:?}"));
            return None;
        };
        match &asked.answer {
            None => {
                self.slowest = self.slowest.max(asked.at.elapsed());
                self.unanswered -= 1;
            }
            // An answer to an INVITE is retransmitted until its ACK arrives.
            Some(first) if is_invite && first.head() == message.head() => {}
            Some(first) => self.faults.push(format!("answered twice: {first:?} {message:?}")),
        }
        let ack = client.learn(&message).then(|| client.ack(&message));
        asked.answer = Some(message);
        ack
    }

    /// Enters a request of the gateway. An event about a call must have the cross-reference ID that the client holds,
    /// and name its line.
    fn take_event(&mut self, index: Index, message: Sip) {
        let Member { client, number } = &self.members[index];
        let (body, monitor) = (message.body(), message.element("monitorCrossRefID"));
        let wrong = body.contains("monitorCrossRefID")
            && (monitor != client.reference || !body.contains(&number.to_string()));
        if wrong {
            self.faults.push(format!("somebody else's event: {message:?}"));
        }
        self.events.push(Event { index, message });
    }
}
