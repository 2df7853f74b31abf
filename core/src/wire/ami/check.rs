//! What shows that a message was written by a caller, wholly or in part.
//!
//! A caller's number may hold line ends, and Asterisk writes it as it is. So the number may be followed by lines, or by
//! whole messages, of the caller's own, and these by the rest of the message that Asterisk was writing. Three things show
//! it. A number no longer stands directly before its name, nor the name behind a number (which is checked in every
//! message, since what follows concerns others than the message itself). The rest of a message begins with no kind. And a
//! message has a key twice, or lacks what all of its kind have. Whatever stands between two parts of a message is
//! rejected with them.

use super::flaw::Flaw;
use super::kinds::{self, Row};
use super::lines::Line;

/// What begins within so many bytes behind a message that a number has cut in two is taken for what that number holds, or
/// for the message's rest. A number has 79 bytes at most, and the rest nearly always more than these.
const NEAR: usize = 128;

/// The event of Asterisk's own tests, which has keys twice and an empty line too many.
const TEST_EVENT: &[u8] = b"TestEvent";

/// The values of these keys are as callers sent them.
const NUMBERS: [&[u8]; 2] = [b"CallerIDNum", b"ConnectedLineNum"];

/// What directly follows them.
const NAMES: [&[u8]; 2] = [b"CallerIDName", b"ConnectedLineName"];

/// What is to be done with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is a response, or an event whose kind is known.
    Passes,
    /// It is an event of a kind that is not.
    Unknown,
    /// It is an event that is always dropped unread.
    Drops,
    /// It has a flaw.
    Rejected(Flaw),
}

/// Checks the messages of one stream.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Check {
    /// What begins before so many more bytes stands between two parts of a message.
    between: usize,
}

crate::digest! { struct Check { between } }

impl Check {
    /// Passes an empty line in front of a message.
    pub(super) fn blank(&mut self, length: usize) {
        self.between = self.between.saturating_sub(length);
    }

    /// Checks a message of at least one line, which includes the empty line behind it.
    pub(super) fn message(&mut self, message: &[u8], lines: &[Line]) -> Verdict {
        let first = lines.first();
        let (key, name) = first.map_or((&[][..], &[][..]), |line| {
            (line.key(message), message.get(line.value(message)).unwrap_or_default())
        });
        let is_event = key.eq_ignore_ascii_case(b"Event");
        if self.between == 0 && is_event && name == TEST_EVENT {
            return Verdict::Drops;
        }
        if let Some(flaw) = self.parts(message, lines) {
            return Verdict::Rejected(flaw);
        }
        let checked = if is_event {
            let Some(row) = kinds::row(name) else { return Verdict::Unknown };
            event(message, lines, row)
        } else if key.eq_ignore_ascii_case(b"Response") {
            response(message, lines, name)
        } else {
            Err(Flaw::NoKind)
        };
        match checked.and_then(|()| once(message, lines)) {
            Ok(()) => Verdict::Passes,
            Err(flaw) => Verdict::Rejected(flaw),
        }
    }

    /// Whether a number is parted from its name, or the message stands between two parts of another.
    fn parts(&mut self, message: &[u8], lines: &[Line]) -> Option<Flaw> {
        let was_between = self.between > 0;
        self.between = self.between.saturating_sub(message.len());
        let mut parted = false;
        let mut open = None;
        for line in lines {
            let named = half(line.key(message));
            if open.is_some() || named.is_some_and(|half| half.is_name) {
                parted |= !matches!((open, named), (Some(number), Some(name)) if name.follows(number));
            }
            open = named.filter(|half| !half.is_name);
        }
        if open.is_some() {
            parted = true;
            self.between = NEAR;
        }
        if parted {
            return Some(Flaw::Parted);
        }
        was_between.then_some(Flaw::Between)
    }
}

/// A key of a number or of its name.
#[derive(Clone, Copy, Debug)]
struct Half<'k> {
    /// What stands before the name of the key.
    whose: &'k [u8],
    /// Which number, as an index.
    number: usize,
    is_name: bool,
}

impl Half<'_> {
    fn follows(self, number: Half<'_>) -> bool {
        self.is_name && self.number == number.number && self.whose.eq_ignore_ascii_case(number.whose)
    }
}

/// What a key is, if it is that of a number or of its name.
fn half(key: &[u8]) -> Option<Half<'_>> {
    // Nearly all keys are ruled out by their last letters.
    let (names, is_name) = match key.last_chunk() {
        Some(b"Num") => (&NUMBERS, false),
        Some(b"ame") => (&NAMES, true),
        Some(last) if last.eq_ignore_ascii_case(b"num") => (&NUMBERS, false),
        Some(last) if last.eq_ignore_ascii_case(b"ame") => (&NAMES, true),
        Some(_) | None => return None,
    };
    let mut halves = names.iter().enumerate().filter_map(|(number, name)| {
        let (whose, end) = key.split_at_checked(key.len().checked_sub(name.len())?)?;
        end.eq_ignore_ascii_case(name).then_some(Half { whose, number, is_name })
    });
    halves.next()
}

