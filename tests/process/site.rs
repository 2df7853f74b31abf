//! A phone system whose lines are shared by devices, ten users, and a gateway that lets each control his own.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;

use crate::office::client_of;
use crate::program::{Folder, Running, output};

/// 1001 is on two devices, of which one has 1002, too; 1003 is a soft phone's; the others are devices by themselves.
const PHONES: [(&str, &str); 8] = [
    ("1001", "SEP1"),
    ("1001", "SEP2"),
    ("1002", "SEP2"),
    ("1003", "SOFT3"),
    ("1004", ""),
    ("1005", ""),
    ("1006", ""),
    ("1007", ""),
];

/// The users, each with what else is said of him.
const USERS: [(&str, &str); 10] = [
    ("alice", "lines = [\"1001\"]"),
    ("bob", "lines = [\"1002\"]"),
    ("carol", "lines = [\"1003\"]"),
    ("dave", "lines = [\"1004\"]\nenabled = false"),
    ("erin", "lines = [\"1005\"]"),
    ("frank", "lines = [\"1006\", \"1007\"]"),
    ("grace", "lines = [\"1001@SEP1\"]"),
    ("heidi", "lines = [\"1007\"]\nmail = \"heidi.hall@example.com\""),
    ("ivan", "lines = []"),
    ("judy", "lines = [\"1004\"]\nrole = \"administrator\""),
];

pub(crate) struct Site {
    folder: Folder,
    switch: Running,
    /// The address of its control links.
    control: String,
    pub(crate) gateway: Running,
    sip: String,
    socket: String,
}

impl Site {
    /// Starts the phone system, takes its lines and devices over into a directory, adds the users, and starts the gateway,
    /// which records.
    pub(crate) fn open(name: &str) -> Self {
        let folder = Folder::new(name);
        let phone = |(number, device): &(&str, &str)| {
            format!("[[phone]]\nnumber = \"{number}\"\ndevice = \"{device}\"\n")
        };
        let phones = folder.write("phones.toml", &PHONES.iter().map(phone).collect::<String>());
        let any = "127.0.0.1:0";
        let switch = Running::start(&["switch", "--listen", any, "--control", any, "--config", &phones], "");
        let cti = switch.wait_for("key=listen transport=TCP address=");
        let control = switch.wait_for("key=control transport=TCP address=");
        let (socket, store) = (folder.path("control.sock"), folder.path("store.redb"));
        let text = format!(
            "[sip]\ntcp = [\"{any}\"]\n[[cti.connection]]\nname = \"pbx\"\naddress = \"{cti}\"\n\
             [control]\nsocket = \"{socket}\"\n[store]\npath = \"{store}\"\n\
             [directory]\nmode = \"listed\"\ndomains = [\"example.com\"]\nserver = \"ocs\"\n"
        );
        let config = folder.write("gateway.toml", &text);
        let found = folder.path("found.directory");
        let import = ["directory", "import", "--connection", "pbx", "--config", &config, "--output", &found];
        let (status, _, err) = output(&import);
        assert_eq!(status, 0, "{err}");
        let user = |(id, more): &(&str, &str)| format!("[[user]]\nid = \"{id}\"\n{more}\n");
        let users: String = USERS.iter().map(user).collect();
        let config = folder.write("gateway.toml", &format!("{text}files = [\"{found}\"]\n{users}"));
        let gateway = Running::start(&["run", "--config", &config, "--record", folder.text()], "");
        let sip = gateway.wait_for("key=sip.tcp transport=TCP address=");
        gateway.wait_for("name=cti_in_service");
        Self { folder, switch, control, gateway, sip, socket }
    }

    /// A client of a user, whose line URI has `line` behind its scheme.
    pub(crate) fn client(&self, user: &str, line: &str, script: &str) -> Running {
        client_of(&self.sip, &format!("sip:{user}@example.com"), line, script)
    }

    /// The directory that was made of what the phone system says.
    pub(crate) fn found(&self) -> String {
        fs::read_to_string(self.folder.path("found.directory")).unwrap()
    }

    /// Somebody does something at a phone; returns what he is answered behind `ok`.
    pub(crate) fn at_phones(&self, line: &str) -> String {
        let mut stream = TcpStream::connect(&self.control).unwrap();
        stream.write_all(format!("{line}\n").as_bytes()).unwrap();
        let mut answer = String::new();
        BufReader::new(stream).read_line(&mut answer).unwrap();
        let said = answer.strip_prefix("ok").unwrap_or_else(|| panic!("{line}: {answer}"));
        said.trim().into()
    }

    /// The output of `ctl`: its exit status, and both streams.
    pub(crate) fn ctl(&self, words: &[&str]) -> (i32, String) {
        let (status, out, err) = output(&[&["ctl"], words, &["--socket", &self.socket]].concat());
        (status, out + &err)
    }

    /// What `explain` says by the configuration, and what the running gateway says.
    pub(crate) fn explained(&self, question: &[&str]) -> [(i32, String); 2] {
        let config = self.folder.path("gateway.toml");
        let (status, out, err) = output(&[&["explain", "--json", "--config", &config], question].concat());
        [(status, out + &err), self.ctl(&[&["explain", "--json"], question].concat())]
    }

    /// The value of one of the gateway's counters.
    pub(crate) fn counter(&self, name: &str) -> u64 {
        let (_, table) = self.ctl(&["status"]);
        let row = table.lines().find_map(|line| line.strip_prefix(name));
        row.unwrap_or_else(|| panic!("{name} is not in {table}")).trim().parse().unwrap()
    }

    /// Changes the configuration by `change`, and tells the gateway to reload it; returns what it says.
    pub(crate) fn reload(&self, change: impl FnOnce(String) -> String) -> String {
        let path = self.folder.path("gateway.toml");
        fs::write(&path, change(fs::read_to_string(&path).unwrap())).unwrap();
        let (status, said) = self.ctl(&["reload"]);
        assert_eq!(status, 0, "{said}");
        said
    }

    /// Stops both, and replays what the gateway recorded.
    pub(crate) fn close(self) {
        let Self { folder, mut switch, mut gateway, .. } = self;
        gateway.signal("TERM");
        assert_eq!(gateway.end(), 0, "{}", gateway.said());
        switch.signal("TERM");
        assert_eq!(switch.end(), 0, "{}", switch.said());
        let (status, out, err) = output(&["replay", &folder.only("trace")]);
        assert_eq!(status, 0, "{out}{err}");
    }
}
