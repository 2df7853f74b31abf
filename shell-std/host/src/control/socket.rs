//! The socket in the file system.

use std::fs::{self, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use rustix::io::Errno;
use rustix::net::{
    AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, connect, listen, socket_with,
};

use crate::record::files;

/// The connections that may wait to be accepted.
const WAITING: i32 = 16;

/// A listening control socket; dropping it removes its path.
pub(crate) struct ControlSocket {
    path: PathBuf,
    listener: UnixListener,
    /// Device and inode of the file, to recognize that it is still this socket.
    identity: (u64, u64),
}

impl ControlSocket {
    /// Creates the socket at `path`. A stale one, on which nobody listens, is replaced.
    ///
    /// # Errors
    /// A message, if another process listens there, or the system refuses.
    pub(crate) fn open(path: &Path) -> Result<Self, String> {
        let complaint = |why: &dyn core::fmt::Display| {
            format!("control.socket: cannot listen on {}: {why}", path.display())
        };
        match fs::symlink_metadata(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(complaint(&error)),
            Ok(there) if !there.file_type().is_socket() => {
                return Err(complaint(&"there is a file that is not a socket"));
            }
            Ok(_) => match reach(path) {
                Ok(_) | Err(Errno::AGAIN) => {
                    return Err(complaint(&"a program answers there (is another ctigate running?)"));
                }
                // Nobody listens: its process ended without removing it.
                Err(Errno::CONNREFUSED) => {
                    fs::remove_file(path).map_err(|error| complaint(&error))?;
                }
                Err(errno) => return Err(complaint(&io::Error::from(errno))),
            },
        }
        Self::make(path).map_err(|error| complaint(&error))
    }

    fn make(path: &Path) -> io::Result<Self> {
        let socket = socket()?;
        bind(&socket, &SocketAddrUnix::new(path)?)?;
        // Nobody can connect before it listens, and the mode is set by then.
        let listens = fs::set_permissions(path, Permissions::from_mode(files::MODE))
            .and_then(|()| Ok(listen(&socket, WAITING)?))
            .and_then(|()| fs::symlink_metadata(path));
        match listens {
            Ok(there) => {
                let listener = UnixListener::from(socket);
                listener.set_nonblocking(false)?;
                Ok(Self { path: path.to_owned(), listener, identity: (there.dev(), there.ino()) })
            }
            Err(error) => {
                // The first error is the one to report.
                let _ = fs::remove_file(path);
                Err(error)
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The listening socket, for a thread of its own.
    pub(super) fn listener(&self) -> io::Result<UnixListener> {
        self.listener.try_clone()
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        let ours =
            fs::symlink_metadata(&self.path).is_ok_and(|there| (there.dev(), there.ino()) == self.identity);
        if ours {
            // If it cannot be removed, the next program replaces it.
            let _ = fs::remove_file(&self.path);
        }
    }
}

fn socket() -> rustix::io::Result<OwnedFd> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
}

/// Connects to the socket at `path`, without waiting.
///
/// # Errors
/// [`Errno::CONNREFUSED`] if nobody listens; [`Errno::AGAIN`] if too many connections wait to be accepted.
pub(super) fn reach(path: &Path) -> rustix::io::Result<UnixStream> {
    let socket = socket()?;
    connect(&socket, &SocketAddrUnix::new(path)?)?;
    let stream = UnixStream::from(socket);
    stream.set_nonblocking(false).map_err(|_| Errno::IO)?;
    Ok(stream)
}
