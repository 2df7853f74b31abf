//! Runs a machine: gives it messages as inputs, and carries out its actions at once.

use core::net::SocketAddr;
use std::io;
use std::sync::Arc;
use std::time::Instant as Monotonic;

use ctigate_core::{Closed, Input, LinkId, ListenerId, Machine, Pump, Recorder, Token};

use super::clock::Clock;
use super::links::{Carrier, Links};
use super::secrets::Secrets;
use super::write_queue::WriteQueue;
use crate::record::console::Console;
use crate::shell::{Limits, Listener, Said, Spoken};
use crate::store::Store;

/// A message to the machine.
pub enum Message<'a, S> {
    /// A connection was accepted.
    Accepted {
        /// The listener or link.
        listener: ListenerId,
        /// The connection.
        socket: S,
        /// Its other end.
        peer: SocketAddr,
    },
    /// A connection that was asked for is open.
    Connected {
        /// The number that the machine gave it.
        link: LinkId,
        /// The connection.
        socket: S,
        /// Its other end.
        peer: SocketAddr,
    },
    /// A connection that was asked for could not be opened.
    Unconnected {
        /// The number that the machine gave it.
        link: LinkId,
        /// Why.
        why: Closed,
        /// The system's error, if it was one.
        error: Option<io::Error>,
    },
    /// Bytes arrived.
    Read {
        /// The listener or link.
        link: LinkId,
        /// The bytes.
        bytes: &'a [u8],
    },
    /// Nothing more will arrive.
    Closed {
        /// The listener or link.
        link: LinkId,
        /// Why.
        why: Closed,
    },
    /// A datagram arrived.
    Datagram {
        /// The listener or link.
        listener: ListenerId,
        /// The sender.
        peer: SocketAddr,
        /// Its bytes.
        bytes: &'a [u8],
    },
    /// A command or a question.
    Said(Spoken),
    /// Accepting or receiving failed, and will be tried again after a pause.
    Trouble {
        /// The listener or link.
        listener: ListenerId,
        /// The error.
        error: io::Error,
    },
}

/// The result of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Heard {
    /// Whether it was not about a link that is gone.
    pub known: bool,
    /// Whether the loop must be woken: the machine has ended, or needs to be woken earlier than the loop will.
    pub wake: bool,
}

/// A machine, with its links, clock and console.
pub struct Work<C: Carrier> {
    pump: Pump<Box<dyn Machine + Send>, Box<dyn Recorder + Send>>,
    clock: Clock,
    links: Links<C>,
    /// When the loop wakes by itself.
    armed: Monotonic,
    /// How many commands were to be answered: numbers their tokens.
    asked: u64,
}

impl<C: Carrier> Work<C> {
    /// Starts a machine, which gets what the store has kept.
    #[must_use]
    pub fn new(
        (machine, recorder): (Box<dyn Machine + Send>, Box<dyn Recorder + Send>),
        carrier: C,
        console: Console,
        (limits, secrets, store): (Limits, Secrets, Store),
    ) -> Self {
        let (restored, keeper) = store.into_parts();
        let mut work = Self {
            pump: Pump::new(machine, recorder),
            clock: Clock::new(),
            links: Links::new(carrier, console, (limits, secrets, keeper)),
            armed: Monotonic::now(),
            asked: 0,
        };
        let Self { pump, clock, links, .. } = &mut work;
        for (key, value) in &restored {
            pump.input(clock.now(), Input::Restored { key, value }, links);
        }
        work
    }

    /// Informs the machine of a listening socket, and starts to serve it.
    pub fn listen(&mut self, listener: Listener) {
        self.pump.input(self.clock.now(), listener.listening(), &mut self.links);
        self.links.listen(listener);
    }

    /// The loop's turn: handles what is overdue and writes what is to be sent. Returns when the next turn is due, and
    /// the exit status if the machine has ended.
    pub fn turn(&mut self) -> (Monotonic, Option<u8>) {
        let (until, finished) = self.go_on();
        self.armed = until;
        (until, finished)
    }

