//! Happenings, for which a script can wait: events, results and faults, each shown as one line.

use alloc::collections::VecDeque;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;
use core::fmt::{self, Display, Write as _};

use super::values::{Values, is_same};

/// The most happenings that are kept for the script; beyond that the oldest is dropped.
const KEPT: usize = 256;

/// The sort of a happening.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Sort {
    /// An event of the phone, shown after the word `event`.
    Event,
    /// A result, shown as `name key=value ...`.
    Result,
    /// An error or a refusal, shown by its values without their keys, except for the service that it is about. If no
    /// line of the script expects it, the run fails.
    Fault,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Happening {
    sort: Sort,
    name: String,
    fields: Vec<(String, String)>,
    /// The values of the document that told it, which are not shown.
    values: Values,
}

impl Happening {
    pub(super) fn new(sort: Sort, name: &str) -> Self {
        Self { sort, name: name.into(), fields: Vec::new(), values: Values::default() }
    }

    /// The same, told by a document with these values.
    pub(super) fn told_by(mut self, values: Values) -> Self {
        self.values = values;
        self
    }

    /// The same, told by a document with these values, which are shown, except for the name of the monitor.
    pub(super) fn showing(mut self, values: Values) -> Self {
        let shown = values.shown().filter(|(name, _)| *name != "monitorCrossRefID");
        self.fields.extend(shown.map(|(name, value)| (name.into(), value)));
        self.told_by(values)
    }

    pub(super) fn with(mut self, key: &str, value: &dyn Display) -> Self {
        self.fields.push((key.into(), value.to_string()));
        self
    }

    /// The same, with a field if there is a value for it.
    pub(super) fn with_some<T: Display>(self, key: &str, value: Option<T>) -> Self {
        match value {
            Some(value) => self.with(key, &value),
            None => self,
        }
    }

    fn matches(&self, wanted: &Wanted) -> bool {
        let words = wanted.words.iter().enumerate();
        plain(&self.name) == wanted.name
            && words.into_iter().all(|(index, word)| {
                self.fields.get(index).is_some_and(|(_, value)| value.eq_ignore_ascii_case(word))
            })
            && wanted.filters.iter().all(|(key, value)| {
                self.fields.iter().any(|(name, found)| name == key && is_same(found, value))
                    || self.values.has(key, value)
            })
    }
}

impl Display for Happening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.sort == Sort::Event {
            f.write_str("event ")?;
        }
        f.write_str(&self.name)?;
        for (key, value) in &self.fields {
            f.write_char(' ')?;
            if self.sort != Sort::Fault || key == "service" {
                write!(f, "{key}=")?;
            }
            for character in value.chars() {
                f.write_char(if character.is_control() { ' ' } else { character })?;
            }
        }
        Ok(())
    }
}

/// What a `wait` or `expect` waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The name, as [`plain`] returns it.
    pub(super) name: String,
    /// The values of the first fields.
    pub(super) words: Vec<String>,
    /// Other fields, and their values.
    pub(super) filters: Vec<(String, String)>,
}

/// The form of a name for comparison: the same for `ConnectionClearedEvent`, `connection-cleared` and
/// `connectioncleared`.
pub(super) fn plain(name: &str) -> String {
    let letters = name.chars().filter(char::is_ascii_alphanumeric);
    let name: String = letters.map(|letter| letter.to_ascii_lowercase()).collect();
    match name.strip_suffix("event") {
        Some(rest) if !rest.is_empty() => rest.into(),
        Some(_) | None => name,
    }
}

/// The form of a CSTA name for display: `ConnectionClearedEvent` becomes `connection-cleared`, and `CallerIDStatusEvent`
/// becomes `caller-id-status`.
pub(super) fn shown(name: &str) -> String {
    let mut text = String::new();
    let mut letters = name.strip_suffix("Event").unwrap_or(name).chars().peekable();
    let mut before = 'A';
    while let Some(letter) = letters.next() {
        // A capital begins a word, except within an abbreviation.
        let begins = !before.is_ascii_uppercase() || letters.peek().is_some_and(char::is_ascii_lowercase);
        if letter.is_ascii_uppercase() && begins && !text.is_empty() {
            text.push('-');
        }
        text.push(letter.to_ascii_lowercase());
        before = letter;
    }
    text
}

