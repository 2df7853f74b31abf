//! Every link is a file descriptor; the usual limit of 1,024 is for programs that wait with `select`.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Raises the limit on open files to what the system allows this process.
pub(crate) fn raise_limit() {
    let Rlimit { current: _, maximum } = getrlimit(Resource::Nofile);
    // If that is refused, the limit stays as it was, and links beyond it are refused when they come.
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}
