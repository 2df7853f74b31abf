//! AMI: what Asterisk says, and what may have been written into it.

use std::io;

use ctigate_core::digest::{Digest as _, Digester};
use ctigate_core::wire::ami::kinds::ROWS;
use ctigate_core::wire::ami::{Flaw, Kind, Message, Part, Read, Reader, Scope, Token, Value};

use super::{Reached, pieces};
use crate::recordings;

/// The content of a stream.
#[derive(Debug, Default, PartialEq, Eq)]
struct Found {
    /// Messages as texts, and why others are rejected.
    messages: Vec<Result<String, Flaw>>,
    greeting: Option<String>,
    is_broken: bool,
    /// The bytes of an incomplete message.
    held: usize,
    /// The fingerprint of the reader at the end.
    state: u64,
}

fn cut<'a>(stream: impl Iterator<Item = &'a [u8]>, scope: Scope, reached: &mut Reached) -> Found {
    let mut reader = Reader::new(scope);
    let mut found = Found::default();
    for piece in stream {
        let mut rest = piece;
        while !rest.is_empty() {
            let (taken, next) = reader.push(rest);
            assert!(taken > 0, "nothing was taken");
            match next {
                Read::Incomplete => assert_eq!(taken, rest.len(), "incomplete, and bytes left"),
                Read::Greeting(version) => found.greeting = Some(version.to_owned()),
                Read::Message(message) => {
                    one(&message, reached);
                    found.messages.push(Ok(message.as_str().to_owned()));
                }
                Read::Rejected(flaw) => {
                    reached.note(format!("rejected: {flaw:?}"));
                    found.messages.push(Err(flaw));
                }
                Read::Broken => found.is_broken = true,
            }
            rest = rest.get(taken..).unwrap_or_default();
        }
    }
    found.held = reader.held();
    let mut digester = Digester::new();
    reader.digest(&mut digester);
    found.state = digester.finish();
    found
}

/// Looks at all that is in a message.
fn one(message: &Message<'_>, reached: &mut Reached) {
    let text = message.as_str();
    assert!(text.ends_with('\n'), "a message ends with an empty line");
    reached.note(match message.kind() {
        Kind::Response(_) => "a response",
        Kind::Event(name) => ROWS.iter().find(|row| row.name == name).map_or("another event", |row| row.name),
    });
    let mut parts = 0;
    for part in message.parts() {
        let (Part::Channel(name) | Part::Channels(name) | Part::Bridge(name) | Part::Device(name)) = part;
        assert!(text.contains(name), "what has part is in the message");
        parts += 1;
    }
    reached.note(format!("{} have part", parts.min(6)));
    for key in ["ActionID", "CallerIDNum", "CallerIDName", "Uniqueid"] {
        let value = message.value(key).unwrap_or_default();
        // What can be written stays in its line.
        if Value::new(value).is_ok() {
            assert!(!value.contains(['\r', '\n', '\0']), "{value:?} stays in its line");
        }
        if Token::new(value).is_ok() {
            assert!(!value.contains(['\r', '\n', '&', ',', '$', '\\', '"']), "{value:?} is no syntax");
        }
        let plain = message.text(key).unwrap_or_default();
        assert!(plain.len() <= value.len(), "a name is no longer without its escapes");
    }
}

/// A stream of AMI gives the same messages however it is divided, and what is read of it reads the same again. States:
/// the kinds of messages, why others are rejected, how many have part in one, how the stream ends.
///
/// # Panics
/// If a property does not hold.
pub fn ami(bytes: &[u8], reached: &mut Reached) {
    for scope in [Scope::Known, Scope::All] {
        let found = cut(core::iter::once(bytes), scope, reached);
        let mut silent = Reached::default();
        assert_eq!(cut(pieces(bytes), scope, &mut silent), found, "in pieces");
        if bytes.len() < 4_000 {
            assert_eq!(cut(bytes.chunks(1), scope, &mut silent), found, "byte by byte");
        }

        // Each message by itself is what it was among others.
        let Some(version) = &found.greeting else { continue };
        for message in found.messages.iter().flatten() {
            let stream = format!("Asterisk Call Manager/{version}\r\n{message}");
            let again = cut(core::iter::once(stream.as_bytes()), scope, &mut silent);
            assert_eq!(again.messages, [Ok(message.clone())], "read again");
        }
        reached.note(format!(
            "stream of {}, {} held, broken: {}",
            found.messages.len().min(5),
            found.held.min(9),
            found.is_broken
        ));
    }
}

/// What a real Asterisk said, in parts that begin with the greeting, so that they are short.
pub(super) fn seeds() -> io::Result<Vec<Vec<u8>>> {
    const GREETING: &[u8] = b"Asterisk Call Manager/11.0.0\r\n";
    let mut seeds = Vec::new();
    for recording in recordings::asterisk()? {
        for stream in &recording.streams {
            let stream = stream.strip_prefix(GREETING).unwrap_or(stream);
            for part in stream.chunks(3_000) {
                // From one message to another, as far as they can be seen without reading them.
                let begin = part.windows(4).position(|end| end == b"\r\n\r\n").map_or(0, |end| end + 4);
                seeds.push([GREETING, part.get(begin..).unwrap_or_default()].concat());
            }
        }
    }
    seeds.push(b"SSH-2.0-OpenSSH_9\r\n".to_vec());
    Ok(seeds)
}
