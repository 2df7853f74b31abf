//! S10: a dialog that was begun at another node continues at this one, without shared state.

mod calls;

use ctigate_core::setting::Value;
use ctigate_core::{Command, Duration, Input};
use ctigate_tests::bench::{Bench, Client, HELD, Line, PhoneSystem, Sip, address, csta, csta_error, only};

/// A client that signed in and started a monitor at a node that is gone, and the ID that it holds.
fn orphan() -> (Client, String) {
    let (_bench, _system, client, id) = Bench::monitored(&[]);
    (client, id)
}

/// A node in service that does not know the client, with another connection to the client's proxy.
fn other_node(client: &mut Client, more: &[(&str, Value)]) -> (Bench, PhoneSystem) {
    let (mut bench, system) = Bench::in_service(more);
    client.line = Line::Stream(bench.connect());
    (bench, system)
}

fn refresh(bench: &mut Bench, client: &mut Client) -> Vec<Sip> {
    let body = client.sign_in_body();
    client.send(bench, "INVITE", &body)
}

/// The refresh, the confirmed line, the 200 and its ACK, and the monitor started again as `named`.
fn taken_over(bench: &mut Bench, system: PhoneSystem, client: &mut Client, named: &str) -> Sip {
    assert_eq!(refresh(bench, client), [], "the phone system is asked for the line first");
    system.knows_line(bench);
    let ok = only(&client.heard(bench), 200);
    client.send(bench, "ACK", "");
    system.start_monitor(bench, named);
    system.knows_line(bench);
    ok
}

#[test]
fn s10_a_refresh_at_another_node_recreates_dialog_session_and_monitor() {
    let (mut client, id) = orphan();
    client.more += "Record-Route: <sip:proxy@127.0.0.1:17060;transport=tcp;lr;ms-route-sig=aAbB-_1>\r\n";
    let (mut bench, system) = other_node(&mut client, &[]);
    bench.golden(
        "takeover-of-a-dialog",
        "The node a client signed in to is dead. Its next refresh comes here, in a dialog this node has never seen:\n\
         dialog, session and monitor are made again from what it says, and events go on under the ID it holds.",
    );
    bench.note("The refresh, with the tag that the dead node gave.");
    let ok = taken_over(&mut bench, system, &mut client, "m9");
    assert_eq!(ok.element("systemStatus"), "normal");
    assert!(ok.header("To").ends_with(&format!(";tag={}", client.gateway_tag)), "{ok:?}");
    assert!(bench.notices().iter().any(|notice| notice.starts_with("dialog_taken_over")));
    assert_eq!(bench.engine().counters().takeovers, 1);

    bench.note("An event under the ID the client holds, along the route that the refresh recorded.");
    system.event(&mut bench, "HeldEvent", "m9", HELD);
    let [event] = client.heard(&mut bench).try_into().expect("one event");
    assert_eq!(event.element("monitorCrossRefID"), id);
    assert!(event.header("From").ends_with(&format!(";tag={}", client.gateway_tag)), "{event:?}");
    assert_eq!(event.headers("Route"), ["<sip:proxy@127.0.0.1:17060;transport=tcp;lr;ms-route-sig=aAbB-_1>"]);

    bench.note("Requests in the dialog, and its end.");
    let call = "<callToBeRetrieved><callID>17</callID></callToBeRetrieved>";
    client.info(&mut bench, "RetrieveCall", call);
    system.serve(&mut bench, "RetrieveCall", |_| csta("RetrieveCallResponse", ""));
    only(&client.heard(&mut bench), 200);
    let stop = format!("<monitorCrossRefID>{id}</monitorCrossRefID>");
    assert_eq!(only(&client.info(&mut bench, "MonitorStop", &stop), 200).root(), "MonitorStopResponse");
    system.serve(&mut bench, "MonitorStop", |_| csta("MonitorStopResponse", ""));
    only(&client.send(&mut bench, "BYE", ""), 200);
    let view = bench.engine().view();
    assert_eq!((view.sessions, view.monitors, view.switch_monitors, view.indexed), (0, 0, 0, 0));
}

