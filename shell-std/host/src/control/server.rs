//! The gateway's end of the control socket.

use std::io::{self, Read, Write as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Instant as Monotonic, SystemTime};

use ctigate_core::Level;
use ctigate_core::engine::{ConnectionView, MOST_VISITED, Selection, SessionQuestion};
use ctigate_core::line::explaining::Question;

use super::looking::USUAL_SESSIONS;
use super::sessions::{self, Page};
use super::status::Clocks;
use super::{
    ControlSocket, PAGE, PATIENCE, REQUEST_BYTES, Reloading, Request, SessionsRequest, explanation, status,
};
use crate::net::descriptors::Named;
use crate::net::seldom::Seldom;
use crate::record::console::Console;
use crate::shell::{ACCEPT_PAUSE, Answer, Said, Silence, Source, Speaker};

/// The most conversations at a time; others wait to be accepted.
const TALKS: usize = 8;

/// A control socket that is served until this is dropped.
pub(crate) struct Server {
    socket: ControlSocket,
    talks: Arc<Talks>,
    console: Console,
    reloading: Reloading,
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
    /// Prepares to serve `socket`. The log's level is changed at `console`, and `reloading` reloads.
    pub(crate) fn new(socket: ControlSocket, console: &Console, reloading: Reloading) -> Self {
        Self { socket, talks: Arc::default(), console: console.clone(), reloading }
    }

    /// The source of the commands that come over the socket.
    ///
    /// # Errors
    /// If the system refuses a second handle.
    pub(crate) fn source(&self) -> io::Result<Source> {
        let (listener, talks) = (self.socket.listener()?, Arc::clone(&self.talks));
        let (console, reloading) = (self.console.clone(), Arc::clone(&self.reloading));
        Ok(Box::new(move |speaker| {
            let operator = Operator { speaker, console, reloading };
            // Without a thread nobody is answered; clients time out.
            let _ = thread::Builder::new()
                .name("control".into())
                .spawn(move || accept(&listener, &talks, &operator));
        }))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // The client that asked for the stop should get its answer.
        self.talks.wait_until(|counts| counts.answering == 0);
    }
}

fn accept(listener: &UnixListener, talks: &Arc<Talks>, operator: &Operator) {
    let mut failing = Seldom::default();
    loop {
        talks.wait_until(|counts| counts.open < TALKS);
        let stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) => {
                if let Some(times) = failing.note(Monotonic::now()) {
                    let fields: &[(&str, &dyn core::fmt::Display)] =
                        &[("listener", &"control.socket"), ("error", &Named(&error)), ("times", &times)];
                    operator.console.tell(Level::Error, "listener_failing", fields);
                }
                thread::sleep(ACCEPT_PAUSE);
                continue;
            }
        };
        talks.change(|counts| counts.open += 1);
        let (operator, over) = (operator.clone(), Arc::clone(talks));
        let talk = move || {
            // A client that has gone needs no answer.
            let _ = talk(&stream, &over, &operator);
            over.change(|counts| counts.open = counts.open.saturating_sub(1));
        };
        if thread::Builder::new().name("talk".into()).spawn(talk).is_err() {
            talks.change(|counts| counts.open = counts.open.saturating_sub(1));
        }
    }
}

fn talk(stream: &UnixStream, talks: &Talks, operator: &Operator) -> io::Result<()> {
    stream.set_write_timeout(Some(PATIENCE))?;
    let line = read_line(stream)?;
    talks.change(|counts| counts.answering += 1);
    let answered = reply(stream, line.as_deref(), operator);
    talks.change(|counts| counts.answering = counts.answering.saturating_sub(1));
    answered
}

