//! Runs a machine: the task that has received something steps the machine with it and writes the results at once; the
//! loop wakes the machine for its timers.

use core::cell::RefCell;
use core::time::Duration;
use std::net::TcpStream;
use std::rc::{Rc, Weak};

use ctigate_core::LinkId;
use ctigate_host::net::work::{Message, Work};
use ctigate_host::shell::{INBOX, Program, Shell, Speaker};
use smol::channel::{self, Sender};
use smol::{Async, LocalExecutor, Timer, future};

use crate::reading;
use crate::tasks::Tasks;

/// The most links that this shell carries: as many as can be configured.
const LINKS: usize = 100_000;
/// How often to check at the end whether everything is written.
const END_STEP: Duration = Duration::from_millis(5);

/// This program's shell.
pub(crate) static SHELL: Smol = Smol;

/// The shell with tasks on one thread.
pub(crate) struct Smol;

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
    let Program { machine, recorder, console, listeners, sources, limits, secrets, store } = program;
    let (bell, rung) = channel::bounded(1);
    let shared = Rc::new_cyclic(|shared| {
        let tasks = Tasks::new(Rc::clone(&executor), Inlet(Weak::clone(shared)));
        let work = Work::new((machine, recorder), tasks, console, (limits, secrets, store));
        Shared { work: RefCell::new(work), bell }
    });
    for listener in listeners {
        shared.work.borrow_mut().listen(listener);
    }
    let (speak, spoken) = channel::bounded(INBOX);
    executor.spawn(reading::spoken(spoken.clone(), Inlet(Rc::downgrade(&shared)))).detach();
    let speaker = Speaker::new(move |spoken| speak.send_blocking(spoken).is_ok());
    for source in sources {
        source(speaker.clone());
    }
    let mut timer = Timer::never();
    loop {
        let (until, finished) = shared.work.borrow_mut().turn();
        if let Some(status) = finished {
            // Those who still ask get an error.
            spoken.close();
            while spoken.try_recv().is_ok() {}
            // The tasks hold it only while they run.
            if let Some(shared) = Rc::into_inner(shared) {
                let mut work = shared.work.into_inner();
                work.close_all();
                while work.is_busy() {
                    Timer::after(END_STEP).await;
                }
                work.end();
            }
            return status;
        }
        timer.set_at(until);
        let rung = async {
            // This cannot fail, since we hold the other end.
            let _ = rung.recv().await;
        };
        future::or(rung, async {
            (&mut timer).await;
        })
        .await;
    }
}

/// A machine, shared by many tasks.
struct Shared {
    work: RefCell<Work<Tasks>>,
    /// Wakes the loop.
    bell: Sender<()>,
}

/// The handle with which tasks pass messages to the machine.
#[derive(Clone)]
pub(crate) struct Inlet(Weak<Shared>);

impl Inlet {
    /// Steps the machine with a message. Returns false if the machine has ended, or the message was about a link that
    /// is gone.
    pub(crate) fn hand(&self, message: Message<'_, Async<TcpStream>>) -> bool {
        let Some(shared) = self.0.upgrade() else { return false };
        let Some(heard) = shared.work.borrow_mut().hear(message) else { return false };
        if heard.wake {
            // If there is no room, it has been rung already.
            let _ = shared.bell.try_send(());
        }
        heard.known
    }

    /// Whether so much waits to be sent on the link that it should not be read for now.
    pub(crate) fn is_lagging(&self, link: LinkId) -> bool {
        self.0.upgrade().is_some_and(|shared| shared.work.borrow().lagging(link).is_some())
    }
}
