//! Fifty calls at a time for a minute, with a client on each line.

use core::fmt::Write as _;
use core::time::Duration;
use std::thread;

use ctigate_core::wire::ami::write::Place;
use ctigate_core::wire::ami::{Action, Token};

use crate::client::Client;
use crate::gateway::Gateway;
use crate::house::House;
use crate::manager::Manager;
use crate::mortal;
use crate::program::Running;

/// The lines.
const LINES: core::ops::RangeInclusive<u16> = 3001..=3050;

/// Where all their phones are.
const PORT: &str = "7500";

/// Each line is called again as soon as its phone has hung up.
const DIALPLAN: &str = "\n[bulk]\nexten => echo,1,Echo()\nexten => _3XXX,1,Dial(PJSIP/${EXTEN},30,g)\n\
     same => n,Wait(0.3)\n same => n,Goto(1)\n";

/// The endpoints of the lines.
fn endpoints() -> String {
    let mut text = String::new();
    for line in LINES {
        writeln!(text, "\n[{line}](phone)\naors = {line}\ncallerid = <{line}>").unwrap();
        writeln!(text, "[{line}](address)\ncontact = sip:{line}@{{address}}:{PORT}").unwrap();
    }
    text
}

/// All phones.
fn phones(house: &House) -> Running {
    let file = format!("{}/../tests/asterisk/bulk.xml", env!("CARGO_MANIFEST_DIR"));
    let mut command = mortal("sipp");
    command.args(["-sf", &file, "-i", &house.address, "-p", PORT, "-mi", &house.address, "-mp", "34000"]);
    Running::spawn(command.args(["-ci", &house.address, "-cp", "8888", "-nostdin"]))
}

/// Lets a line be called, by nobody's phone, for ever.
fn call(manager: &mut Manager, line: u16) {
    let (channel, id) = (format!("Local/{line}@bulk/n"), format!("bulk-{line}"));
    let call = Action::Originate {
        channel: Token::new(&channel).unwrap(),
        to: Place { context: Token::new("bulk").unwrap(), exten: Token::new("echo").unwrap() },
        channel_id: Token::new(&id).unwrap(),
        timeout: 60_000,
        variables: &[],
    };
    let response = manager.request(&call);
    assert!(response.contains("Response: Success"), "{response}");
}

/// What a line's client must believe, by the list of all channels.
fn truth(channels: &[(String, String)], line: u16) -> &'static str {
    let own = format!("PJSIP/{line}-");
    let mut states = channels.iter().filter(|(name, _)| name.starts_with(&own)).map(|(_, state)| &**state);
    match (states.next(), states.next()) {
        // One that is called, and of which the phone has not said that it rings.
        (None, _) | (Some("Down"), None) => "none",
        (Some("Up"), None) => "connected:*",
        (Some("Ringing"), None) => "alerting:*",
        (Some(state), more) => panic!("{line}: {state} {more:?}"),
    }
}

#[test]
fn fifty_calls_at_a_time_end_with_every_client_right() {
    let house = House::with("many", &[("extensions.conf", DIALPLAN), ("pjsip.conf", &endpoints())]);
    let mut phones = phones(&house);
    let gateway = Gateway::open("many", &house);
    let mut clients: Vec<_> =
        LINES.map(|line| (line, Client::signed_in(&gateway, &line.to_string()))).collect();
    let mut manager = house.watch();
    for line in LINES {
        call(&mut manager, line);
    }
    drop(manager);
    thread::sleep(Duration::from_mins(1));
    // All phones stay as they are.
    phones.signal("STOP");
    thread::sleep(Duration::from_secs(2));
    let channels = house.watch().channels();
    let calls = LINES.filter(|line| truth(&channels, *line) != "none").count();
    for (line, client) in &mut clients {
        client.does(&format!("expect calls {} 3s", truth(&channels, *line)));
        let seen = client.said().matches("event delivered").count();
        assert!(seen >= 4, "{line} was called {seen} times only");
    }
    assert!(calls >= 40, "{calls} calls: {channels:?}");
    assert_eq!(house.watch().channels().len(), channels.len(), "nothing has changed meanwhile");
    phones.signal("CONT");
    house.console("channel request hangup all");
    for (_, mut client) in clients {
        client.does("expect calls none 20s");
        client.quit();
    }
    gateway.close();
    assert!(phones.is_running(), "{}", phones.said());
}
