//! Forwarding and do not disturb, which stand in the database of an Asterisk.

use ctigate_core::Duration;
use ctigate_tests::bench::{Asterisk, Bench, Sip, only};

use super::{monitored, told};

/// What the dialplan tells when an entry of the database has changed.
fn changed(bench: &mut Bench, asterisk: Asterisk, family: &str, value: &str) {
    let lines = format!("UserEvent: AstDBChanged\r\nFamily: {family}\r\nKey: 1001\r\nValue: {value}\r\n\r\n");
    asterisk.say(bench, &format!("Event: UserEvent\r\nPrivilege: user,all\r\n{lines}"));
}

#[test]
fn what_is_set_at_the_phone_by_its_codes_shows_in_the_client() {
    let (mut bench, asterisk, client, _) = monitored(&[]);
    let mut tell = |family: &str, value: &str| {
        changed(&mut bench, asterisk, family, value);
        bench.advance(Duration::from_millis(20));
        client.heard(&mut bench)
    };
    let set = only_event(&tell("CF", "1003"), "ForwardingEvent");
    let members = ["forwardingType", "forwardStatus", "forwardTo"].map(|name| set.element(name).to_owned());
    assert_eq!(members, ["forwardImmediate", "true", "tel:1003;phone-context=dialstring"]);
    assert_eq!(tell("CF", "1003"), [], "nothing has changed");
    let ended = only_event(&tell("CF", ""), "ForwardingEvent");
    assert_eq!(
        (ended.element("forwardStatus"), ended.element("forwardTo")),
        ("false", set.element("forwardTo"))
    );
    assert_eq!(only_event(&tell("CFB", "1004"), "ForwardingEvent").element("forwardingType"), "forwardBusy");
    assert_eq!(only_event(&tell("DND", "YES"), "DoNotDisturbEvent").element("doNotDisturbOn"), "true");
    assert_eq!(only_event(&tell("DND", ""), "DoNotDisturbEvent").element("doNotDisturbOn"), "false");
    assert_eq!(tell("cidname", "Anna"), [], "it is none of its business");
}

fn only_event(told: &[Sip], root: &str) -> Sip {
    assert!(told.len() == 1 && told[0].root() == root, "{root}: {told:#?}");
    told[0].clone()
}

#[test]
fn forwarding_is_set_and_read_in_the_database_of_an_asterisk() {
    let (mut bench, asterisk, mut client, _) = monitored(&[]);
    let set = "<device>1001</device><forwardingType>forwardNoAns</forwardingType><activateForward>true\
               </activateForward><forwardDN>1003</forwardDN>";
    assert!(client.info(&mut bench, "SetForwarding", set).is_empty());
    let put = asterisk.only(&mut bench, "DBPut");
    assert_eq!(["Family", "Key", "Val"].map(|key| put.value(key)), ["CFU", "1001", "1003"]);
    asterisk.accept(&mut bench, &put, &[("Message", "Updated database successfully")]);
    let mut told = client.heard(&mut bench);
    bench.advance(Duration::from_millis(20));
    told.extend(client.heard(&mut bench));
    let roots: Vec<&str> = told.iter().map(Sip::root).collect();
    assert_eq!(roots, ["SetForwardingResponse", "ForwardingEvent"]);
    client.info(&mut bench, "GetForwarding", "<device>1001</device>");
    for get in asterisk.acted(&mut bench) {
        if get.value("Family") == "CFU" {
            asterisk.accept(&mut bench, &get, &[("EventList", "start")]);
            let id = get.value("ActionID");
            let val = format!(
                "Event: DBGetResponse\r\nFamily: CFU\r\nKey: 1001\r\nVal: 1003\r\nActionID: {id}\r\n\r\n"
            );
            asterisk.say(&mut bench, &val);
            let end = format!(
                "Event: DBGetComplete\r\nActionID: {id}\r\nEventList: Complete\r\nListItems: 1\r\n\r\n"
            );
            asterisk.say(&mut bench, &end);
        } else {
            asterisk.refuse(&mut bench, &get, "Database entry not found");
        }
    }
    let read = only(&client.heard(&mut bench), 200);
    assert_eq!(read.root(), "GetForwardingResponse");
    let members = ["forwardingType", "forwardStatus", "forwardDN"].map(|name| read.element(name).to_owned());
    assert_eq!(members, ["forwardNoAns", "true", "tel:1003;phone-context=dialstring"]);
    let unset = "<device>1001</device><doNotDisturbOn>false</doNotDisturbOn>";
    client.info(&mut bench, "SetDoNotDisturb", unset);
    let delete = asterisk.only(&mut bench, "DBDel");
    asterisk.refuse(&mut bench, &delete, "Database entry not found");
    let answer = client.heard(&mut bench).remove(0);
    assert_eq!(answer.root(), "SetDoNotDisturbResponse", "what is not there need not be deleted");
}

