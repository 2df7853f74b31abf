//! SIP messages and streams of them.

use ctigate_core::wire::sip::{
    Flaw, FrameError, Framed, Framer, Limits, Message, Method, Name, Scratch, emit,
};

use super::pieces;

/// The most bytes of a message in a stream; small, so that a fuzzer reaches it.
const LIMIT: usize = 4096;

/// What a stream of messages was found to be.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    messages: Vec<Vec<u8>>,
    keep_alives: usize,
    broken: Option<FrameError>,
    idle: bool,
}

fn cut<'a>(stream: impl Iterator<Item = &'a [u8]>) -> Found {
    let mut framer = Framer::default();
    let mut found = Found::default();
    for piece in stream {
        let mut rest = piece;
        while !rest.is_empty() {
            let (taken, next) = framer.push(rest, LIMIT);
            match next {
                Framed::Message(message) => found.messages.push(message.to_vec()),
                Framed::KeepAlive => found.keep_alives += 1,
                Framed::Incomplete => assert_eq!(taken, rest.len(), "incomplete, and bytes left"),
                Framed::Broken(error) => found.broken = Some(error),
            }
            assert!(taken > 0, "nothing was taken");
            rest = rest.get(taken..).unwrap_or_default();
        }
    }
    found.idle = framer.is_idle();
    found
}

/// A stream of SIP messages: the same messages however it is cut, each within the limit.
///
/// # Panics
/// If a property does not hold.
pub fn sip_framer(bytes: &[u8]) {
    let found = cut(core::iter::once(bytes));
    assert_eq!(cut(pieces(bytes)), found, "in pieces");
    assert_eq!(cut(bytes.chunks(1)), found, "byte by byte");
    for message in &found.messages {
        assert!(message.len() <= LIMIT, "a message over the limit");
        sip_message(message);
    }
}

/// A SIP message: read or refused, and whatever was read can be looked at and answered.
///
/// # Panics
/// If a property does not hold.
pub fn sip_message(bytes: &[u8]) {
    let mut scratch = Scratch::new();
    let Ok(message) = Message::parse(bytes, &mut scratch, Limits::default()) else { return };
    look(&message);
    let sound = message.flaw.is_none();

    let mut head = Vec::new();
    emit::reply_head(&mut head, &message, Some("local"), None);
    let mut answer = Vec::new();
    emit::response(&mut answer, 200, "", &head, &[], Some(("application/csta+xml", message.body)));
    let mut scratch = Scratch::new();
    let again = Message::parse(&answer, &mut scratch, Limits::default());
    assert!(again.is_ok(), "an answer that cannot be read: {}", String::from_utf8_lossy(&answer));
    if let Ok(again) = again
        && sound
    {
        assert_answers(&message, &again);
        let mut twice = Vec::new();
        emit::reply_head(&mut twice, &again, Some("other"), None);
        assert_eq!(twice, head, "the answer to an answer repeats the same");
    }
}

/// An answer repeats what RFC 3261 8.2.6.2 says, and its To has a tag.
fn assert_answers(message: &Message<'_>, answer: &Message<'_>) {
    assert!(answer.flaw.is_none(), "{:?}", answer.flaw);
    assert_eq!(answer.call_id(), message.call_id(), "Call-ID");
    assert_eq!(answer.cseq(), message.cseq(), "CSeq");
    assert!(answer.vias().eq(message.vias()), "Via");
    assert_eq!(answer.body, message.body, "body");
    assert!(answer.to().is_some_and(|to| to.tag().is_some()), "To has no tag: {:?}", answer.to());
}

/// Looks at everything: none of it may panic.
fn look(message: &Message<'_>) {
    assert!(
        message.flaw != Some(Flaw::BodyCut) || message.header(Name::ContentLength).is_some(),
        "cut by what?"
    );
    let _ = (message.from(), message.to(), message.contact(), message.content_type());
    let _ = (message.session_expires(), message.min_se(), message.retry_after(), message.supports("timer"));
    let _ = (message.record_routes().count(), message.routes().count(), message.requires().count());
    let _ = message.allows(Method::Info);
    assert!(
        message.csta_body().is_none_or(|body| body.len() <= message.body.len()),
        "a part beyond the whole"
    );
    for header in message.headers.iter() {
        assert!(!header.value.contains(['\r', '\n']), "a line end inside a header");
    }
}
