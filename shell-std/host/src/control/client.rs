//! The operator's end of the control socket.

use core::fmt::Display;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use rustix::io::Errno;

use super::{ANSWER_BYTES, PATIENCE, Request, socket};

/// The answer to a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reply {
    /// Whether the answer to a question is yes, or a command was carried out.
    pub(crate) yes: bool,
    pub(crate) text: String,
}

/// Sends a request to the control socket at `path`; returns the answer's text.
///
/// # Errors
/// A message, if nobody answers there or the request is refused.
#[cfg(test)]
pub(crate) fn ask(path: &Path, request: &Request) -> Result<String, String> {
    answer(path, request).map(|reply| reply.text)
}

/// Sends a request to the control socket at `path`.
///
/// # Errors
/// A message, if nobody answers there or the request is refused.
pub(crate) fn answer(path: &Path, request: &Request) -> Result<Reply, String> {
    let complaint = |why: &dyn Display| format!("{}: {why}", path.display());
    let answer = match socket::reach(path) {
        Ok(stream) => exchange(&stream, request).map_err(|error| {
            let late = matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
            if late { complaint(&"the gateway does not answer") } else { complaint(&error) }
        })?,
        Err(Errno::NOENT) => return Err(complaint(&"there is no such socket (is the gateway running?)")),
        Err(Errno::CONNREFUSED) => return Err(complaint(&"nobody answers there (is the gateway running?)")),
        Err(Errno::AGAIN) => return Err(complaint(&"too many requests at once")),
        Err(errno) => return Err(complaint(&io::Error::from(errno))),
    };
    let (verdict, text) = answer.split_once('\n').unwrap_or((&answer, ""));
    match verdict.split_once(' ') {
        None if verdict == "ok" || verdict == "no" => {
            Ok(Reply { yes: verdict == "ok", text: text.to_owned() })
        }
        Some(("failed", why)) if text.is_empty() => Err(complaint(&why)),
        Some(("failed", why)) => Err(complaint(&format_args!("{why}\n{}", text.trim_end()))),
        _ => Err(complaint(&"the program that answers there is not a gateway")),
    }
}

fn exchange(mut stream: &std::os::unix::net::UnixStream, request: &Request) -> io::Result<String> {
    stream.set_read_timeout(Some(request.patience()))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(format!("{request}\n").as_bytes())?;
    let mut answer = Vec::new();
    let limit = u64::try_from(ANSWER_BYTES).unwrap_or(u64::MAX);
    io::Read::take(&mut stream, limit).read_to_end(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
