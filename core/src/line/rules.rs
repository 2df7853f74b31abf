//! Rules that turn one form of a number into another: the number in a line URI into the one by which the phone system
//! knows the line, what a client dials into what the phone system dials, and what the phone system says into what
//! clients see. The first rule of a table that is for a number applies, and no other; emergency numbers are never
//! rewritten.
//!
//! | file | subject |
//! |---|---|
//! | `form` | which numbers a rule is for |
//! | `index` | finding the rules for a number |
//! | `doubts` | rules that never apply, and those that lead in circles |

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use super::dial::{MAX_DIGITS, NotDialable, Number};
use form::{Form, figures};
use index::Index;

mod doubts;
mod form;
mod index;

pub use doubts::{Doubt, What};

/// The most rules of one table.
pub const MAX_RULES: usize = 1_000;

/// The most emergency numbers.
pub const MAX_EMERGENCY: usize = 64;

/// A table of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Table {
    /// From the number in a line URI to the phone system's.
    Line,
    /// From what a client dials to what the phone system dials.
    Dial,
    /// From what the phone system says to what clients see.
    Shown,
}

impl Table {
    /// All tables.
    pub const ALL: [Self; 3] = [Self::Line, Self::Dial, Self::Shown];

    /// The name of its list in the configuration.
    #[must_use]
    pub const fn key(self) -> &'static str {
        match self {
            Self::Line => "numbers.line",
            Self::Dial => "numbers.dial",
            Self::Shown => "numbers.shown",
        }
    }
}

/// A rule as it is configured.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terms<'a> {
    /// What a number must begin with.
    pub begins: Option<&'a str>,
    /// How many characters it must have: the least and the most.
    pub digits: Option<(usize, usize)>,
    /// What it must look like.
    pub pattern: Option<&'a str>,
    /// How many characters are taken away from its beginning; a `+` counts.
    pub strip: usize,
    /// What is put in their place.
    pub prepend: &'a str,
}

/// What is wrong with a rule: the name of its field, and what that would have to be.
pub type Wrong = (&'static str, String);

/// A rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    form: Form,
    strip: usize,
    prepend: Number,
}

impl Rule {
    /// Makes a rule.
    ///
    /// # Errors
    /// What is wrong with it. A rule is not for numbers of which it would leave nothing, and puts nothing before a `+`.
    pub fn new(terms: &Terms<'_>) -> Result<Self, Wrong> {
        let wrong = |field, bound: &str| (field, String::from(bound));
        let begins = terms.begins.map(|begins| figures(begins).ok_or_else(|| wrong("begins", FIGURES)));
        let begins = begins.transpose()?.map(|begins| Form::beginning(&begins));
        let pattern = terms.pattern.map(|pattern| Form::pattern(pattern).map_err(|bound| ("pattern", bound)));
        let digits = terms.digits.map(Form::long);
        let forms = [("pattern", pattern.transpose()?), ("begins", begins), ("digits", digits)];
        let mut form: Option<Form> = None;
        for (field, other) in forms {
            let Some(other) = other else { continue };
            form = Some(match form {
                None => other,
                Some(form) => form.and(&other).ok_or_else(|| {
                    wrong(field, "contradicts the other conditions of the rule: no number meets all of them")
                })?,
            });
        }
        let form =
            form.ok_or_else(|| wrong("", "must say which numbers it is for: begins, digits or pattern"))?;
        let prepend = figures(terms.prepend).ok_or_else(|| wrong("prepend", FIGURES))?;
        Self { form, strip: terms.strip, prepend }.sound()
    }

    /// The same rule for those of its numbers of which it leaves something.
    fn sound(mut self) -> Result<Self, Wrong> {
        let Self { form, strip, prepend } = &mut self;
        let adds_digits = prepend.bytes().any(|byte| byte != b'+');
        let kept = strip.saturating_add(usize::from(!adds_digits));
        let most = form.most;
        form.least = form.least.max(kept).max(form.least_with_digits());
        if form.least > most {
            return Err((
                "strip",
                format!("leaves nothing of a number of {most} characters, and the rule is for no longer one"),
            ));
        }
        if *strip == 0 && !prepend.is_empty() && form.may_begin_with_plus() {
            return Err(("prepend", "would stand before a +, which strip must take away".into()));
        }
        Ok(self)
    }

    /// What becomes of a number that the rule is for.
    fn apply(&self, number: &str) -> Result<Number, NotDialable> {
        let mut whole = self.prepend.clone();
        let rest = number.get(self.strip..).unwrap_or_default();
        whole.push_str(rest).map_err(|_| NotDialable::TooLong)?;
        Ok(whole)
    }

    /// The rule that leads back. `None` if what is taken away differs from number to number.
    fn reversed(&self) -> Option<Self> {
        let taken = self.form.fixed(self.strip)?;
        let (strip, added) = (self.strip, self.prepend.len());
        let mut form = Form::beginning(&self.prepend);
        form.classes.extend(self.form.classes.get(strip..)?);
        form.least = self.form.least.checked_sub(strip)?.saturating_add(added);
        form.most = self.form.most.checked_sub(strip)?.saturating_add(added).min(MAX_DIGITS);
        (form.least <= form.most).then_some(Self { form, strip: added, prepend: taken })
    }
}

const FIGURES: &str =
    "must be of 0-9 * # A-D, with a + at the beginning where there is one, and at most 64 of them";

/// What can be done about a rule that makes a number too long.
pub const TOO_LONG_REMEDY: &str = "let the rule strip more, or be for shorter numbers only (digits)";

