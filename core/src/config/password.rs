//! Where the password of a login is. The gateway itself never reads it (invariant 9).

use alloc::format;
use alloc::string::String;

use crate::setting::{Checked, ConfigError, Key};

pub(super) const FILE: Key = Key::text(
    "cti.connection[].password_file",
    4_096,
    "The file with the password for the login. It must not be readable by everybody.",
)
.needs_restart();

pub(super) const ENVIRONMENT: Key = Key::text(
    "cti.connection[].password_env",
    128,
    "Instead of password_file: the name of the environment variable that holds the password.",
)
.needs_restart();

/// Where a password is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Password {
    /// In this file.
    File(String),
    /// In the environment variable of this name.
    Environment(String),
}

impl Password {
    /// That of the connection with this table.
    pub(super) fn from_checked(checked: &Checked, table: &str) -> Self {
        let text = |field: &str| {
            checked.text(&format!("{table}.{field}")).filter(|text| !text.is_empty()).map(String::from)
        };
        match text("password_env") {
            Some(variable) => Self::Environment(variable),
            None => Self::File(text("password_file").unwrap_or_default()),
        }
    }
}

/// A login needs exactly one of the two, of which `asking` is what makes it a login.
pub(super) fn check(checked: &Checked, table: &str, asking: &str, errors: &mut alloc::vec::Vec<ConfigError>) {
    let [file, variable] = ["password_file", "password_env"].map(|field| format!("{table}.{field}"));
    let has = |key: &str| checked.text(key).is_some_and(|text| !text.is_empty());
    match (has(&file), has(&variable)) {
        (false, false) => errors.push(checked.error(asking, format!("needs {file} or {variable}"))),
        (true, true) => errors
            .push(checked.error(&variable, format!("is given beside {file}: the password is in one place"))),
        (true, false) | (false, true) => {}
    }
    if checked.text(&variable).is_some_and(|name| !is_name(name)) {
        // Nothing is quoted: it may be the password itself.
        let bound = "must be the name of a variable: letters, digits and _, and no digit first".into();
        errors.push(ConfigError { value: String::new(), ..checked.error(&variable, bound) });
    }
}

/// Whether this names an environment variable, as shells and service managers write them (POSIX, XBD 8.1).
fn is_name(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
        && !text.starts_with(|first: char| first.is_ascii_digit())
}
