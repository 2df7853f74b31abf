//! Several phone systems, each a process behind a relay; a gateway; and a crowd of clients.

use core::fmt::Write as _;
use core::time::Duration;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::sync::{Arc, Mutex};

use crate::command;
use crate::crowd::{Crowd, FAR, FIRST, Index};
use crate::program::{Folder, Running};
use crate::relay::{Passed, Record, Relay};

/// How long a client waits for an answer at most: the time-out of a service, and a margin for a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(4);

/// The seconds of a heartbeat's interval and time-out, and of a service's time-out.
pub(crate) const HEARTBEAT: u64 = 2;

/// How many users there are.
pub(crate) const USERS: usize = 400;

/// One phone system, which may be down.
pub(crate) struct Node {
    relay: Relay,
    process: Mutex<Option<Process>>,
}

struct Process {
    running: Running,
    /// The address of its control links.
    control: String,
}

impl Node {
    fn down(index: usize, record: &Arc<Record>) -> Self {
        Self { relay: Relay::open(index, record), process: Mutex::default() }
    }

    /// Starts the phone system, for the first time or again.
    fn start(&self, folder: &Folder) {
        let any = "127.0.0.1:0";
        let phones = folder.path("phones.toml");
        let arguments = ["switch", "--listen", any, "--control", any, "--config", &phones];
        let running = Running::start(&arguments, "");
        self.relay.lead_to(Some(&running.wait_for("key=listen transport=TCP address=")));
        let control = running.wait_for("key=control transport=TCP address=");
        *self.process.lock().unwrap() = Some(Process { running, control });
    }

    /// Kills it.
    pub(crate) fn kill(&self) {
        self.relay.lead_to(None);
        *self.process.lock().unwrap() = None;
    }

    /// Suspends it or lets it continue: its sockets stay open.
    pub(crate) fn signal(&self, name: &str) {
        self.process.lock().unwrap().as_ref().unwrap().running.signal(name);
    }

    /// Sends it a control line, and returns its answer.
    pub(crate) fn tell(&self, line: &str) -> String {
        let control = self.process.lock().unwrap().as_ref().unwrap().control.clone();
        let mut stream = TcpStream::connect(control).unwrap();
        stream.write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        assert!(answer.starts_with("ok"), "{line}: {answer}");
        answer
    }

    /// How many monitors it has.
    pub(crate) fn monitors(&self) -> usize {
        let status = self.tell("status");
        let count = status.split("monitors=").nth(1).unwrap().split(' ').next().unwrap();
        count.parse().unwrap()
    }
}

/// The gateway, its phone systems and the crowd.
pub(crate) struct House {
    folder: Folder,
    pub(crate) record: Arc<Record>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) gateway: Running,
    /// A second gateway, in a house that has two.
    pub(crate) other: Option<Running>,
    pub(crate) crowd: Crowd,
}

impl House {
    /// A house whose phone systems are all up and in service.
    pub(crate) fn open(name: &str, nodes: usize) -> Self {
        let house = Self::with(name, (nodes, nodes), false, "");
        house.wait_in_service(nodes);
        house
    }

    /// The same, with a gateway that moves sessions by itself.
    pub(crate) fn open_with_rebind(name: &str, nodes: usize) -> Self {
        let house = Self::with(name, (nodes, nodes), false, "recovery = \"rebind\"\n");
        house.wait_in_service(nodes);
        house
    }

    /// The same, with two gateways.
    pub(crate) fn open_with_two(name: &str, nodes: usize) -> Self {
        let house = Self::with(name, (nodes, nodes), true, "");
        house.wait_in_service(nodes);
        house.other.as_ref().unwrap().wait_for_times("name=cti_in_service ", nodes);
        house
    }

    /// A house in which only the first `up` of its phone systems are up.
    pub(crate) fn with_some(name: &str, nodes: usize, up: usize) -> Self {
        Self::with(name, (nodes, up), false, "")
    }

    fn with(name: &str, (nodes, up): (usize, usize), two: bool, cti: &str) -> Self {
        let (folder, record) = (Folder::new(name), Arc::new(Record::default()));
        folder.write("phones.toml", &phones());
        let nodes: Vec<Node> = (0..nodes).map(|index| Node::down(index, &record)).collect();
        for node in nodes.iter().take(up) {
            node.start(&folder);
        }
        let config = folder.write("gateway.toml", &gateway(&nodes, cti));
        // `.ci/run versions` has each of them be of another version in turn.
        let gateway = start_as("CTIGATE_FIRST", &["run", "--config", &config]);
        let other = two.then(|| start_as("CTIGATE_OTHER", &["run", "--config", &config]));
        let gateways = [Some(&gateway), other.as_ref()].into_iter().flatten();
        let gateways = gateways.map(|gateway| gateway.wait_for("key=sip.tcp transport=TCP address="));
        let crowd = Crowd::open(&gateways.collect::<Vec<_>>());
        Self { folder, record, nodes, gateway, other, crowd }
    }

    /// Starts a phone system that was killed; returns when it is in service.
    pub(crate) fn restart(&self, node: usize) {
        let times = self.times_in_service(node);
        self.nodes[node].start(&self.folder);
        self.wait_back_in_service(node, times);
    }

