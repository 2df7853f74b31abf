//! Tests of the picture of calls: what is believed after events, answers and snapshots.

use alloc::string::ToString as _;

use ctigate_core::wire::csta::guard::XmlLimits;
use ctigate_core::wire::csta::model::{Message, Response, SnapshotItem};
use ctigate_core::wire::csta::parse::Document;

use super::*;

const LINE: &str = "tel:1001;phone-context=dialstring";

fn connection(call: &'static str, device: &'static str) -> Connection<'static> {
    Connection { call: Some(call), device: Some(Device { id: device, type_of_number: None }) }
}

/// A snapshot's item with the line's own state and those of others.
pub(in crate::client) fn item(
    connection: Connection<'static>,
    endpoint: &'static str,
    states: &[State],
) -> SnapshotItem<'static> {
    let endpoint = Some(Named::Device(Device { id: endpoint, type_of_number: None }));
    SnapshotItem { connection, endpoint, states: states.iter().copied().collect(), source: None }
}

/// A picture that knows the calls of a snapshot.
pub(in crate::client) fn calls(items: &[(&'static str, &'static str, State)]) -> Calls {
    let mut calls = Calls::new(LINE);
    let items: Vec<_> =
        items.iter().map(|(call, device, state)| item(connection(call, device), "1002", &[*state])).collect();
    calls.found(&items);
    calls
}

/// Gives the picture an event: its root, and what is in it beside the monitor's name.
fn see(calls: &mut Calls, root: &str, inside: &str) {
    let text = format!("<{root}><monitorCrossRefID>1</monitorCrossRefID>{inside}</{root}>");
    let document = Document::parse(text.as_bytes(), &XmlLimits::default()).unwrap();
    match document.message() {
        Ok(Message::Event(event)) => calls.event(&event),
        other => panic!("{text}: {other:?}"),
    }
}

fn named(element: &str, call: &str, device: &str) -> String {
    format!("<{element}><callID>{call}</callID><deviceID>{device}</deviceID></{element}>")
}

fn device(element: &str, number: &str) -> String {
    format!("<{element}><deviceIdentifier>tel:{number}</deviceIdentifier></{element}>")
}

/// The end of an event: the state of the line's own connection and the cause.
fn end(local: &str, cause: &str) -> String {
    format!("<localConnectionInfo>{local}</localConnectionInfo><cause>{cause}</cause>")
}

/// The parties that an event of a call tells of.
fn from_to(calling: &str, called: &str) -> String {
    device("callingDevice", calling) + &device("calledDevice", called)
}

/// The line calls 1002, which answers.
fn calls_1002(calls: &mut Calls, call: &str) {
    let to = from_to("1001", "1002");
    see(
        calls,
        "OriginatedEvent",
        &(named("originatedConnection", call, "1001") + &to + &end("connected", "newCall")),
    );
    let delivered = named("connection", call, "1002") + &device("alertingDevice", "1002") + &to;
    see(calls, "DeliveredEvent", &(delivered + &end("connected", "newCall")));
    let established = named("establishedConnection", call, "1002") + &device("answeringDevice", "1002") + &to;
    see(calls, "EstablishedEvent", &(established + &end("connected", "newCall")));
}

/// The line is called by 1003 and answers.
fn called_by_1003(calls: &mut Calls, call: &str) {
    let to = from_to("1003", "1001");
    let delivered = named("connection", call, "1001") + &device("alertingDevice", "1001") + &to;
    see(calls, "DeliveredEvent", &(delivered + &end("alerting", "newCall")));
    let established = named("establishedConnection", call, "1001") + &device("answeringDevice", "1001") + &to;
    see(calls, "EstablishedEvent", &(established + &end("connected", "newCall")));
}

fn held(calls: &mut Calls, call: &str) {
    let held = named("heldConnection", call, "1001") + &device("holdingDevice", "1001");
    see(calls, "HeldEvent", &(held + &end("hold", "normal")));
}

