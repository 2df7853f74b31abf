//! The tasks that wait for connections, bytes, datagrams and commands. Each hands what it gets to the machine.

use core::cell::RefCell;
use core::net::SocketAddr;
use std::io::{self, ErrorKind, Read};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::rc::Rc;
use std::sync::Arc;

use ctigate_core::{Closed, LinkId, ListenerId};
use ctigate_host::net::stream::{why_broken, why_unopened};
use ctigate_host::net::work::Message;
use ctigate_host::shell::{ACCEPT_PAUSE, CONNECT_LIMIT, DATAGRAM_BYTES, READ_BYTES, Spoken};
use smol::channel::Receiver;
use smol::{Async, Timer, future, net};

use crate::run::Inlet;

/// The read buffer that all links of a machine share: a task hands on what it has read before another task reads.
#[derive(Clone)]
pub(crate) struct Buffer(Rc<RefCell<Vec<u8>>>);

impl Default for Buffer {
    fn default() -> Self {
        Self(Rc::new(RefCell::new(vec![0; READ_BYTES])))
    }
}

/// Accepts connections as long as the task lives.
pub(crate) async fn accept(id: ListenerId, socket: Async<TcpListener>, inlet: Inlet) {
    loop {
        let message = match socket.accept().await {
            Ok((socket, peer)) => Message::Accepted { listener: id, socket, peer },
            Err(error) if transient(&error) => continue,
            Err(error) => {
                Timer::after(ACCEPT_PAUSE).await;
                Message::Trouble { listener: id, error }
            }
        };
        if !inlet.hand(message) {
            return;
        }
    }
}

/// Receives datagrams as long as the task lives.
pub(crate) async fn datagrams(id: ListenerId, socket: Rc<Async<UdpSocket>>, inlet: Inlet) {
    let mut buffer = vec![0; DATAGRAM_BYTES];
    loop {
        let message = match socket.recv_from(&mut buffer).await {
            Ok((length, peer)) => {
                let bytes = buffer.get(..length).unwrap_or_default();
                Message::Datagram { listener: id, peer, bytes }
            }
            Err(error) if transient(&error) => continue,
            Err(error) => {
                Timer::after(ACCEPT_PAUSE).await;
                Message::Trouble { listener: id, error }
            }
        };
        if !inlet.hand(message) {
            return;
        }
    }
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

/// Hands on commands and questions as long as the task lives.
pub(crate) async fn spoken(heard: Receiver<Spoken>, inlet: Inlet) {
    while let Ok(spoken) = heard.recv().await {
        if !inlet.hand(Message::Said(spoken)) {
            return;
        }
    }
}

/// Reads a link to its end. While a peer sends requests faster than it reads the answers, its link is not read.
pub(crate) async fn read(link: LinkId, socket: Arc<Async<TcpStream>>, inlet: Inlet, buffer: Buffer) {
    let mut known = true;
    let why = loop {
        if socket.readable().await.is_err() {
            break Closed::Broken;
        }
        let read = {
            let mut buffer = buffer.0.borrow_mut();
            let read = socket.get_ref().read(&mut buffer);
            // After we have closed the link, bytes that still come are read and dropped: unread bytes would make the
            // system send a reset, which can overtake the last bytes we sent.
            if let Ok(length @ 1..) = read
                && known
            {
                known = inlet.hand(Message::Read { link, bytes: buffer.get(..length).unwrap_or_default() });
            }
            read
        };
        match read {
            Ok(0) => break Closed::ByPeer,
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => break why_broken(&error),
        }
        while inlet.is_lagging(link) && socket.writable().await.is_ok() {}
    };
    // The machine may have ended as well.
    inlet.hand(Message::Closed { link, why });
}

/// Opens a connection, including name resolution, within one time limit.
pub(crate) async fn connect(link: LinkId, address: String, inlet: Inlet) {
    let limit = async {
        Timer::after(CONNECT_LIMIT).await;
        Err((Closed::TimedOut, None))
    };
    let message = match future::or(connected(&address), limit).await {
        Ok((socket, peer)) => Message::Connected { link, socket, peer },
        Err((why, error)) => Message::Unconnected { link, why, error },
    };
    // If the machine has ended, dropping the message closes the stream.
    inlet.hand(message);
}

/// Tries every address of the name, in order.
async fn connected(address: &str) -> Result<(Async<TcpStream>, SocketAddr), (Closed, Option<io::Error>)> {
    let addresses = net::resolve(address).await.map_err(|error| (Closed::NameUnknown, Some(error)))?;
    let mut why = (Closed::NameUnknown, None);
    for peer in addresses {
        match Async::<TcpStream>::connect(peer).await {
            Ok(stream) => return Ok((stream, peer)),
            Err(error) => why = (why_unopened(&error), Some(error)),
        }
    }
    Err(why)
}
