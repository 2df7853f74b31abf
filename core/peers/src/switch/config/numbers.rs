//! The numbers of phones, lines and places: each can be dialled, and names one of them.

use alloc::collections::BTreeMap;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use ctigate_core::setting::{Checked, ConfigError};
use ctigate_core::time::Duration;

use super::{Answer, MODEL, PhoneConfig, default_phones};
use crate::switch::phones::is_dialable;

/// The most phones, including those that an entry with `count` stands for.
pub const MAX_PHONES: usize = 200_000;

/// What is known of the tables so far.
#[derive(Default)]
struct Known {
    phones: Vec<PhoneConfig>,
    /// Device IDs, and the numbers of what is no line of a device, each with the key that it is from.
    taken: BTreeMap<String, String>,
    /// The numbers of lines on devices, each with the first table that has it, and on how many devices it is.
    lines: BTreeMap<String, (String, usize)>,
}

/// Reads the phones, and checks all numbers. Without any there are the default phones.
pub(super) fn check(checked: &Checked, errors: &mut Vec<ConfigError>) -> Vec<PhoneConfig> {
    let mut known = Known::default();
    for table in checked.tables("phone") {
        known.add_phones(checked, &table, errors);
    }
    if known.phones.is_empty() {
        known.phones = default_phones();
        let numbers = known.phones.iter().map(|phone| (phone.number.clone(), String::from("phone")));
        known.taken = numbers.collect();
    }
    known.check_places(checked, errors);
    known.phones
}

impl Known {
    /// Adds the phones of one `[[phone]]` table, or an error if a number cannot be dialled or is taken.
    fn add_phones(&mut self, checked: &Checked, table: &str, errors: &mut Vec<ConfigError>) {
        let key = |field: &str| format!("{table}.{field}");
        let Some(first) = checked.text(&key("number")) else { return };
        if !is_dialable(first) {
            errors.push(checked.error(&key("number"), "must be digits, `*` and `#`".into()));
            return;
        }
        let count = checked.number::<usize>(&key("count"));
        if self.phones.len().saturating_add(count) > MAX_PHONES {
            errors.push(checked.error(&key("count"), format!("makes more than {MAX_PHONES} phones in all")));
            return;
        }
        let device = checked.text(&key("device")).filter(|device| !device.is_empty());
        if let Some(why) = device.and_then(|device| why_not_a_device(device, count)) {
            errors.push(checked.error(&key("device"), why.into()));
            return;
        }
        let millis = |field| Duration::from_millis(checked.number(&key(field)));
        let answer = match checked.text(&key("answer")) {
            Some("auto") => Answer::After(millis("answer_after_ms")),
            Some("busy") => Answer::Busy,
            _ => Answer::Manual,
        };
        for offset in 0..count {
            let Some(number) = numbered_on(first, offset) else {
                let bound = format!(
                    "cannot be increased by {offset}: it must be digits, with room for the last number"
                );
                errors.push(checked.error(&key("number"), bound));
                return;
            };
            let name = checked.text(&key("name")).unwrap_or_default();
            let name = if count > 1 { format!("{name} {number}") } else { String::from(name) };
            let phone = PhoneConfig {
                number,
                device: device.map(String::from),
                name: name.trim().into(),
                model: checked.text(&key("model")).unwrap_or(MODEL).into(),
                answer,
                no_answer_after: millis("no_answer_after_ms"),
                call_waiting: checked.flag(&key("call_waiting")),
                transfers_by_hanging_up: checked.flag(&key("hangup_transfers")),
                pickup_group: checked.number(&key("pickup_group")),
            };
            if let Some(other) = self.take(&phone, table) {
                let what = phone.id();
                errors
                    .push(checked.error(&key("number"), format!("gives {what}, which {other} has already")));
                return;
            }
            self.phones.push(phone);
        }
    }

    /// Takes the number and the device ID of a phone. Returns which table has one of them already.
    fn take(&mut self, phone: &PhoneConfig, table: &str) -> Option<String> {
        if phone.device.is_none() {
            let line = self.lines.get(&phone.number).map(|(other, _)| other.clone());
            return line.or_else(|| self.taken.insert(phone.number.clone(), table.into()));
        }
        let lone = self.taken.get(&phone.number).cloned();
        let taken = lone.or_else(|| self.taken.insert(phone.id(), table.into()));
        if taken.is_none() {
            let (_, devices) = self.lines.entry(phone.number.clone()).or_insert_with(|| (table.into(), 0));
            *devices = devices.saturating_add(1);
        }
        taken
    }

    /// Checks the numbers that are no phones': each can be dialled and stands once; a group's members are phones.
    fn check_places(&mut self, checked: &Checked, errors: &mut Vec<ConfigError>) {
        let tables: Vec<String> = checked.tables("group").collect();
        for table in &tables {
            let key = format!("{table}.members");
            for member in checked.texts(&key) {
                let devices = self.lines.get(member).map_or(0, |(_, devices)| *devices);
                if devices > 1 {
                    let why =
                        format!("has {member:?}, which is on {devices} devices: name one as NUMBER:DEVICE");
                    errors.push(checked.error(&key, why));
                } else if devices == 0 && !self.taken.contains_key(member) {
                    errors.push(checked.error(&key, format!("has {member:?}, which is no phone's number")));
                }
            }
        }
        let groups = tables.iter().map(|table| {
            let key = format!("{table}.number");
            (checked.text(&key).unwrap_or_default().into(), key)
        });
        let parking = checked.texts("parking").map(|number| (String::from(number), String::from("parking")));
        let mailbox = checked.text("mailbox").filter(|number| !number.is_empty());
        let mailbox = mailbox.map(|number| (String::from(number), String::from("mailbox")));
        for (number, key) in parking.chain(mailbox).chain(groups) {
            if !is_dialable(&number) {
                errors
                    .push(checked.error(&key, format!("has {number:?}, which must be digits, `*` and `#`")));
                continue;
            }
            let line = self.lines.get(&number).map(|(table, _)| table.clone());
            if let Some(other) = line.or_else(|| self.taken.insert(number.clone(), key.clone())) {
                errors.push(checked.error(&key, format!("gives {number}, which {other} has already")));
            }
        }
    }
}

/// Why a phone cannot be a line of a device of this name, if it cannot.
fn why_not_a_device(name: &str, count: usize) -> Option<&'static str> {
    let is_plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
    if !is_plain {
        return Some("must be letters, digits, `-`, `_` and `.`");
    }
    (count > 1).then_some("must be left out where count is more than 1")
}

/// `first` increased by `offset`, with as many digits: 0099 and 1 give 0100.
pub(super) fn numbered_on(first: &str, offset: usize) -> Option<String> {
    if offset == 0 {
        return Some(first.into());
    }
    let number = first.parse::<u64>().ok()?.checked_add(u64::try_from(offset).ok()?)?;
    let text = format!("{number:0width$}", width = first.len());
    (text.len() == first.len()).then_some(text)
}
