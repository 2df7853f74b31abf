//! Conformance tests for shells, with small machines on loopback sockets. Both shells compile this file; each provides
//! its shell as `crate::run::SHELL`.

use core::net::SocketAddr;
use core::time::Duration;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::mpsc::{self, Receiver, Sender};
use std::thread::{self, JoinHandle};
use std::time::Instant as Monotonic;

use ctigate_core::{
    Actions, Closed, Command, Input, Instant, Level, LinkId, ListenerId, Machine, NoRecorder, Refusal,
    StoreFault, Taken, Wake, Why,
};
use ctigate_host::net::secrets::Secrets;
use ctigate_host::record::console::{Console, Format};
use ctigate_host::shell::{CONNECT_LIMIT, Limits, Listener, Program, Said, Shell, Silence, Socket, Speaker};
use ctigate_host::store::Store;

use crate::run::SHELL;

const PATIENCE: Duration = Duration::from_secs(5);

/// Limits with few links, and with room for all bytes that these tests let wait.
const LIMITS: Limits =
    Limits { links: 10, sockets: 20, queue_bytes: 64 * 1024 * 1024, stalled: Duration::from_mins(1) };

/// Echoes what it gets. On a link, `flood` asks for more and more bytes, `fill` for 16 MiB, and `quit` closes it; a
/// line of text is an address to connect to; Stop ends it. It reports its inputs to the test.
struct Echo {
    seen: Sender<Seen>,
    next_link: u64,
    flooded: Option<LinkId>,
    ticks: u32,
    wake: Option<Instant>,
    ignores_stop: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Seen {
    Restored(String),
    Listening(ListenerId),
    Opened(LinkId),
    Closed(LinkId, Closed),
    Ticks(u32, Instant),
}

const FLOOD_STEP: usize = 256 * 1024;

impl Echo {
    fn tell(&self, seen: Seen) {
        self.seen.send(seen).unwrap();
    }

    fn bytes(&mut self, link: LinkId, bytes: &[u8], actions: &mut Actions) {
        match bytes {
            b"flood" => {
                self.flooded = Some(link);
                self.wake = Some(Instant::ZERO);
            }
            b"fill" => actions.write(link, &vec![b'x'; 16 * 1024 * 1024]),
            b"quit" => {
                actions.write(link, b"bye");
                actions.close(link);
            }
            other => actions.write(link, other),
        }
    }

    fn command(&mut self, now: Instant, command: Command<'_>, actions: &mut Actions) {
        match command {
            Command::Line("timer") => self.wake = Some(now + ctigate_core::Duration::from_millis(50)),
            Command::Line(address) => {
                self.next_link += 2;
                actions.connect(LinkId::new(self.next_link), address);
            }
            Command::Stop if self.ignores_stop => {}
            Command::Drain | Command::Undrain | Command::Redial(_) | Command::Select { .. } => {}
            Command::End | Command::Stop => actions.finish(7),
        }
    }

    fn tick(&mut self, now: Instant, actions: &mut Actions) {
        self.ticks += 1;
        self.wake = None;
        if let Some(link) = self.flooded {
            actions.write(link, &vec![b'x'; FLOOD_STEP]);
            self.wake = Some(now + ctigate_core::Duration::from_millis(1));
        } else {
            self.tell(Seen::Ticks(self.ticks, now));
        }
    }
}

impl Machine for Echo {
    fn listens(&self) -> Vec<ctigate_core::Listen> {
        Vec::new()
    }

    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        match input {
            Input::Tick => self.tick(now, actions),
            Input::Restored { key, value } => self.tell(Seen::Restored(format!("{key}={value}"))),
            Input::Persisted { token, result } => actions.reply(Some(token), result.map_err(Refusal::Unkept)),
            Input::Listening { listener, .. } => self.tell(Seen::Listening(listener)),
            Input::Opened { link, peer } => {
                if peer.listener.is_none() {
                    actions.write(link, b"hello");
                }
                self.tell(Seen::Opened(link));
            }
            Input::Bytes { link, bytes } => {
                self.bytes(link, bytes, actions);
                return Taken(bytes.len());
            }
            Input::Closed { link, why } => {
                self.flooded = None;
                self.tell(Seen::Closed(link, why));
            }
            Input::Datagram { listener, peer, bytes } => actions.send_datagram(listener, peer, bytes),
            Input::Command { token: Some(token), command: Command::Select { user, choice } } => {
                actions.persist(token, format_args!("{user}"), format_args!("{choice}"));
            }
            Input::Command { token, command } => {
                self.command(now, command, actions);
                actions.reply(token, Ok(()));
            }
            Input::Clock { .. } => actions.notify(Level::Info, "clock", &[]),
        }
        Taken(0)
    }

