//! System calls for stream connections that both shells use, and the meaning of their errors.

use core::time::Duration;
use std::io::{self, ErrorKind};
use std::net::TcpStream;

use ctigate_core::Closed;
use rustix::io::Errno;
use rustix::net::sockopt::{
    set_socket_keepalive, set_tcp_keepidle, set_tcp_keepintvl, set_tcp_nodelay, set_tcp_user_timeout,
};
use rustix::net::{SendFlags, send};

/// After so long without a word from the peer the system asks whether it is still there.
const KEEP_ALIVE_IDLE: Duration = Duration::from_secs(30);

/// How often the system asks again; it gives the peer up after the time that [`prepare`] sets.
const KEEP_ALIVE_INTERVAL: Duration = Duration::from_secs(5);

/// Sets the options of a connection that was just opened. Writes go out at once (`TCP_NODELAY`), and the system gives
/// the connection up if the peer takes none of the bytes that wait for it for `stalled`, whether it is silent or has no
/// room (`TCP_USER_TIMEOUT`). By default the system would try for a quarter of an hour, or for ever.
///
/// # Errors
/// If the connection is gone already.
pub(crate) fn prepare(stream: &TcpStream, stalled: Duration) -> io::Result<()> {
    set_tcp_nodelay(stream, true)?;
    let millis = u32::try_from(stalled.as_millis()).unwrap_or(u32::MAX);
    set_tcp_user_timeout(stream, millis)?;
    Ok(())
}

/// Has the system find out whether the peer of a connection that we opened is still there (TCP keep-alive): a phone
/// system may answer no heartbeats.
///
/// # Errors
/// If the connection is gone already.
pub(crate) fn keep_alive(stream: &TcpStream) -> io::Result<()> {
    set_socket_keepalive(stream, true)?;
    set_tcp_keepidle(stream, KEEP_ALIVE_IDLE)?;
    set_tcp_keepintvl(stream, KEEP_ALIVE_INTERVAL)?;
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

/// Why a connection ended, by the error from reading or writing it.
#[must_use]
#[expect(clippy::wildcard_enum_match_arm, reason = "there are more errors than a machine could make use of")]
pub fn why_broken(error: &io::Error) -> Closed {
    match error.kind() {
        ErrorKind::TimedOut => Closed::TooSlow,
        // The system's errors for a peer that vanished, if it knows more than that nothing was acknowledged.
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable => Closed::Unreachable,
        _ => Closed::Broken,
    }
}

/// Why a connection was not opened, by the error.
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
    fn the_system_asks_whether_the_peer_of_a_connection_that_we_opened_is_there() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        prepare(&stream, Duration::from_secs(10)).unwrap();
        assert!(!rustix::net::sockopt::socket_keepalive(&stream).unwrap());
        keep_alive(&stream).unwrap();
        assert!(rustix::net::sockopt::socket_keepalive(&stream).unwrap());
        assert_eq!(rustix::net::sockopt::tcp_keepidle(&stream).unwrap(), KEEP_ALIVE_IDLE);
        assert_eq!(rustix::net::sockopt::tcp_keepintvl(&stream).unwrap(), KEEP_ALIVE_INTERVAL);
    }

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
