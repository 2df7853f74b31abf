//! What is allowed in rules, and hardly meant: a rule that never applies, since others come before it, and rules that
//! lead in circles. Found for `check`; the gateway works without.

use alloc::vec;
use alloc::vec::Vec;
use core::fmt;

use super::form::Form;
use super::{Cause, Rules, Table};
use crate::line::dial::Number;

/// The most comparisons of two forms made to find out whether one rule ever applies. A rule for which they do not
/// suffice counts as one that does.
const MAX_COMPARED: usize = 200_000;

/// What is doubtful about a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// The table.
    pub table: Table,
    /// The index of the rule in it.
    pub index: usize,
    /// What is doubtful.
    pub what: What,
}

/// What is doubtful about a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// The rule with this index is before it, and for every number that it is for.
    Hidden(usize),
    /// Emergency numbers and the rules before it are together for every number that it is for.
    HiddenByAll,
    /// What it makes of this number is not the same again: the number as it was, as it is shown, and what would be
    /// dialled if a client sent that back (`None`: nothing, since it would be too long).
    NotBack(Number, Number, Option<Number>),
    /// The same table would rewrite its result again: the number, the result, and what becomes of that.
    Again(Number, Number, Number),
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = self.table.key();
        match &self.what {
            What::Hidden(by) => {
                write!(f, "never applies: {key}[{by}] is before it, and for every number that this is for")
            }
            What::HiddenByAll => f.write_str(
                "never applies: emergency numbers and the rules before it are for every number that this is for",
            ),
            What::NotBack(number, shown, dialled) => {
                write!(f, "the phone system's {number} is shown as {shown}, which would be dialled as ")?;
                match dialled {
                    Some(dialled) => f.write_str(dialled)?,
                    None => f.write_str("a number that is too long")?,
                }
                f.write_str(": numbers.dial must lead back")
            }
            What::Again(number, once, twice) => {
                write!(f, "{number} becomes {once}, which the table would rewrite again, to {twice}")
            }
        }
    }
}

impl Rules {
    /// Everything doubtful about the rules, in their order: at most one doubt for each.
    #[must_use]
    pub fn doubts(&self) -> Vec<Doubt> {
        let emergency: Vec<Form> = self.emergency.iter().map(|number| Form::only(number)).collect();
        let mut doubts = Vec::new();
        for table in Table::ALL {
            let rules = &self.table(table).rules;
            for (index, rule) in rules.iter().enumerate() {
                let before: Vec<&Form> = rules
                    .iter()
                    .take(index)
                    .map(|rule| &rule.form)
                    .filter(|form| form.meets(&rule.form))
                    .collect();
                let met = emergency.iter().filter(|form| form.meets(&rule.form));
                let all: Vec<&Form> = met.chain(before).collect();
                let what = match left(&rule.form, &all) {
                    Some(example) => self.circle(table, index, &example),
                    None => Some(self.hidden(table, index)),
                };
                doubts.extend(what.map(|what| Doubt { table, index, what }));
            }
        }
        doubts
    }

    /// What hides a rule.
    fn hidden(&self, table: Table, index: usize) -> What {
        let rules = &self.table(table).rules;
        let Some(rule) = rules.get(index) else { return What::HiddenByAll };
        let alone = rules.iter().take(index).position(|other| left(&rule.form, &[&other.form]).is_none());
        alone.map_or(What::HiddenByAll, What::Hidden)
    }

    /// The circle in which a rule leads, as far as a few of the numbers show that it applies to.
    fn circle(&self, table: Table, index: usize, form: &Form) -> Option<What> {
        let numbers = [(false, 0), (true, 0), (false, 7), (true, 7)];
        let numbers = numbers.map(|(is_greatest, more)| form.example(is_greatest, more));
        numbers.iter().find_map(|number| {
            let outcome = self.by(table, number);
            let result = outcome.number.ok().filter(|_| outcome.cause == Cause::Rule(index))?;
            match table {
                Table::Line => {
                    let again = self.line(&result).number.ok()?;
                    (again != result).then(|| What::Again(number.clone(), result, again))
                }
                Table::Shown => self.way_back(number),
                // What is dialled may be shown and dialled again, from a list of calls.
                Table::Dial => self.way_back(&result),
            }
        })
    }

    /// Whether a number of the phone system's that is shown and dialled again is another one.
    fn way_back(&self, number: &Number) -> Option<What> {
        let shown = self.shown(number).number.unwrap_or_else(|_| number.clone());
        let dialled = self.dial(&shown).number.ok();
        (dialled.as_ref() != Some(number)).then(|| What::NotBack(number.clone(), shown, dialled))
    }
}

/// Some of the numbers of a form that are of none of the others; `None` if there is none.
fn left(form: &Form, others: &[&Form]) -> Option<Form> {
    // What is still to be looked at, each with the first of the others that may have to be taken away from it.
    let mut open = vec![(form.clone(), 0_usize)];
    let mut compared = 0_usize;
    while compared < MAX_COMPARED {
        let (part, from) = open.pop()?;
        let next = others.iter().enumerate().skip(from).find(|(_, other)| other.meets(&part));
        let Some((at, other)) = next else { return Some(part) };
        compared = compared.saturating_add(at.saturating_sub(from)).saturating_add(1);
        let rest = without(part, other);
        open.extend(rest.into_iter().map(|rest| (rest, at.saturating_add(1))));
    }
    open.pop().map(|(part, _)| part)
}

/// What of the numbers of a form is not of another that meets it: forms that have no number in common.
fn without(mut part: Form, other: &Form) -> Vec<Form> {
    let mut rest = Vec::new();
    if part.least < other.least {
        let most = part.most.min(other.least.saturating_sub(1));
        rest.push(Form { most, ..part.clone() });
        part.least = other.least;
    }
    if part.most > other.most {
        let least = part.least.max(other.most.saturating_add(1));
        rest.push(Form { least, ..part.clone() });
        part.most = other.most;
    }
    // Now each of them is long enough to have all the positions that the other says something about.
    for (position, theirs) in other.classes.iter().enumerate() {
        let outside = part.class(position) & !theirs;
        if outside != 0 {
            rest.push(part.clone().with(position, outside));
        }
        let inside = part.class(position) & theirs;
        part = part.with(position, inside);
    }
    if other.classes.is_empty() {
        // It is for no number with a `+`.
        let outside = part.class(0) & !other.class(0);
        if outside != 0 {
            rest.push(part.with(0, outside));
        }
    }
    rest
}
