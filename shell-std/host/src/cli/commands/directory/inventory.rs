//! Imports what a phone system reports over its CTI link.

use std::io;
use std::path::Path;
use std::sync::mpsc;

use ctigate_core::Level;
use ctigate_core::config::{Config, CtiConnection};
use ctigate_core::line::directory::Builder;
use ctigate_core::setting::Setting;

use super::super::check::load;
use crate::cli::configuration::Configuration;
use crate::cli::directory::Imported;
use crate::cli::terminal::Terminal;
use crate::cli::{programs, signals};
use crate::record::console::{Console, Format};
use crate::shell::Shell;

/// Asks the phone system of the connection `name` of a configuration for its devices, and records that in the directory
/// `record`. Returns the connection's name and the directory made of them.
///
/// # Errors
/// What is wrong with the configuration, or why the phone system did not tell; nothing if it was said already.
pub(super) fn ask(
    shell: &dyn Shell,
    (name, record): (&str, Option<&Path>),
    config: &Path,
    terminal: &mut Terminal<'_>,
) -> Result<(String, Imported), Vec<String>> {
    let (configuration, mut config) =
        load(Configuration::read(config), Config::from_settings, terminal).ok_or_else(Vec::new)?;
    let connections = &mut config.cti.connections;
    let Some(index) = connections.iter().position(|connection| connection.name == name) else {
        let names: Vec<&str> = connections.iter().map(|connection| connection.name.as_str()).collect();
        return Err(vec![format!(
            "--connection {name}: there is none of this name, but {}",
            names.join(", ")
        )]);
    };
    connections.retain(|connection| connection.name == name);
    let place = connections.first().map_or_else(String::new, place_of);
    let (hand_over, outcome) = mpsc::sync_channel(1);
    let ready = programs::inventory(shell, &settings_of(configuration.settings(), index), config, hand_over)?;
    let console = Console::new(Box::new(io::sink()), Box::new(io::sink()), Format::Logfmt, Level::Error);
    let program =
        ready.program(record, &console, vec![signals::source()]).map_err(|complaint| vec![complaint])?;
    shell.run(program);
    let stations = match outcome.try_recv() {
        Ok(Ok(stations)) => stations,
        Ok(Err(why)) => return Err(vec![format!("{place}: {why}")]),
        Err(_) => return Err(vec![format!("{place}: it was stopped before the phone system had told all")]),
    };
    let remarks = stations.remarks();
    if !remarks.is_empty() {
        terminal.complain(&format!("{place}: {remarks}"));
    }
    let mut builder = Builder::new();
    stations.add_to(&mut builder, name);
    let (directory, mistakes, left_out) = builder.finish();
    Ok((place, Imported { directory, mistakes, left_out, ignored: 0 }))
}

/// The settings of an inventory over the connection at `index`, which is its only one.
fn settings_of(settings: &[Setting], index: usize) -> Vec<Setting> {
    const CONNECTIONS: &str = "cti.connection[";
    let own = |setting: Setting| {
        let Some(rest) = setting.key.strip_prefix(CONNECTIONS) else { return Some(setting) };
        let rest = rest.strip_prefix(&format!("{index}]"))?;
        Some(Setting { key: format!("{CONNECTIONS}0]{rest}"), ..setting })
    };
    programs::without_directory(settings).into_iter().filter_map(own).collect()
}

/// A connection, for people.
fn place_of(connection: &CtiConnection) -> String {
    if connection.name == connection.address {
        connection.name.clone()
    } else {
        format!("{} ({})", connection.name, connection.address)
    }
}
