//! The threads that wait for connections, bytes and datagrams. Each hands what it gets to the machine.

use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use std::io::{self, ErrorKind, Read};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::sync::Arc;
use std::thread;
use std::time::Instant as Monotonic;

use ctigate_core::{Closed, LinkId, ListenerId};
use ctigate_host::net::stream::{why_broken, why_unopened};
use ctigate_host::net::work::Message;
use ctigate_host::shell::{ACCEPT_PAUSE, CONNECT_LIMIT, DATAGRAM_BYTES, READ_BYTES};
use rustix::net::{RecvFlags, recvfrom};

use crate::run::Inlet;

/// The stack size of a thread that steps the machine. The system allocates it page by page, as it is used.
const STACK_BYTES: usize = 512 * 1024;

/// Starts a thread that waits.
pub(crate) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.into()).stack_size(STACK_BYTES).spawn(body).map(drop)
}

/// Accepts connections until told to stop.
pub(crate) fn accept(id: ListenerId, socket: &TcpListener, inlet: &Inlet, stopped: &AtomicBool) {
    loop {
        let accepted = socket.accept();
        if stopped.load(Ordering::Acquire) {
            return;
        }
        let message = match accepted {
            Ok((socket, peer)) => Message::Accepted { listener: id, socket, peer },
            Err(error) if transient(&error) => continue,
            Err(error) => {
                thread::sleep(ACCEPT_PAUSE);
                Message::Trouble { listener: id, error }
            }
        };
        if !inlet.hand(message) {
            return;
        }
    }
}

/// Receives datagrams until told to stop.
pub(crate) fn datagrams(id: ListenerId, socket: &UdpSocket, inlet: &Inlet, stopped: &AtomicBool) {
    let mut buffer = vec![0; DATAGRAM_BYTES];
    loop {
        let received = receive(socket, &mut buffer);
        if stopped.load(Ordering::Acquire) {
            return;
        }
        let message = match received {
            Ok(None) => continue,
            Ok(Some((length, peer))) => {
                let bytes = buffer.get(..length).unwrap_or_default();
                Message::Datagram { listener: id, peer, bytes }
            }
            Err(error) if transient(&error) => continue,
            Err(error) => {
                thread::sleep(ACCEPT_PAUSE);
                Message::Trouble { listener: id, error }
            }
        };
        if !inlet.hand(message) {
            return;
        }
    }
}

/// Waits for a datagram; returns its length and its sender. `None` if the socket was shut down to wake this thread:
/// then there is no sender, and the standard library's `recv_from` would panic.
fn receive(socket: &UdpSocket, buffer: &mut [u8]) -> io::Result<Option<(usize, SocketAddr)>> {
    let (length, _, sender) = recvfrom(socket, buffer, RecvFlags::empty())?;
    Ok(sender.and_then(|sender| SocketAddr::try_from(sender).ok()).map(|sender| (length, sender)))
}

/// Whether an error concerns a single peer, which has gone already, and not the listening socket.
fn transient(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Interrupted
            | ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
    )
}

/// Reads a link to its end. While a peer sends requests faster than it reads the answers, its link is not read.
pub(crate) fn read(link: LinkId, stream: &TcpStream, inlet: &Inlet) {
    let mut stream = stream;
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let message = match stream.read(&mut buffer) {
            Ok(0) => Message::Closed { link, why: Closed::ByPeer },
            Ok(length) => Message::Read { link, bytes: buffer.get(..length).unwrap_or_default() },
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => Message::Closed { link, why: why_broken(&error) },
        };
        let over = matches!(message, Message::Closed { .. });
        if !inlet.hand(message) {
            break;
        }
        if over {
            return;
        }
        while let Some(write_queue) = inlet.lagging(link) {
            write_queue.wait();
        }
    }
    // We closed the link. Unread bytes would make the system send a reset, which can overtake the last bytes we sent,
    // so the link is read until the peer closes it too or it is cut.
    while matches!(stream.read(&mut buffer), Ok(length) if length > 0) {}
}

/// Opens a connection, including name resolution, in a thread of its own.
pub(crate) fn connect(link: LinkId, address: String, inlet: Inlet) -> io::Result<()> {
    spawn("connect", move || {
        let message = match connected(&address) {
            Ok((socket, peer)) => Message::Connected { link, socket, peer },
            Err((why, error)) => Message::Unconnected { link, why, error },
        };
        // If the machine has ended, dropping the message closes the stream.
        inlet.hand(message);
    })
}

/// Tries every address of the name, in order, within one time limit.
fn connected(address: &str) -> Result<(TcpStream, SocketAddr), (Closed, Option<io::Error>)> {
    let limit = Monotonic::now().checked_add(CONNECT_LIMIT).ok_or((Closed::TimedOut, None))?;
    let addresses = address.to_socket_addrs().map_err(|error| (Closed::NameUnknown, Some(error)))?;
    let mut why = (Closed::NameUnknown, None);
    for peer in addresses {
        let left = limit.saturating_duration_since(Monotonic::now());
        if left.is_zero() {
            return Err((Closed::TimedOut, None));
        }
        match TcpStream::connect_timeout(&peer, left) {
            Ok(stream) => return Ok((stream, peer)),
            Err(error) => why = (why_unopened(&error), Some(error)),
        }
    }
    Err(why)
}

/// Starts the thread that serves a listening socket.
pub(crate) fn serve<S: Send + Sync + 'static>(
    id: ListenerId,
    socket: Arc<S>,
    inlet: Inlet,
    stopped: &Arc<AtomicBool>,
    body: fn(ListenerId, &S, &Inlet, &AtomicBool),
) -> io::Result<()> {
    let stopped = Arc::clone(stopped);
    spawn("listen", move || body(id, &socket, &inlet, &stopped))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_that_is_shut_down_wakes_its_thread_without_a_sender() {
        let socket = Arc::new(UdpSocket::bind("127.0.0.1:0").unwrap());
        let address = socket.local_addr().unwrap();
        let peer = UdpSocket::bind("127.0.0.1:0").unwrap();
        let waiting = Arc::clone(&socket);
        let thread = thread::spawn(move || {
            let mut buffer = [0; 16];
            // The sender of the first datagram must not be returned as that of the second.
            (receive(&waiting, &mut buffer).unwrap(), receive(&waiting, &mut buffer).unwrap())
        });
        peer.send_to(b"hello", address).unwrap();
        while !thread.is_finished() {
            // It fails, since the socket has no peer, but still wakes the reader.
            let _ = rustix::net::shutdown(&socket, rustix::net::Shutdown::Both);
            thread::sleep(core::time::Duration::from_millis(5));
        }
        assert_eq!(thread.join().unwrap(), (Some((5, peer.local_addr().unwrap())), None));
    }
}
