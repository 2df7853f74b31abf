//! The loop: wait for a message or the next wake-up, let the machine decide, write what it wants.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::Instant as Monotonic;

use ctigate_core::{Input, Pump, Recorder};
use ctigate_host::clock::Clock;
use ctigate_host::shell::{INBOX, MESSAGES_PER_TURN, Program, Said, Shell, Speaker, Spoken};

use crate::links::Links;
use crate::reading::Message;

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
        let (post, inbox) = mpsc::sync_channel(INBOX);
        let mut pump = Pump::new(machine, recorder);
        let mut clock = Clock::new();
        let mut links = Links::new(post.clone(), console, limits);
        for listener in listeners {
            pump.input(clock.now(), listener.listening(), &mut links);
            links.listen(listener);
        }
        let speaker = Speaker::new(move |spoken| post.send(Message::Said(spoken)).is_ok());
        for source in sources {
            source(speaker.clone());
        }
        loop {
            if let Some(input) = clock.wall_clock() {
                pump.input(clock.now(), input, &mut links);
            }
            let wake = pump.overdue(clock.now(), &mut links);
            links.flush();
            if let Some(status) = links.finished().or_else(|| clock.overran()) {
                links.end();
                return status;
            }
            let until = clock.until(wake, links.deadline());
            let first = inbox.recv_timeout(until.saturating_duration_since(Monotonic::now()));
            debug_assert_ne!(first.as_ref().err(), Some(&RecvTimeoutError::Disconnected), "we hold a sender");
            for message in first.into_iter().chain(inbox.try_iter().take(MESSAGES_PER_TURN)) {
                handle(message, &mut pump, &mut clock, &mut links);
            }
            for (link, why) in links.lost() {
                pump.input(clock.now(), Input::Closed { link, why }, &mut links);
            }
        }
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
                links.give_back(link, buffer);
            }
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
