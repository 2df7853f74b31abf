//! Kamailio with the configuration and the list of nodes from `docs/examples`, as a child process on loopback.

use core::time::Duration;
use std::fs;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::thread;
use std::time::Instant;

use crate::program::{Folder, Running};
use crate::{file, installed};

/// How long it may take to start and to stop.
const PATIENCE: Duration = Duration::from_secs(10);
/// How many ports are tried, as a free one may be taken before it is used.
const ATTEMPTS: usize = 20;

/// The nodes in the list of `docs/examples`.
const NODES: [&str; 2] = ["sip:192.0.2.11:5060;transport=tcp", "sip:192.0.2.12:5060;transport=tcp"];

/// A running Kamailio.
pub(crate) struct Kamailio {
    /// Its address, over TCP and UDP.
    pub(crate) address: String,
    running: Running,
    folder: Folder,
}

impl Kamailio {
    /// Starts it in front of two nodes with these URIs.
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

    /// Starts it again at the same address, after [`Self::stop`], without its former state.
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

    /// Waits until its output contains `part`: a probe that is not answered takes some time.
    pub(crate) fn wait_for(&self, part: &str) {
        let began = Instant::now();
        while !self.said().contains(part) {
            assert!(began.elapsed() < 3 * PATIENCE, "'{part}' was never said:\n{}", self.said());
            thread::sleep(Duration::from_millis(50));
        }
    }

    /// Its output since it was last started.
    pub(crate) fn said(&self) -> String {
        self.running.said()
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        // If it were killed, its child processes would remain.
        if self.running.ended_within(Duration::from_millis(1)).is_none() {
            self.running.signal("TERM");
            self.running.ended_within(PATIENCE);
        }
    }
}

/// Starts it in the foreground, such that it ends with this process. Returns `None` if the address is in use.
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

/// An address whose port is free for both transports, since Kamailio does not support port 0.
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
