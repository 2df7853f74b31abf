//! `dial`: shows what becomes of a number by the rules of a configuration.

use core::fmt::Write as _;

use ctigate_core::config::Config;
use ctigate_core::line::dial::dialable;
use ctigate_core::line::rules::{Cause, Outcome, Rules, TOO_LONG_REMEDY, Table};

use super::check::load;
use super::{FAILED, GOOD};
use crate::cli::arguments::DialRequest;
use crate::cli::configuration::Configuration;
use crate::cli::terminal::Terminal;

/// The width of the column of headings.
const WIDTH: usize = 9;

/// Shows what becomes of the number in each direction.
pub(super) fn dial(request: &DialRequest, terminal: &mut Terminal<'_>) -> u8 {
    let Some((configuration, config)) =
        load(Configuration::read(&request.config), Config::from_settings, terminal)
    else {
        return FAILED;
    };
    let mut way = Way { configuration: &configuration, rules: &config.numbers, out: String::new() };
    let can_be_dialled = way.of(&request.number);
    let written = terminal.say(&way.out);
    if written && can_be_dialled { GOOD } else { FAILED }
}

/// What becomes of a number, in lines.
struct Way<'a> {
    configuration: &'a Configuration,
    rules: &'a Rules,
    out: String,
}

impl Way<'_> {
    /// Writes all of it. Returns whether the number can be dialled.
    fn of(&mut self, text: &str) -> bool {
        let number = match dialable(text) {
            Ok(number) => number,
            Err(why) => {
                self.line("read", &format!("{text:?}: {why}"));
                self.refused(why.remedy());
                return false;
            }
        };
        let kind = if number.starts_with('+') { "a global number" } else { "a local number" };
        self.line("read", &format!("{number}, {kind}"));
        self.line("dialled", "if a client dials it:");
        let dialled = self.step(Table::Dial, &number, &self.rules.dial(&number));
        if let Some(dialled) = &dialled {
            self.line("", &format!("the phone system dials {dialled}"));
            let shown = self.rules.shown(dialled).number;
            if let Ok(shown) = shown.as_deref().map(uri) {
                self.line("", &format!("clients see that as {shown}"));
            }
        } else {
            self.refused(TOO_LONG_REMEDY);
        }
        self.line("line", "if a line URI has it:");
        if let Some(line) = self.step(Table::Line, &number, &self.rules.line(&number)) {
            self.line("", &format!("it is the line that the phone system calls {line}"));
        }
        self.line("shown", "if the phone system says it:");
        let outcome = self.rules.shown(&number);
        let is_rewritten = matches!(outcome.cause, Cause::Rule(_));
        let shown = self.step(Table::Shown, &number, &outcome);
        let shown = shown.unwrap_or_else(|| number.as_str().to_owned());
        self.line("", &format!("clients see {}", uri(&shown)));
        let again = match self.rules.dial(&shown).number {
            Ok(back) if back == number => format!("dialled again, it is {back} again"),
            Ok(other) if is_rewritten => {
                format!("dialled again, it would be {other}, another number: numbers.dial must lead back")
            }
            Ok(other) => format!("dialled again, it is {other}"),
            Err(why) => format!("dialled again, it would be refused: {why}"),
        };
        self.line("", &again);
        dialled.is_some()
    }

    /// Writes which rule was found, and what it makes of a number; returns that, if it is not too long.
    fn step(&mut self, table: Table, number: &str, outcome: &Outcome) -> Option<String> {
        let found = match outcome.cause {
            Cause::Emergency => {
                let place = self.configuration.place("numbers.emergency").unwrap_or_default();
                format!("numbers.emergency ({place}): it is never rewritten")
            }
            Cause::Rule(index) => self.rule(table, index),
            Cause::Back(index) => {
                format!("no rule of {} is for it; back by {}", table.key(), self.rule(Table::Shown, index))
            }
            Cause::Nothing => match self.rules.count(table) {
                0 => format!("{} has no rules: it stays as it is", table.key()),
                1 => format!("the one rule of {} is not for it: it stays as it is", table.key()),
                count => format!("none of the {count} rules of {} is for it: it stays as it is", table.key()),
            },
        };
        self.line("", &found);
        match &outcome.number {
            Ok(result) => {
                if result != number {
                    self.line("", &format!("{number} -> {result}"));
                }
                Some(result.as_str().to_owned())
            }
            Err(why) => {
                self.line("", &format!("{number} -> {why}"));
                None
            }
        }
    }

    /// A rule as it is configured, with its name and place.
    fn rule(&self, table: Table, index: usize) -> String {
        let key = format!("{}[{index}]", table.key());
        match self.configuration.table(&key) {
            Some((written, place)) => format!("{key} ({place}): {written}"),
            None => key,
        }
    }

    fn refused(&mut self, remedy: &str) {
        let what = "a client is answered operation/invalidCalledDeviceID, and no phone goes off hook";
        self.line("refused", what);
        self.line("remedy", remedy);
    }

    fn line(&mut self, heading: &str, text: &str) {
        let _to_memory = writeln!(self.out, "{heading:WIDTH$}{text}");
    }
}

/// A number as clients see it.
fn uri(number: &str) -> String {
    if number.starts_with('+') {
        format!("tel:{number}")
    } else {
        format!("tel:{number};phone-context=dialstring")
    }
}
