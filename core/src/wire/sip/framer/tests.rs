use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use super::super::header::Name;
use super::super::message::{Limits, Message};
use super::*;

/// One message, a keep-alive (`Err(None)`), or the end.
type Outcome = Result<Vec<u8>, Option<FrameError>>;

const LIMIT: usize = 65_536;

/// The frames of a stream that arrives in these pieces.
fn frames(pieces: &[&[u8]], limit: usize) -> Vec<Outcome> {
    let mut framer = Framer::default();
    let mut seen = Vec::new();
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let (taken, outcome) = framer.push(rest, limit);
            assert!(taken > 0 && taken <= rest.len());
            match outcome {
                Framed::Incomplete => assert_eq!(taken, rest.len(), "an incomplete message takes all"),
                Framed::KeepAlive => seen.push(Err(None)),
                Framed::Message(message) => {
                    assert_eq!(message, Frame::datagram(message.bytes), "its head ends elsewhere");
                    seen.push(Ok(message.bytes.to_vec()));
                }
                Framed::Broken(error, _) => seen.push(Err(Some(error))),
            }
            rest = &rest[taken..];
        }
    }
    seen
}

fn stream() -> (Vec<u8>, Vec<Outcome>) {
    let messages = [
        "INFO sip:a SIP/2.0\r\nContent-Length: 5\r\n\r\nhello",
        "BYE sip:a SIP/2.0\r\nX: l: 9\r\n\r\n",
        "SIP/2.0 200 OK\nl : 4\n\n\r\n\r\n",
        "ACK sip:a SIP/2.0\r\nCONTENT-length\t:\r\n  3 \r\nL: 3\r\n\r\n\r\nx",
    ];
    let bytes = format!("\r\n{}\r\n\r\n{}\n\r\n{}\r\n{}", messages[0], messages[1], messages[2], messages[3])
        .into_bytes();
    let message = |index: usize| Ok(messages[index].as_bytes().to_vec());
    (bytes, vec![message(0), Err(None), message(1), Err(None), message(2), message(3)])
}

#[test]
fn messages_and_keep_alives_come_out_whole_however_the_stream_is_cut() {
    let (bytes, expected) = stream();
    assert_eq!(frames(&[&bytes], LIMIT), expected);
    for cut in 0..=bytes.len() {
        let (one, two) = bytes.split_at(cut);
        assert_eq!(frames(&[one, two], LIMIT), expected, "cut at {cut}");
    }
    let single: Vec<&[u8]> = bytes.chunks(1).collect();
    assert_eq!(frames(&single, LIMIT), expected);
    for size in 2..60 {
        let pieces: Vec<&[u8]> = bytes.chunks(size).collect();
        assert_eq!(frames(&pieces, LIMIT), expected, "pieces of {size}");
    }
}

#[test]
fn a_message_that_arrives_whole_is_not_copied() {
    let (bytes, _) = stream();
    let mut framer = Framer::default();
    let (taken, outcome) = framer.push(&bytes, LIMIT);
    let Framed::Message(Frame { bytes: message, .. }) = outcome else { panic!("{outcome:?}") };
    assert_eq!(message.len() + 2, taken);
    assert_eq!(message.as_ptr_range().end, bytes[..taken].as_ptr_range().end);
    assert_eq!(framer.buffer.capacity(), 0);
}

#[test]
fn bytes_once_searched_are_not_searched_again() {
    let mut framer = Framer::default();
    let head = b"INFO sip:a SIP/2.0\r\nX: 123456";
    assert_eq!(framer.push(head, LIMIT), (head.len(), Framed::Incomplete));
    // If these bytes were examined a second time, the end of a head would now be found in them.
    let index = framer.buffer.len() - 6;
    framer.buffer[index..index + 4].copy_from_slice(b"\r\n\r\n");
    let (taken, outcome) = framer.push(b"\r\n\r\nBYE", LIMIT);
    assert_eq!(taken, 4);
    assert!(matches!(outcome, Framed::Message(message) if message.bytes.len() == head.len() + 4));
}

