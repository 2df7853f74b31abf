//! One line of a ladder: the time, the three lanes, and the names at their ends; or, where there is no room for lanes,
//! the name and an arrow to or from the machine.

use alloc::format;
use alloc::string::String;

use super::super::messages::Side;

/// The width of a line where there is no terminal to say so, in characters.
const USUAL_WIDTH: usize = 160;

/// The width of the times at the left: the local time, and the offset.
const TIMES: usize = 24;

/// The width of the name on the left.
const NAME: usize = 12;

/// The longest name on the right that lanes make room for, in characters.
const RIGHT_NAME: usize = 24;

/// The least distance between two lanes: with less, a label could not be read.
const LEAST_BETWEEN: usize = 34;

/// The longest label that lanes make room for.
const MOST_BETWEEN: usize = 120;

/// How the lines of a ladder are laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// With three lanes at this distance.
    Lanes(usize),
    /// Without lanes, in lines of this width.
    Narrow(usize),
}

impl Layout {
    /// The layout for lines of `width` characters (0: the usual width), with connections of these names on the right.
    pub(super) fn new<'n>(width: usize, right: impl Iterator<Item = &'n str>) -> Self {
        let width = if width == 0 { USUAL_WIDTH } else { width };
        let longest = right.map(|name| name.chars().count()).max().unwrap_or_default().min(RIGHT_NAME);
        // The times, the name and three lanes, with spaces between.
        let taken = TIMES.saturating_add(NAME).saturating_add(6).saturating_add(longest);
        let between = width.saturating_sub(taken) / 2;
        if between < LEAST_BETWEEN { Self::Narrow(width) } else { Self::Lanes(between.min(MOST_BETWEEN)) }
    }

    /// The heading: what the times are, and the names of the lanes.
    pub(super) fn heading(self, time: &str, left: &str, middle: &str, right: &str) -> String {
        let mut line = format!("{time:<12} {:>11} {left:<NAME$} ", "offset");
        let Self::Lanes(between) = self else {
            let others = if right.is_empty() { left.into() } else { format!("{left}, {right}") };
            return format!(
                "{time:<12} {:>11} {}, and --> to the {middle}",
                "offset",
                others.trim_start_matches(", ")
            );
        };
        let at = |index: usize| between.saturating_add(1).saturating_mul(index);
        let start = line.chars().count();
        for (index, name) in [(1, middle), (2, right)] {
            let width = start.saturating_add(at(index)).saturating_sub(name.chars().count() / 2);
            line = format!("{line:<width$}{name}");
        }
        line
    }

    /// An arrow from or to the machine, which is the middle lane.
    pub(super) fn arrow(self, times: &str, side: Side, name: &str, inward: bool, label: &str) -> String {
        let between = match self {
            Self::Lanes(between) => between,
            Self::Narrow(width) => {
                let arrow = if inward { "-->" } else { "<--" };
                let room = width.saturating_sub(TIMES).saturating_sub(NAME).saturating_sub(6);
                return format!("{times} {:<NAME$} {arrow} {}", shorten(name, NAME), shorten(label, room));
            }
        };
        let rightwards = (side == Side::Left) == inward;
        let shaft = shaft(label, rightwards, between);
        let empty = format!("{:between$}", "");
        match side {
            Side::Left => format!("{times} {:<NAME$} |{shaft}|{empty}|", shorten(name, NAME)),
            Side::Right => {
                format!("{times} {:<NAME$} |{empty}|{shaft}| {}", "", shorten(name, RIGHT_NAME))
            }
        }
    }

    /// A line that is not a message.
    pub(super) fn note(self, times: &str, text: &str) -> String {
        match self {
            Self::Lanes(_) => format!("{times} {:<NAME$} * {text}", ""),
            Self::Narrow(_) => format!("{times} * {text}"),
        }
    }
}

fn shaft(label: &str, rightwards: bool, between: usize) -> String {
    let label = shorten(label, between.saturating_sub(7));
    let rest = between.saturating_sub(label.chars().count()).saturating_sub(6);
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