/// The happenings that the script has not consumed, in order.
#[derive(Debug, Default)]
pub(super) struct Happenings {
    kept: VecDeque<Happening>,
    /// Whether a fault was skipped.
    fault: bool,
}

impl Happenings {
    pub(super) fn push(&mut self, happening: Happening) {
        if self.kept.len() >= KEPT {
            self.pass_over();
        }
        self.kept.push_back(happening);
    }

    /// Drops the first happening, and notes if it was a fault.
    fn pass_over(&mut self) {
        if self.kept.pop_front().is_some_and(|happening| happening.sort == Sort::Fault) {
            self.fault = true;
        }
    }

    /// Takes the first happening that is wanted, and drops those before it; returns `false` if there is none.
    pub(super) fn take(&mut self, wanted: &Wanted) -> bool {
        let Some(index) = self.kept.iter().position(|happening| happening.matches(wanted)) else {
            return false;
        };
        for _ in 0..index {
            self.pass_over();
        }
        self.kept.pop_front();
        true
    }

    /// Takes what is wanted and nothing else, and returns how it is shown.
    pub(super) fn pick(&mut self, wanted: &Wanted) -> Option<String> {
        let index = self.kept.iter().position(|happening| happening.matches(wanted))?;
        self.kept.remove(index).map(|happening| happening.to_string())
    }

    /// Whether any fault was skipped or is left.
    pub(super) fn any_fault(&self) -> bool {
        self.fault || self.kept.iter().any(|happening| happening.sort == Sort::Fault)
    }
}

ctigate_core::digest! { struct Happenings { kept, fault } }

ctigate_core::digest! { struct Happening { sort, name, fields, values } }

ctigate_core::digest! { enum Sort { Event = 0, Result = 1, Fault = 2 } }

ctigate_core::digest! { struct Wanted { name, words, filters } }

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(name: &str, words: &[&str], filters: &[(&str, &str)]) -> Wanted {
        Wanted {
            name: plain(name),
            words: words.iter().map(|word| String::from(*word)).collect(),
            filters: filters.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        }
    }

    #[test]
    fn events_are_found_by_any_spelling_and_by_number() {
        let mut happenings = Happenings::default();
        let event = Happening::new(Sort::Event, &shown("ConnectionClearedEvent"))
            .with("calling", &"tel:1001;phone-context=dialstring");
        assert_eq!(event.to_string(), "event connection-cleared calling=tel:1001;phone-context=dialstring");
        assert_eq!(shown("CallerIDStatusEvent"), "caller-id-status");
        assert_eq!(shown("DoNotDisturbEvent"), "do-not-disturb");
        happenings.push(event);
        assert!(!happenings.take(&wanted("cleared", &[], &[])));
        assert!(!happenings.take(&wanted("connection-cleared", &[], &[("calling", "1002")])));
        assert!(!happenings.take(&wanted("connection-cleared", &[], &[("called", "1001")])));
        assert!(happenings.take(&wanted("ConnectionClearedEvent", &[], &[("calling", "1001")])));
        assert!(!happenings.take(&wanted("ConnectionClearedEvent", &[], &[])));
    }

    #[test]
    fn a_fault_that_is_passed_over_stays_in_mind_and_one_that_is_wanted_does_not() {
        let fault =
            || Happening::new(Sort::Fault, "error").with("category", &"operation").with("value", &"generic");
        assert_eq!(fault().to_string(), "error operation generic");
        let mut happenings = Happenings::default();
        happenings.push(fault());
        assert!(happenings.any_fault());
        assert!(!happenings.take(&wanted("error", &["security"], &[])));
        assert!(happenings.take(&wanted("error", &["operation", "generic"], &[])));
        assert!(!happenings.any_fault());
        happenings.push(fault());
        happenings.push(Happening::new(Sort::Event, "held"));
        assert!(happenings.take(&wanted("held", &[], &[])));
        assert!(happenings.any_fault());
    }
}
