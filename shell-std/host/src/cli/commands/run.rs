//! `run`: the gateway.

use std::io;
use std::path::Path;

use ctigate_core::Level;
use ctigate_core::config::Mode;
use ctigate_core::line::directory::Directory;

use super::FAILED;
use super::check::fail;
use crate::cli::directory::{self, Loaded};
use crate::cli::programs::Ready;
use crate::cli::terminal::Terminal;
use crate::cli::{programs, signals};
use crate::control::{ControlSocket, Server};
use crate::record::console::Console;
use crate::shell::{Program, Shell};

/// Runs the gateway until it is told to stop.
pub(super) fn run(shell: &dyn Shell, file: &Path, record: Option<&Path>, terminal: &mut Terminal<'_>) -> u8 {
    let loaded = match directory::load(file) {
        Ok(loaded) => loaded,
        Err(complaints) => return fail(&complaints, terminal),
    };
    let open = loaded.open_address();
    let Loaded { configuration, config, directory } = loaded;
    let (format, level) = programs::log_of(&config);
    let console = Console::new(Box::new(io::stderr()), Box::new(io::stdout()), format, level);
    tell_of_directory(&directory, open, &console);
    let socket = config.control.socket.clone();
    let is_listed = config.directory.mode(!directory.is_empty()) == Mode::Listed;
    let listed = is_listed.then_some(directory);
    let ready = programs::gateway(shell, configuration.settings(), config, listed);
    // The control socket is opened after the addresses, on which a second gateway with the same configuration fails.
    let opened = ready.and_then(|ready| Ok((ready, serve(socket.as_deref(), &console)?)));
    let (program, server) = match opened {
        Ok((ready, server)) => (programmed(ready, server.as_ref(), record, &console), server),
        Err(complaints) => (Err(complaints), None),
    };
    let status = run_to_its_end(shell, program, &console, terminal);
    drop(server);
    status
}

/// Logs how large the directory is, and who may do without it.
fn tell_of_directory(directory: &Directory, open: Option<(&'static str, String)>, console: &Console) {
    if !directory.is_empty() {
        let fields: &[(&str, &dyn core::fmt::Display)] = &[
            ("users", &directory.users().len()),
            ("lines", &directory.lines().len()),
            ("devices", &directory.devices().len()),
            ("hash", &format_args!("{:032x}", directory.hash())),
        ];
        console.tell(Level::Info, "directory_loaded", fields);
    }
    if let Some((_, address)) = open {
        let fields: &[(&str, &dyn core::fmt::Display)] =
            &[("key", &"directory.mode"), ("value", &"open"), ("address", &address)];
        console.tell(Level::Warn, "any_line_may_be_controlled", fields);
    }
}

/// Opens the control socket, if one is configured.
fn serve(socket: Option<&str>, console: &Console) -> Result<Option<Server>, Vec<String>> {
    let Some(socket) = socket else { return Ok(None) };
    let socket = ControlSocket::open(Path::new(socket)).map_err(|complaint| vec![complaint])?;
    let fields: &[(&str, &dyn core::fmt::Display)] =
        &[("key", &"control.socket"), ("transport", &"unix"), ("address", &socket.path().display())];
    console.tell(Level::Info, "listening", fields);
    Ok(Some(Server::new(socket, console)))
}

fn programmed(
    ready: Ready,
    server: Option<&Server>,
    record: Option<&Path>,
    console: &Console,
) -> Result<Program, Vec<String>> {
    let mut sources = vec![signals::gateway_source(console)];
    if let Some(server) = server {
        let source = server.source();
        sources.push(source.map_err(|error| vec![format!("control.socket: cannot serve it: {error}")])?);
    }
    ready.program(record, console, sources).map_err(|complaint| vec![complaint])
}

/// Runs a program, or reports why it cannot be run.
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