/// An item of a list: the new connection, the old call, and the device.
fn listed(new: &str, old: &str, number: &str) -> String {
    format!(
        "<connectionListItem>{}{}<endpoint><deviceID>tel:{number}</deviceID></endpoint></connectionListItem>",
        named("newConnection", new, number),
        named("oldConnection", old, number)
    )
}

/// A transfer of 1002 in call 1 to 1003 in call 2 by `by`, which makes call 3 of both.
fn transfered(by: &str, local: &str) -> String {
    named("primaryOldCall", "1", by)
        + &named("secondaryOldCall", "2", by)
        + &device("transferringDevice", by)
        + &device("transferredToDevice", "1003")
        + &format!(
            "<transferredConnections>{}{}</transferredConnections>",
            listed("3", "1", "1002"),
            listed("3", "2", "1003")
        )
        + &end(local, "transfer")
}

/// What `calls` would show.
fn shown(calls: &Calls) -> Vec<String> {
    let shown =
        |call: &Call| format!("{} {} {} {}", call.number(), call.id(), call.state().word(), call.states());
    calls.iter().map(shown).collect()
}

#[test]
fn a_command_means_the_newest_call_in_the_fitting_state() {
    let calls = calls(&[("1", "a", State::Hold), ("2", "b", State::Connected), ("3", "c", State::Alerting)]);
    assert_eq!(calls.connection(None, &[State::Hold], &[]), connection("1", "a"));
    assert_eq!(calls.connection(None, &[State::Fail, State::Connected], &[]), connection("2", "b"));
    assert_eq!(calls.connection(None, &[State::Queued], &[]), connection("3", "c"));
    assert_eq!(calls.connection(None, &[State::Alerting], &["3"]), connection("2", "b"));
    assert_eq!(calls.connection(Some(1), &[State::Alerting], &[]), connection("1", "a"));
}

#[test]
fn a_call_that_ended_is_meant_only_when_there_is_no_other() {
    let mut calls = Calls::new(LINE);
    assert_eq!(calls.connection(None, &[State::Hold], &[]).call, None);
    assert_eq!(calls.connection(None, &[State::Hold], &[]).device.map(|device| device.id), Some(LINE));
    calls.found(&[item(connection("1", "a"), "1002", &[State::Connected])]);
    calls.found(&[item(connection("1", "b"), "1002", &[State::Null])]);
    assert_eq!(calls.connection(None, &[State::Hold], &[]), connection("1", "b"));
    calls.made(&Connection { call: Some("2"), device: None }, None);
    let meant = calls.connection(None, &[State::Hold], &[]);
    assert_eq!((meant.call, meant.device.map(|device| device.id)), (Some("2"), Some(LINE)));
}

#[test]
fn a_call_is_followed_from_both_ends_until_it_is_over() {
    let mut calls = Calls::new(LINE);
    calls_1002(&mut calls, "1");
    called_by_1003(&mut calls, "2");
    assert_eq!(shown(&calls), ["1 1 connected 1002:connected", "2 2 connected 1003:connected"]);
    held(&mut calls, "1");
    let held = named("heldConnection", "2", "1003") + &device("holdingDevice", "1003");
    see(&mut calls, "HeldEvent", &(held + &end("connected", "normal")));
    assert_eq!(shown(&calls), ["1 1 hold 1002:connected", "2 2 connected 1003:hold"]);
    let gone = named("droppedConnection", "1", "1002") + &device("releasingDevice", "1002");
    see(&mut calls, "ConnectionClearedEvent", &(gone + &end("hold", "normalClearing")));
    assert_eq!(shown(&calls), ["1 1 hold none", "2 2 connected 1003:hold"]);
    see(
        &mut calls,
        "CallClearedEvent",
        &(named("clearedCall", "1", "1001") + "<cause>normalClearing</cause>"),
    );
    called_by_1003(&mut calls, "7");
    assert_eq!(
        shown(&calls),
        ["2 2 connected 1003:hold", "1 7 connected 1003:connected"],
        "the number 1 is free again"
    );
}

