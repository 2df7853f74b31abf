//! Data that are associated with a call.

use super::features::{heard, says};
use super::*;

/// A call of 1001 and 1002, and one who watches both and 1003.
fn talking() -> (World, LinkId, String) {
    let mut world = world();
    let alice = world.client();
    for number in ["1001", "1002", "1003"] {
        world.monitor(alice, number);
    }
    world.command("dial 1001 1002");
    let said = world.command("answer 1002");
    let call = said.trim().rsplit(' ').next().unwrap().to_string();
    world.frames(alice);
    (world, alice, call)
}

fn existing(call: &str, device: &str) -> String {
    format!("<existingCall><callID>{call}</callID><deviceID>{device}</deviceID></existingCall>")
}

/// The event that a monitor is told, with these data.
fn event(monitor: &str, call: &str, data: &str) -> String {
    format!(
        "{monitor}: <CallInformationEvent><connection><callID>{call}</callID><deviceID>1001</deviceID></connection>\
         <device><deviceIdentifier>1001</deviceIdentifier></device><callingDevice><deviceIdentifier>1001\
         </deviceIdentifier></callingDevice>{data}</CallInformationEvent>"
    )
}

#[test]
fn every_party_of_a_call_is_told_what_changed_of_its_data() {
    let (mut world, alice, call) = talking();
    let existing = existing(&call, "1001");
    let all = "<accountCode>34373131</accountCode><authCode>31</authCode><correlatorData><string>0a</string>\
               </correlatorData><callQualifyingData>FF</callQualifyingData><subjectOfCall>rent</subjectOfCall>\
               <languagePreferences>de</languagePreferences>";
    assert_eq!(
        says(&mut world, alice, "AssociateData", &format!("{existing}{all}")),
        "<AssociateDataResponse/>"
    );
    let told = "<accountInfo>34373131</accountInfo><authCode>31</authCode><correlatorData><string>0A</string>\
                </correlatorData><callQualifyingData>FF</callQualifyingData><subjectOfCall>rent</subjectOfCall>\
                <languagePreferences>de</languagePreferences>";
    assert_eq!(heard(&mut world, alice), [event("1001", &call, told), event("1002", &call, told)]);

    let some = "<accountCode>34373131</accountCode><authCode>32</authCode>";
    says(&mut world, alice, "AssociateData", &format!("{existing}{some}"));
    let told = "<authCode>32</authCode>";
    assert_eq!(heard(&mut world, alice), [event("1001", &call, told), event("1002", &call, told)]);

    says(&mut world, alice, "AssociateData", &format!("{existing}{some}"));
    assert_eq!(heard(&mut world, alice), [""; 0], "nothing changed");
}

#[test]
fn data_said_at_the_phone_are_told_as_those_from_a_client() {
    let (mut world, alice, call) = talking();
    assert_eq!(world.command("associate 1001 account 4711").trim(), format!("ok {call}"));
    let told = "<accountInfo>34373131</accountInfo>";
    assert_eq!(heard(&mut world, alice), [event("1001", &call, told), event("1002", &call, told)]);
    let long = "x".repeat(65);
    assert!(world.command(&format!("associate 1001 subject {long}")).starts_with("error "));
    assert!(world.command("associate 1003 account 1").starts_with("error "));
    assert_eq!(heard(&mut world, alice), [""; 0]);
}

#[test]
fn later_events_of_a_call_have_its_correlator_data() {
    let (mut world, alice, _) = talking();
    let data = "<correlatorData><string>AB</string></correlatorData>";
    world.command("associate 1001 account 1");
    world.command("hold 1001");
    assert!(heard(&mut world, alice).iter().all(|event| !event.contains("correlatorData")));
    let only = "<existingCall><deviceID>1001</deviceID></existingCall>";
    says(&mut world, alice, "AssociateData", &format!("{only}{data}"));
    world.command("consult 1002 1003");
    world.command("answer 1003");
    heard(&mut world, alice);
    world.command("associate 1002 subject rent");
    assert!(heard(&mut world, alice).iter().all(|event| !event.contains(data)), "it did not change");
    world.command("retrieve 1001");
    world.command("transfer 1002");
    let events = heard(&mut world, alice);
    let merged: Vec<_> = events.iter().filter(|event| event.contains("TransferedEvent")).collect();
    assert_eq!(merged.len(), 3, "{events:?}");
    assert!(merged.iter().all(|event| event.contains(data)), "{merged:?}");
    world.command("hangup 1001");
    let events = heard(&mut world, alice);
    assert!(!events.is_empty() && events.iter().all(|event| event.contains(data)), "{events:?}");
}

#[test]
fn data_that_do_not_fit_are_refused_with_the_value_that_says_why() {
    let (mut world, alice, call) = talking();
    let own = existing(&call, "1001");
    let long = "0".repeat(130);
    for (inside, refusal) in [
        (own.clone(), "operation/atLeastOneConditionalParameterNotProvided"),
        (format!("{own}<accountCode>123</accountCode>"), "operation/invalidAccountCode"),
        (format!("{own}<accountCode>{long}</accountCode>"), "operation/invalidAccountCode"),
        (format!("{own}<authCode>xy</authCode>"), "operation/invalidAuthCode"),
        (
            format!("{own}<correlatorData><string>1</string></correlatorData>"),
            "operation/invalidCorrelatorData",
        ),
        (
            format!("{own}<correlatorData><private><x/></private></correlatorData>"),
            "operation/correlatorDataNotSupported",
        ),
        (format!("{own}<callQualifyingData>1</callQualifyingData>"), "operation/invalidParameterValue"),
        (format!("{own}<subjectOfCall>{long}</subjectOfCall>"), "operation/invalidParameterValue"),
        (
            format!(
                "{own}<authCode>31</authCode><callCharacteristics><acdCall>true</acdCall></callCharacteristics>"
            ),
            "operation/parameterNotSupported",
        ),
        (format!("{}<authCode>31</authCode>", existing(&call, "1003")), "operation/invalidConnectionID"),
        (format!("{}<authCode>31</authCode>", existing("4711", "1001")), "operation/invalidCallID"),
        (
            "<existingCall><deviceID>1003</deviceID></existingCall><authCode>31</authCode>".to_string(),
            "stateIncompatibility/noActiveCall",
        ),
    ] {
        assert_eq!(says(&mut world, alice, "AssociateData", &inside), refusal, "{inside}");
    }
    assert_eq!(heard(&mut world, alice), [""; 0]);
}
