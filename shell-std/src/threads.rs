//! The threads of one machine's links.

use core::net::SocketAddr;
use core::sync::atomic::{AtomicBool, Ordering};
use std::collections::BTreeMap;
use std::io;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;

use ctigate_core::{LinkId, ListenerId};
use ctigate_host::net::links::Carrier;
use ctigate_host::net::write_queue::WriteQueue;
use ctigate_host::shell::{Listener, Socket};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::net::{SendFlags, sendto};

use crate::reading::{self, spawn};
use crate::run::Inlet;

/// Starts the threads that wait.
pub(crate) struct Threads {
    inlet: Inlet,
    tcp: Vec<Arc<TcpListener>>,
    udp: BTreeMap<ListenerId, Arc<UdpSocket>>,
    stopped: Arc<AtomicBool>,
}

impl Threads {
    pub(crate) fn new(inlet: Inlet) -> Self {
        Self { inlet, tcp: Vec::new(), udp: BTreeMap::new(), stopped: Arc::new(AtomicBool::new(false)) }
    }
}

impl Carrier for Threads {
    type Socket = TcpStream;

    fn stream(socket: &TcpStream) -> &TcpStream {
        socket
    }

    fn listen(&mut self, listener: Listener) -> io::Result<()> {
        let Listener { id, address: _, socket } = listener;
        let inlet = self.inlet.clone();
        match socket {
            Socket::Tcp(socket) => {
                let socket = Arc::new(socket);
                self.tcp.push(Arc::clone(&socket));
                reading::serve(id, socket, inlet, &self.stopped, reading::accept)
            }
            Socket::Udp(socket) => {
                let socket = Arc::new(socket);
                self.udp.insert(id, Arc::clone(&socket));
                reading::serve(id, socket, inlet, &self.stopped, reading::datagrams)
            }
        }
    }

    fn read(&mut self, link: LinkId, socket: Arc<TcpStream>) -> io::Result<()> {
        let inlet = self.inlet.clone();
        spawn("read", move || reading::read(link, &socket, &inlet))
    }

    fn write(&mut self, socket: Arc<TcpStream>, write_queue: Arc<WriteQueue>) -> io::Result<()> {
        spawn("write", move || {
            while write_queue.write(&socket) {
                // If waiting fails, the next write returns the reason.
                let _ = poll(&mut [PollFd::new(&socket, PollFlags::OUT)], None);
            }
        })
    }

    fn connect(&mut self, link: LinkId, address: String) -> io::Result<()> {
        reading::connect(link, address, self.inlet.clone())
    }

    fn send_datagram(&self, listener: ListenerId, peer: SocketAddr, bytes: &[u8]) {
        if let Some(socket) = self.udp.get(&listener) {
            // A datagram that cannot be sent is lost, as any datagram may be: the transaction layer retransmits it.
            let _ = sendto(socket, bytes, SendFlags::DONTWAIT | SendFlags::NOSIGNAL, &peer);
        }
    }

    fn stop_listening(&mut self) {
        self.stopped.store(true, Ordering::Release);
        // Wakes the threads that serve the listening sockets, so that they end.
        for socket in &self.tcp {
            let _ = rustix::net::shutdown(socket, rustix::net::Shutdown::Both);
        }
        for socket in self.udp.values() {
            let _ = rustix::net::shutdown(socket, rustix::net::Shutdown::Both);
        }
    }
}
