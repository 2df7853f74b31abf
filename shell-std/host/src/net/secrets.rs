//! Secrets: read from files or the environment when the gateway starts, and filled into what is sent, behind the recorder. While a process
//! holds any, it leaves no core dump.

use core::fmt;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::{env, fs};

use ctigate_core::config::{Config, Password};
use ctigate_core::secret::{Fill, FillError, SecretId};
use rustix::process::{DumpableBehavior, Resource, Rlimit, set_dumpable_behavior, setrlimit};

/// The most bytes of a password.
const LONGEST: usize = 1_024;

/// The bits of a file's mode that are about everybody.
const EVERYBODY: u32 = 0o007;

/// The secrets of a machine.
#[derive(Default)]
pub struct Secrets(BTreeMap<SecretId, String>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.keys()).finish()
    }
}

impl Secrets {
    /// Reads the secrets that a configuration names.
    ///
    /// # Errors
    /// A message for each that cannot be read, or that everybody can read. It has nothing of the secret itself.
    pub(crate) fn read(config: &Config) -> Result<Self, Vec<String>> {
        let mut secrets = BTreeMap::new();
        let mut errors = Vec::new();
        for (index, connection) in config.cti.connections.iter().enumerate() {
            let Some(login) = &connection.login else { continue };
            let (key, place, read) = match &login.password {
                Password::File(file) => ("password_file", file, read_file(file)),
                Password::Environment(variable) => ("password_env", variable, read_variable(variable)),
            };
            match read {
                Ok(password) => {
                    secrets.insert(login.secret, password);
                }
                Err(why) => errors.push(format!("cti.connection[{index}].{key} = {place:?}: {why}")),
            }
        }
        if errors.is_empty() { Ok(Self(secrets)) } else { Err(errors) }
    }

    /// Has the process leave no core dump, if it holds secrets.
    ///
    /// # Errors
    /// A message, if the system does not allow that.
    pub(crate) fn protect(&self) -> Result<(), String> {
        if self.0.is_empty() {
            return Ok(());
        }
        let none = Rlimit { current: Some(0), maximum: Some(0) };
        let limited = setrlimit(Resource::Core, none);
        limited
            .and_then(|()| set_dumpable_behavior(DumpableBehavior::NotDumpable))
            .map_err(|error| format!("core dumps cannot be switched off, which a password requires: {error}"))
    }

    /// Appends `bytes` to `out`, with a secret filled in.
    ///
    /// # Errors
    /// Why that is not possible; then nothing is appended.
    pub(crate) fn fill(&self, bytes: &[u8], fill: Fill, out: &mut Vec<u8>) -> Result<(), FillError> {
        let secret = self.0.get(&fill.secret).ok_or(FillError::NoPlace)?;
        fill.apply(bytes, secret, out)
    }
}

/// Reads a password: the file's text, without a line end behind it.
fn read_file(file: &str) -> Result<String, String> {
    let mode = fs::metadata(file).map_err(|error| error.to_string())?.permissions().mode();
    if mode & EVERYBODY != 0 {
        return Err(format!("everybody has access to it (mode {:04o}); chmod o-rwx", mode & 0o7777));
    }
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let text = text.strip_suffix('\r').unwrap_or(text);
    checked(text)
}

/// Reads a password from an environment variable.
fn read_variable(name: &str) -> Result<String, String> {
    let value = env::var_os(name).ok_or("there is no such environment variable")?;
    if value.is_empty() {
        return Err("the environment variable is empty".into());
    }
    checked(value.to_str().ok_or("the environment variable's value is not UTF-8")?)
}

/// A text, if it can be a password.
fn checked(text: &str) -> Result<String, String> {
    if text.is_empty() || text.len() > LONGEST || text.contains(char::is_control) {
        return Err(format!("must be a password of 1 to {LONGEST} bytes on one line"));
    }
    Ok(text.to_owned())
}

#[cfg(test)]
mod tests {
    use std::env::temp_dir;

    use ctigate_core::setting::read_line;

    use super::*;

    fn read(text: &str, mode: u32) -> Result<Secrets, Vec<String>> {
        let file = temp_dir().join(format!("ctigate-secret-{}-{mode:o}-{}", std::process::id(), text.len()));
        fs::write(&file, text).unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let lines = [
            "sip.tcp = [\"127.0.0.1:0\"]".to_owned(),
            "cti.connection[0].address = \"pbx:1\"".to_owned(),
            "cti.connection[0].login = \"avaya\"".to_owned(),
            "cti.connection[0].user = \"u\"".to_owned(),
            format!("cti.connection[0].password_file = {:?}", file.display().to_string()),
        ];
        let settings: Vec<_> = lines.iter().map(|line| read_line(line).unwrap()).collect();
        let secrets = Secrets::read(&Config::from_settings(&settings).unwrap());
        fs::remove_file(&file).unwrap();
        secrets.map_err(|errors| {
            errors.iter().map(|error| error.replace(&file.display().to_string(), "FILE")).collect()
        })
    }

    #[test]
    fn a_password_is_the_text_of_its_file_without_the_line_end() {
        for text in ["a b", "a b\n", "a b\r\n"] {
            assert_eq!(read(text, 0o600).unwrap().0.values().collect::<Vec<_>>(), ["a b"]);
        }
    }

    #[test]
    fn a_password_file_that_everybody_can_read_is_refused() {
        let refused = read("secret\n", 0o644).unwrap_err();
        assert_eq!(
            refused,
            [
                "cti.connection[0].password_file = \"FILE\": everybody has access to it (mode 0644); chmod o-rwx"
            ]
        );
        for empty in ["", "\n", "a\nb"] {
            assert!(
                read(empty, 0o600).unwrap_err()[0].ends_with("a password of 1 to 1024 bytes on one line")
            );
        }
    }

    #[test]
    fn secrets_are_not_shown() {
        let secrets = read("hidden", 0o640).unwrap();
        assert_eq!(format!("{secrets:?}"), "[SecretId(0)]");
    }
}
