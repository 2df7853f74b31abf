//! Calls between real phones: each line is told what a desk phone would show, as in the recordings.

use core::time::Duration;

use ctigate_core::wire::ami::write::Place;
use ctigate_core::wire::ami::{Action, Token, Value, Variable};

use crate::house::House;
use crate::manager::Manager;
use crate::obedient::Obedient;
use crate::phone::Phone;
use crate::stories::stories;

/// A story's name, and what people do in it.
type Script = (&'static str, fn(&mut Stage));

/// The scripts of recorded stories.
const SCRIPTS: [Script; 21] = [
    ("answered-caller-hangs-up", |stage| {
        stage.talk();
        stage.anna.hangs_up();
    }),
    ("caller-gives-up", |stage| {
        stage.anna.does("dial", "1002");
        stage.told("1001", "Delivered");
        stage.anna.hangs_up();
    }),
    ("refused-at-the-phone", |stage| {
        stage.anna.does("dial", "1002");
        stage.told("1002", "Delivered");
        stage.bernd.hangs_up();
    }),
    ("no-answer", |stage| {
        stage.anna.does("dial", "1003");
        stage.told("1001", "ConnectionCleared 1001");
    }),
    ("parked-and-retrieved", |stage| {
        stage.talk();
        stage.bernd.does("transfer", "700");
        stage.told("1001", "Queued 701");
        stage.clara.does("dial", "701");
        stage.told("1001", "Established 1003");
        stage.anna.hangs_up();
    }),
    ("unknown-number", |stage| {
        stage.anna.does("dial", "4711");
        stage.told("1001", "ConnectionCleared");
    }),
    ("hold-and-resume", |stage| {
        stage.talk();
        stage.anna.does("hold", "");
        stage.told("1002", "Held 1001");
        stage.anna.does("resume", "");
        stage.told("1002", "Retrieved 1001");
        stage.bernd.does("hold", "");
        stage.told("1001", "Held 1002");
        stage.bernd.does("resume", "");
        stage.told("1001", "Retrieved 1002");
        stage.bernd.hangs_up();
    }),
    ("call-waiting", |stage| {
        stage.talk();
        let first = stage.anna.call();
        stage.clara.does("dial", "1001");
        stage.anna.answers();
        stage.told("1003", "Established");
        stage.told("1001", "A Held");
        stage.clara.hangs_up();
        stage.told("1001", "B ConnectionCleared 1001");
        stage.anna.does("callfind", &first);
        stage.anna.does("resume", "");
        stage.told("1002", "Retrieved");
        stage.bernd.hangs_up();
    }),
    ("blind-transfer-by-called-phone", |stage| {
        stage.talk();
        stage.bernd.does("transfer", "1003");
        stage.clara.answers();
        stage.told("1001", "Established 1003");
        stage.anna.hangs_up();
    }),
    ("ring-group-one-answers", |stage| stage.group("2000", true)),
    ("ring-group-through-local-optimized", |stage| stage.group("2002", false)),
    ("queue-one-answers", |stage| stage.group("2100", false)),
    ("pickup-of-one-phone", |stage| {
        stage.anna.does("dial", "1002");
        stage.told("1002", "Delivered");
        stage.clara.does("dial", "**1002");
        stage.told("1001", "Established 1003");
        stage.told("1003", "Established 1001");
        stage.anna.hangs_up();
    }),
    ("forwarding-set-by-code", |stage| {
        stage.anna.does("dial", "*721003");
        let event = stage.manager.wait_for(&["Event: UserEvent", "UserEvent: AstDBChanged", "Family: CF\r"]);
        assert!(event.contains("Key: 1001\r") && event.contains("Value: 1003\r"), "{event}");
        stage.told("1001", "A ConnectionCleared 1001");
        stage.bernd.does("dial", "1001");
        stage.clara.answers();
        stage.told("1002", "Established");
        stage.bernd.hangs_up();
        stage.told("1002", "B ConnectionCleared 1002");
        stage.anna.does("dial", "*73");
        stage.manager.wait_for(&["UserEvent: AstDBChanged", "Family: CF\r", "Value: \r"]);
        stage.told("1001", "C ConnectionCleared 1001");
    }),
    ("originate-with-connected-line", |stage| {
        stage.originate("1001", "1002");
        stage.anna.answers();
        stage.bernd.answers();
        stage.told("1001", "Established");
        stage.anna.hangs_up();
    }),
    ("originate-timeout", |stage| {
        stage.originate("1001", "1002");
        stage.told("1001", "ConnectionCleared");
    }),
    ("single-step-transfer-by-blind-transfer-action", |stage| {
        stage.talk();
        let bernd = stage.channel("1002");
        let channel = Token::new(&bernd).unwrap();
        stage.succeeds(&Action::BlindTransfer { channel, to: place("1003") });
        stage.clara.answers();
        stage.told("1001", "Established 1003");
        stage.anna.hangs_up();
    }),
    ("message-waiting", |stage| {
        stage.bernd.does("dial", "1901");
        stage.told("1002", "Established 1901");
        stage.manager.pause(Duration::from_secs(3));
        stage.bernd.hangs_up();
        stage.manager.wait_for(&["Event: MessageWaiting", "Mailbox: 1001@default", "New: 1"]);
    }),
    ("notify-talk-hold-talk", |stage| {
        stage.anna.does("dial", "1006");
        stage.told("1006", "Delivered");
        stage.notify("1006", "talk");
        stage.told("1001", "Established");
        stage.notify("1006", "hold");
        stage.told("1001", "Held 1006");
        stage.notify("1006", "talk");
        stage.told("1001", "Retrieved 1006");
        stage.anna.hangs_up();
    }),
    ("consultation-and-bridge", |stage| {
        stage.talk();
        let held = stage.channel("1001");
        stage.bernd.does("hold", "");
        stage.told("1001", "Held");
        stage.originate("1002", "1003");
        stage.bernd.answers();
        stage.clara.answers();
        stage.told("1002", "B Established 1003");
        let far = stage.channel("1003");
        let channels = [&held, &far].map(|channel| Token::new(channel).unwrap());
        stage.succeeds(&Action::Bridge { one: channels[0], other: channels[1] });
        stage.told("1001", "Transfered");
        stage.told("1003", "Transfered");
        stage.clara.hangs_up();
    }),
    ("conference-three-dial-in", |stage| {
        for line in ["1001", "1002", "1003"] {
            let phone = match line {
                "1001" => &mut stage.anna,
                "1002" => &mut stage.bernd,
                _ => &mut stage.clara,
            };
            phone.does("dial", "8000");
            stage.manager.wait_for(&["Event: ConfbridgeJoin", &format!("Channel: PJSIP/{line}-")]);
        }
        stage.told("1003", "Conferenced");
        stage.bernd.hangs_up();
        stage.told("1001", "ConnectionCleared 1002");
        stage.clara.hangs_up();
        stage.told("1001", "ConnectionCleared 1003");
        stage.anna.hangs_up();
    }),
];

/// Phones, and what their lines are told.
struct Stage {
    anna: Phone,
    bernd: Phone,
    clara: Phone,
    manager: Manager,
}

impl Stage {
    fn told(&mut self, line: &str, part: &str) {
        self.manager.told(line, part);
    }

    /// The name of a line's channel, the last one if it has several.
    fn channel(&mut self, line: &str) -> String {
        let calls: Vec<_> = self.manager.world.calls.at(line).map(|at| at.call).collect();
        let (own, _) = self.manager.world.calls.channels_of(line, *calls.last().unwrap());
        own[0].name.to_string()
    }

    fn succeeds(&mut self, action: &Action<'_>) {
        let response = self.manager.request(action);
        assert!(response.contains("Response: Success"), "{response}");
    }

    /// A line's phone is sent NOTIFY with this event.
    fn notify(&mut self, line: &str, event: &str) {
        let channel = self.channel(line);
        let variables = [Variable { name: "Event", value: Value::new(event).unwrap() }];
        self.succeeds(&Action::PjsipNotify { channel: Token::new(&channel).unwrap(), variables: &variables });
    }

    /// Anna calls Bernd, who answers.
    fn talk(&mut self) {
        self.anna.does("dial", "1002");
        self.bernd.answers();
        self.told("1001", "Established");
        self.told("1002", "Established");
    }

    /// Anna calls Bernd and Clara, who answers.
    fn group(&mut self, number: &str, by_caller: bool) {
        self.anna.does("dial", number);
        self.told("1002", "Delivered 1002");
        self.clara.answers();
        self.told("1001", "Established 1003");
        self.told("1002", "Diverted 1002");
        // Local channels are optimized away only a moment after the answer.
        self.manager.pause(Duration::from_secs(1));
        if by_caller { &mut self.anna } else { &mut self.clara }.hangs_up();
    }

    /// A line's phone is called first, and then calls a number.
    fn originate(&mut self, line: &str, number: &str) {
        let variable = Variable { name: "CONNECTEDLINE(num)", value: Value::new(number).unwrap() };
        self.manager.send(&Action::Originate {
            channel: Token::new(&format!("PJSIP/{line}")).unwrap(),
            to: place(number),
            channel_id: Token::new(&format!("ctigate-{number}")).unwrap(),
            timeout: 3_000,
            variables: &[variable],
        });
    }
}

fn place(number: &str) -> Place<'_> {
    Place { context: Token::new("internal").unwrap(), exten: Token::new(number).unwrap() }
}

