//! The reader of AMI at what a real Asterisk said: all of it is read, however the stream is divided, and what a caller's
//! number brought into it is rejected.

use ctigate_core::wire::ami::{Flaw, Kind, Read, Reader, Scope};
use ctigate_tests::Random;
use ctigate_tests::recordings::{Recording, asterisk};

/// What was read of a stream, as texts: messages as they are, and why others were rejected.
fn read<'a>(pieces: impl Iterator<Item = &'a [u8]>, scope: Scope) -> Vec<Result<String, Flaw>> {
    let mut reader = Reader::new(scope);
    let mut found = Vec::new();
    for piece in pieces {
        let mut rest = piece;
        while !rest.is_empty() {
            let (taken, read) = reader.push(rest);
            match read {
                Read::Incomplete => assert_eq!(taken, rest.len(), "incomplete, and bytes are left"),
                Read::Greeting(version) => found.push(Ok(format!("greeting {version}"))),
                Read::Message(message) => found.push(Ok(message.as_str().to_owned())),
                Read::Rejected(flaw) => found.push(Err(flaw)),
                Read::Broken => panic!("broken"),
            }
            rest = &rest[taken..];
        }
    }
    assert_eq!(reader.held(), 0, "an unfinished message is left");
    found
}

fn genuine() -> Vec<Recording> {
    let all = asterisk().unwrap();
    assert_eq!(all.len(), 39, "a recording is missing");
    all.into_iter().filter(|one| !one.is_forged()).collect()
}

fn whole(stream: &[u8], scope: Scope) -> Vec<Result<String, Flaw>> {
    read(core::iter::once(stream), scope)
}

#[test]
fn every_message_of_a_real_asterisk_is_read_and_none_is_rejected() {
    let mut messages = 0;
    for recording in genuine() {
        for stream in &recording.streams {
            for scope in [Scope::Known, Scope::All] {
                let found = whole(stream, scope);
                let flaw = found.iter().find(|one| one.is_err());
                assert_eq!(flaw, None, "{}", recording.name);
                assert_eq!(found.first(), Some(&Ok("greeting 11.0.0".to_owned())), "{}", recording.name);
                messages += found.len();
            }
            // Nothing is left out but Asterisk's own tests.
            let text = String::from_utf8(stream.clone()).unwrap();
            let all = text
                .split("\r\n\r\n")
                .filter(|one| !one.trim().is_empty() && !one.contains("Event: TestEvent"));
            // The greeting is in front of the first one.
            assert_eq!(whole(stream, Scope::All).len(), all.count() + 1, "{}", recording.name);
        }
    }
    assert!(messages > 4_000, "only {messages}");
}

#[test]
fn a_stream_gives_the_same_messages_however_it_is_divided() {
    let mut random = Random::new(16);
    for recording in asterisk().unwrap() {
        for stream in &recording.streams {
            let expected = whole(stream, Scope::All);
            assert_eq!(read(stream.chunks(1), Scope::All), expected, "{}, by bytes", recording.name);
            for _ in 0..6 {
                let most = 1 + random.index(3_000);
                let mut rest = stream.as_slice();
                let pieces = core::iter::from_fn(|| {
                    let (piece, after) = rest.split_at(rest.len().min(1 + random.index(most)));
                    rest = after;
                    (!piece.is_empty()).then_some(piece)
                });
                assert_eq!(read(pieces, Scope::All), expected, "{}, up to {most} bytes", recording.name);
            }
        }
    }
}

#[test]
fn a_story_gives_the_same_messages_wherever_it_is_cut_in_two() {
    let all = asterisk().unwrap();
    for name in ["caller-number-with-line-end", "login-refused"] {
        let recording = all.iter().find(|one| one.name == name).unwrap();
        for stream in &recording.streams {
            let expected = whole(stream, Scope::All);
            for at in 1..stream.len() {
                let (before, after) = stream.split_at(at);
                assert_eq!(read([before, after].into_iter(), Scope::All), expected, "{name}, at {at}");
            }
        }
    }
}

#[test]
fn every_event_that_holds_a_number_with_line_ends_is_rejected() {
    let all = asterisk().unwrap();
    let forged = all.iter().find(|one| one.is_forged()).unwrap();
    let found = whole(&forged.streams[0], Scope::All);
    let rejected: Vec<_> = found.iter().filter_map(|one| one.as_ref().err()).collect();
    assert_eq!(rejected.iter().filter(|flaw| **flaw == &Flaw::Parted).count(), rejected.len());
    // Asterisk wrote as many events with that number in them.
    let text = String::from_utf8(forged.streams[0].clone()).unwrap();
    let written = text.split("\r\n\r\n").filter(|one| one.contains("\r\nEvent: Faked\r\n")).count();
    assert_eq!(rejected.len(), written);
    assert!(found.iter().flatten().all(|message| !message.contains("Faked")));
    assert!(found.iter().flatten().any(|message| message.contains("Event: Newchannel")), "others are read");
}

#[test]
fn names_are_read_as_they_were_configured() {
    let all = asterisk().unwrap();
    for (story, expected) in
        [("name-with-quotes", "Eve O'Neil \"Ev\" C:\\x"), ("name-in-utf8", "Dörte Müller-Ångström 山田")]
    {
        let recording = all.iter().find(|one| one.name == story).unwrap();
        let mut reader = Reader::default();
        let mut rest = recording.streams[0].as_slice();
        let mut named = 0;
        while !rest.is_empty() {
            let (taken, read) = reader.push(rest);
            if let Read::Message(message) = read
                && matches!(message.kind(), Kind::Event("Newchannel" | "Newstate"))
            {
                named += usize::from(message.text("CallerIDName").unwrap() == expected);
            }
            rest = &rest[taken..];
        }
        assert!(named > 0, "{story}");
    }
}
