//! Retransmissions, and answers that come at the wrong time.

use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::bench::{Bench, Client, HELD, Line, PhoneSystem, address, csta, only};

fn by_datagram() -> (Bench, PhoneSystem, Client) {
    let (mut bench, system) = Bench::in_service(&[]);
    let mut client = Client::over(Line::Datagram(address("127.0.0.1:5070")), "alice");
    client.sign_in(&mut bench, system);
    (bench, system, client)
}

fn made() -> String {
    csta("MakeCallResponse", "<callingDevice><callID>7</callID><deviceID>1001</deviceID></callingDevice>")
}

fn refresh(bench: &mut Bench, client: &mut Client) {
    client.invite(bench);
}

#[test]
fn a_request_under_way_that_comes_again_after_a_reinvite_is_not_done_twice() {
    for branch in [true, false] {
        let (mut bench, system, mut client) = by_datagram();
        client.branch = branch;
        let body = csta("MakeCall", &client.call_to("1002"));
        let request = client.request("INFO", &body);
        client.say(&mut bench, &request);
        refresh(&mut bench, &mut client);
        assert_eq!(client.say(&mut bench, &request), [], "it is absorbed");
        system.serve(&mut bench, "MakeCall", |_| made());
        only(&client.heard(&mut bench), 200);
    }
}

#[test]
fn a_request_whose_answer_was_lost_and_that_comes_again_after_a_reinvite_is_not_done_twice() {
    let (mut bench, system, mut client) = by_datagram();
    let body = csta("MakeCall", &client.call_to("1002"));
    let request = client.request("INFO", &body);
    client.say(&mut bench, &request);
    system.serve(&mut bench, "MakeCall", |_| made());
    let lost = only(&client.heard(&mut bench), 200);
    refresh(&mut bench, &mut client);
    assert_eq!(client.say(&mut bench, &request), [lost], "it is answered as before");
    assert!(system.asked(&mut bench).is_empty());
}

#[test]
fn quirk_2_by_datagram_another_request_with_the_cseq_and_even_the_branch_of_one_before_is_new() {
    for (branch, answered) in [(true, true), (true, false), (false, true), (false, false)] {
        let (mut bench, system, mut client) = by_datagram();
        client.branch = branch;
        let first = client.request("INFO", &csta("MakeCall", &client.call_to("1002")));
        client.say(&mut bench, &first);
        if answered {
            system.serve(&mut bench, "MakeCall", |_| made());
            only(&client.heard(&mut bench), 200);
        }
        refresh(&mut bench, &mut client);
        let elsewhere = client.call_to("1002").replace(">tel:1002<", ">tel:1003<");
        let second = first.replace(&csta("MakeCall", &client.call_to("1002")), &csta("MakeCall", &elsewhere));
        assert!(first.len() == second.len() && first != second);
        client.say(&mut bench, &second);
        let asked = system.asked(&mut bench);
        let last = asked.last().expect("the phone system is asked");
        assert!(last.document.contains("1003"), "{branch} {answered}: {}", last.document);
    }
}

#[test]
fn a_branchless_request_on_a_stream_is_new_after_a_reinvite_though_its_like_is_under_way() {
    let (mut bench, system, mut client) = Bench::signed_in(&[]);
    client.branch = false;
    for _ in 0..2 {
        client.sequence = 2;
        let inside = "<callToBeAnswered><callID>17</callID></callToBeAnswered>";
        assert_eq!(client.info(&mut bench, "AnswerCall", inside), []);
        refresh(&mut bench, &mut client);
    }
    let asked = system.asked(&mut bench);
    assert_eq!(asked.len(), 2);
    for one in asked {
        system.say(&mut bench, one.invoke, &csta("AnswerCallResponse", ""));
        only(&client.heard(&mut bench), 200);
    }
    assert_eq!(bench.engine().view().server_transactions, 0);
}