#[test]
fn s10_a_dialog_of_an_earlier_version_goes_on_under_the_id_it_has() {
    // A tag and the ID of its first monitor, as the version gave them that wrote hexadecimal digits.
    let (tag, id) = ("6c52e82af3f1ea4a", "07a953e4");
    let (mut client, _) = orphan();
    client.gateway_tag = tag.into();
    let (mut bench, system) = other_node(&mut client, &[]);
    taken_over(&mut bench, system, &mut client, "m9");
    system.event(&mut bench, "HeldEvent", "m9", HELD);
    let [event] = client.heard(&mut bench).try_into().expect("one event");
    assert_eq!(event.element("monitorCrossRefID"), id);
    let call = "<callToBeRetrieved><callID>0_7</callID></callToBeRetrieved>";
    client.info(&mut bench, "RetrieveCall", call);
    let asked = system.serve(&mut bench, "RetrieveCall", |_| csta("RetrieveCallResponse", ""));
    assert_eq!(asked.element("callID"), "7", "the form of its callIDs is understood");
    only(&client.heard(&mut bench), 200);
    let stop = format!("<monitorCrossRefID>{id}</monitorCrossRefID>");
    assert_eq!(only(&client.info(&mut bench, "MonitorStop", &stop), 200).root(), "MonitorStopResponse");
}

#[test]
fn s10_requests_of_ours_go_on_above_all_that_the_dead_node_sent() {
    let (mut client, _) = orphan();
    let (mut bench, system) = other_node(&mut client, &[]);
    taken_over(&mut bench, system, &mut client, "m9");
    system.event(&mut bench, "HeldEvent", "m9", HELD);
    let sequence = |event: &Sip| event.header("CSeq").split(' ').next().unwrap().parse::<u32>().unwrap();
    let first = sequence(&client.heard(&mut bench)[0]);
    assert!(first > 1 << 20 && first < 1 << 31, "RFC 3261 8.1.1.5: {first}");
    // An hour later a third node takes it over.
    let (mut third, system) = other_node(&mut client, &[("sip.idle_timeout", Value::Integer(7_200))]);
    third.advance(Duration::from_secs(3_600));
    taken_over(&mut third, system, &mut client, "m9");
    system.event(&mut third, "HeldEvent", "m9", HELD);
    assert_eq!(sequence(&client.heard(&mut third)[0]), first + 4 * 3_600);
}

#[test]
fn s10_a_further_monitor_gets_an_id_that_no_node_gave_before() {
    let (mut client, id) = orphan();
    let mut ids = vec![id];
    for _ in 0..2 {
        let (mut bench, system) = other_node(&mut client, &[]);
        bench.advance(Duration::from_secs(u64::try_from(ids.len()).unwrap()));
        taken_over(&mut bench, system, &mut client, "m9");
        let object = client.monitor_object();
        let started = only(&client.info(&mut bench, "MonitorStart", &object), 200);
        ids.push(started.element("monitorCrossRefID").to_owned());
        let started = only(&client.info(&mut bench, "MonitorStart", &object), 200);
        ids.push(started.element("monitorCrossRefID").to_owned());
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 5, "{ids:?}");
}

#[test]
fn s10_a_dialog_is_taken_over_by_datagram_too() {
    let (mut client, id) = orphan();
    let (mut bench, system) = other_node(&mut client, &[]);
    client.line = Line::Datagram(address("127.0.0.1:5070"));
    taken_over(&mut bench, system, &mut client, "m9");
    system.event(&mut bench, "HeldEvent", "m9", HELD);
    assert_eq!(client.heard(&mut bench)[0].element("monitorCrossRefID"), id);
}

#[test]
fn s10_other_requests_in_an_unknown_dialog_get_481() {
    let (mut client, id) = orphan();
    let (mut bench, _system) = other_node(&mut client, &[]);
    let stop = csta("MonitorStop", &format!("<monitorCrossRefID>{id}</monitorCrossRefID>"));
    for (method, body) in [("INFO", stop.as_str()), ("UPDATE", ""), ("BYE", ""), ("INVITE", "")] {
        only(&client.send(&mut bench, method, body), 481);
    }
    let without_line = csta("RequestSystemStatus", "");
    only(&client.send(&mut bench, "INVITE", &without_line), 481);
    assert_eq!((bench.engine().view().sessions, bench.engine().view().monitors), (0, 0));
}

