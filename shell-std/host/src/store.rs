//! What a program keeps beyond its end: keys and values in one file, an embedded database (redb).
//!
//! A thread of its own writes; whatever is answered as kept has reached the disk. Whatever is wrong with the file never
//! keeps a program from starting: one that cannot be read is moved aside, one that cannot be written is read if that is
//! possible, and one that another process uses is left alone.

use core::fmt::{self, Display};
use core::time::Duration;
use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender, TrySendError};
use std::thread;

use ctigate_core::{Level, StoreFault, Token};

use crate::record::console::Console;
use crate::shell::{Source, Speaker};

mod aside;
mod file;
mod writer;

use writer::Writer;

/// The most values that may wait to be written.
const WAITING: usize = 64;
/// The most values that are written at once.
const BATCH: usize = 64;
/// How long the end of a program waits for what is being written.
const LAST_WRITE: Duration = Duration::from_secs(1);

/// What was kept of earlier runs, and what keeps more of this one. By default nothing is kept.
#[derive(Default)]
pub struct Store {
    restored: Vec<(String, String)>,
    keeper: Keeper,
    writer: Option<(Writer, Receiver<Keeping>, SyncSender<()>)>,
}

/// A value to be kept.
pub(crate) struct Keeping {
    token: Token,
    key: String,
    /// Empty: the key is to be forgotten.
    value: String,
}

/// Why a store cannot be used.
#[derive(Debug)]
struct Trouble {
    fault: StoreFault,
    why: String,
}

impl Trouble {
    fn new(fault: StoreFault, why: impl Display) -> Self {
        Self { fault, why: why.to_string() }
    }
}

impl Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.why)
    }
}

impl Store {
    /// No store, which is logged at `console`.
    #[must_use]
    pub(crate) fn none(console: &Console) -> Self {
        let why: &dyn Display = &"choices of users are not remembered: store.path is not set";
        console.tell(Level::Info, "store_unset", &[("why", why)]);
        Self::default()
    }

    /// Opens the store at `path`, and reads what it has kept. Whatever is wrong with it is logged at `console`.
    #[must_use]
    pub fn open(path: &Path, console: &Console) -> Self {
        match file::open(path, console) {
            Ok(file::Opened { database, kept }) => {
                let fields: &[(&str, &dyn Display)] = &[("path", &path.display()), ("kept", &kept.len())];
                console.tell(Level::Info, "store_opened", fields);
                Self::written_by(Writer::new(path, console, Some(database), kept.clone()), kept)
            }
            Err(trouble) => Self::troubled(path, console, &trouble),
        }
    }

    /// A store that cannot be written. It may be possible to read it, or to write it later.
    fn troubled(path: &Path, console: &Console, trouble: &Trouble) -> Self {
        let told = |kept: usize| {
            let fields: &[(&str, &dyn Display)] = &[
                ("path", &path.display()),
                ("fault", &trouble.fault.name()),
                ("why", &trouble.why),
                ("kept", &kept),
            ];
            console.tell(Level::Error, "store_unusable", fields);
        };
        let kept = match trouble.fault {
            StoreFault::ReadOnly | StoreFault::Full => file::read(path).unwrap_or_default(),
            StoreFault::Unset | StoreFault::InUse | StoreFault::Busy | StoreFault::Failed => Vec::new(),
        };
        told(kept.len());
        match trouble.fault {
            // Another process has its own choices in it, and what cannot be written now will not be later.
            StoreFault::InUse | StoreFault::ReadOnly => {
                Self { restored: kept, keeper: Keeper::Useless(trouble.fault), writer: None }
            }
            StoreFault::Unset | StoreFault::Full | StoreFault::Busy | StoreFault::Failed => {
                Self::written_by(Writer::new(path, console, None, kept.clone()), kept)
            }
        }
    }

    fn written_by(writer: Writer, restored: Vec<(String, String)>) -> Self {
        let (keep, keepings) = mpsc::sync_channel(WAITING);
        let (end, ended) = mpsc::sync_channel(1);
        Self { restored, keeper: Keeper::Thread { keep, ended }, writer: Some((writer, keepings, end)) }
    }

    /// What starts the thread that writes. Must be among the program's sources.
    #[must_use]
    pub fn source(&mut self) -> Option<Source> {
        let (writer, keepings, end) = self.writer.take()?;
        Some(Box::new(move |speaker: Speaker| {
            // Without a thread nothing is kept, and whoever asks is told so.
            let _ = thread::Builder::new().name("store".into()).spawn(move || {
                writer.run(&keepings, &speaker);
                // Nobody may wait any more.
                let _ = end.try_send(());
            });
        }))
    }

    /// What was kept, by key; and what keeps more.
    pub(crate) fn into_parts(self) -> (Vec<(String, String)>, Keeper) {
        (self.restored, self.keeper)
    }
}

/// Takes what a machine wants to keep. Never blocks.
pub(crate) enum Keeper {
    /// Keeps nothing, for this reason.
    Useless(StoreFault),
    /// A thread writes.
    Thread { keep: SyncSender<Keeping>, ended: Receiver<()> },
}

impl Default for Keeper {
    fn default() -> Self {
        Self::Useless(StoreFault::Unset)
    }
}

impl Keeper {
    /// Begins to keep a value; its fate follows as [`crate::shell::Spoken::Persisted`].
    ///
    /// # Errors
    /// If it will not be kept: then nothing follows.
    pub(crate) fn keep(&self, token: Token, key: &str, value: &str) -> Result<(), StoreFault> {
        let keep = match self {
            Self::Useless(fault) => return Err(*fault),
            Self::Thread { keep, .. } => keep,
        };
        keep.try_send(Keeping { token, key: key.to_owned(), value: value.to_owned() }).map_err(|error| {
            match error {
                TrySendError::Full(_) => StoreFault::Busy,
                TrySendError::Disconnected(_) => StoreFault::Failed,
            }
        })
    }

    /// Ends the store, and waits a moment for what is being written.
    pub(crate) fn end(self) {
        if let Self::Thread { keep, ended } = self {
            drop(keep);
            // It is over, or takes too long: what was answered as kept has been kept.
            let _ = ended.recv_timeout(LAST_WRITE);
        }
    }
}

#[cfg(test)]
mod tests;
