//! Marks the messages of an Asterisk's manager interface: keys, states, IDs of channels and causes belong to the protocol;
//! numbers, names and whatever else a key may hold are sensitive.

use core::ops::Range;

use super::mark::{Mark, Marks};

/// How a stream begins that an Asterisk speaks.
pub(super) const GREETING: &[u8] = b"Asterisk Call Manager/";

/// The ends of keys, in lower case, whose values belong to the protocol.
const OWN: &str = "event response privilege actionid eventlist listitems message challenge ping timestamp state \
    statedesc priority uniqueid linkedid language bridgeid bridgetype bridgetechnology bridgecreator numchannels \
    videosourcemode cause cause-txt reason dialstatus result isexternal desttype application devicestate objecttype \
    seconds type localoptimization success status restart shutdown presentation callingpres contacts";

/// Those whose values name a channel or a device: its technology, a slash, the name and, behind the last hyphen, a
/// number.
const CHANNELS: &str = "channel newname device dialstring member interface";

/// What stands for a number or a name that is not known.
const UNKNOWN: &[u8] = b"<unknown>";

/// The variable of a channel whose value belongs to the protocol.
const ON_HOLD: &[u8] = b"CHANNEL(onhold)";

/// Marks all messages.
pub(super) fn mark(marks: &mut Marks<'_>) {
    let mut start = 0;
    for line in marks.bytes.split_inclusive(|byte| *byte == b'\n') {
        let range = start..start + line.len();
        start = range.end;
        let Some(colon) = line.iter().position(|byte| *byte == b':').filter(|_| !line.starts_with(GREETING))
        else {
            marks.set(range, Mark::Locked);
            continue;
        };
        let value = range.start + colon + 1..range.end;
        marks.set(range.start..value.start, Mark::Locked);
        let (key, text) = line.split_at_checked(colon).unwrap_or((line, &[]));
        mark_value(marks, key, (value, text.get(1..).unwrap_or_default()));
    }
}

fn mark_value(marks: &mut Marks<'_>, key: &[u8], (range, value): (Range<usize>, &[u8])) {
    let key = key.to_ascii_lowercase();
    let ends = |names: &str| names.split_ascii_whitespace().any(|name| key.ends_with(name.as_bytes()));
    let has_digit = value.iter().any(u8::is_ascii_digit);
    let is_own = value.trim_ascii() == UNKNOWN || ends(OWN) || (ends("exten extension") && !has_digit);
    marks.set(range.clone(), if is_own { Mark::Locked } else { Mark::Sensitive });
    if ends("variable") {
        let name = value.iter().position(|byte| *byte == b'=').unwrap_or(0);
        let is_own = value.trim_ascii_start().starts_with(ON_HOLD);
        marks.set(range.start..if is_own { range.end } else { range.start + name }, Mark::Locked);
    } else if ends(CHANNELS) && !is_own {
        if let Some(slash) = value.iter().position(|byte| *byte == b'/') {
            marks.set(range.start..range.start + slash, Mark::Locked);
        }
        if let Some(hyphen) = value.iter().rposition(|byte| *byte == b'-') {
            marks.set(range.start + hyphen..range.end, Mark::Locked);
        }
    }
}
