//! The gateway at a real Asterisk, with real phones and the scripted client.

use core::time::Duration;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::thread;

use crate::house::House;
use crate::obedient::Obedient;
use crate::program::{Folder, Running, output};

/// A gateway with the documented configuration.
pub(crate) struct Gateway {
    folder: Folder,
    pub(crate) running: Running,
    /// Its address for clients.
    pub(crate) sip: String,
}

/// What is replaced in the documented configuration.
const PLACES: [(&str, &str); 3] = [
    ("\"127.0.0.1:5070\"", "\"127.0.0.1:0\""),
    ("\"127.0.0.1:5038\"", "\"{manager}\""),
    ("\"/etc/ctigate/asterisk.password\"", "\"{password}\""),
];

/// Replaces what the documented configuration says (a text of it and what is there instead). What comes first finds the
/// addresses of the test in it already.
type Change<'a> = (&'a str, &'a str);

/// Writes the configuration and the secret; returns the configuration's path.
pub(crate) fn configure(folder: &Folder, house: &House, secret: &str, changes: &[Change<'_>]) -> String {
    let password = folder.write("asterisk.password", secret);
    fs::set_permissions(&password, fs::Permissions::from_mode(0o600)).unwrap();
    let example = format!("{}/../docs/examples/asterisk/ctigate.toml", env!("CARGO_MANIFEST_DIR"));
    let mut config = fs::read_to_string(example).unwrap();
    for (from, to) in PLACES {
        assert!(config.contains(from), "{config}");
        config =
            config.replace(from, &to.replace("{manager}", &house.manager()).replace("{password}", &password));
    }
    for (from, to) in changes {
        assert!(config.contains(from), "no {from}: {config}");
        config = config.replace(from, to);
    }
    folder.write("ctigate.toml", &config)
}

impl Gateway {
    pub(crate) fn open(name: &str, house: &House) -> Self {
        Self::changed(name, house, &[])
    }

    /// The same with another configuration.
    pub(crate) fn changed(name: &str, house: &House, changes: &[Change<'_>]) -> Self {
        let folder = Folder::new(name);
        let config = configure(&folder, house, "example\n", changes);
        let running = Running::start(&["run", "--config", &config, "--record", folder.text()], "");
        let sip = running.wait_for("key=sip.tcp transport=TCP address=");
        running.wait_for("name=cti_in_service");
        Self { folder, running, sip }
    }

    /// A client that runs a script.
    pub(crate) fn client(&self, number: &str, script: &str) -> Running {
        let user = format!("sip:{number}@example.com");
        let line = format!("tel:{number};phone-context=dialstring");
        Running::start(&["client", "--server", &self.sip, "--user", &user, "--line", &line], script)
    }

    /// Stops it; its recording replays. Returns its log.
    pub(crate) fn end(mut self) -> String {
        self.running.signal("TERM");
        assert_eq!(self.running.end(), 0, "{}", self.running.said());
        let (status, out, err) = output(&["replay", &self.folder.only("trace")]);
        assert_eq!(status, 0, "{out}{err}");
        self.running.said()
    }

    /// The same, when nothing went wrong.
    pub(crate) fn close(self) {
        let log = self.end();
        assert!(!log.contains("level=error"), "{log}");
    }
}

#[test]
fn a_click_rings_the_own_phone_and_calls_the_number() {
    let house = House::open("click");
    let [mut anna, mut bernd] = house.phones(["1001", "1002"]);
    let gateway = Gateway::open("click", &house);
    let mut client = gateway.client(
        "1001",
        "call 1002\nexpect initiated 5s\nexpect originated 10s\nexpect delivered 10s\nexpect established 10s\n\
         hangup\nexpect cleared 5s\n",
    );
    anna.answers();
    bernd.answers();
    assert_eq!(client.end(), 0, "{}\n{}", client.said(), gateway.running.said());
    bernd.shows("CALL_CLOSED");
    gateway.close();
}

#[test]
fn a_phone_that_obeys_is_answered_held_and_retrieved_by_a_client() {
    let house = House::open("obeys");
    let [mut anna] = house.phones(["1001"]);
    let mut frank = Obedient::switched_on(&house);
    let gateway = Gateway::open("obeys", &house);
    let mut client = gateway.client(
        "1006",
        "expect delivered 10s\nanswer\nexpect established 5s\nhold\nexpect held 5s\nretrieve\nexpect retrieved 5s\n\
         hangup\nexpect cleared 5s\n",
    );
    client.wait_for("monitor xref=");
    anna.does("dial", "1006");
    assert_eq!(client.end(), 0, "{}\n{}", client.said(), gateway.running.said());
    anna.shows("CALL_CLOSED");
    frank.assert_content(&house);
    gateway.close();
}

#[test]
fn a_client_holds_consults_and_transfers_at_a_phone_that_obeys() {
    let house = House::open("transfers");
    let [mut anna, mut bernd] = house.phones(["1001", "1002"]);
    let mut frank = Obedient::switched_on(&house);
    let gateway = Gateway::open("transfers", &house);
    let mut client = gateway.client(
        "1006",
        "expect delivered 10s\nanswer\nexpect established 5s\nconsult 1002\nexpect held 5s\nanswer\nexpect originated 10s\n\
         expect established 10s\ntransfer\nexpect transfered 5s\nexpect calls none 5s\n",
    );
    client.wait_for("monitor xref=");
    anna.does("dial", "1006");
    client.wait_for("event originated");
    bernd.answers();
    assert_eq!(client.end(), 0, "{}\n{}", client.said(), gateway.running.said());
    bernd.hangs_up();
    anna.shows("CALL_CLOSED");
    frank.assert_content(&house);
    gateway.close();
}

#[test]
fn calls_that_a_killed_asterisk_had_are_cleared_at_the_client() {
    let mut house = House::open("killed");
    let [mut anna, mut bernd] = house.phones(["1001", "1002"]);
    let gateway = Gateway::open("killed", &house);
    let mut client = gateway.client(
        "1001",
        "expect established 15s\nsleep 9s\nsnapshot\nexpect refused 481\nexpect calls none 30s\n",
    );
    client.wait_for("monitor xref=");
    anna.does("dial", "1002");
    bernd.answers();
    client.wait_for("event established");
    house.kill();
    gateway.running.wait_for("name=cti_out_of_service");
    house.start_again();
    // People switch their phones off and on.
    drop((anna, bernd));
    let _phones = house.phones(["1001", "1002"]);
    let status = client.end_within(core::time::Duration::from_secs(70));
    assert_eq!(status, 0, "{}\n{}", client.said(), gateway.running.said());
    gateway.end();
}

#[test]
fn a_wrong_secret_is_said_and_not_tried_again_soon() {
    let house = House::open("wrong");
    let folder = Folder::new("wrong");
    let config = configure(&folder, &house, "wrong\n", &[]);
    let mut running = Running::start(&["run", "--config", &config], "");
    running.wait_for("Asterisk refuses the user or the secret");
    thread::sleep(core::time::Duration::from_secs(4));
    assert_eq!(house.log().matches("failed to authenticate as 'ctigate'").count(), 1, "{}", house.log());
    let (status, out, err) = output(&["check", "--connect", "--config", &config]);
    assert!(status != 0 && out.contains("refuses the user or the secret"), "{status} {out} {err}");
    running.signal("TERM");
    running.end();
}

#[test]
fn forwarding_set_at_the_phone_is_shown_by_the_client() {
    let house = House::open("forwards");
    let [mut anna] = house.phones(["1001"]);
    let gateway = Gateway::open("forwards", &house);
    let mut client =
        gateway.client("1001", "expect forwarding 10s\nexpect forwarding 10s\nexpect do-not-disturb 10s\n");
    client.wait_for("monitor xref=");
    for code in ["*721003", "*73", "*78"] {
        anna.does("dial", code);
        anna.shows("CALL_CLOSED");
    }
    assert_eq!(client.end(), 0, "{}\n{}", client.said(), gateway.running.said());
    gateway.close();
}

#[test]
fn forwarding_set_in_the_database_is_shown_by_the_client() {
    let house = House::open("polls");
    let _phones = house.phones(["1001"]);
    let gateway = Gateway::changed("polls", &house, &[("obedient = ", "poll = 1\nobedient = ")]);
    house.console("database put CF 1001 1002");
    let mut client = gateway.client(
        "1001",
        "expect no forwarding 2500ms\nexpect forwarding 10s\nexpect no forwarding 2500ms\nexpect forwarding 10s\n",
    );
    client.wait_for("monitor xref=");
    thread::sleep(Duration::from_secs(3));
    house.console("database put CF 1001 1003");
    thread::sleep(Duration::from_secs(3));
    house.console("database del CF 1001");
    assert_eq!(client.end(), 0, "{}\n{}", client.said(), gateway.running.said());
    gateway.close();
}
