//! A session of the manager interface, by the project's own reader, writer, login and call model.

use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;
use std::time::Instant;

use ctigate_core::cti::asterisk::session::{Ask, Next, PROBES, Refusal, Session};
use ctigate_core::secret::{Fill, Filling, SecretId};
use ctigate_core::wire::ami::write::Row;
use ctigate_core::wire::ami::{Action, ActionIds, Kind, Message, Read, Reader, Rights, Scope, Value, write};
use ctigate_tests::recordings::Step;

use crate::world::World;

/// How long anything may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A session.
pub(crate) struct Manager {
    stream: TcpStream,
    reader: Reader,
    ids: ActionIds,
    /// What was asked in the beginning, by number.
    asked: Vec<Option<Ask>>,
    session: Session,
    /// What the session is to do next.
    next: Next,
    /// What was read, message by message.
    read: Vec<String>,
    /// What lines are told of it.
    pub(crate) world: World,
}

impl Manager {
    /// Logs in, finds the rights, and lists the channels.
    pub(crate) fn open(address: &str, user: &str, secret: &str) -> Result<Self, Refusal> {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
        let mut world = World::new();
        world.step(&Step::Opened);
        let mut manager = Self {
            stream,
            reader: Reader::new(Scope::All),
            ids: ActionIds::new(0x5eed),
            asked: Vec::new(),
            session: Session::default(),
            next: Next::Wait,
            read: Vec::new(),
            world,
        };
        manager.session.opened();
        let began = Instant::now();
        loop {
            assert!(began.elapsed() < PATIENCE, "no login: {:?}", manager.read);
            match core::mem::replace(&mut manager.next, Next::Wait) {
                Next::Wait => {
                    manager.receive();
                }
                Next::Send(ask) => manager.ask(ask, user, secret),
                Next::SendProbes => {
                    for index in 0..PROBES.len() {
                        manager.ask(Ask::Probe(index), user, secret);
                    }
                }
                Next::Open(_) => break,
                Next::Refused(why) => return Err(why),
            }
        }
        manager.list();
        Ok(manager)
    }

    /// The rights that were found.
    pub(crate) fn rights(&self) -> Rights {
        self.session.rights()
    }

    /// Lists the channels, for the call model too.
    pub(crate) fn list(&mut self) {
        let from = self.read.len();
        self.send(&Action::Status { channel: None, variables: "CHANNEL(onhold)" });
        self.wait_from(from, &["Event: StatusComplete"]);
    }

    /// Sends an action; returns its ID.
    pub(crate) fn send(&mut self, action: &Action<'_>) -> String {
        let mut out = Vec::new();
        action.write(self.ids, self.number(), &mut out).unwrap();
        self.asked.push(None);
        self.write(&out);
        let text = String::from_utf8(out).unwrap();
        let id = text.lines().find_map(|line| line.strip_prefix("ActionID: "));
        id.unwrap().to_owned()
    }

    /// Sends an action, and returns the response.
    pub(crate) fn request(&mut self, action: &Action<'_>) -> String {
        let from = self.read.len();
        let id = self.send(action);
        self.wait_from(from, &["Response: ", &id])
    }

    /// The name and the state of each channel (`CoreShowChannels`).
    pub(crate) fn channels(&mut self) -> Vec<(String, String)> {
        let from = self.read.len();
        self.send(&Action::Probe(Row { name: "CoreShowChannels", rights: Rights::NONE }));
        self.wait_from(from, &["Event: CoreShowChannelsComplete"]);
        let items = self.read.iter().skip(from).filter(|item| item.starts_with("Event: CoreShowChannel\r"));
        let value = |item: &str, key: &str| {
            let line = item.lines().find_map(|line| line.strip_prefix(key));
            line.unwrap_or_else(|| panic!("no {key} {item}")).to_owned()
        };
        items.map(|item| (value(item, "Channel: "), value(item, "ChannelStateDesc: "))).collect()
    }

