//! `switch`: the built-in phone system alone.

use std::io;

use ctigate_core::Level;
use ctigate_core::setting::Value;
use ctigate_peers::switch::SwitchConfig;

use super::FAILED;
use super::check::load;
use super::run::run_to_its_end;
use crate::cli::arguments::SwitchRequest;
use crate::cli::configuration::Configuration;
use crate::cli::terminal::Terminal;
use crate::cli::{programs, signals};
use crate::record::console::{Console, Format};
use crate::shell::Shell;

/// Runs the phone system until it is told to stop.
pub(super) fn switch(shell: &dyn Shell, request: &SwitchRequest, terminal: &mut Terminal<'_>) -> u8 {
    let read = match &request.config {
        Some(file) => Configuration::read(file),
        None => Configuration::parse("command line".into(), String::new()),
    };
    let read = read.map(|configuration| with_addresses(configuration, request));
    let Some((configuration, config)) = load(read, SwitchConfig::from_settings, terminal) else {
        return FAILED;
    };
    let console = Console::new(Box::new(io::stderr()), Box::new(io::stdout()), Format::Logfmt, Level::Info);
    let ready = programs::switch(configuration.settings(), config);
    let program = ready.and_then(|ready| {
        ready.program(None, &console, vec![signals::source()]).map_err(|complaint| vec![complaint])
    });
    run_to_its_end(shell, program, &console, terminal)
}

/// Replaces the file's addresses with those of the command line.
fn with_addresses(mut configuration: Configuration, request: &SwitchRequest) -> Configuration {
    if let Some(listen) = request.listen {
        configuration.set("listen", Value::List(vec![Value::Text(listen.to_string())]));
    }
    if let Some(control) = request.control {
        configuration.set("control", Value::Text(control.to_string()));
    }
    configuration
}

#[cfg(test)]
mod tests {
    use ctigate_peers::switch::SWITCH_KEYS;

    use super::*;

    const EXAMPLE: &str = include_str!("../../../../../docs/examples/switch.example.toml");

    fn read(text: String) -> (Configuration, SwitchConfig) {
        let configuration =
            Configuration::parse("example".into(), text).unwrap_or_else(|_| panic!("it is no TOML"));
        let config = SwitchConfig::from_settings(configuration.settings()).unwrap();
        (configuration, config)
    }

    #[test]
    fn the_example_of_the_phone_system_s_configuration_holds_the_defaults() {
        let (_, least) = read("listen = [\"127.0.0.1:1040\"]".into());
        assert_eq!(read(EXAMPLE.into()).1, least);
    }

    #[test]
    fn the_example_of_the_phone_system_s_configuration_names_every_key() {
        let uncommented = |line: &str| match line.strip_prefix("# ") {
            Some(rest) if rest.starts_with("[[") || rest.split(" = ").next().is_some_and(is_name) => {
                rest.to_owned()
            }
            Some(_) | None => line.to_owned(),
        };
        let whole: Vec<String> = EXAMPLE.lines().map(uncommented).collect();
        let (configuration, config) = read(whole.join("\n"));
        assert_eq!((config.phones.len(), config.groups.len()), (1, 1));
        for key in SWITCH_KEYS {
            let name = key.name.replace("[]", "[0]");
            let settings = configuration.settings();
            let set = settings.iter().find(|setting| setting.key == name);
            if key.name.ends_with("[]") {
                assert!(settings.iter().any(|setting| setting.key.starts_with(&name)), "{name}");
                continue;
            }
            let set = set.unwrap_or_else(|| panic!("{name} is missing from switch.example.toml"));
            if !key.default.is_empty() {
                let default = ctigate_core::setting::read_value(key.default).unwrap();
                assert_eq!(set.value, default, "{name}");
            }
        }
    }

    fn is_name(text: &str) -> bool {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte == b'.')
    }
}
