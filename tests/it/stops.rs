//! Switch monitors without clients are stopped at the phone system, however many at once.

use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Asked, Bench, Client, PhoneSystem, csta, only, snapshot};

/// The most unanswered `MonitorStop` requests of a connection.
const AT_ONCE: usize = 64;

/// Lets `users` users, each with a monitor on a line of their own, sign out at once.
fn signed_out(users: usize, more: &[(&str, Value)]) -> (Bench, PhoneSystem, Vec<Client>) {
    let (mut bench, system) = Bench::in_service(more);
    let clients = Client::many(&mut bench, &[system], users, 2_000);
    let mut clients: Vec<Client> = clients.into_iter().map(|(client, _)| client).collect();
    for client in &mut clients {
        only(&client.send(&mut bench, "BYE", ""), 200);
    }
    (bench, system, clients)
}

/// Answers all requests to the phone system; returns which monitors were stopped.
fn stopped(bench: &mut Bench, system: PhoneSystem) -> Vec<String> {
    let asked = system.asked(bench);
    for one in &asked {
        assert_eq!(one.root(), "MonitorStop");
        system.say(bench, one.invoke, &csta("MonitorStopResponse", ""));
    }
    asked.iter().map(|one| one.element("monitorCrossRefID").to_owned()).collect()
}

#[test]
fn a_mass_sign_out_stops_every_monitor_a_few_at_a_time() {
    let (mut bench, system, _clients) = signed_out(300, &[]);
    let mut all = Vec::new();
    while all.len() < 300 {
        let some = stopped(&mut bench, system);
        assert!(!some.is_empty() && some.len() <= AT_ONCE, "{}", some.len());
        all.extend(some);
    }
    let expected: Vec<String> = (0..300).map(|user| format!("m{user}")).collect();
    assert_eq!((all, bench.engine().view().switch_monitors), (expected, 0));
}

#[test]
fn a_stop_waits_for_room_in_the_window_and_nothing_is_left_behind() {
    let narrow = [("cti.window", Value::Integer(1)), ("cti.queue", Value::Integer(0))];
    let (mut bench, system, _clients) = signed_out(3, &narrow);
    for user in 0..3 {
        assert_eq!(stopped(&mut bench, system), [format!("m{user}")]);
    }
    assert_eq!(bench.engine().view().switch_monitors, 0);
}

#[test]
fn a_stop_without_an_answer_makes_room_when_it_is_given_up() {
    let (mut bench, system, _clients) = signed_out(AT_ONCE + 1, &[]);
    assert_eq!(system.asked(&mut bench).len(), AT_ONCE);
    bench.advance(Duration::from_secs(5));
    assert_eq!(stopped(&mut bench, system), [format!("m{AT_ONCE}")]);
}

#[test]
fn a_client_that_comes_back_is_fed_by_the_monitor_that_waits_to_be_stopped() {
    let (mut bench, system, _clients) = signed_out(AT_ONCE + 1, &[]);
    let mut back = Client::of_line(&mut bench, "back", 2_000 + AT_ONCE);
    let body = back.sign_in_body();
    back.send(&mut bench, "INVITE", &body);
    let mut asked = system.asked(&mut bench);
    let verify = asked.pop().unwrap();
    assert_eq!((verify.root(), asked.len()), ("SnapshotDevice", AT_ONCE));
    system.say(&mut bench, verify.invoke, &snapshot("2064", &[]));
    let ok = only(&back.heard(&mut bench), 200);
    back.take_tag(&ok);
    back.send(&mut bench, "ACK", "");
    let object = back.monitor_object();
    only(&back.info(&mut bench, "MonitorStart", &object), 200);
    for one in &asked {
        system.say(&mut bench, one.invoke, &csta("MonitorStopResponse", ""));
    }
    assert_eq!(system.asked(&mut bench).iter().map(Asked::root).collect::<Vec<_>>(), [""; 0]);
    assert_eq!(bench.engine().view().switch_monitors, 1);
    only(&back.send(&mut bench, "BYE", ""), 200);
    assert_eq!(stopped(&mut bench, system), [format!("m{AT_ONCE}")], "now nobody needs it");
}
