//! SIPE and scripted clients behind Kamailio and two gateway nodes, one of which dies.

use core::time::Duration;
use std::fs;
use std::thread;
use std::time::Instant;

use crate::program::{Folder, Running};
use crate::proxy::Proxy;
use crate::sipe::client::{LINE, PHONES, SESSION, Sipe};
use crate::sipe::until_signed_out;
use crate::site::{Site, Towards};
use crate::{assert_served_well, command};

/// Longer than Kamailio waits for an answer.
const LONG: Duration = Duration::from_secs(15);

/// Phones for two scripted clients, and one for each to call.
const MORE_PHONES: &str = "[[phone]]\nnumber = \"1001\"\ncount = 2\n\
    [[phone]]\nnumber = \"2001\"\ncount = 2\nanswer = \"auto\"\nanswer_after_ms = 50\n";

#[test]
fn s10_sipe_and_a_scripted_client_outlive_kamailio_s_restart_and_their_node_s_death_over_tcp() {
    everybody_goes_on("balanced-tcp", Towards::Tcp);
}

#[test]
fn s10_sipe_and_a_scripted_client_outlive_kamailio_s_restart_and_their_node_s_death_over_udp() {
    everybody_goes_on("balanced-udp", Towards::Udp);
}

fn everybody_goes_on(name: &str, towards: Towards) {
    let mut balanced = Site::open(name, towards, &format!("{PHONES}{MORE_PHONES}"), SESSION);
    let proxy = Proxy::before_balancer(&balanced.kamailio.address, LINE);
    let mut sipe = Sipe::start(name, &proxy.address);
    sipe.signs_in();

    // SIPE answers no event: Kamailio does, after a while, and the session lives on.
    let first = sipe.calls();
    sipe.is_hung_up(&balanced.switch, &first);
    let serving = balanced.take_node_of("alice");
    until_answered(&serving.folder, "408", "INFO", 4);

    // Kamailio begins anew: the connections are gone, and what it knew. The next event finds its way by itself.
    let second = sipe.calls();
    balanced.kamailio.restart();
    sipe.is_hung_up(&balanced.switch, &second);
    sipe.refreshes();

    // One scripted client on each node. The node that serves SIPE dies, and everybody is in a call.
    let mut clients = ["1001", "1002"].map(|number| Client::signs_in(&balanced, number));
    let third = sipe.calls();
    for client in &mut clients {
        client.calls();
    }
    serving.running.signal("KILL");
    sipe.refreshes();
    sipe.is_hung_up(&balanced.switch, &third);
    for client in &mut clients {
        client.refreshes_and_ends_its_call();
        client.calls();
    }
    let fourth = sipe.calls();
    sipe.is_hung_up(&balanced.switch, &fourth);
    for client in clients {
        client.signs_out();
    }
    sipe.signs_out();

    let (_, answers) = until_signed_out(&proxy);
    assert!(answers.iter().all(|answer| answer.starts_with("200 ")), "{answers:?}");
    let said = balanced.kamailio.said();
    assert!(said.contains("takes over"), "{said}");
    for folder in balanced.close() {
        assert_served_well(&folder);
        let log = fs::read_to_string(folder.path("gateway.log")).unwrap();
        assert_eq!(log.matches("name=dialog_taken_over").count(), 2, "SIPE and one client: {log}");
        // Every probe found the node well.
        let [all, well] = ["", "200"].map(|status| answered(&folder, status, "OPTIONS"));
        assert!(all > 0 && all == well, "{all} probes, {well} answered 200");
    }
}

/// A scripted client with a call to the phone that answers it.
struct Client {
    running: Running,
    far: String,
}

impl Client {
    fn signs_in(site: &Site, number: &str) -> Self {
        let mut program = command();
        program.args(["client", "--server", &site.kamailio.address]);
        program.args(["--user", &format!("sip:{number}@example.com")]);
        program.args(["--line", &format!("tel:{number};phone-context=dialstring")]);
        let running = Running::spawn(&mut program);
        running.wait_for("monitor xref=");
        Self { running, far: number.replacen('1', "2", 1) }
    }

    fn calls(&mut self) {
        self.does(&format!("call {}\nwait established 5s", self.far));
    }

    fn refreshes_and_ends_its_call(&mut self) {
        self.does("refresh\nwait refreshed status=normal 5s\nhangup\nwait cleared 5s");
    }

    /// Runs these lines of its script, and waits for the last.
    fn does(&mut self, script: &str) {
        let before = self.running.said().matches("features services=").count();
        self.running.tell(&format!("{script}\nfeatures\n"));
        let began = Instant::now();
        while self.running.said().matches("features services=").count() == before {
            assert!(began.elapsed() < LONG, "{script}:\n{}", self.running.said());
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn signs_out(mut self) {
        self.running.tell("hangup\nwait cleared 5s\nquit\n");
        assert_eq!(self.running.end(), 0, "{}", self.running.said());
    }
}

/// Waits until a node's recording has so many of these answers.
fn until_answered(folder: &Folder, status: &str, method: &str, times: usize) {
    let began = Instant::now();
    while answered(folder, status, method) < times {
        assert!(began.elapsed() < LONG, "there are too few {status} to {method}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// How many answers with this status to this method a node has recorded, its own and others'.
fn answered(folder: &Folder, status: &str, method: &str) -> usize {
    let trace = fs::read(folder.only("trace")).unwrap();
    let trace = String::from_utf8_lossy(&trace);
    let answers = trace.split("SIP/2.0 ").skip(1).filter(|answer| {
        let head = answer.split("\r\n\r\n").next().unwrap();
        let sequence = head.lines().find_map(|line| line.strip_prefix("CSeq: "));
        head.starts_with(status) && sequence.is_some_and(|sequence| sequence.ends_with(method))
    });
    answers.count()
}
