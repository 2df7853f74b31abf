//! SIP messages and streams of them.

use ctigate_core::wire::sip::{
    Flaw, Frame, FrameError, Framed, Framer, Limits, Message, Method, Name, Scratch, Start, emit,
};

use super::{Reached, pieces};

/// The most bytes of a message in a stream; small, so that a fuzzer reaches it.
const LIMIT: usize = 4096;

/// The content of a stream of messages.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    messages: Vec<Vec<u8>>,
    keep_alives: usize,
    broken: Option<FrameError>,
    /// The head of the message that broke the stream, if it can be answered.
    torn: Option<Vec<u8>>,
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
                Framed::Message(message) => {
                    assert_eq!(message, Frame::datagram(message.bytes), "its head ends elsewhere");
                    found.messages.push(message.bytes.to_vec());
                }
                Framed::KeepAlive => found.keep_alives += 1,
                Framed::Incomplete => assert_eq!(taken, rest.len(), "incomplete, and bytes left"),
                Framed::Broken(error, head) => {
                    found.broken = Some(error);
                    found.torn = found.torn.or_else(|| head.map(|head| head.bytes.to_vec()));
                }
            }
            assert!(taken > 0, "nothing was taken");
            rest = rest.get(taken..).unwrap_or_default();
        }
    }
    found.idle = framer.is_idle();
    found
}

/// Reads a stream as the gateway does, which has the lines of each head noted on the way: each message must be what it
/// is when it is read by itself.
fn read_noting(bytes: &[u8], found: &Found) {
    let (mut framer, mut scratch, mut alone) = (Framer::default(), Scratch::new(), Scratch::new());
    let mut messages = found.messages.iter();
    let mut rest = bytes;
    while !rest.is_empty() {
        let (taken, next) = framer.push_noting(rest, LIMIT, &mut scratch);
        if let Framed::Message(frame) = next {
            assert_eq!(messages.next().map(Vec::as_slice), Some(frame.bytes), "cut elsewhere");
            let read = Message::from_frame(frame, &mut scratch, Limits::default());
            assert_eq!(read, Message::parse(frame.bytes, &mut alone, Limits::default()), "read otherwise");
        }
        rest = rest.get(taken..).unwrap_or_default();
    }
    assert_eq!(messages.next(), None, "a message was not found");
}

/// A stream of SIP messages gives the same messages however it is divided, each within the limit. States: how many
/// messages there were, how the stream ends, and those of its messages.
///
/// # Panics
/// If a property does not hold.
pub fn sip_framer(bytes: &[u8], reached: &mut Reached) {
    let found = cut(core::iter::once(bytes));
    assert_eq!(cut(pieces(bytes)), found, "in pieces");
    assert_eq!(cut(bytes.chunks(1)), found, "byte by byte");
    read_noting(bytes, &found);
    for message in found.messages.iter().chain(&found.torn) {
        assert!(message.len() <= LIMIT, "a message over the limit");
        sip_message(message, reached);
    }
    let Found { messages, keep_alives, broken, torn, idle } = &found;
    assert!(torn.is_none() || broken.is_some(), "a head torn off a stream that goes on");
    let counts = (messages.len().min(5), (*keep_alives).min(2), *idle);
    reached.note(format!("stream of {counts:?}: {broken:?}"));
}

/// A SIP message is read or refused, and whatever was read can be inspected and answered. States: each way to be
/// refused, each flaw, each known header, and the kind of message and of body.
///
/// # Panics
/// If a property does not hold.
pub fn sip_message(bytes: &[u8], reached: &mut Reached) {
    let mut scratch = Scratch::new();
    let message = match Message::parse(bytes, &mut scratch, Limits::default()) {
        Ok(message) => message,
        Err(error) => return reached.note(format!("refused: {error:?}")),
    };
    look(&message);
    note(&message, reached);
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

/// Notes the kind of a message.
fn note(message: &Message<'_>, reached: &mut Reached) {
    match message.start {
        Start::Request { method: Method::Other(_), .. } => reached.note("request of an unknown method"),
        Start::Request { method, .. } => reached.note(format!("request {}", method.name())),
        Start::Response { status, .. } => reached.note(format!("response {}xx", (status / 100).min(7))),
    }
    if let Some(flaw) = message.flaw {
        reached.note(format!("flaw {flaw:?}"));
    }
    for header in message.headers.iter() {
        if let Name::Other(_) = header.name {
            reached.note("header that is not known");
        } else {
            reached.note(format!("header {:?}", header.name));
        }
    }
    reached.note(match message.csta_body() {
        Some(body) if body.len() < message.body.len() => "body with a CSTA part",
        Some(_) => "body of CSTA",
        None if message.body.is_empty() => "no body",
        None => "body of something else",
    });
}

/// Asserts that an answer repeats what RFC 3261 8.2.6.2 requires, and that its To has a tag.
fn assert_answers(message: &Message<'_>, answer: &Message<'_>) {
    assert!(answer.flaw.is_none(), "{:?}", answer.flaw);
    assert_eq!(answer.call_id(), message.call_id(), "Call-ID");
    assert_eq!(answer.cseq(), message.cseq(), "CSeq");
    assert!(answer.vias().eq(message.vias()), "Via");
    assert_eq!(answer.body, message.body, "body");
    assert!(answer.to().is_some_and(|to| to.tag().is_some()), "To has no tag: {:?}", answer.to());
}

/// Inspects everything, which must not panic.
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

/// Regression tests for what the fuzzer found.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_a_request_with_an_empty_tag_has_a_tag() {
        let request = "UPDATE sip:gw@h SIP/2.0\r\nVia: SIP/2.0/TCP h\r\nFrom: <sip:a@h>;tag=1\r\n\
                       To: <sip:gw@h>;tag=;c52e82af\r\nMax-Forwards: 70\r\nCSeq: 3 UPDATE\r\nCall-ID: 1\r\n\
                       Content-Length: 0\r\n\r\n";
        sip_message(request.as_bytes(), &mut Reached::default());
    }
}
