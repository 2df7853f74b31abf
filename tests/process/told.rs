//! The table of stories, told by processes: a phone system, a gateway and scripted clients.

use core::fmt::Write as _;
use core::time::Duration;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::sync::Mutex;
use std::thread;

use ctigate_tests::stories::{Stage, Story, stories};

use crate::command;
use crate::program::{Folder, Running};

/// How many stories are told at a time.
const TELLERS: usize = 4;

/// A line that each client answers with one line as soon as it has done all lines before.
const SYNC: (&str, &str) = ("help quit\n", "quit: ");

/// How long a client takes for a line at most: longer than it waits for something.
const PATIENCE: Duration = Duration::from_secs(65);

/// The processes of a story.
struct Processes {
    control: BufReader<TcpStream>,
    gateway: Running,
    sip: String,
    clients: BTreeMap<String, Running>,
    switch: Running,
    _folder: Folder,
}

impl Processes {
    fn start(index: usize, story: &Story) -> Self {
        let folder = Folder::new(&format!("story-{index}"));
        let config = folder.write("switch.toml", &toml(story.switch));
        let any = "127.0.0.1:0";
        let switch = Running::start(&["switch", "--listen", any, "--control", any, "--config", &config], "");
        let cti = switch.wait_for("key=listen transport=TCP address=");
        let control = TcpStream::connect(switch.wait_for("key=control transport=TCP address=")).unwrap();
        let config = format!(
            "[sip]\ntcp = [\"{any}\"]\n[cti]\nrecovery = \"rebind\"\n[[cti.connection]]\naddress = \"{cti}\"\n\
             foreign_calls = true\n"
        );
        let gateway = Running::start(&["run", "--config", &folder.write("gateway.toml", &config)], "");
        let sip = gateway.wait_for("key=sip.tcp transport=TCP address=");
        gateway.wait_for("name=cti_in_service");
        let control = BufReader::new(control);
        Self { control, gateway, sip, clients: BTreeMap::new(), switch, _folder: folder }
    }

    fn of(&mut self, who: &str) -> Result<&mut Running, String> {
        self.clients.get_mut(who).ok_or_else(|| format!("{who} is not signed in"))
    }

    /// Waits until every client has ended, and stops the others.
    fn end(mut self) -> Result<(), String> {
        for (who, client) in &mut self.clients {
            let status = client.end_within(PATIENCE);
            if status != 0 {
                return Err(format!("{who}'s client ended with {status}:\n{}", client.said()));
            }
        }
        for running in [&mut self.gateway, &mut self.switch] {
            running.signal("TERM");
            let status = running.end();
            if status != 0 {
                return Err(format!("ended with {status}:\n{}", running.said()));
            }
        }
        Ok(())
    }
}

/// A configuration file with these settings.
fn toml(settings: &[&str]) -> String {
    let (listed, plain): (Vec<&str>, Vec<&str>) =
        settings.iter().partition(|line| line.split(" = ").next().is_some_and(|key| key.contains("].")));
    let mut text = plain.join("\n") + "\n";
    let mut last = "";
    for line in listed {
        let (table, member) = line.split_once("].").unwrap();
        if table != last {
            let name = table.split('[').next().unwrap();
            writeln!(text, "[[{name}]]").unwrap();
            last = table;
        }
        writeln!(text, "{member}").unwrap();
    }
    text
}

impl Stage for Processes {
    fn sign_in(&mut self, who: &str, line: &str) -> Result<(), String> {
        let (user, line) = (format!("sip:{who}@example.com"), format!("tel:{line};phone-context=dialstring"));
        let arguments = ["client", "--server", &self.sip, "--user", &user, "--line", &line];
        let client = Running::spawn(command().args(arguments));
        client.wait_for("monitor ");
        self.clients.insert(who.into(), client);
        Ok(())
    }

    fn client(&mut self, who: &str, line: &str) -> Result<(), String> {
        self.of(who)?.tell(&format!("{line}\n"));
        Ok(())
    }

    fn done(&mut self, who: &str) -> Result<(), String> {
        let client = self.of(who)?;
        let before = client.said().matches(SYNC.1).count();
        client.tell(SYNC.0);
        let waited = std::time::Instant::now();
        loop {
            let said = client.said();
            if let Some(failed) = said.lines().find(|line| line.starts_with("failed: ")) {
                return Err(format!("{failed}\n{said}"));
            }
            if said.matches(SYNC.1).count() > before {
                return Ok(());
            }
            if waited.elapsed() > PATIENCE {
                return Err(format!("the client does not go on:\n{said}"));
            }
            thread::sleep(Duration::from_millis(5));
        }
    }

    fn phones(&mut self, line: &str) -> Result<String, String> {
        let wrong = |error: std::io::Error| error.to_string();
        self.control.get_mut().write_all(format!("{line}\n").as_bytes()).map_err(wrong)?;
        let mut answer = String::new();
        self.control.read_line(&mut answer).map_err(wrong)?;
        Ok(answer.trim_end().into())
    }

    fn time(&mut self, millis: u64) -> Result<(), String> {
        thread::sleep(Duration::from_millis(millis));
        Ok(())
    }

    fn break_links(&mut self) -> Result<(), String> {
        self.phones("close links").map(|_| ())
    }

    fn restored(&mut self) -> Result<(), String> {
        let lost = self.gateway.said().matches("name=cti_out_of_service").count().max(1);
        self.gateway.wait_for_times("name=cti_in_service ", lost + 1);
        // The monitors follow.
        self.time(2000)
    }
}

#[test]
fn every_story_comes_true_among_processes() {
    let left = Mutex::new(stories().enumerate());
    let faults = Mutex::new(Vec::new());
    let tell = || {
        loop {
            let Some((index, story)) = left.lock().unwrap().next() else { return };
            let mut stage = Processes::start(index, story);
            let told = story.play(&mut stage);
            if let Err(why) = told.and_then(|()| stage.end()) {
                faults.lock().unwrap().push(format!("{}: {why}", story.name));
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..TELLERS {
            scope.spawn(tell);
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{} failed:\n{}", faults.len(), faults.join("\n\n"));
}
