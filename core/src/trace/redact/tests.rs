use super::*;
use alloc::format;

use crate::config::KEYS;
use crate::engine::Engine;
use crate::entropy::Seed;
use crate::input::{Input, ListenerId};
use crate::pump::Pump;
use crate::reply::{StoreFault, Token};
use crate::time::Instant;
use crate::trace::{Reader, TraceRecorder, replay};
use crate::wire::csta::events::{Part, Slot, shapes};
use crate::wire::csta::member::{Member, Names, Role};
use crate::wire::csta::services;

const SECRET: [u8; 16] = [9; 16];

const LINE: &str = "tel:+493012345;phone-context=acme.invalid";

fn invite() -> String {
    let body = format!(
        "<?xml version=\"1.0\"?><RequestSystemStatus xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\">\
         <extensions><privateData><private><lcs:line xmlns:lcs=\"urn:x\">{LINE}</lcs:line></private></privateData>\
         </extensions></RequestSystemStatus>"
    );
    format!(
        "INVITE sip:gw@gateway.acme.invalid SIP/2.0\r\nVia: SIP/2.0/TCP alices-desk.acme.invalid:5061;branch=z9hG4bK1\r\n\
         From: \"Alice Archer\" <sip:alice@acme.invalid>;tag=7;epid=1\r\nTo: <sip:gw@gateway.acme.invalid>\r\n\
         Call-ID: 77@alices-desk\r\nCSeq: 1 INVITE\r\nMax-Forwards: 70\r\nSupported: timer\r\n\
         Contact: <sip:alice@192.0.2.7:5061;transport=tcp>\r\nX-Floor: Alice sits in 30 12345\r\n\
         Content-Type: application/csta+xml\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn engine(header: &Header) -> Result<Box<dyn Machine>, Vec<ConfigError>> {
    Ok(Box::new(Engine::new(header.config()?, header.seed)))
}

/// An engine with the directory that its recording names.
fn listed(header: &Header) -> Result<Box<dyn Machine>, Vec<ConfigError>> {
    let directory = header.directory.as_ref().and_then(DirectoryVersion::directory).unwrap();
    Ok(Box::new(Engine::new(header.config()?, header.seed).with_directory(Arc::clone(directory))))
}

fn header() -> Header {
    let settings = [
        "sip.tcp = [\"192.0.2.1:5060\"]",
        "sip.allow = [\"192.0.2.0/24\"]",
        "cti.connection[0].address = \"pbx.acme.invalid:1040\"",
        "cti.connection[0].name = \"basement\"",
        "cti.session = \"none\"",
        "sip.may_say_503 = false",
        "control.socket = \"/run/archer/control.sock\"",
    ];
    let settings = settings.iter().map(|line| crate::setting::read_line(line).unwrap()).collect();
    Header::new("gateway", Seed::from_number(7), settings)
}

/// A run in which Alice signs in, in bytes that come in two pieces, and an unlisted peer probes the gateway.
fn run() -> Vec<u8> {
    run_of(header())
}

fn run_of(header: Header) -> Vec<u8> {
    let machine = engine(&header).unwrap();
    let mut pump = Pump::new(machine, TraceRecorder::new(header, Form::Verbatim, Digests::Every));
    let socket = |text: &str| text.parse().unwrap();
    let peer =
        |address, listener| Peer { address: socket(address), local: socket("192.0.2.1:5060"), listener };
    let listener = ListenerId::new(0);
    let link = pump.accepted();
    let invite = invite();
    let (first, second) = invite.split_once("ce Archer").unwrap();
    let second = format!("ce Archer{second}");
    let options = invite.replace("INVITE", "OPTIONS").replace("alice", "mallory");
    let inputs = [
        Input::Listening { listener, address: socket("192.0.2.1:5060") },
        Input::Tick,
        Input::Opened { link: LinkId::new(2), peer: peer("192.0.2.9:1040", None) },
        Input::Opened { link, peer: peer("192.0.2.7:40000", Some(listener)) },
        Input::Bytes { link, bytes: first.as_bytes() },
        Input::Bytes { link, bytes: second.as_bytes() },
        Input::Bytes { link, bytes: options.as_bytes() },
        Input::Closed { link, why: crate::input::Closed::Broken },
    ];
    for (micros, input) in (0..).zip(inputs) {
        pump.input(Instant::from_micros(micros), input, &mut crate::pump::NoEffects);
    }
    pump.into_parts().1.finish()
}

#[test]
fn a_redacted_run_tells_nothing_and_replays() {
    let old = run();
    let text = String::from_utf8_lossy(&old).to_lowercase();
    assert!(
        text.contains("sip/2.0 200 ok") || text.contains("sip/2.0 100"),
        "the run is worth redacting:\n{text}"
    );
    let redacted = redact(&[&old], &SECRET, |_| KEYS, engine).unwrap();
    assert_eq!(redacted.parted, None);
    let new = String::from_utf8_lossy(&redacted.trace).to_lowercase();
    for word in ["alice", "archer", "acme", "12345", "192.0.2", "basement", "pbx", "mallory", "desk"] {
        assert!(text.contains(word), "the run has {word}");
        assert!(!new.contains(word), "{word} is still there:\n{new}");
    }
    assert_eq!(new.len(), text.len(), "every length stays");
    let summary = replay(&[&redacted.trace], engine).unwrap();
    assert_eq!(summary.steps, redacted.steps);
}

#[test]
fn number_rules_are_left_out_since_they_name_numbers() {
    let rules = "numbers.emergency = [\"112\"]\nnumbers.line[0].pattern = \"+493012[3]xx\"\n\
        numbers.line[0].digits = \"9-10\"\nnumbers.shown[0].digits = 4\nnumbers.shown[0].prepend = \"+4930\"";
    let mut header = header();
    header.settings.extend(rules.lines().map(|line| crate::setting::read_line(line).unwrap()));
    let old = run_of(header);
    assert!(String::from_utf8_lossy(&old).contains("numbers.shown[0].prepend"));
    let redacted = redact(&[&old], &SECRET, |_| KEYS, engine).unwrap();
    assert_eq!(redacted.parted, None);
    assert!(!String::from_utf8_lossy(&redacted.trace).contains("numbers."));
    assert_eq!(replay(&[&redacted.trace], engine).unwrap().steps, redacted.steps);
}

#[test]
fn what_is_the_protocols_own_stays() {
    let redacted = redact(&[&run()], &SECRET, |_| KEYS, engine).unwrap().trace;
    let mut reader = Reader::new(&redacted, 1).unwrap();
    let mut bytes = Vec::new();
    while let Some(step) = reader.next_step().unwrap() {
        if let RecordedInput::Bytes { bytes: part, .. } = step.input {
            bytes.extend_from_slice(&part);
        }
    }
    let new = String::from_utf8(bytes).unwrap();
    let old = invite();
    let names = |text: &str| -> Vec<String> {
        let lines = text.split("\r\n").take(12);
        lines.map(|line| line.split(':').next().unwrap_or_default().into()).collect()
    };
    assert_eq!(names(&new)[1..], names(&old)[1..]);
    for kept in [
        ";branch=z9hG4bK1\r\n",
        ">;tag=7;epid=1\r\n",
        "CSeq: 1 INVITE\r\nMax-Forwards: 70\r\nSupported: timer\r\n",
        ":5061;transport=tcp>\r\n",
        "Content-Type: application/csta+xml\r\n",
        "<extensions><privateData><private><lcs:line xmlns:lcs=\"urn:x\">tel:+",
        ";phone-context=",
        ".invalid</lcs:line></private></privateData></extensions></RequestSystemStatus>",
    ] {
        assert!(old.contains(kept), "{kept}");
        assert!(new.contains(kept), "{kept} is gone from\n{new}");
    }
}

#[test]
fn one_word_becomes_one_word_wherever_it_stands() {
    let old = run();
    let mut redactor = Redactor::new(&[&old], &SECRET, |_| KEYS, &mut |_| None).unwrap();
    let invite = String::from_utf8(redactor.text(invite().as_bytes(), Speech::Sip)).unwrap();
    let user = invite.split("<sip:").nth(1).unwrap().split('@').next().unwrap();
    let floor = invite.split("X-Floor: ").nth(1).unwrap().split(' ').next().unwrap();
    assert_eq!(user, floor.to_lowercase());
    let number = invite.split("tel:+").nth(1).unwrap().split(';').next().unwrap();
    let line = redactor.string("call 493012345", Speech::Lines);
    assert_eq!(line, format!("call {number}"));
    let frame = b"\0\0\0\x350001<deviceID>493012345</deviceID><callID>4711</callID>";
    let frame = String::from_utf8(redactor.text(frame, Speech::Csta)).unwrap();
    assert_eq!(frame, format!("\0\0\0\x350001<deviceID>{number}</deviceID><callID>4711</callID>"));
}

/// The values of a message with these members, and whether each belongs to the protocol.
fn sample(members: &'static [Member]) -> Vec<(String, bool)> {
    let given = |member: &Member| {
        let name = member.name;
        let (inside, is_own) = match member.role {
            Role::Truth => ("true", true),
            Role::Count => ("12345", true),
            Role::Word(words) => (words.first().copied().unwrap_or("archer"), true),
            Role::CrossReference => ("0000beef", true),
            Role::Own
            | Role::OwnCall
            | Role::Held
            | Role::Active
            | Role::Foreign
            | Role::Announced { .. } => ("<callID>0_7</callID><deviceID>tel:12345</deviceID>", false),
            Role::Line { .. } | Role::Dialled { .. } | Role::Number if member.list.is_some() => {
                ("<device>12345</device><callingDevice>archer</callingDevice>", false)
            }
            Role::Line { .. } | Role::Dialled { .. } | Role::Number => ("tel:12345", false),
            Role::Copied(Names::Within { .. }) => {
                ("<item><deviceIdentifier>12345</deviceIdentifier><callID>0_7</callID></item>", false)
            }
            Role::Text | Role::Copied(_) | Role::Withheld => ("Alice Archer &lt;12345", false),
            Role::Narrowed => ("<makeCall/>", true),
        };
        (format!("<c:{name}>{inside}</c:{name}>"), is_own)
    };
    members.iter().map(given).collect()
}

#[test]
fn of_each_row_the_values_stay_and_texts_numbers_and_codes_do_not() {
    let mut redactor = Redactor::new(&[&run()], &SECRET, |_| KEYS, &mut |_| None).unwrap();
    for service in services::all().iter().filter(|service| service.is_relayed()) {
        for members in [service.request, service.response] {
            let elements = sample(members);
            let all: String = elements.iter().map(|(element, _)| element.as_str()).collect();
            let old = format!("<c:{0} xmlns:c=\"u\">{all}</c:{0}>", service.root);
            let new = redactor.text(old.as_bytes(), Speech::Csta);
            let new = String::from_utf8(new).unwrap();
            assert_eq!(new.len(), old.len());
            for (element, is_own) in elements {
                assert_eq!(new.contains(&element), is_own, "{element} of {old} in {new}");
            }
            assert_eq!(new.matches("<callID>0_7</callID>").count(), old.matches("<callID>").count(), "{new}");
            let values = new.matches(">12345<").count();
            let counts = members.iter().filter(|member| member.role == Role::Count).count();
            assert_eq!((values, new.contains("Alice")), (counts, false), "{new}");
        }
    }
}

#[test]
fn of_each_event_the_cause_and_state_stay_and_its_numbers_do_not() {
    let mut redactor = Redactor::new(&[&run()], &SECRET, |_| KEYS, &mut |_| None).unwrap();
    for shape in shapes() {
        let values =
            [(Part::CrossReference, "0000beef"), (Part::LocalState, "alerting"), (Part::Cause, "newCall")];
        let value_of =
            |slot: &Slot| values.iter().find(|(part, _)| *part == slot.part).map(|(_, value)| *value);
        let other = "<item><deviceIdentifier>12345</deviceIdentifier><callID>0_7</callID></item>";
        let element = |slot: &Slot| format!("<{0}>{1}</{0}>", slot.name, value_of(slot).unwrap_or(other));
        let old: String = shape.slots.iter().map(element).collect();
        let new = redactor.text(format!("<x>{old}</x>").as_bytes(), Speech::Csta);
        let new = String::from_utf8(new).unwrap();
        assert!(!new.contains("12345"), "{new}");
        for slot in shape.slots {
            assert_eq!(new.contains(&element(slot)), value_of(slot).is_some(), "{} in {new}", slot.name);
        }
    }
}

#[test]
fn a_makers_private_data_are_sensitive_whatever_their_names() {
    let mut redactor = Redactor::new(&[&run()], &SECRET, |_| KEYS, &mut |_| None).unwrap();
    let old =
        b"<x><ringCount>12345</ringCount><private><p:ringCount>12345</p:ringCount></private><ringCount>12345</ringCount></x>";
    let new = String::from_utf8(redactor.text(old, Speech::Csta)).unwrap();
    assert_eq!(new.matches("<ringCount>12345</ringCount>").count(), 2, "{new}");
    assert!(!new.contains("<p:ringCount>12345"), "{new}");
}

#[test]
fn what_should_be_a_word_and_has_digits_is_sensitive() {
    let mut redactor = Redactor::new(&[&run()], &SECRET, |_| KEYS, &mut |_| None).unwrap();
    let old = b"<x><reason>emergency</reason><reason>12345</reason><reason><![CDATA[12345]]></reason></x>";
    let new = String::from_utf8(redactor.text(old, Speech::Csta)).unwrap();
    assert!(new.contains("<reason>emergency</reason>") && !new.contains("12345"), "{new}");
}

#[test]
fn users_and_their_devices_are_replaced_alike_wherever_they_are_named() {
    let text = "ctigate directory 1\nline 1001\ndevice SEP0012AB34CD56\ndevice Archers-Phone\n\
        appearance 1001 SEP0012AB34CD56 1\nappearance 1001 Archers-Phone 12\nuser alice line=1001\n";
    let directory = Arc::new(Directory::read(text, "test").unwrap());
    let header = Header { directory: Some(DirectoryVersion::from(Arc::clone(&directory))), ..header() };
    let recorder = TraceRecorder::new(header.clone(), Form::Verbatim, Digests::Every);
    let mut pump = Pump::new(listed(&header).unwrap(), recorder);
    let select = |user, choice| {
        let command = crate::input::Command::Select { user, choice };
        Input::Command { token: Some(Token::new(3)), command }
    };
    let inputs = [
        Input::Restored { key: "selection/alice", value: "SEP0012AB34CD56:1" },
        select("Alice", "Archers-Phone:12"),
        Input::Persisted { token: Token::new(1), result: Ok(()) },
        select("alice", "automatic"),
        Input::Persisted { token: Token::new(2), result: Err(StoreFault::Full) },
        select("alice", "no choice"),
    ];
    for (micros, input) in (0..).zip(inputs) {
        pump.input(Instant::from_micros(micros), input, &mut crate::pump::NoEffects);
    }
    let trace = pump.into_parts().1.finish();
    let mut find = |hash| (hash == directory.hash()).then(|| Arc::clone(&directory));
    let redacted = redact_with(&[&trace], &SECRET, |_| KEYS, &mut find, listed).unwrap();
    assert_eq!(redacted.parted, None);
    let [other] = &redacted.directories[..] else { panic!("one directory") };
    let text = String::from_utf8(redacted.trace).unwrap();
    for word in ["alice", "sep0012", "ab34cd56", "archer"] {
        assert!(!text.to_lowercase().contains(word), "{word} in {text}");
    }
    let restored = text.lines().find_map(|line| line.split_once("restored selection/")).unwrap().1;
    let (user, device) = restored.split_once(' ').unwrap();
    assert!(device.ends_with(":1") && text.contains(&format!("select {user} automatic")), "{text}");
    assert!(text.to_lowercase().contains(&format!("command 3 select {user} ")), "{text}");
    assert!(text.contains(&format!("> persist 2 selection/{user}\n")), "{text}");
    let mut find = |hash| (hash == other.hash()).then(|| Arc::clone(other));
    assert!(crate::trace::replay_with(&[text.as_bytes()], &mut find, listed).is_ok());
}

#[test]
fn a_machine_that_minds_is_noticed() {
    struct Minds;
    impl Machine for Minds {
        fn listens(&self) -> Vec<crate::input::Listen> {
            Vec::new()
        }
        fn step(
            &mut self,
            _now: Instant,
            input: Input<'_>,
            actions: &mut crate::action::Actions,
        ) -> crate::input::Taken {
            if let Input::Command { command: crate::input::Command::Line("call 1001"), .. } = input {
                actions.finish(0);
            }
            crate::input::Taken(0)
        }
        fn next_wake(&self) -> Option<crate::machine::Wake> {
            None
        }
        fn digest(&mut self) -> u64 {
            0
        }
        fn full_digest(&self) -> u64 {
            0
        }
    }
    let trace = format!(
        "ctigate trace 2\nmachine client\nseed {}\nsegment 1\n\n@0 tick\n\n@1 command line call 1001\n> finish 0\n\nend\n",
        "00".repeat(32)
    );
    let redacted = redact(&[trace.as_bytes()], &SECRET, |_| &[], |_| Ok(Box::new(Minds))).unwrap();
    assert_eq!(redacted.parted, Some((1, 8)));
}

#[test]
fn any_bytes_keep_their_length_and_their_text() {
    let setting = Speech::Setting(Kind::Target);
    let old = run();
    let mut redactor = Redactor::new(&[&old], &SECRET, |_| KEYS, &mut |_| None).unwrap();
    let mut state = 1_u64;
    let alphabet: Vec<&[u8]> = [
        "<",
        ">",
        "sip:",
        "tel:",
        "@",
        ";",
        ":",
        "\r\n",
        "a",
        "1001",
        "::",
        "1.2.3.4",
        "</",
        "<![CDATA[",
        "]]>",
        "\u{fc}",
        "SIP/2.0",
        "Via",
        "Contact",
        ",",
        "/",
        "&lt;",
        "maddr=",
        "0",
    ]
    .map(str::as_bytes)
    .into_iter()
    .chain([[0].as_slice(), &[0xff], &[0xe4, 0xb8]])
    .collect();
    for _ in 0..2_000 {
        let mut bytes = Vec::new();
        for _ in 0..20 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let index = usize::try_from(state >> 33).unwrap() % alphabet.len();
            bytes.extend_from_slice(alphabet[index]);
        }
        for speech in [Speech::Sip, Speech::Csta, Speech::Lines, setting] {
            let new = redactor.text(&bytes, speech);
            assert_eq!(new.len(), bytes.len());
            assert_eq!(core::str::from_utf8(&new).is_ok(), core::str::from_utf8(&bytes).is_ok());
        }
    }
}