    fn next_wake(&self) -> Option<Wake> {
        self.wake.map(|at| Wake { at, why: Why::Timer("test") })
    }

    fn digest(&mut self) -> u64 {
        0
    }

    fn full_digest(&self) -> u64 {
        0
    }
}

/// An echo machine running in the shell.
struct Running {
    tcp: SocketAddr,
    udp: SocketAddr,
    seen: Receiver<Seen>,
    speaker: Speaker,
    thread: JoinHandle<u8>,
}

impl Running {
    fn start(limits: Limits, ignores_stop: bool) -> Self {
        let (seen, inbox) = mpsc::channel();
        let (speaker, speakers) = mpsc::channel();
        let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
        let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
        let addresses = (tcp.local_addr().unwrap(), udp.local_addr().unwrap());
        let echo = Echo { seen, next_link: 0, flooded: None, ticks: 0, wake: None, ignores_stop };
        let program = Program {
            secrets: Secrets::default(),
            store: Store::default(),
            machine: Box::new(echo),
            recorder: Box::new(NoRecorder),
            console: Console::new(
                Box::new(std::io::sink()),
                Box::new(std::io::sink()),
                Format::Logfmt,
                Level::Debug,
            ),
            listeners: vec![
                Listener { id: ListenerId::new(0), address: addresses.0, socket: Socket::Tcp(tcp) },
                Listener { id: ListenerId::new(1), address: addresses.1, socket: Socket::Udp(udp) },
            ],
            sources: vec![Box::new(move |given| speaker.send(given).unwrap())],
            limits,
        };
        let thread = thread::spawn(move || SHELL.run(program));
        let running = Self {
            tcp: addresses.0,
            udp: addresses.1,
            seen: inbox,
            speaker: speakers.recv_timeout(PATIENCE).unwrap(),
            thread,
        };
        assert_eq!(running.next(), Seen::Listening(ListenerId::new(0)));
        assert_eq!(running.next(), Seen::Listening(ListenerId::new(1)));
        running
    }

    fn usual() -> Self {
        Self::start(Limits { queue_bytes: 1024 * 1024, ..LIMITS }, false)
    }

    fn next(&self) -> Seen {
        self.seen.recv_timeout(PATIENCE).unwrap()
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.tcp).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        stream
    }

    fn stop(self) {
        assert!(self.speaker.say(Said::Stop));
        assert_eq!(self.thread.join().unwrap(), 7);
    }
}

fn exchange(stream: &mut TcpStream, bytes: &[u8]) {
    stream.write_all(bytes).unwrap();
    let mut back = vec![0; bytes.len()];
    stream.read_exact(&mut back).unwrap();
    assert!(back == bytes, "what came back is not what was sent");
}