#[test]
fn a_consultation_knows_which_call_it_is_about() {
    let mut calls = Calls::new(LINE);
    called_by_1003(&mut calls, "1");
    held(&mut calls, "1");
    calls.made(&connection("2", LINE), Some("1"));
    assert_eq!(calls.numbered(2).and_then(Call::consultation_of), Some(1));
    let mut keys = Calls::new(LINE);
    called_by_1003(&mut keys, "1");
    held(&mut keys, "1");
    let initiated = named("initiatedConnection", "2", "1001") + &device("initiatingDevice", "1001");
    see(&mut keys, "ServiceInitiatedEvent", &(initiated + &end("initiated", "consultation")));
    assert_eq!(keys.named("2").and_then(Call::consultation_of), Some(1), "by the keys of the phone");
    see(&mut keys, "CallClearedEvent", &(named("clearedCall", "1", "1001") + "<cause>normal</cause>"));
    assert_eq!(keys.named("2").and_then(Call::consultation_of), None);
}

#[test]
fn who_transfers_has_no_call_any_more() {
    let mut calls = Calls::new(LINE);
    calls_1002(&mut calls, "1");
    held(&mut calls, "1");
    called_by_1003(&mut calls, "2");
    see(&mut calls, "TransferedEvent", &transfered("1001", "null"));
    assert!(shown(&calls).is_empty(), "{:?}", shown(&calls));
}

/// The line is 1001, and 1009 transfers it to 1003.
#[test]
fn who_is_transferred_goes_on_in_a_new_call() {
    let mut calls = Calls::new(LINE);
    let to = from_to("1009", "1001");
    let delivered = named("connection", "1", "1001") + &device("alertingDevice", "1001") + &to;
    see(&mut calls, "DeliveredEvent", &(delivered + &end("alerting", "newCall")));
    let established = named("establishedConnection", "1", "1001") + &device("answeringDevice", "1001") + &to;
    see(&mut calls, "EstablishedEvent", &(established + &end("connected", "newCall")));
    see(&mut calls, "TransferedEvent", &transfered("1009", "connected").replace("1002", "1001"));
    assert_eq!(shown(&calls), ["1 3 connected 1003:unknown"], "nobody said that 1003 has answered");
    let answered = named("establishedConnection", "3", "1003")
        + &device("answeringDevice", "1003")
        + &from_to("1009", "1003");
    see(&mut calls, "EstablishedEvent", &(answered + &end("connected", "transfer")));
    assert_eq!(shown(&calls), ["1 3 connected 1003:connected"]);
    assert_eq!(calls.connection(None, &[State::Connected], &[]).call, Some("3"));
}

/// The line is 1001, to which 1009 transfers 1002; `answered`: not while it rings.
#[test]
fn who_is_transferred_to_keeps_its_state_and_gets_another_party() {
    for answered in [true, false] {
        let mut calls = Calls::new(LINE);
        let to = from_to("1009", "1001");
        let delivered = named("connection", "2", "1001") + &device("alertingDevice", "1001") + &to;
        see(&mut calls, "DeliveredEvent", &(delivered + &end("alerting", "consultation")));
        let local = if answered { "connected" } else { "alerting" };
        if answered {
            let established =
                named("establishedConnection", "2", "1001") + &device("answeringDevice", "1001") + &to;
            see(&mut calls, "EstablishedEvent", &(established + &end("connected", "consultation")));
        }
        see(&mut calls, "TransferedEvent", &transfered("1009", local).replace("1003", "1001"));
        assert_eq!(shown(&calls), [format!("1 3 {local} 1002:unknown")]);
        let meant = calls.connection(None, &[State::Alerting, State::Connected], &[]);
        assert_eq!(meant, connection("3", "1001"), "its own connection stands in the list");
    }
}

#[test]
fn a_transfer_without_a_list_names_who_comes_and_who_leaves() {
    let mut calls = Calls::new(LINE);
    called_by_1003(&mut calls, "1");
    let transfered = named("primaryOldCall", "1", "1003")
        + &device("transferringDevice", "1003")
        + &device("transferredToDevice", "1004")
        + &end("connected", "singleStepTransfer");
    see(&mut calls, "TransferedEvent", &transfered);
    assert_eq!(shown(&calls), ["1 1 connected 1004:unknown"]);
}