#[test]
fn quirk_2_by_datagram_a_reinvite_whose_answer_was_lost_is_answered_again_behind_the_ack_of_the_one_before() {
    let (mut bench, _system, mut client) = by_datagram();
    let body = client.sign_in_body();
    let (before, ack) = (client.request("INVITE", &body), client.request("ACK", ""));
    only(&client.say(&mut bench, &before), 200);
    let request = client.request("INVITE", &body);
    let lost = only(&client.say(&mut bench, &request), 200);
    assert_eq!(client.say(&mut bench, &ack), []);
    assert_eq!(client.say(&mut bench, &request), [lost], "it is answered as before");
}

#[test]
fn a_bye_that_comes_again_after_a_refreshed_session_ended_is_answered_as_before() {
    let (mut bench, _system, mut client) = by_datagram();
    refresh(&mut bench, &mut client);
    let bye = client.request("BYE", "");
    let first = only(&client.say(&mut bench, &bye), 200);
    assert_eq!(client.say(&mut bench, &bye), [first]);
}

#[test]
fn requests_without_a_via_are_each_refused_where_they_came_from() {
    let (mut bench, _system, client) = Bench::signed_in(&[]);
    let mut other = Client::new(&mut bench, "bob");
    for mut client in [client, other.clone()] {
        client.gateway_tag.clear();
        let request = client.request("INVITE", "");
        let via = request.lines().find(|line| line.starts_with("Via")).unwrap().to_owned() + "\r\n";
        only(&client.say(&mut bench, &request.replace(&via, "")), 400);
    }
    assert_eq!(other.send(&mut bench, "OPTIONS", "").len(), 1);
}

#[test]
fn a_reinvite_ends_the_repetition_of_the_2xx_before_it() {
    let (mut bench, _system, mut client) = Bench::signed_in(&[]);
    let body = client.sign_in_body();
    let first = only(&client.send(&mut bench, "INVITE", &body), 200);
    refresh(&mut bench, &mut client);
    bench.advance(Duration::from_secs(40));
    assert!(!client.heard(&mut bench).contains(&first), "the client asked anew: it has the answer");
}

#[test]
fn a_bye_ends_the_repetition_of_the_2xx_before_it() {
    let (mut bench, _system, mut client) = Bench::signed_in(&[]);
    let body = client.sign_in_body();
    only(&client.send(&mut bench, "INVITE", &body), 200);
    only(&client.send(&mut bench, "BYE", ""), 200);
    bench.advance(Duration::from_secs(40));
    assert_eq!(client.heard(&mut bench), []);
}

#[test]
fn quirk_3_by_datagram_a_late_answer_to_an_earlier_event_lets_no_later_one_pass() {
    let (mut bench, system, mut client) = by_datagram();
    client.monitor(&mut bench, system, "m1");
    for _ in 0..3 {
        system.event(&mut bench, "HeldEvent", "m1", HELD);
    }
    let first = client.heard(&mut bench);
    bench.advance(Duration::from_secs(2));
    let second = client.heard(&mut bench);
    assert!(second.iter().any(|event| event.header("CSeq") == "2 INFO"));
    let after = client.say(&mut bench, &first[0].answered(408));
    assert_eq!(after, [], "the second is still under way");
}

#[test]
fn by_datagram_events_go_where_answers_go() {
    let (mut bench, system) = Bench::in_service(&[]);
    let mut client = Client::over(Line::Datagram(address("127.0.0.1:5070")), "alice");
    let hears = client.line;
    let body = client.sign_in_body();
    let invite = client.request("INVITE", &body);
    // Without rport, answers go to the Via's port, wherever the datagram came from (RFC 3261 18.2.2).
    bench.send_datagram(address("127.0.0.1:5099"), invite.as_bytes());
    system.knows_line(&mut bench);
    client.line = hears;
    let ok = only(&client.heard(&mut bench), 200);
    client.take_tag(&ok);
    let ack = client.request("ACK", "");
    bench.send_datagram(address("127.0.0.1:5099"), ack.as_bytes());
    let start = client.request("INFO", &csta("MonitorStart", &client.monitor_object()));
    bench.send_datagram(address("127.0.0.1:5099"), start.as_bytes());
    system.start_monitor(&mut bench, "m1");
    only(&client.heard(&mut bench), 200);
    bench.advance(Duration::from_millis(20));
    system.event(&mut bench, "HeldEvent", "m1", HELD);
    assert_eq!(client.heard(&mut bench).len(), 1);
}

