//! A machine at work: whoever waits hands it what he got, and it decides and writes at once; the loop wakes it in time.

use core::cell::RefCell;
use std::rc::{Rc, Weak};
use std::time::Instant as Monotonic;

use ctigate_core::{Input, LinkId, Pump, Recorder};
use ctigate_host::clock::Clock;
use ctigate_host::shell::{INBOX, Listener, Program, Said, Shell, Speaker, Spoken};
use smol::channel::{self, Sender};
use smol::{LocalExecutor, Timer, future};

use crate::links::Links;
use crate::reading::{self, Message};

/// The most links this shell carries: as many as can be configured.
const LINKS: usize = 100_000;

/// This program's shell.
pub(crate) static SHELL: Smol = Smol;

/// The shell of tasks on one thread.
pub(crate) struct Smol;

type Machine = Box<dyn ctigate_core::Machine + Send>;

impl Shell for Smol {
    fn program(&self) -> &'static str {
        "ctigate"
    }

    fn links(&self) -> usize {
        LINKS
    }

    fn run(&self, program: Program) -> u8 {
        let executor = Rc::new(LocalExecutor::new());
        smol::block_on(executor.run(serve(Rc::clone(&executor), program)))
    }
}

async fn serve(executor: Rc<LocalExecutor<'static>>, program: Program) -> u8 {
    let Program { machine, recorder, console, listeners, sources, limits } = program;
    let (bell, rung) = channel::bounded(1);
    let work = Rc::new_cyclic(|work| {
        let links = Links::new(Rc::clone(&executor), Inlet(Weak::clone(work)), console, limits);
        let (pump, clock) = (Pump::new(machine, recorder), Clock::new());
        RefCell::new(Work { pump, clock, links, bell, armed: Monotonic::now() })
    });
    for listener in listeners {
        work.borrow_mut().listen(listener);
    }
    let (speak, spoken) = channel::bounded(INBOX);
    executor.spawn(reading::spoken(spoken.clone(), Inlet(Rc::downgrade(&work)))).detach();
    let speaker = Speaker::new(move |spoken| speak.send_blocking(spoken).is_ok());
    for source in sources {
        source(speaker.clone());
    }
    let mut timer = Timer::never();
    loop {
        let (until, finished) = work.borrow_mut().turn();
        if let Some(status) = finished {
            // Whoever still asks learns that there is nobody.
            spoken.close();
            while spoken.try_recv().is_ok() {}
            // The tasks have it only while they run.
            if let Some(work) = Rc::into_inner(work) {
                work.into_inner().links.end().await;
            }
            return status;
        }
        timer.set_at(until);
        let rung = async {
            // We hold the other end.
            let _ = rung.recv().await;
        };
        future::or(rung, async {
            (&mut timer).await;
        })
        .await;
    }
}

/// A machine, and what it works with.
struct Work {
    pump: Pump<Machine, Box<dyn Recorder + Send>>,
    clock: Clock,
    links: Links,
    /// Wakes the loop.
    bell: Sender<()>,
    /// When the loop wakes by itself.
    armed: Monotonic,
}

/// Where tasks hand over what they got.
#[derive(Clone)]
pub(crate) struct Inlet(Weak<RefCell<Work>>);

impl Inlet {
    /// Tells the machine, and does what it wants. False when it has come to its end.
    pub(crate) fn hand(&self, message: Message<'_>) -> bool {
        let Some(work) = self.0.upgrade() else { return false };
        let mut work = work.borrow_mut();
        if work.links.finished().is_some() {
            return false;
        }
        work.handle(message);
        let armed = work.armed;
        let (until, finished) = work.turn();
        if until < armed || finished.is_some() {
            // It is rung already if there is no room.
            let _ = work.bell.try_send(());
        } else {
            work.armed = armed;
        }
        true
    }

    /// Whether the link should not be read for now.
    pub(crate) fn is_lagging(&self, link: LinkId) -> bool {
        self.0.upgrade().is_some_and(|work| work.borrow().links.is_lagging(link))
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

    /// Tells the machine what a message says, unless it is about a link that is gone.
    fn handle(&mut self, message: Message<'_>) {
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
                if links.knows(link) {
                    pump.input(now, Input::Bytes { link, bytes }, links);
                }
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
    }
}
