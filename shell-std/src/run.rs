//! Runs a machine: the thread that has received something steps the machine with it and writes the results at once; one
//! thread wakes the machine for its timers.

use core::time::Duration;
use std::net::TcpStream;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Instant as Monotonic;

use ctigate_core::LinkId;
use ctigate_host::net::work::{Message, Work};
use ctigate_host::net::write_queue::WriteQueue;
use ctigate_host::shell::{Program, Shell, Speaker};

use crate::threads::Threads;

/// The most links that this shell carries: each has a thread.
const LINKS: usize = 1_000;
/// How often to check at the end whether everything is written.
const END_STEP: Duration = Duration::from_millis(5);

/// This program's shell.
pub(crate) static SHELL: Std = Std;

/// The shell with blocking threads.
pub(crate) struct Std;

impl Shell for Std {
    fn program(&self) -> &'static str {
        "ctigate-std"
    }

    fn links(&self) -> usize {
        LINKS
    }

    fn run(&self, program: Program) -> u8 {
        let Program { machine, recorder, console, listeners, sources, limits, secrets, store } = program;
        let shared = Arc::new_cyclic(|shared| {
            let threads = Threads::new(Inlet(Weak::clone(shared)));
            let work = Work::new((machine, recorder), threads, console, (limits, secrets, store));
            Shared { work: Mutex::new(Some(work)), bell: Condvar::new() }
        });
        for listener in listeners {
            if let Some(work) = &mut *shared.work() {
                work.listen(listener);
            }
        }
        let inlet = Inlet(Arc::downgrade(&shared));
        let speaker = Speaker::new(move |spoken| inlet.hand(Message::Said(spoken)));
        for source in sources {
            source(speaker.clone());
        }
        let (mut work, status) = shared.run();
        work.close_all();
        while work.is_busy() {
            thread::sleep(END_STEP);
        }
        work.end();
        status
    }
}

/// A machine, shared by many threads.
struct Shared {
    work: Mutex<Option<Work<Threads>>>,
    /// Wakes the loop.
    bell: Condvar,
}

impl Shared {
    fn work(&self) -> MutexGuard<'_, Option<Work<Threads>>> {
        // A panic in any thread ends the process, so that poisoning does not matter.
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the machine for its timers until it has ended. Returns what is left of it, and its exit status.
    fn run(&self) -> (Work<Threads>, u8) {
        let mut guard = self.work();
        loop {
            let mut until = Monotonic::now();
            if let Some(mut work) = guard.take() {
                let (next, finished) = work.turn();
                if let Some(status) = finished {
                    return (work, status);
                }
                until = next;
                *guard = Some(work);
            }
            let span = until.saturating_duration_since(Monotonic::now());
            guard = self.bell.wait_timeout(guard, span).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// The handle with which threads pass messages to the machine.
#[derive(Clone)]
pub(crate) struct Inlet(Weak<Shared>);

impl Inlet {
    /// Steps the machine with a message, once no other thread does. Returns false if the machine has ended, or the
    /// message was about a link that is gone.
    pub(crate) fn hand(&self, message: Message<'_, TcpStream>) -> bool {
        let Some(shared) = self.0.upgrade() else { return false };
        let mut guard = shared.work();
        let Some(heard) = guard.as_mut().and_then(|work| work.hear(message)) else { return false };
        if heard.wake {
            shared.bell.notify_one();
        }
        heard.known
    }

    /// The link's write queue, if it is so long that the link should not be read for now.
    pub(crate) fn lagging(&self, link: LinkId) -> Option<Arc<WriteQueue>> {
        self.0.upgrade()?.work().as_ref()?.lagging(link)
    }
}
