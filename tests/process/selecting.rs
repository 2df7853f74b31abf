//! Users' choices are remembered, whatever happens to the program and to its store.

use core::fmt::Write as _;
use core::time::Duration;
use std::collections::BTreeMap;
use std::fs::{self, Permissions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::process::Command;
use std::sync::Mutex;
use std::thread;

use crate::command;
use crate::program::{Folder, Running, output};

/// How often the gateway is killed.
const LIVES: u32 = 100;
/// How many users choose at the same time.
const USERS: u32 = 4;

/// How many devices have the line, beside those with a name of their own.
const DESKS: usize = 500;
/// How many users choose from many threads: how many threads, and how many users each.
const CROWD: (usize, usize) = (6, 170);
/// How many users with long IDs there are: more than a full store has room for.
const LONG: usize = 500;

/// The ID of one user with a long ID, and the device with a long name.
fn long_user(number: usize) -> String {
    format!("user{number:05}.{}", "x".repeat(100))
}

fn long_device() -> String {
    format!("desk.{}", "x".repeat(50))
}

/// The directory file of the nodes.
fn site() -> String {
    let mut text = String::from("ctigate directory 1\nline 1001\n");
    let named = ["SEP0002FD3BB5C5", "softphone", "desk", "other", "third"].map(String::from);
    let desks = (0..DESKS).map(|number| format!("desk{number}"));
    for device in named.into_iter().chain([long_device()]).chain(desks) {
        let index = if device == "desk" { 7 } else { 1 };
        writeln!(text, "device {device}\nappearance 1001 {device} {index}").unwrap();
    }
    let crowd =
        (0..CROWD.0).flat_map(|part| (0..CROWD.1).map(move |number| format!("user{part}{number:03}")));
    let choosing = (0..USERS).map(|user| format!("user{user}"));
    let users = ["alice", "bob"].map(String::from).into_iter().chain(crowd).chain(choosing);
    for user in users.chain((0..LONG).map(long_user)) {
        writeln!(text, "user {user} line=1001").unwrap();
    }
    text
}

/// A gateway whose phone system is never there, with the files of its folder.
struct Node {
    folder: Folder,
    config: String,
}

impl Node {
    /// A node with a store.
    fn new(name: &str) -> Self {
        let folder = Folder::new(name);
        let store = folder.path("store.redb");
        Self::with(folder, &format!("[store]\npath = \"{store}\"\n"))
    }

    /// A node whose users share a line, which is on many devices.
    fn with(folder: Folder, more: &str) -> Self {
        folder.write("site.directory", &site());
        Self::bare(folder, &format!("[directory]\nfiles = [\"site.directory\"]\n{more}"))
    }

    /// A node without users.
    fn bare(folder: Folder, more: &str) -> Self {
        let socket = folder.path("control.sock");
        let text = format!(
            "[sip]\ntcp = [\"127.0.0.1:0\"]\n[[cti.connection]]\naddress = \"127.0.0.1:1\"\n\
             [control]\nsocket = \"{socket}\"\n{more}"
        );
        let config = folder.write("gateway.toml", &text);
        Self { folder, config }
    }

    fn start(&self) -> Running {
        Self::started(Running::start(&["run", "--config", &self.config], ""))
    }

    fn start_after(&self, before: &str) -> Running {
        Self::started(Running::start_after(before, &["run", "--config", &self.config]))
    }

    /// Starts it so that permissions count, although the test may be run by root.
    fn start_unprivileged(&self) -> Running {
        let is_root =
            fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
        if !is_root {
            return self.start();
        }
        let mut bounded = Command::new("setpriv");
        bounded.args(["--bounding-set", "-dac_override,-dac_read_search"]).arg(command().get_program());
        Self::started(Running::spawn(bounded.args(["run", "--config", &self.config])))
    }

    fn started(running: Running) -> Running {
        running.wait_for("key=sip.tcp transport=TCP address=");
        running
    }

    /// One conversation over the control socket; `None` if the gateway dies meanwhile.
    fn say(&self, line: &str) -> Option<String> {
        let mut stream = UnixStream::connect(self.folder.path("control.sock")).ok()?;
        stream.write_all(format!("{line}\n").as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        Some(answer).filter(|answer| !answer.is_empty())
    }

    fn select(&self, user: &str, choice: &str) -> Option<String> {
        self.say(&format!("select {user} {choice}"))
    }

    fn ctl(&self, words: &[&str]) -> (i32, String, String) {
        output(&[&["ctl"], words, &["--config", &self.config]].concat())
    }

    fn selections(&self) -> BTreeMap<String, String> {
        let (status, out, err) = self.ctl(&["selections"]);
        assert_eq!((status, err.as_str()), (0, ""));
        let pairs = out.lines().map(|line| line.split_once(' ').unwrap());
        pairs.map(|(user, choice)| (user.into(), choice.into())).collect()
    }

    fn stop(mut running: Running) -> String {
        running.signal("TERM");
        assert_eq!(running.end(), 0, "{}", running.said());
        running.said()
    }
}

#[test]
fn a_choice_is_remembered_by_the_next_run() {
    let node = Node::new("select");
    let traces = node.folder.path("traces");
    let run = ["run", "--config", &node.config, "--record", &traces];
    let running = Node::started(Running::start(&run, ""));
    let good = |text: &str| (0, text.to_owned(), String::new());
    assert_eq!(node.ctl(&["selections"]), good(""));
    assert_eq!(node.ctl(&["select", "Alice", "SEP0002FD3BB5C5:1"]), good("Alice: SEP0002FD3BB5C5:1\n"));
    assert_eq!(node.ctl(&["select", "bob", "softphone"]), good("bob: softphone\n"));
    let (status, _, err) = node.ctl(&["select", "bob", "softphone:0"]);
    assert!(status == 1 && err.contains("expected 'automatic' or DEVICE[:INDEX]"), "{err}");
    assert_eq!(node.ctl(&["selections"]), good("alice SEP0002FD3BB5C5:1\nbob softphone\n"));
    Node::stop(running);
    let running = Node::started(Running::start(&run, ""));
    assert!(running.said().contains("name=store_opened"), "{}", running.said());
    assert_eq!(node.ctl(&["selections"]), good("alice SEP0002FD3BB5C5:1\nbob softphone\n"));
    assert_eq!(node.ctl(&["select", "alice", "automatic"]), good("alice: automatic\n"));
    Node::stop(running);
    let running = node.start();
    assert_eq!(node.ctl(&["selections"]), good("bob softphone\n"));
    Node::stop(running);
    // A replay needs no store.
    fs::remove_file(node.folder.path("store.redb")).unwrap();
    let files = fs::read_dir(&traces).unwrap().map(|entry| entry.unwrap().path());
    let segments: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|kind| kind == "trace")).collect();
    assert_eq!(segments.len(), 2, "{segments:?}");
    for segment in segments {
        let (status, out, err) = output(&["replay", segment.to_str().unwrap()]);
        assert_eq!(status, 0, "{out}{err}");
    }
}

