//! The administrator's page names what there is.

use std::fs;
use std::path::Path;

use ctigate_core::secret::Fill;
use ctigate_core::trace::Header;
use ctigate_core::{
    Effects, Input, Instant, LinkId, ListenerId, Machine as _, NoRecorder, Notice, Peer, Pump, ReplyResult,
    Seed, Token,
};
use ctigate_peers::client;
use ctigate_peers::switch::{SWITCH_KEYS, Switch, SwitchConfig};

fn page() -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/administration.md")).unwrap()
}

/// What the phone system writes.
#[derive(Default)]
struct Written(String);

impl Effects for Written {
    fn connect(&mut self, _link: LinkId, _address: &str) {}

    fn write(&mut self, _link: LinkId, bytes: &[u8]) {
        self.0.push_str(&String::from_utf8_lossy(bytes));
    }

    fn write_secret(&mut self, _link: LinkId, _bytes: &[u8], _fill: Fill) {}

    fn close(&mut self, _link: LinkId) {}

    fn send_datagram(&mut self, _listener: ListenerId, _peer: core::net::SocketAddr, _bytes: &[u8]) {}

    fn notify(&mut self, _notice: Notice<'_>) {}

    fn print(&mut self, _text: &str) {}

    fn persist(&mut self, _token: Token, _key: &str, _value: &str) {}

    fn reply(&mut self, _token: Token, _result: ReplyResult) {}

    fn finish(&mut self, _status: u8) {}
}

/// The phone system's answer to `help`.
fn help() -> String {
    let settings = ["listen = [\"127.0.0.1:0\"]", "control = \"127.0.0.1:0\""];
    let settings = settings.map(|line| ctigate_core::setting::read_line(line).unwrap());
    let header = Header::new("switch", Seed::from_number(1), settings.into());
    let machine = Switch::new(SwitchConfig::from_settings(&header.settings).unwrap(), header.seed);
    assert_eq!(machine.listens().len(), 2);
    let mut pump = Pump::new(machine, NoRecorder);
    let (mut written, link) = (Written::default(), pump.accepted());
    let address = "127.0.0.1:4000".parse().unwrap();
    let peer = Peer { address, local: address, listener: Some(ListenerId::new(1)) };
    pump.input(Instant::ZERO, Input::Opened { link, peer }, &mut written);
    pump.input(Instant::ZERO, Input::Bytes { link, bytes: b"help\n" }, &mut written);
    written.0
}

#[test]
fn the_administrators_page_names_every_key_and_verb_of_the_phone_system() {
    let page = page();
    for key in SWITCH_KEYS {
        let name = key
            .name
            .strip_suffix("[]")
            .map_or_else(|| key.name.replace("[]", ""), |list| format!("[[{list}]]"));
        assert!(page.contains(&format!("`{name}`")), "{name} is not in docs/administration.md");
    }
    let help = help();
    let verbs: Vec<&str> = help
        .trim_start_matches("ok ")
        .split(", ")
        .filter_map(|command| command.split_whitespace().next())
        .collect();
    assert!(verbs.len() > 12, "{help}");
    for verb in verbs {
        let is_named = page.contains(&format!("`{verb} ")) || page.contains(&format!("`{verb}`"));
        assert!(is_named, "{verb} of «{help}» is not in docs/administration.md");
    }
}

#[test]
fn the_administrators_page_names_every_command_of_the_client() {
    let page = page();
    for word in client::asking() {
        assert!(page.contains(&format!("`{word}`")), "{word} is not in docs/administration.md");
    }
}
