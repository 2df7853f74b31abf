//! Stories of which Asterisk tells a part by a list of all channels.

use ctigate_core::cti::asterisk::calls::Purposed;
use ctigate_tests::recordings::Step;

use super::World;
use ctigate_tests::ami::{Channel, called, caller};

use super::made::{anna, bernd, ringing, talking};

impl World {
    /// A list of all channels, each with its bridge, whether it is on hold, and what it does.
    fn lists(&mut self, channels: &[(&Channel, &str, Option<&str>, &str)]) {
        self.step(&Step::Sent(b"Action: Status\r\nActionID: s1\r\n\r\n".to_vec()));
        for (channel, bridge, on_hold, application) in channels {
            let mut after = Vec::from([("Type", "PJSIP"), ("DNID", ""), ("BridgeID", *bridge)]);
            after.extend([("Application", *application), ("Data", ""), ("Seconds", "1")]);
            let variable = on_hold.map(|on_hold| format!("CHANNEL(onhold)={on_hold}"));
            after.extend(variable.iter().map(|variable| ("Variable", &**variable)));
            after.push(("ActionID", "s1"));
            self.event("Status", &[], &[("", channel)], &after);
        }
        let end = [("ActionID", "s1"), ("EventList", "Complete"), ("ListItems", "1")];
        self.event("StatusComplete", &end, &[], &[]);
    }
}

#[test]
fn a_snapshot_while_phones_ring_says_nothing_of_an_answer() {
    let mut world = World::connected();
    let mut anna = Channel { state: "Up", ..anna("2000") };
    let mut bernd = Channel { state: "Ringing", ..bernd(&anna) };
    world.calls.expect("1.1", Purposed::Call("2000".into()));
    world.begins(&Channel { state: "Down", ..anna.clone() });
    world.is(&mut anna, "Up");
    world.rings(&anna, &mut bernd);
    world.told("1001");
    world.lists(&[(&anna, "", Some("0"), "Dial"), (&bernd, "", Some("0"), "AppDial")]);
    assert!(world.told("1001").is_empty());
    // The mailbox answers, which no event tells, but a list does.
    world.ends(&bernd, "0");
    world.told("1001");
    world.lists(&[(&anna, "", Some("0"), "VoiceMail")]);
    assert_eq!(world.told("1001"), ["A Established 2000 1001>2000 connected newCall"]);
    world.lists(&[]);
    assert_eq!(world.told("1001"), ["A ConnectionCleared 1001 1001>2000 null normalClearing"]);
    world.assert_over("");
}

#[test]
fn a_snapshot_says_what_was_missed() {
    let (mut world, mut anna, mut bernd) = ringing();
    world.told("1001");
    world.told("1002");
    (anna.state, bernd.state) = ("Up", "Up");
    world.lists(&[(&anna, "b", Some("1"), "Dial"), (&bernd, "b", Some("0"), "AppDial")]);
    assert_eq!(
        world.told("1002"),
        ["A Established 1002 1001>1002 connected newCall", "A Held 1002 1001>1002 hold normal"]
    );
    assert_eq!(
        world.told("1001"),
        ["A Established 1002 1001>1002 connected newCall", "A Held 1002 1001>1002 connected normal",]
    );
    // Both hold; then neither does.
    world.lists(&[(&anna, "b", Some("1"), "Dial"), (&bernd, "b", Some("1"), "AppDial")]);
    assert_eq!(world.told("1001"), ["A Held 1001 1001>1002 hold normal"]);
    world.lists(&[(&anna, "b", Some("0"), "Dial"), (&bernd, "b", Some("0"), "AppDial")]);
    assert_eq!(world.told("1001").len(), 2);
    // What began meanwhile is shown, and what ended is cleared.
    let clara = Channel { state: "Up", ..caller("PJSIP/1003-00000003", "1003", "1001", "1.3") };
    world.told("1002");
    world.lists(&[(&clara, "", Some("0"), "Queue")]);
    assert_eq!(
        world.told("1003"),
        [
            "B ServiceInitiated 1003 1003>1001 initiated newCall",
            "B Originated 1003 1003>1001 connected newCall",
            "B Established 1001 1003>1001 connected newCall",
        ]
    );
    assert_eq!(world.told("1001").last().unwrap(), "A ConnectionCleared 1001 1001>1002 null normalClearing");
    assert_eq!(world.told("1002").last().unwrap(), "A ConnectionCleared 1002 1001>1002 null normalClearing");
    world.ends(&clara, "16");
    world.assert_over("");
}

#[test]
fn who_is_called_again_in_his_own_call_rings_in_a_list() {
    // Anna has transferred Bernd to a group that she is in, which nobody told.
    let (mut world, anna, bernd) = talking();
    let again = Channel { state: "Ringing", ..called("PJSIP/1001-00000005", "1001", "1.5", &anna) };
    world.told("1001");
    world.lists(&[(&bernd, "", Some("0"), "Dial"), (&again, "", Some("0"), "AppDial")]);
    assert_eq!(
        world.told("1001"),
        [
            "A ConnectionCleared 1001 1001>1002 null normalClearing",
            "A Delivered 1001 1001>1002 alerting newCall",
        ]
    );
    world.lists(&[]);
    world.assert_over("");
}
