//! Phones that come into a call of others, as monitors and those who ask for it see them.

use super::features::{heard, says};
use super::*;

/// A call of 1001 and 1002, and one who watches 1001 and 1003.
fn talking() -> (World, LinkId, String) {
    let mut world = World::new(|config| config.permits = true);
    let alice = world.client();
    world.monitor(alice, "1001");
    world.monitor(alice, "1003");
    world.command("dial 1001 1002");
    let said = world.command("answer 1002");
    let call = said.trim().rsplit(' ').next().unwrap().to_string();
    world.frames(alice);
    (world, alice, call)
}

fn only(member: &str, device: &str) -> String {
    format!("<{member}><deviceID>{device}</deviceID></{member}>")
}

fn join(word: &str, prompt: &str) -> String {
    format!(
        "{}<joiningDevice>1003</joiningDevice>{prompt}<participationType>{word}</participationType>",
        only("activeCall", "1001")
    )
}

const NOT_PROMPTED: &str = "<autoOriginate>doNotPrompt</autoOriginate>";

#[test]
fn how_a_party_takes_part_is_told_wherever_the_protocol_has_it() {
    for (word, flow, cause) in [
        ("silent", "receive", "silentParticipation"),
        ("none", "none", "joinCall"),
        ("active", "", "joinCall"),
    ] {
        let (mut world, alice, call) = talking();
        let info = |name: &str| {
            if flow.is_empty() {
                String::new()
            } else {
                format!("<{name}><flowDirection>{flow}</flowDirection></{name}>")
            }
        };
        let named = format!("<callID>{call}</callID><deviceID>1003</deviceID>");
        assert_eq!(
            says(&mut world, alice, "JoinCall", &join(word, NOT_PROMPTED)),
            format!(
                "<JoinCallResponse><conferencedCall>{named}</conferencedCall>{}</JoinCallResponse>",
                info("conferencedCallInfo")
            )
        );
        let events = heard(&mut world, alice);
        assert_eq!(events.len(), 2, "{events:?}");
        for event in &events {
            let item = format!(
                "<newConnection>{named}</newConnection><endpoint><deviceID>1003</deviceID></endpoint>{}\
                 </connectionListItem>",
                info("resultingConnectionInfo")
            );
            assert!(event.contains("<ConferencedEvent>") && event.contains(&item), "{event}");
            assert!(event.contains(&format!("<cause>{cause}</cause>")), "{event}");
            assert_eq!(event.matches("flowDirection>").count(), if flow.is_empty() { 0 } else { 2 });
        }
        says(&mut world, alice, "HoldCall", &only("callToBeHeld", "1003"));
        let held = &heard(&mut world, alice)[0];
        assert!(held.contains("<HeldEvent>") && held.contains(&info("heldConnectionInfo")), "{held}");
        assert_eq!(held.contains("flowDirection"), !flow.is_empty(), "{held}");
        let snapshot = says(&mut world, alice, "SnapshotDevice", "<snapshotObject>1003</snapshotObject>");
        let media = format!("<deviceMediaInfo>{}</deviceMediaInfo>", info("connectionInformation"));
        assert_eq!(snapshot.contains(&media), !flow.is_empty(), "{snapshot}");
        assert_eq!(snapshot.contains("<mediaServiceInfoList>"), !flow.is_empty(), "{snapshot}");
    }
}

#[test]
fn what_only_talkers_can_do_is_neither_permitted_to_listeners_nor_done() {
    let (mut world, alice, _) = talking();
    assert!(world.command("enter 1003 1001 silent").starts_with("ok "));
    let snapshot = says(&mut world, alice, "SnapshotDevice", "<snapshotObject>1003</snapshotObject>");
    assert!(snapshot.contains("<holdCall>") && !snapshot.contains("<singleStepTransfer>"), "{snapshot}");
    assert!(!snapshot.contains("<generateDigits>"), "{snapshot}");
    let told = heard(&mut world, alice);
    assert!(told[1].contains("<holdCall>") && !told[1].contains("<generateDigits>"), "{told:?}");
    for (root, inside) in [
        (
            "GenerateDigits",
            format!("{}<charactersToSend>1</charactersToSend>", only("connectionToSendDigits", "1003")),
        ),
        (
            "SingleStepTransferCall",
            format!("{}<transferredTo>1004</transferredTo>", only("activeCall", "1003")),
        ),
        (
            "SingleStepConferenceCall",
            format!("{}<deviceToJoin>1004</deviceToJoin>", only("activeCall", "1003")),
        ),
    ] {
        let said = says(&mut world, alice, root, &inside);
        assert_eq!(said, "operation/requestIncompatibleWithConnection", "{root}");
    }
    assert_eq!(heard(&mut world, alice), [""; 0]);
}

#[test]
fn a_participation_that_there_is_not_is_refused() {
    let (mut world, alice, _) = talking();
    let refused = "operation/invalidParameterValue";
    assert_eq!(says(&mut world, alice, "JoinCall", &join("loud", NOT_PROMPTED)), refused);
    let added = format!(
        "{}<deviceToJoin>1003</deviceToJoin><participationType>loud</participationType>",
        only("activeCall", "1001")
    );
    assert_eq!(says(&mut world, alice, "SingleStepConferenceCall", &added), refused);
    assert_eq!(heard(&mut world, alice), [""; 0]);
    for line in ["consult 1001 1003 silent", "conference 1001 silent", "pickup 1003 1001 silent"] {
        assert!(world.command(line).starts_with("error "), "{line}");
    }
    for line in ["conference 1001 1004 silent", "enter 1003 1001 none"] {
        assert!(world.command(line).starts_with("ok "), "{line}");
    }
}

#[test]
fn a_phone_is_prompted_to_join_and_joins_when_somebody_answers_there() {
    for (prompt, is_prompted) in
        [(NOT_PROMPTED, false), ("", true), ("<autoOriginate>prompt</autoOriginate>", true)]
    {
        let (mut world, alice, call) = talking();
        let said = says(&mut world, alice, "JoinCall", &join("active", prompt));
        assert_eq!(!said.contains(&format!("<callID>{call}</callID>")), is_prompted, "{said}");
        let events = heard(&mut world, alice);
        assert_eq!(events[0].starts_with("1003: <ServiceInitiatedEvent>"), is_prompted, "{events:?}");
        if is_prompted {
            assert_eq!(events.len(), 1, "{events:?}");
            assert!(events[0].contains("<cause>joinCall</cause>"), "{events:?}");
            let answer = only("callToBeAnswered", "1003");
            assert_eq!(says(&mut world, alice, "AnswerCall", &answer), "<AnswerCallResponse/>");
            let events = heard(&mut world, alice);
            let joined = |event: &&String| event.contains("<ConferencedEvent>");
            assert_eq!(events.iter().filter(joined).count(), 2, "{events:?}");
        }
        assert!(world.command("phone 1003").contains("connected"));
    }
}
