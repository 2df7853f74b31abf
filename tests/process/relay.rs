//! A relay between the gateway and a phone system, which passes every byte on unchanged and records the frames, so that
//! a test can count what the gateway did.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::Instant;

use ctigate_tests::sip::root;

const PATIENCE: Duration = Duration::from_secs(15);

/// One CSTA document that passed.
#[derive(Clone, Debug)]
pub(crate) struct Passed {
    /// The index of the relay.
    pub(crate) node: usize,
    /// The number of the connection among those that the gateway opened through this relay, from 0.
    pub(crate) connection: usize,
    pub(crate) at: Instant,
    /// Whether the gateway sent it, and not the phone system.
    pub(crate) from_gateway: bool,
    pub(crate) root: String,
    /// The number of the first phone in it; empty if there is none.
    pub(crate) number: String,
}

#[derive(Default)]
struct Entries {
    passed: Vec<Passed>,
    /// The relay of each dial of the gateway, whether or not there was a phone system.
    dialled: Vec<usize>,
}

/// The documents that passed through all relays, in order.
#[derive(Default)]
pub(crate) struct Record {
    entries: Mutex<Entries>,
    changed: Condvar,
}

impl Record {
    fn lock(&self) -> MutexGuard<'_, Entries> {
        self.entries.lock().unwrap()
    }

    fn enter(&self, change: impl FnOnce(&mut Entries)) {
        change(&mut self.lock());
        self.changed.notify_all();
    }

    /// The current position in the record.
    pub(crate) fn mark(&self) -> usize {
        self.lock().passed.len()
    }

    /// What has passed since `mark`.
    pub(crate) fn since(&self, mark: usize) -> Vec<Passed> {
        self.lock().passed[mark..].to_vec()
    }

    /// Waits until `enough` is true of what has passed since `mark`.
    pub(crate) fn wait_until(&self, what: &str, mark: usize, enough: impl Fn(&[Passed]) -> bool) {
        let lacks = |entries: &mut Entries| !enough(&entries.passed[mark..]);
        let (entries, result) = self.changed.wait_timeout_while(self.lock(), PATIENCE, lacks).unwrap();
        assert!(!result.timed_out(), "{what} never came to pass: {:#?}", &entries.passed[mark..]);
    }

    /// Waits until the gateway has dialled through this relay `more` more times.
    pub(crate) fn wait_until_dialled(&self, node: usize, more: usize) {
        let times = |entries: &Entries| entries.dialled.iter().filter(|dialled| **dialled == node).count();
        let entries = self.lock();
        let enough = times(&entries) + more;
        let waited = self.changed.wait_timeout_while(entries, PATIENCE, |entries| times(entries) < enough);
        assert!(!waited.unwrap().1.timed_out(), "the gateway does not dial");
    }
}

struct Shared {
    node: usize,
    /// The phone system's address; `None` if connections are to be closed as soon as they open.
    target: Mutex<Option<String>>,
    record: Arc<Record>,
    over: AtomicBool,
}

/// The relay in front of one phone system.
pub(crate) struct Relay {
    /// The address for the gateway.
    pub(crate) address: String,
    shared: Arc<Shared>,
}

impl Relay {
    /// A relay without a phone system yet.
    pub(crate) fn open(node: usize, record: &Arc<Record>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let (target, record) = (Mutex::default(), Arc::clone(record));
        let shared = Arc::new(Shared { node, target, record, over: AtomicBool::new(false) });
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accepting.accept(&listener));
        Self { address, shared }
    }

    /// Sets the phone system's address; `None` for no phone system.
    pub(crate) fn lead_to(&self, target: Option<&str>) {
        *self.shared.target.lock().unwrap() = target.map(str::to_owned);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::Release);
        // Wakes the thread that accepts; the others end with their streams.
        let _ = TcpStream::connect(&self.address);
    }
}

impl Shared {
    fn accept(self: Arc<Self>, listener: &TcpListener) {
        let mut connection = 0;
        while let Ok((gateway, _)) = listener.accept() {
            if self.over.load(Ordering::Acquire) {
                return;
            }
            self.record.enter(|entries| entries.dialled.push(self.node));
            let target = self.target.lock().unwrap().clone();
            let Some(Ok(switch)) = target.map(TcpStream::connect) else { continue };
            let (from_gateway, to_gateway) = (gateway.try_clone().unwrap(), gateway);
            let (from_switch, to_switch) = (switch.try_clone().unwrap(), switch);
            let shared = Arc::clone(&self);
            thread::spawn(move || shared.pass(connection, true, from_gateway, to_switch));
            let shared = Arc::clone(&self);
            thread::spawn(move || shared.pass(connection, false, from_switch, to_gateway));
            connection += 1;
        }
    }

    /// Passes one direction of a connection on until it ends.
    fn pass(&self, connection: usize, from_gateway: bool, mut from: TcpStream, mut to: TcpStream) {
        let (node, mut buffer, mut partial) = (self.node, [0; 8_192], Vec::new());
        while let Ok(length) = from.read(&mut buffer) {
            if length == 0 {
                break;
            }
            partial.extend_from_slice(&buffer[..length]);
            self.record.enter(|entries| {
                while let Some(document) = next_document(&mut partial) {
                    let (root, number) = (root(&document).to_owned(), number_in(&document).to_owned());
                    let at = Instant::now();
                    entries.passed.push(Passed { node, connection, at, from_gateway, root, number });
                }
            });
            if to.write_all(&buffer[..length]).is_err() {
                let _ = from.shutdown(Shutdown::Both);
                return;
            }
        }
        let _ = to.shutdown(Shutdown::Write);
    }
}

/// Removes a complete frame from the beginning of the bytes: two zero bytes, the frame's length, four digits, a
/// document.
fn next_document(bytes: &mut Vec<u8>) -> Option<String> {
    let &[0, 0, high, low, ..] = bytes.as_slice() else { return None };
    let length = usize::from(u16::from_be_bytes([high, low]));
    (bytes.len() >= length).then(|| {
        let frame: Vec<u8> = bytes.drain(..length).collect();
        String::from_utf8(frame[8..].to_vec()).unwrap()
    })
}

/// The first text of a document that is a phone's number in these tests, which has five digits.
fn number_in(document: &str) -> &str {
    let texts = document.split('>').filter_map(|part| part.split_once('<')).map(|(text, _)| text);
    let mut numbers = texts.filter(|text| text.len() == 5 && text.bytes().all(|byte| byte.is_ascii_digit()));
    numbers.next().unwrap_or_default()
}