/// Checks an event whose kind is known.
fn event(message: &[u8], lines: &[Line], row: &Row) -> Result<(), Flaw> {
    let is_second = |key: &[u8]| lines.get(1).is_some_and(|line| line.key(message).eq_ignore_ascii_case(key));
    let is_allowed = is_second(b"Privilege") || row.is_item && has(message, lines, "", "ActionID");
    if !is_allowed {
        return Err(Flaw::NoPrivilege);
    }
    let mut walk = Walk { message, lines, at: 1 };
    for &whose in row.channels {
        walk.channel(whose)?;
    }
    for &whose in row.perhaps {
        if has(message, lines, whose, "Channel") {
            walk.channel(whose)?;
        }
    }
    row.keys.iter().try_for_each(|&key| walk.pass("", key))
}

/// Checks a response. One to an action that Asterisk could not read has no `ActionID`.
fn response(message: &[u8], lines: &[Line], result: &[u8]) -> Result<(), Flaw> {
    if result.eq_ignore_ascii_case(b"Error") || has(message, lines, "", "ActionID") {
        return Ok(());
    }
    Err(Flaw::Lacks { whose: "", key: "ActionID" })
}

/// Whether a message has this key.
fn has(message: &[u8], lines: &[Line], whose: &str, name: &str) -> bool {
    lines.iter().any(|line| is(line.key(message), whose, name))
}

/// Whether a key is made of these two parts.
fn is(key: &[u8], whose: &str, name: &str) -> bool {
    key.len() == whose.len() + name.len()
        && key.split_at_checked(whose.len()).is_some_and(|(before, after)| {
            after.eq_ignore_ascii_case(name.as_bytes()) && before.eq_ignore_ascii_case(whose.as_bytes())
        })
}

/// Passes the keys that a message must have, mostly in its order.
struct Walk<'m> {
    message: &'m [u8],
    lines: &'m [Line],
    /// The line behind the key that was passed last.
    at: usize,
}

impl Walk<'_> {
    /// Passes a key, wherever it is.
    fn pass(&mut self, whose: &'static str, key: &'static str) -> Result<(), Flaw> {
        let (before, after) = self.lines.split_at_checked(self.at).unwrap_or((self.lines, &[]));
        let found = |line: &Line| is(line.key(self.message), whose, key);
        let at = match after.iter().position(found) {
            Some(index) => self.at + index,
            None => before.iter().position(found).ok_or(Flaw::Lacks { whose, key })?,
        };
        self.at = at + 1;
        Ok(())
    }

    /// Passes all that Asterisk says of a channel. What was dialled comes directly before the priority.
    fn channel(&mut self, whose: &'static str) -> Result<(), Flaw> {
        for key in kinds::CHANNEL {
            let due = self.at;
            self.pass(whose, key)?;
            if key == "Priority" && self.at != due + 1 {
                return Err(Flaw::Parted);
            }
        }
        Ok(())
    }
}

/// Checks that each line has a key, and that each key that may come once does.
fn once(message: &[u8], lines: &[Line]) -> Result<(), Flaw> {
    let mut seen: u128 = 0;
    for (index, line) in lines.iter().enumerate() {
        if !line.has_key() {
            return Err(Flaw::NoKey);
        }
        let key = line.key(message);
        let mark = 1_u128 << mark(key);
        if seen & mark != 0 && !kinds::may_repeat(key) {
            // Another key may have the same mark.
            let mut before = lines.iter().take(index);
            if before.any(|line| line.key(message).eq_ignore_ascii_case(key)) {
                return Err(Flaw::Twice);
            }
        }
        seen |= mark;
    }
    Ok(())
}

/// A number below 128 that is the same for equal keys, and mostly another for others.
fn mark(key: &[u8]) -> u32 {
    let letter = |index: usize| key.get(index).map_or(0, |letter| u32::from(letter.to_ascii_lowercase()));
    let length = u32::try_from(key.len()).unwrap_or_default();
    let half = key.len() / 2;
    let mixed = length
        .wrapping_mul(5)
        .wrapping_add(letter(0).wrapping_mul(31))
        .wrapping_add(letter(half).wrapping_mul(17))
        .wrapping_add(letter(half + 1).wrapping_mul(7))
        .wrapping_add(letter(key.len().saturating_sub(3)).wrapping_mul(11));
    mixed % 128
}