#[test]
fn events_that_nobody_answers_fill_no_table_so_that_later_ones_are_lost() {
    let limit = ctigate_core::setting::Value::Integer(3);
    let (mut bench, system, mut client) = Bench::signed_in(&[("limits.transactions", limit)]);
    client.monitor(&mut bench, system, "m1");
    for _ in 0..8 {
        system.event(&mut bench, "HeldEvent", "m1", HELD);
    }
    let events = client.heard(&mut bench);
    assert_eq!(events.len(), 8);
    for event in &events {
        assert_eq!(client.say(&mut bench, &event.answered(408)), []);
    }
    assert_eq!(bench.engine().view().sessions, 1);
}

#[test]
fn answers_given_at_once_on_datagrams_leave_room_for_what_the_phone_system_must_be_asked() {
    let limit = ctigate_core::setting::Value::Integer(12);
    let (mut bench, system) = Bench::in_service(&[("limits.transactions", limit)]);
    let mut client = Client::over(Line::Datagram(address("127.0.0.1:5070")), "alice");
    client.sign_in(&mut bench, system);
    for _ in 0..20 {
        only(&client.info(&mut bench, "GetCSTAFeatures", ""), 200);
    }
    let body = csta("MakeCall", &client.call_to("1002"));
    assert_eq!(client.send(&mut bench, "INFO", &body), [], "it is not refused");
    let made = "<callingDevice><callID>7</callID><deviceID>1001</deviceID></callingDevice>";
    system.serve(&mut bench, "MakeCall", |_| csta("MakeCallResponse", made));
    only(&client.heard(&mut bench), 200);
}

#[test]
fn a_request_that_comes_again_on_a_new_stream_is_answered_there_if_the_old_one_is_gone() {
    for method in ["INFO", "INVITE"] {
        let (mut bench, system, mut client) = Bench::signed_in(&[]);
        let body = if method == "INFO" {
            csta("MakeCall", &client.call_to("1002"))
        } else {
            client.gateway_tag.clear();
            client.sign_in_body()
        };
        let request = client.request(method, &body);
        assert_eq!(client.say(&mut bench, &request), []);
        let Line::Stream(before) = client.line else { panic!("a stream") };
        bench.close(before);
        client.line = Line::Stream(bench.connect());
        assert_eq!(client.say(&mut bench, &request), [], "it is not done twice");
        if method == "INFO" {
            let made = "<callingDevice><callID>7</callID><deviceID>1001</deviceID></callingDevice>";
            system.serve(&mut bench, "MakeCall", |_| csta("MakeCallResponse", made));
        } else {
            system.knows_line(&mut bench);
        }
        only(&client.heard(&mut bench), 200);
    }
}

