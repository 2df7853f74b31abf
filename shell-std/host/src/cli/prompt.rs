//! The client at a terminal: a prompt that shows what the line is doing, a line that can be edited, and above it what
//! happens.

use core::fmt::Write as _;
use core::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use core::time::Duration;
use std::env;
use std::io::{self, IsTerminal as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ctigate_core::{Actions, Input, Instant, Listen, Machine, Taken, Wake};
use ctigate_peers::client::{Client, ClientConfig, STATES, completions};
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use rustyline::completion::{Completer, Pair};
use rustyline::config::CompletionType;
use rustyline::error::ReadlineError;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::MemHistory;
use rustyline::validate::Validator;
use rustyline::{Config, Context, Editor, Helper, Prompt};

use crate::shell::{Said, Source, Speaker};

mod above;

pub(crate) use above::Above;

/// What is said after the first Ctrl-C.
const AGAIN: &str = "Ctrl-C again, or Ctrl-D, signs out\n";
/// How long the editor may take, at the end, to show the last lines.
const LAST_LINES: Duration = Duration::from_millis(50);
/// The most lines that are remembered.
const REMEMBERED: usize = 1_000;

/// What the prompt shows and completion knows of the client.
#[derive(Default)]
pub(crate) struct Face {
    /// The index of the client's state in [`STATES`].
    state: AtomicUsize,
    /// The short numbers of its calls.
    calls: Mutex<Vec<u32>>,
    /// Whether a line is being typed.
    is_typing: AtomicBool,
}

impl Face {
    fn note(&self, client: &Client) {
        let state = STATES.iter().position(|state| *state == client.state()).unwrap_or_default();
        self.state.store(state, Ordering::Relaxed);
        let mut calls = self.calls.lock().unwrap_or_else(PoisonError::into_inner);
        calls.clear();
        calls.extend(client.calls().iter().map(ctigate_peers::client::Call::number));
    }
}

/// A client whose face is kept up to date. It does what the client does, so that its recording is the client's.
pub(crate) struct Shown {
    pub(crate) client: Client,
    pub(crate) face: Arc<Face>,
}

impl Machine for Shown {
    fn listens(&self) -> Vec<Listen> {
        self.client.listens()
    }

    fn step(&mut self, now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        let taken = self.client.step(now, input, actions);
        self.face.note(&self.client);
        taken
    }

    fn next_wake(&self) -> Option<Wake> {
        self.client.next_wake()
    }

    fn digest(&mut self) -> u64 {
        self.client.digest()
    }

    fn full_digest(&self) -> u64 {
        self.client.full_digest()
    }

    fn build(&self) -> &'static str {
        self.client.build()
    }
}

/// The prompt in each of the client's states. All have the same width, so that it may change while a line is typed.
struct Prompts {
    face: Arc<Face>,
    /// In the order of [`STATES`]: without and with colours.
    texts: Vec<(String, String)>,
}

impl Prompts {
    fn new(face: &Arc<Face>, who: &str, coloured: bool) -> Self {
        let width = STATES.iter().map(|state| state.len()).max().unwrap_or_default();
        let texts = STATES.iter().map(|state| {
            let plain = format!("{who} {state:>width$}> ");
            let bright = if coloured { format!("\u{1b}[1m{plain}\u{1b}[0m") } else { plain.clone() };
            (plain, bright)
        });
        Self { face: Arc::clone(face), texts: texts.collect() }
    }

    fn current(&self) -> (&str, &str) {
        let text = self.texts.get(self.face.state.load(Ordering::Relaxed));
        text.map_or(("> ", "> "), |(plain, bright)| (plain, bright))
    }
}

impl Prompt for Prompts {
    fn raw(&self) -> &str {
        self.current().0
    }

    fn styled(&self) -> &str {
        self.current().1
    }
}

/// Whose prompt it is: the user's name and the line's number.
fn who(config: &ClientConfig) -> String {
    let user = config.user.split_once(':').map_or(config.user.as_str(), |(_, rest)| rest);
    let user = user.split_once('@').map_or(user, |(user, _)| user);
    let line = config.line.split_once(':').map_or(config.line.as_str(), |(_, rest)| rest);
    let line = line.split_once(';').map_or(line, |(number, _)| number);
    let mut text = String::new();
    let _ = write!(text, "{} {}", ctigate_core::plain::Plain(user), ctigate_core::plain::Plain(line));
    text
}

/// Completes the line that is typed.
struct Completing(Arc<Face>);

impl Completer for Completing {
    type Candidate = Pair;

    fn complete(
        &self,
        line: &str,
        position: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Pair>)> {
        let typed = line.get(..position).unwrap_or(line);
        let start = typed.rfind([' ', '\t']).map_or(0, |space| space.saturating_add(1));
        let calls = self.0.calls.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let pair = |display: String| {
            let end = if display.ends_with('=') { "" } else { " " };
            Pair { replacement: [display.as_str(), end].concat(), display }
        };
        Ok((start, completions(typed, &calls).into_iter().map(pair).collect()))
    }
}

impl Hinter for Completing {
    type Hint = String;
}

impl Highlighter for Completing {}

impl Validator for Completing {}

impl Helper for Completing {}

/// A terminal on which lines are edited.
pub(crate) struct Keyboard {
    editor: Editor<Completing, MemHistory>,
    prompts: Prompts,
    face: Arc<Face>,
    coloured: bool,
    /// The terminal's mode before.
    mode: Option<Termios>,
}

