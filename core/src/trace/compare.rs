//! Comparison of a recorded step with its replay: the first difference, with its line.

use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt;

use super::Form;
use super::step::{RecordedAction, Step};
use super::text::push_escaped;
use super::write::Lines;
use crate::action::{Action, Actions};

/// The first difference between a trace and its replay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The number of the segment among those given, from 1.
    pub segment: usize,
    /// The line, from 1.
    pub line: usize,
    /// The recorded text.
    pub recorded: String,
    /// The replayed text.
    pub replayed: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { segment, line, recorded, replayed } = self;
        if *segment > 1 {
            write!(f, "segment {segment}, ")?;
        }
        write!(f, "line {line}:\n  recorded: {recorded}\n  replayed: {replayed}")
    }
}

impl core::error::Error for Difference {}

/// The first difference between the recorded actions of `step` and `actions`.
pub(super) fn compare(step: &Step<'_>, actions: &Actions, segment: usize) -> Result<(), Difference> {
    let mut recorded = step.actions.iter();
    let mut replayed = actions.iter();
    loop {
        match (recorded.next(), replayed.next()) {
            (None, None) => return Ok(()),
            (Some((_, action)), Some(now)) if action.is(&now) => {}
            (Some((line, action)), Some(now)) => return Err(differ(*line, action, &now, segment)),
            (Some((line, action)), None) => {
                let recorded = show_recorded(action);
                return Err(Difference { segment, line: *line, recorded, replayed: "nothing more".into() });
            }
            (None, Some(now)) => {
                let line = step.digest.map_or(step.end_line, |(line, _)| line);
                let replayed = show(&now);
                return Err(Difference { segment, line, recorded: "nothing more".into(), replayed });
            }
        }
    }
}

/// The difference between two actions. If both send bytes to the same peer, only the first differing line is shown.
fn differ(line: usize, recorded: &RecordedAction<'_>, replayed: &Action<'_>, segment: usize) -> Difference {
    let bytes = match (recorded, replayed) {
        (RecordedAction::Write { link, bytes }, Action::Write { link: other, bytes: now })
            if link == other =>
        {
            Some((format!("write {link}"), bytes, *now))
        }
        (
            RecordedAction::SendDatagram { peer, bytes, .. },
            Action::SendDatagram { peer: other, bytes: now, .. },
        ) if peer == other => Some((format!("datagram {peer}"), bytes, *now)),
        _ => None,
    };
    let Some((what, bytes, now)) = bytes.filter(|(_, bytes, now)| ***bytes != **now) else {
        let (recorded, replayed) = (show_recorded(recorded), show(replayed));
        return Difference { segment, line, recorded, replayed };
    };
    let index = bytes.iter().zip(now).take_while(|(recorded, replayed)| recorded == replayed).count();
    let show_line =
        |bytes: &[u8]| format!("{what}, byte {index} of {}: {}", bytes.len(), line_around(bytes, index));
    Difference { segment, line, recorded: show_line(bytes), replayed: show_line(now) }
}

/// The line of `bytes` around the byte at `index`, escaped and shortened.
fn line_around(bytes: &[u8], index: usize) -> String {
    const SHOWN: usize = 200;
    let (before, after) = bytes.split_at_checked(index).unwrap_or((bytes, &[]));
    let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end.saturating_add(1));
    let start = start.max(index.saturating_sub(SHOWN));
    let length = after.iter().take(SHOWN).position(|byte| *byte == b'\r').unwrap_or(after.len().min(SHOWN));
    let line = bytes.get(start..index.saturating_add(length)).unwrap_or_default();
    if line.is_empty() && after.is_empty() {
        return "no more bytes".into();
    }
    let mut out = Vec::new();
    push_escaped(&mut out, line);
    String::from_utf8_lossy(&out).into_owned()
}

fn show(action: &Action<'_>) -> String {
    let mut shown = Vec::new();
    Lines { out: &mut shown, form: Form::Escaped }.action(*action);
    let mut lines = core::str::from_utf8(&shown).unwrap_or_default().lines();
    let first = lines.next().unwrap_or_default().trim_start_matches("> ");
    lines.next().map_or_else(|| first.to_string(), |second| format!("{first} {second}"))
}

fn show_recorded(action: &RecordedAction<'_>) -> String {
    match action {
        RecordedAction::Connect { link, address } => format!("connect {link} {address}"),
        RecordedAction::Write { link, bytes } => show(&Action::Write { link: *link, bytes }),
        RecordedAction::WriteSecret { link, bytes, fill } => {
            show(&Action::WriteSecret { link: *link, bytes, fill: *fill })
        }
        RecordedAction::Close { link } => format!("close {link}"),
        RecordedAction::SendDatagram { listener, peer, bytes } => {
            show(&Action::SendDatagram { listener: *listener, peer: *peer, bytes })
        }
        RecordedAction::Notify { level, name, fields } => format!("notify {} {name} {fields}", level.name()),
        RecordedAction::Print { text } => format!("print {text}"),
        RecordedAction::Persist { token, key, value } => show(&Action::Persist { token: *token, key, value }),
        RecordedAction::Reply { token, result } => show(&Action::Reply { token: *token, result: *result }),
        RecordedAction::Finish { status } => format!("finish {status}"),
    }
}
