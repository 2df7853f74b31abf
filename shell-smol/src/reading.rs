//! The tasks that wait: for connections, for bytes, for datagrams. Each posts what it got to the machine's inbox.

use core::cell::RefCell;
use core::net::SocketAddr;
use std::io::{self, ErrorKind, Read};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::rc::Rc;

use ctigate_core::{Closed, LinkId, ListenerId};
use ctigate_host::shell::{ACCEPT_PAUSE, CONNECT_LIMIT, DATAGRAM_BYTES, READ_BYTES, Spoken};
use smol::channel::Sender;
use smol::{Async, Timer, future, net};

/// The most buffers kept for reading when nobody reads.
const SPARE_BUFFERS: usize = 64;

/// What happened, on its way to the machine.
pub(crate) enum Message {
    /// A connection was accepted.
    Accepted { listener: ListenerId, stream: Async<TcpStream>, peer: SocketAddr },
    /// A connection that was asked for is open.
    Connected { link: LinkId, stream: Async<TcpStream>, peer: SocketAddr },
    /// A connection that was asked for could not be opened.
    Unconnected { link: LinkId, why: Closed },
    /// The first `length` bytes of `buffer` arrived; the buffer is to be given back.
    Read { link: LinkId, buffer: Vec<u8>, length: usize },
    /// Nothing more will arrive.
    Closed { link: LinkId, why: Closed },
    /// A datagram arrived.
    Datagram { listener: ListenerId, peer: SocketAddr, bytes: Vec<u8> },
    /// A command was said, or a question.
    Said(Spoken),
    /// Accepting or receiving failed, and is tried again after a pause.
    Trouble { listener: ListenerId, error: io::Error },
}

/// Buffers for reading. A link has one only while there is something to read, so that idle links cost none.
#[derive(Clone, Default)]
pub(crate) struct Buffers(Rc<RefCell<Vec<Vec<u8>>>>);

impl Buffers {
    fn take(&self) -> Vec<u8> {
        self.0.borrow_mut().pop().unwrap_or_else(|| vec![0; READ_BYTES])
    }

    /// Takes a buffer back.
    pub(crate) fn give_back(&self, buffer: Vec<u8>) {
        let mut spare = self.0.borrow_mut();
        if spare.len() < SPARE_BUFFERS {
            spare.push(buffer);
        }
    }
}

/// Accepts as long as the task lives.
pub(crate) async fn accept(id: ListenerId, socket: Async<TcpListener>, post: Sender<Message>) {
    loop {
        let message = match socket.accept().await {
            Ok((stream, peer)) => Message::Accepted { listener: id, stream, peer },
            Err(error) if transient(&error) => continue,
            Err(error) => {
                Timer::after(ACCEPT_PAUSE).await;
                Message::Trouble { listener: id, error }
            }
        };
        if post.send(message).await.is_err() {
            return;
        }
    }
}

/// Receives datagrams as long as the task lives.
pub(crate) async fn datagrams(id: ListenerId, socket: Rc<Async<UdpSocket>>, post: Sender<Message>) {
    let mut buffer = vec![0; DATAGRAM_BYTES];
    loop {
        let message = match socket.recv_from(&mut buffer).await {
            Ok((length, peer)) => {
                let bytes = buffer.get(..length).unwrap_or_default().to_vec();
                Message::Datagram { listener: id, peer, bytes }
            }
            Err(error) if transient(&error) => continue,
            Err(error) => {
                Timer::after(ACCEPT_PAUSE).await;
                Message::Trouble { listener: id, error }
            }
        };
        if post.send(message).await.is_err() {
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

/// Reads a link to its end. Once the machine has closed it, what still comes is read and forgotten: bytes left unread
/// would make the system answer with a reset, which can overtake our last words.
pub(crate) async fn read(
    link: LinkId,
    stream: Rc<Async<TcpStream>>,
    post: Sender<Message>,
    buffers: Buffers,
) {
    loop {
        if stream.readable().await.is_err() {
            break;
        }
        let mut buffer = buffers.take();
        let message = match stream.get_ref().read(&mut buffer) {
            Ok(0) => Message::Closed { link, why: Closed::ByPeer },
            Ok(length) => Message::Read { link, buffer, length },
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                buffers.give_back(buffer);
                continue;
            }
            Err(_) => Message::Closed { link, why: Closed::Broken },
        };
        let over = matches!(message, Message::Closed { .. });
        if post.send(message).await.is_err() || over {
            return;
        }
    }
    // The machine is told; it may be gone as well.
    let _ = post.send(Message::Closed { link, why: Closed::Broken }).await;
}

/// Opens a connection, name resolution included, within one time limit.
pub(crate) async fn connect(link: LinkId, address: String, post: Sender<Message>) {
    let limit = async {
        Timer::after(CONNECT_LIMIT).await;
        Err(Closed::TimedOut)
    };
    let message = match future::or(connected(&address), limit).await {
        Ok((stream, peer)) => Message::Connected { link, stream, peer },
        Err(why) => Message::Unconnected { link, why },
    };
    // Nobody listens any more: the stream is closed.
    let _ = post.send(message).await;
}

/// Tries every address the name has, in order.
async fn connected(address: &str) -> Result<(Async<TcpStream>, SocketAddr), Closed> {
    let addresses = net::resolve(address).await.map_err(|_| Closed::NameUnknown)?;
    let mut why = Closed::NameUnknown;
    for peer in addresses {
        match Async::<TcpStream>::connect(peer).await {
            Ok(stream) => return Ok((stream, peer)),
            Err(error) if error.kind() == ErrorKind::TimedOut => why = Closed::TimedOut,
            Err(_) => why = Closed::Refused,
        }
    }
    Err(why)
}