#[test]
fn s10_a_takeover_is_refused_as_a_sign_in_is() {
    let (mut client, _) = orphan();
    let domain = Value::Text("gateway.example.com".into());
    let (mut bench, system) = other_node(&mut client, &[("sip.domain", domain)]);
    // The Contact of the dead node is not this one's; To says whom the sign-in was for.
    let body = client.sign_in_body();
    let elsewhere = client.request("INVITE", &body).replace("gw@127.0.0.1:5060", "gw@elsewhere.example");
    only(&client.say(&mut bench, &elsewhere), 404);
    let moved = client
        .request("INVITE", &body)
        .replace("INVITE sip:gw@127.0.0.1:5060", "INVITE sip:ctigate@node1.example")
        .replace("To: <sip:gw@127.0.0.1:5060>", "To: <sip:gw@gateway.example.com>");
    assert_eq!(client.say(&mut bench, &moved), []);
    system.serve(&mut bench, "SnapshotDevice", |_| csta_error("operation", "invalidDeviceID"));
    only(&client.heard(&mut bench), 404);
    client.uri = format!("tel:1001;phone-context={}", "x".repeat(9_000));
    only(&refresh(&mut bench, &mut client), 400);
    bench.advance(Duration::from_secs(40));
    let view = bench.engine().view();
    // The heartbeat, and the end of the silence of the connection.
    assert_eq!((view.sessions, view.monitors, view.indexed, view.timers), (0, 0, 0, 2), "{view:?}");
}

#[test]
fn s10_a_refresh_that_is_repeated_meets_the_takeover_that_is_under_way() {
    let (mut client, _) = orphan();
    let (mut bench, system) = other_node(&mut client, &[]);
    let body = client.sign_in_body();
    let invite = client.request("INVITE", &body);
    assert_eq!(client.say(&mut bench, &invite), []);
    assert_eq!(client.say(&mut bench, &invite), [], "the same once more is absorbed");
    only(&refresh(&mut bench, &mut client), 500);
    assert_eq!(bench.engine().view().sessions, 1);
    system.knows_line(&mut bench);
    assert_eq!(only(&client.heard(&mut bench), 200).header("CSeq"), "3 INVITE");
}

#[test]
fn s10_a_takeover_that_is_given_up_meanwhile_leaves_nothing_behind() {
    for method in ["CANCEL", "BYE"] {
        let (mut client, _) = orphan();
        let (mut bench, system) = other_node(&mut client, &[]);
        let body = client.sign_in_body();
        let invite = client.request("INVITE", &body);
        assert_eq!(client.say(&mut bench, &invite), []);
        let given_up = if method == "BYE" {
            client.request("BYE", "")
        } else {
            let head = invite.split("Content-Disposition").next().unwrap();
            let head = head.replace("INVITE sip", "CANCEL sip").replace(" INVITE\r\n", " CANCEL\r\n");
            format!("{head}Content-Length: 0\r\n\r\n")
        };
        let answers = client.say(&mut bench, &given_up);
        let mut statuses: Vec<u16> = answers.iter().map(Sip::status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 487], "{method}");
        system.knows_line(&mut bench);
        assert_eq!(client.heard(&mut bench), [], "{method}");
        assert_eq!(system.asked(&mut bench), [], "{method}: no monitor is started");
        let view = bench.engine().view();
        assert_eq!((view.sessions, view.monitors, view.switch_monitors, view.jobs), (0, 0, 0, 0), "{method}");
    }
}

#[test]
fn s10_a_tag_that_is_longer_than_a_dialog_may_be_is_refused() {
    let (mut client, _) = orphan();
    let (mut bench, _system) = other_node(&mut client, &[]);
    client.gateway_tag = "x".repeat(8_192);
    only(&refresh(&mut bench, &mut client), 400);
    assert_eq!(bench.engine().view().sessions, 0);
}

#[test]
fn s10_a_node_that_stops_takes_nothing_over() {
    let (mut client, _) = orphan();
    let (mut bench, system) = other_node(&mut client, &[]);
    let mut other = Client::new(&mut bench, "bob");
    other.sign_in(&mut bench, system);
    bench.input(ctigate_core::Input::from(ctigate_core::Command::Stop));
    only(&refresh(&mut bench, &mut client), 503);
}

#[test]
fn s10_a_dialog_taken_over_without_a_connection_in_service_gets_its_monitor_with_the_next_refresh() {
    let (mut client, id) = orphan();
    let mut bench = Bench::new();
    client.line = Line::Stream(bench.connect());
    let ok = only(&refresh(&mut bench, &mut client), 200);
    assert_eq!((ok.element("systemStatus"), ok.header("Session-Expires")), ("disabled", "90;refresher=uac"));
    client.send(&mut bench, "ACK", "");
    let system = PhoneSystem::answer(&mut bench);
    let ok = only(&refresh(&mut bench, &mut client), 200);
    assert_eq!(ok.element("systemStatus"), "normal");
    system.start_monitor(&mut bench, "m9");
    system.knows_line(&mut bench);
    system.event(&mut bench, "HeldEvent", "m9", HELD);
    assert_eq!(client.heard(&mut bench)[0].element("monitorCrossRefID"), id);
}