#[test]
fn bytes_and_datagrams_reach_the_machine_and_its_answers_the_peer() {
    let running = Running::usual();
    let mut one = running.connect();
    assert_eq!(running.next(), Seen::Opened(LinkId::new(1)));
    let mut two = running.connect();
    assert_eq!(running.next(), Seen::Opened(LinkId::new(3)));
    exchange(&mut one, b"hello");
    exchange(&mut two, &vec![b'y'; 100_000]);
    exchange(&mut one, b"again");
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    socket.send_to(b"datagram", running.udp).unwrap();
    let mut buffer = [0; 100];
    let (length, from) = socket.recv_from(&mut buffer).unwrap();
    assert_eq!((&buffer[..length], from), (&b"datagram"[..], running.udp));
    drop(one);
    assert_eq!(running.next(), Seen::Closed(LinkId::new(1), Closed::ByPeer));
    running.stop();
}

#[test]
fn a_link_the_machine_closes_gets_its_last_words_and_then_the_end() {
    let running = Running::usual();
    let mut stream = running.connect();
    stream.write_all(b"quit").unwrap();
    let mut words = Vec::new();
    stream.read_to_end(&mut words).unwrap();
    assert_eq!(words, b"bye");
    assert_eq!(running.next(), Seen::Opened(LinkId::new(1)));
    drop(stream);
    thread::sleep(Duration::from_millis(50));
    assert!(running.seen.try_recv().is_err(), "no Closed follows Close");
    running.stop();
}

#[test]
fn a_peer_that_stops_sending_still_gets_its_answer() {
    let running = Running::usual();
    let mut stream = running.connect();
    stream.write_all(b"last question").unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut words = Vec::new();
    stream.read_to_end(&mut words).unwrap();
    assert_eq!(words, b"last question");
    running.stop();
}

#[test]
fn a_peer_that_does_not_read_is_closed_as_too_slow_and_others_never_notice() {
    let running = Running::usual();
    let mut slow = running.connect();
    assert_eq!(running.next(), Seen::Opened(LinkId::new(1)));
    let mut other = running.connect();
    assert_eq!(running.next(), Seen::Opened(LinkId::new(3)));
    slow.write_all(b"flood").unwrap();
    let began = Monotonic::now();
    while let Err(mpsc::TryRecvError::Empty) = running.seen.try_recv().map(|seen| {
        assert_eq!(seen, Seen::Closed(LinkId::new(1), Closed::TooSlow));
    }) {
        exchange(&mut other, b"still here");
        assert!(began.elapsed() < PATIENCE, "the slow peer was never closed");
    }
    running.stop();
}

#[test]
fn a_peer_that_takes_nothing_of_what_waits_for_it_is_closed_in_time() {
    let running = Running::start(Limits { stalled: Duration::from_millis(200), ..LIMITS }, false);
    let mut stalled = running.connect();
    assert_eq!(running.next(), Seen::Opened(LinkId::new(1)));
    stalled.write_all(b"fill").unwrap();
    assert_eq!(running.next(), Seen::Closed(LinkId::new(1), Closed::TooSlow));
    exchange(&mut running.connect(), b"still here");
    running.stop();
}

#[test]
fn a_peer_that_is_held_up_and_takes_no_answer_is_closed_in_time() {
    let running = Running::start(Limits { stalled: Duration::from_millis(200), ..LIMITS }, false);
    let mut stalled = running.connect();
    assert_eq!(running.next(), Seen::Opened(LinkId::new(1)));
    stalled.set_write_timeout(Some(PATIENCE)).unwrap();
    let asked = vec![b'x'; 64 * 1024];
    while stalled.write_all(&asked).is_ok() {}
    assert_eq!(running.next(), Seen::Closed(LinkId::new(1), Closed::TooSlow));
    running.stop();
}

#[test]
fn a_peer_that_asks_faster_than_it_reads_is_held_up_and_gets_every_answer() {
    let running = Running::usual();
    let mut peer = running.connect();
    peer.set_write_timeout(Some(Duration::from_millis(300))).unwrap();
    let asked = vec![b'x'; 64 * 1024];
    let mut count = 0;
    // Far more than may wait for a peer, until the shell stops reading.
    while let Ok(written) = peer.write(&asked) {
        count += written;
        assert!(count < 1 << 30, "it reads on and on");
    }
    let mut answers = peer.try_clone().unwrap().take(u64::try_from(count).unwrap());
    assert_eq!(std::io::copy(&mut answers, &mut std::io::sink()).unwrap(), u64::try_from(count).unwrap());
    exchange(&mut peer, b"and on");
    running.stop();
}

