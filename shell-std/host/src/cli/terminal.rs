//! The output of commands: standard output and standard error, or memory in tests.

use std::io::{ErrorKind, Write};

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
        let _ = writeln!(self.err, "{line}");
    }
}
