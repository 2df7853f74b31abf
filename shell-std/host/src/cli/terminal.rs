//! The output of commands: standard output and standard error, or memory in tests. Nothing in it can deceive a reader
//! ([`plain`]).

use std::env;
use std::io::{self, ErrorKind, IsTerminal as _, Write};

use rustix::termios::tcgetwinsize;

use ctigate_core::plain;

/// The two output streams.
pub(crate) struct Terminal<'a> {
    /// Results.
    pub(crate) out: &'a mut dyn Write,
    /// Errors and hints.
    pub(crate) err: &'a mut dyn Write,
}

impl Terminal<'_> {
    /// Writes `text` to standard output. A broken pipe (as with `| head`) is not reported as an error.
    pub(crate) fn say(&mut self, text: &str) -> bool {
        self.write(&plain::lines(text))
    }

    /// Writes a line to standard output, brightly if that is a terminal, unless `NO_COLOR` is set.
    pub(crate) fn say_brightly(&mut self, line: &str) -> bool {
        let line = plain::lines(line);
        let is_coloured =
            env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && io::stdout().is_terminal();
        self.write(&if is_coloured { format!("\u{1b}[1;36m{line}\u{1b}[0m\n") } else { format!("{line}\n") })
    }

    fn write(&mut self, text: &str) -> bool {
        match self.out.write_all(text.as_bytes()).and_then(|()| self.out.flush()) {
            Ok(()) => true,
            Err(error) if error.kind() == ErrorKind::BrokenPipe => true,
            Err(error) => {
                self.complain(&format!("cannot write to standard output: {error}"));
                false
            }
        }
    }

    /// Writes one line to standard error. A failure is ignored.
    pub(crate) fn complain(&mut self, line: &str) {
        let _ = writeln!(self.err, "{}", plain::lines(line));
    }
}

/// How many characters fit into a line of standard output: what the environment variable COLUMNS says, or the terminal;
/// 0 if it is no terminal.
pub(crate) fn width() -> usize {
    let set = env::var("COLUMNS").ok().and_then(|columns| columns.trim().parse().ok());
    let out = io::stdout();
    let size = || out.is_terminal().then(|| tcgetwinsize(&out).ok()).flatten();
    set.filter(|columns| *columns > 0).or_else(|| size().map(|size| size.ws_col.into())).unwrap_or_default()
}