    /// Steps the machine with a message, and carries out its actions. Returns `None` once it has ended.
    pub fn hear(&mut self, message: Message<'_, C::Socket>) -> Option<Heard> {
        if self.links.finished().is_some() {
            return None;
        }
        let known = self.tell(message);
        let (until, finished) = self.go_on();
        let wake = until < self.armed || finished.is_some();
        if wake {
            self.armed = until;
        }
        Some(Heard { known, wake })
    }

    /// The link's write queue, if it is so long that the link should not be read for now.
    #[must_use]
    pub fn lagging(&self, link: LinkId) -> Option<Arc<WriteQueue>> {
        self.links.lagging(link)
    }

    /// Stops serving sockets, and closes all links; called when the machine has ended. What was written is sent while
    /// [`Work::is_busy`]; after that, [`Work::end`] is called.
    pub fn close_all(&mut self) {
        self.links.close_all();
    }

    /// Whether a closed link still has something to send, and time left for it.
    #[must_use]
    pub fn is_busy(&self) -> bool {
        self.links.is_busy()
    }

    /// Cuts the remaining links, and ends the recording.
    pub fn end(self) {
        self.links.end();
        self.pump.end();
    }

    fn go_on(&mut self) -> (Monotonic, Option<u8>) {
        let Self { pump, clock, links, armed: _, asked: _ } = self;
        while let Some((token, fault)) = links.unkept() {
            pump.input(clock.now(), Input::Persisted { token, result: Err(fault) }, links);
        }
        for (link, why) in links.lost() {
            pump.input(clock.now(), Input::Closed { link, why }, links);
        }
        if let Some(input) = clock.wall_clock() {
            pump.input(clock.now(), input, links);
        }
        let wake = pump.overdue(clock.now(), links);
        links.flush();
        (clock.until(wake, links.deadline()), links.finished().or_else(|| clock.overran()))
    }

    /// Turns a message into an input. Returns false if it is about a link that is gone.
    fn tell(&mut self, message: Message<'_, C::Socket>) -> bool {
        let Self { pump, clock, links, armed: _, asked } = self;
        let now = clock.now();
        match message {
            Message::Accepted { listener, socket, peer } => {
                if links.admits(peer) {
                    let link = pump.accepted();
                    if let Some(peer) = links.open(link, socket, peer, Some(listener)) {
                        pump.input(now, Input::Opened { link, peer }, links);
                    }
                }
            }
            Message::Connected { link, socket, peer } => {
                if links.awaited(link)
                    && let Some(peer) = links.open(link, socket, peer, None)
                {
                    pump.input(now, Input::Opened { link, peer }, links);
                }
            }
            Message::Unconnected { link, why, error } => {
                links.unopened(error.as_ref());
                if links.awaited(link) {
                    links.watch().closed(link);
                    pump.input(now, Input::Closed { link, why }, links);
                }
            }
            Message::Read { link, bytes } => {
                if !links.knows(link) {
                    return false;
                }
                links.watch().bytes(link, bytes, true);
                pump.input(now, Input::Bytes { link, bytes }, links);
            }
            Message::Closed { link, why } => {
                if let Some(why) = links.ended(link, why) {
                    pump.input(now, Input::Closed { link, why }, links);
                }
            }
            Message::Datagram { listener, peer, bytes } => {
                links.watch().datagram(peer, bytes, true);
                pump.input(now, Input::Datagram { listener, peer, bytes }, links);
            }
            Message::Said(Spoken::Question(question)) => question.answer(now, pump.machine()),
            Message::Said(Spoken::Command(said)) => {
                if said == Said::Stop {
                    clock.stopping();
                }
                pump.input(now, Input::from(said.command()), links);
            }
            Message::Said(Spoken::Asked(said, asker)) => {
                if said == Said::Stop {
                    clock.stopping();
                }
                *asked = asked.saturating_add(1);
                let token = Token::new(*asked);
                links.expect_reply(token, asker);
                pump.input(now, Input::Command { token: Some(token), command: said.command() }, links);
            }
            Message::Said(Spoken::Persisted(token, result)) => {
                pump.input(now, Input::Persisted { token, result }, links);
            }
            Message::Trouble { listener, error } => links.trouble(listener, &error),
        }
        true
    }
}
