//! Two connections to one Asterisk: sessions that move from one to the other keep their calls.

use ctigate_core::Duration;
use ctigate_core::setting::Value;
use ctigate_tests::ami::{self, Channel, TALK, called, caller};
use ctigate_tests::bench::{Asterisk, Bench, Client, Sip, only};

use super::{ENDPOINTS, OBJECT, bench, sign_in, text};

/// A gateway with two connections to one Asterisk, and two clients, of 1001 and 1002, which monitor their lines.
struct Twice {
    bench: Bench,
    both: [Asterisk; 2],
    clients: [Client; 2],
}

impl Twice {
    fn new(recovery: &str) -> Self {
        let mut bench = bench(&[
            ("cti.recovery", text(recovery)),
            ("cti.rebind_rate", Value::Integer(500)),
            ("cti.connection[0].switch", text("asterisk")),
            ("cti.connection[1].switch", text("asterisk")),
            ("cti.connection[1].address", text("127.0.0.1:4001")),
            ("cti.connection[1].kind", text("asterisk")),
            ("cti.connection[1].user", text("ctigate")),
            ("cti.connection[1].password_file", text("/etc/ctigate/ami")),
            ("cti.connection[1].obedient", Value::List(vec![text("1001")])),
        ]);
        let both = Asterisk::answer_all(&mut bench, [ENDPOINTS, ENDPOINTS]);
        let clients = [("alice", 1001), ("bob", 1002)].map(|(name, number)| {
            let (mut client, answer) = sign_in(&mut bench, name, number);
            assert_eq!(answer.status(), 200);
            let object = OBJECT.replace("1001", &number.to_string());
            only(&client.info(&mut bench, "MonitorStart", &object), 200);
            client
        });
        bench.advance(Duration::from_millis(20));
        let twice = Self { bench, both, clients };
        assert_eq!(twice.sessions(), [1, 1], "one over each connection");
        twice
    }

    fn sessions(&self) -> Vec<usize> {
        self.bench.engine().connections().map(|one| one.sessions).collect()
    }

    /// Asterisk tells it over both connections.
    fn happens(&mut self, event: &str) {
        for asterisk in self.both {
            asterisk.say(&mut self.bench, event);
        }
    }

    /// What each client was told: each event with its callID and the state of the own connection.
    fn told(&mut self) -> [Vec<String>; 2] {
        self.bench.advance(Duration::from_secs(1));
        let Self { bench, clients, .. } = self;
        clients.each_ref().map(|client| client.heard(bench).iter().map(shown).collect())
    }

    /// The callIDs at a line, as its client is told when it asks.
    fn calls_of(&mut self, index: usize) -> Vec<String> {
        let line = 1001 + index;
        let object = format!("<snapshotObject>{line}</snapshotObject>");
        let answer = only(&self.clients[index].info(&mut self.bench, "SnapshotDevice", &object), 200);
        let ids = answer.body().split("<callID>").skip(1).filter_map(|rest| rest.split('<').next());
        ids.map(str::to_owned).collect()
    }

    /// The connection over which 1001's session goes is lost.
    fn lose_the_first(&mut self) {
        let lost = self.both[0].link();
        self.bench.close(lost);
    }
}

fn shown(event: &Sip) -> String {
    format!("{} {} {}", event.root(), event.element("callID"), event.element("localConnectionInfo"))
}

fn anna() -> Channel {
    caller("PJSIP/1001-00000001", "1001", "1002", "1700000000.12")
}

/// 1001 calls 1002, who answers.
fn talk(twice: &mut Twice) -> Channel {
    let anna = anna();
    let bernd = called("PJSIP/1002-00000002", "1002", "1700000000.13", &anna);
    let [ringing, up] = ["Ringing", "Up"].map(|state| Channel { state, ..bernd.clone() });
    twice.happens(&ami::event("Newchannel", &[], &[("", &anna)], &[]));
    twice.happens(&ami::event("Newchannel", &[], &[("", &bernd)], &[]));
    twice.happens(&ami::event("DialBegin", &[], &[("", &anna), ("Dest", &bernd)], &[("DialString", "x")]));
    twice.happens(&ami::event("Newstate", &[], &[("", &ringing)], &[]));
    twice.happens(&ami::event("Newstate", &[], &[("", &up)], &[]));
    let anna = Channel { state: "Up", ..anna };
    twice.happens(&ami::event("Newstate", &[], &[("", &anna)], &[]));
    for channel in [&up, &anna] {
        twice.happens(&ami::event("BridgeEnter", &ami::bridge("b1", TALK), &[("", channel)], &[]));
    }
    up
}

/// The callID of the call whose first channel is `1700000000.12`, behind the number of the phone system.
const CALL: &str = "170200012";

#[test]
fn both_lines_of_a_call_see_one_callid_over_different_connections() {
    let mut twice = Twice::new("rebind");
    talk(&mut twice);
    let [alice, bob] = twice.told();
    assert!(alice.len() >= 3 && bob.len() >= 2, "{alice:?} {bob:?}");
    assert!(alice.iter().chain(&bob).all(|event| event.contains(CALL)), "{alice:?} {bob:?}");
}

#[test]
fn a_session_that_is_moved_keeps_its_calls() {
    for (recovery, bound) in [("rebind", [0, 2]), ("reinvite", [0, 2])] {
        let mut twice = Twice::new(recovery);
        let bernd = talk(&mut twice);
        twice.told();
        twice.lose_the_first();
        if recovery == "reinvite" {
            let body = twice.clients[0].sign_in_body();
            only(&twice.clients[0].send(&mut twice.bench, "INVITE", &body), 200);
            twice.clients[0].send(&mut twice.bench, "ACK", "");
        }
        assert_eq!(twice.told(), [Vec::<String>::new(), Vec::new()], "{recovery}: nothing has changed");
        assert_eq!(twice.sessions(), bound, "{recovery}");
        assert_eq!(twice.calls_of(0), [CALL], "{recovery}");
        // What happens to the call is told under its callID, and services reach it.
        let clear = format!(
            "<connectionToBeCleared><callID>{CALL}</callID><deviceID>1001</deviceID></connectionToBeCleared>"
        );
        twice.clients[0].info(&mut twice.bench, "ClearConnection", &clear);
        let hangup = twice.both[1].only(&mut twice.bench, "Hangup");
        assert_eq!(hangup.value("Channel"), "1700000000.12", "{recovery}");
        twice.both[1].accept(&mut twice.bench, &hangup, &[]);
        let cause = [("Cause", "16"), ("Cause-txt", "Normal Clearing")];
        let anna = Channel { state: "Up", ..anna() };
        for channel in [&anna, &bernd] {
            let event = ami::event("Hangup", &[], &[("", channel)], &cause);
            twice.both[1].say(&mut twice.bench, &event);
        }
        let [alice, _] = twice.told();
        let cleared = alice.iter().filter(|event| event.starts_with("ConnectionClearedEvent"));
        assert!(
            cleared.clone().count() > 0 && cleared.clone().all(|event| event.contains(CALL)),
            "{alice:?}"
        );
    }
}