impl Keyboard {
    /// The terminal at standard input and output, if both are one that lines can be edited on.
    pub(crate) fn new(config: &ClientConfig) -> Option<Self> {
        let is_capable = env::var("TERM").is_ok_and(|term| !matches!(term.as_str(), "" | "dumb" | "cons25"));
        if !(io::stdin().is_terminal() && io::stdout().is_terminal() && is_capable) {
            return None;
        }
        let settings = Config::builder()
            .max_history_size(REMEMBERED)
            .ok()?
            .auto_add_history(true)
            .completion_type(CompletionType::List)
            .bracketed_paste(false)
            .build();
        let history = MemHistory::with_config(&settings);
        let mut editor = Editor::with_history(settings, history).ok()?;
        let face = Arc::<Face>::default();
        editor.set_helper(Some(Completing(Arc::clone(&face))));
        let coloured = env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
        let prompts = Prompts::new(&face, &who(config), coloured);
        let mode = tcgetattr(io::stdin()).ok();
        if let Some(mode) = &mode {
            // The editor has a mode of its own only while it reads a line. In between, keys are kept for the next line,
            // and Ctrl-C is one of them, not a signal.
            let mut between = mode.clone();
            between.local_modes.remove(LocalModes::ICANON | LocalModes::ISIG | LocalModes::ECHO);
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, &between);
        }
        Some(Self { editor, prompts, face, coloured, mode })
    }

    /// What the client shows of itself.
    pub(crate) fn face(&self) -> Arc<Face> {
        Arc::clone(&self.face)
    }

    /// A writer of whole lines, which appear above the one that is typed.
    pub(crate) fn above(&mut self) -> Option<Above> {
        let printer = self.editor.create_external_printer().ok()?;
        Some(Above::new(Box::new(printer), self.coloured))
    }

    /// What puts the terminal back into the mode it was in.
    pub(crate) fn restorer(&self) -> Restorer {
        Restorer { mode: self.mode.clone(), face: self.face() }
    }

    /// The lines that are typed as a source of commands.
    pub(crate) fn source(self) -> Source {
        Box::new(move |speaker| {
            // Without a thread no line is read: the machine runs, but does not answer its user.
            let _ = thread::Builder::new().name("keyboard".into()).spawn(move || self.read(&speaker));
        })
    }

    /// Reads lines until there is no client any more to take them.
    fn read(mut self, speaker: &Speaker) {
        let mut above = self.above();
        let mut interrupted = false;
        loop {
            self.face.is_typing.store(true, Ordering::Relaxed);
            let line = self.editor.readline(&self.prompts);
            self.face.is_typing.store(false, Ordering::Relaxed);
            let goes_on = match line {
                Ok(line) => {
                    interrupted = false;
                    let quits = line.trim() == "quit";
                    speaker.say(Said::Line(line)) && !quits
                }
                Err(ReadlineError::Interrupted) if interrupted => {
                    // The machine may have ended.
                    let _ = speaker.say(Said::Stop);
                    false
                }
                Err(ReadlineError::Interrupted) => {
                    interrupted = true;
                    if let Some(above) = &mut above {
                        let _ = io::Write::write_all(above, AGAIN.as_bytes());
                    }
                    true
                }
                Err(_) => {
                    let _ = speaker.say(Said::End);
                    false
                }
            };
            if !goes_on {
                return;
            }
        }
    }
}

/// Puts the terminal back into the mode it was in: the program may end while a line is being typed.
pub(crate) struct Restorer {
    mode: Option<Termios>,
    face: Arc<Face>,
}

impl Drop for Restorer {
    fn drop(&mut self) {
        if self.face.is_typing.load(Ordering::Relaxed) {
            thread::sleep(LAST_LINES);
            // Leaves no prompt behind at which nobody reads.
            let _ = io::Write::write_all(&mut io::stdout(), b"\r\x1b[K");
            let _ = io::Write::flush(&mut io::stdout());
        }
        if let Some(mode) = &self.mode {
            let _ = tcsetattr(io::stdin(), OptionalActions::Now, mode);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_prompt_shows_user_number_and_state_in_one_width() {
        let config =
            ClientConfig::new("gw:5060", "sip:alice@example.com", "tel:1001;phone-context=dialstring");
        let face = Arc::<Face>::default();
        let prompts = Prompts::new(&face, &who(&config), false);
        assert_eq!(prompts.raw(), "alice 1001 connecting> ");
        let connected = STATES.iter().position(|state| *state == "connected").unwrap();
        face.state.store(connected, Ordering::Relaxed);
        assert_eq!((prompts.raw(), prompts.styled()), ("alice 1001  connected> ", "alice 1001  connected> "));
        let bright = Prompts::new(&face, "alice 1001", true);
        assert_eq!(bright.styled(), "\u{1b}[1malice 1001  connected> \u{1b}[0m");
        assert!(prompts.texts.iter().all(|(plain, _)| plain.len() == prompts.raw().len()));
    }

    #[test]
    fn a_name_that_would_deceive_is_shown_as_it_is_written() {
        let config = ClientConfig::new("gw:5060", "sip:al\u{1b}[1mice@example.com", "1001");
        assert_eq!(who(&config), "al\\u001b[1mice 1001");
    }

    #[test]
    fn the_prompt_s_client_is_the_client_itself() {
        use ctigate_core::Seed;
        let config = ClientConfig::new("gw:5060", "sip:alice@example.com", "tel:1001");
        let make = || Client::new(config.clone(), Seed::from_number(3));
        let (mut plain, mut shown) = (make(), Shown { client: make(), face: Arc::default() });
        let (mut one, mut other) = (Actions::new(), Actions::new());
        assert_eq!(plain.next_wake(), shown.next_wake());
        plain.step(Instant::ZERO, Input::Tick, &mut one);
        shown.step(Instant::ZERO, Input::Tick, &mut other);
        assert_eq!((plain.digest(), plain.build()), (shown.digest(), shown.build()));
        assert_eq!(one.iter().count(), other.iter().count());
    }
}
