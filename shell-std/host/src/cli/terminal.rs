//! What a command writes to: standard output and standard error, or a test's memory.

use std::io::{ErrorKind, Write};

/// The two ways to speak to the user.
pub(crate) struct Terminal<'a> {
    /// What was asked for.
    pub(crate) out: &'a mut dyn Write,
    /// What went wrong and what to do.
    pub(crate) err: &'a mut dyn Write,
}

impl Terminal<'_> {
    /// Writes `text` as it is to standard output. A reader that has gone (`| head`) is no error: nobody is there to
    /// be told.
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

    /// Writes one line to standard error. If that fails nothing more can be done.
    pub(crate) fn complain(&mut self, line: &str) {
        let _ = writeln!(self.err, "{line}");
    }
}
