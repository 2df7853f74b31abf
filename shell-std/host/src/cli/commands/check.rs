//! `check`: reports everything that is wrong with a configuration, and what is allowed but hardly meant.

use ctigate_core::setting::{ConfigError, Setting};

use super::{FAILED, GOOD};
use crate::cli::arguments::CheckRequest;
use crate::cli::configuration::Configuration;
use crate::cli::directory::{self, Loaded};
use crate::cli::terminal::Terminal;
use crate::net::secrets::Secrets;
use crate::shell::Shell;

mod connect;
mod warnings;

/// Checks a file and reports the result.
pub(super) fn check(shell: &dyn Shell, request: &CheckRequest, terminal: &mut Terminal<'_>) -> u8 {
    let file = request.config.as_path();
    let loaded = directory::load(file).and_then(|loaded| Secrets::read(&loaded.config).map(|_| loaded));
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(complaints) => return fail(&complaints, terminal),
    };
    let mut warnings = warnings::of_configuration(&loaded);
    let Loaded { configuration, config, directory } = loaded;
    warnings.extend(request.record.as_deref().map(warnings::of_recording).unwrap_or_default());
    for warning in &warnings {
        terminal.complain(warning);
    }
    let listens = config.sip.tcp.len().saturating_add(config.sip.udp.len());
    let good = terminal.say(&format!(
        "{}: good: {} settings, {listens} SIP addresses, {} CTI connections{}\n",
        file.display(),
        configuration.count(),
        config.cti.connections.len(),
        if directory.is_empty() { String::new() } else { format!(", {} users", directory.users().len()) }
    ));
    let reached = !request.connect || connect::connect(shell, configuration.settings(), config, terminal);
    if good && reached && (warnings.is_empty() || !request.deny_warnings) { GOOD } else { FAILED }
}

/// Reports what is wrong.
pub(super) fn fail(complaints: &[String], terminal: &mut Terminal<'_>) -> u8 {
    for complaint in complaints {
        terminal.complain(complaint);
    }
    FAILED
}

/// Builds a configuration with `make`; if it cannot, reports what is wrong and returns `None`.
pub(super) fn load<C>(
    read: Result<Configuration, String>,
    make: impl FnOnce(&[Setting]) -> Result<C, Vec<ConfigError>>,
    terminal: &mut Terminal<'_>,
) -> Option<(Configuration, C)> {
    let configuration = match read {
        Ok(configuration) => configuration,
        Err(complaint) => {
            terminal.complain(&complaint);
            return None;
        }
    };
    match make(configuration.settings()) {
        Ok(good) => Some((configuration, good)),
        Err(errors) => {
            for complaint in configuration.complaints(&errors) {
                terminal.complain(&complaint);
            }
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::cli::commands::tests::NoShell;

    fn checked(text: &str) -> (u8, String, String) {
        let directory = std::env::temp_dir();
        let name = format!("ctigate-check-{}-{:?}.toml", std::process::id(), std::thread::current().id());
        let file = directory.join(name);
        fs::write(&file, text).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let request = CheckRequest { config: file.clone(), ..CheckRequest::default() };
        let status = check(&NoShell, &request, &mut Terminal { out: &mut out, err: &mut err });
        fs::remove_file(&file).unwrap();
        let plain =
            |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&file.display().to_string(), "FILE");
        (status, plain(out), plain(err))
    }

    #[test]
    fn a_good_configuration_gets_one_line() {
        let text = "[sip]\ntcp = [\"127.0.0.1:5060\"]\n[[cti.connection]]\naddress = \"pbx:1040\"\n";
        assert_eq!(
            checked(text),
            (GOOD, "FILE: good: 2 settings, 1 SIP addresses, 1 CTI connections\n".into(), String::new())
        );
    }

    #[test]
    fn all_that_is_wrong_is_said_at_once_in_the_order_of_the_file() {
        let text = "[sip]\ntpc = []\ntcp = [\"127.0.0.1:5060\"]\n[limits]\nlinks = 0\n[[cti.connection]]\nname = \"a\"\n";
        let (status, out, err) = checked(text);
        assert_eq!((status, out.as_str()), (FAILED, ""));
        let lines: Vec<_> = err.lines().collect();
        assert_eq!(lines.len(), 3, "{err}");
        assert!(lines[0].starts_with("FILE:2:7: sip.tpc = [") && lines[0].contains("sip.tcp"), "{err}");
        assert!(lines[1].starts_with("FILE:5:9: limits.links = 0: "), "{err}");
        assert!(lines[2].starts_with("FILE:7:8: cti.connection[0].address: "), "{err}");
    }
}
