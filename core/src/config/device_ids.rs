//! What a phone system calls its devices, if not by their numbers (`cti.connection[].device_id` and its kin).

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::setting::{Checked, ConfigError};

/// What stands for the number in a form.
const NUMBER: &str = "{number}";

/// The word for identifiers that the phone system is asked for.
const ASK: &str = "ask";

/// The keys of a connection that say how identifiers follow from numbers.
const FORMS: [&str; 2] = ["device_id", "dialled_id"];

/// How identifiers follow from numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IdRule {
    /// They are the numbers.
    Number,
    /// The number stands between two texts.
    Form {
        /// What stands before it.
        before: String,
        /// What stands behind it.
        after: String,
    },
    /// The phone system is asked for each (Avaya's GetThirdPartyDeviceId).
    Asked,
}

impl IdRule {
    fn read(text: &str) -> Self {
        match text.split_once(NUMBER) {
            Some(("", "")) => Self::Number,
            Some((before, after)) => Self::Form { before: before.into(), after: after.into() },
            None => Self::Asked,
        }
    }
}

/// The identifiers of the devices of one connection's phone system.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceIds {
    /// Those of its devices.
    pub devices: IdRule,
    /// Those of numbers to be dialled.
    pub dialled: IdRule,
    /// The name of the switch whose devices are asked for; empty if none is.
    pub switch_name: String,
}

impl DeviceIds {
    /// The rules of the connection of `table`; `None` if all identifiers are numbers.
    pub(super) fn from_checked(checked: &Checked, table: &str) -> Option<Self> {
        let text = |field: &str| checked.text(&format!("{table}.{field}"));
        let devices = text("device_id").map_or(IdRule::Number, IdRule::read);
        let dialled = match text("dialled_id") {
            Some(dialled) => IdRule::read(dialled),
            None if devices == IdRule::Asked => IdRule::Asked,
            None => IdRule::Number,
        };
        let switch_name = text("switch_name").map(String::from).unwrap_or_default();
        let is_needed = devices != IdRule::Number || dialled != IdRule::Number;
        is_needed.then_some(Self { devices, dialled, switch_name })
    }
}

/// A form needs a place for the number, and what is asked for needs the name of the switch.
pub(super) fn check(checked: &Checked, errors: &mut Vec<ConfigError>) {
    for table in checked.tables("cti.connection") {
        let key = |field: &str| format!("{table}.{field}");
        let is_set = |field: &str| checked.text(&key(field)).is_some_and(|text| !text.is_empty());
        let mut asks = false;
        for form in FORMS.map(key) {
            let Some(text) = checked.text(&form).filter(|_| checked.is_sound(&form)) else { continue };
            asks |= text == ASK;
            if text == ASK && !is_set("switch_name") {
                errors.push(checked.error(&form, format!("needs {}", key("switch_name"))));
            }
            if text != ASK && !is_form(text) {
                let what = format!(
                    "must be \"{ASK}\", or have {NUMBER} once where the number belongs, and no spaces, \
                     quotes, braces or <>&, such as \"{NUMBER}:CM1:192.0.2.10:0\""
                );
                errors.push(checked.error(&form, what));
            }
        }
        if is_set("switch_name") && !asks {
            let what = format!("is used only with {} = \"{ASK}\"", key("device_id"));
            errors.push(checked.error(&key("switch_name"), what));
        }
    }
}

/// Whether a text is the form of an identifier: it has one place for the number, and nothing that cannot stand in an
/// identifier.
fn is_form(text: &str) -> bool {
    let Some((before, after)) = text.split_once(NUMBER) else { return false };
    let is_plain = |text: &str| {
        !text.contains(|letter: char| {
            letter.is_whitespace() || letter.is_control() || "{}<>&\"'".contains(letter)
        })
    };
    is_plain(before) && is_plain(after)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::*;
    use crate::config::Config;
    use crate::setting::read_line;

    const LEAST: &str = "sip.tcp = [\"127.0.0.1:5060\"]\ncti.connection[0].address = \"pbx:1040\"\n";

    fn config(text: &str) -> Result<Config, Vec<String>> {
        let settings: Vec<_> = text.lines().map(|line| read_line(line).unwrap()).collect();
        Config::from_settings(&settings).map_err(|errors| errors.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn a_form_of_device_ids_has_one_place_for_the_number_and_a_question_names_the_switch() {
        let key = "cti.connection[0].device_id";
        let with = |value: &str, more: &str| config(&format!("{LEAST}{key} = \"{value}\"\n{more}"));
        let ids = |value: &str, more: &str| {
            let config = with(value, more).unwrap();
            config.cti.connections[0].device_ids.clone()
        };
        let switch = "cti.connection[0].switch_name = \"CM1\"\n";
        assert_eq!(ids("{number}", ""), None, "that is the number");
        let form = IdRule::Form { before: "N".into(), after: ":CM1::0".into() };
        let of_form = ids("N{number}:CM1::0", "").unwrap();
        assert_eq!((of_form.devices, of_form.dialled), (form, IdRule::Number));
        let asked = ids("ask", switch).unwrap();
        assert_eq!(
            (asked.devices, asked.dialled, &*asked.switch_name),
            (IdRule::Asked, IdRule::Asked, "CM1")
        );
        let dialled = format!("{switch}cti.connection[0].dialled_id = \"{{number}}\"\n");
        assert_eq!(ids("ask", &dialled).unwrap().dialled, IdRule::Number);
        for wrong in
            ["", "4750", "{number", "{number}{number}", "{Number}", "{number} 1", "<{number}>", "asked"]
        {
            let [error] = with(wrong, "").unwrap_err().try_into().unwrap();
            assert!(error.contains(key) && error.contains("{number}:CM1:192.0.2.10:0"), "{wrong}: {error}");
        }
        let [error] = with("ask", "").unwrap_err().try_into().unwrap();
        assert!(error.contains("needs cti.connection[0].switch_name"), "{error}");
        let [error] = with("{number}", switch).unwrap_err().try_into().unwrap();
        assert!(error.starts_with("cti.connection[0].switch_name = \"CM1\": is used only with"), "{error}");
    }
}