#[test]
fn byte_by_byte_the_buffer_grows_a_few_times_only() {
    let message =
        format!("INFO sip:a SIP/2.0\r\nX: {}\r\nl: 30000\r\n\r\n{}", "h".repeat(30_000), "b".repeat(30_000));
    let mut framer = Framer::default();
    let mut moves = 0;
    let mut capacity = 0;
    for byte in message.as_bytes().chunks(1) {
        framer.push(byte, LIMIT);
        moves += usize::from(framer.buffer.capacity() != capacity);
        capacity = framer.buffer.capacity();
    }
    assert!(framer.handed_out && moves < 20, "{moves} moves");
    framer.push(b"", LIMIT);
    assert!(framer.buffer.capacity() <= KEPT_ROOM, "room beyond need is given back");
}

#[test]
fn it_is_idle_between_messages_only() {
    let mut framer = Framer::default();
    assert!(framer.is_idle());
    framer.push(b"\r\nBYE sip:a SIP/2.0\r\n", LIMIT);
    assert!(!framer.is_idle());
    framer.push(b"\r\n", LIMIT);
    assert!(framer.is_idle());
}

#[test]
fn a_message_beyond_the_limit_breaks_the_stream_and_is_not_kept() {
    let good = b"BYE sip:a SIP/2.0\r\nl:10\r\n\r\n0123456789";
    for piece in [1, 7, good.len()] {
        let pieces: Vec<&[u8]> = good.chunks(piece).collect();
        assert_eq!(frames(&pieces, good.len()), [Ok(good.to_vec())]);
        assert_eq!(frames(&pieces, good.len() - 1)[0], Err(Some(FrameError::TooLarge)));
    }
    let mut framer = Framer::default();
    let endless = [b'x'; 100];
    assert_eq!(framer.push(&endless, 99), (100, Framed::Broken(FrameError::TooLarge, None)));
    assert_eq!(framer.push(b"BYE", 99), (3, Framed::Broken(FrameError::TooLarge, None)));
    assert_eq!(framer.buffer.capacity(), 0);
}

#[test]
fn a_content_length_that_cannot_be_trusted_breaks_the_stream() {
    let with =
        |lines: &str| frames(&[format!("BYE sip:a SIP/2.0\r\n{lines}\r\n\r\n").as_bytes()], LIMIT)[0].clone();
    for bad in ["l: -1", "l: +1", "l: 1 2", "l: 1\r\n 2", "l: 0x1", "l:", "l: 5, 5", "l: 1;x"] {
        assert_eq!(with(bad), Err(Some(FrameError::BadContentLength)), "{bad}");
    }
    assert_eq!(with("l: 0\r\nContent-Length: 1"), Err(Some(FrameError::ConflictingContentLength)));
    assert_eq!(with("l: 99999999999999999999"), Err(Some(FrameError::TooLarge)));
    assert!(with("l: 0\r\nContent-Length: 00").is_ok());
    assert!(with("X: a\r\n l: 7").is_ok(), "a folded line is no header");
}

#[test]
fn no_bytes_at_all_make_it_panic_or_stall() {
    let words: [&[u8]; 10] =
        [b"\r\n", b"\n", b"\r", b"l:", b"1", b" ", b"BYE a SIP/2.0", b"Content-Length", b"\xff", b"\r\n\r\n"];
    let mut state = 1_u64;
    for _ in 0..2_000 {
        let mut bytes = Vec::new();
        for _ in 0..12 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            bytes.extend_from_slice(words[usize::try_from(state >> 33).unwrap() % words.len()]);
        }
        let whole = frames(&[&bytes], 60);
        let single: Vec<&[u8]> = bytes.chunks(1).collect();
        let cut = frames(&single, 60);
        let sound = |frames: &[Outcome]| {
            let end = frames
                .iter()
                .position(|frame| matches!(frame, Err(Some(_))))
                .map_or(frames.len(), |end| end + 1);
            frames[..end].to_vec()
        };
        assert_eq!(sound(&whole), sound(&cut), "{:?}", String::from_utf8_lossy(&bytes));
    }
}

