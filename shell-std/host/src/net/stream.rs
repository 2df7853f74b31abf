//! What both shells ask of the operating system for a stream connection, and what its errors mean.

use core::time::Duration;
use std::io::{self, ErrorKind};
use std::net::TcpStream;

use ctigate_core::Closed;
use rustix::io::Errno;
use rustix::net::sockopt::{set_tcp_nodelay, set_tcp_user_timeout};
use rustix::net::{SendFlags, send};

/// Makes a connection that was just opened fit for a machine: what is written goes out at once, and the system gives the
/// connection up when bytes wait for the peer and it took none for as long as `stalled`, whether it is silent or says
/// that it has no room. Left alone, the system tries for a quarter of an hour, or for ever.
///
/// # Errors
/// The connection is gone already.
pub(crate) fn prepare(stream: &TcpStream, stalled: Duration) -> io::Result<()> {
    set_tcp_nodelay(stream, true)?;
    let millis = u32::try_from(stalled.as_millis()).unwrap_or(u32::MAX);
    set_tcp_user_timeout(stream, millis)?;
    Ok(())
}

/// Writes as much of `bytes` as the connection takes at once.
///
/// # Errors
/// Why the connection has ended.
pub(crate) fn write_now(stream: &TcpStream, bytes: &[u8]) -> Result<usize, Closed> {
    let mut sent: usize = 0;
    while let Some(rest) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
        match send(stream, rest, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
            Ok(length) => sent = sent.saturating_add(length),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => break,
            Err(error) => return Err(why_broken(&error.into())),
        }
    }
    Ok(sent)
}

/// Why a connection ended, by the error met when reading or writing it.
#[must_use]
#[expect(clippy::wildcard_enum_match_arm, reason = "there are more errors than a machine could make use of")]
pub fn why_broken(error: &io::Error) -> Closed {
    match error.kind() {
        ErrorKind::TimedOut => Closed::TooSlow,
        // What the system says of a peer that vanished, where it knows more than that nothing was taken.
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Closed::Unreachable,
        _ => Closed::Broken,
    }
}

/// Why a connection was not opened, as the machine is told.
#[must_use]
#[expect(clippy::wildcard_enum_match_arm, reason = "there are more errors than a machine could make use of")]
pub fn why_unopened(error: &io::Error) -> Closed {
    match error.kind() {
        ErrorKind::ConnectionRefused => Closed::Refused,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            Closed::Unreachable
        }
        ErrorKind::TimedOut => Closed::TimedOut,
        _ => Closed::Broken,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_machine_is_told_honestly_why_a_connection_was_not_opened() {
        for (kind, why) in [
            (ErrorKind::ConnectionRefused, Closed::Refused),
            (ErrorKind::HostUnreachable, Closed::Unreachable),
            (ErrorKind::NetworkUnreachable, Closed::Unreachable),
            (ErrorKind::TimedOut, Closed::TimedOut),
            (ErrorKind::ConnectionReset, Closed::Broken),
            (ErrorKind::PermissionDenied, Closed::Broken),
        ] {
            assert_eq!(why_unopened(&io::Error::from(kind)), why);
        }
    }
}
