//! The callIDs of calls, as links find them that know different parts of a story.

use std::collections::BTreeMap;

use ctigate_core::wire::ami::{Message, Read, Reader};
use ctigate_tests::recordings::Step;

use super::lost::{genuine, holds};
use super::world::{LINES, World};

type Numbers = BTreeMap<&'static str, Vec<String>>;

/// The callIDs of all calls at each line.
fn numbers(world: &World) -> Numbers {
    let at = LINES.map(|line| {
        let mut calls: Vec<_> = world.calls.at(line).map(|call| call.call.to_string()).collect();
        calls.sort_unstable();
        (line, calls)
    });
    at.into_iter().filter(|(_, calls)| !calls.is_empty()).collect()
}

/// A channel, as a list would have it.
#[derive(Default)]
struct Listed {
    lines: String,
    bridge: String,
    is_dialled: bool,
}

/// The channels that there are, by their Uniqueids.
#[derive(Default)]
struct Channels(BTreeMap<String, Listed>);

/// What stands before the keys of a channel in an event.
const PREFIXES: &[&str] =
    &["", "Dest", "Transferee", "TransferTarget", "OrigTransferer", "SecondTransferer", "Target", "Parkee"];

impl Channels {
    /// Notes the Linkedids that channels have by now.
    fn link(&mut self, message: &Message<'_>) {
        for prefix in PREFIXES {
            let value = |key: &str| message.value(&format!("{prefix}{key}"));
            let (Some(unique), Some(linked)) = (value("Uniqueid"), value("Linkedid")) else { continue };
            let Some(listed) = self.0.get_mut(unique) else { continue };
            let rest = listed.lines.split("Linkedid: ").next().unwrap();
            listed.lines = format!("{rest}Linkedid: {linked}\r\n");
        }
    }

    fn follow(&mut self, message: &Message<'_>) {
        let Some(unique) = message.value("Uniqueid").or_else(|| message.value("DestUniqueid")) else {
            return;
        };
        match message.event() {
            "Newchannel" => {
                self.0.insert(unique.to_owned(), Listed::default());
            }
            "Hangup" => {
                self.0.remove(unique);
                return;
            }
            "DialBegin" => {
                let dialled = message.value("DestUniqueid").and_then(|unique| self.0.get_mut(unique));
                dialled.unwrap().is_dialled = true;
                return;
            }
            _ => {}
        }
        let Some(listed) = self.0.get_mut(unique) else { return };
        match message.event() {
            "BridgeEnter" => listed.bridge = message.value("BridgeUniqueid").unwrap().to_owned(),
            "BridgeLeave" => listed.bridge.clear(),
            _ => {}
        }
        let keys = ["Channel", "ChannelState", "ChannelStateDesc", "CallerIDNum", "CallerIDName"];
        let keys = keys.into_iter().chain([
            "ConnectedLineNum",
            "ConnectedLineName",
            "Context",
            "Exten",
            "Priority",
            "Uniqueid",
            "Linkedid",
        ]);
        let lines: Option<String> =
            keys.map(|key| Some(format!("{key}: {}\r\n", message.value(key)?))).collect();
        if let Some(lines) = lines {
            listed.lines = lines;
        }
    }

    /// What a link shows that opens now.
    fn found(&self) -> World {
        let mut world = World::new();
        world.step(&Step::Opened);
        world.step(&Step::Came(b"Asterisk Call Manager/11.0.0\r\n".to_vec()));
        world.step(&Step::Sent(b"Action: Status\r\nActionID: s1\r\n\r\n".to_vec()));
        for Listed { lines, bridge, is_dialled } in self.0.values() {
            let application = if *is_dialled { "AppDial" } else { "Dial" };
            let list = format!(
                "Event: Status\r\nPrivilege: Call\r\n{lines}Type: PJSIP\r\nDNID: \r\nBridgeID: {bridge}\r\n\
                 Application: {application}\r\nData: \r\nSeconds: 1\r\nActionID: s1\r\n\r\n"
            );
            world.step(&Step::Came(list.into_bytes()));
        }
        let end = b"Event: StatusComplete\r\nActionID: s1\r\nEventList: Complete\r\nListItems: 1\r\n\r\n";
        world.step(&Step::Came(end.to_vec()));
        assert!(world.list.is_none() && !world.lost);
        world
    }
}

/// The stories in which a link that opens late finds other callIDs: a call that was joined to an older one has its
/// Linkedid, and nothing says which it had.
const JOINED: &[&str] =
    &["attended-transfer-by-phone", "consultation-and-bridge", "parked-and-retrieved", "pickup-of-one-phone"];

#[test]
fn a_call_found_by_a_snapshot_has_the_callid_that_it_had_from_its_beginning() {
    let (mut same, mut other) = (0, BTreeMap::new());
    for (name, pieces) in genuine() {
        let mut whole = World::new();
        let mut channels = Channels::default();
        let mut compare = |whole: &World, channels: &Channels, event: &str| {
            let (expected, found) = (numbers(whole), numbers(&channels.found()));
            // A line in one and not in the other is in between: it does not ring yet, or has hung up.
            for (expected, found) in
                LINES.iter().filter_map(|line| Some((expected.get(line)?, found.get(line)?)))
            {
                if expected == found {
                    same += 1;
                } else {
                    other.entry(name.clone()).or_insert((event.to_owned(), expected.clone(), found.clone()));
                }
            }
        };
        for piece in &pieces {
            let mut reader = Reader::default();
            reader.push(b"Asterisk Call Manager/11.0.0\r\n");
            let Step::Came(bytes) = piece else {
                whole.step(piece);
                continue;
            };
            let Read::Message(message) = reader.push(bytes).1 else {
                whole.step(piece);
                continue;
            };
            // An event says what was so before it.
            channels.link(&message);
            compare(&whole, &channels, message.event());
            whole.step(piece);
            channels.follow(&message);
            compare(&whole, &channels, message.event());
        }
    }
    assert!(same > 400, "{same}");
    assert_eq!(other.keys().collect::<Vec<_>>(), JOINED, "{same}: {other:#?}");
}

#[test]
fn a_link_that_did_not_ask_for_a_call_is_told_the_same_as_the_one_that_did() {
    let (_, pieces) = genuine().find(|(name, _)| name == "originate-with-connected-line").unwrap();
    let [mut asked, mut other] = [World::new(), World::new()];
    for piece in &pieces {
        asked.step(piece);
        if !matches!(piece, Step::Sent(bytes) if holds(bytes, b"Action: Originate")) {
            other.step(piece);
        }
    }
    assert!(
        asked.told.len() > 1 && asked.letters == other.letters,
        "{:?} {:?}",
        asked.letters,
        other.letters
    );
    // Its phone is told only after the channel was there what it is to show.
    assert_eq!(other.heard().replacen("1001>?", "1001>1002", 1), asked.heard());
}
