//! A relay between the gateway and the manager interface, which passes every byte on, closes its connections, or lets
//! no byte through.

use core::sync::atomic::{AtomicBool, Ordering};
use core::time::Duration;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

#[derive(Default)]
struct Shared {
    /// No byte passes, in either direction.
    is_stalled: AtomicBool,
    /// Every connection is closed at once.
    is_cut: AtomicBool,
    is_over: AtomicBool,
    /// Both ends of the connections so far.
    open: Mutex<Vec<TcpStream>>,
}

/// The relay in front of one Asterisk.
pub(crate) struct Relay {
    /// The address for the gateway.
    pub(crate) address: String,
    shared: Arc<Shared>,
}

impl Relay {
    /// A relay to this address.
    pub(crate) fn open(target: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let shared = Arc::new(Shared::default());
        let (accepting, target) = (Arc::clone(&shared), target.to_owned());
        thread::spawn(move || accepting.accept(&listener, &target));
        Self { address, shared }
    }

    /// Closes the connections, and each that is opened from now on.
    pub(crate) fn cut(&self) {
        self.shared.is_cut.store(true, Ordering::Release);
        for stream in self.shared.open.lock().unwrap().drain(..) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }

    /// Keeps back what comes from now on, from either side.
    pub(crate) fn stall(&self) {
        self.shared.is_stalled.store(true, Ordering::Release);
    }

    /// Passes on again, also what was kept back.
    pub(crate) fn pass(&self) {
        self.shared.is_stalled.store(false, Ordering::Release);
        self.shared.is_cut.store(false, Ordering::Release);
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.shared.is_over.store(true, Ordering::Release);
        self.cut();
        // Wakes the thread that accepts; the others end with their streams.
        let _ = TcpStream::connect(&self.address);
    }
}

impl Shared {
    fn accept(self: Arc<Self>, listener: &TcpListener, target: &str) {
        while let Ok((gateway, _)) = listener.accept() {
            if self.is_over.load(Ordering::Acquire) {
                return;
            }
            if self.is_cut.load(Ordering::Acquire) {
                continue;
            }
            let Ok(asterisk) = TcpStream::connect(target) else { continue };
            for (from, to) in [(&gateway, &asterisk), (&asterisk, &gateway)] {
                let (from, to, shared) =
                    (from.try_clone().unwrap(), to.try_clone().unwrap(), Arc::clone(&self));
                thread::spawn(move || shared.carry(from, to));
            }
            self.open.lock().unwrap().extend([gateway, asterisk]);
        }
    }

    /// Passes one direction of a connection on until it ends.
    fn carry(&self, mut from: TcpStream, mut to: TcpStream) {
        let mut buffer = [0; 8_192];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            while self.is_stalled.load(Ordering::Acquire) && !self.is_over.load(Ordering::Acquire) {
                thread::sleep(Duration::from_millis(5));
            }
            if to.write_all(&buffer[..length]).is_err() {
                break;
            }
        }
        let _ = from.shutdown(Shutdown::Both);
        let _ = to.shutdown(Shutdown::Both);
    }
}