#[test]
fn a_choice_of_any_key_is_kept_and_the_text_beside_it_is_not() {
    // The directory's entries are in no trace.
    let keys = KEYS.iter().filter(|key| !crate::config::is_of_directory(key.name));
    let choices = keys.filter_map(|key| {
        let Kind::Choice(words) = key.kind else { return None };
        Some(words.iter().map(move |word| (key, *word)))
    });
    let mut tried = 0;
    for (key, word) in choices.flatten() {
        let text = if key.many > 0 { format!("[\"{word}\"]") } else { format!("\"{word}\"") };
        let key = key.name.replace("[]", "[0]");
        let mut header = header();
        header.settings.retain(|setting| setting.key != key);
        let set = crate::setting::read_line(&format!("{key} = {text}")).unwrap();
        header.settings.push(set.clone());
        if key.rsplit_once('.').is_some_and(|(_, field)| ["login", "kind"].contains(&field)) {
            // They need more.
            header.settings.retain(|setting| setting.key != "cti.session");
            for needed in ["user", "password_file"] {
                let line = format!("cti.connection[0].{needed} = \"acme\"");
                header.settings.push(crate::setting::read_line(&line).unwrap());
            }
        }
        // A name that is one of the words, as a company may be called.
        header
            .settings
            .push(crate::setting::read_line(&format!("sip.domain = \"{word}.acme.invalid\"")).unwrap());
        let recorder = TraceRecorder::new(header.clone(), Form::Verbatim, Digests::Every);
        let mut pump = Pump::new(engine(&header).unwrap(), recorder);
        pump.input(Instant::ZERO, Input::Tick, &mut crate::pump::NoEffects);
        let redacted = redact(&[&pump.into_parts().1.finish()], &SECRET, |_| KEYS, engine).unwrap();
        let settings = Trace::open(&[&redacted.trace]).unwrap().header().settings.clone();
        let value = |key: &str| settings.iter().find(|setting| setting.key == key).unwrap().value.clone();
        assert_eq!(value(&key), set.value, "{key}");
        assert!(!value("sip.domain").to_string().contains("acme"), "{key}");
        tried += 1;
    }
    assert!(tried > 8, "{tried}");
}

