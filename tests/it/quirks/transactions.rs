//! Quirks 1 and 2: branches and CSeq.

use ctigate_core::Duration;
use ctigate_tests::bench::{Bench, Client, Line, address, only};

#[test]
fn quirk_1_a_branchless_request_on_a_stream_is_new_once_its_like_was_answered() {
    let (mut bench, _system, mut client) = Bench::signed_in(&[]);
    bench.golden("quirk-1-branchless-requests", "Requests whose Via has no branch, all alike: on a stream each is a new one once its like was answered.");
    client.branch = false;
    for _ in 0..3 {
        client.sequence = 2;
        let answers = client.info(&mut bench, "GetCSTAFeatures", "");
        assert_eq!(only(&answers, 200).root(), "GetCSTAFeaturesResponse");
    }
}

#[test]
fn quirk_1_a_branchless_request_by_datagram_is_a_retransmission_while_its_like_is_remembered() {
    let (mut bench, system) = Bench::in_service(&[]);
    let mut client = Client::over(Line::Datagram(address("127.0.0.1:5070")), "alice");
    client.sign_in(&mut bench, system);
    client.branch = false;
    let object = client.monitor_object();
    let request = {
        let body = ctigate_tests::bench::csta("MonitorStart", &object);
        client.request("INFO", &body)
    };
    client.say(&mut bench, &request);
    assert_eq!(client.say(&mut bench, &request), [], "a repetition is absorbed");
    system.start_monitor(&mut bench, "m1");
    let first = only(&client.heard(&mut bench), 200);
    let again = only(&client.say(&mut bench, &request), 200);
    assert_eq!(first, again);
    assert_eq!(bench.engine().view().monitors, 1);
}

#[test]
fn quirk_2_refreshes_that_all_carry_cseq_2_are_each_answered() {
    for datagram in [false, true] {
        let (mut bench, system, mut client) = Bench::with_client(&[]);
        if datagram {
            client.line = Line::Datagram(address("127.0.0.1:5070"));
        }
        client.branch = false;
        client.sign_in(&mut bench, system);
        for _ in 0..3 {
            bench.advance(Duration::from_secs(30));
            client.sequence = 2;
            let body = client.sign_in_body();
            let answers = client.send(&mut bench, "INVITE", &body);
            assert_eq!(only(&answers, 200).element("systemStatus"), "normal");
            client.sequence = 1;
            assert_eq!(client.send(&mut bench, "ACK", ""), []);
            bench.advance(Duration::from_secs(3));
            assert_eq!(client.heard(&mut bench), [], "an ACK with CSeq 1 acknowledges the re-INVITE");
        }
    }
}

#[test]
fn quirk_2_an_answered_reinvite_by_datagram_clears_the_dialog_s_completed_requests() {
    let (mut bench, system) = Bench::in_service(&[]);
    bench.golden("quirk-2-cseq-goes-back", "After a re-INVITE the client's CSeq goes back. By datagram the request that then has the CSeq of an\nearlier one is no retransmission of it.");
    let mut client = Client::over(Line::Datagram(address("127.0.0.1:5070")), "alice");
    client.branch = false;
    client.sign_in(&mut bench, system);
    client.sequence = 2;
    only(&client.info(&mut bench, "GetCSTAFeatures", ""), 200);
    client.invite(&mut bench);
    client.sequence = 2;
    let answers = client.info(&mut bench, "RequestSystemStatus", "");
    assert_eq!(only(&answers, 200).root(), "RequestSystemStatusResponse", "not the answer of before");
}

#[test]
fn quirk_2_a_cseq_that_goes_back_is_never_a_reason_for_500() {
    let (mut bench, _system, mut client) = Bench::signed_in(&[]);
    for sequence in [40, 2, 3, 1] {
        client.sequence = sequence;
        only(&client.info(&mut bench, "GetCSTAFeatures", ""), 200);
    }
}
