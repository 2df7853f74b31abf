//! `directory`: imports, checks and shows users and their lines.

use std::io::{self, Read as _};
use std::path::Path;

use ctigate_core::config::{Config, default_attributes};
use ctigate_core::line::directory::import::Attributes;
use ctigate_core::line::directory::{Builder, Directory};
use ctigate_core::line::rules::Rules;

use super::check::{fail, load};
use super::{FAILED, GOOD, said};
use crate::cli::arguments::{DirectoryRequest, Files, ImportRequest};
use crate::cli::configuration::Configuration;
use crate::cli::directory::{self, Imported, MAX_BYTES, lines_of};
use crate::cli::terminal::Terminal;
use crate::shell::Shell;

mod inventory;
mod show;

/// Does what the arguments say.
pub(super) fn directory(shell: &dyn Shell, request: &DirectoryRequest, terminal: &mut Terminal<'_>) -> u8 {
    let (DirectoryRequest::Check(files)
    | DirectoryRequest::List(_, files)
    | DirectoryRequest::Show(_, files)) = request
    else {
        let DirectoryRequest::Import(request) = request else { return FAILED };
        return import(shell, request, terminal);
    };
    let directory = match read(files) {
        Ok(directory) => directory,
        Err(complaints) => return fail(&complaints, terminal),
    };
    match request {
        DirectoryRequest::List(listed, _) => said(terminal.say(&show::list(&directory, *listed))),
        DirectoryRequest::Show(whom, _) => match show::whom(&directory, whom) {
            Some(text) => said(terminal.say(&text)),
            None => fail(&[format!("there is no user, line or device {whom:?}")], terminal),
        },
        DirectoryRequest::Check(_) | DirectoryRequest::Import(_) => {
            said(terminal.say(&format!("{}: good: {}\n", name_of(files), size_of(&directory))))
        }
    }
}

fn read(files: &Files) -> Result<Directory, Vec<String>> {
    match files {
        Files::Config(config) => directory::load(config).map(|loaded| loaded.directory),
        Files::These(files) => {
            let mut builder = Builder::new();
            let (mut complaints, mut is_whole) = (Vec::new(), true);
            for file in files {
                match directory::add_file(&mut builder, file) {
                    Ok(wrong) => complaints.extend(wrong),
                    Err(unread) => {
                        complaints.push(unread);
                        is_whole = false;
                    }
                }
            }
            match builder.build() {
                Ok(directory) if complaints.is_empty() => return Ok(directory),
                Err(mistakes) if is_whole => complaints.extend(lines_of(&mistakes)),
                Ok(_) | Err(_) => {}
            }
            Err(complaints)
        }
    }
}

fn name_of(files: &Files) -> String {
    match files {
        Files::Config(config) => config.display().to_string(),
        Files::These(files) => {
            files.iter().map(|file| file.display().to_string()).collect::<Vec<_>>().join(", ")
        }
    }
}

fn size_of(directory: &Directory) -> String {
    format!(
        "{} users, {} lines, {} devices, {} line appearances, hash {:032x}",
        directory.users().len(),
        directory.lines().len(),
        directory.devices().len(),
        directory.appearances().len(),
        directory.hash()
    )
}

fn import(shell: &dyn Shell, request: &ImportRequest, terminal: &mut Terminal<'_>) -> u8 {
    match imported(shell, request, terminal) {
        Ok((name, imported)) => write(request, &name, imported, terminal),
        Err(complaints) => fail(&complaints, terminal),
    }
}

/// What the source has, and its name.
fn imported(
    shell: &dyn Shell,
    request: &ImportRequest,
    terminal: &mut Terminal<'_>,
) -> Result<(String, Imported), Vec<String>> {
    let ImportRequest { source, is_ldif, connection, config, record, .. } = request;
    if let (Some(connection), Some(config)) = (connection, config) {
        return inventory::ask(shell, (connection, record.as_deref()), config, terminal);
    }
    let (rules, attributes) = match config.as_deref().map(|file| configured(file, terminal)) {
        None => (Rules::default(), default_attributes()),
        Some(Some(configured)) => configured,
        Some(None) => return Err(Vec::new()),
    };
    let (name, bytes) = match source.to_str() {
        Some("-") => ("standard input".into(), read_standard_input()),
        _ => (source.display().to_string(), directory::read_bounded(source)),
    };
    let bytes = bytes.map_err(|why| vec![format!("{name}: cannot read it: {why}")])?;
    let imported = directory::import(&bytes, &name, rules, is_ldif.then_some(&attributes));
    Ok((name, imported))
}

/// Writes what was imported from the source `name`.
fn write(request: &ImportRequest, name: &str, imported: Imported, terminal: &mut Terminal<'_>) -> u8 {
    let ImportRequest { output, skip, .. } = request;
    let Imported { directory, mistakes, left_out, ignored } = imported;
    for line in lines_of(&mistakes) {
        terminal.complain(&line);
    }
    if !mistakes.is_empty() && !skip {
        let what = "nothing is written; --skip writes what has no mistakes";
        return fail(&[format!("{name}: {} mistakes: {what}", mistakes.count())], terminal);
    }
    if directory.users().len() == 0 && directory.lines().len() == 0 {
        return fail(&[format!("{name}: there is no user in it: nothing is written")], terminal);
    }
    let mut text = String::new();
    directory.write(&mut text);
    let written = match output {
        None => terminal.say(&text),
        Some(output) => match directory::replace(output, &text) {
            Ok(()) => true,
            Err(error) => {
                return fail(&[format!("{}: cannot write it: {error}", output.display())], terminal);
            }
        },
    };
    let place = output.as_ref().map_or("standard output".into(), |output| output.display().to_string());
    terminal.complain(&format!("{name}: written to {place}: {}", size_of(&directory)));
    if ignored > 0 {
        terminal.complain(&format!("{name}: {ignored} entries without a user ID were ignored"));
    }
    if !mistakes.is_empty() {
        let counts = [
            (left_out.users, "users or rows"),
            (left_out.lines, "lines"),
            (left_out.devices, "devices"),
            (left_out.appearances, "line appearances"),
        ];
        let counts = counts.iter().filter(|(count, _)| *count > 0);
        let counts: Vec<_> = counts.map(|(count, what)| format!("{count} {what}")).collect();
        terminal.complain(&format!("{name}: left out: {}", counts.join(", ")));
    }
    if written { GOOD } else { FAILED }
}

/// The number rules and the names of attributes in a configuration; `None` if it is wrong, which is reported.
fn configured(file: &Path, terminal: &mut Terminal<'_>) -> Option<(Rules, Attributes)> {
    let (_, config) = load(Configuration::read(file), Config::from_settings, terminal)?;
    Some((config.numbers, config.directory.ldap))
}

fn read_standard_input() -> Result<Vec<u8>, String> {
    let mut bytes = Vec::new();
    let read = io::stdin().lock().take(MAX_BYTES.saturating_add(1)).read_to_end(&mut bytes);
    read.map_err(|error| error.to_string())?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > MAX_BYTES {
        return Err(format!("it has more than {MAX_BYTES} bytes"));
    }
    Ok(bytes)
}
