//! `run`: the gateway.

use std::io;
use std::path::Path;

use ctigate_core::config::Config;

use super::FAILED;
use super::check::load;
use crate::configuration::Configuration;
use crate::console::Console;
use crate::shell::{Program, Shell};
use crate::terminal::Terminal;
use crate::{programs, signals};

/// Runs the gateway until it is told to stop.
pub(super) fn run(shell: &dyn Shell, file: &Path, record: Option<&Path>, terminal: &mut Terminal<'_>) -> u8 {
    let Some((configuration, config)) = load(Configuration::read(file), Config::from_settings, terminal)
    else {
        return FAILED;
    };
    let (format, level) = programs::log_of(&config);
    let console = Console::new(Box::new(io::stderr()), Box::new(io::stdout()), format, level);
    let ready = programs::gateway(shell, configuration.settings(), config);
    let program = ready.and_then(|ready| {
        ready.program(record, &console, vec![signals::source()]).map_err(|complaint| vec![complaint])
    });
    run_to_its_end(shell, program, &console, terminal)
}

/// Runs a program, or says why there is none.
pub(super) fn run_to_its_end(
    shell: &dyn Shell,
    program: Result<Program, Vec<String>>,
    console: &Console,
    terminal: &mut Terminal<'_>,
) -> u8 {
    match program {
        Ok(program) => {
            let status = shell.run(program);
            console.flush();
            status
        }
        Err(complaints) => {
            for complaint in complaints {
                terminal.complain(&complaint);
            }
            FAILED
        }
    }
}
