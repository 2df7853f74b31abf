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
    configuration.set("listen", Value::List(vec![Value::Text(request.listen.to_string())]));
    if let Some(control) = request.control {
        configuration.set("control", Value::Text(control.to_string()));
    }
    configuration
}
