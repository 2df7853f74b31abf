//! The reader at its face: tables of messages, genuine and forged. (What a real Asterisk says is read in
//! `tests/it/ami.rs`.)

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;
use alloc::{format, vec};

mod written;

use super::message::device_of;
use super::*;
use crate::digest::{Digest as _, Digester};

/// What is read of `stream` in pieces of `size`: the texts of messages, and why others are rejected.
fn read(stream: &[u8], size: usize) -> Vec<Result<String, Flaw>> {
    let mut reader = Reader::default();
    let mut found = Vec::new();
    for piece in [&b"Asterisk Call Manager/11.0.0\r\n"[..]].into_iter().chain(stream.chunks(size)) {
        let mut rest = piece;
        while !rest.is_empty() {
            let (taken, read) = reader.push(rest);
            match read {
                Read::Incomplete => assert_eq!(taken, rest.len()),
                Read::Greeting(version) => assert_eq!(version, "11.0.0"),
                Read::Message(message) => found.push(Ok(message.as_str().to_owned())),
                Read::Rejected(flaw) => found.push(Err(flaw)),
                Read::Broken => panic!("broken"),
            }
            rest = &rest[taken..];
        }
    }
    found
}

/// What is read of a stream, which is the same in all pieces.
#[track_caller]
fn all(stream: &[u8]) -> Vec<Result<String, Flaw>> {
    let whole = read(stream, usize::MAX);
    for size in [1, 2, 3, 7, 64] {
        assert_eq!(read(stream, size), whole, "in pieces of {size}");
    }
    whole
}

