//! The files that we make. All of them may hold names and numbers of people.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// Only its owner may read and write it.
pub(crate) const MODE: u32 = 0o600;

/// Creates a file that is its owner's alone.
///
/// # Errors
/// If there is one of this name, or the system refuses.
pub(crate) fn create(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_file_that_we_make_is_its_owners_alone_and_none_is_overwritten() {
        let path = std::env::temp_dir().join(format!("ctigate-files-{}", std::process::id()));
        let mode = create(&path).and_then(|file| file.metadata()).unwrap().permissions().mode();
        let again = create(&path).unwrap_err().kind();
        fs::remove_file(&path).unwrap();
        assert_eq!((mode & 0o777, again), (MODE, io::ErrorKind::AlreadyExists));
    }
}
