//! SIPE and scripted clients behind Kamailio and two gateway nodes: one stalls, dies, drains, comes back.

use core::time::Duration;
use std::fs;
use std::thread;
use std::time::Instant;

mod client;

use crate::assert_served_well;
use crate::program::Folder;
use crate::proxy::Proxy;
use crate::sipe::client::{LINE, PHONES, SESSION, Sipe, command, hang_up};
use crate::sipe::until_signed_out;
use crate::site::{Site, Towards};
use client::Client;

/// A time longer than Kamailio waits for an answer.
const LONG: Duration = Duration::from_secs(15);

/// Phones for scripted clients, and one for each to call.
const MORE_PHONES: &str = "[[phone]]\nnumber = \"1001\"\ncount = 9\n\
    [[phone]]\nnumber = \"2001\"\ncount = 9\nanswer = \"auto\"\nanswer_after_ms = 50\n";

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

    // SIPE answers no event; Kamailio does, after a while, and the session lives on.
    let first = sipe.calls();
    sipe.is_hung_up(&balanced.switch, &first);
    let serving = balanced.take_node_of("alice");
    until_answered(&serving.folder, "408", "INFO", 4);

    // Kamailio is restarted: its connections and state are gone. Events still arrive; over TCP even those from the time
    // in between.
    let second = sipe.calls();
    balanced.kamailio.stop();
    if towards == Towards::Tcp {
        hang_up(&balanced.switch);
        serving.running.wait_for("name=link_not_opened");
    }
    balanced.kamailio.begin_again();
    if towards == Towards::Udp {
        hang_up(&balanced.switch);
    }
    sipe.hears_of_hang_up(&second);
    sipe.refreshes();

    // One scripted client on each node. The node that serves SIPE dies, while all clients are in calls.
    let mut clients = ["1001", "1002"].map(|number| Client::signs_in(&balanced, number));
    let third = sipe.calls();
    for client in &mut clients {
        client.calls();
    }
    serving.running.signal("KILL");
    sipe.looks_ahead();
    // Each client is called while its node is dead; both learn of it later.
    for client in &mut clients {
        command(&balanced.switch, &format!("dial 2009 {}", client.number));
        client.refreshes();
        client.hears("local=alerting");
        command(&balanced.switch, "hangup 2009");
        client.does("wait cleared 5s");
        client.hangs_up();
        client.calls();
    }
    sipe.refreshes();
    sipe.is_hung_up(&balanced.switch, &third);
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
        let log = assert_served_well(&folder);
        assert_eq!(log.matches("name=dialog_taken_over").count(), 2, "SIPE and one client: {log}");
        // Every probe was answered 200.
        let [all, well] = ["", "200"].map(|status| answered(&folder, status, "OPTIONS"));
        assert!(all > 0 && all == well, "{all} probes, {well} answered 200");
    }
}

#[test]
fn s10_clients_pass_over_nodes_that_are_silent_dead_or_draining() {
    let mut balanced = Site::open("balanced-nodes", Towards::Tcp, MORE_PHONES, SESSION);
    let first = Client::signs_in(&balanced, "1001");
    let stalled = balanced.take_node_of("1001");
    stalled.running.signal("STOP");
    // Two clients, so that one of them is meant for the silent node: it is passed to the other in time.
    let others = ["1002", "1003"].map(|number| Client::signs_in(&balanced, number));
    balanced.nodes[0].wait_for_sessions(2);
    stalled.running.signal("CONT");
    first.signs_out_without_a_call();

    // A dead node gets no more sessions after some probes, and gets its turns again when it is back.
    stalled.running.signal("KILL");
    balanced.kamailio.wait_for("is out of order");
    let more = ["1004", "1005"].map(|number| Client::signs_in(&balanced, number));
    balanced.nodes[0].wait_for_sessions(4);
    let said = balanced.kamailio.said();
    assert_eq!(said.matches("does not take it").count(), 1, "only while it was silent: {said}");
    balanced.restart(stalled);
    balanced.kamailio.wait_for("is in order");
    let last = ["1006", "1007"].map(|number| Client::signs_in(&balanced, number));
    for (node, sessions) in balanced.nodes.iter().zip([5, 1]) {
        node.wait_for_sessions(sessions);
    }

    // A draining node leaves each session to the other with its refresh, and ends when it has none.
    let mut draining = balanced.nodes.remove(0);
    draining.running.signal("USR1");
    draining.running.wait_for("name=draining");
    let late = Client::signs_in(&balanced, "1008");
    let mut clients: Vec<Client> = others.into_iter().chain(more).chain(last).chain([late]).collect();
    for client in &mut clients {
        client.refreshes();
    }
    assert_eq!(draining.running.end(), 0, "{}", draining.running.said());
    for client in clients {
        client.signs_out_without_a_call();
    }
    for folder in balanced.close() {
        let log = assert_served_well(&folder);
        assert_eq!(log.matches("name=dialog_taken_over").count(), 5, "{log}");
    }
}

/// Waits until a node's recording has `times` of these answers.
fn until_answered(folder: &Folder, status: &str, method: &str, times: usize) {
    let began = Instant::now();
    while answered(folder, status, method) < times {
        assert!(began.elapsed() < LONG, "there are too few {status} to {method}");
        thread::sleep(Duration::from_millis(100));
    }
}

/// How many answers with this status to this method a node has recorded, sent or received.
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
