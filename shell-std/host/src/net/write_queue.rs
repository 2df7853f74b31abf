//! The bytes that a link cannot take yet, in order: a thread or a task writes them as it takes more.

use std::collections::VecDeque;
use std::net::{Shutdown, TcpStream};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use ctigate_core::Closed;

use super::stream::write_now;

/// The most bytes that are written while the machine may have to wait for it.
const WRITE_BYTES: usize = 256 * 1024;

/// What a link still has to send, because it did not take all of it at once. Whoever writes it calls
/// [`WriteQueue::write`] whenever the link takes more.
pub struct WriteQueue {
    state: Mutex<State>,
    /// Rung when there is less to send.
    less: Condvar,
}

struct State {
    queue: VecDeque<u8>,
    /// Close the sending side when all is written.
    closing: bool,
    phase: Phase,
}

/// How far the writing is.
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
    /// The state of a link that still has `bytes` to send.
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        let state = State { queue: bytes.into(), closing: false, phase: Phase::Busy };
        Self { state: Mutex::new(state), less: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // A panic in any thread ends the process.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Appends `bytes` to those that wait. False when nothing waits any more: they are to be written at once.
    ///
    /// # Errors
    /// The link has ended, or more than `limit` would wait.
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

    /// Closes the sending side once all is written. False if all is written already.
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

    /// Why the link has ended, if the writing found that.
    pub(crate) fn failed(&self) -> Option<Closed> {
        if let Phase::Failed(why) = self.state().phase { Some(why) } else { None }
    }

    /// Blocks until some of what waits is written, or there is no use in waiting.
    pub fn wait(&self) {
        let state = self.state();
        let before = state.queue.len();
        let same = |state: &mut State| state.phase == Phase::Busy && state.queue.len() >= before;
        drop(self.less.wait_while(state, same));
    }

    /// Writes what the link takes at once, or a part of it. False when the writing is over: everything is written, or
    /// the link has ended. Whoever finds out that it has ended finds the reason here.
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
                        // A link that is gone already needs no end.
                        let _ = stream.shutdown(Shutdown::Write);
                    }
                }
            }
            Err(why) => {
                state.queue = VecDeque::new();
                state.phase = Phase::Failed(why);
                // Wakes whoever reads, who reports the end.
                let _ = stream.shutdown(Shutdown::Both);
            }
        }
        self.less.notify_all();
        state.phase == Phase::Busy
    }
}
