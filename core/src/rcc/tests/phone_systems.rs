//! The phone systems, whose calls are those that clients must know in the end, and the connections to them.

use alloc::borrow::ToOwned as _;
use alloc::collections::{BTreeMap, VecDeque};
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::exchange::{Exchange, Told};
use super::random::Random;
use crate::input::LinkId;
use crate::rcc::calls::Stage;

/// How many phone systems there are; the connection numbered `n` leads to the system `n % SYSTEMS`.
pub(super) const SYSTEMS: usize = 2;

/// The lines; each has a phone at each phone system.
pub(super) const LINES: [&str; 3] = ["1001", "1002", "1003"];

/// How many events come over one connection under names that no answer will ever give: as many as may wait there.
pub(super) const STRAYS: usize = 256;

/// A monitor at a phone system.
struct Monitor {
    name: String,
    line: usize,
    connection: usize,
    /// Whether the line had no calls when the monitor began, so that events report all of them.
    quiet: bool,
}

/// The content of a request to a phone system.
#[derive(PartialEq, Eq)]
enum What {
    Start {
        line: usize,
        /// The monitor's name once it has begun: events may come before the answer.
        begun: Option<String>,
    },
    Stop(String),
    Snapshot {
        line: usize,
        /// Whether it is answered as soon as it is taken. If not, events may come between.
        is_prompt: bool,
        /// The calls, once it is taken.
        taken: Option<String>,
    },
}

/// An unanswered request.
struct Request {
    connection: usize,
    id: String,
    what: What,
}

impl Request {
    fn stops(&self) -> Option<&str> {
        if let What::Stop(name) = &self.what { Some(name) } else { None }
    }
}

/// A connection to a phone system.
#[derive(Default)]
pub(super) struct Connection {
    /// Its link, once the gateway has dialled.
    pub(super) link: Option<LinkId>,
    /// Whether the phone system has accepted the link.
    pub(super) open: bool,
    /// Lines from the phone system that have not arrived yet.
    pub(super) queue: VecDeque<String>,
}

/// All phone systems.
pub(super) struct PhoneSystems {
    pub(super) connections: Vec<Connection>,
    exchanges: [Exchange; SYSTEMS],
    monitors: Vec<Monitor>,
    requests: Vec<Request>,
    named: u32,
    /// Whether the requests that come now are those of clients.
    pub(super) clients_ask: bool,
    /// How many snapshots may still be refused: the gateway gives up after three in a row.
    refusals: u32,
}

impl PhoneSystems {
    pub(super) fn new(connections: usize, random: &mut Random) -> Self {
        Self {
            connections: (0..connections).map(|_| Connection::default()).collect(),
            exchanges: core::array::from_fn(|_| Exchange::new(random.once_in(4))),
            monitors: Vec::new(),
            requests: Vec::new(),
            named: 0,
            clients_ask: false,
            refusals: 2,
        }
    }

    /// Returns the connection that a link belongs to.
    pub(super) fn connection_of(&self, link: LinkId) -> Option<usize> {
        self.connections.iter().position(|connection| connection.link == Some(link))
    }

    /// Closes a link: the monitors and requests over it are gone.
    pub(super) fn close(&mut self, connection: usize) {
        self.connections[connection] = Connection::default();
        self.monitors.retain(|monitor| monitor.connection != connection);
        self.requests.retain(|request| request.connection != connection);
    }

    /// Handles a line that the gateway wrote.
    pub(super) fn on_written(&mut self, connection: usize, said: &str) {
        let words: Vec<&str> = said.split(' ').collect();
        match words[..] {
            ["open"] => self.send(connection, "ready"),
            ["beat"] => self.send(connection, "alive"),
            ["ask", id, what, of] => {
                let line = LINES.iter().position(|line| *line == of).unwrap_or_default();
                let what = match what {
                    "start" => What::Start { line, begun: None },
                    "snapshot" => What::Snapshot { line, is_prompt: self.clients_ask, taken: None },
                    _ => {
                        self.withdraw(connection, of);
                        What::Stop(of.to_owned())
                    }
                };
                self.requests.push(Request { connection, id: id.to_owned(), what });
            }
            _ => panic!("the gateway writes no such line: {said}"),
        }
    }

    /// Refuses a monitor that is being started under the name of one that is to be stopped: their events could not be
    /// told apart.
    fn withdraw(&mut self, connection: usize, name: &str) {
        if self.named(connection, name).count() < 2 {
            return;
        }
        for said in &mut self.connections[connection].queue {
            let mut words = said.split(' ');
            if let (Some("started"), Some(id), Some(given)) = (words.next(), words.next(), words.next())
                && given == name
            {
                *said = format!("busy {id}");
            }
        }
        for request in self.requests.iter_mut().filter(|request| request.connection == connection) {
            if let What::Start { begun, .. } = &mut request.what
                && begun.as_deref() == Some(name)
            {
                *begun = None;
            }
        }
        let first = self.monitors.iter().position(|one| one.connection == connection && one.name == name);
        let mut index = 0;
        self.monitors.retain(|one| {
            index += 1;
            Some(index - 1) == first || one.connection != connection || one.name != name
        });
    }

    fn send(&mut self, connection: usize, what: &str) {
        self.connections[connection].queue.push_back(what.to_owned());
    }

    /// Returns the calls at a line of a phone system, as its clients must know them in the end: each with the stages that
    /// they may show.
    pub(super) fn truth(&self, system: usize, line: usize) -> BTreeMap<(u8, String), Vec<Stage>> {
        let switch = u8::try_from(system).unwrap();
        let calls = self.exchanges[system].truth(line).into_iter();
        calls.map(|(name, stages)| ((switch, name), stages)).collect()
    }

