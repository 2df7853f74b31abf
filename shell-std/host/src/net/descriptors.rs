//! File descriptors, of which each link needs one. Those that the service itself needs are kept from the clients'
//! connections: a phone system that comes back must be reached however many clients are there.

use core::fmt;
use std::{fs, io};

use rustix::io::Errno;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// What the process itself needs beside its listening sockets: the event loop, signals, a recording and its next
/// segment, the control socket with its conversations, the store.
const OWN: usize = 26;
/// What each connection to a phone system needs: its socket, the one before while it closes, and the files and sockets
/// of name resolution.
const PER_CONNECTION: usize = 6;
/// What a listening socket needs: itself, and a connection that is about to be refused.
const PER_LISTENER: usize = 2;
/// The descriptors presumed open if the system does not say: standard input, output and error.
const STANDARD: usize = 3;

/// Raises the limit on open files to what the system allows this process. The usual limit of 1,024 exists for programs
/// that use `select`.
pub(crate) fn raise_limit() {
    let Rlimit { current: _, maximum } = getrlimit(Resource::Nofile);
    // If that is refused, the limit stays as it was, and fewer links are carried.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// The descriptors of the process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Descriptors {
    /// How many it may have open; `usize::MAX` if there is no limit.
    limit: usize,
    /// How many of them are not for clients' links.
    reserved: usize,
}

impl Descriptors {
    /// Those of this process, which is about to open so many listening sockets, and connections to phone systems.
    pub(crate) fn of_process(listeners: usize, connections: usize) -> Self {
        let limit = getrlimit(Resource::Nofile)
            .current
            .map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let open = fs::read_dir("/proc/self/fd").map_or(STANDARD, Iterator::count);
        Self { limit, reserved: Self::reserved(open, listeners, connections) }
    }

    const fn reserved(open: usize, listeners: usize, connections: usize) -> usize {
        open.saturating_add(OWN)
            .saturating_add(listeners.saturating_mul(PER_LISTENER))
            .saturating_add(connections.saturating_mul(PER_CONNECTION))
    }

    /// How many are left for clients' links: at least one.
    pub(crate) fn for_links(self) -> usize {
        self.limit.saturating_sub(self.reserved).max(1)
    }
}

impl fmt::Display for Descriptors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "the system allows {} open files, {} of which are reserved for phone systems, control and recording",
            self.limit, self.reserved
        )
    }
}

/// Whether an error means that there is no descriptor left.
pub(crate) fn is_exhausted(error: &io::Error) -> bool {
    matches!(Errno::from_io_error(error), Some(Errno::MFILE | Errno::NFILE))
}

/// An error of the system, in which a lack of descriptors is named as the manuals do.
pub(crate) struct Named<'a>(pub(crate) &'a io::Error);

impl fmt::Display for Named<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match Errno::from_io_error(self.0) {
            Some(Errno::MFILE) => "EMFILE: this process has no descriptor left (ulimit -n): ",
            Some(Errno::NFILE) => "ENFILE: the system has no descriptor left (fs.file-max): ",
            _ => "",
        };
        write!(f, "{name}{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_service_needs_is_not_for_links() {
        let descriptors = |limit, connections| {
            let reserved = Descriptors::reserved(3, 2, connections);
            Descriptors { limit, reserved }.for_links()
        };
        assert_eq!(
            (descriptors(64, 1), descriptors(1_024, 8)),
            (64 - 3 - 26 - 4 - 6, 1_024 - 3 - 26 - 4 - 48)
        );
        assert_eq!((descriptors(20, 1), descriptors(usize::MAX, 1)), (1, usize::MAX - 39));
        let ours = Descriptors::of_process(1, 1);
        assert!(ours.reserved > OWN + PER_CONNECTION + PER_LISTENER, "{ours:?}");
    }

    #[test]
    fn a_lack_of_descriptors_is_named() {
        let of = |errno: Errno| io::Error::from(errno);
        assert!(Named(&of(Errno::MFILE)).to_string().starts_with("EMFILE: "));
        assert!(Named(&of(Errno::NFILE)).to_string().starts_with("ENFILE: "));
        let other = of(Errno::CONNREFUSED);
        assert_eq!(Named(&other).to_string(), other.to_string());
        assert!(is_exhausted(&of(Errno::MFILE)) && !is_exhausted(&other));
    }
}
