//! Tests of the lines of scripts.

use super::*;

pub(super) fn ok(name: &str) -> String {
    format!("<{name}Response></{name}Response>")
}

#[test]
fn a_call_is_made_followed_held_retrieved_and_cleared() {
    let mut stage = Stage::signed_in();
    stage.say(&["call 1002", "wait established 5s", "hold", "retrieve", "hangup", "wait cleared", "quit"]);
    let make = stage.take("INFO");
    let body = body_of(&make);
    assert!(body.contains(&format!("<callingDevice>{LINE}</callingDevice>")), "{body}");
    assert!(
        body.contains("<calledDirectoryNumber>tel:1002</calledDirectoryNumber><autoOriginate>doNotPrompt<"),
        "{body}"
    );
    stage.accept(&make, &[], MADE);
    stage.event(&delivered());
    assert!(stage.sent.is_empty());
    stage.event(&established());
    let hold = stage.take("INFO");
    // Clients send back the identifier that they saw last, which is the far party's.
    assert!(
        body_of(&hold).contains("<callToBeHeld><callID>0_1</callID><deviceID>tel:1002</deviceID>"),
        "{}",
        body_of(&hold)
    );
    stage.accept(&hold, &[], &ok("HoldCall"));
    let retrieve = stage.take("INFO");
    assert!(body_of(&retrieve).contains("<RetrieveCall "));
    stage.accept(&retrieve, &[], &ok("RetrieveCall"));
    let clear = stage.take("INFO");
    assert!(body_of(&clear).contains("<connectionToBeCleared><callID>0_1</callID>"));
    stage.accept(&clear, &[], &ok("ClearConnection"));
    stage.event(
        &event("ConnectionClearedEvent", "droppedConnection", LINE, "null")
            .replace("subject>", "releasingDevice>"),
    );
    assert_eq!(
        stage.shown(),
        [
            "made call=0_1 device=tel:1001;phone-context=dialstring",
            "event delivered call=0_1 calling=1001 called=1002 local=connected cause=newCall",
            "event established call=0_1 calling=1001 called=1002 local=connected cause=newCall",
            "ok service=hold",
            "ok service=retrieve",
            "ok service=hangup",
            "event connection-cleared call=0_1 local=null cause=newCall",
        ]
    );
    stage.take("INFO");
    stage.take("BYE");
    stage.pass(Duration::from_secs(2));
    assert_eq!(stage.finished, Some(0));
}

#[test]
fn the_ringing_call_is_answered() {
    let mut stage = Stage::signed_in();
    stage.event(
        &delivered().replace(">connected<", ">alerting<").replace("<deviceID>tel:1002", "<deviceID>tel:1001"),
    );
    stage.say(&["wait delivered calling=1001 called=1002", "answer"]);
    assert!(
        body_of(&stage.take("INFO")).contains("<callToBeAnswered><callID>0_1</callID><deviceID>tel:1001<")
    );
}

#[test]
fn a_service_waits_for_the_session_and_then_goes_out() {
    let (mut stage, invite) = Stage::inviting(false);
    stage.say(&["snapshot"]);
    stage.accept(&invite, &[], STATUS);
    let (_, _, monitor) = (stage.take("ACK"), stage.take("INFO"), stage.take("INFO"));
    assert!(stage.sent.is_empty());
    stage.accept(&monitor, &[], MONITOR);
    let snapshot = stage.take("INFO");
    assert!(
        body_of(&snapshot).contains(&format!("<snapshotObject>{LINE}</snapshotObject>")),
        "{}",
        body_of(&snapshot)
    );
}

#[test]
fn an_expectation_that_fails_ends_the_run_with_status_1_after_signing_out() {
    let mut stage = Stage::signed_in();
    stage.say(&["expect delivered calling=1003 300ms", "call 1002"]);
    stage.event(&delivered());
    stage.pass(Duration::from_millis(301));
    assert_eq!(
        stage.shown().last().unwrap(),
        "failed: expect delivered calling=1003 300ms: did not happen in time"
    );
    stage.take("INFO");
    let bye = stage.take("BYE");
    stage.accept(&bye, &[], "");
    assert_eq!((stage.finished, stage.sent.len()), (Some(1), 0));
}

#[test]
fn an_error_fails_the_run_unless_it_was_expected() {
    let error = "<CSTAErrorCode><stateIncompatibility>noCallToAnswer</stateIncompatibility></CSTAErrorCode>";
    for (line, status) in [
        ("expect error stateIncompatibility noCallToAnswer", 0),
        ("expect error", 0),
        ("# nothing expected", 1),
        ("expect error operation 100ms", 1),
    ] {
        let mut stage = Stage::signed_in();
        stage.say(&["answer", line, "quit"]);
        let request = stage.take("INFO");
        stage.accept(&request, &[], error);
        assert_eq!(stage.shown()[0], "error stateIncompatibility noCallToAnswer service=answer");
        stage.pass(Duration::from_secs(3));
        assert_eq!(stage.finished, Some(status), "{line}");
    }
}