    /// Whether the only monitor of this name over a connection began while its line had no calls.
    pub(super) fn began_quietly(&self, connection: usize, name: &str) -> bool {
        let mut named = self.named(connection, name);
        named.next().is_some_and(|one| one.quiet) && named.next().is_none()
    }

    pub(super) fn has_requests(&self) -> bool {
        !self.requests.is_empty()
    }

    /// Returns the number of monitors.
    pub(super) fn monitors(&self) -> usize {
        self.monitors.len()
    }

    /// Makes something happen to the calls at a line. `heard`: whether events report it.
    pub(super) fn change(&mut self, random: &mut Random, (system, line): (usize, usize), heard: bool) {
        for Told { line, said } in self.exchanges[system].happen(random, line) {
            for monitor in self.monitors.iter().filter(|_| heard) {
                if monitor.line == line && monitor.connection % SYSTEMS == system {
                    let said = format!("event {} {} {said}", monitor.name, LINES[line]);
                    self.connections[monitor.connection].queue.push_back(said);
                }
            }
        }
    }

    /// Lets a phone system lose events, and say so over all its connections.
    pub(super) fn lose_events(&mut self, random: &mut Random, system: usize) {
        for _ in 0..=random.below(3) {
            let line = random.below(LINES.len());
            self.change(random, (system, line), false);
        }
        for connection in (0..self.connections.len()).filter(|connection| connection % SYSTEMS == system) {
            if self.connections[connection].open {
                self.send(connection, "lost");
            }
        }
    }

    /// Lets a phone system stop a monitor by itself.
    pub(super) fn stop_monitor(&mut self, random: &mut Random) {
        let Some(monitor) = self.monitors.get(random.below(self.monitors.len())) else { return };
        let (name, connection) = (monitor.name.clone(), monitor.connection);
        // If two monitors had the same name, it would be unclear which was stopped.
        if self.named(connection, &name).count() == 1 {
            self.monitors.retain(|other| other.connection != connection || other.name != name);
            self.send(connection, &format!("end {name}"));
        }
    }

    fn named(&self, connection: usize, name: &str) -> impl Iterator<Item = &Monitor> {
        self.monitors.iter().filter(move |monitor| monitor.connection == connection && monitor.name == name)
    }

    /// Fills the room for early events over a connection with events under unknown names, while a monitor is being
    /// started there that has no events yet. Returns the connection.
    pub(super) fn send_strays(&mut self, random: &mut Random) -> Option<usize> {
        let is_begun = |request: &Request| matches!(&request.what, What::Start { begun: Some(_), .. });
        let fits = |connection: &usize| {
            let mut asked = self.requests.iter().filter(|request| request.connection == *connection);
            let starts = |request: &Request| matches!(request.what, What::Start { .. });
            asked.clone().any(starts)
                && !asked.any(is_begun)
                && self.connections[*connection].queue.is_empty()
        };
        let connections: Vec<usize> = (0..self.connections.len()).filter(fits).collect();
        let connection = *connections.get(random.below(connections.len()))?;
        for _ in 0..STRAYS {
            self.send(connection, "event nobody 1009 DeliveredEvent 9 1009 alerting - -");
        }
        Some(connection)
    }

    /// Lets a phone system answer one of its requests. If not `calm`, it may be busy, begin a monitor before it
    /// answers, or give it the name of another.
    pub(super) fn deal_with_one(&mut self, random: &mut Random, calm: bool) {
        if self.requests.is_empty() {
            return;
        }
        let index = random.below(self.requests.len());
        let Request { connection, id, what } = self.requests.swap_remove(index);
        let answer = match what {
            What::Start { begun: None, .. } if !calm && random.once_in(8) => format!("busy {id}"),
            What::Start { line, begun } => {
                let is_new = begun.is_none();
                let name = begun.unwrap_or_else(|| self.begin_monitor(random, connection, line, calm));
                if is_new && !calm && !random.once_in(3) {
                    let what = What::Start { line, begun: Some(name) };
                    self.requests.push(Request { connection, id, what });
                    return;
                }
                format!("started {id} {name}")
            }
            What::Stop(name) => {
                self.monitors.retain(|monitor| monitor.connection != connection || monitor.name != name);
                format!("stopped {id}")
            }
            What::Snapshot { taken: None, .. } if !calm && self.refusals > 0 && random.once_in(8) => {
                self.refusals -= 1;
                format!("busy {id}")
            }
            What::Snapshot { line, is_prompt, taken } => {
                let is_new = taken.is_none();
                let calls = taken.unwrap_or_else(|| self.exchanges[connection % SYSTEMS].snapshot(line));
                if is_new && !is_prompt && !calm && random.once_in(2) {
                    let what = What::Snapshot { line, is_prompt, taken: Some(calls) };
                    self.requests.push(Request { connection, id, what });
                    return;
                }
                format!("calls {id} {calls}")
            }
        };
        self.send(connection, &answer);
    }

    fn begin_monitor(&mut self, random: &mut Random, connection: usize, line: usize, calm: bool) -> String {
        // The events of a monitor that is being stopped could not be told from those of the new one.
        let stopping: Vec<&str> = self
            .requests
            .iter()
            .filter(|one| one.connection == connection)
            .filter_map(Request::stops)
            .collect();
        let used = self.monitors.iter().find(|monitor| {
            monitor.connection == connection
                && monitor.line != line
                && !stopping.contains(&monitor.name.as_str())
        });
        let used = used.filter(|_| !calm && random.once_in(4)).map(|monitor| monitor.name.clone());
        let name = used.unwrap_or_else(|| {
            self.named += 1;
            format!("m{}", self.named)
        });
        let quiet = self.exchanges[connection % SYSTEMS].is_quiet(line);
        self.monitors.push(Monitor { name: name.clone(), line, connection, quiet });
        name
    }
}
