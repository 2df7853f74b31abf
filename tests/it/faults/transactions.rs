//! Repetitions, and answers that come at the wrong time.

use ctigate_core::Duration;
use ctigate_tests::bench::{Bench, Client, Line, PhoneSystem, Sip, address, csta, document, only};

use super::{HELD, call, signed_in};

fn by_datagram() -> (Bench, PhoneSystem, Client) {
    let mut bench = Bench::new();
    let system = PhoneSystem::answer(&mut bench);
    let mut client = Client::over(Line::Datagram(address("127.0.0.1:5070")), "alice");
    client.sign_in(&mut bench, system);
    (bench, system, client)
}

fn refresh(bench: &mut Bench, client: &mut Client) {
    let body = client.sign_in_body();
    only(&client.send(bench, "INVITE", &body), 200);
    client.send(bench, "ACK", "");
}

#[test]
fn a_request_under_way_that_comes_again_after_a_reinvite_is_not_done_twice() {
    for branch in [true, false] {
        let (mut bench, system, mut client) = by_datagram();
        client.branch = branch;
        let body = document("MakeCall", &call(&client));
        let request = client.request("INFO", &body);
        client.say(&mut bench, &request);
        refresh(&mut bench, &mut client);
        assert_eq!(client.say(&mut bench, &request), [], "it is absorbed");
        system.serve(&mut bench, "MakeCall", |_| {
            csta(
                "MakeCallResponse",
                "<callingDevice><callID>7</callID><deviceID>1001</deviceID></callingDevice>",
            )
        });
        only(&client.heard(&mut bench), 200);
    }
}

#[test]
fn a_branchless_request_on_a_stream_is_new_after_a_reinvite_though_its_like_is_under_way() {
    let (mut bench, system, mut client) = signed_in(&[]);
    client.branch = false;
    for _ in 0..2 {
        client.sequence = 2;
        let inside = "<callToBeAnswered><callID>0_7</callID></callToBeAnswered>";
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
fn a_bye_that_comes_again_after_a_refreshed_session_ended_is_answered_as_before() {
    let (mut bench, _system, mut client) = by_datagram();
    refresh(&mut bench, &mut client);
    let bye = client.request("BYE", "");
    let first = only(&client.say(&mut bench, &bye), 200);
    assert_eq!(client.say(&mut bench, &bye), [first]);
}

#[test]
fn requests_without_a_via_are_each_refused_where_they_came_from() {
    let (mut bench, _system, client) = signed_in(&[]);
    let mut other = Client::new(&mut bench, "bob");
    for mut client in [client, other.clone()] {
        client.gateway_tag.clear();
        let request = client.request("INVITE", "");
        let via = request.lines().find(|line| line.starts_with("Via")).unwrap().to_owned() + "\r\n";
        only(&client.say(&mut bench, &request.replace(&via, "")), 400);
    }
    assert_eq!(other.send(&mut bench, "OPTIONS", "").len(), 1);
}

/// The answer to one of the gateway's requests.
fn answered(request: &Sip) -> String {
    let mut text = String::from("SIP/2.0 408 Request Timeout\r\n");
    for name in ["Via", "From", "To", "Call-ID", "CSeq"] {
        text += &format!("{name}: {}\r\n", request.header(name));
    }
    text + "Content-Length: 0\r\n\r\n"
}
