//! One line of a ladder: the time, the three lanes, and the names at their ends.

use alloc::format;
use alloc::string::String;

use crate::time::Instant;

/// The distance between two lanes, in characters.
const BETWEEN: usize = 50;

/// The width of the name on the left.
const NAME: usize = 12;

/// The side of the machine that a peer is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// Peers that connected to the machine.
    Left,
    /// Peers that the machine connected to.
    Right,
}

/// The heading: the names of the lanes.
pub(super) fn heading(left: &str, middle: &str, right: &str) -> String {
    let at = |index: usize| BETWEEN.saturating_add(1).saturating_mul(index);
    let mut line = format!("{:>11} {left:<NAME$} ", "time");
    let start = line.chars().count();
    for (index, name) in [(1, middle), (2, right)] {
        let width = start.saturating_add(at(index)).saturating_sub(name.chars().count() / 2);
        line = format!("{line:<width$}{name}");
    }
    line
}

/// An arrow from or to the machine, which is the middle lane.
pub(super) fn arrow(now: Instant, side: Side, name: &str, inward: bool, label: &str) -> String {
    let rightwards = (side == Side::Left) == inward;
    let shaft = shaft(label, rightwards);
    let empty = format!("{:BETWEEN$}", "");
    match side {
        Side::Left => format!("{} {:<NAME$} |{shaft}|{empty}|", time(now), shorten(name, NAME)),
        Side::Right => format!("{} {:<NAME$} |{empty}|{shaft}| {name}", time(now), ""),
    }
}

/// A line that is not a message.
pub(super) fn note(now: Instant, text: &str) -> String {
    format!("{} {:<NAME$} * {text}", time(now), "")
}

/// Seconds and microseconds since the machine was created.
fn time(now: Instant) -> String {
    let micros = now.as_micros();
    format!("{:>4}.{:06}", micros / 1_000_000, micros % 1_000_000)
}

fn shaft(label: &str, rightwards: bool) -> String {
    let label = shorten(label, BETWEEN.saturating_sub(7));
    let rest = BETWEEN.saturating_sub(label.chars().count()).saturating_sub(6);
    let line: String = core::iter::repeat_n('-', rest).collect();
    if rightwards { format!("--- {label} {line}>") } else { format!("<-- {label} {line}-") }
}

/// At most `width` characters of `text`, ending in `…` if something was left out.
fn shorten(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.into();
    }
    let mut short: String = text.chars().take(width.saturating_sub(1)).collect();
    short.push('…');
    short
}