#[test]
fn a_peer_that_was_dialled_is_read_however_much_waits_for_it() {
    let running = Running::start(LIMITS, false);
    let there = TcpListener::bind("127.0.0.1:0").unwrap();
    assert!(running.speaker.say(Said::Line(there.local_addr().unwrap().to_string())));
    let (mut peer, _) = there.accept().unwrap();
    assert_eq!(running.next(), Seen::Opened(LinkId::new(2)));
    peer.set_write_timeout(Some(PATIENCE)).unwrap();
    // The peer sends everything before it reads: more than fits into the queue of a link that is not read, and into the
    // system's buffers.
    let said = vec![b'x'; 1024 * 1024];
    for _ in 0..40 {
        peer.write_all(&said).unwrap();
    }
    let mut back = peer.try_clone().unwrap().take(40 * 1024 * 1024 + 5);
    assert_eq!(std::io::copy(&mut back, &mut std::io::sink()).unwrap(), 40 * 1024 * 1024 + 5);
    running.stop();
}

#[test]
fn a_link_that_was_full_gets_everything_once_its_peer_reads() {
    let running = Running::start(LIMITS, false);
    let mut stream = running.connect();
    assert_eq!(running.next(), Seen::Opened(LinkId::new(1)));
    let sent = vec![b'z'; 16 * 1024 * 1024];
    let mut writer = stream.try_clone().unwrap();
    let writing = thread::spawn(move || {
        writer.write_all(&sent).unwrap();
        writer.shutdown(std::net::Shutdown::Write).unwrap();
    });
    thread::sleep(Duration::from_millis(300));
    let mut back = Vec::new();
    stream.read_to_end(&mut back).unwrap();
    writing.join().unwrap();
    assert_eq!(back.len(), 16 * 1024 * 1024);
    assert!(back.iter().all(|byte| *byte == b'z'));
    running.stop();
}

#[test]
fn connections_the_machine_asks_for_are_opened_or_refused_with_the_reason() {
    let running = Running::usual();
    let there = TcpListener::bind("127.0.0.1:0").unwrap();
    assert!(running.speaker.say(Said::Line(there.local_addr().unwrap().to_string())));
    let (mut accepted, _) = there.accept().unwrap();
    assert_eq!(running.next(), Seen::Opened(LinkId::new(2)));
    let mut hello = [0; 5];
    accepted.read_exact(&mut hello).unwrap();
    assert_eq!(&hello, b"hello");
    let nobody = there.local_addr().unwrap();
    drop(there);
    assert!(running.speaker.say(Said::Line(nobody.to_string())));
    assert_eq!(running.next(), Seen::Closed(LinkId::new(4), Closed::Refused));
    // A stream cannot be opened to the broadcast address.
    assert!(running.speaker.say(Said::Line("255.255.255.255:1".into())));
    assert_eq!(running.next(), Seen::Closed(LinkId::new(6), Closed::Unreachable));
    assert!(running.speaker.say(Said::Line("no-such-name.invalid:1".into())));
    let long = running.seen.recv_timeout(CONNECT_LIMIT + PATIENCE).unwrap();
    // An unreachable resolver answers late or not at all.
    assert!(
        matches!(long, Seen::Closed(link, Closed::NameUnknown | Closed::TimedOut) if link == LinkId::new(8)),
        "{long:?}"
    );
    running.stop();
}

