//! The end of a selection: the line URI decides again.

use ctigate_core::line::finding::Refusal;

use super::{client, invite, office_with, select, told};

#[test]
fn the_automatic_choice_leads_back_to_the_line_uri_s_device() {
    let (mut bench, system) = office_with(&[], &[("bob", "SOFT2:1")]);
    let mut client = client(&mut bench, "tel:1002;phone-context=dialstring;device=HARD2");
    let (_, devices) = invite(&mut bench, system, &mut client, "sip:bob@example.com", |_| true);
    assert_eq!(devices, ["1002:CM1:192.0.2.10:1"], "the selection beats the line URI");
    assert_eq!(select(&mut bench, "bob", "automatic"), Ok(()));
    assert_eq!(system.knows_line(&mut bench).element("snapshotObject"), "1002:CM1:192.0.2.10:0");
    let object = client.monitor_object();
    client.info(&mut bench, "MonitorStart", &object);
    let asked = system.start_monitor(&mut bench, "m1");
    assert_eq!(asked.element("deviceObject"), "1002:CM1:192.0.2.10:0");
}

#[test]
fn the_end_of_a_selection_ends_a_session_whose_line_uri_leads_nowhere() {
    for (line, refusal) in [
        ("tel:1003;phone-context=dialstring", Refusal::NotAuthorized),
        ("tel:1999;phone-context=dialstring", Refusal::UnknownLine),
        ("tel:1002;phone-context=dialstring;device=HARD9", Refusal::UnknownDevice),
    ] {
        let (mut bench, system) = office_with(&[], &[("bob", "SOFT2:1")]);
        let mut client = client(&mut bench, line);
        let (answer, devices) = invite(&mut bench, system, &mut client, "sip:bob@example.com", |_| true);
        assert_eq!((answer.status(), &*devices[0]), (200, "1002:CM1:192.0.2.10:1"), "the selection counts");
        bench.notices();
        assert_eq!(select(&mut bench, "bob", "automatic"), Ok(()));
        let [bye] = client.heard(&mut bench).try_into().expect("a request");
        assert!(bye.start().starts_with("BYE "), "{line}: {}", bye.start());
        let [log] = told(&bench.notices(), "right_withdrawn").try_into().expect("one line");
        for part in ["user=sip:bob@example.com", &format!("why=\"{refusal}\""), refusal.remedy()] {
            assert!(log.contains(part), "{part} is not in {log}");
        }
        assert_eq!((bench.engine().view().sessions, bench.engine().counters().rights_withdrawn), (0, 1));
    }
}

#[test]
fn the_end_of_a_selection_keeps_a_session_if_only_the_device_is_in_doubt() {
    let (mut bench, system) = office_with(&[], &[("bob", "SOFT2:1")]);
    let mut client = client(&mut bench, "tel:1002;phone-context=dialstring");
    let (_, devices) = invite(&mut bench, system, &mut client, "sip:bob@example.com", |_| true);
    assert_eq!(devices, ["1002:CM1:192.0.2.10:1"]);
    bench.notices();
    assert_eq!(select(&mut bench, "bob", "automatic"), Ok(()));
    let [log] = told(&bench.notices(), "device_kept").try_into().expect("one line");
    for part in ["device=1002:CM1:192.0.2.10:1", "why=\"ambiguous line\"", Refusal::AmbiguousLine.remedy()] {
        assert!(log.contains(part), "{part} is not in {log}");
    }
    let object = client.monitor_object();
    client.info(&mut bench, "MonitorStart", &object);
    assert_eq!(system.start_monitor(&mut bench, "m1").element("deviceObject"), "1002:CM1:192.0.2.10:1");
}
