//! Writing without waiting; and, while a link cannot take what it is sent, the thread that waits for it.

use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use ctigate_core::Closed;
use ctigate_host::stream::why_broken;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::net::{SendFlags, send};

use crate::reading::spawn;

/// Writes as much of `bytes` as the link takes at once.
///
/// # Errors
/// The link is broken.
pub(crate) fn write_now(stream: &TcpStream, bytes: &[u8]) -> Result<usize, Errno> {
    let mut sent: usize = 0;
    while let Some(rest) = bytes.get(sent..).filter(|rest| !rest.is_empty()) {
        match send(stream, rest, SendFlags::DONTWAIT | SendFlags::NOSIGNAL) {
            Ok(length) => sent = sent.saturating_add(length),
            Err(Errno::INTR) => {}
            Err(Errno::AGAIN) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(sent)
}

/// What a congested link still has to send.
pub(crate) struct Congestion {
    state: Mutex<State>,
    /// Rung when there is less to send.
    less: Condvar,
}

#[derive(Default)]
struct State {
    queue: Vec<u8>,
    /// Of what the thread is writing just now.
    in_flight: usize,
    /// Why there is no more to be sent, if not because everything is.
    failed: Option<Closed>,
    /// Close the sending side when all is written.
    closing: bool,
    /// The thread has written everything (or failed) and is gone.
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

impl State {
    fn waiting(&self) -> usize {
        if self.over { 0 } else { self.queue.len().saturating_add(self.in_flight) }
    }
}

impl Congestion {
    /// Starts a thread that writes `bytes`, and what is queued meanwhile, to `stream`.
    pub(crate) fn begin(stream: Arc<TcpStream>, bytes: Vec<u8>) -> std::io::Result<Arc<Self>> {
        let state = Mutex::new(State { queue: bytes, ..State::default() });
        let congestion = Arc::new(Self { state, less: Condvar::new() });
        let shared = Arc::clone(&congestion);
        spawn("write", move || shared.write_all(&stream))?;
        Ok(congestion)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes `bytes` if they fit.
    pub(crate) fn queue(&self, bytes: &mut Vec<u8>, limit: usize) -> Queued {
        let mut state = self.state();
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
        let mut state = self.state();
        state.closing = true;
        !state.over
    }

    /// The bytes that are not written yet.
    pub(crate) fn waiting(&self) -> usize {
        self.state().waiting()
    }

    /// Waits until the thread has written all it had in hand, or is gone.
    pub(crate) fn wait(&self) {
        let state = self.state();
        let before = state.waiting();
        // A poisoned lock is that of a process that ends.
        drop(self.less.wait_while(state, |state| !state.over && state.waiting() >= before));
    }

    /// Why the thread gave up, if it did.
    pub(crate) fn failed(&self) -> Option<Closed> {
        self.state().failed
    }

    /// Whether the thread is still at work.
    pub(crate) fn is_busy(&self) -> bool {
        !self.state().over
    }

    fn write_all(&self, stream: &TcpStream) {
        let mut bytes = Vec::new();
        loop {
            {
                let mut state = self.state();
                bytes.clear();
                core::mem::swap(&mut bytes, &mut state.queue);
                state.in_flight = bytes.len();
                self.less.notify_all();
                if bytes.is_empty() {
                    state.over = true;
                    if state.closing {
                        // A link that is gone already needs no end.
                        let _ = stream.shutdown(Shutdown::Write);
                    }
                    return;
                }
            }
            if self.write(stream, &bytes).is_err() {
                self.less.notify_all();
                // Wakes the reading thread, which reports the end.
                let _ = stream.shutdown(Shutdown::Both);
                return;
            }
        }
    }

    /// Writes all of `bytes`, waiting whenever the link takes no more. An error is in the state before anybody else can
    /// find out that the link has ended.
    fn write(&self, stream: &TcpStream, bytes: &[u8]) -> Result<(), Errno> {
        let mut rest = bytes;
        while !rest.is_empty() {
            // If it cannot wait, writing says why.
            let _ = poll(&mut [PollFd::new(stream, PollFlags::OUT)], None);
            let mut state = self.state();
            match write_now(stream, rest) {
                Ok(sent) => rest = rest.get(sent..).unwrap_or_default(),
                Err(error) => {
                    (state.over, state.failed) = (true, Some(why_broken(&error.into())));
                    return Err(error);
                }
            }
        }
        Ok(())
    }
}