#[test]
fn s10_a_monitor_that_cannot_be_started_again_is_told_to_be_dead() {
    let (mut client, id) = orphan();
    let (mut bench, system) = other_node(&mut client, &[]);
    refresh(&mut bench, &mut client);
    system.knows_line(&mut bench);
    only(&client.heard(&mut bench), 200);
    system.serve(&mut bench, "MonitorStart", |_| csta_error("operation", "invalidMonitorObject"));
    let told = client.heard(&mut bench);
    assert_eq!((told[0].root(), told[0].element("monitorCrossRefID")), ("MonitorStop", id.as_str()));
}

/// Two clients at one node, which is then suspended; the second refreshes after that.
fn slept() -> (Bench, Client, Client) {
    let (mut bench, system, gone) = Bench::signed_in(&[]);
    bench.advance(Duration::from_secs(60));
    let mut stays = Client::new(&mut bench, "bob");
    stays.sign_in(&mut bench, system);
    bench.notices();
    bench.sleep(Duration::from_secs(40));
    let said = bench.notices();
    assert_eq!(said.iter().filter(|said| said.starts_with("overslept")).count(), 1, "{said:?}");
    bench.advance(Duration::from_secs(600));
    only(&refresh(&mut bench, &mut stays), 200);
    stays.send(&mut bench, "ACK", "");
    (bench, gone, stays)
}

#[test]
fn s10_a_node_that_slept_says_no_bye_to_clients_that_another_may_have_taken_over() {
    let (mut bench, gone, stays) = slept();
    bench.advance(Duration::from_secs(2_100));
    assert_eq!(gone.heard(&mut bench), []);
    let [bye] = stays.heard(&mut bench).try_into().expect("one BYE");
    assert_eq!((bye.method(), bench.engine().view().sessions), ("BYE", 0));
}

#[test]
fn s10_nor_does_it_when_it_is_stopped() {
    let (mut bench, gone, stays) = slept();
    bench.input(Input::from(Command::Stop));
    bench.settle();
    assert_eq!(gone.heard(&mut bench), []);
    let [bye] = stays.heard(&mut bench).try_into().expect("one BYE");
    assert_eq!((bye.method(), bench.engine().view().sessions), ("BYE", 0));
}

#[test]
fn s10_a_takeover_for_which_there_is_no_room_is_refused_so_that_another_node_is_tried() {
    let (mut client, _) = orphan();
    let (mut bench, system) = other_node(&mut client, &[("limits.transactions", Value::Integer(1))]);
    let mut bob = Client::new(&mut bench, "bob");
    assert_eq!(refresh(&mut bench, &mut bob), [], "it takes the only place");
    let indexed = bench.engine().view().indexed;
    let refused = only(&refresh(&mut bench, &mut client), 503);
    assert!(!refused.header("Retry-After").is_empty());
    let view = bench.engine().view();
    let left = (view.sessions, view.monitors, view.indexed);
    assert_eq!(left, (1, 0, indexed), "nothing is left of the refused one");
    system.knows_line(&mut bench);
}

#[test]
fn s10_a_takeover_for_which_there_is_no_room_takes_no_turn_of_the_connections() {
    let (mut client, _) = orphan();
    let mut bench = Bench::with(&[
        ("limits.transactions", Value::Integer(1)),
        ("cti.connection[1].address", Value::Text("127.0.0.1:4001".into())),
    ]);
    let systems = PhoneSystem::answer_all(&mut bench);
    client.line = Line::Stream(bench.connect());
    let mut bob = Client::new(&mut bench, "bob");
    assert_eq!(refresh(&mut bench, &mut bob), [], "it takes the only place");
    only(&refresh(&mut bench, &mut client), 503);
    systems[0].knows_line(&mut bench);
    bob.take_tag(&only(&bob.heard(&mut bench), 200));
    bob.send(&mut bench, "ACK", "");
    bench.advance(Duration::from_secs(40));
    let mut carol = Client::new(&mut bench, "carol");
    carol.sign_in(&mut bench, systems[1]);
}
