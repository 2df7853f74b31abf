//! `ctl`: shows the status of a running gateway, or sends it a command.

use std::path::{Path, PathBuf};

use ctigate_core::config::Config;

use super::check::load;
use super::{FAILED, said};
use crate::cli::arguments::{CtlRequest, Place};
use crate::cli::configuration::Configuration;
use crate::cli::terminal::Terminal;
use crate::control::{self, Reply};

/// Sends the request, and shows the answer.
pub(super) fn ctl(request: &CtlRequest, terminal: &mut Terminal<'_>) -> u8 {
    let socket = match &request.place {
        Place::Socket(socket) => Some(socket.clone()),
        Place::Config(file) => configured(file, terminal),
    };
    let Some(socket) = socket else { return FAILED };
    if let control::Request::Selections(after) = &request.request {
        return selections(&socket, after.clone(), terminal);
    }
    match control::answer(&socket, &request.request) {
        Ok(Reply { yes, text }) => said(terminal.say(&text) && yes),
        Err(complaint) => {
            terminal.complain(&complaint);
            FAILED
        }
    }
}

/// Shows all choices, which come in portions.
fn selections(socket: &Path, mut after: String, terminal: &mut Terminal<'_>) -> u8 {
    loop {
        let answer = match control::answer(socket, &control::Request::Selections(after.clone())) {
            Ok(Reply { text, .. }) => text,
            Err(complaint) => {
                terminal.complain(&complaint);
                return FAILED;
            }
        };
        if !terminal.say(&answer) {
            return said(false);
        }
        let Some((user, _)) = answer.lines().last().and_then(|line| line.split_once(' ')) else { return 0 };
        user.clone_into(&mut after);
    }
}

/// The path of the control socket in a configuration file; if there is none, reports that.
fn configured(file: &Path, terminal: &mut Terminal<'_>) -> Option<PathBuf> {
    let (_, config) = load(Configuration::read(file), Config::from_settings, terminal)?;
    let socket = config.control.socket.map(PathBuf::from);
    if socket.is_none() {
        terminal.complain(&format!("{}: control.socket is not set", file.display()));
    }
    socket
}
