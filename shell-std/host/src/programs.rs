//! The three machines, born from settings, and made ready to run: sockets open, console and sources at hand.

use std::fs::File;
use std::io::{self, BufRead, Read as _};
use std::thread;

use ctigate_core::config::Config;
use ctigate_core::{Level, Listen, Machine, Recorder, Seed};

use crate::console::Console;
use crate::listening::{self, ListenError};
use crate::shell::{Limits, Listener, Program, QUEUE_BYTES, Said, Source};

/// What a shell runs, for gateway, phone system and client alike.
pub(crate) type AnyMachine = Box<dyn Machine + Send>;

/// 32 bytes from the operating system.
///
/// # Errors
/// What the operating system says.
pub(crate) fn seed() -> io::Result<Seed> {
    let mut bytes = [0; 32];
    File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    Ok(Seed::new(bytes))
}

/// A machine whose sockets are open.
pub(crate) struct Ready {
    machine: AnyMachine,
    listens: Vec<Listen>,
    listeners: Vec<Listener>,
}

impl Ready {
    /// Opens all the sockets that `machine` wants.
    ///
    /// # Errors
    /// All those that cannot be opened.
    pub(crate) fn new(machine: AnyMachine) -> Result<Self, Vec<ListenError>> {
        let listens = machine.listens();
        let listeners = listening::open(&listens)?;
        Ok(Self { machine, listens, listeners })
    }

    /// The address opened for the configuration key `key`, with the port the kernel chose.
    pub(crate) fn address(&self, key: &str) -> Option<core::net::SocketAddr> {
        let opened = self.listens.iter().zip(&self.listeners);
        opened.into_iter().find(|(listen, _)| listen.key == key).map(|(_, listener)| listener.address)
    }

    /// The program, ready for a shell. The log says where it listens.
    pub(crate) fn program(
        self,
        recorder: Box<dyn Recorder + Send>,
        console: Console,
        sources: Vec<Source>,
        links: usize,
    ) -> Program {
        for (listen, listener) in self.listens.iter().zip(&self.listeners) {
            let fields: &[(&str, &dyn core::fmt::Display)] =
                &[("key", &listen.key), ("transport", &listen.transport.name()), ("address", &listener.address)];
            console.tell(Level::Info, "listening", fields);
        }
        let limits = Limits { links, queue_bytes: QUEUE_BYTES };
        Program { machine: self.machine, recorder, console, listeners: self.listeners, sources, limits }
    }
}

/// The log's form and least level, as the core's configuration says it.
pub(crate) fn log_of(config: &Config) -> (crate::console::Format, Level) {
    let format = match config.log.format {
        ctigate_core::config::LogFormat::Logfmt => crate::console::Format::Logfmt,
        ctigate_core::config::LogFormat::Json => crate::console::Format::Json,
    };
    (format, config.log.level)
}

/// The lines of `text`, and then its end, as a source of commands.
pub(crate) fn lines(text: impl BufRead + Send + 'static) -> Source {
    Box::new(move |speaker| {
        let read = move || {
            for line in text.lines().map_while(Result::ok) {
                if !speaker.say(Said::Line(line)) {
                    return;
                }
            }
            // If nobody listens any more, nobody needs to know.
            let _ = speaker.say(Said::End);
        };
        // Without a thread no line is said: the machine runs on and its user sees no answer.
        let _ = thread::Builder::new().name("script".into()).spawn(read);
    })
}
