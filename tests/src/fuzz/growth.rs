//! Tests that the time of parsers is linear in the number of bytes, up to the limits.

use core::time::Duration;
use std::time::Instant;

use super::{Body, Reached, ami, csta_document, csta_frame, sip_framer, sip_message};

/// How much longer the longer of two inputs is.
const TIMES: u32 = 8;

/// How much longer it may take: well above linear (8), well below quadratic (64).
const MOST: u32 = 3 * TIMES;

/// How often a pair of inputs is tried before it fails.
const TRIES: usize = 3;

/// How long an input is measured: systems count a thread's time in steps of some milliseconds.
const ENOUGH: Duration = Duration::from_millis(16);

/// The processor time of this thread if the system reports it, so that other processes do not count; else the elapsed
/// time.
fn worked(began: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = told.split(' ').next().and_then(|nanos| nanos.parse().ok());
    nanos.map_or_else(|| began.elapsed(), Duration::from_nanos)
}

/// How long a body takes.
fn measured(body: Body, bytes: &[u8]) -> Duration {
    let began = Instant::now();
    let before = worked(began);
    let mut runs = 0;
    loop {
        body(bytes, &mut Reached::default());
        runs += 1;
        let spent = worked(began).saturating_sub(before);
        if spent >= ENOUGH {
            return spent / runs;
        }
    }
}

/// Repeats `piece` between `before` and `after` to about `most` bytes, and to an eighth of it.
#[track_caller]
fn assert_linear(body: Body, most: usize, (before, piece, after): (&str, &str, &str)) {
    let input = |times: usize| {
        let room = most.saturating_sub(before.len() + after.len()) / piece.len();
        [before, &piece.repeat(room * times / 8), after].concat().into_bytes()
    };
    let mut tried = Vec::new();
    for _ in 0..TRIES {
        let (short, long) = (measured(body, &input(1)), measured(body, &input(8)));
        if long < short * MOST {
            return;
        }
        tried.push((short, long));
    }
    panic!("{piece:?}: {TIMES} times as long took so much longer: {tried:?}");
}

const REQUEST: &str = "INFO sip:gw@h SIP/2.0\r\nVia: SIP/2.0/TCP h;branch=z9hG4bK1\r\nFrom: <sip:a@h>;tag=1\r\n\
                       To: <sip:gw@h>;tag=2\r\nCall-ID: 1\r\nCSeq: 1 INFO\r\nMax-Forwards: 70\r\n";

#[test]
fn no_header_makes_a_sip_message_take_more_than_linear_time() {
    let pieces = [
        ",",
        ";",
        "\"",
        "\\",
        "\"\\\"",
        "<",
        ">",
        "<sip:a@h>,",
        "\",",
        "a=\",;",
        ";tag=",
        "=",
        "%",
        "(",
        "\r\n ",
        " \t",
    ];
    for name in
        ["Via", "Contact", "Record-Route", "Route", "Supported", "To", "Content-Type", "Session-Expires", "X"]
    {
        for piece in pieces {
            let before = format!("{REQUEST}{name}: <sip:a@h>;");
            assert_linear(sip_message, 16_000, (&before, piece, "\r\nContent-Length: 0\r\n\r\n"));
        }
    }
    for piece in ["\r\n", "a:b\r\n", "a\r\n", ":\r\n", "Via: SIP/2.0/TCP h\r\n", "\u{0}\r\n", "\u{e4}:\r\n"] {
        assert_linear(sip_message, 16_000, (REQUEST, piece, "Content-Length: 0\r\n\r\n"));
    }
}

#[test]
fn no_body_makes_a_sip_message_take_more_than_linear_time() {
    for piece in
        ["--x\r\n", "\r\n--x\r\n\r\n", "\r\n--", "--", "\r\n", "-", "--x\r\nContent-Type: text/plain\r\n\r\n"]
    {
        let before = format!("{REQUEST}Content-Type: multipart/mixed;boundary=x\r\n\r\n--x\r\n");
        assert_linear(sip_message, 60_000, (&before, piece, ""));
    }
}

#[test]
fn no_stream_makes_framing_take_more_than_linear_time() {
    for piece in
        ["\r\n", "\r", "a", "l: 1\r\n", "l:\r\n 1\r\n", "Content-Length: 0\r\n", ":", "a\r\n\r\n", " "]
    {
        assert_linear(sip_framer, 60_000, ("", piece, "\r\n\r\n"));
        assert_linear(sip_framer, 4_000, (REQUEST, piece, "\r\n\r\n"));
    }
    for piece in
        ["\u{0}\u{0}\u{0}\u{8}0001", "\u{0}", "\u{0}\u{0}\u{7f}\u{7f}0001", "\u{0}\u{0}\u{0}\u{c}0001<a/>"]
    {
        assert_linear(csta_frame, 60_000, ("", piece, ""));
    }
}

#[test]
fn no_stream_of_ami_takes_more_than_linear_time() {
    let begin = "Asterisk Call Manager/1\r\n";
    let event = "Asterisk Call Manager/1\r\nEvent: Hangup\r\nPrivilege: call,all\r\n";
    for piece in [
        "\r\n",
        "\r",
        "a",
        ":",
        "a:\r\n",
        "a: b\r\n\r\n",
        "Event: Hold\n\n",
        "CallerIDNum: 1\n\n",
        "\u{e4}\n",
        "\\t",
    ] {
        assert_linear(ami, 60_000, (begin, piece, "\r\n\r\n"));
        assert_linear(ami, 60_000, (event, piece, "\r\n\r\n"));
    }
}

#[test]
fn no_document_takes_more_than_linear_time() {
    let around = "xmlns=\"http://www.ecma-international.org/standards/ecma-323/csta/ed3\" xmlns:p='u'";
    let pieces = [
        "<a/>",
        "<p:a b='c'/>",
        "<a xmlns='v'/>",
        "<!---->",
        "<!--",
        "-",
        "<![CDATA[]]>",
        "]]",
        "<?p?>",
        "&amp;",
        "&#65;",
        "&",
        "x",
        "<a>",
        "</a>",
        "\n",
        "<a b='&lt;' c='&lt;' d='&lt;'/>",
        "<extensions/>",
        "<monitorCrossRefID>1</monitorCrossRefID>",
    ];
    for root in ["OfferedEvent", "SnapshotDeviceResponse", "MakeCall"] {
        for piece in pieces {
            let before =
                format!("<{root} {around}><monitorCrossRefID>1</monitorCrossRefID><extensions><privateData>");
            let after = format!("</privateData></extensions></{root}>");
            // At most as many elements as are allowed: with more, nothing is read.
            let most = (piece.len() * 3_500).min(60_000);
            assert_linear(csta_document, most, (&before, piece, &after));
        }
        for piece in ["a='' ", "a", "xmlns:a='u' ", "'>'", "=", "&#65;"] {
            let before = format!("<{root} {around} b='' ");
            assert_linear(csta_document, 60_000, (&before, piece, "/>"));
            assert_linear(csta_document, 60_000, (&format!("{before} c='"), piece, "'/>"));
        }
    }
}

#[test]
fn time_that_grows_faster_is_found() {
    let squared: Body = |bytes, _| {
        let pairs = bytes.iter().flat_map(|one| bytes.iter().map(move |other| one ^ other));
        assert_eq!(core::hint::black_box(pairs.filter(|byte| *byte == 1).count()), 0);
    };
    let found = std::panic::catch_unwind(|| assert_linear(squared, 8_000, ("", "a", "")));

    assert!(found.is_err(), "quadratic time went unnoticed");
}