#[test]
fn many_choices_are_listed_in_portions() {
    let node = Node::new("select-many");
    let running = node.start();
    thread::scope(|scope| {
        for part in 0..CROWD.0 {
            let node = &node;
            scope.spawn(move || {
                for number in 0..CROWD.1 {
                    let answer = node.select(&format!("user{part}{number:03}"), "desk:7").unwrap();
                    assert!(answer.starts_with("ok\n"), "{answer}");
                }
            });
        }
    });
    assert_eq!(node.selections().len(), CROWD.0 * CROWD.1);
    Node::stop(running);
}

/// What one user asked for, in order, and how many of these requests were acknowledged.
#[derive(Default)]
struct Ledger {
    asked: Vec<String>,
    acknowledged: usize,
}

impl Ledger {
    /// Chooses again and again until the gateway is gone.
    fn choose(&mut self, node: &Node, user: &str) {
        loop {
            let number = self.asked.len();
            let choice =
                if number % 5 == 4 { "automatic".to_owned() } else { format!("desk{}", number % DESKS) };
            self.asked.push(choice.clone());
            match node.select(user, &choice) {
                Some(answer) if answer.starts_with("ok\n") => self.acknowledged = self.asked.len(),
                Some(answer) => panic!("{user} {choice}: {answer}"),
                None => return,
            }
        }
    }

    /// Whether the choice that is in force now is the one acknowledged last, or was asked for later.
    fn allows(&self, now: Option<&String>) -> bool {
        let now = now.map_or("automatic", String::as_str);
        let first = self.acknowledged.saturating_sub(1);
        self.asked.iter().skip(first).any(|choice| choice == now)
            || self.acknowledged == 0 && now == "automatic"
    }
}