/// Why a number became what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// No rule is for it: it stays what it is.
    Nothing,
    /// It is an emergency number, which stays what it is.
    Emergency,
    /// By the rule with this index in the table.
    Rule(usize),
    /// It is what the rule with this index in the table [`Table::Shown`] shows, and became what that rule is for.
    Back(usize),
}

/// What becomes of a number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Why.
    pub cause: Cause,
    /// The number, or that the rule would make it too long.
    pub number: Result<Number, NotDialable>,
}

/// One table of rules, with its index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Compiled {
    rules: Vec<Rule>,
    index: Index,
}

impl Compiled {
    fn new(rules: Vec<Rule>) -> Self {
        let index = Index::new(rules.iter().map(|rule| &rule.form));
        Self { rules, index }
    }

    /// The rules for a number, in their order, each with its index.
    fn matching<'c>(&'c self, number: &str) -> impl Iterator<Item = (usize, &'c Rule)> + use<'c> {
        self.index.matching(number).filter_map(|index| Some((index, self.rules.get(index)?)))
    }
}

/// All rules. A machine never changes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    line: Compiled,
    dial: Compiled,
    shown: Compiled,
    /// The rules that lead back from what is shown, in the same order.
    back: Compiled,
    /// The indexes in `shown` of the rules in `back`.
    back_of: Vec<usize>,
    /// Sorted.
    emergency: Vec<Number>,
}

impl Rules {
    /// Puts the rules of the three tables into an index each. An emergency number that is none is left out.
    pub fn new<'e>(
        (line, dial, shown): (Vec<Rule>, Vec<Rule>, Vec<Rule>),
        emergency: impl Iterator<Item = &'e str>,
    ) -> Self {
        let back = shown.iter().enumerate().filter_map(|(index, rule)| Some((index, rule.reversed()?)));
        let (back_of, back): (Vec<usize>, Vec<Rule>) = back.unzip();
        let mut emergency: Vec<Number> = emergency.filter_map(emergency_number).collect();
        emergency.sort_unstable();
        emergency.dedup();
        Self {
            line: Compiled::new(line),
            dial: Compiled::new(dial),
            shown: Compiled::new(shown),
            back: Compiled::new(back),
            back_of,
            emergency,
        }
    }

    /// The number by which the phone system knows the line that a line URI names by `number`.
    #[must_use]
    pub fn line(&self, number: &str) -> Outcome {
        self.by_table(&self.line, number)
    }

    /// What the phone system dials if a client dials `number`: the first rule of the table decides; if none is for it
    /// and it is what clients are shown of another number, it is that.
    #[must_use]
    pub fn dial(&self, number: &str) -> Outcome {
        let outcome = self.by_table(&self.dial, number);
        if outcome.cause == Cause::Nothing { self.back(number).unwrap_or(outcome) } else { outcome }
    }

    /// The phone system's number of a device that a client names without dialling it. What is no global number is the
    /// phone system's own already, unless clients are shown it of another number.
    #[must_use]
    pub fn named(&self, number: &str) -> Outcome {
        if number.starts_with('+') {
            return self.dial(number);
        }
        let unchanged = Outcome { cause: Cause::Nothing, number: unchanged(number) };
        self.back(number).unwrap_or(unchanged)
    }

    /// The number that clients are shown as this one.
    fn back(&self, number: &str) -> Option<Outcome> {
        if self.is_emergency(number) {
            return None;
        }
        self.back.matching(number).find_map(|(at, rule)| {
            let index = self.back_of.get(at).copied()?;
            let back = rule.apply(number).ok()?;
            // Another rule may show that number in another way, or it may be an emergency number.
            let leads_here = self.shown(&back).cause == Cause::Rule(index);
            leads_here.then_some(Outcome { cause: Cause::Back(index), number: Ok(back) })
        })
    }

    /// How clients see a number of the phone system's.
    #[must_use]
    pub fn shown(&self, number: &str) -> Outcome {
        self.by_table(&self.shown, number)
    }

    /// What becomes of a number by one table.
    #[must_use]
    pub fn by(&self, table: Table, number: &str) -> Outcome {
        match table {
            Table::Line => self.line(number),
            Table::Dial => self.dial(number),
            Table::Shown => self.shown(number),
        }
    }

    /// Whether no rule is there to show a number in another way.
    #[must_use]
    pub fn shows_all_as_they_are(&self) -> bool {
        self.shown.rules.is_empty()
    }

    /// Whether a number is an emergency number.
    #[must_use]
    pub fn is_emergency(&self, number: &str) -> bool {
        self.emergency.binary_search_by(|known| known.as_str().cmp(number)).is_ok()
    }

    /// How many rules a table has.
    #[must_use]
    pub fn count(&self, table: Table) -> usize {
        self.table(table).rules.len()
    }

    const fn table(&self, table: Table) -> &Compiled {
        match table {
            Table::Line => &self.line,
            Table::Dial => &self.dial,
            Table::Shown => &self.shown,
        }
    }

    fn by_table(&self, table: &Compiled, number: &str) -> Outcome {
        if self.is_emergency(number) {
            return Outcome { cause: Cause::Emergency, number: unchanged(number) };
        }
        match table.matching(number).next() {
            Some((index, rule)) => Outcome { cause: Cause::Rule(index), number: rule.apply(number) },
            None => Outcome { cause: Cause::Nothing, number: unchanged(number) },
        }
    }
}

fn unchanged(number: &str) -> Result<Number, NotDialable> {
    Number::try_from(number).map_err(|_| NotDialable::TooLong)
}

/// The digits of an emergency number. `None` if it is none.
#[must_use]
pub fn emergency_number(text: &str) -> Option<Number> {
    figures(text).filter(|number| number.bytes().any(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