    fn ask(&mut self, ask: Ask, user: &str, secret: &str) {
        let (mut out, number) = (Vec::new(), self.number());
        match ask {
            Ask::Challenge => Action::Challenge.write(self.ids, number, &mut out).unwrap(),
            Ask::Probe(index) => Action::Probe(PROBES[index].1).write(self.ids, number, &mut out).unwrap(),
            Ask::Login(challenge) => {
                let mut login = Vec::new();
                let at = write::login(Value::new(user).unwrap(), "on", self.ids, number, &mut login).unwrap();
                let fill = Fill { secret: SecretId(0), at, filling: Filling::Md5 { challenge } };
                fill.apply(&login, secret, &mut out).unwrap();
            }
        }
        self.asked.push(Some(ask));
        self.write(&out);
    }

    /// The number of the next action.
    fn number(&self) -> u64 {
        self.asked.len().try_into().unwrap()
    }

    fn write(&mut self, bytes: &[u8]) {
        self.world.step(&Step::Sent(bytes.to_vec()));
        self.stream.write_all(bytes).unwrap();
    }

    /// Takes in what comes within a moment. Returns whether the connection is open.
    pub(crate) fn receive(&mut self) -> bool {
        let mut bytes = [0; 16_384];
        let length = match self.stream.read(&mut bytes) {
            Ok(0) => return false,
            Ok(length) => length,
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => return true,
            Err(_) => return false,
        };
        let mut rest = &bytes[..length];
        self.world.step(&Step::Came(rest.to_vec()));
        while !rest.is_empty() {
            let (taken, read) = self.reader.push(rest);
            match read {
                Read::Incomplete => {}
                Read::Greeting(_) => self.next = self.session.greeted(),
                Read::Message(message) => {
                    self.read.push(message.as_str().to_owned());
                    if let Some(ask) = asked(&message, self.ids, &self.asked) {
                        let next = self.session.responded(ask, &message);
                        if next != Next::Wait {
                            self.next = next;
                        }
                    }
                }
                Read::Rejected(flaw) => panic!("{flaw}: {}", String::from_utf8_lossy(rest)),
                Read::Broken => panic!("no AMI: {}", String::from_utf8_lossy(rest)),
            }
            rest = &rest[taken..];
        }
        true
    }

    /// Waits for a message with all of these parts, however long ago it came; returns it.
    pub(crate) fn wait_for(&mut self, parts: &[&str]) -> String {
        self.wait_from(0, parts)
    }

    /// Takes in what comes until a line was told something that contains `part`.
    pub(crate) fn told(&mut self, line: &str, part: &str) {
        let began = Instant::now();
        while !self.world.told.get(line).into_iter().flatten().any(|told| told.contains(part)) {
            assert!(began.elapsed() < PATIENCE, "{line} is not told '{part}':\n{}", self.world.heard());
            self.receive();
        }
    }

    /// Takes in what comes until there are no calls.
    pub(crate) fn until_over(&mut self) {
        let began = Instant::now();
        while !self.world.calls.is_empty() {
            assert!(began.elapsed() < PATIENCE, "calls are left: {:?}", self.world.calls);
            self.receive();
        }
    }

    /// Takes in what comes for so long.
    pub(crate) fn pause(&mut self, length: Duration) {
        let began = Instant::now();
        while began.elapsed() < length && self.receive() {}
    }

    fn wait_from(&mut self, from: usize, parts: &[&str]) -> String {
        let began = Instant::now();
        loop {
            let has_all = |message: &&String| parts.iter().all(|part| message.contains(part));
            if let Some(found) = self.read.iter().skip(from).find(has_all) {
                return found.clone();
            }
            let first = |message: &String| message.lines().next().unwrap_or_default().to_owned();
            let late = || self.read.iter().map(first).collect::<Vec<_>>();
            assert!(began.elapsed() < PATIENCE, "no message has {parts:?}: {:?}", late());
            if !self.receive() {
                thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// What a message responds to.
fn asked(message: &Message<'_>, ids: ActionIds, asked: &[Option<Ask>]) -> Option<Ask> {
    let Kind::Response(_) = message.kind() else { return None };
    let number = message.action_id().and_then(|id| ids.number(id))?;
    *asked.get(usize::try_from(number).ok()?)?
}
