//! Moving a file aside that cannot be read.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// The most files that are kept aside.
const MOST: u32 = 999;

/// Moves the file at `path` aside, as `PATH.broken-N` with the first number that is free; returns where it is now.
///
/// # Errors
/// If the system refuses, or too many are there already.
pub(super) fn move_aside(path: &Path) -> io::Result<PathBuf> {
    for number in 1..=MOST {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".broken-{number}"));
        let to = PathBuf::from(name);
        if fs::symlink_metadata(&to).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            fs::rename(path, &to)?;
            return Ok(to);
        }
    }
    Err(io::Error::other(format!("there are {MOST} broken ones beside it already")))
}

/// What tells a file from one that took its place: device and inode.
pub(super) fn identity(file: &File) -> Option<(u64, u64)> {
    file.metadata().ok().map(|there| (there.dev(), there.ino()))
}

/// The same of the file at `path`.
pub(super) fn identity_at(path: &Path) -> Option<(u64, u64)> {
    fs::metadata(path).ok().map(|there| (there.dev(), there.ino()))
}

/// The name and number of a process that has locked the file at `path`, if the system says so.
pub(super) fn holder(path: &Path) -> Option<String> {
    let (_, inode) = identity_at(path)?;
    let locks = fs::read_to_string("/proc/locks").ok()?;
    let process = locks.lines().find_map(|line| holder_in(line, inode))?;
    let name = fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(format!("{} (process {process})", name.trim_end()))
}

/// The process in a line of `/proc/locks`, if it is about a lock on the whole file with this inode.
fn holder_in(line: &str, inode: u64) -> Option<u32> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [_, "FLOCK", _, _, process, file, ..] = words.as_slice() else { return None };
    let of = file.rsplit(':').next()?.parse::<u64>().ok()?;
    (of == inode).then(|| process.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_a_lock_is_read_from_the_systems_list() {
        let line = "12: FLOCK  ADVISORY  WRITE 4711 fe:01:131075 0 EOF";
        assert_eq!(holder_in(line, 131_075), Some(4711));
        assert_eq!(holder_in(line, 131_076), None);
        assert_eq!(holder_in("12: -> FLOCK  ADVISORY  WRITE 4711 fe:01:131075 0 EOF", 131_075), None);
        assert_eq!(holder_in("1: POSIX  ADVISORY  WRITE 4711 fe:01:131075 0 EOF", 131_075), None);
        assert_eq!(holder_in("", 0), None);
    }
}
