//! The gateway's end of the control socket.

use std::io::{self, Read, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Instant as Monotonic, SystemTime};

use super::{ControlSocket, PATIENCE, REQUEST_BYTES, Request, status};
use crate::shell::{ACCEPT_PAUSE, Answer, Said, Silence, Source, Speaker};

/// The most conversations at a time; others wait to be accepted.
const TALKS: usize = 8;

/// A control socket that is served until this is dropped.
pub(crate) struct Server {
    socket: ControlSocket,
    talks: Arc<Talks>,
}

/// The conversations under way.
#[derive(Default)]
struct Talks {
    counts: Mutex<Counts>,
    changed: Condvar,
}

#[derive(Default)]
struct Counts {
    /// All of them.
    open: usize,
    /// Those that have read their request and not yet answered it.
    answering: usize,
}

impl Talks {
    fn change(&self, change: impl FnOnce(&mut Counts)) {
        change(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner));
        self.changed.notify_all();
    }

    /// Waits until the condition holds, at most for as long as a conversation may take.
    fn wait_until(&self, so: impl Fn(&Counts) -> bool) {
        let counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        // It does not matter whether time ran out.
        drop(self.changed.wait_timeout_while(counts, PATIENCE, |counts| !so(counts)));
    }
}

impl Server {
    /// Prepares to serve `socket`.
    pub(crate) fn new(socket: ControlSocket) -> Self {
        Self { socket, talks: Arc::default() }
    }

    /// The source of the commands that come over the socket.
    ///
    /// # Errors
    /// If the system refuses a second handle.
    pub(crate) fn source(&self) -> io::Result<Source> {
        let (listener, talks) = (self.socket.listener()?, Arc::clone(&self.talks));
        Ok(Box::new(move |speaker| {
            // Without a thread nobody is answered; clients time out.
            let _ = thread::Builder::new()
                .name("control".into())
                .spawn(move || accept(&listener, &talks, &speaker));
        }))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The client that asked for the stop should get its answer.
        self.talks.wait_until(|counts| counts.answering == 0);
    }
}

fn accept(listener: &UnixListener, talks: &Arc<Talks>, speaker: &Speaker) {
    loop {
        talks.wait_until(|counts| counts.open < TALKS);
        let Ok((stream, _)) = listener.accept() else {
            thread::sleep(ACCEPT_PAUSE);
            continue;
        };
        talks.change(|counts| counts.open += 1);
        let (speaker, over) = (speaker.clone(), Arc::clone(talks));
        let talk = move || {
            // A client that has gone needs no answer.
            let _ = talk(&stream, &over, &speaker);
            over.change(|counts| counts.open = counts.open.saturating_sub(1));
        };
        if thread::Builder::new().name("talk".into()).spawn(talk).is_err() {
            talks.change(|counts| counts.open = counts.open.saturating_sub(1));
        }
    }
}

fn talk(stream: &UnixStream, talks: &Talks, speaker: &Speaker) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let line = read_line(stream)?;
    talks.change(|counts| counts.answering += 1);
    let answered = reply(stream, line.as_deref(), speaker);
    talks.change(|counts| counts.answering = counts.answering.saturating_sub(1));
    answered
}

fn reply(mut stream: &UnixStream, line: Option<&str>, speaker: &Speaker) -> io::Result<()> {
    let answer = match line {
        Some(line) => match Request::ALL.into_iter().find(|request| request.line() == line) {
            Some(request) => answer(request, speaker),
            None => "failed unknown request\n".into(),
        },
        None => "failed a request must be one short line\n".into(),
    };
    stream.write_all(answer.as_bytes())
}

/// Reads the first line, without its end; `None` if it is too long or incomplete.
///
/// # Errors
/// If it took too long, or the connection failed.
fn read_line(mut stream: &UnixStream) -> io::Result<Option<String>> {
    let until = Monotonic::now() + PATIENCE;
    let mut line = Vec::new();
    let mut bytes = [0; REQUEST_BYTES];
    loop {
        let left = until.saturating_duration_since(Monotonic::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        let length = stream.read(&mut bytes)?;
        line.extend_from_slice(bytes.get(..length).unwrap_or_default());
        if let Some(end) = line.iter().position(|byte| *byte == b'\n') {
            line.truncate(end);
            return Ok(String::from_utf8(line).ok());
        }
        if length == 0 || line.len() > REQUEST_BYTES {
            return Ok(None);
        }
    }
}

/// Carries out a request; returns the answer.
fn answer(request: Request, speaker: &Speaker) -> String {
    let said = match request {
        Request::Status | Request::StatusJson => None,
        Request::Drain => Some(Said::Drain),
        Request::Stop => Some(Said::Stop),
    };
    if let Some(said) = said {
        // If the machine has ended, the question below finds out.
        let _ = speaker.say(said);
    }
    match (speaker.ask(), request) {
        (Ok(answer), Request::StatusJson) => format!("ok\n{}", status::json(&answer, SystemTime::now())),
        (Ok(answer), Request::Status) => format!("ok\n{}", status::table(&answer, SystemTime::now())),
        (Ok(Answer { overview, .. }), Request::Drain | Request::Stop) => {
            format!("ok\n{}: {} sessions\n", overview.phase, overview.view.sessions)
        }
        (Err(Silence::Gone), Request::Drain | Request::Stop) => "ok\nstopped\n".into(),
        (Err(Silence::Busy), Request::Drain | Request::Stop) => {
            "ok\nsent, but the gateway is too busy to answer\n".into()
        }
        (Err(_), Request::Status | Request::StatusJson) => "failed the gateway does not answer\n".into(),
    }
}

#[cfg(test)]
mod tests;