#[test]
fn a_connection_that_is_slow_to_open_is_the_machine_s_to_give_up() {
    let running = Running::usual();
    let there = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = there.local_addr().unwrap();
    // Nobody accepts: once the queue is full, the system leaves further connections unanswered.
    let mut queue = Vec::new();
    while let Ok(stream) = TcpStream::connect_timeout(&address, Duration::from_millis(500)) {
        queue.push(stream);
    }
    assert!(running.speaker.say(Said::Line(address.to_string())));
    assert!(running.seen.recv_timeout(Duration::from_secs(12)).is_err(), "longer than 10 s");
    running.stop();
}

#[test]
fn one_link_too_many_is_closed_and_the_machine_never_hears_of_it() {
    let running = Running::start(Limits { links: 1, queue_bytes: 1024, ..LIMITS }, false);
    let mut first = running.connect();
    assert_eq!(running.next(), Seen::Opened(LinkId::new(1)));
    let mut second = running.connect();
    assert!(!matches!(second.read(&mut [0; 1]), Ok(1)), "the second link is closed");
    exchange(&mut first, b"still here");
    assert!(running.seen.try_recv().is_err());
    drop(first);
    assert_eq!(running.next(), Seen::Closed(LinkId::new(1), Closed::ByPeer));
    let _third = running.connect();
    assert_eq!(running.next(), Seen::Opened(LinkId::new(3)));
    running.stop();
}

#[test]
fn a_link_that_was_closed_gives_up_its_socket_early_if_another_needs_it() {
    let running = Running::start(Limits { sockets: 1, ..LIMITS }, false);
    let mut first = running.connect();
    assert_eq!(running.next(), Seen::Opened(LinkId::new(1)));
    first.write_all(b"quit").unwrap();
    let mut words = Vec::new();
    first.read_to_end(&mut words).unwrap();
    let (began, mut second) = (Monotonic::now(), running.connect());
    exchange(&mut second, b"hello");
    while first.write_all(b"more").is_ok() {
        assert!(began.elapsed() < Duration::from_secs(1), "it is read on");
        thread::sleep(Duration::from_millis(5));
    }
    running.stop();
}

#[test]
fn a_timer_wakes_the_machine_once_and_not_before_its_time() {
    let running = Running::usual();
    assert!(running.speaker.say(Said::Line("timer".into())));
    let Seen::Ticks(1, at) = running.next() else { panic!("not one tick") };
    assert!(at >= Instant::from_micros(50_000));
    thread::sleep(Duration::from_millis(100));
    assert!(running.seen.try_recv().is_err(), "one deadline, one tick");
    running.stop();
}

#[test]
fn a_machine_that_does_not_stop_is_stopped_after_ten_seconds() {
    let running = Running::start(Limits { links: 1, queue_bytes: 1024, ..LIMITS }, true);
    let began = Monotonic::now();
    assert!(running.speaker.say(Said::Stop));
    assert_eq!(running.thread.join().unwrap(), 1);
    assert!((Duration::from_secs(9)..Duration::from_secs(15)).contains(&began.elapsed()));
}

#[test]
fn a_command_is_answered_to_whoever_gave_it() {
    let running = Running::usual();
    let select = Said::Select { user: "alice".into(), choice: "automatic".into() };
    let unset = Err(Refusal::Unkept(StoreFault::Unset));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(running.speaker.carry_out(Said::Drain), Ok(Ok(())));
                    assert_eq!(running.speaker.carry_out(select.clone()), Ok(unset));
                }
            });
        }
    });
    let speaker = running.speaker.clone();
    running.stop();
    assert_eq!(speaker.carry_out(Said::Drain), Err(Silence::Gone));
}

#[test]
fn the_listening_addresses_are_free_again_after_the_end() {
    let running = Running::usual();
    let (tcp, udp) = (running.tcp, running.udp);
    running.stop();
    let began = Monotonic::now();
    while TcpListener::bind(tcp).is_err() || UdpSocket::bind(udp).is_err() {
        assert!(began.elapsed() < PATIENCE, "the addresses are still in use");
        thread::sleep(Duration::from_millis(5));
    }
}