#[test]
fn nothing_acknowledged_is_lost_when_the_gateway_is_killed_a_hundred_times() {
    let node = Node::new("select-kill");
    let ledgers: Vec<_> = (0..USERS).map(|_| Mutex::new(Ledger::default())).collect();
    for life in 0..LIVES {
        let mut running = node.start();
        let found = node.selections();
        for (user, ledger) in (0..).zip(&ledgers) {
            let ledger = ledger.lock().unwrap();
            let now = found.get(&format!("user{user}"));
            let last = ledger.asked.len().saturating_sub(5);
            assert!(
                ledger.allows(now),
                "life {life}, user {user}: {now:?} after {} of {} {:?}",
                ledger.acknowledged,
                ledger.asked.len(),
                &ledger.asked[last..]
            );
        }
        thread::scope(|scope| {
            for (user, ledger) in (0..).zip(&ledgers) {
                let node = &node;
                scope.spawn(move || ledger.lock().unwrap().choose(node, &format!("user{user}")));
            }
            thread::sleep(Duration::from_millis(10 + u64::from(life % 13) * 3));
            running.signal("KILL");
            assert_eq!(running.end(), -1);
        });
        fs::remove_file(node.folder.path("control.sock")).unwrap();
    }
    let acknowledged: usize = ledgers.iter().map(|ledger| ledger.lock().unwrap().acknowledged).sum();
    assert!(acknowledged > 100, "only {acknowledged} were acknowledged");
    assert!(!fs::exists(node.folder.path("store.redb.broken-1")).unwrap());
}

#[test]
fn a_store_that_is_full_says_so_and_loses_nothing() {
    let node = Node::new("select-full");
    let running = node.start();
    assert_eq!(node.ctl(&["select", "alice", "desk"]).0, 0);
    let size = fs::metadata(node.folder.path("store.redb")).unwrap().len();
    Node::stop(running);
    // In blocks of 512 bytes.
    let running = node.start_after(&format!("ulimit -f {}", size / 512));
    let mut kept = 0;
    let refused = loop {
        let answer = node.select(&long_user(kept), &format!("{}:1", long_device())).unwrap();
        if !answer.starts_with("ok\n") {
            break answer;
        }
        kept += 1;
        assert!(kept < LONG, "it is never full");
    };
    assert_eq!(refused, "failed the store is full: its disk has no room, or its file may not grow\n");
    // The log may lag behind the answer.
    let failing = running.wait_for("name=store_failing ");
    assert!(failing.contains("fault=full"), "{failing}");
    assert_eq!(node.selections().len(), kept + 1, "nothing has changed");
    assert_eq!(node.ctl(&["status"]).0, 0);
    Node::stop(running);
    let running = node.start();
    assert_eq!(node.selections().len(), kept + 1);
    assert_eq!(node.ctl(&["select", "bob", "desk"]).0, 0);
    assert!(!running.said().contains("name=store_moved_aside"), "{}", running.said());
    Node::stop(running);
}

#[test]
fn a_store_that_never_had_room_keeps_the_gateway_from_nothing_else() {
    let node = Node::new("select-no-room");
    let running = node.start_after("ulimit -f 8");
    running.wait_for("name=store_unusable");
    assert!(running.said().contains("fault=full"), "{}", running.said());
    let (status, _, err) = node.ctl(&["select", "alice", "desk"]);
    assert!(status == 1 && err.contains("the store is full"), "{err}");
    assert_eq!(node.ctl(&["status"]).0, 0);
    Node::stop(running);
    let running = node.start();
    assert_eq!(node.ctl(&["select", "alice", "desk"]).0, 0, "{}", running.said());
    Node::stop(running);
}

#[test]
fn a_store_that_is_read_only_is_read_and_says_so() {
    let node = Node::new("select-read-only");
    let running = node.start();
    assert_eq!(node.ctl(&["select", "alice", "desk"]).0, 0);
    Node::stop(running);
    let refused = |running: &Running| {
        assert!(running.said().contains("fault=read-only"), "{}", running.said());
        let (status, _, err) = node.ctl(&["select", "alice", "other"]);
        assert!(status == 1 && err.contains("the store can be read only"), "{err}");
    };
    let store = node.folder.path("store.redb");
    fs::set_permissions(&store, Permissions::from_mode(0o400)).unwrap();
    let running = node.start_unprivileged();
    assert_eq!(node.selections().get("alice").map(String::as_str), Some("desk"));
    refused(&running);
    assert_eq!(node.selections().get("alice").map(String::as_str), Some("desk"));
    Node::stop(running);
}

