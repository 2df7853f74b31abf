//! The tasks that wait: for connections, for bytes, for datagrams, for commands. Each hands what it got to the machine.

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

/// The buffer that all links of a machine are read with: what one task reads, it hands on before another reads.
#[derive(Clone)]
pub(crate) struct Buffer(Rc<RefCell<Vec<u8>>>);

impl Default for Buffer {
    fn default() -> Self {
        Self(Rc::new(RefCell::new(vec![0; READ_BYTES])))
    }
}

/// Accepts as long as the task lives.
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

/// Errors that say nothing about the listening socket: a peer that went away before we looked.
fn transient(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Interrupted
            | ErrorKind::ConnectionAborted
            | ErrorKind::ConnectionReset
            | ErrorKind::ConnectionRefused
    )
}

/// Hands on what is spoken as long as the task lives.
pub(crate) async fn spoken(heard: Receiver<Spoken>, inlet: Inlet) {
    while let Ok(spoken) = heard.recv().await {
        if !inlet.hand(Message::Said(spoken)) {
            return;
        }
    }
}

/// Reads a link to its end. A peer that asks faster than it takes the answers is not read until it has taken some.
pub(crate) async fn read(link: LinkId, socket: Arc<Async<TcpStream>>, inlet: Inlet, buffer: Buffer) {
    let mut known = true;
    let why = loop {
        if socket.readable().await.is_err() {
            break Closed::Broken;
        }
        let read = {
            let mut buffer = buffer.0.borrow_mut();
            let read = socket.get_ref().read(&mut buffer);
            // Once we have closed the link, what still comes is read and forgotten: bytes left unread would make the
            // system answer with a reset, which can overtake our last words.
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
    // The machine may have come to its end as well.
    inlet.hand(Message::Closed { link, why });
}

/// Opens a connection, name resolution included, within one time limit.
pub(crate) async fn connect(link: LinkId, address: String, inlet: Inlet) {
    let limit = async {
        Timer::after(CONNECT_LIMIT).await;
        Err(Closed::TimedOut)
    };
    let message = match future::or(connected(&address), limit).await {
        Ok((socket, peer)) => Message::Connected { link, socket, peer },
        Err(why) => Message::Unconnected { link, why },
    };
    // Nobody listens any more: the stream is closed.
    inlet.hand(message);
}

/// Tries every address the name has, in order.
async fn connected(address: &str) -> Result<(Async<TcpStream>, SocketAddr), Closed> {
    let addresses = net::resolve(address).await.map_err(|_| Closed::NameUnknown)?;
    let mut why = Closed::NameUnknown;
    for peer in addresses {
        match Async::<TcpStream>::connect(peer).await {
            Ok(stream) => return Ok((stream, peer)),
            Err(error) => why = why_unopened(&error),
        }
    }
    Err(why)
}
