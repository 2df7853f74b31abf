//! The output of a program in the demo, line by line.

use core::time::Duration;
use std::io::{self, Write};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

#[derive(Default)]
struct State {
    lines: Vec<String>,
    partial: Vec<u8>,
}

/// Lines, collected as they come.
#[derive(Clone, Default)]
pub(super) struct Gathered(Arc<(Mutex<State>, Condvar)>);

impl Gathered {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for a line that contains `part`; returns false if none comes in time.
    pub(super) fn has(&self, part: &str, limit: Duration) -> bool {
        self.has_times(part, 1, limit)
    }

    /// How many lines contain `part` so far.
    pub(super) fn times(&self, part: &str) -> usize {
        times(&self.state(), part)
    }

    /// Waits for so many lines that contain `part`; returns false if they do not come in time.
    pub(super) fn has_times(&self, part: &str, count: usize, limit: Duration) -> bool {
        let missing = |state: &mut State| times(state, part) < count;
        let waited = self.0.1.wait_timeout_while(self.state(), limit, missing);
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }

    /// All lines so far.
    pub(super) fn lines(&self) -> Vec<String> {
        self.state().lines.clone()
    }
}

fn times(state: &State, part: &str) -> usize {
    state.lines.iter().filter(|line| line.contains(part)).count()
}

impl Write for Gathered {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut state = self.state();
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            state.partial.extend_from_slice(piece.strip_suffix(b"\n").unwrap_or(piece));
            if piece.ends_with(b"\n") {
                let line = core::mem::take(&mut state.partial);
                state.lines.push(String::from_utf8_lossy(&line).into_owned());
            }
        }
        self.0.1.notify_all();
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_whole_however_they_were_written() {
        let gathered = Gathered::default();
        let mut writer = gathered.clone();
        writer.write_all(b"one\ntw").unwrap();
        assert!(!gathered.has("two", Duration::ZERO));
        writer.write_all(b"o\n").unwrap();
        assert!(gathered.has("two", Duration::ZERO));
        assert_eq!(gathered.lines(), ["one", "two"]);
    }

    #[test]
    fn waiting_ends_when_the_line_comes() {
        let gathered = Gathered::default();
        let mut writer = gathered.clone();
        let thread = std::thread::spawn(move || writer.write_all(b"at last\n").unwrap());
        assert!(gathered.has("last", Duration::from_secs(5)));
        thread.join().unwrap();
    }
}