fn reply(mut stream: &UnixStream, line: Option<&str>, operator: &Operator) -> io::Result<()> {
    let answer = match line {
        Some(line) => match Request::parse(line) {
            Some(request) => operator.answer(&request),
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

/// Carries out requests.
#[derive(Clone)]
struct Operator {
    speaker: Speaker,
    console: Console,
    reloading: Reloading,
}

impl Operator {
    /// Carries out a request; returns the answer.
    fn answer(&self, request: &Request) -> String {
        let done = match request {
            Request::Status => self.status(status::table),
            Request::StatusJson => self.status(status::json),
            Request::Drain => Ok(self.end(Said::Drain)),
            Request::Undrain => self.undrain(),
            Request::Stop => Ok(self.end(Said::Stop)),
            Request::Redial(name) => self.redial(name),
            Request::Select { user, choice } => self.select(user, choice),
            Request::Selections(after) => self.selections(after),
            Request::Sessions(request) => self.sessions(request),
            Request::Explain { question, json } => return self.explain(question, *json),
            Request::Reload => (self.reloading)(&self.speaker),
            Request::Log(level) => {
                self.console.set_least(*level);
                Ok(format!("lines of level {} and above are logged\n", level.name()))
            }
        };
        done.map_or_else(|why| format!("failed {why}\n"), |text| format!("ok\n{text}"))
    }

    fn status(&self, show: fn(&Answer, SystemTime) -> String) -> Result<String, String> {
        Ok(show(&self.ask()?, SystemTime::now()))
    }

    /// Asks for the status, which must be answered.
    fn ask(&self) -> Result<Answer, String> {
        self.speaker.ask().map_err(|_| "the gateway does not answer".into())
    }

    /// Says a command after which the gateway may be gone.
    fn end(&self, said: Said) -> String {
        // If the machine has ended, the question finds out.
        let _ = self.speaker.say(said);
        match self.speaker.ask() {
            Ok(Answer { overview, .. }) => {
                format!("{}: {} sessions\n", overview.phase, overview.view.sessions)
            }
            Err(Silence::Gone) => "stopped\n".into(),
            Err(Silence::Busy) => "sent, but the gateway is too busy to answer\n".into(),
        }
    }

    fn undrain(&self) -> Result<String, String> {
        self.carry_out(Said::Undrain)?;
        let overview = self.ask()?.overview;
        Ok(format!("{}: {} sessions\n", overview.phase, overview.view.sessions))
    }

    /// Has a command carried out, or says why it is not.
    fn carry_out(&self, said: Said) -> Result<(), String> {
        match self.speaker.carry_out(said) {
            Ok(result) => result.map_err(|refusal| refusal.to_string()),
            Err(Silence::Gone) => Err("the gateway has ended".into()),
            Err(Silence::Busy) => Err("the gateway does not answer; it may still do so".into()),
        }
    }

    /// Lets a user control another line appearance, and answers once that is remembered.
    fn select(&self, user: &str, choice: &str) -> Result<String, String> {
        self.carry_out(Said::Select { user: user.to_owned(), choice: choice.to_owned() })?;
        Ok(format!("{user}: {choice}\n"))
    }

    /// The choices in force, a line each.
    fn selections(&self, after: &str) -> Result<String, String> {
        let chosen = self.speaker.selections(after, PAGE).map_err(|_| "the gateway does not answer")?;
        let lines = chosen.iter().flat_map(|Selection { user, choice }| [&**user, " ", choice, "\n"]);
        Ok(lines.collect())
    }

    /// Explains what would become of a sign-in now.
    fn explain(&self, question: &Question, json: bool) -> String {
        let question = question.clone();
        match self.speaker.question(move |machine| machine.explain(&question)) {
            Ok((_, explained)) => {
                let verdict = if explained.succeeds { "ok" } else { "no" };
                let show = if json { explanation::json } else { explanation::table };
                format!("{verdict}\n{}", show(&explained))
            }
            Err(_) => "failed the gateway does not answer\n".into(),
        }
    }

    /// Finds sessions, in portions: none of them stops the gateway for long.
    fn sessions(&self, request: &SessionsRequest) -> Result<String, String> {
        let most = request.limit.unwrap_or(USUAL_SESSIONS);
        let (until, mut page) =
            (Monotonic::now() + PATIENCE / 2, Page { sessions: Vec::new(), next: None, refused: None });
        let mut from = request.after;
        let clocks = loop {
            let question = SessionQuestion {
                sought: request.sought.clone(),
                from,
                visits: MOST_VISITED,
                most: most.saturating_sub(page.sessions.len()),
                is_detailed: request.is_detailed,
            };
            let found = self.speaker.question(move |machine| machine.find_sessions(&question));
            let (now, portion) = found.map_err(|_| "the gateway does not answer")?;
            page.sessions.extend(portion.sessions);
            page.refused = page.refused.or(portion.refused);
            page.next = portion.next;
            match portion.next {
                Some(next) if page.sessions.len() < most && Monotonic::now() < until => from = next,
                _ => break Clocks { now, wall: SystemTime::now() },
            }
        };
        if let (Some(user), true) =
            (&request.sought.user, request.is_detailed && page.is_empty() && page.next.is_none())
        {
            return Err(format!(
                "{user} has no session, and no sign-in was refused lately; 'ctl explain --user' says whether one succeeds"
            ));
        }
        let show = match request {
            SessionsRequest { json: true, .. } => sessions::json,
            SessionsRequest { is_detailed: true, .. } => sessions::paragraphs,
            SessionsRequest { .. } => sessions::table,
        };
        Ok(page.fitted(|page| show(page, &clocks)))
    }

    /// Lets a connection that is down be dialled at once.
    fn redial(&self, name: &str) -> Result<String, String> {
        let overview = self.ask()?.overview;
        let found = (0..).zip(&overview.connections).find(|(_, one)| *one.name == *name);
        let Some((index, one)) = found else {
            let names: Vec<_> = overview.connections.iter().map(|one| one.name.as_ref()).collect();
            return Err(format!("there is no connection '{name}'; there is: {}", names.join(", ")));
        };
        if one.next_dial.is_none() {
            return Err(format!("{name} is not down: it is {}", one.state));
        }
        self.carry_out(Said::Redial(index))?;
        let overview = self.ask()?.overview;
        let state =
            overview.connections.get(usize::from(index)).map_or("gone", |one: &ConnectionView| one.state);
        Ok(format!("{name}: dialled, now {state}\n"))
    }
}

#[cfg(test)]
mod tests;