#[test]
fn who_types_the_lines_can_go_on_behind_one_that_fails() {
    let mut stage = Stage::signed_in();
    stage.client.config.interactive = true;
    stage.say(&["cal 1002", "expect delivered 100ms", "help"]);
    stage.pass(Duration::from_millis(101));
    let shown = stage.shown();
    assert!(shown[0].starts_with("failed: 'cal' is no command: call, answer, "), "{shown:?}");
    assert_eq!(shown[1], "failed: expect delivered 100ms: did not happen in time");
    assert!(shown[2].starts_with("commands: call, answer, "), "{shown:?}");
    stage.say(&["call 1002"]);
    let call = stage.take("INFO");
    stage.accept(&call, &[], MADE);
    stage.say(&["quit"]);
    stage.take("INFO");
    let bye = stage.take("BYE");
    stage.accept(&bye, &[], "");
    assert_eq!(stage.finished, Some(1), "the end tells that something failed");
}

#[test]
fn quitting_is_good_only_if_the_sign_in_was() {
    let (mut stage, _) = Stage::inviting(false);
    stage.say(&["quit", "call 1002"]);
    assert_eq!(stage.finished, None);
    stage.pass(Duration::from_secs(8));
    assert_eq!(stage.shown()[0], "failed: sign-in: not signed in in time");
    assert_eq!(stage.finished, Some(1));
}

#[test]
fn an_answer_that_does_not_come_fails_the_line() {
    let mut stage = Stage::signed_in();
    stage.say(&["features"]);
    stage.pass(Duration::from_secs(6));
    assert_eq!(stage.shown()[0], "failed: features: no answer in time");
    stage.pass(Duration::from_secs(2));
    assert_eq!(stage.finished, Some(1));
}

#[test]
fn raw_documents_go_out_as_they_are_and_their_answers_are_shown() {
    let mut stage = Stage::signed_in();
    stage.say(&["raw <DanceCall xmlns='x'/>"]);
    let request = stage.take("INFO");
    assert_eq!(body_of(&request), "<DanceCall xmlns='x'/>");
    stage.accept(&request, &[], "<CSTAErrorCode><operation>generic</operation></CSTAErrorCode>");
    assert!(stage.shown()[0].starts_with("response body=<CSTAErrorCode "));
}

#[test]
fn update_refreshes_the_session() {
    let mut stage = Stage::signed_in();
    stage.say(&["update", "wait refreshed"]);
    let update = stage.take("UPDATE");
    assert_eq!(header_of(&update, "Session-Expires"), "1800;refresher=uac");
    stage.accept(&update, &["Session-Expires: 600;refresher=uac"], "");
    assert_eq!(stage.shown(), ["refreshed session-expires=600"]);
    assert_eq!(stage.client.refresh_at, Some(stage.now + Duration::from_secs(540)));
}

#[test]
fn a_session_the_gateway_does_not_know_any_more_is_over() {
    let mut stage = Stage::signed_in();
    stage.client.config.reinvite = Reinvite::Never;
    stage.say(&["hold", "retrieve"]);
    let hold = stage.take("INFO");
    stage.answer(&hold, (481, ""), &[], "");
    stage.settle();
    assert_eq!(
        stage.shown(),
        ["refused 481 Call/Transaction Does Not Exist", "ended 481", "failed: retrieve: not signed in"]
    );
    assert_eq!(stage.finished, Some(1));
}

#[test]
fn told_that_its_session_is_unknown_it_signs_in_again_and_goes_on() {
    let mut stage = Stage::signed_in();
    stage.event(&established());
    stage.say(&["expect established", "hold", "expect refused 481", "expect signed-in", "calls", "features"]);
    let hold = stage.take("INFO");
    stage.answer(&hold, (481, ""), &[], "");
    let invite = stage.take("INVITE");
    assert_ne!(header_of(&invite, "Call-ID"), header_of(&hold, "Call-ID"));
    assert!(!header_of(&invite, "To").contains("tag="), "it is the first of a dialog");
    stage.accept(&invite, &[], STATUS);
    let (_, _, monitor) = (stage.take("ACK"), stage.take("INFO"), stage.take("INFO"));
    stage.accept(&monitor, &[], &MONITOR.replace("99fda87c", "5"));
    assert_eq!(
        stage.shown().split_off(1),
        [
            "refused 481 Call/Transaction Does Not Exist",
            "reinvite why=481",
            "signed-in status=normal",
            "calls none",
            "monitor xref=5"
        ]
    );
    assert!(body_of(&stage.take("INFO")).contains("<GetCSTAFeatures"), "the script goes on");
    stage.event(&established().replace("99fda87c", "5"));
    assert_eq!(stage.client.calls().iter().count(), 1);
}

