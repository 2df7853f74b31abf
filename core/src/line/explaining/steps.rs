//! The steps of a search as rows, and those of a gateway without a directory.

use alloc::string::String;
use core::fmt::Display;

use super::{Explanation, Known};
use crate::line::finding::{Notes, Refusal};
use crate::line::tel::Tel;

/// What the search calls its steps: the step, and where it looks.
pub(super) const STEPS: &[(&str, &str, &str)] = &[
    ("user", "user", "From"),
    ("user by user ID", "user", "user IDs"),
    ("user by mail address", "user", "mail addresses"),
    ("user by SIP address", "user", "SIP addresses"),
    ("enabled", "enabled", "the user"),
    ("selection", "selection", "ctl select"),
    ("line", "line", "the line URI"),
    ("line by number", "line", "numbers"),
    ("line by E.164 number", "line", "e164"),
    ("line by number rules (numbers.line)", "line", "numbers.line"),
    ("partition", "partition", "partitions"),
    ("device", "device", "devices"),
    ("line appearance", "appearance", "line appearances"),
    ("right", "right", "the user's lines"),
];

impl Notes for Explanation {
    fn note(&mut self, what: &'static str, looked_for: &dyn Display, found: &dyn Display) {
        // The outcome is shown with status and counter.
        if what == "outcome" {
            return;
        }
        let known = STEPS.iter().find(|(name, ..)| *name == what);
        let (step, place) = known.map_or((what, ""), |(_, step, place)| (step, place));
        self.add(step, looked_for, place, found);
    }
}

impl Explanation {
    /// Finds the number of the line that a line URI names, where whoever may speak SIP may control it.
    pub(super) fn by_line_alone(&mut self, known: &Known<'_>, (user, line): (&str, &str)) -> Option<String> {
        self.add("user", &user, "directory.mode", &"open: whoever may speak SIP may control any line");
        if line.is_empty() {
            self.add("line", &"the client names none", "the line URI", &"the first device that it names");
            return Some(String::from("as the client names it"));
        }
        let number = match Tel::read(line) {
            Ok(tel) => String::from(tel.subscriber()),
            Err(why) => {
                self.add("line", &line, "the line URI", &why);
                let refusal = Refusal::UnknownLine;
                self.fail(
                    &alloc::format!("{} {}", refusal.status(), refusal.reason()),
                    refusal.counter(),
                    &"write the line as a tel: URI, such as tel:1001;phone-context=dialstring",
                );
                return None;
            }
        };
        self.add("line", &line, "the line URI", &number);
        let number = known.site.numbers.line(&number).number.map_or(number, |by_rule| {
            let by_rule = String::from(by_rule.as_str());
            self.add("line", &line, "numbers.line", &by_rule);
            by_rule
        });
        Some(number)
    }
}