/// Gives a message to `look`.
fn with(text: &str, look: impl FnOnce(Message<'_>)) {
    let mut reader = Reader::default();
    assert_eq!(reader.push(b"Asterisk Call Manager/1\n").1, Read::Greeting("1"));
    match reader.push(text.as_bytes()) {
        (taken, Read::Message(message)) => {
            assert_eq!(taken, text.len());
            look(message);
        }
        (_, other) => panic!("{other:?}: {text}"),
    }
}

/// An event about a channel, whose caller has this number.
fn event(name: &str, number: &str, more: &str) -> String {
    let channel = channel("", number);
    format!("Event: {name}\r\nPrivilege: call,all\r\n{channel}{more}\r\n")
}

fn channel(whose: &str, number: &str) -> String {
    let lines = [
        ("Channel", "PJSIP/1001-00000000"),
        ("ChannelState", "4"),
        ("ChannelStateDesc", "Ring"),
        ("CallerIDNum", number),
        ("CallerIDName", "Anna Arndt"),
        ("ConnectedLineNum", "<unknown>"),
        ("ConnectedLineName", "<unknown>"),
        ("Language", "en"),
        ("AccountCode", ""),
        ("Context", "internal"),
        ("Exten", "1002"),
        ("Priority", "1"),
        ("Uniqueid", "7.0"),
        ("Linkedid", "7.0"),
    ];
    lines.map(|(key, value)| format!("{whose}{key}: {value}\r\n")).concat()
}

const PING: &str = "Response: Success\r\nActionID: 1\r\nPing: Pong\r\n\r\n";

#[test]
fn blank_lines_before_a_message_and_line_feeds_alone_are_taken_as_line_ends() {
    let stream = format!("\r\n\n\r\n{PING}\r\n\r\nResponse: Error\nMessage: No\r\n\n{PING}");
    let error = "Response: Error\nMessage: No\r\n\n".to_owned();
    assert_eq!(all(stream.as_bytes()), [Ok(PING.into()), Ok(error), Ok(PING.into())]);
}

#[test]
fn a_stream_that_does_not_begin_with_the_greeting_is_broken_for_good() {
    for stream in [
        "SSH-2.0-OpenSSH\r\n",
        "\r\nAsterisk Call Manager/1\r\n",
        "HTTP/1.1 400\r\n\r\n",
        "Asterisk Call Manager\r\n",
    ] {
        for size in [1, 100] {
            let mut reader = Reader::default();
            let mut last = Read::Incomplete;
            for piece in stream.as_bytes().chunks(size) {
                last = reader.push(piece).1;
            }
            assert_eq!(last, Read::Broken, "{stream}");
            assert_eq!(reader.push(PING.as_bytes()), (PING.len(), Read::Broken), "{stream}");
        }
    }
    // The byte that shows it is enough.
    assert_eq!(Reader::default().push(b"AsterisX").1, Read::Broken);
    let endless = vec![b'A'; MAX_LINE + 2];
    assert_eq!(Reader::default().push(&endless).1, Read::Broken);
}

#[test]
fn values_are_found_by_key_without_case_and_variables_are_all_there() {
    let text =
        event("Newchannel", "1001", "chanvariable: A=1\r\nChanVariable: B=\r\nX:y\r\nY:  z \r\nZ:\r\n");
    with(&text, |message| {
        assert_eq!((message.kind(), message.event()), (Kind::Event("Newchannel"), "Newchannel"));
        assert_eq!(message.value("CALLERIDNUM"), Some("1001"));
        assert_eq!(message.values("ChanVariable").collect::<Vec<_>>(), ["A=1", "B="]);
        // One blank stands behind the colon, or none.
        let values = ["X", "Y", "Z", "CallerID"].map(|key| message.value(key));
        assert_eq!(values, [Some("y"), Some(" z "), Some(""), None]);
        assert_eq!((message.action_id(), message.ends_list()), (None, false));
    });
    with("Event: StatusComplete\r\nActionID: q\r\nEventList: Complete\r\nListItems: 0\r\n\r\n", |message| {
        assert_eq!((message.action_id(), message.ends_list()), (Some("q"), true));
    });
    with(PING, |message| assert_eq!((message.kind(), message.event()), (Kind::Response("Success"), "")));
}

#[test]
fn names_are_unescaped_and_broken_utf8_is_replaced() {
    let cases: [(&[u8], &str); 9] = [
        (b"Anna Arndt", "Anna Arndt"),
        (br#"O\'Neil \"Ev\" C:\\x"#, r#"O'Neil "Ev" C:\x"#),
        (br"a\tb\nc\rd\ae\bf\vg\fh\?", "a\tb\nc\rd\u{7}e\u{8}f\u{b}g\u{c}h?"),
        (br"\\\\n\\", r"\\n\"),
        (br"\x\", r"\x\"),
        ("D\u{f6}rte \u{5c71}\\\u{e9}".as_bytes(), "D\u{f6}rte \u{5c71}\\\u{e9}"),
        (b"D\xf6rte", "D\u{fffd}rte"),
        (b"\xe5\xb1", "\u{fffd}"),
        (b"\x01\x7f: x", "\u{1}\u{7f}: x"),
    ];
    for (sent, expected) in cases {
        let text = event("Newstate", "1001", "").replace("Anna Arndt", "NAME");
        let (before, after) = text.split_once("NAME").unwrap();
        for size in [1, usize::MAX] {
            let stream = [b"Asterisk Call Manager/1\n", before.as_bytes(), sent, after.as_bytes()].concat();
            let mut reader = Reader::default();
            let mut names = Vec::new();
            for mut rest in stream.chunks(size) {
                while !rest.is_empty() {
                    let (taken, read) = reader.push(rest);
                    if let Read::Message(message) = read {
                        names.push(message.text("CallerIDName").unwrap().into_owned());
                        assert_eq!(message.value("Linkedid"), Some("7.0"));
                    }
                    rest = &rest[taken..];
                }
            }
            assert_eq!(names, [expected]);
        }
    }
}

#[test]
fn who_has_part_is_told_by_the_values_of_some_keys() {
    let text = event(
        "BridgeEnter",
        "1001",
        "BridgeUniqueid: b\r\nBridgeType: basic\r\nBridgeTechnology: t\r\n\
         BridgeCreator: c\r\nBridgeName: n\r\nBridgeNumChannels: 1\r\n",
    );
    with(&text, |message| {
        let parts = [
            Part::Channel("PJSIP/1001-00000000"),
            Part::Channels("7.0"),
            Part::Channels("7.0"),
            Part::Bridge("b"),
        ];
        assert_eq!(message.parts().collect::<Vec<_>>(), parts);
    });
    with(
        "Event: DeviceStateChange\r\nPrivilege: call,all\r\nDevice: PJSIP/1\r\nState: INUSE\r\n\r\n",
        |message| {
            assert_eq!(message.parts().collect::<Vec<_>>(), [Part::Device("PJSIP/1")]);
        },
    );
    assert_eq!(device_of("PJSIP/a-b-0000001f"), "PJSIP/a-b");
    assert_eq!(device_of("Surrogate"), "Surrogate");
}

#[test]
fn the_tests_of_asterisk_itself_and_events_of_no_interest_are_dropped() {
    let test = "Event: TestEvent\r\nPrivilege: reporting,all\r\nState: A\r\nState: B\r\nwhat\r\n\r\n\r\n";
    let other = event("SoftHangupRequest", "1001", "Cause: 32\r\n");
    let stream = format!("{test}{other}{PING}{test}{other}");
    assert_eq!(all(stream.as_bytes()), [Ok(PING.into())]);

    let mut reader = Reader::new(Scope::All);
    reader.push(b"Asterisk Call Manager/1\n");
    let (taken, read) = reader.push(stream.as_bytes());
    assert_eq!(taken, test.len() + other.len());
    assert!(matches!(read, Read::Message(message) if message.event() == "SoftHangupRequest"));
}

#[test]
fn a_message_beyond_a_limit_is_told_and_its_rest_skipped() {
    let long = |count: usize| "x".repeat(count);
    let lines =
        |count: usize| (0..count).map(|index| format!("K{index}: v\r\n")).collect::<Vec<_>>().concat();
    let begin = "Response: Success\r\nActionID: 1\r\n";
    let cases = [
        (format!("{begin}Key: {}\r\n", long(MAX_LINE - 5)), None),
        (format!("{begin}Key: {}\r\n", long(MAX_LINE - 4)), Some(Flaw::LongLine)),
        (format!("{begin}Key: {}\r\nA: b\r\n", long(3 * MAX_LINE)), Some(Flaw::LongLine)),
        (format!("{begin}{}: v\r\n", long(MAX_KEY)), None),
        (format!("{begin}{}: v\r\nA: b\r\n", long(MAX_KEY + 1)), Some(Flaw::LongKey)),
        (format!("{begin}{}", lines(MAX_LINES - 2)), None),
        (format!("{begin}{}", lines(MAX_LINES + 700)), Some(Flaw::ManyLines)),
        (
            format!(
                "{begin}{}",
                (0..8).map(|key| format!("K{key}: {}\r\n", long(8_000))).collect::<Vec<_>>().concat()
            ),
            None,
        ),
        (
            format!(
                "{begin}{}",
                (0..9).map(|key| format!("K{key}: {}\r\n", long(8_000))).collect::<Vec<_>>().concat()
            ),
            Some(Flaw::LongMessage),
        ),
    ];
    for (message, flaw) in cases {
        let expected = match flaw {
            None => Ok(format!("{message}\r\n")),
            Some(flaw) => Err(flaw),
        };
        let found = all(format!("{message}\r\n\r\n{PING}").as_bytes());
        assert_eq!(found, [expected, Ok(PING.into())]);
        assert!(flaw.is_none_or(|flaw| !flaw.is_doubtful()));
    }
}

#[test]
fn replacing_what_is_not_utf8_does_not_lead_beyond_the_limits() {
    let mut stream = b"Response: Success\r\nActionID: 1\r\nKey: ".to_vec();
    stream.resize(stream.len() + MAX_LINE / 2, 0xff);
    stream.extend_from_slice(b"\r\n\r\n");
    stream.extend_from_slice(PING.as_bytes());
    assert_eq!(all(&stream), [Err(Flaw::LongMessage), Ok(PING.into())]);
}

#[test]
fn a_message_without_what_its_kind_must_have_is_rejected() {
    let lacks = |whose, key| Flaw::Lacks { whose, key };
    let hangup = event("Hangup", "1001", "Cause: 16\r\nCause-txt: Normal Clearing\r\n");
    let dial = format!(
        "Event: DialBegin\r\nPrivilege: call,all\r\n{}{}DialString: 1002\r\n\r\n",
        channel("", "1001"),
        channel("Dest", "1002")
    );
    let without = |text: &str, line: &str| {
        assert!(text.contains(line), "{line}");
        text.replacen(line, "", 1)
    };
    let item = "Event: EndpointListComplete\r\nActionID: 3\r\nEventList: Complete\r\nListItems: 0\r\n\r\n";
    let state = "Event: DeviceStateChange\r\nPrivilege: call,all\r\nDevice: PJSIP/1\r\nState: INUSE\r\n\r\n";
    let cases = [
        (hangup.clone(), None),
        (without(&hangup, "Privilege: call,all\r\n"), Some(Flaw::NoPrivilege)),
        // A second line of another kind, or an ActionID, is not enough for an event that is no list item.
        (hangup.replace("Privilege: call,all", "ActionID: 1"), Some(Flaw::NoPrivilege)),
        (
            without(&hangup, "Privilege: call,all\r\n")
                .replace("Cause: 16", "Privilege: call,all\r\nCause: 16"),
            Some(Flaw::NoPrivilege),
        ),
        (without(&hangup, "Cause: 16\r\n"), Some(lacks("", "Cause"))),
        (without(&hangup, "Cause-txt: Normal Clearing\r\n"), Some(lacks("", "Cause-txt"))),
        (without(&hangup, "ChannelState: 4\r\n"), Some(lacks("", "ChannelState"))),
        (without(&hangup, "Uniqueid: 7.0\r\n"), Some(lacks("", "Uniqueid"))),
        (without(&hangup, "Linkedid: 7.0\r\n"), Some(lacks("", "Linkedid"))),
        (without(&hangup, "Language: en\r\n"), None),
        (dial.clone(), None),
        (without(&dial, "Uniqueid: 7.0\r\n"), Some(lacks("", "Uniqueid"))),
        (without(&dial, "DestUniqueid: 7.0\r\n"), Some(lacks("Dest", "Uniqueid"))),
        (without(&dial, "DialString: 1002\r\n"), Some(lacks("", "DialString"))),
        // Originate's has only the one that is called.
        (without(&dial, &channel("", "1001")), None),
        (without(&dial, &channel("Dest", "1002")), Some(lacks("Dest", "Channel"))),
        (item.into(), None),
        (without(item, "ActionID: 3\r\n"), Some(Flaw::NoPrivilege)),
        (without(item, "ListItems: 0\r\n"), Some(lacks("", "ListItems"))),
        (state.into(), None),
        (state.replace("Privilege: call,all", "ActionID: 3"), None),
        (without(state, "State: INUSE\r\n"), Some(lacks("", "State"))),
        (PING.into(), None),
        (without(PING, "ActionID: 1\r\n"), Some(lacks("", "ActionID"))),
        ("Response: Error\r\nMessage: Too many lines in message\r\n\r\n".into(), None),
        ("Nothing: at all\r\n\r\n".into(), Some(Flaw::NoKind)),
        ("Asterisk Call Manager/11.0.0\r\n\r\n".into(), Some(Flaw::NoKind)),
        (hangup.replace("Cause: 16", "Cause"), Some(Flaw::NoKey)),
        (hangup.replace("Cause: 16", "Cause: 16\r\nwhat"), Some(Flaw::NoKey)),
    ];
    for (message, flaw) in cases {
        let expected = flaw.map_or_else(|| Ok(message.clone()), Err);
        assert_eq!(all(message.as_bytes()), [expected], "{message}");
        assert!(flaw.is_none_or(Flaw::is_doubtful));
    }
}

#[test]
fn a_key_that_may_come_once_comes_once() {
    let once = event("Newchannel", "1001", "");
    for line in [
        "Uniqueid: 8.1\r\n",
        "UNIQUEID: 8.1\r\n",
        "Event: Hangup\r\n",
        "Privilege: x\r\n",
        "X: 1\r\nx: 1\r\n",
    ] {
        for at in ["Context", "\r\n\r\n"] {
            let line = if at == "Context" { line.to_owned() } else { format!("\r\n{}", line.trim_end()) };
            let twice = once.replacen(at, &format!("{line}{at}"), 1);
            assert_eq!(all(twice.as_bytes()), [Err(Flaw::Twice)], "{twice}");
        }
    }
    let variables = "Variable: a\r\nVariable: a\r\nDestChanVariable: b\r\nDestChanVariable: b\r\n";
    let repeated = once.replace("\r\n\r\n", &format!("\r\n{variables}\r\n"));
    assert_eq!(all(repeated.as_bytes()), [Ok(repeated.clone())]);
}

#[test]
fn no_number_with_line_ends_brings_a_line_or_a_message_of_its_own() {
    let others = event("Newstate", "1003", "");
    let inserted = [
        "1\r\nX: y",
        "1\nX: y",
        "1\r\nChannel: PJSIP/1003-00000005\r\nUniqueid: 9.1",
        "1\r\nSwapUniqueid: 9.1",
        "1\r\nCallerIDName: x",
        "1\r\nCallerIDName: x\r\nSwapUniqueid: 9.1",
        "1\r\n\r\n",
        "1\n\n",
        "1\r\n\r\nEvent: Hangup",
        "1\r\n\r\nEvent: Shutdown\r\nPrivilege: system,all\r\nShutdown: Cleanly\r\nRestart: False",
        "1\r\n\r\nEvent: Shutdown\r\nPrivilege: system,all\r\nShutdown: Cleanly\r\nRestart: False\r\n\r\n",
        "1\r\n\r\nEvent: DeviceStateChange\r\nPrivilege: c\r\nDevice: PJSIP/1003\r\nState: INUSE\r\n\r\n",
        "1\r\n\r\nEvent: DeviceStateChange\r\nPrivilege: c\r\nDevice: PJSIP/1003\r\nState: BUSY\r\n\r\nEvent: A\r\n\r\n",
        "1\r\n\r\nEvent: Hold\r\nPrivilege: c\r\nChannel: PJSIP/1003-00000005",
        "1\r\n\r\nEvent: Hold\r\nPrivilege: c\r\nCallerIDNum: 1",
        "1\r\n\r\nCallerIDName:\r\n\r\nEvent: Shutdown\r\nPrivilege: c\r\nShutdown:\r\nRestart: ",
        "1\n\nx\n\nx\n\nx\n\nx\n\nx\n\nx\n\nx\n\nx\n\nEvent: Shutdown\nPrivilege: c\nShutdown:\nRestart: ",
        "1\n\nEvent: TestEvent\n\nEvent: Shutdown\nPrivilege: c\nShutdown:\nRestart: ",
        "1\r\n\r\nEvent: TestEvent",
        "1\r\n\r\nEvent: TestEvent\r\n\r\n",
        "1\r\n\r\nResponse: Success\r\nActionID: 5",
        "1\r\n\r\nResponse: Success\r\nActionID: 5\r\n\r\n",
        "1\r\n\r\nResponse: Error\r\n\r\n",
    ];
    for number in inserted {
        for name in ["Newchannel", "SoftHangupRequest"] {
            let forged = event(name, number, "");
            let found = all(format!("{others}{forged}{others}{PING}").as_bytes());
            let rejected = found.iter().filter(|one| one.is_err()).count();
            let kept = found.iter().flatten().collect::<Vec<_>>();
            assert!(rejected > 0, "{forged}");
            assert_eq!(kept, [&others, &others, PING], "{forged}");
        }
    }
}

#[test]
fn no_dialled_number_with_line_ends_brings_a_line_of_its_own() {
    for dialled in ["1\r\nX: y", "1\r\nBridgeUniqueid: b", "1\r\n\r\n"] {
        let forged = event("Newstate", "1001", "").replace("Exten: 1002", &format!("Exten: {dialled}"));
        let found = all(forged.as_bytes());
        assert!(found.iter().all(Result::is_err), "{found:?}");
    }
}

#[test]
fn two_numbers_of_one_event_that_cut_it_are_told_apart_from_what_follows() {
    let forged = format!(
        "Event: DialBegin\r\nPrivilege: call,all\r\n{}{}DialString: 1002\r\n\r\n",
        channel("", "1\r\n\r\nEvent: Reload\r\nPrivilege: c\r\nModule: A\r\nStatus: 0\r\n\r\n"),
        channel("Dest", "1\r\n\r\nEvent: Reload\r\nPrivilege: c\r\nModule: A\r\nStatus: 0\r\n\r\n"),
    );
    let after = event("Newstate", "1003", "");
    let found = all(format!("{forged}{after}").as_bytes());
    let parted = Err(Flaw::Parted);
    assert_eq!(
        found,
        [parted.clone(), Err(Flaw::Between), parted.clone(), Err(Flaw::Between), parted, Ok(after)]
    );
}

#[test]
fn a_message_that_was_cut_and_has_no_rest_does_not_silence_the_stream() {
    let cut = "Event: New\r\nPrivilege: c\r\nCallerIDNum: 1\r\n\r\n";
    let found = all(format!("{cut}\n\n{}", PING.repeat(12)).as_bytes());
    let between = vec![Err(Flaw::Between); 3];
    assert_eq!(found.get(..4), Some(&[vec![Err(Flaw::Parted)], between].concat()[..]));
    assert_eq!(found.iter().filter(|one| one.is_ok()).count(), 9);
}

#[test]
fn rows_are_in_order_and_have_the_order_of_asterisk() {
    assert!(kinds::ROWS.windows(2).all(|pair| pair[0].name < pair[1].name));
    for row in kinds::ROWS {
        assert_eq!(kinds::row(row.name.as_bytes()).map(|row| row.name), Some(row.name));
    }
    assert!(kinds::row(b"TestEvent").is_none() && kinds::row(b"AuthDetail").is_none());
}

#[test]
fn a_readers_state_is_what_it_has_not_returned() {
    let digest = |reader: &Reader| {
        let mut digester = Digester::new();
        reader.digest(&mut digester);
        digester.finish()
    };
    let begun = || {
        let mut reader = Reader::default();
        reader.push(b"Asterisk Call Manager/1\n");
        reader
    };
    let (mut whole, mut parts) = (begun(), begun());
    whole.push(PING.as_bytes());
    let (before, after) = PING.as_bytes().split_at(9);
    parts.push(before);
    assert_ne!(digest(&whole), digest(&parts));
    parts.push(after);
    assert_eq!(digest(&whole), digest(&parts));
    assert_eq!((whole.held(), parts.held()), (0, 0));
    assert_ne!(digest(&whole), digest(&Reader::default()), "before the greeting");
}
