//! What is redacted names nobody: all golden traces, searched for every number, name and address in them; and the
//! settings of all machines.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use ctigate_core::config::{Config, KEYS};
use ctigate_core::engine::Engine;
use ctigate_core::setting::{ConfigError, Key, Kind, read_line};
use ctigate_core::trace::{
    self, Digests, Form, Header, RecordedAction, RecordedCommand, RecordedInput, Trace, TraceRecorder,
};
use ctigate_core::{Input, Instant, ListenerId, Machine, NoEffects, Peer, Pump, Seed};
use ctigate_peers::client::{CLIENT_KEYS, Client, ClientConfig};
use ctigate_peers::switch::{SWITCH_KEYS, Switch, SwitchConfig};

const SECRET: [u8; 16] = [13; 16];

fn make(header: &Header) -> Result<Box<dyn Machine>, Vec<ConfigError>> {
    let Header { settings, seed, .. } = header;
    Ok(match header.machine.as_str() {
        "switch" => Box::new(Switch::new(SwitchConfig::from_settings(settings)?, *seed)),
        "client" => Box::new(Client::new(ClientConfig::from_settings(settings)?, *seed)),
        _ => Box::new(Engine::new(Config::from_settings(settings)?, *seed)),
    })
}

fn keys(machine: &str) -> &'static [Key] {
    match machine {
        "switch" => SWITCH_KEYS,
        "client" => CLIENT_KEYS,
        _ => KEYS,
    }
}

/// Everything that a trace says: its settings, what came in and what went out.
fn said(trace: &[u8]) -> String {
    let mut parts: Vec<String> = Vec::new();
    let mut trace = Trace::open(&[trace]).unwrap();
    parts.extend(trace.header().settings.iter().map(|setting| format!("{}\n", setting.value)));
    let bytes = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    while let Some(step) = trace.next_step().unwrap() {
        parts.push(match &step.input {
            RecordedInput::Bytes { bytes: read, .. } => bytes(read),
            RecordedInput::Datagram { bytes: read, peer, .. } => format!("\n{peer}\n{}", bytes(read)),
            RecordedInput::Opened { peer, .. } => format!("\n{} {}\n", peer.address, peer.local),
            RecordedInput::Command { command: RecordedCommand::Line(line), .. } => format!("\n{line}\n"),
            RecordedInput::Command { command: RecordedCommand::Select { user, choice }, .. } => {
                format!("\n{user} {choice}\n")
            }
            RecordedInput::Restored { key, value } => format!("\n{key} {value}\n"),
            RecordedInput::Listening { address, .. } => format!("\n{address}\n"),
            RecordedInput::Tick
            | RecordedInput::Closed { .. }
            | RecordedInput::Command { .. }
            | RecordedInput::Persisted { .. }
            | RecordedInput::Clock { .. } => String::new(),
        });
        parts.extend(step.actions.iter().map(|(_, action)| match action {
            RecordedAction::Write { bytes: written, .. }
            | RecordedAction::WriteSecret { bytes: written, .. }
            | RecordedAction::SendDatagram { bytes: written, .. } => bytes(written),
            RecordedAction::Notify { fields, .. } => format!("\n{fields}\n"),
            RecordedAction::Connect { address, .. } => format!("\n{address}\n"),
            RecordedAction::Print { text: line } => format!("\n{line}\n"),
            RecordedAction::Persist { key, value, .. } => format!("\n{key} {value}\n"),
            RecordedAction::Reply { .. } | RecordedAction::Close { .. } | RecordedAction::Finish { .. } => {
                String::new()
            }
        }));
    }
    parts.concat()
}

/// The words of a text, in lower case: letters and digits.
fn words(text: &str) -> impl Iterator<Item = String> {
    text.split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

/// The text from behind each `start` up to one of `ends`.
fn parts<'t>(text: &'t str, start: &'t str, ends: &'t str) -> impl Iterator<Item = &'t str> {
    text.split(start).skip(1).filter_map(|rest| rest.split(|character| ends.contains(character)).next())
}

/// The numbers, names and hosts in a text, found as a reader would: in URIs, in device identifiers, before an address.
fn told(text: &str) -> BTreeSet<String> {
    let uris = ["sip:", "sips:", "tel:"].into_iter().flat_map(|scheme| parts(text, scheme, ":;<>\"'?, \r\n"));
    let devices = ["eviceID", "eviceIdentifier", ":number", "<number"]
        .into_iter()
        .flat_map(|name| parts(text, name, "/;").filter_map(|rest| Some(rest.split_once('>')?.1)));
    let names = text.lines().filter_map(|line| {
        let (name, value) = line.split_once(": \"")?;
        ["From", "To", "f", "t", "Contact"].contains(&name).then(|| value.split('"').next())?
    });
    let found = uris.chain(devices).chain(names).flat_map(words);
    // Short words are everywhere, and so are those of which protocols and examples are made.
    let own = ["127", "com", "ctigate", "example", "invalid", "notknown", "proxy", "sip", "tel"];
    found.filter(|word| word.len() >= 3 && !own.contains(&word.as_str())).collect()
}

