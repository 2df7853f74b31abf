//! The captured bytes of SIPE against the gateway.

use ctigate_core::Duration;
use ctigate_tests::bench::{Bench, csta, only};
use ctigate_tests::captured::{ACK, BYE, CALL, FEATURES, INVITE, MONITOR, REACK, REINVITE, stop};

#[test]
fn sipe_s_own_bytes_sign_in_call_refresh_and_sign_out() {
    let (mut bench, system) = Bench::in_service(&[]);
    bench.golden("sign-in-call-and-refresh", "SIPE's own bytes: sign-in, features, monitor, a call, a refresh after 30 s\nwhose ACK goes back to CSeq 1, sign-out.");
    bench.note("The user signs in.");
    let link = bench.connect();
    bench.send(link, INVITE.as_bytes());
    system.knows_line(&mut bench);
    let ok = only(&bench.messages(link), 200);
    assert_eq!((ok.root(), ok.element("systemStatus")), ("RequestSystemStatusResponse", "normal"));
    let tag = ok.header("To").split_once(";tag=").unwrap().1.to_owned();
    let placed = |text: &str| text.replace("tag=gw1", &format!("tag={tag}"));

    bench.note("ACK, and at once features and monitor, without waiting for the first answer.");
    bench.send(link, placed(ACK).as_bytes());
    bench.send(link, placed(FEATURES).as_bytes());
    bench.send(link, placed(MONITOR).as_bytes());
    let features = only(&bench.messages(link), 200);
    assert_eq!(features.root(), "GetCSTAFeaturesResponse");
    let asked = system.start_monitor(&mut bench, "m1");
    assert_eq!(asked.element("deviceObject"), "73124");
    let monitor = only(&bench.messages(link), 200);
    let cross_reference = monitor.element("monitorCrossRefID").to_owned();
    bench.advance(Duration::from_millis(3_000));

    bench.note("A click to call.");
    bench.send(link, placed(CALL).as_bytes());
    let made = csta(
        "MakeCallResponse",
        "<callingDevice><callID>7</callID><deviceID>73124</deviceID></callingDevice>",
    );
    let asked = system.serve(&mut bench, "MakeCall", |_| made);
    assert_eq!(asked.element("calledDirectoryNumber"), "+3222220220");
    let call = only(&bench.messages(link), 200);
    assert_eq!(
        (call.element("callID"), call.element("deviceID")),
        ("17", "tel:73124;phone-context=dialstring;partition=BE_BRS_INT"),
        "the answer repeats the line URI byte for byte"
    );

    bench.advance(Duration::from_secs(30));
    bench.note("The refresh, in the same dialog.");
    bench.send(link, placed(REINVITE).as_bytes());
    let refreshed = only(&bench.messages(link), 200);
    assert_eq!(refreshed.element("systemStatus"), "normal");
    bench.send(link, placed(REACK).as_bytes());
    bench.advance(Duration::from_secs(40));
    assert_eq!(bench.messages(link), [], "the ACK with CSeq 1 ended the 200's retransmission");

    bench.note("Sign-out: MonitorStop, and BYE right behind it.");
    let stop = placed(&stop(&cross_reference));
    bench.send(link, (stop + &placed(BYE)).as_bytes());
    let answers: Vec<u16> = bench.messages(link).iter().map(ctigate_tests::bench::Sip::status).collect();
    assert_eq!(answers, [200, 200]);
    system.serve(&mut bench, "MonitorStop", |_| csta("MonitorStopResponse", ""));
    let view = bench.engine().view();
    assert_eq!(
        (view.sessions, view.monitors, view.switch_monitors, view.pending, view.server_transactions),
        (0, 0, 0, 0, 0)
    );
}
