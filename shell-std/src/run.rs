//! A machine at work: whoever waits hands it what he got, and it decides and writes at once; one thread wakes it in time.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant as Monotonic;

use ctigate_core::{Input, LinkId, Pump, Recorder};
use ctigate_host::clock::Clock;
use ctigate_host::shell::{Listener, Program, Said, Shell, Speaker, Spoken};

use crate::links::Links;
use crate::reading::Message;
use crate::writing::Congestion;

/// The most links this shell carries: each has a thread.
const LINKS: usize = 1_000;

/// This program's shell.
pub(crate) static SHELL: Threads = Threads;

/// The shell of blocking threads.
pub(crate) struct Threads;

type Machine = Box<dyn ctigate_core::Machine + Send>;

impl Shell for Threads {
    fn program(&self) -> &'static str {
        "ctigate-std"
    }

    fn links(&self) -> usize {
        LINKS
    }

    fn run(&self, program: Program) -> u8 {
        let Program { machine, recorder, console, listeners, sources, limits } = program;
        let shared = Arc::new_cyclic(|shared| {
            let links = Links::new(Inlet(Weak::clone(shared)), console, limits);
            let (pump, clock) = (Pump::new(machine, recorder), Clock::new());
            let work = Work { pump, clock, links, armed: Monotonic::now() };
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
        let (work, status) = shared.run();
        work.links.end();
        status
    }
}

/// A machine, and what it works with.
struct Work {
    pump: Pump<Machine, Box<dyn Recorder + Send>>,
    clock: Clock,
    links: Links,
    /// When the loop wakes by itself.
    armed: Monotonic,
}

/// A machine that many threads bring something, until it is over.
struct Shared {
    work: Mutex<Option<Work>>,
    /// Wakes the loop.
    bell: Condvar,
}

impl Shared {
    fn work(&self) -> MutexGuard<'_, Option<Work>> {
        // A panic in any thread ends the process.
        self.work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the machine in time, until it has come to its end: what is left of it, and its exit status.
    fn run(&self) -> (Work, u8) {
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

/// Where threads hand over what they got.
#[derive(Clone)]
pub(crate) struct Inlet(Weak<Shared>);

impl Inlet {
    /// Tells the machine, and does what it wants, when it is this thread's turn. False when the machine has come to its
    /// end, or the message was about a link that is gone.
    pub(crate) fn hand(&self, message: Message<'_>) -> bool {
        let Some(shared) = self.0.upgrade() else { return false };
        let mut guard = shared.work();
        let Some(work) = guard.as_mut().filter(|work| work.links.finished().is_none()) else { return false };
        let heard = work.handle(message);
        let armed = work.armed;
        let (until, finished) = work.turn();
        if until < armed || finished.is_some() {
            shared.bell.notify_one();
        } else {
            work.armed = armed;
        }
        heard
    }

    /// What waits to be sent on the link, if it is so much that it should not be read for now.
    pub(crate) fn lagging(&self, link: LinkId) -> Option<Arc<Congestion>> {
        self.0.upgrade()?.work().as_ref()?.links.lagging(link)
    }
}

impl Work {
    fn listen(&mut self, listener: Listener) {
        self.pump.input(self.clock.now(), listener.listening(), &mut self.links);
        self.links.listen(listener);
    }

    /// Does what is overdue and writes what is wanted. When to come back for the next, and the exit status if it is
    /// over.
    fn turn(&mut self) -> (Monotonic, Option<u8>) {
        let Self { pump, clock, links, .. } = self;
        for (link, why) in links.lost() {
            pump.input(clock.now(), Input::Closed { link, why }, links);
        }
        if let Some(input) = clock.wall_clock() {
            pump.input(clock.now(), input, links);
        }
        let wake = pump.overdue(clock.now(), links);
        links.flush();
        self.armed = clock.until(wake, links.deadline());
        (self.armed, links.finished().or_else(|| clock.overran()))
    }

    /// Tells the machine what a message says. False when it is about a link that is gone.
    fn handle(&mut self, message: Message<'_>) -> bool {
        let Self { pump, clock, links, .. } = self;
        let now = clock.now();
        match message {
            Message::Accepted { listener, stream, peer } => {
                if links.admits(peer) {
                    let link = pump.accepted();
                    if let Some(peer) = links.open(link, stream, peer, Some(listener)) {
                        pump.input(now, Input::Opened { link, peer }, links);
                    }
                }
            }
            Message::Connected { link, stream, peer } => {
                if links.awaited(link)
                    && let Some(peer) = links.open(link, stream, peer, None)
                {
                    pump.input(now, Input::Opened { link, peer }, links);
                }
            }
            Message::Unconnected { link, why } => {
                if links.awaited(link) {
                    pump.input(now, Input::Closed { link, why }, links);
                }
            }
            Message::Read { link, bytes } => {
                if !links.knows(link) {
                    return false;
                }
                pump.input(now, Input::Bytes { link, bytes }, links);
            }
            Message::Closed { link, why } => {
                if let Some(why) = links.ended(link, why) {
                    pump.input(now, Input::Closed { link, why }, links);
                }
            }
            Message::Datagram { listener, peer, bytes } => {
                pump.input(now, Input::Datagram { listener, peer, bytes }, links);
            }
            Message::Said(Spoken::Question(question)) => question.answer(now, pump.machine()),
            Message::Said(Spoken::Command(said)) => {
                if said == Said::Stop {
                    clock.stopping();
                }
                pump.input(now, Input::Command(said.command()), links);
            }
            Message::Trouble { listener, error } => links.trouble(listener, &error),
        }
        true
    }
}