#[test]
fn no_golden_trace_tells_a_number_name_or_address_once_redacted() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("golden");
    let mut known = BTreeSet::new();
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let old = fs::read(&path).unwrap();
        let redacted = trace::redact(&[&old], &SECRET, keys, make).unwrap();
        assert_eq!(redacted.parted, None, "{}", path.display());
        trace::replay(&[&redacted.trace], make).unwrap();
        let told = told(&said(&old));
        let left: BTreeSet<String> =
            words(&said(&redacted.trace)).filter(|word| told.contains(word)).collect();
        assert!(left.is_empty(), "{}: {left:?} of {told:?}", path.display());
        known.extend(told);
    }
    for word in ["alice", "1001", "1002", "smith", "73124", "3222220220"] {
        assert!(known.contains(word), "{word} was looked for: {known:?}");
    }
}

/// A run of the machine that `header` describes: a link on which these lines are said.
fn run(header: &Header, lines: &str) -> Vec<u8> {
    let recorder = TraceRecorder::new(header.clone(), Form::Verbatim, Digests::Every);
    let mut pump = Pump::new(make(header).unwrap(), recorder);
    let listener = ListenerId::new(1);
    let peer = "192.0.2.7:4000".parse().unwrap();
    let peer = Peer { address: peer, local: "192.0.2.1:1041".parse().unwrap(), listener: Some(listener) };
    pump.input(Instant::ZERO, Input::Tick, &mut NoEffects);
    if !lines.is_empty() {
        let link = pump.accepted();
        pump.input(Instant::ZERO, Input::Opened { link, peer }, &mut NoEffects);
        pump.input(Instant::ZERO, Input::Bytes { link, bytes: lines.as_bytes() }, &mut NoEffects);
    }
    pump.into_parts().1.finish()
}

fn header<'l>(machine: &str, lines: impl IntoIterator<Item = &'l str>) -> Header {
    let settings = lines.into_iter().map(|line| read_line(line).unwrap()).collect();
    Header::new(machine, Seed::from_number(1), settings)
}

#[test]
fn every_choice_of_every_key_of_the_other_machines_is_kept() {
    let least: [(&str, &[Key], &[&str]); 2] = [
        (
            "switch",
            SWITCH_KEYS,
            &[
                "listen = [\"127.0.0.1:0\"]",
                "phone[0].number = \"7001\"",
                "group[0].number = \"7100\"",
                "group[0].members = [\"7001\"]",
                "forwarding.busy = \"7001\"",
                "mailbox = \"7200\"",
                "parking = [\"7201\"]",
            ],
        ),
        (
            "client",
            CLIENT_KEYS,
            &["server = \"192.0.2.1:5060\"", "user = \"sip:alice@acme\"", "line = \"tel:7001\""],
        ),
    ];
    for (machine, table, least) in least {
        for key in table {
            let Kind::Choice(words) = key.kind else { continue };
            for word in words {
                let value = if key.many > 0 { format!("[\"{word}\"]") } else { format!("\"{word}\"") };
                let set = format!("{} = {value}", key.name.replace("[]", "[0]"));
                let old = run(&header(machine, least.iter().copied().chain([set.as_str()])), "");
                let redacted = trace::redact(&[&old], &SECRET, keys, make).unwrap();
                let settings = Trace::open(&[&redacted.trace]).unwrap().header().settings.clone();
                assert!(settings.contains(&read_line(&set).unwrap()), "{set} in {settings:?}");
                assert!(!said(&redacted.trace).contains("7001"), "{set}");
            }
        }
    }
}

#[test]
fn a_phone_system_whose_phones_are_numbered_on_acts_the_same_once_redacted() {
    let settings = [
        "listen = [\"192.0.2.1:1040\"]",
        "control = \"192.0.2.1:1041\"",
        "phone[0].number = \"2000\"",
        "phone[0].name = \"Hamilton\"",
        "phone[0].count = 500",
        "phone[1].number = \"7001\"",
        "phone[1].answer = \"busy\"",
        "forwarding.busy = \"2009\"",
    ];
    let lines = "dial 2499 2000\ndial 2007 7001\nphone 2499\nanswer 2000\ndelay 59000\nphone 2500\n\
                 forward 2007 noanswer 2008 9\nlamp 2007 on 2010\nsettings 2007\nservice 2007 out\n\
                 event 2007 <x><callingDevice>Hamilton 2000</callingDevice></x>\n";
    let old = run(&header("switch", settings), lines);
    let redacted = trace::redact(&[&old], &SECRET, keys, make).unwrap();
    assert_eq!(redacted.parted, None, "{}", said(&redacted.trace));
    trace::replay(&[&redacted.trace], make).unwrap();
    let (old, new) = (said(&old), said(&redacted.trace));
    for word in ["hamilton", "2000", "2007", "2008", "2009", "2010", "2499", "2500", "7001", "192"] {
        assert!(words(&old).any(|found| found == word), "the run has {word}");
        assert!(!words(&new).any(|found| found == word), "{word} is still there:\n{new}");
    }
    assert_eq!(new.matches("error").count(), old.matches("error").count(), "{old}\n{new}");
    assert_eq!(new.matches("\nok").count(), old.matches("\nok").count(), "{old}\n{new}");
}
