//! The file: opening, reading and writing it. It is a redb database with one table.

use core::fmt::Display;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use ctigate_core::{Level, StoreFault};
use redb::backends::FileBackend;
use redb::{Builder, Database, ReadableDatabase, ReadableTable as _, TableDefinition, TableError};

use super::aside::{holder, identity, identity_at, move_aside};
use super::{Keeping, Trouble};
use crate::record::console::Console;
use crate::record::{files, panics};

/// The one table: keys and values.
const TABLE: TableDefinition<'_, &str, &str> = TableDefinition::new("kept");
/// The most memory that the database uses to cache its file, in bytes.
const CACHE_BYTES: usize = 4 * 1024 * 1024;
/// How often opening is tried if other processes move the file meanwhile.
const ATTEMPTS: u32 = 3;

/// An open database file, which no other process can open.
pub(super) struct Open {
    database: Database,
    /// Device and inode of its file.
    identity: Option<(u64, u64)>,
}

/// A file that was opened, and what it holds.
pub(super) struct Opened {
    pub(super) database: Open,
    pub(super) kept: Vec<(String, String)>,
}

/// Why a database could not be used.
enum Flaw {
    /// What is in the file cannot be read.
    Unreadable(String),
    /// The system refuses.
    Refused(Trouble),
}

impl From<redb::Error> for Flaw {
    fn from(error: redb::Error) -> Self {
        let is_content =
            |error: &io::Error| matches!(error.kind(), ErrorKind::InvalidData | ErrorKind::UnexpectedEof);
        if matches!(error, redb::Error::DatabaseAlreadyOpen) {
            Self::Refused(Trouble::new(StoreFault::InUse, "another process uses it"))
        } else if matches!(error, redb::Error::PreviousIo) {
            Self::Refused(Trouble::new(StoreFault::Failed, error))
        } else if let redb::Error::Io(error) = &error
            && !is_content(error)
        {
            Self::Refused(trouble(error))
        } else {
            Self::Unreadable(error.to_string())
        }
    }
}

/// The fault that an error of the system means.
fn trouble(error: &io::Error) -> Trouble {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the system has many other errors")]
    let fault = match error.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => StoreFault::Full,
        ErrorKind::ReadOnlyFilesystem | ErrorKind::PermissionDenied => StoreFault::ReadOnly,
        _ => StoreFault::Failed,
    };
    Trouble::new(fault, error)
}

/// Opens the file at `path`, or creates it. One that cannot be read is moved aside, which is logged at `console`.
pub(super) fn open(path: &Path, console: &Console) -> Result<Opened, Trouble> {
    for _ in 0..ATTEMPTS {
        let file = open_file(path)?;
        lock(&file, path)?;
        let is_new = file.metadata().map_err(|error| trouble(&error))?.len() == 0;
        let spare = file.try_clone().map_err(|error| trouble(&error))?;
        let identity = identity(&file);
        let why = match protected(|| load(file)) {
            Ok((database, kept)) => {
                if is_new {
                    sync_directory(path)?;
                }
                return Ok(Opened { database: Open { database, identity }, kept });
            }
            Err(Flaw::Refused(trouble)) => {
                if is_new {
                    // What was written of it would not be readable.
                    let _ = spare.set_len(0);
                }
                return Err(trouble);
            }
            Err(Flaw::Unreadable(why)) => why,
        };
        // The database has given up its lock, and another process may be as far as we are.
        lock(&spare, path)?;
        if identity_at(path) == identity {
            let to = move_aside(path)
                .map_err(|error| Trouble { why: format!("{why}; {error}"), ..trouble(&error) })?;
            let fields: &[(&str, &dyn Display)] =
                &[("path", &path.display()), ("to", &to.display()), ("why", &why)];
            console.tell(Level::Error, "store_moved_aside", fields);
        }
    }
    Err(Trouble::new(StoreFault::Failed, "its file is replaced again and again"))
}