    /// How often a phone system came into service so far.
    pub(crate) fn times_in_service(&self, node: usize) -> usize {
        self.gateway.said().matches(&in_service(node)).count()
    }

    /// Waits until a phone system has come into service more than `times` times; returns the connection ID.
    pub(crate) fn wait_back_in_service(&self, node: usize, times: usize) -> String {
        let rest = self.gateway.wait_for_times(&in_service(node), times + 1);
        rest.split(' ').next().unwrap().to_owned()
    }

    /// Waits until connections have come into service `times` times.
    pub(crate) fn wait_in_service(&self, times: usize) {
        self.gateway.wait_for_times("name=cti_in_service ", times);
    }

    /// Waits until a phone system is out of service for the `times`th time; returns the rest of the log line.
    pub(crate) fn wait_out_of_service(&self, node: usize, times: usize) -> String {
        self.gateway.wait_for_times(&format!("name=cti_out_of_service cti=node{node} "), times)
    }

    /// How many documents with this root passed between the gateway and each phone system since `mark`.
    pub(crate) fn passed(&self, mark: usize, root: &str) -> Vec<usize> {
        let mut counts = vec![0; self.nodes.len()];
        let passed = self.record.since(mark);
        passed.iter().filter(|one| one.root == root).for_each(|one| counts[one.node] += 1);
        counts
    }

    /// Waits until `times` documents with this root have passed since `mark`; returns their number for each phone
    /// system.
    pub(crate) fn wait_until_passed(&self, mark: usize, root: &str, times: usize) -> Vec<usize> {
        let enough = |passed: &[Passed]| passed.iter().filter(|one| one.root == root).count() >= times;
        self.record.wait_until(root, mark, enough);
        self.passed(mark, root)
    }

    /// The phone systems and connections over which the gateway sent requests about this client's line since `mark`, in
    /// order.
    pub(crate) fn path(&self, index: Index, mark: usize) -> Vec<(usize, usize)> {
        let (number, passed) = (self.crowd.number(index).to_string(), self.record.since(mark));
        let asked = passed.iter().filter(|one| one.from_gateway && one.number == number);
        let mut path: Vec<_> = asked.map(|one| (one.node, one.connection)).collect();
        path.dedup();
        path
    }

    /// The only phone system that got requests about this client's line since `mark`.
    pub(crate) fn home(&self, index: Index, mark: usize) -> usize {
        let path = self.path(index, mark);
        assert_eq!(path.len(), 1, "client {index} is not on one connection: {path:?}");
        path[0].0
    }

    /// Stops the remaining gateways, after checking the ledger.
    pub(crate) fn close(self) {
        self.crowd.assert_all_answered_within(LIMIT);
        for mut gateway in [Some(self.gateway), self.other].into_iter().flatten() {
            gateway.signal("TERM");
            assert_eq!(gateway.end(), 0, "{}", gateway.said());
        }
    }
}

/// Starts the gateway: the program that the environment variable names, if it is set, which may be of another version.
fn start_as(variable: &str, arguments: &[&str]) -> Running {
    let other = std::env::var_os(variable).map(Command::new);
    Running::spawn(other.unwrap_or_else(command).args(arguments))
}

/// Puts all clients into calls, and waits for the events. Only some at a time, since a busy machine must not look like
/// a silent phone system.
pub(crate) fn call_all(house: &House, indexes: &[Index]) {
    let mark = house.crowd.mark();
    for some in indexes.chunks(40) {
        let calls: Vec<_> = some.iter().map(|index| house.crowd.make_call(*index)).collect();
        for answer in house.crowd.answers(&calls) {
            assert_eq!(answer.root(), "MakeCallResponse", "{answer:?}");
        }
    }
    house.crowd.wait_for_events(indexes, "EstablishedEvent", mark);
}

/// Asserts that counts differ by at most one.
#[track_caller]
pub(crate) fn assert_fair(counts: &[usize]) {
    let (least, most) = (counts.iter().min().unwrap(), counts.iter().max().unwrap());
    assert!(most - least <= 1, "not shared out fairly: {counts:?}");
}

fn in_service(node: usize) -> String {
    format!("name=cti_in_service cti=node{node} connection=")
}

/// A phone for each user, answered by hand, and one to call, which answers by itself.
fn phones() -> String {
    let far = FIRST + FAR;
    format!(
        "[[phone]]\nnumber = \"{FIRST}\"\ncount = {USERS}\n\
         [[phone]]\nnumber = \"{far}\"\ncount = {USERS}\nanswer = \"auto\"\nanswer_after_ms = 0\n"
    )
}

fn gateway(nodes: &[Node], cti: &str) -> String {
    let mut text = format!(
        "[sip]\ntcp = [\"127.0.0.1:0\"]\n[cti]\nheartbeat = {HEARTBEAT}\nheartbeat_timeout = {HEARTBEAT}\n\
         service_timeout = {HEARTBEAT}\nreconnect_min = 1\nreconnect_max = 1\n{cti}"
    );
    for (index, node) in nodes.iter().enumerate() {
        let address = &node.relay.address;
        write!(
            text,
            "[[cti.connection]]\naddress = \"{address}\"\nname = \"node{index}\"\nswitch = \"{index}\"\n"
        )
        .unwrap();
    }
    text
}
