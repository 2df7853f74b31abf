//! Stops: sessions are ended with BYE, in bounded time.

use ctigate_core::{Command, Duration, Input};
use ctigate_tests::bench::{Bench, Client, Sip, only};

/// A gateway that stops while a client has not answered an event yet.
fn stopping() -> (Bench, Client) {
    let (mut bench, system, client, _) = Bench::monitored(&[]);
    let held = "<heldConnection><callID>7</callID><deviceID>1001</deviceID></heldConnection>\
        <holdingDevice><deviceIdentifier>1001</deviceIdentifier></holdingDevice><cause>normal</cause>";
    system.event(&mut bench, "HeldEvent", "m1", held);
    assert_eq!(client.heard(&mut bench).len(), 1, "an event that is never answered");
    bench.input(Input::from(Command::Stop));
    bench.settle();
    (bench, client)
}

fn bye(bench: &mut Bench, client: &Client) -> Sip {
    let [bye] = client.heard(bench).try_into().expect("one BYE");
    assert_eq!(bye.method(), "BYE");
    bye
}

#[test]
fn a_stop_ends_as_soon_as_every_bye_is_answered() {
    let (mut bench, client) = stopping();
    let bye = bye(&mut bench, &client);
    assert_eq!(bench.finished(), None);
    client.say(&mut bench, &bye.answered(200));
    assert_eq!(bench.finished(), Some(0));
}

#[test]
fn a_stop_waits_no_longer_than_it_may_for_a_client_that_says_nothing() {
    let (mut bench, client) = stopping();
    bye(&mut bench, &client);
    bench.advance(Duration::from_millis(2_999));
    assert_eq!(bench.finished(), None);
    bench.advance(Duration::from_millis(1));
    assert_eq!(bench.finished(), Some(0));
}

#[test]
fn a_gateway_that_stops_takes_no_new_session_and_tells_load_balancers() {
    let (mut bench, mut client) = stopping();
    bye(&mut bench, &client);
    let mut other = Client::new(&mut bench, "bob");
    let body = other.sign_in_body();
    let refused = only(&other.send(&mut bench, "INVITE", &body), 503);
    assert_ne!(refused.header("Retry-After"), "");
    client.gateway_tag.clear();
    only(&client.send(&mut bench, "OPTIONS", ""), 503);
}

#[test]
fn a_gateway_that_stops_while_it_dials_again_says_nothing_on_the_new_connection() {
    let (mut bench, system) = Bench::in_service(&[]);
    bench.close(system.link());
    let mut dialled = Vec::new();
    while dialled.is_empty() {
        bench.advance(Duration::from_millis(100));
        dialled = bench.connects();
    }
    let (link, _) = dialled.remove(0);
    assert!(!bench.is_closed(link));
    bench.input(Input::from(Command::Stop));
    bench.settle();
    assert_eq!(bench.finished(), Some(0));
    assert_eq!(bench.received(link), []);
}
