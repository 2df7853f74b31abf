//! The loop: wait for a message or the next wake-up, let the machine decide, write what it wants.

use std::rc::Rc;

use ctigate_core::{Input, Pump, Recorder};
use ctigate_host::clock::Clock;
use ctigate_host::shell::{INBOX, MESSAGES_PER_TURN, Program, Said, Shell, Speaker, Spoken};
use smol::{LocalExecutor, Timer, channel, future};

use crate::links::Links;
use crate::reading::Message;

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
    let (post, inbox) = channel::bounded(INBOX);
    let mut pump = Pump::new(machine, recorder);
    let mut clock = Clock::new();
    let mut links = Links::new(executor, post.clone(), console, limits);
    for listener in listeners {
        pump.input(clock.now(), listener.listening(), &mut links);
        links.listen(listener);
    }
    let speaker = Speaker::new(move |spoken| post.send_blocking(Message::Said(spoken)).is_ok());
    for source in sources {
        source(speaker.clone());
    }
    let mut timer = Timer::never();
    loop {
        if let Some(input) = clock.wall_clock() {
            pump.input(clock.now(), input, &mut links);
        }
        let wake = pump.overdue(clock.now(), &mut links);
        links.flush();
        if let Some(status) = links.finished().or_else(|| clock.overran()) {
            links.end().await;
            return status;
        }
        timer.set_at(clock.until(wake, links.deadline()));
        let first = future::or(async { inbox.recv().await.ok() }, async {
            (&mut timer).await;
            None
        })
        .await;
        let more = core::iter::from_fn(|| inbox.try_recv().ok()).take(MESSAGES_PER_TURN);
        for message in first.into_iter().chain(more) {
            handle(message, &mut pump, &mut clock, &mut links);
        }
        for (link, why) in links.lost() {
            pump.input(clock.now(), Input::Closed { link, why }, &mut links);
        }
        // Under load the inbox is never empty; the tasks get their turn all the same.
        future::yield_now().await;
    }
}

/// Tells the machine what a message says, unless it is about a link that is gone.
fn handle<R: Recorder>(message: Message, pump: &mut Pump<Machine, R>, clock: &mut Clock, links: &mut Links) {
    if links.finished().is_some() {
        return;
    }
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
        Message::Read { link, buffer, length } => {
            if links.knows(link) {
                let bytes = buffer.get(..length).unwrap_or_default();
                pump.input(now, Input::Bytes { link, bytes }, links);
            }
            links.give_back(buffer);
        }
        Message::Closed { link, why } => {
            if links.ended(link, why) {
                pump.input(now, Input::Closed { link, why }, links);
            }
        }
        Message::Datagram { listener, peer, bytes } => {
            pump.input(now, Input::Datagram { listener, peer, bytes: &bytes }, links);
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
