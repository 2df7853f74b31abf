//! The bytes that a link's socket could not take yet: a thread or a task writes them when it can.

use std::collections::VecDeque;
use std::net::{Shutdown, TcpStream};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use ctigate_core::Closed;

use super::stream::write_now;

/// The most bytes written at once, as the machine may have to wait meanwhile.
const WRITE_BYTES: usize = 256 * 1024;

/// What a link still has to send. Its writing task or thread calls [`WriteQueue::write`] whenever the socket is
/// writable.
pub struct WriteQueue {
    state: Mutex<State>,
    /// Notified when there is less to send.
    less: Condvar,
}

struct State {
    queue: VecDeque<u8>,
    /// Whether to close the sending side when everything is written.
    closing: bool,
    phase: Phase,
}

/// The state of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// There is more to send.
    Busy,
    /// Everything is written.
    Done,
    /// The link has ended.
    Failed(Closed),
}

impl WriteQueue {
    /// The queue of a link that still has `bytes` to send.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let state = State { queue: bytes.into(), closing: false, phase: Phase::Busy };
        Self { state: Mutex::new(state), less: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic in any thread ends the process, so that poisoning does not matter.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends `bytes` to those that wait. Returns false if nothing waits any more, so that they are to be written
    /// directly.
    ///
    /// # Errors
    /// If the link has ended, or more than `limit` bytes would wait.
    pub(crate) fn push(&self, bytes: &mut Vec<u8>, limit: usize) -> Result<bool, Closed> {
        let mut state = self.state();
        match state.phase {
            Phase::Busy if state.queue.len().saturating_add(bytes.len()) > limit => Err(Closed::TooSlow),
            Phase::Busy => {
                state.queue.extend(&*bytes);
                bytes.clear();
                Ok(true)
            }
            Phase::Done => Ok(false),
            Phase::Failed(why) => Err(why),
        }
    }

    /// Lets the sending side be closed once everything is written. Returns false if everything is written already.
    pub(crate) fn close(&self) -> bool {
        let mut state = self.state();
        state.closing = true;
        state.phase == Phase::Busy
    }

    /// The bytes that are not written yet.
    pub(crate) fn waiting(&self) -> usize {
        self.state().queue.len()
    }

    /// Whether there is something left to send.
    pub(crate) fn is_busy(&self) -> bool {
        self.state().phase == Phase::Busy
    }

    /// Why the link has ended, if writing failed.
    pub(crate) fn failed(&self) -> Option<Closed> {
        if let Phase::Failed(why) = self.state().phase { Some(why) } else { None }
    }

    /// Blocks until some of the bytes are written, or none will be.
    pub fn wait(&self) {
        let state = self.state();
        let before = state.queue.len();
        let same = |state: &mut State| state.phase == Phase::Busy && state.queue.len() >= before;
        drop(self.less.wait_while(state, same));
    }

    /// Writes what the socket takes at once, or a part of it. Returns false if writing is over, because everything is
    /// written or the link has ended.
    pub fn write(&self, stream: &TcpStream) -> bool {
        let mut state = self.state();
        let (front, _) = state.queue.as_slices();
        let written = write_now(stream, front.get(..WRITE_BYTES).unwrap_or(front));
        match written {
            Ok(sent) => {
                state.queue.drain(..sent);
                if state.queue.is_empty() {
                    state.phase = Phase::Done;
                    if state.closing {
                        // An error means that the link is gone already.
                        let _ = stream.shutdown(Shutdown::Write);
                    }
                }
            }
            Err(why) => {
                state.queue = VecDeque::new();
                state.phase = Phase::Failed(why);
                // Wakes the reader, which reports the end.
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        self.less.notify_all();
        state.phase == Phase::Busy
    }
}
