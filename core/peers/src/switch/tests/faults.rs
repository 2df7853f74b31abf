//! Tests of clients' errors on the wire.

use super::*;

#[test]
fn a_broken_stream_closes_its_link_and_no_other() {
    let mut world = world();
    let (alice, bob) = (world.client(), world.client());
    world.bytes(alice, b"GET / HTTP/1.1\r\n\r\n");
    assert!(world.is_closed(alice) && world.noticed("link_broken link=#1"));
    assert_eq!(world.outcome(bob, &Request::GetCstaFeatures), "GetCSTAFeaturesResponse");
    world.bytes(alice, b"more");
}

#[test]
fn a_frame_may_come_in_pieces() {
    let mut world = world();
    let alice = world.client();
    let mut frame = Vec::new();
    let xml = format!("<GetCSTAFeatures xmlns=\"{VERSION}\"/>");
    for invoke in [8, 9] {
        csta_frame::frame(&mut frame, invoke, |out| out.extend_from_slice(xml.as_bytes())).unwrap();
    }
    for byte in frame {
        world.bytes(alice, &[byte]);
    }
    assert_eq!(world.frames(alice).iter().map(|(invoke, _)| *invoke).collect::<Vec<_>>(), [8, 9]);
}

#[test]
fn nonsense_is_answered_where_it_can_be_and_noticed_always() {
    let csta = |body: &str| body.replace("NS", VERSION);
    let table = [
        (5, "<oops".to_string(), Some("operation/generic")),
        (5, String::new(), Some("operation/generic")),
        (5, "<GetCSTAFeatures xmlns='http://example.com'/>".to_string(), Some("operation/generic")),
        (0, csta("<AnswerCall xmlns='NS'/>"), Some("operation/invalidConnectionID")),
        (5, csta("<MakeCall xmlns='NS'/>"), Some("operation/invalidCallingDeviceID")),
        (5, csta("<AnswerCall xmlns='NS'/>"), Some("operation/invalidConnectionID")),
        (9999, csta("<GetCSTAFeatures xmlns='NS'/>"), None),
        (5, csta("<HeldEvent xmlns='NS'/>"), None),
        (5, csta("<SystemStatusResponse xmlns='NS'/>"), None),
        (9999, "<oops".to_string(), None),
    ];
    for (invoke, xml, error) in table {
        let mut world = world();
        let alice = world.client();
        world.send_xml(alice, invoke, &xml);
        let answers: Vec<_> =
            world.frames(alice).iter().map(|(invoke, xml)| (*invoke, outcome_of(xml))).collect();
        let expected: Vec<_> = error.iter().map(|error| (invoke, error.to_string())).collect();
        assert_eq!(answers, expected, "{xml}");
        assert!(world.noticed("client_error"), "{xml}");
        assert!(!world.is_closed(alice), "{xml}");
    }
}

#[test]
fn the_answer_is_in_the_edition_the_client_used() {
    let mut world = world();
    let alice = world.client();
    for namespace in [Namespace::International(5), Namespace::Ch(3)] {
        world.send_xml(alice, 5, &format!("<GetCSTAFeatures xmlns=\"{}\"/>", namespace.uri()));
        let (_, xml) = world.frames(alice).remove(0);
        assert!(xml.contains(&format!("<GetCSTAFeaturesResponse xmlns=\"{}\"", namespace.uri())), "{xml}");
    }
}

#[test]
fn a_link_whose_questions_go_unanswered_is_dropped() {
    let mut world = World::new(|config| config.session_required = false);
    let (good, silent) = (world.open(0), world.open(0));
    world.command("ask");
    world.pass(Duration::from_secs(10));
    world.command("ask");
    for (invoke, xml) in world.frames(good) {
        assert!(xml.contains("RequestSystemStatus"), "{xml}");
        let answer = format!(
            "<RequestSystemStatusResponse xmlns=\"{VERSION}\"><systemStatus>normal</systemStatus></RequestSystemStatusResponse>"
        );
        world.send_xml(good, invoke, &answer);
    }
    assert!(!world.noticed("client_error"), "{:?}", world.notices);
    world.pass(Duration::from_micros(19_999_999));
    assert!(!world.is_closed(silent));
    world.pass(Duration::from_micros(1));
    assert!(world.is_closed(silent));
    world.pass(Duration::from_secs(60));
    assert!(!world.is_closed(good));
}

#[test]
fn an_answer_of_the_wrong_kind_or_to_nothing_is_noticed() {
    let mut world = World::new(|config| config.session_required = false);
    let alice = world.open(0);
    world.command("ask");
    let wrong = format!("<SystemStatusResponse xmlns=\"{VERSION}\"/>");
    world.send_xml(alice, 1, &wrong);
    assert!(world.noticed("an answer of another kind than the request"));
    world.send_xml(alice, 1, &wrong);
    assert!(world.noticed("an answer without a request"));
}

#[test]
fn one_of_two_links_that_close_leaves_the_others_calls_alone() {
    let mut world = world();
    let (alice, bob) = (world.client(), world.client());
    world.monitor(alice, "1001");
    world.monitor(bob, "1002");
    let call = world.make_call(alice, "1001", "1002", Some("doNotPrompt"));
    world.close(alice);
    world.frames(bob);
    world.command("hangup 1001");
    assert_eq!(world.events(bob, &call).len(), 2);
}

#[test]
fn any_bytes_leave_the_machine_sound() {
    let mut state = 1_u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u8::try_from(state >> 56).unwrap()
    };
    let mut good = Vec::new();
    let xml = format!(
        "<MakeCall xmlns=\"{VERSION}\"><callingDevice>1001</callingDevice>\
         <calledDirectoryNumber>1002</calledDirectoryNumber></MakeCall>"
    );
    csta_frame::frame(&mut good, 3, |out| out.extend_from_slice(xml.as_bytes())).unwrap();
    for round in 0..300 {
        let mut world = World::new(|config| config.session_required = false);
        let link = world.open(round % 2);
        let mut bytes = good.clone();
        for _ in 0..4 {
            let index = usize::from(random()) % bytes.len();
            bytes[index] = random();
        }
        world.bytes(link, &bytes);
        world.pass(Duration::from_secs(100));
    }
}