fn conferenced(by: &str, second: bool, local: &str, numbers: &[&str]) -> String {
    let items: String = numbers.iter().map(|number| listed("3", "1", number)).collect();
    named("primaryOldCall", "1", by)
        + &if second { named("secondaryOldCall", "2", by) } else { String::new() }
        + &device("conferencingDevice", by)
        + &device("addedParty", "1003")
        + &format!("<conferenceConnections>{items}</conferenceConnections>")
        + &end(local, "conference")
}

#[test]
fn who_starts_a_conference_has_one_call_of_two() {
    let mut calls = Calls::new(LINE);
    calls_1002(&mut calls, "1");
    held(&mut calls, "1");
    called_by_1003(&mut calls, "2");
    calls.consult("2", "1");
    see(&mut calls, "ConferencedEvent", &conferenced("1001", true, "connected", &["1001", "1002", "1003"]));
    assert_eq!(shown(&calls), ["1 3 connected 1002:connected+1003:connected"]);
    assert_eq!(calls.iter().next().and_then(Call::consultation_of), None);
    let gone = named("droppedConnection", "3", "1002") + &device("releasingDevice", "1002");
    see(&mut calls, "ConnectionClearedEvent", &(gone + &end("connected", "normalClearing")));
    assert_eq!(shown(&calls), ["1 3 connected 1003:connected"]);
}

#[test]
fn a_conference_is_a_consultation_about_no_other_call() {
    let mut calls = Calls::new(LINE);
    calls_1002(&mut calls, "7");
    called_by_1003(&mut calls, "1");
    calls.consult("1", "7");
    called_by_1003(&mut calls, "2");
    see(&mut calls, "ConferencedEvent", &conferenced("1001", true, "connected", &["1001", "1002", "1003"]));
    assert_eq!(calls.iter().map(Call::id).collect::<Vec<_>>(), ["7", "3"]);
    assert_eq!(calls.named("3").and_then(Call::consultation_of), None);
}

#[test]
fn an_old_and_a_new_party_of_a_conference_see_all_the_others() {
    for old in [true, false] {
        let mut calls = Calls::new(LINE);
        called_by_1003(&mut calls, if old { "1" } else { "2" });
        see(
            &mut calls,
            "ConferencedEvent",
            &conferenced("1003", true, "connected", &["1001", "1002", "1003"]),
        );
        assert_eq!(shown(&calls), ["1 3 connected 1002:unknown+1003:connected"]);
    }
}

#[test]
fn who_held_a_call_holds_it_no_more_in_the_conference() {
    let mut calls = Calls::new(LINE);
    called_by_1003(&mut calls, "1");
    let held = named("heldConnection", "1", "1003") + &device("holdingDevice", "1003");
    see(&mut calls, "HeldEvent", &(held + &end("connected", "consultation")));
    see(&mut calls, "ConferencedEvent", &conferenced("1003", true, "connected", &["1001", "1002", "1003"]));
    assert_eq!(shown(&calls), ["1 3 connected 1002:unknown+1003:connected"]);
}

#[test]
fn calls_are_compared_in_any_order_and_by_states_where_they_are_given() {
    let mut calls = Calls::new(LINE);
    calls_1002(&mut calls, "1");
    held(&mut calls, "1");
    called_by_1003(&mut calls, "2");
    let are = |wanted: &[&str]| {
        let wanted: Vec<String> = wanted.iter().map(|call| String::from(*call)).collect();
        calls.are(&wanted)
    };
    assert!(are(&["connected:1003", "hold:1002"]) && are(&["hold:1002/connected", "connected:1003"]));
    for other in [
        &["hold:1002"][..],
        &["hold:1002", "connected:1002"],
        &["hold:1002/hold", "connected:1003"],
        &["hold:1002", "connected:1003+1004"],
        &["hold:1002", "connected:none"],
        &["hold:1002", "connected:1003", "connected:1003"],
        &[],
    ] {
        assert!(!are(other), "{other:?}");
    }
    assert_eq!(calls.outline(), "hold:1002/connected connected:1003/connected");
}

