//! The limit on file descriptors, of which each link needs one. The usual limit of 1,024 exists for programs that use
//! `select`.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit on open files to what the system allows this process.
pub(crate) fn raise_limit() {
    let Rlimit { current: _, maximum } = getrlimit(Resource::Nofile);
    // If that is refused, the limit stays as it was, and connections beyond it are refused.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