#[test]
fn a_device_state_of_the_dialplan_is_a_hint_to_read_the_database_again() {
    let (mut bench, asterisk, client, _) = monitored(&[]);
    for device in ["Custom:DND1001", "Custom:DND1002", "Custom:DAYNIGHT1", "PJSIP/1001"] {
        let event = "Event: DeviceStateChange\r\nPrivilege: call,all\r\n";
        asterisk.say(&mut bench, &format!("{event}Device: {device}\r\nState: BUSY\r\n\r\n"));
    }
    let get = asterisk.only(&mut bench, "DBGet");
    assert_eq!((get.value("Family"), get.value("Key")), ("DND", "1001"));
    asterisk.accept(&mut bench, &get, &[("EventList", "start")]);
    let id = get.value("ActionID").to_owned();
    let val =
        format!("Event: DBGetResponse\r\nFamily: DND\r\nKey: 1001\r\nVal: YES\r\nActionID: {id}\r\n\r\n");
    asterisk.say(&mut bench, &val);
    bench.advance(Duration::from_millis(20));
    only_event(&client.heard(&mut bench), "DoNotDisturbEvent");
}

/// Lists entries of each of the four families, and says that it were as many as `more` and those.
fn list_settings(bench: &mut Bench, asterisk: Asterisk, entries: &[(&str, &str)], more: usize) {
    let mut asked =
        asterisk.acted_within(bench, 300).pop().expect("the database is listed every five minutes");
    for family in ["CF", "CFB", "CFU", "DND"] {
        assert_eq!((asked.name(), asked.value("Family")), ("DBGetTree", family));
        asterisk.accept(bench, &asked, &[("EventList", "start")]);
        let id = asked.value("ActionID").to_owned();
        let own: Vec<_> = entries.iter().filter(|(key, _)| key.starts_with(&format!("/{family}/"))).collect();
        for (key, value) in &own {
            let lines = format!("Key: {key}\r\nVal: {value}\r\nActionID: {id}\r\n\r\n");
            asterisk.say(bench, &format!("Event: DBGetTreeResponse\r\n{lines}"));
        }
        let lines = format!("ActionID: {id}\r\nEventList: Complete\r\nListItems: {}", own.len() + more);
        asterisk.say(bench, &format!("Event: DBGetTreeComplete\r\n{lines}\r\n\r\n"));
        if family != "DND" {
            asked = asterisk.only(bench, "DBGetTree");
        }
    }
    assert_eq!(asterisk.acted(bench), []);
}

#[test]
fn what_another_program_sets_is_told_when_the_database_is_read_again() {
    let (mut bench, asterisk, client, _) = monitored(&[]);
    let mut reads = |entries: &[(&str, &str)], more: usize| {
        list_settings(&mut bench, asterisk, entries, more);
        told(&mut bench, &client)
    };
    let nothing = Vec::<String>::new();
    assert_eq!(
        reads(&[("/CF/1001", "1002"), ("/DND/1002", "YES")], 0),
        nothing,
        "it may always have been so"
    );
    assert_eq!(reads(&[("/CF/1001", "1002"), ("/DND/1002", "")], 0), nothing);
    assert_eq!(reads(&[("/CF/1001", "1003"), ("/CF/1001/x", "1"), ("/DND/1001", "YES")], 0).len(), 2);
    assert_eq!(reads(&[("/CF/1001", "1003"), ("/DND/1001", "YES")], 0), nothing);
    assert_eq!(reads(&[("/CF/1001", "1004")], 1), nothing, "some of it was lost");
    assert_eq!(reads(&[("/DND/1001", "YES")], 0), ["ForwardingEvent "]);
}

#[test]
fn what_a_client_has_read_is_told_if_it_is_another_than_before() {
    let (mut bench, asterisk, mut client, _) = monitored(&[]);
    let mut reads = |value: &str| {
        client.info(&mut bench, "GetDoNotDisturb", "<device>1001</device>");
        let get = asterisk.only(&mut bench, "DBGet");
        if value.is_empty() {
            asterisk.refuse(&mut bench, &get, "Database entry not found");
        } else {
            asterisk.accept(&mut bench, &get, &[("EventList", "start")]);
            let lines =
                format!("Family: DND\r\nKey: 1001\r\nVal: {value}\r\nActionID: {}", get.value("ActionID"));
            asterisk.say(&mut bench, &format!("Event: DBGetResponse\r\n{lines}\r\n\r\n"));
        }
        bench.advance(Duration::from_millis(20));
        client.heard(&mut bench).iter().map(|one| one.root().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(reads(""), ["GetDoNotDisturbResponse"]);
    let mut changed = reads("YES");
    changed.sort();
    assert_eq!(changed, ["DoNotDisturbEvent", "GetDoNotDisturbResponse"]);
    assert_eq!(reads("YES"), ["GetDoNotDisturbResponse"]);
}

#[test]
fn a_database_that_is_not_listed_is_not_asked_for_again_and_that_is_said() {
    let (mut bench, asterisk, ..) = monitored(&[]);
    let shown =
        |bench: &Bench| bench.engine().connections().next().map(|one| one.remarks).unwrap_or_default();
    assert!(shown(&bench).is_empty());
    let [asked] = asterisk.acted_within(&mut bench, 301).try_into().expect("it is tried");
    asterisk.refuse(&mut bench, &asked, "Invalid/unknown command: DBGetTree. Use Action: ListCommands");
    assert_eq!(asterisk.acted_within(&mut bench, 700), []);
    let remarks = shown(&bench);
    assert!(remarks.len() == 1 && remarks[0].contains("DBGetTree"), "{remarks:?}");
}
