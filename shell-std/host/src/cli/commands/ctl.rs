//! `ctl`: asks a running gateway how it is, or tells it what to do.

use std::path::{Path, PathBuf};

use ctigate_core::config::Config;

use super::check::load;
use super::{FAILED, said};
use crate::cli::arguments::{CtlRequest, Place};
use crate::cli::configuration::Configuration;
use crate::cli::terminal::Terminal;
use crate::control;

/// Asks, and shows the answer.
pub(super) fn ctl(request: &CtlRequest, terminal: &mut Terminal<'_>) -> u8 {
    let socket = match &request.place {
        Place::Socket(socket) => Some(socket.clone()),
        Place::Config(file) => configured(file, terminal),
    };
    let Some(socket) = socket else { return FAILED };
    match control::ask(&socket, request.request) {
        Ok(answer) => said(terminal.say(&answer)),
        Err(complaint) => {
            terminal.complain(&complaint);
            FAILED
        }
    }
}

/// Where a gateway with this configuration has its control socket; if it has none that is said.
fn configured(file: &Path, terminal: &mut Terminal<'_>) -> Option<PathBuf> {
    let (_, config) = load(Configuration::read(file), Config::from_settings, terminal)?;
    let socket = config.control.socket.map(PathBuf::from);
    if socket.is_none() {
        terminal.complain(&format!("{}: control.socket is not set: there is none to ask", file.display()));
    }
    socket
}