#[test]
fn a_client_that_refreshes_in_the_same_dialog_keeps_what_it_knows() {
    let mut stage = Stage::signed_in();
    stage.client.config.reinvite = Reinvite::Same;
    stage.event(&established());
    stage.say(&["hold", "expect refused 481", "hold"]);
    let hold = stage.take("INFO");
    stage.answer(&hold, (481, ""), &[], "");
    let invite = stage.take("INVITE");
    assert_eq!(header_of(&invite, "Call-ID"), header_of(&hold, "Call-ID"));
    assert!(stage.sent.is_empty(), "the next request waits for the session");
    stage.accept(&invite, &[], STATUS);
    stage.take("ACK");
    assert!(stage.shown().ends_with(&["reinvite why=481".into(), "refreshed status=normal".into()]));
    assert!(body_of(&stage.take("INFO")).contains("<callToBeHeld><callID>0_1</callID>"));
    assert_eq!((stage.client.monitor.clone(), stage.sent.len()), (Monitor::Running("99fda87c".into()), 0));
}

#[test]
fn a_gateway_that_never_knows_the_session_is_not_asked_for_ever() {
    let mut stage = Stage::signed_in();
    let lines = [
        "hold",
        "expect refused",
        "hold",
        "expect refused",
        "hold",
        "expect refused",
        "hold",
        "expect ended",
    ];
    stage.say(&lines);
    for _ in 0..3 {
        let hold = stage.take("INFO");
        stage.answer(&hold, (481, ""), &[], "");
        let invite = stage.take("INVITE");
        stage.accept(&invite, &[], &STATUS.replace("normal", "disabled"));
        stage.take("ACK");
    }
    let hold = stage.take("INFO");
    stage.answer(&hold, (481, ""), &[], "");
    assert_eq!(stage.shown().last().unwrap(), "ended 481");
    assert!(stage.sent.is_empty());
}

#[test]
fn several_requests_of_a_lost_session_cause_one_sign_in() {
    let (mut stage, invite) = Stage::inviting(false);
    stage.accept(&invite, &[], STATUS);
    let (_, features, monitor) = (stage.take("ACK"), stage.take("INFO"), stage.take("INFO"));
    stage.accept(&monitor, &[], MONITOR);
    stage.say(&["hold"]);
    let hold = stage.take("INFO");
    stage.answer(&features, (481, ""), &[], "");
    stage.take("INVITE");
    stage.answer(&hold, (481, ""), &[], "");
    assert_eq!((stage.client.phase, stage.sent.len()), (Phase::Inviting, 0));
}

#[test]
fn events_under_an_unknown_monitor_are_a_fault() {
    let mut stage = Stage::signed_in();
    stage.event(&delivered().replace("99fda87c", "00000000"));
    assert_eq!(stage.shown(), ["error unknown-monitor 00000000"]);
    stage.say(&["quit"]);
    stage.pass(Duration::from_secs(3));
    assert_eq!(stage.finished, Some(1));
}

#[test]
fn a_script_without_lines_ends_once_sign_in_is_done() {
    let (mut stage, invite) = Stage::inviting(false);
    stage.input(Input::from(Command::End));
    stage.accept(&invite, &[], STATUS);
    let (_, _, monitor) = (stage.take("ACK"), stage.take("INFO"), stage.take("INFO"));
    stage.accept(&monitor, &[], MONITOR);
    let (_, bye) = (stage.take("INFO"), stage.take("BYE"));
    stage.accept(&bye, &[], "");
    assert_eq!(stage.finished, Some(0));
    let (mut stage, _) = Stage::inviting(false);
    stage.input(Input::from(Command::End));
    stage.pass(Duration::from_secs(8));
    assert_eq!(
        (stage.shown(), stage.finished),
        ([String::from("failed: sign-in: not signed in in time")].into(), Some(1))
    );
}

#[test]
fn lines_that_make_no_sense_fail() {
    let mut stage = Stage::signed_in();
    stage.say(&["sleep 1s", "dance"]);
    stage.pass(Duration::from_millis(900));
    assert!(stage.shown().is_empty());
    stage.pass(Duration::from_millis(200));
    assert!(stage.shown()[0].starts_with("failed: 'dance' is no command"));
}

#[test]
fn a_long_script_is_run_in_portions_and_ends_at_its_end() {
    let mut stage = Stage::signed_in();
    let lines = ["# nothing"; 100];
    for line in lines {
        stage.client.runner.add(line);
    }
    stage.input(Input::from(Command::End));
    assert_eq!(stage.client.next_wake().unwrap().why, Why::Backlog);
    stage.settle();
    let (_, bye) = (stage.take("INFO"), stage.take("BYE"));
    stage.accept(&bye, &[], "");
    assert_eq!(stage.finished, Some(0));
}
