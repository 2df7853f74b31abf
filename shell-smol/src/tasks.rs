//! The tasks of one machine's links.

use core::net::SocketAddr;
use std::collections::BTreeMap;
use std::io;
use std::net::{TcpStream, UdpSocket};
use std::rc::Rc;
use std::sync::Arc;

use ctigate_core::{LinkId, ListenerId};
use ctigate_host::net::links::Carrier;
use ctigate_host::net::write_queue::WriteQueue;
use ctigate_host::shell::{Listener, Socket};
use smol::{Async, LocalExecutor, Task};

use crate::reading::{self, Buffer};
use crate::run::Inlet;

/// Starts the tasks that wait.
pub(crate) struct Tasks {
    executor: Rc<LocalExecutor<'static>>,
    inlet: Inlet,
    buffer: Buffer,
    udp: BTreeMap<ListenerId, Rc<Async<UdpSocket>>>,
    /// The tasks that serve listening sockets; they end when this is dropped.
    serving: Vec<Task<()>>,
}

impl Tasks {
    pub(crate) fn new(executor: Rc<LocalExecutor<'static>>, inlet: Inlet) -> Self {
        Self { executor, inlet, buffer: Buffer::default(), udp: BTreeMap::new(), serving: Vec::new() }
    }
}

impl Carrier for Tasks {
    type Socket = Async<TcpStream>;

    fn stream(socket: &Async<TcpStream>) -> &TcpStream {
        socket.get_ref()
    }

    fn listen(&mut self, listener: Listener) -> io::Result<()> {
        let Listener { id, address: _, socket } = listener;
        let inlet = self.inlet.clone();
        let task = match socket {
            Socket::Tcp(socket) => self.executor.spawn(reading::accept(id, Async::new(socket)?, inlet)),
            Socket::Udp(socket) => {
                let socket = Rc::new(Async::new(socket)?);
                self.udp.insert(id, Rc::clone(&socket));
                self.executor.spawn(reading::datagrams(id, socket, inlet))
            }
        };
        self.serving.push(task);
        Ok(())
    }

    fn read(&mut self, link: LinkId, socket: Arc<Async<TcpStream>>) -> io::Result<()> {
        let (inlet, buffer) = (self.inlet.clone(), self.buffer.clone());
        self.executor.spawn(reading::read(link, socket, inlet, buffer)).detach();
        Ok(())
    }

    fn write(&mut self, socket: Arc<Async<TcpStream>>, write_queue: Arc<WriteQueue>) -> io::Result<()> {
        let writing = async move {
            // If waiting fails, the next write returns the reason.
            while write_queue.write(socket.get_ref()) {
                let _ = socket.writable().await;
            }
        };
        self.executor.spawn(writing).detach();
        Ok(())
    }

    fn connect(&mut self, link: LinkId, address: String) -> io::Result<()> {
        self.executor.spawn(reading::connect(link, address, self.inlet.clone())).detach();
        Ok(())
    }

    fn send_datagram(&self, listener: ListenerId, peer: SocketAddr, bytes: &[u8]) {
        if let Some(socket) = self.udp.get(&listener) {
            // A datagram that cannot be sent is lost, as any datagram may be: the transaction layer retransmits it.
            let _ = socket.get_ref().send_to(bytes, peer);
        }
    }

    fn stop_listening(&mut self) {
        self.serving.clear();
    }
}
