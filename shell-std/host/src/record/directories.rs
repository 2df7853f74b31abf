//! The directories that a recording names, each in a file of its own beside it.

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use ctigate_core::line::directory::Directory;
use ctigate_core::trace::directory_file;

use super::files;

/// Stores a directory in `folder`, unless it is there. The file is whole or not there.
///
/// # Errors
/// If the system refuses.
pub(crate) fn store(folder: &Path, directory: &Directory) -> io::Result<()> {
    let path = folder.join(directory_file(directory.hash()));
    if fs::exists(&path)? {
        return Ok(());
    }
    let mut text = String::new();
    directory.write(&mut text);
    // Another process may store the same.
    let part = path.with_extension(format!("{}.part", std::process::id()));
    // A process of this number may have left one.
    let _ = fs::remove_file(&part);
    let mut file = files::create(&part)?;
    let written = file.write_all(text.as_bytes()).and_then(|()| fs::rename(&part, &path));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

/// Reads the directory with this hash from the file beside a recording; `None` if there is none, or it is another one.
pub(crate) fn find(folder: &Path, hash: u128) -> Option<Arc<Directory>> {
    let path = folder.join(directory_file(hash));
    let text = fs::read_to_string(&path).ok()?;
    let directory = Directory::read(&text, &path.display().to_string()).ok()?;
    (directory.hash() == hash).then(|| Arc::new(directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_is_stored_once_and_found_by_its_hash() {
        let folder = std::env::temp_dir().join(format!("ctigate-directories-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let directory = Directory::read("ctigate directory 1\nuser alice\n", "test").unwrap();
        store(&folder, &directory).unwrap();
        let path = folder.join(directory_file(directory.hash()));
        let first = fs::metadata(&path).unwrap().modified().unwrap();
        store(&folder, &directory).unwrap();
        let again = fs::metadata(&path).unwrap().modified().unwrap();
        let found = find(&folder, directory.hash());
        fs::write(&path, "ctigate directory 1\nuser bob\n").unwrap();
        let edited = find(&folder, directory.hash());
        let files = fs::read_dir(&folder).unwrap().count();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!((first, files), (again, 1));
        assert_eq!((found.as_deref(), edited), (Some(&directory), None), "an edited one is another");
        assert_eq!(find(&folder, directory.hash()), None);
    }
}