fn open_file(path: &Path) -> Result<File, Trouble> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(files::MODE);
    let file = options.open(path).map_err(|error| trouble(&error))?;
    let there = file.metadata().map_err(|error| trouble(&error))?;
    if there.is_file() { Ok(file) } else { Err(Trouble::new(StoreFault::Failed, "it is not a file")) }
}

/// Locks a file, as the database itself does once more.
fn lock(file: &File, path: &Path) -> Result<(), Trouble> {
    file.try_lock().map_err(|error| match error {
        TryLockError::Error(error) => trouble(&error),
        TryLockError::WouldBlock => {
            let by = holder(path).unwrap_or_else(|| "another process".into());
            Trouble::new(StoreFault::InUse, format!("{by} uses it"))
        }
    })
}

/// Has the name of a new file survive a crash of the system.
fn sync_directory(path: &Path) -> Result<(), Trouble> {
    let directory = path.parent().unwrap_or(Path::new("/"));
    File::open(directory).and_then(|directory| directory.sync_all()).map_err(|error| trouble(&error))
}

/// Has the database do something. A panic in it means that its file cannot be read.
fn protected<T>(work: impl FnOnce() -> Result<T, redb::Error>) -> Result<T, Flaw> {
    match panics::caught(work) {
        Ok(done) => done.map_err(Flaw::from),
        Err(why) => Err(Flaw::Unreadable(why)),
    }
}

fn load(file: File) -> Result<(Database, Vec<(String, String)>), redb::Error> {
    let mut builder = Builder::new();
    builder.set_cache_size(CACHE_BYTES).set_check_integrity_on_open(true);
    let database = builder.create_with_backend(FileBackend::new(file)?)?;
    let kept = all(&database)?;
    Ok((database, kept))
}

/// Everything that a database holds.
fn all(database: &impl ReadableDatabase) -> Result<Vec<(String, String)>, redb::Error> {
    let reading = database.begin_read()?;
    let table = match reading.open_table(TABLE) {
        Ok(table) => table,
        Err(TableError::TableDoesNotExist(_)) => return Ok(Vec::new()),
        Err(error) => return Err(error.into()),
    };
    let entry =
        |entry: Result<(redb::AccessGuard<'_, &str>, redb::AccessGuard<'_, &str>), redb::StorageError>| {
            let (key, value) = entry?;
            Ok((key.value().to_owned(), value.value().to_owned()))
        };
    table.iter()?.map(entry).collect()
}

/// Everything in the file at `path`, which cannot be written.
pub(super) fn read(path: &Path) -> Option<Vec<(String, String)>> {
    let kept = protected(|| all(&Builder::new().set_cache_size(CACHE_BYTES).open_read_only(path)?));
    kept.ok()
}

impl Open {
    /// Whether its file is still the one at `path`.
    pub(super) fn is_at(&self, path: &Path) -> bool {
        self.identity.is_some() && identity_at(path) == self.identity
    }

    /// Writes all of `keepings`, or none; they have reached the disk then.
    pub(super) fn keep<'k>(
        &self,
        keepings: impl IntoIterator<Item = (&'k str, &'k str)>,
    ) -> Result<(), Trouble> {
        let written = protected(|| {
            let writing = self.database.begin_write()?;
            {
                let mut table = writing.open_table(TABLE)?;
                for (key, value) in keepings {
                    if value.is_empty() {
                        table.remove(key)?;
                    } else {
                        table.insert(key, value)?;
                    }
                }
            }
            Ok(writing.commit()?)
        });
        written.map_err(|flaw| match flaw {
            Flaw::Refused(trouble) => trouble,
            Flaw::Unreadable(why) => Trouble::new(StoreFault::Failed, why),
        })
    }
}

impl Keeping {
    /// The key and the value.
    pub(super) fn entry(&self) -> (&str, &str) {
        (&self.key, &self.value)
    }
}
