//! The thread that writes what is to be kept.

use core::fmt::Display;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::mpsc::Receiver;
use std::time::Instant as Monotonic;

use ctigate_core::{Level, PersistResult};

use super::file::{self, Open, Opened};
use super::{BATCH, Keeping, Trouble};
use crate::net::seldom::Seldom;
use crate::record::console::Console;
use crate::shell::Speaker;

/// Writes what is to be kept, and answers once it has reached the disk.
pub(super) struct Writer {
    path: PathBuf,
    console: Console,
    /// The file; `None` after an error, until it can be opened again.
    file: Option<Open>,
    /// What must be in the file. If it is lost or cannot be read any more, another one is written from this.
    kept: BTreeMap<String, String>,
    failing: Seldom,
    /// Whether the last attempt failed.
    has_failed: bool,
}

impl Writer {
    pub(super) fn new(
        path: &Path,
        console: &Console,
        file: Option<Open>,
        kept: Vec<(String, String)>,
    ) -> Self {
        let (path, console) = (path.to_owned(), console.clone());
        let has_failed = file.is_none();
        Self { path, console, file, kept: kept.into_iter().collect(), failing: Seldom::default(), has_failed }
    }

    /// Writes until no more comes.
    pub(super) fn run(mut self, keepings: &Receiver<Keeping>, speaker: &Speaker) {
        let mut batch = Vec::new();
        while let Ok(first) = keepings.recv() {
            batch.push(first);
            batch.extend(keepings.try_iter().take(BATCH.saturating_sub(1)));
            let result = self.keep(&batch);
            for Keeping { token, .. } in batch.drain(..) {
                // If the machine has ended, nobody waits for the answer.
                let _ = speaker.persisted(token, result);
            }
        }
    }

    /// Writes all of `batch`, or nothing.
    fn keep(&mut self, batch: &[Keeping]) -> PersistResult {
        let written = self.write(batch);
        let path: &dyn Display = &self.path.display();
        match written {
            Ok(()) => {
                for Keeping { token: _, key, value } in batch {
                    if value.is_empty() {
                        self.kept.remove(key);
                    } else {
                        self.kept.insert(key.clone(), value.clone());
                    }
                }
                if core::mem::take(&mut self.has_failed) {
                    self.console.tell(Level::Info, "store_works_again", &[("path", path)]);
                }
                Ok(())
            }
            Err(Trouble { fault, why }) => {
                // After an error the database must be opened anew.
                self.file = None;
                self.has_failed = true;
                if let Some(times) = self.failing.note(Monotonic::now()) {
                    let fields: &[(&str, &dyn Display)] =
                        &[("path", path), ("fault", &fault.name()), ("why", &why), ("times", &times)];
                    self.console.tell(Level::Error, "store_failing", fields);
                }
                Err(fault)
            }
        }
    }

    fn write(&mut self, batch: &[Keeping]) -> Result<(), Trouble> {
        // A file that was removed or replaced would not be found at the next start.
        let file = self.file.take().filter(|file| file.is_at(&self.path));
        let file = match file {
            Some(file) => file,
            None => self.reopen()?,
        };
        let file = self.file.insert(file);
        file.keep(batch.iter().map(Keeping::entry))
    }

    /// Opens the file again, and writes into it what is missing there.
    fn reopen(&self) -> Result<Open, Trouble> {
        let Opened { database, kept } = file::open(&self.path, &self.console)?;
        let there: BTreeMap<&str, &str> = kept.iter().map(|(key, value)| (&**key, &**value)).collect();
        let differs = |(key, value): &(&str, &str)| there.get(key) != Some(value);
        let mut missing = self.kept.iter().map(|(key, value)| (&**key, &**value)).filter(differs).peekable();
        if missing.peek().is_some() {
            database.keep(missing)?;
        }
        Ok(database)
    }
}