/// What a recorded story tells each line.
fn recorded(name: &str) -> &'static str {
    stories().iter().find(|(found, _)| *found == name).unwrap_or_else(|| panic!("no story {name}")).1
}

/// What was told, without what depends on which channel Asterisk takes first: the order in which phones of a group ring
/// and are told of each other, that the other party is cleared just before the line itself is, and whether
/// a call that is transferred to a place for parking waits there before the transfer is told or after it.
fn without_races(told: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = Vec::new();
    let mut own = "";
    for line in told.trim().lines() {
        if !line.starts_with(' ') {
            own = line;
        }
        let rings = line.contains(" Delivered ") && line.contains(" alerting ");
        if rings && !line.contains(&format!(" Delivered {own} ")) {
            continue;
        }
        let cleared = |line: &str| line.split_once(" ConnectionCleared ").map(|(call, _)| call.to_owned());
        if line.contains(" Queued ") {
            continue;
        }
        if let Some(before) = lines.last() {
            let is_own_end = line.contains(" null ") && cleared(line).is_some();
            if is_own_end && !before.contains(" null ") && cleared(before) == cleared(line) {
                lines.pop();
            }
        }
        lines.push(line.strip_suffix(" 701=-").unwrap_or(line));
    }
    for ringing in
        lines.chunk_by_mut(|one, other| one.contains(" Delivered ") && other.contains(" Delivered "))
    {
        ringing.sort_unstable();
    }
    lines
}

#[test]
fn lines_are_told_of_real_calls_what_the_recordings_tell() {
    let house = House::open("calls");
    let [anna, bernd, clara] = house.phones(["1001", "1002", "1003"]);
    let mut frank = Obedient::switched_on(&house);
    let mut stage = Stage { anna, bernd, clara, manager: house.watch() };
    for (story, play) in SCRIPTS {
        stage.manager = house.watch();
        for phone in [&mut stage.anna, &mut stage.bernd, &mut stage.clara] {
            phone.forgets();
        }
        play(&mut stage);
        stage.manager.until_over();
        let heard = stage.manager.world.heard();
        assert_eq!(without_races(&heard), without_races(recorded(story)), "{story}");
        stage.manager.world.assert_over(story);
    }
    frank.assert_content(&house);
}
