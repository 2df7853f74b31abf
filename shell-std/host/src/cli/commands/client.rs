//! `client`: the scripted client on this terminal.

use std::fs;
use std::io::{self, BufReader, Cursor, IsTerminal as _, Write};

use ctigate_core::setting::Value;
use ctigate_core::{Level, Transport};
use ctigate_peers::client::ClientConfig;

use super::run::run_to_its_end;
use super::{FAILED, GOOD, refuse};
use crate::cli::arguments::{ClientRequest, Usage};
use crate::cli::prompt::Keyboard;
use crate::cli::terminal::Terminal;
use crate::cli::{programs, signals};
use crate::record::console::{Console, Format};
use crate::shell::{Shell, Source};

/// Runs the client until its script or its standard input ends.
pub(super) fn client(shell: &dyn Shell, request: &ClientRequest, terminal: &mut Terminal<'_>) -> u8 {
    let interactive = request.script.is_none() && io::stdin().is_terminal();
    let config = match config(request, interactive) {
        Ok(config) => config,
        Err(complaints) => {
            let usage = Usage { what: complaints.join("\n"), topic: Some("client".into()) };
            return refuse(shell.program(), &usage, terminal);
        }
    };
    let mut keyboard = if interactive { Keyboard::new(&config) } else { None };
    let console = console(keyboard.as_mut());
    let face = keyboard.as_ref().map(Keyboard::face).unwrap_or_default();
    let restorer = keyboard.as_ref().map(Keyboard::restorer);
    let script = match (&request.script, keyboard) {
        (None, Some(keyboard)) => Ok(keyboard.source()),
        (None, None) => Ok(programs::lines(BufReader::new(io::stdin()))),
        (Some(file), _) => fs::read(file)
            .map(|text| programs::lines(Cursor::new(text)))
            .map_err(|error| format!("--script {}: cannot read it: {error}", file.display())),
    };
    let program = script.map_err(|complaint| vec![complaint]).and_then(|script: Source| {
        let ready = programs::shown_client(shell, config, face)?;
        let sources = vec![signals::source(), script];
        ready.program(None, &console, sources).map_err(|complaint| vec![complaint])
    });
    let status = run_to_its_end(shell, program, &console, terminal);
    drop(restorer);
    if status == GOOD { GOOD } else { FAILED }
}

/// The output: above the line that is typed, if lines are.
fn console(keyboard: Option<&mut Keyboard>) -> Console {
    let mut out: Box<dyn Write + Send> = Box::new(io::stdout());
    let mut err: Box<dyn Write + Send> = Box::new(io::stderr());
    if let Some(keyboard) = keyboard {
        if let Some(above) = keyboard.above() {
            out = Box::new(above);
        }
        if io::stderr().is_terminal()
            && let Some(above) = keyboard.above()
        {
            err = Box::new(above);
        }
    }
    Console::new(err, out, Format::Logfmt, Level::Warn)
}

/// The configuration from the command line.
///
/// # Errors
/// A complaint for each option that cannot be used.
fn config(request: &ClientRequest, interactive: bool) -> Result<ClientConfig, Vec<String>> {
    let ClientRequest { server, user, line, udp, script: _, reinvite } = request;
    let mut config = ClientConfig::new(server, user, line);
    config.transport = if *udp { Transport::Udp } else { Transport::Tcp };
    config.interactive = interactive;
    config.reinvite = *reinvite;
    ClientConfig::from_settings(&config.settings()).map_err(|errors| {
        let option = |error: ctigate_core::setting::ConfigError| {
            let given = error.setting.and_then(|index| config.settings().into_iter().nth(index));
            let value = match given.map(|setting| setting.value) {
                Some(Value::Text(text)) => text,
                Some(other) => other.to_string(),
                None => error.value,
            };
            format!("--{} '{value}': {}", error.key, error.bound)
        };
        errors.into_iter().map(option).collect()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use ctigate_peers::client::Reinvite;

    fn request(server: &str, user: &str, udp: bool) -> ClientRequest {
        let line = "tel:1001;phone-context=dialstring".into();
        ClientRequest {
            server: server.into(),
            user: user.into(),
            line,
            udp,
            script: None,
            reinvite: Reinvite::New,
        }
    }

    #[test]
    fn options_that_cannot_be_used_are_all_named() {
        assert!(config(&request("gw:5060", "sip:alice@example.com", false), true).is_ok());
        let complaints = config(&request("gw:5060", "alice", true), false).unwrap_err();
        assert_eq!(
            complaints,
            [
                "--user 'alice': must be a SIP URI with a user, such as sip:alice@example.com",
                "--server 'gw:5060': must be an IP address and a port, such as 127.0.0.1:5060, when the transport is udp"
            ]
        );
    }
}
