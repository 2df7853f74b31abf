//! What SIPE signs in to: a registrar that knows its line, and a record-routing proxy between it and the gateway.

use core::sync::atomic::{AtomicU32, Ordering};
use std::io::{BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

mod message;

use message::Message;

/// What a deployment's proxy writes into its routes is its own business.
const ROUTE: &str = "lr;ms-route-sig=aAbB-_1";

/// A registrar and proxy at work, until the test's process ends.
pub(crate) struct Proxy {
    /// Where it listens.
    pub(crate) address: String,
    journal: Journal,
}

/// The CSeq of each request that went to the gateway; the status and CSeq of each of its answers.
type Journal = Arc<Mutex<(Vec<String>, Vec<String>)>>;

impl Proxy {
    /// Serves users whose line is `line` at the gateway.
    pub(crate) fn start(gateway: &str, line: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let journal = Journal::default();
        let office = Office {
            address: address.clone(),
            gateway: gateway.to_owned(),
            line: line.to_owned(),
            journal: Arc::clone(&journal),
            branches: Arc::default(),
        };
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let office = office.clone();
                thread::spawn(move || serve(&office, client));
            }
        });
        Self { address, journal }
    }

    /// The requests that have gone to the gateway so far, and its answers.
    pub(crate) fn journal(&self) -> (Vec<String>, Vec<String>) {
        self.journal.lock().unwrap().clone()
    }
}

#[derive(Clone)]
struct Office {
    address: String,
    gateway: String,
    line: String,
    journal: Journal,
    branches: Arc<AtomicU32>,
}

/// Where messages go that way. Whoever is gone has no use for them.
#[derive(Clone)]
struct Outlet(Arc<Mutex<TcpStream>>);

impl Outlet {
    fn new(stream: &TcpStream) -> Self {
        Self(Arc::new(Mutex::new(stream.try_clone().unwrap())))
    }

    fn send(&self, message: &Message) {
        let _ = self.0.lock().unwrap().write_all(&message.bytes());
    }
}

/// A client's connection. What is not for the gateway is answered here.
fn serve(office: &Office, client: TcpStream) {
    let to_client = Outlet::new(&client);
    let mut to_gateway = None;
    let mut client = BufReader::new(client);
    while let Some(mut message) = Message::read(&mut client) {
        let Some((method, target)) = message.request() else {
            message.pop("Via");
            if let Some(gateway) = &to_gateway {
                Outlet::send(gateway, &message);
            }
            continue;
        };
        if target.contains(&office.gateway) {
            let gateway = to_gateway.get_or_insert_with(|| connect(office, &to_client));
            gateway.send(&office.passed_on(&message));
        } else if method != "ACK" {
            to_client.send(&office.registrar(&message));
        }
    }
}

/// A connection to the gateway for one client.
fn connect(office: &Office, to_client: &Outlet) -> Outlet {
    let gateway = TcpStream::connect(&office.gateway).unwrap();
    let to_gateway = Outlet::new(&gateway);
    let (office, to_client, answers) = (office.clone(), to_client.clone(), to_gateway.clone());
    thread::spawn(move || {
        let mut gateway = BufReader::new(gateway);
        while let Some(mut message) = Message::read(&mut gateway) {
            if let Some((method, _)) = message.request() {
                // SIPE answers no event, and so a stateful proxy ends each with a 408.
                if method == "INFO" {
                    answers.send(&message.answer("408 Request Timeout", &[], ""));
                }
                message.pop("Route");
                message.push(office.via());
                to_client.send(&message);
            } else {
                let answer = format!("{} {}", message.status(), message.header("CSeq").unwrap());
                office.journal.lock().unwrap().1.push(answer);
                message.pop("Via");
                to_client.send(&message);
            }
        }
    });
    to_gateway
}

impl Office {
    fn via(&self) -> String {
        let count = self.branches.fetch_add(1, Ordering::Relaxed);
        format!("Via: SIP/2.0/TCP {};branch=z9hG4bKproxy{count}", self.address)
    }

    /// A client's request as the gateway gets it.
    fn passed_on(&self, request: &Message) -> Message {
        let (method, _) = request.request().unwrap();
        self.journal.lock().unwrap().0.push(request.header("CSeq").unwrap().to_owned());
        let mut message = request.clone();
        message.pop("Route");
        if method == "INVITE" {
            message.push(format!("Record-Route: <sip:proxy@{};transport=tcp;{ROUTE}>", self.address));
        }
        message.push(self.via());
        message
    }

    /// The registrar's answer: welcome, and where the line is.
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
            let Self { line, gateway, .. } = self;
            let body = format!(
                "<provisioning><user uri=\"sip:alice@example.com\">\
                 <line uri=\"{line}\" server=\"sip:gw@{gateway}\"/></user></provisioning>"
            );
            return request.answer("200 OK", &fields, &body);
        }
        request.answer("200 OK", &[], "")
    }
}