#[test]
fn a_directory_that_is_read_only_keeps_the_gateway_from_nothing_else() {
    let folder = Folder::new("select-directory");
    let directory = folder.path("kept");
    fs::create_dir(&directory).unwrap();
    fs::set_permissions(&directory, Permissions::from_mode(0o555)).unwrap();
    let node = Node::with(folder, &format!("[store]\npath = \"{directory}/store.redb\"\n"));
    let running = node.start_unprivileged();
    assert!(running.said().contains("fault=read-only"), "{}", running.said());
    let (status, _, err) = node.ctl(&["select", "alice", "desk"]);
    assert!(status == 1 && err.contains("the store can be read only"), "{err}");
    assert_eq!(node.ctl(&["status"]).0, 0);
    Node::stop(running);
}

#[test]
fn a_store_that_cannot_be_read_is_moved_aside_and_another_begun() {
    let node = Node::new("select-garbage");
    let store = node.folder.write("store.redb", &"this is no database\n".repeat(1_000));
    let running = node.start();
    running.wait_for(&format!("name=store_moved_aside path={store} to={store}.broken-1 why="));
    assert_eq!(node.ctl(&["select", "alice", "desk"]).0, 0);
    Node::stop(running);
    assert!(fs::read_to_string(format!("{store}.broken-1")).unwrap().starts_with("this is no database"));
    let running = node.start();
    assert_eq!(node.selections().len(), 1);
    Node::stop(running);
}

#[test]
fn a_store_that_another_gateway_uses_is_left_to_it_and_its_user_named() {
    let node = Node::new("select-locked");
    let store = node.folder.path("store.redb");
    let other = Node::with(Folder::new("select-locked-too"), &format!("[store]\npath = \"{store}\"\n"));
    let first = node.start();
    assert_eq!(node.ctl(&["select", "alice", "desk"]).0, 0);
    let second = other.start();
    second.wait_for("name=store_unusable");
    let said = second.said();
    assert!(
        said.contains(&format!("(process {}) uses it", first.id())) && said.contains("fault=in-use"),
        "{said}"
    );
    let (status, _, err) = other.ctl(&["select", "alice", "other"]);
    assert!(status == 1 && err.contains("another process uses the store"), "{err}");
    assert_eq!((node.selections().len(), other.selections().len()), (1, 0));
    assert_eq!(other.ctl(&["status"]).0, 0);
    Node::stop(second);
    assert_eq!(node.ctl(&["select", "alice", "third"]).0, 0, "it is not disturbed");
    Node::stop(first);
}

#[test]
fn without_a_store_a_choice_is_refused_and_the_log_says_so_at_the_start() {
    let node = Node::with(Folder::new("select-unset"), "");
    let running = node.start();
    running.wait_for("name=store_unset");
    let (status, _, err) = node.ctl(&["select", "alice", "desk"]);
    assert!(status == 1 && err.contains("no store is configured (key store.path)"), "{err}");
    Node::stop(running);
}

#[test]
fn a_choice_at_a_gateway_without_users_is_refused_and_what_was_kept_stays() {
    let node = Node::new("select-nobody");
    let running = node.start();
    assert_eq!(node.ctl(&["select", "alice", "softphone"]).0, 0);
    Node::stop(running);
    let store = node.folder.path("store.redb");
    let open = Node::bare(Folder::new("select-open"), &format!("[store]\npath = \"{store}\"\n"));
    let running = open.start();
    for choice in ["desk:7", "automatic"] {
        let (status, out, err) = open.ctl(&["select", "alice", choice]);
        assert_eq!((status, out.as_str()), (1, ""));
        assert!(
            err.contains("there is no directory of users and lines") && err.contains("configure users"),
            "{err}"
        );
    }
    running.wait_for("name=selection_refused user=alice choice=desk:7 why=\"there is no directory");
    assert_eq!(open.selections().get("alice").map(String::as_str), Some("softphone"));
    Node::stop(running);
    let running = node.start();
    assert_eq!(node.selections().get("alice").map(String::as_str), Some("softphone"));
    Node::stop(running);
}

#[test]
fn two_gateways_remember_each_its_own_choices() {
    let (one, two) = (Node::new("select-node-1"), Node::new("select-node-2"));
    let (first, second) = (one.start(), two.start());
    assert_eq!(one.ctl(&["select", "alice", "desk"]).0, 0);
    assert_eq!((one.selections().len(), two.selections().len()), (1, 0));
    Node::stop(first);
    Node::stop(second);
}
