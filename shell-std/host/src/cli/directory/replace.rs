//! Replaces a file as a whole: whoever reads it finds the old text or the new one, also if the system fails meanwhile.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::process;

/// Writes `text` to the file, whose permissions are kept if it is there.
///
/// # Errors
/// Why it cannot be written; the file is as it was.
pub(crate) fn replace(path: &Path, text: &str) -> io::Result<()> {
    // A link is not replaced, but what it leads to.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let there = fs::metadata(&path).ok();
    if there.as_ref().is_some_and(|there| !there.is_file()) {
        return Err(io::Error::other("it is no regular file"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let new = folder.join(format!(".{name}.{}.new", process::id()));
    let written = write(&new, text).and_then(|()| {
        if let Some(there) = there {
            fs::set_permissions(&new, there.permissions())?;
        }
        fs::rename(&new, &path)
    });
    if written.is_err() {
        // Nothing more can be done about it.
        let _ = fs::remove_file(&new);
        return written;
    }
    File::open(folder)?.sync_all()
}

fn write(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_file_is_replaced_whole_with_its_permissions_and_through_links() {
        let folder = std::env::temp_dir().join(format!("ctigate-replace-{}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (file, link) = (folder.join("a"), folder.join("b"));
        replace(&file, "one").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        symlink(&file, &link).unwrap();
        replace(&link, "two").unwrap();
        let said =
            (fs::read_to_string(&file).unwrap(), fs::metadata(&file).unwrap().permissions().mode() & 0o777);
        let is_link = fs::symlink_metadata(&link).unwrap().is_symlink();
        let refused = [replace(&folder, "x").is_err(), replace(&folder.join("no/such"), "x").is_err()];
        let left = fs::read_dir(&folder).unwrap().count();
        fs::remove_dir_all(&folder).unwrap();
        assert_eq!(said, ("two".into(), 0o600));
        assert!(is_link);
        assert_eq!((refused, left), ([true, true], 2));
    }
}
