//! The server for SIPE: a registrar that knows its line, and a record-routing proxy between it and the gateway or load
//! balancer.

use std::collections::BTreeMap;
use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;

#[path = "proxy/message.rs"]
mod message;

use message::Message;

/// Parameters of the proxy's routes, which are opaque to others.
const ROUTE: &str = "lr;ms-route-sig=aAbB-_1";

/// The prefix of our branches, which the number of the request follows.
const BRANCH: &str = "z9hG4bKproxy";

/// A registrar and proxy, which runs until the test's process ends.
pub(crate) struct Proxy {
    /// Its address.
    pub(crate) address: String,
    office: Arc<Office>,
}

/// The CSeq of each request to the gateway, and the status and CSeq of each of its final answers.
type Journal = (Vec<String>, Vec<String>);

impl Proxy {
    /// Serves users of `line` at the gateway. SIPE answers no event; like a stateful proxy, this one answers 408.
    pub(crate) fn before_gateway(gateway: &str, line: &str) -> Self {
        Self::start(gateway, line, true)
    }

    /// The same, with a load balancer as the next hop, which is stateful itself.
    pub(crate) fn before_balancer(balancer: &str, line: &str) -> Self {
        Self::start(balancer, line, false)
    }

    fn start(next_hop: &str, line: &str, stateful: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let office = Arc::new(Office {
            address: address.clone(),
            next_hop: next_hop.to_owned(),
            line: line.to_owned(),
            stateful,
            state: Mutex::default(),
        });
        let serving = Arc::clone(&office);
        thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let office = Arc::clone(&serving);
                thread::spawn(move || serve(&office, stream));
            }
        });
        Self { address, office }
    }

    /// The requests to the gateway so far, and its answers.
    pub(crate) fn journal(&self) -> Journal {
        self.office.state().journal.clone()
    }
}

struct Office {
    address: String,
    next_hop: String,
    line: String,
    stateful: bool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    journal: Journal,
    /// The origin of each forwarded request, by the number in its branch.
    asked: Vec<Outlet>,
    /// The connections of clients, by the URI of their Contact.
    clients: BTreeMap<String, Outlet>,
    /// The connection to the next hop, while there is one.
    onwards: Option<Outlet>,
}

/// One direction of a connection.
#[derive(Clone)]
struct Outlet(Arc<Mutex<TcpStream>>);

impl Outlet {
    fn new(stream: &TcpStream) -> Self {
        Self(Arc::new(Mutex::new(stream.try_clone().unwrap())))
    }

    /// Sends a message; returns false if the peer is gone.
    fn send(&self, message: &Message) -> bool {
        self.0.lock().unwrap().write_all(&message.bytes()).is_ok()
    }
}

/// Serves a connection from either side.
fn serve(office: &Arc<Office>, stream: TcpStream) {
    let origin = Outlet::new(&stream);
    let mut stream = BufReader::new(stream);
    while let Some(message) = Message::read(&mut stream) {
        office.take(&origin, message);
    }
}

impl Office {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn take(self: &Arc<Self>, origin: &Outlet, mut message: Message) {
        let Some((method, target)) = message.request() else {
            self.pass_back(message);
            return;
        };
        let client = self.state().clients.get(target).cloned();
        if let Some(client) = client {
            if self.stateful && method == "INFO" {
                origin.send(&message.answer("408 Request Timeout", &[], ""));
            }
            message.pop("Route");
            message.push(self.via(origin));
            client.send(&message);
        } else if message.header("Route").is_some() || target.contains(&self.next_hop) {
            self.pass_on(origin, message);
        } else if method != "ACK" {
            origin.send(&self.registrar(&message));
        }
    }

    /// Our Via for a request from `origin`.
    fn via(&self, origin: &Outlet) -> String {
        let asked = &mut self.state().asked;
        asked.push(origin.clone());
        format!("Via: SIP/2.0/TCP {};branch={BRANCH}{}", self.address, asked.len() - 1)
    }

    /// Forwards a client's request to the gateway.
    fn pass_on(self: &Arc<Self>, client: &Outlet, mut message: Message) {
        let is_invite = message.request().is_some_and(|(method, _)| method == "INVITE");
        let sequence = message.header("CSeq").unwrap().to_owned();
        self.state().journal.0.push(sequence);
        message.pop("Route");
        if is_invite {
            let (_, contact) = message.header("Contact").unwrap().split_once('<').unwrap();
            let contact = contact.split_once('>').unwrap().0.to_owned();
            self.state().clients.insert(contact, client.clone());
            message.push(format!("Record-Route: <sip:proxy@{};transport=tcp;{ROUTE}>", self.address));
        }
        message.push(self.via(client));
        let onwards = self.state().onwards.clone();
        if !onwards.is_some_and(|onwards| onwards.send(&message)) {
            self.connect().send(&message);
        }
    }

    /// Opens a connection to the next hop.
    fn connect(self: &Arc<Self>) -> Outlet {
        let stream = TcpStream::connect(&self.next_hop).unwrap();
        let outlet = Outlet::new(&stream);
        self.state().onwards = Some(outlet.clone());
        let office = Arc::clone(self);
        thread::spawn(move || {
            serve(&office, stream);
            office.state().onwards = None;
        });
        outlet
    }

    /// Forwards an answer to the sender of the request.
    fn pass_back(&self, mut message: Message) {
        let via = message.header("Via").unwrap();
        let (_, number) = via.split_once(BRANCH).unwrap();
        let digits = number.split(|letter: char| !letter.is_ascii_digit()).next().unwrap();
        let origin = self.state().asked[digits.parse::<usize>().unwrap()].clone();
        let answer = format!("{} {}", message.status(), message.header("CSeq").unwrap());
        let to_client = self.state().clients.values().any(|client| Arc::ptr_eq(&client.0, &origin.0));
        if to_client && !message.status().starts_with('1') {
            self.state().journal.1.push(answer);
        }
        message.pop("Via");
        origin.send(&message);
    }

    /// The registrar's answer, with the line.
    fn registrar(&self, request: &Message) -> Message {
        let (method, _) = request.request().unwrap();
        let provisioning = request.header("Event") == Some("vnd-microsoft-provisioning");
        if method == "REGISTER" {
            let contact = format!("Contact: {};expires=600", request.header("Contact").unwrap_or_default());
            let fields = ["Allow-Events: vnd-microsoft-provisioning", "Server: RTC/2.0", "Expires: 600"];
            return request.answer("200 OK", &[&[contact.as_str()], &fields[..]].concat(), "");
        }
        if method == "SUBSCRIBE" && provisioning {
            let fields = [
                "Event: vnd-microsoft-provisioning",
                "ms-piggyback-cseq: 1",
                "subscription-state: terminated;expires=0",
                "Content-Type: application/vnd-microsoft-roaming-provisioning+xml",
            ];
            let Self { line, next_hop, .. } = self;
            let body = format!(
                "<provisioning><user uri=\"sip:alice@example.com\">\
                 <line uri=\"{line}\" server=\"sip:gw@{next_hop}\"/></user></provisioning>"
            );
            return request.answer("200 OK", &fields, &body);
        }
        request.answer("200 OK", &[], "")
    }
}
