//! A house: Asterisk with the files of `docs/examples/asterisk`, at a loopback address of its own, where every port is free.

use core::sync::atomic::{AtomicU32, Ordering};
use core::time::Duration;
use std::io::Write as _;
use std::net::TcpStream;
use std::time::Instant;
use std::{env, fs, process, thread};

use crate::manager::Manager;
use crate::mortal;
use crate::phone::Phone;
use crate::program::{Folder, Running};

/// How long Asterisk may take to start.
const PATIENCE: Duration = Duration::from_mins(1);

/// What is replaced in the files: the addresses, and where files are.
const PLACES: [(&str, &str, &str); 12] = [
    ("pjsip.conf", "bind = 0.0.0.0:5060", "bind = {address}:5060"),
    ("pjsip.conf", "contact = sip:127.0.0.2:5090", "contact = sip:{outside}:5090"),
    ("pjsip.conf", "match = 127.0.0.2/32", "match = {outside}/32"),
    ("manager.conf", "bindaddr = 127.0.0.1", "bindaddr = {address}"),
    ("rtp.conf", "rtpbindaddr = 0.0.0.0", "rtpbindaddr = {address}"),
    ("musiconhold.conf", "= /usr/", "= {root}/usr/"),
    ("asterisk.conf", "=> /usr/", "=> {root}/usr/"),
    ("asterisk.conf", "=> /etc/asterisk", "=> {folder}/etc"),
    ("asterisk.conf", "=> /var/lib/asterisk", "=> {folder}/lib"),
    ("asterisk.conf", "=> /var/spool/asterisk", "=> {folder}/spool"),
    ("asterisk.conf", "=> /var/run/asterisk", "=> {folder}/run"),
    ("asterisk.conf", "=> /var/log/asterisk", "=> {folder}/log"),
];

/// A running Asterisk.
pub(crate) struct House {
    /// Its loopback address, and that of its phones.
    pub(crate) address: String,
    /// The address of the public network.
    pub(crate) outside: String,
    folder: Folder,
    running: Running,
}

impl House {
    /// Starts Asterisk, and waits until it has started.
    pub(crate) fn open(name: &str) -> Self {
        Self::with(name, &[])
    }

    /// The same with lines after those of these files; `{address}` in them becomes its own.
    pub(crate) fn with(name: &str, additions: &[(&str, &str)]) -> Self {
        let folder = Folder::new(&format!("{name}-asterisk"));
        let [address, outside] = own_addresses();
        for part in ["etc", "lib", "spool", "run", "log"] {
            fs::create_dir(folder.path(part)).unwrap();
        }
        write_files(&folder, &address, &outside);
        for (name, lines) in additions {
            let path = folder.path(&format!("etc/{name}"));
            let text = fs::read_to_string(&path).unwrap();
            fs::write(path, text + &lines.replace("{address}", &address)).unwrap();
        }
        let running = run(&folder);
        let mut house = Self { address, outside, folder, running };
        house.wait_until_booted();
        house
    }

    /// The address of the manager interface.
    pub(crate) fn manager(&self) -> String {
        format!("{}:5038", self.address)
    }

    /// The address for phones.
    pub(crate) fn sip(&self) -> String {
        format!("{}:5060", self.address)
    }

    /// The path of a file of this house.
    pub(crate) fn path(&self, name: &str) -> String {
        self.folder.path(name)
    }

    /// A session of the manager interface with all rights, whose calls are told.
    pub(crate) fn watch(&self) -> Manager {
        Manager::open(&self.manager(), "ctigate", "example").unwrap()
    }

    /// Switches on the phones with these numbers.
    pub(crate) fn phones<const N: usize>(&self, numbers: [&str; N]) -> [Phone; N] {
        numbers.map(|number| Phone::switched_on(self, number))
    }

    /// Ends Asterisk at once, as a fault would.
    pub(crate) fn kill(&mut self) {
        self.running.signal("KILL");
        self.running.end();
    }

    /// Starts it again after [`Self::kill`].
    pub(crate) fn start_again(&mut self) {
        self.running = run(&self.folder);
        self.wait_until_booted();
    }

    /// Gives its console a command.
    pub(crate) fn console(&self, line: &str) {
        let conf = self.path("etc/asterisk.conf");
        let output = mortal("asterisk").args(["-C", &conf, "-rx", line]).output().unwrap();
        assert!(output.status.success(), "{line}: {output:?}");
    }

    /// Its log.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log/messages.log")).unwrap_or_default()
    }

    pub(crate) fn wait_until_booted(&mut self) {
        let began = Instant::now();
        while TcpStream::connect(self.manager()).is_err() {
            let has_ended = self.running.ended_within(Duration::from_millis(50)).is_some();
            let is_late = began.elapsed() > PATIENCE;
            assert!(
                !has_ended && !is_late,
                "Asterisk does not start:\n{}{}",
                self.running.said(),
                self.log()
            );
        }
        // A login is told when everything is there.
        self.watch().wait_for(&["Event: FullyBooted"]);
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if self.running.is_running() {
            self.running.signal("TERM");
            self.running.ended_within(Duration::from_secs(10));
        }
        if thread::panicking() {
            let _ = std::io::stderr().write_all(self.log().as_bytes());
        }
    }
}

fn run(folder: &Folder) -> Running {
    Running::spawn(mortal("asterisk").args(["-f", "-q", "-C", &folder.path("etc/asterisk.conf")]))
}

/// Copies the documented files, with the places replaced.
fn write_files(folder: &Folder, address: &str, outside: &str) {
    let root = env::var("CTIGATE_ASTERISK").unwrap_or_default();
    let source = format!("{}/../docs/examples/asterisk", env!("CARGO_MANIFEST_DIR"));
    for entry in fs::read_dir(source).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        let mut text = fs::read_to_string(&path).unwrap();
        for (_, from, to) in PLACES.iter().filter(|(file, _, _)| *file == name) {
            assert!(text.contains(from), "{name} has no '{from}'");
            let to = to.replace("{address}", address).replace("{outside}", outside).replace("{root}", &root);
            text = text.replace(from, &to.replace("{folder}", folder.text()));
        }
        folder.write(&format!("etc/{name}"), &text);
    }
}

/// Two loopback addresses that nobody else uses, so that every port is free there.
fn own_addresses() -> [String; 2] {
    static HOUSES: AtomicU32 = AtomicU32::new(0);
    let house = (process::id() << 5) | (HOUSES.fetch_add(1, Ordering::Relaxed) & 31);
    let [_, high, middle, low] = house.to_be_bytes();
    [0x80, 0xc0].map(|network| format!("127.{}.{middle}.{low}", (high & 0x3f) | network))
}