#[test]
fn a_phone_that_is_added_knows_its_call_by_the_new_callid_already() {
    let mut calls = Calls::new(LINE);
    called_by_1003(&mut calls, "3");
    see(&mut calls, "ConferencedEvent", &conferenced("1003", false, "connected", &["1001", "1002", "1003"]));
    assert_eq!(shown(&calls), ["1 3 connected 1002:unknown+1003:connected"]);
}

#[test]
fn a_call_that_is_diverted_rings_elsewhere_or_is_gone() {
    let mut calls = Calls::new(LINE);
    let to = from_to("1001", "1002");
    let delivered = named("connection", "1", "1002") + &device("alertingDevice", "1002") + &to;
    see(&mut calls, "DeliveredEvent", &(delivered + &end("connected", "newCall")));
    let diverted = named("connection", "1", "1002")
        + &device("divertingDevice", "1002")
        + &device("newDestination", "1003");
    see(&mut calls, "DivertedEvent", &(diverted + &end("connected", "redirected")));
    assert_eq!(shown(&calls), ["1 1 connected none"]);
    let mut rings = Calls::new(LINE);
    let delivered =
        named("connection", "1", "1001") + &device("alertingDevice", "1001") + &from_to("1003", "1001");
    see(&mut rings, "DeliveredEvent", &(delivered + &end("alerting", "newCall")));
    let diverted = named("connection", "1", "1001")
        + &device("divertingDevice", "1001")
        + &device("newDestination", "1003");
    see(&mut rings, "DivertedEvent", &(diverted + &end("null", "redirected")));
    assert!(shown(&rings).is_empty());
}

#[test]
fn offered_queued_and_failed_calls_and_those_through_a_trunk_are_followed() {
    let mut calls = Calls::new(LINE);
    let offered =
        named("offeredConnection", "1", "1001") + &device("offeredDevice", "1001") + &from_to("1003", "1001");
    see(&mut calls, "OfferedEvent", &(offered + &end("alerting", "newCall")));
    let queued = named("queuedConnection", "2", "1500") + &device("queue", "1500") + &from_to("1001", "1500");
    see(&mut calls, "QueuedEvent", &(queued + &end("connected", "noAvailableAgents")));
    let failed =
        named("failedConnection", "4", "1004") + &device("failingDevice", "1004") + &from_to("1001", "1004");
    see(&mut calls, "FailedEvent", &(failed + &end("connected", "busy")));
    let reached = named("outboundConnection", "5", "T1")
        + &device("networkInterfaceUsed", "T1")
        + &from_to("1001", "0123");
    see(&mut calls, "NetworkReachedEvent", &(reached + &end("connected", "newCall")));
    assert_eq!(calls.named("5").unwrap().states(), "0123:connected", "not the trunk's name");
    let delivered =
        named("connection", "5", "T1") + &device("alertingDevice", "0123") + &from_to("1001", "0123");
    see(&mut calls, "DeliveredEvent", &(delivered + &end("connected", "newCall")));
    assert_eq!(
        shown(&calls),
        [
            "1 1 alerting 1003:connected",
            "2 2 connected 1500:queued",
            "3 4 connected 1004:fail",
            "4 5 connected 0123:alerting"
        ]
    );
    assert_eq!(calls.connection(None, &[State::Fail], &[]).call, Some("4"), "the one whose party is busy");
}

#[test]
fn a_withheld_number_is_a_party_without_one() {
    let mut calls = Calls::new(LINE);
    let from = "<callingDevice><restricted/></callingDevice>".to_string() + &device("calledDevice", "1001");
    let delivered = named("connection", "1", "1001") + &device("alertingDevice", "1001") + &from;
    see(&mut calls, "DeliveredEvent", &(delivered + &end("alerting", "newCall")));
    assert_eq!(shown(&calls), ["1 1 alerting unknown:connected"]);
    assert!(calls.are(&["alerting:unknown".into()]));
    let gone = named("droppedConnection", "1", "T1") + "<releasingDevice><restricted/></releasingDevice>";
    see(&mut calls, "ConnectionClearedEvent", &(gone + &end("alerting", "normalClearing")));
    assert_eq!(shown(&calls), ["1 1 alerting none"]);
}

