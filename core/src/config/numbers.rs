//! The number rules of a configuration.

use alloc::collections::BTreeSet;
use alloc::format;
use alloc::string::{String, ToString as _};
use alloc::vec::Vec;

use crate::line::rules::{Rule, Rules, Table, Terms, emergency_number};
use crate::setting::{Checked, ConfigError};

/// Reads the rules, and appends an error for each that is wrong.
pub(super) fn read(checked: &Checked, errors: &mut Vec<ConfigError>) -> Rules {
    let [line, dial, shown] = Table::ALL.map(|table| rules(checked, table, errors));
    let key = "numbers.emergency";
    let mut seen = BTreeSet::new();
    for text in checked.texts(key) {
        match emergency_number(text) {
            None => errors.push(ConfigError {
                value: format!("{text:?}"),
                ..checked.error(key, "must be a number of 0-9 * # A-D, such as \"112\"".into())
            }),
            Some(number) => {
                if !seen.insert(number.to_string()) {
                    errors.push(ConfigError {
                        value: format!("{text:?}"),
                        ..checked.error(key, format!("names {number} twice"))
                    });
                }
            }
        }
    }
    Rules::new((line, dial, shown), checked.texts(key))
}

/// The rules of a table. One with a key that is wrong already is left out.
fn rules(checked: &Checked, table: Table, errors: &mut Vec<ConfigError>) -> Vec<Rule> {
    let mut rules = Vec::new();
    for place in checked.tables(table.key()) {
        let key = |field: &str| format!("{place}.{field}");
        let keys = ["begins", "digits", "pattern", "strip", "prepend"].map(key);
        if !keys.iter().all(|key| checked.is_sound(key)) {
            continue;
        }
        let [begins, digits, pattern, strip, prepend] = &keys;
        let terms = Terms {
            begins: checked.text(begins),
            digits: checked.span(digits),
            pattern: checked.text(pattern),
            strip: checked.number(strip),
            prepend: checked.text(prepend).unwrap_or_default(),
        };
        match Rule::new(&terms) {
            Ok(rule) => rules.push(rule),
            Err((field, bound)) => {
                let key = if field.is_empty() { String::from(&*place) } else { key(field) };
                let first = keys.iter().filter_map(|key| checked.index(key)).min();
                let setting = checked.index(&key).or(first);
                errors.push(ConfigError { setting, ..checked.error(&key, bound) });
            }
        }
    }
    rules
}