#[test]
fn the_empty_line_is_found_wherever_in_a_piece_it_begins() {
    for line in ["\n\n", "\n\r\n"] {
        for before in 0..200 {
            let text = format!("{}{line}\nbehind\n\n", "\n\rx".repeat(before / 3) + &"y".repeat(before % 3));
            let end = before + line.len();
            assert_eq!(HeadEnd::default().search(text.as_bytes()), Some(end), "{text:?}");
            for cut in [before / 2, before, end - 1] {
                let (one, two) = text.as_bytes().split_at(cut);
                let mut head = HeadEnd::default();
                assert_eq!(head.search(one), None, "{text:?} cut at {cut}");
                assert_eq!(head.search(two), Some(end - cut), "{text:?} cut at {cut}");
            }
        }
    }
}

/// What is read of each message of a stream that arrives in these pieces, with the lines noted on the way and without.
fn read_both_ways(pieces: &[&[u8]]) -> Vec<(String, bool)> {
    let mut seen = Vec::new();
    let (mut framer, mut scratch, mut alone) = (Framer::default(), Scratch::new(), Scratch::new());
    for piece in pieces {
        let mut rest = *piece;
        while !rest.is_empty() {
            let (taken, outcome) = framer.push_noting(rest, LIMIT, &mut scratch);
            if let Framed::Message(frame) = outcome {
                let noted = scratch.note(frame.bytes).is_some();
                let read = Message::from_frame(frame, &mut scratch, Limits::default());
                assert_eq!(read, Message::parse(frame.bytes, &mut alone, Limits::default()));
                seen.push((
                    format!("{:?}", read.map(|read| (read.headers.iter().count(), read.flaw))),
                    noted,
                ));
            }
            rest = &rest[taken..];
        }
    }
    seen
}

#[test]
fn a_message_is_the_same_whether_its_lines_were_noted_or_not() {
    let plain = "INFO sip:a@h SIP/2.0\r\nl: 2\r\nX: \u{e4} \t\r\n\r\nab";
    let folded = "INFO sip:a@h SIP/2.0\r\nl: 2\r\nX: 1\r\n 2\r\n\r\nab";
    let twice = "INFO sip:a@h SIP/2.0\r\nl: 2\r\nContent-Length: 2\r\n\r\nab";
    let invalid = b"INFO sip:a@h SIP/2.0\r\nl: 2\r\nX: \xff\r\n\r\nab";
    let all =
        [plain.as_bytes(), folded.as_bytes(), twice.as_bytes(), invalid, b"SIP/2.0 200 OK\n\n"].concat();
    let whole = read_both_ways(&[&all]);
    let noted: Vec<bool> = whole.iter().map(|(_, noted)| *noted).collect();
    assert_eq!(noted, [true, false, false, true, true]);
    let messages = |seen: &[(String, bool)]| seen.iter().map(|(read, _)| read.clone()).collect::<Vec<_>>();
    assert_eq!(messages(&read_both_ways(&all.chunks(7).collect::<Vec<_>>())), messages(&whole));
}

#[test]
fn lines_that_were_noted_of_another_message_are_not_used() {
    let head = |name: &str| format!("INFO sip:a@h SIP/2.0\r\n{name}: x\r\nl: 3\r\n\r\n");
    let (mut framer, mut scratch) = (Framer::default(), Scratch::new());
    // Its body is missing, so that nothing is read of it.
    let incomplete = head("Subject");
    assert_eq!(framer.push_noting(incomplete.as_bytes(), LIMIT, &mut scratch).1, Framed::Incomplete);
    let datagram = head("Organiz") + "abc";
    let frame = Frame::datagram(datagram.as_bytes());
    let message = Message::from_frame(frame, &mut scratch, Limits::default()).unwrap();
    assert_eq!(message.header(Name::Other("Organiz")), Some("x"));
}
