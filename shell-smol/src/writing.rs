//! Writing without waiting; and, while a link cannot take what it is sent, the task that waits for it.

use core::cell::RefCell;
use std::io::{self, ErrorKind, Write};
use std::net::{Shutdown, TcpStream};
use std::rc::Rc;

use ctigate_core::Closed;
use ctigate_host::stream::why_broken;
use smol::Async;
use smol::io::AsyncWriteExt as _;

/// Writes as much of `bytes` as the link takes at once.
///
/// # Errors
/// The link is broken.
pub(crate) fn write_now(stream: &Async<TcpStream>, bytes: &[u8]) -> io::Result<usize> {
    let mut sent: usize = 0;
    while let Some(rest) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
        match stream.get_ref().write(rest) {
            Ok(length) => sent = sent.saturating_add(length),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => break,
            Err(error) => return Err(error),
        }
    }
    Ok(sent)
}

/// What a congested link still has to send.
pub(crate) struct Congestion(RefCell<State>);

#[derive(Default)]
struct State {
    queue: Vec<u8>,
    /// Of what the task is writing just now.
    in_flight: usize,
    /// Why there is no more to be sent, if not because everything is.
    failed: Option<Closed>,
    /// Close the sending side when all is written.
    closing: bool,
    /// The task has written everything (or failed) and is gone.
    over: bool,
}

/// What became of bytes for a congested link.
pub(crate) enum Queued {
    /// They wait behind the others.
    Waiting,
    /// They would exceed the limit.
    Full,
    /// The link is not congested any more: write them yourself.
    Over,
    /// The link has ended.
    Failed(Closed),
}

impl Congestion {
    /// The state of a link that still has `bytes` to send; [`Congestion::write_all`] is the task to be started.
    pub(crate) fn new(bytes: Vec<u8>) -> Rc<Self> {
        Rc::new(Self(RefCell::new(State { queue: bytes, ..State::default() })))
    }

    /// Takes `bytes` if they fit.
    pub(crate) fn queue(&self, bytes: &mut Vec<u8>, limit: usize) -> Queued {
        let mut state = self.0.borrow_mut();
        if let Some(why) = state.failed {
            return Queued::Failed(why);
        }
        if state.over {
            return Queued::Over;
        }
        if state.queue.len().saturating_add(state.in_flight).saturating_add(bytes.len()) > limit {
            return Queued::Full;
        }
        state.queue.append(bytes);
        Queued::Waiting
    }

    /// Closes the sending side once all is written. False if all is written already.
    pub(crate) fn close(&self) -> bool {
        let mut state = self.0.borrow_mut();
        state.closing = true;
        !state.over
    }

    /// The bytes that are not written yet.
    pub(crate) fn waiting(&self) -> usize {
        let state = self.0.borrow();
        if state.over { 0 } else { state.queue.len().saturating_add(state.in_flight) }
    }

    /// Why the task gave up, if it did.
    pub(crate) fn failed(&self) -> Option<Closed> {
        self.0.borrow().failed
    }

    /// Whether the task is still at work.
    pub(crate) fn is_busy(&self) -> bool {
        !self.0.borrow().over
    }

    /// Writes what is queued, and what is queued meanwhile, to `stream`.
    pub(crate) async fn write_all(self: Rc<Self>, stream: Rc<Async<TcpStream>>) {
        while let Some(bytes) = self.next_bytes(&stream) {
            if let Err(error) = (&*stream).write_all(&bytes).await {
                let mut state = self.0.borrow_mut();
                (state.over, state.failed) = (true, Some(why_broken(&error)));
                // Wakes the reading task, which reports the end.
                let _ = stream.get_ref().shutdown(Shutdown::Both);
                return;
            }
        }
    }

    fn next_bytes(&self, stream: &Async<TcpStream>) -> Option<Vec<u8>> {
        let mut state = self.0.borrow_mut();
        let bytes = core::mem::take(&mut state.queue);
        state.in_flight = bytes.len();
        if !bytes.is_empty() {
            return Some(bytes);
        }
        state.over = true;
        if state.closing {
            // A link that is gone already needs no end.
            let _ = stream.get_ref().shutdown(Shutdown::Write);
        }
        None
    }
}