#[test]
fn of_a_setting_ports_and_prefixes_stay_and_every_other_number_goes() {
    let mut redactor = Redactor::new(&[&run()], &SECRET, |_| KEYS, &mut |_| None).unwrap();
    let mut value = |line: &str| {
        let setting = redactor.setting(crate::setting::read_line(line).unwrap());
        setting.value.to_string()
    };
    let address = value("cti.connection[0].address = \"pbx7001.acme.invalid:1040\"");
    assert!(address.ends_with(":1040\"") && !address.contains("7001"), "{address}");
    let address = value("cti.connection[0].address = \"[2001:db8::7001]:1040\"");
    assert!(address.ends_with("]:1040\"") && !address.contains("7001"), "{address}");
    assert!(value("sip.allow = [\"198.51.100.0/24\"]").ends_with("/24\"]"));
    let path = value("control.socket = \"/srv/7001/of:7001\"");
    assert!(path.starts_with("\"/") && !path.contains("7001"), "{path}");
    let unknown = value("nobody.knows = \"7001\"");
    assert!(!unknown.contains("7001"), "{unknown}");
}

#[test]
fn a_directory_is_redacted_with_the_run_and_users_are_still_found() {
    let text = "ctigate directory 1\nline +493012345 partition=Kreuzberg e164=+493012345 label=\"Archer's line\"\n\
        device DESK77 description=\"Alice Archer, 4th floor\"\nappearance +493012345/Kreuzberg DESK77 1\n\
        user alice mail=alice@acme.invalid sip=sip:alice@acme.invalid name=\"Alice Archer\" line=+493012345/Kreuzberg\n\
        user mallory enabled=no role=administrator\n";
    let directory = Arc::new(Directory::read(text, "test").unwrap());
    let version = Some(DirectoryVersion::from(Arc::clone(&directory)));
    let header = Header { directory: version, ..header() };
    let recorder = TraceRecorder::new(header.clone(), Form::Verbatim, Digests::Every);
    let mut pump = Pump::new(listed(&header).unwrap(), recorder);
    let socket = |text: &str| text.parse().unwrap();
    let listener = Some(ListenerId::new(0));
    let peer = Peer { address: socket("192.0.2.7:40000"), local: socket("192.0.2.1:5060"), listener };
    let link = pump.accepted();
    let reload = Reload::new(header.settings.clone(), Some(Arc::clone(&directory))).unwrap();
    let (invite, again) = (invite(), invite().replace("alice", "mallory").replace("77@", "78@"));
    let inputs = [
        Input::Opened { link, peer },
        Input::Bytes { link, bytes: invite.as_bytes() },
        Input::Command { token: None, command: crate::input::Command::Reload(&reload) },
        Input::Bytes { link, bytes: again.as_bytes() },
    ];
    for (micros, input) in (0..).zip(inputs) {
        pump.input(Instant::from_micros(micros), input, &mut crate::pump::NoEffects);
    }
    let old = pump.into_parts().1.finish();
    let text = String::from_utf8_lossy(&old).into_owned();
    assert!(text.contains("SIP/2.0 200 OK"), "alice signs in:\n{text}");
    assert!(text.contains("SIP/2.0 404 Unknown user") || text.contains("SIP/2.0 403 User not"), "{text}");
    let mut find = |hash| (hash == directory.hash()).then(|| Arc::clone(&directory));
    let redacted = redact_with(&[&old], &SECRET, |_| KEYS, &mut find, listed).unwrap();
    assert_eq!(redacted.parted, None, "{}", String::from_utf8_lossy(&redacted.trace));
    let [other] = &redacted.directories[..] else { panic!("one directory") };
    let mut written = String::new();
    other.write(&mut written);
    let all = written.clone() + &String::from_utf8_lossy(&redacted.trace);
    for word in ["alice", "archer", "kreuzberg", "12345", "desk77", "acme", "mallory", "4th"] {
        assert!(!all.to_lowercase().contains(word), "{word} is still there:\n{all}");
    }
    assert!(written.contains(" enabled=no role=administrator") && written.contains(" 1\n"), "{written}");
    let mut find = |hash| (hash == other.hash()).then(|| Arc::clone(other));
    assert_eq!(
        crate::trace::replay_with(&[&redacted.trace], &mut find, listed).unwrap().steps,
        redacted.steps
    );
    let missing = redact_with(&[&old], &SECRET, |_| KEYS, &mut |_| None, listed).unwrap_err();
    assert_eq!(missing, ReplayError::NoDirectory(directory.hash()));
}
