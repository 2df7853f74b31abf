//! Callers whose names and numbers hold what the manager interface is written with. Here the dialplan sets them.

use core::fmt::Write as _;
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::thread;

use crate::client::Client;
use crate::gateway::Gateway;
use crate::house::House;

/// Names and numbers, where `~` is a line end, and whether the call is shown: of one whose number has line ends, nothing
/// that Asterisk says can be trusted.
const CALLERS: [(&str, &str, bool); 4] = [
    ("O\"Neil, 'x' \\ & <y>, Event: Hangup", "1003,\"x\"&y=z\\", true),
    ("~~Event: Hangup~Cause: 16~~", "1003", true),
    ("Eve", "1002~Uniqueid: 1", false),
    ("Eve", "1002~~Event: Hangup~Channel: PJSIP/1001-00000001", false),
];

/// How long it may take until a list of all channels has put right what was wrong.
const PUT_RIGHT: Duration = Duration::from_secs(6);

/// The dialplan of these callers: each calls 1003.
fn dialplan() -> String {
    let ends = |text: &str| text.replace('~', "${SPRINTF(%c%c,13,10)}");
    let mut plan = "\n[hostile]\nexten => echo,1,Echo()\n".to_owned();
    for (index, (name, number, _)) in CALLERS.iter().enumerate() {
        writeln!(plan, "exten => {index},1,Set(CALLERID(name)={})", ends(name)).unwrap();
        writeln!(plan, " same => n,Set(CALLERID(num)={})", ends(number)).unwrap();
        // Phones could not read them, so they are not shown there.
        writeln!(plan, " same => n,Set(CALLERID(pres)=prohib)").unwrap();
        writeln!(plan, " same => n,Dial(PJSIP/1003,30)\n same => n,Hangup()").unwrap();
    }
    plan
}

#[test]
fn a_hostile_caller_misleads_nobody_longer_than_to_the_next_list() {
    let house = House::with("hostile", &[("extensions.conf", &dialplan())]);
    let [mut anna, mut bernd, mut clara] = house.phones(["1001", "1002", "1003"]);
    let gateway = Gateway::open("hostile", &house);
    let mut clients = ["1001", "1002", "1003"].map(|number| Client::signed_in(&gateway, number));
    anna.does("dial", "1002");
    bernd.answers();
    for (index, (_, _, is_shown)) in CALLERS.iter().enumerate() {
        let seen = |calls| if *is_shown { calls } else { "none" };
        call(&house, index);
        clara.shows("CALL_INCOMING");
        thread::sleep(PUT_RIGHT);
        believe(&mut clients, seen("alerting:*"), index);
        clara.does("accept", "");
        thread::sleep(PUT_RIGHT);
        believe(&mut clients, seen("connected:*"), index);
        clara.hangs_up();
        clara.shows("CALL_CLOSED");
        // Its other channels end just after.
        thread::sleep(Duration::from_millis(500));
        believe(&mut clients, "none", index);
    }
    for client in &clients[..2] {
        assert!(!client.said().contains("event connection-cleared"), "{}", client.said());
    }
    // Calls of others are shown as before.
    anna.hangs_up();
    anna.shows("CALL_CLOSED");
    clara.does("dial", "1001");
    clients[0].does("expect calls alerting:1003 10s");
    clients[2].does("expect calls connected:1001 10s");
    clara.hangs_up();
    for mut client in clients {
        client.does("expect calls none 10s");
        client.quit();
    }
    gateway.close();
}

/// A caller calls 1003. It is asked for without events, in which there may be what a caller wrote.
fn call(house: &House, index: usize) {
    let mut session = TcpStream::connect(house.manager()).unwrap();
    let actions = format!(
        "Action: Login\r\nUsername: ctigate\r\nSecret: example\r\nEvents: off\r\n\r\n\
         Action: Originate\r\nChannel: Local/{index}@hostile/n\r\nContext: hostile\r\nExten: echo\r\n\
         Priority: 1\r\nAsync: true\r\n\r\nAction: Logoff\r\n\r\n"
    );
    session.write_all(actions.as_bytes()).unwrap();
    let mut said = String::new();
    session.read_to_string(&mut said).unwrap();
    assert!(said.contains("successfully queued"), "{said}");
}

/// 1001 talks to 1002, whatever 1003 does.
fn believe(clients: &mut [Client; 3], calls: &str, index: usize) {
    for (client, calls) in clients.iter_mut().zip(["connected:1002", "connected:1001", calls]) {
        client.tell(&format!("expect calls {calls} 3s"));
        client.done().unwrap_or_else(|why| panic!("of {:?}: {why}", CALLERS[index]));
    }
}
