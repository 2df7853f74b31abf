//! SIPE and scripted clients behind Kamailio and two gateway nodes.

use core::time::Duration;
use std::fs;
use std::thread;
use std::time::Instant;

use crate::assert_served_well;
use crate::program::Folder;
use crate::proxy::Proxy;
use crate::sipe::client::{LINE, PHONES, SESSION, Sipe};
use crate::sipe::until_signed_out;
use crate::site::{Site, Towards};

/// Longer than Kamailio waits for an answer.
const LONG: Duration = Duration::from_secs(15);

#[test]
fn sipe_outlives_kamailio_s_408s_and_its_restart_over_tcp() {
    goes_on("balanced-tcp", Towards::Tcp);
}

#[test]
fn sipe_outlives_kamailio_s_408s_and_its_restart_over_udp() {
    goes_on("balanced-udp", Towards::Udp);
}

fn goes_on(name: &str, towards: Towards) {
    let mut balanced = Site::open(name, towards, PHONES, SESSION);
    let proxy = Proxy::before_balancer(&balanced.kamailio.address, LINE);
    let mut sipe = Sipe::start(name, &proxy.address);
    sipe.signs_in();

    // SIPE answers no event: Kamailio does, after a while, and the session lives on.
    let first = sipe.calls();
    sipe.is_hung_up(&balanced.switch, &first);
    let serving = balanced.take_node_of("alice");
    until_recorded(&serving.folder, "SIP/2.0 408 Request Timeout", 4);

    // Kamailio begins anew: the connections are gone, and what it knew. The next event finds its way by itself.
    let second = sipe.calls();
    balanced.kamailio.restart();
    sipe.is_hung_up(&balanced.switch, &second);
    sipe.refreshes();

    let third = sipe.calls();
    sipe.is_hung_up(&balanced.switch, &third);
    sipe.signs_out();
    let (_, answers) = until_signed_out(&proxy);
    assert!(answers.iter().all(|answer| answer.starts_with("200 ")), "{answers:?}");
    balanced.nodes.push(serving);
    for folder in balanced.close() {
        assert_served_well(&folder);
    }
}

/// Waits until a node's recording has this text so often.
fn until_recorded(folder: &Folder, text: &str, times: usize) {
    let began = Instant::now();
    loop {
        let trace = fs::read(folder.only("trace")).unwrap();
        let found = String::from_utf8_lossy(&trace).matches(text).count();
        if found >= times {
            return;
        }
        assert!(began.elapsed() < LONG, "'{text}' was recorded {found} times");
        thread::sleep(Duration::from_millis(100));
    }
}