#[test]
fn a_refresh_that_is_refused_for_want_of_room_changes_nothing() {
    for method in ["INVITE", "UPDATE"] {
        let (mut bench, system, mut client) =
            Bench::with_client(&[("limits.transactions", Value::Integer(12))]);
        client.branch = false;
        client.more = "Supported: timer\r\nSession-Expires: 1800;refresher=uas\r\n".into();
        client.sign_in(&mut bench, system);
        client.monitor(&mut bench, system, "m1");
        bench.advance(Duration::from_secs(600));
        let held = fill(&mut bench, &mut client);
        client.more = "Supported: timer\r\nSession-Expires: 600;refresher=uas\r\n\
                       Record-Route: <sip:proxy@127.0.0.1:17060;transport=tcp;lr>\r\n"
            .into();
        let body = client.sign_in_body().replace("/ed3", "/ed4");
        let body = if method == "INVITE" { &*body } else { "" };
        let refresh = client.request(method, body).replace("alice@127.0.0.1:49999", "alice@127.0.0.1:48888");
        only(&client.say(&mut bench, &refresh), 500);
        assert_eq!(client.say(&mut bench, &held), [], "{method}: what is under way is known still");
        bench.advance(Duration::from_millis(100));
        system.event(&mut bench, "HeldEvent", "m1", HELD);
        let event = client.heard(&mut bench).pop().unwrap();
        assert_eq!((event.root(), event.headers("Route")), ("HeldEvent", vec![]), "{method}");
        assert_eq!(event.start(), "INFO sip:alice@127.0.0.1:49999;transport=tcp SIP/2.0", "{method}");
        assert!(event.body().contains("/ed3\""), "{method}: {event:?}");
        // Our refresh comes when it was due and repeats what was agreed; the session ends when it would have.
        bench.advance(Duration::from_secs(300));
        let ours = client.heard(&mut bench).pop().unwrap();
        assert_eq!(
            (ours.method(), ours.header("Session-Expires")),
            ("UPDATE", "1800;refresher=uac"),
            "{method}"
        );
        bench.advance(Duration::from_secs(1_198));
        assert_eq!(bench.engine().view().sessions, 1, "{method}");
        bench.advance(Duration::from_secs(2));
        assert_eq!(bench.engine().view().sessions, 0, "{method}");
    }
}

/// Sends HoldCall until no room is left; returns the last request that found room.
fn fill(bench: &mut Bench, client: &mut Client) -> String {
    let hold = csta("HoldCall", "<callToBeHeld><callID>17</callID></callToBeHeld>");
    let mut last = None;
    for _ in 0..100 {
        let request = client.request("INFO", &hold);
        if !client.say(bench, &request).is_empty() {
            return last.expect("there was room for one");
        }
        last = Some(request);
    }
    panic!("there is room for a hundred");
}

#[test]
fn a_stale_session_whose_refresh_is_refused_for_want_of_room_still_makes_room_for_another() {
    let (mut bench, system, mut alice) = Bench::signed_in(&[("limits.transactions", Value::Integer(12))]);
    bench.close(system.link());
    bench.await_dialling();
    let system = PhoneSystem::answer(&mut bench);
    let mut bob = Client::of_line(&mut bench, "bob", 1002);
    bob.sign_in(&mut bench, system);
    only(&alice.info(&mut bench, "GetCSTAFeatures", ""), 481);
    fill(&mut bench, &mut bob);
    let body = alice.sign_in_body();
    only(&alice.send(&mut bench, "INVITE", &body), 500);
    bench.advance(Duration::from_secs(60));
    system.asked(&mut bench);
    assert_eq!(bench.engine().view().sessions, 2);
    (alice.gateway_tag, alice.tag) = (String::new(), "anew".into());
    alice.sign_in(&mut bench, system);
    assert_eq!(bench.engine().view().sessions, 2, "her old session is gone");
}

#[test]
fn a_bye_that_comes_again_ends_what_a_refresh_behind_it_has_begun() {
    let (mut bench, system, mut client) = by_datagram();
    let body = client.sign_in_body();
    let late = client.request("INVITE", &body);
    let bye = client.request("BYE", "");
    only(&client.say(&mut bench, &bye), 200);
    client.say(&mut bench, &late);
    system.knows_line(&mut bench);
    only(&client.heard(&mut bench), 200);
    system.start_monitor(&mut bench, "m2");
    system.knows_line(&mut bench);
    assert_eq!(bench.engine().view().sessions, 1, "it was taken over");
    assert!(client.say(&mut bench, &bye).iter().any(|answer| answer.status() == 200));
    assert_eq!(bench.engine().view().sessions, 0);
}
