//! Kamailio, with the configuration and the list of nodes that administrators are given, as a child process on loopback.

use core::time::Duration;
use std::fs;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Instant;

use crate::program::{Folder, Running};
use crate::{file, installed};

/// How long it may take to come and to go.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often a port that was free is found taken.
const ATTEMPTS: usize = 20;

/// The nodes in the list that administrators are given.
const NODES: [&str; 2] = ["sip:192.0.2.11:5060;transport=tcp", "sip:192.0.2.12:5060;transport=tcp"];

/// Kamailio at work.
pub(crate) struct Kamailio {
    /// Where it listens, over TCP and UDP.
    pub(crate) address: String,
    running: Running,
    folder: Folder,
}

impl Kamailio {
    /// Starts it before two nodes, in whose places the list has these URIs.
    pub(crate) fn start(name: &str, nodes: &[String; 2]) -> Self {
        let folder = Folder::new(&format!("{name}-kamailio"));
        let mut list = fs::read_to_string(file("../../docs/examples/dispatcher.list")).unwrap();
        for (example, node) in NODES.iter().zip(nodes) {
            assert!(list.contains(example), "{list}");
            list = list.replace(example, node);
        }
        folder.write("dispatcher.list", &list);
        for _ in 0..ATTEMPTS {
            let address = free_address();
            if let Some(running) = run(&folder, &address) {
                return Self { address, running, folder };
            }
        }
        panic!("Kamailio does not start");
    }

    /// Starts it again at the same place, after [`Self::stop`]: what it knew is forgotten.
    pub(crate) fn begin_again(&mut self) {
        for _ in 0..ATTEMPTS {
            if let Some(running) = run(&self.folder, &self.address) {
                self.running = running;
                return;
            }
        }
        panic!("Kamailio does not start again");
    }

    pub(crate) fn stop(&mut self) {
        self.running.signal("TERM");
        self.running.end();
    }

    /// Waits until it says so: a probe that is not answered takes its time.
    pub(crate) fn wait_for(&self, part: &str) {
        let began = Instant::now();
        while !self.said().contains(part) {
            assert!(began.elapsed() < 3 * PATIENCE, "'{part}' was never said:\n{}", self.said());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// What it has said since it was started last.
    pub(crate) fn said(&self) -> String {
        self.running.said()
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        // Killed, it would leave its own processes behind.
        if self.running.ended_within(Duration::from_millis(1)).is_none() {
            self.running.signal("TERM");
            self.running.ended_within(PATIENCE);
        }
    }
}

/// Starts it in the foreground; it ends with this process whatever becomes of that. Nothing: the address is taken.
fn run(folder: &Folder, address: &str) -> Option<Running> {
    installed("kamailio", "kamailio");
    let mut command = installed("setpriv", "util-linux");
    command.args([
        "--pdeathsig",
        "TERM",
        "kamailio",
        "-DD",
        "-E",
        "-n",
        "1",
        "-N",
        "1",
        "-m",
        "32",
        "-M",
        "4",
    ]);
    command.args(["-f", &file("../../docs/examples/kamailio.cfg"), "-w", folder.text(), "-Y", folder.text()]);
    command.args(["-A", &format!("SIP_TCP=tcp:{address}"), "-A", &format!("SIP_UDP=udp:{address}")]);
    command.args(["-A", &format!("NODES=\"{}\"", folder.path("dispatcher.list"))]);
    let mut running = Running::spawn(&mut command);
    let began = Instant::now();
    while TcpStream::connect(address).is_err() {
        if running.ended_within(Duration::from_millis(20)).is_some() {
            let said = running.said();
            assert!(said.contains("Address already in use"), "{said}");
            return None;
        }
        assert!(began.elapsed() < PATIENCE, "Kamailio does not listen:\n{}", running.said());
    }
    Some(running)
}

/// An address whose port is free for both transports: Kamailio takes no port 0.
fn free_address() -> String {
    loop {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        if UdpSocket::bind(address).is_ok() {
            return address.to_string();
        }
        thread::yield_now();
    }
}
