//! What README tells a newcomer to do with a recording.

use std::fs;

use crate::office::client_of;
use crate::program::{Folder, Running, output};

/// The example configuration, on ports that the kernel chooses and with this phone system.
fn example(cti: &str) -> String {
    let example = concat!(env!("CARGO_MANIFEST_DIR"), "/../ctigate.example.toml");
    let text = fs::read_to_string(example).unwrap().replace("127.0.0.1:5060", "127.0.0.1:0");
    assert!(text.contains("address = \"127.0.0.1:1040\""), "{text}");
    text.replace("127.0.0.1:1040", cti)
}

/// Records a call as README's second part does; returns the recording's path.
fn record(folder: &Folder) -> String {
    let mut switch = Running::start(&["switch", "--listen", "127.0.0.1:0"], "");
    let cti = switch.wait_for("key=listen transport=TCP address=");
    let config = folder.write("gateway.toml", &example(&cti));
    let mut gateway = Running::start(&["run", "--config", &config, "--record", folder.text()], "");
    let sip = gateway.wait_for("key=sip.tcp transport=TCP address=");
    gateway.wait_for("name=cti_in_service");
    let mut bob =
        client_of(&sip, "sip:bob@example.com", "1002", "wait delivered 5s\nanswer\nwait cleared 5s\n");
    bob.wait_for("monitor ");
    let script = "call 1002\nwait established 5s\nhangup\nwait cleared 5s\n";
    let mut alice = client_of(&sip, "sip:alice@example.com", "1001", script);
    assert_eq!((alice.end(), bob.end()), (0, 0), "{}{}", alice.said(), bob.said());
    gateway.signal("INT");
    assert_eq!(gateway.end(), 0, "{}", gateway.said());
    switch.signal("INT");
    assert_eq!(switch.end(), 0, "{}", switch.said());
    folder.only("trace")
}

#[test]
fn a_recording_with_the_example_configuration_can_be_redacted() {
    let folder = Folder::new("readme");
    let trace = record(&folder);
    let redacted = folder.path("redacted");
    let (status, out, err) = output(&["trace", "redact", &trace, "-o", &redacted]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
    assert!(!out.contains("acts differently"), "{out}");
    let text = String::from_utf8_lossy(&fs::read(&redacted).unwrap()).to_lowercase();
    // A step's time and the count of its bytes may be any number.
    let said = text.lines().filter(|line| !line.starts_with('@') && !line.starts_with("> write"));
    let said = said.collect::<Vec<_>>().join("\n");
    let words = || said.split(|letter: char| !letter.is_alphanumeric());
    for gone in ["alice", "bob", "1001", "1002"] {
        assert!(!words().any(|word| word == gone), "{gone} was not redacted:\n{text}");
    }
    let (status, out, err) = output(&["replay", &redacted]);
    assert_eq!((status, err.as_str()), (0, ""), "{out}");
}