#[test]
fn a_snapshot_is_all_there_is() {
    let mut calls = Calls::new(LINE);
    calls_1002(&mut calls, "1");
    called_by_1003(&mut calls, "2");
    let second = item(connection("2", "1001"), "tel:1003", &[State::Hold, State::Connected]);
    let third = item(connection("3", "1001"), "tel:1004", &[State::Connected, State::Connected, State::Hold]);
    calls.found(&[second, third]);
    assert_eq!(shown(&calls), ["2 2 hold 1003:connected", "1 3 connected 1004:connected+unknown:hold"]);
    let third = item(connection("3", "1001"), "tel:1004", &[State::Connected, State::Hold, State::Connected]);
    calls.found(core::slice::from_ref(&third));
    assert_eq!(shown(&calls), ["1 3 connected 1004:connected+unknown:hold"], "it says nothing new");
    let third = SnapshotItem { states: [State::Connected; 3].into_iter().collect(), ..third };
    calls.found(core::slice::from_ref(&third));
    assert_eq!(shown(&calls), ["1 3 connected 1004:connected+unknown:connected"]);
    let third =
        SnapshotItem { states: [State::Connected, State::Hold, State::Fail].into_iter().collect(), ..third };
    calls.found(&[third]);
    assert_eq!(
        shown(&calls),
        ["1 3 connected 1004:unknown+unknown:unknown"],
        "it does not say whose they are"
    );
}

#[test]
fn a_snapshot_of_a_call_names_everybody_in_it() {
    let mut calls = Calls::new(LINE);
    calls_1002(&mut calls, "1");
    let info = |number: &str, state: &str| {
        let connection = named("callIdentifier", "1", number);
        let state = format!("<localConnectionInfo>{state}</localConnectionInfo>");
        format!(
            "<snapshotCallResponseInfo>{}{connection}{state}</snapshotCallResponseInfo>",
            device("deviceOnCall", number)
        )
    };
    let text = format!(
        "<SnapshotCallResponse><crossRefIDorSnapshotData><snapshotData>{}{}{}</snapshotData></crossRefIDorSnapshotData>\
         </SnapshotCallResponse>",
        info("1001", "hold"),
        info("1002", "connected"),
        info("1003", "alerting")
    );
    let document = Document::parse(text.as_bytes(), &XmlLimits::default()).unwrap();
    let Ok(Message::Response(Response::Relayed(relayed))) = document.message() else { panic!() };
    let parties = calls.found_parties(relayed.source.unwrap());
    assert_eq!(parties, ["1001:hold", "1002:connected", "1003:alerting"]);
    assert_eq!(shown(&calls), ["1 1 hold 1002:connected+1003:alerting"]);
}

#[test]
fn events_of_calls_that_are_over_make_none() {
    let mut calls = Calls::new(LINE);
    let gone = named("droppedConnection", "1", "1002") + &device("releasingDevice", "1002");
    see(&mut calls, "ConnectionClearedEvent", &(gone + &end("null", "normalClearing")));
    let digits = named("dialingConnection", "1", "1001") + &device("dialingDevice", "1001");
    see(&mut calls, "DigitsDialedEvent", &(digits + &end("initiated", "normal")));
    see(&mut calls, "ForwardingEvent", &device("device", "1001"));
    assert!(shown(&calls).is_empty());
}

#[test]
fn the_oldest_call_gives_way_to_more_than_can_be_kept() {
    let mut calls = Calls::new(LINE);
    for id in 1..=KEPT + 1 {
        calls_1002(&mut calls, &id.to_string());
    }
    assert_eq!((calls.iter().count(), calls.named("1")), (KEPT, None));
}
