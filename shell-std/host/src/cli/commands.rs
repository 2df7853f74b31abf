//! The commands: the same in both programs, with the same exit statuses.

use std::env;
use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use super::arguments::{self, Request, Usage};
use super::help;
use super::signals;
use super::terminal::Terminal;
use crate::net::descriptors;
use crate::record::panics;
use crate::shell::Shell;

mod check;
mod client;
mod ctl;
mod demo;
mod dial;
mod directory;
mod explain;
mod run;
mod switch;
mod traces;

/// Exit status: success.
pub(crate) const GOOD: u8 = 0;
/// Exit status: the command failed.
pub(crate) const FAILED: u8 = 1;
/// Exit status: the command line is wrong.
const WRONG_USAGE: u8 = 2;

/// Runs the program whose shell this is, with the process's arguments and standard streams.
pub fn main(shell: &dyn Shell) -> ExitCode {
    panics::install(shell.program());
    signals::survive_file_size_limit();
    descriptors::raise_limit();
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let mut terminal = Terminal { out: &mut out, err: &mut err };
    ExitCode::from(obey(shell, env::args_os().skip(1), &mut terminal))
}

/// Runs the command that the arguments name; returns the exit status.
fn obey(shell: &dyn Shell, arguments: impl Iterator<Item = OsString>, terminal: &mut Terminal<'_>) -> u8 {
    match arguments::parse(arguments) {
        Err(usage) => refuse(shell.program(), &usage, terminal),
        Ok(Request::Run { config, record }) => run::run(shell, &config, record.as_deref(), terminal),
        Ok(Request::Check(request)) => check::check(shell, &request, terminal),
        Ok(Request::Dial(request)) => dial::dial(&request, terminal),
        Ok(Request::Switch(request)) => switch::switch(shell, &request, terminal),
        Ok(Request::Client(request)) => client::client(shell, &request, terminal),
        Ok(Request::Replay { traces }) => traces::replay(&traces, terminal),
        Ok(Request::Ladder(request)) => traces::ladder(&request, terminal),
        Ok(Request::Redact { traces, out }) => traces::redact(&traces, &out, terminal),
        Ok(Request::Demo { wire, record }) => demo::demo(shell, wire, record.as_deref(), terminal),
        Ok(Request::Directory(request)) => directory::directory(shell, &request, terminal),
        Ok(Request::Explain(request)) => explain::explain_to(&request, terminal),
        Ok(Request::Ctl(request)) => ctl::ctl(&request, terminal),
        Ok(Request::Help { topic }) => show_help(shell.program(), topic, terminal),
        Ok(Request::Version) => said(terminal.say(&version(shell.program()))),
    }
}

fn version(program: &str) -> String {
    let (engine, peers) = (ctigate_core::BUILD, ctigate_peers::BUILD);
    format!(
        "{program} {} (engine build {engine}, switch and client build {peers})\n",
        env!("CARGO_PKG_VERSION")
    )
}

/// The exit status of a command that only writes output.
const fn said(all: bool) -> u8 {
    if all { GOOD } else { FAILED }
}

fn refuse(program: &str, usage: &Usage, terminal: &mut Terminal<'_>) -> u8 {
    let Usage { what, topic } = usage;
    for what in what.lines() {
        terminal.complain(&format!("{program}: {what}"));
    }
    let topic = topic.as_deref().map(|topic| format!(" {topic}")).unwrap_or_default();
    terminal.complain(&format!("see '{program} help{topic}'"));
    WRONG_USAGE
}

fn show_help(program: &'static str, topic: Option<String>, terminal: &mut Terminal<'_>) -> u8 {
    if let Some(text) = help::about(topic.as_deref(), program) {
        return said(terminal.say(&text));
    }
    let what = format!("there is no command '{}'", topic.unwrap_or_default());
    refuse(program, &Usage { what, topic: None }, terminal)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shell::Program;

    pub(super) struct NoShell;

    impl Shell for NoShell {
        fn program(&self) -> &'static str {
            "ctigate-test"
        }

        fn links(&self) -> usize {
            1
        }

        fn run(&self, _program: Program) -> u8 {
            panic!("nothing is to be run")
        }
    }

    fn obeyed(line: &str) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let mut terminal = Terminal { out: &mut out, err: &mut err };
        let status = obey(&NoShell, line.split_whitespace().map(OsString::from), &mut terminal);
        (status, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[test]
    fn a_wrong_command_line_says_what_is_wrong_and_whose_help_to_read() {
        let (status, out, err) = obeyed("switch --lisen 1");
        assert_eq!((status, out.as_str()), (2, ""));
        assert_eq!(err, "ctigate-test: invalid option '--lisen'\nsee 'ctigate-test help switch'\n");
        assert_eq!(obeyed("help nonsense").0, 2);
    }

    #[test]
    fn help_and_version_go_to_standard_output() {
        let (status, out, err) = obeyed("client --help");
        assert_eq!((status, err.as_str()), (0, ""));
        assert!(out.contains("ctigate-test client --server"), "{out}");
        assert!(obeyed("--version").1.starts_with("ctigate-test 0."));
    }

    #[test]
    fn options_that_cannot_be_used_are_wrong_usage_whoever_notices() {
        let (status, out, err) = obeyed("client --server x --user alice --line tel:1");
        assert_eq!((status, out.as_str()), (2, ""));
        let lines: Vec<_> = err.lines().collect();
        assert_eq!(lines.len(), 3, "{err}");
        assert!(lines[0].starts_with("ctigate-test: --server 'x': must be a host and port"), "{err}");
        assert!(lines[1].starts_with("ctigate-test: --user 'alice': must be a SIP URI"), "{err}");
        assert_eq!(lines[2], "see 'ctigate-test help client'");
    }

    #[test]
    fn a_script_that_cannot_be_read_is_named() {
        let client = "client --server h:1 --user sip:a@b --line tel:1 --script";
        for (script, why) in [("no/such/script", "No such file"), (".", "Is a directory")] {
            let (status, _, err) = obeyed(&format!("{client} {script}"));
            assert_eq!(status, 1);
            assert!(err.starts_with(&format!("--script {script}: cannot read it: {why}")), "{err}");
        }
    }

    #[test]
    fn a_configuration_that_is_not_there_is_named() {
        let (status, _, err) = obeyed("check --config no/such/file.toml");
        assert_eq!(status, 1);
        assert!(err.starts_with("no/such/file.toml: cannot read the configuration: "), "{err}");
    }
}
