//! The client as people use it: at a terminal, which `script` (util-linux) makes, and watching a failover.

use std::process::Command;

use crate::command;
use crate::office::{Office, config_with};
use crate::program::Running;

/// A client at a terminal of its own, with this in its environment.
fn at_terminal(office: &Office, user: &str, number: &str, environment: &[(&str, &str)]) -> Running {
    let program = command();
    let program = program.get_program().to_str().unwrap();
    let line = format!("{program} client --server {} --user {user} --line tel:{number}", office.sip);
    let mut terminal = Command::new("script");
    terminal.args(["-qefc", &line, "/dev/null"]);
    terminal.env("TERM", "xterm").env_remove("NO_COLOR").envs(environment.iter().copied());
    Running::spawn(&mut terminal)
}

#[test]
fn at_a_terminal_events_are_shown_above_the_line_that_is_typed() {
    let office = Office::open("terminal", false);
    let mut alice = at_terminal(&office, "sip:alice@example.com", "1001", &[("NO_COLOR", "1")]);
    let mut bob = at_terminal(&office, "sip:bob@example.com", "1002", &[]);
    alice.wait_for("monitor xref=");
    bob.wait_for("\u{1b}[32mmonitor xref=");
    // Alice begins to type an answer before the call is there; Tab completes it.
    alice.tell("ans\t");
    bob.tell("call 1001\r");
    alice.wait_for("event delivered");
    alice.tell("\r");
    alice.wait_for("event established");
    bob.wait_for("\u{1b}[36mevent established");
    // The arrow key brings the last line back, and Ctrl-C abandons it.
    bob.tell("calls\r");
    bob.wait_for("state=connected with=1001:connected");
    bob.tell("\u{1b}[A\u{3}");
    bob.wait_for("Ctrl-C again");
    bob.tell("hangup\r");
    bob.wait_for("event connection-cleared");
    alice.wait_for("event connection-cleared");
    bob.tell("\u{3}");
    bob.wait_for_times("Ctrl-C again", 2);
    bob.tell("\u{3}");
    alice.tell("\u{4}");
    for (client, name) in [(&mut alice, "alice 1001"), (&mut bob, "bob 1002")] {
        assert_eq!(client.end(), 0, "{}", client.said());
        let said = client.said();
        assert!(said.contains(&format!("{name}  connected> ")) && said.contains("signed-out"), "{said}");
    }
    let said = alice.said();
    assert!(said.contains("alice 1001   alerting> answer"), "the line stays below the event: {said:?}");
    let coloured = ["\u{1b}[1m", "\u{1b}[32m", "\u{1b}[36m"].iter().any(|colour| said.contains(colour));
    assert!(!coloured, "NO_COLOR is set: {said:?}");
    office.close();
}

#[test]
fn ctrl_c_between_two_lines_is_a_key_and_no_signal() {
    let office = Office::open("between", false);
    let mut alice = at_terminal(&office, "sip:alice@example.com", "1001", &[("NO_COLOR", "1")]);
    alice.wait_for("monitor xref=");
    alice.tell("call 1002\r");
    alice.wait_for("event delivered");
    // The answer to a command is often shown before the next line is read.
    for round in 1..=50 {
        alice.tell("calls\r");
        alice.wait_for_times("call number=1", round);
        alice.tell("\u{3}");
        alice.wait_for_times("Ctrl-C again", round);
    }
    alice.tell("\u{4}");
    assert_eq!(alice.end(), 0, "{}", alice.said());
    office.close();
}

#[test]
fn a_terminal_is_left_as_it_was_when_the_gateway_is_gone() {
    let office = Office::open("left", false);
    let program = command();
    let line = format!(
        "{} client --server {} --user sip:alice@example.com --line tel:1001; stty -a",
        program.get_program().to_str().unwrap(),
        office.sip
    );
    let mut terminal = Command::new("script");
    let mut alice = Running::spawn(terminal.args(["-qefc", &line, "/dev/null"]).env("TERM", "xterm"));
    alice.wait_for("monitor xref=");
    office.gateway.signal("KILL");
    alice.wait_for("ended by-peer");
    alice.wait_for("speed");
    alice.end();
    let said = alice.said();
    assert!(said.contains(" icanon") && said.contains(" echo "), "{said}");
    drop(office);
}

#[test]
fn a_client_signs_in_again_when_the_gateway_does_not_know_it_any_more() {
    for (reinvite, then, shown) in [("new", "monitor", "signed-in"), ("same", "refreshed", "refreshed")] {
        let mut office = Office::open(&format!("again-{reinvite}"), false);
        let udp = office.udp();
        let line = "tel:1001;phone-context=dialstring";
        let user = ["--user", "sip:alice@example.com", "--line", line, "--transport", "udp"];
        let mut client = command();
        client.args(["client", "--server", &udp, "--reinvite", reinvite]).args(user);
        let mut alice = Running::spawn(&mut client);
        alice.wait_for("monitor xref=");
        office.gateway.signal("KILL");
        office.gateway.end();
        let cti = office.switch.wait_for("key=listen transport=TCP address=");
        let config = config_with("", "127.0.0.1:0", &cti);
        let config = config.replace("udp = [\"127.0.0.1:0\"]", &format!("udp = [\"{udp}\"]"));
        std::fs::write(office.path("again.toml"), config).unwrap();
        let again = Running::start(&["run", "--config", &office.path("again.toml")], "");
        again.wait_for("name=cti_in_service");
        alice.tell(&format!(
            "snapshot\nexpect refused 481\nexpect {then}\nsnapshot\nexpect snapshot 0\nquit\n"
        ));
        assert_eq!(alice.end(), 0, "{}", alice.said());
        let said = alice.said();
        assert!(said.contains(&format!("reinvite why=481\n{shown} status=normal")), "{said}");
    }
}
