//! A running program, and a folder for its files.

use core::time::Duration;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};

use std::{env, fs, process, thread};

use crate::command;

const PATIENCE: Duration = Duration::from_secs(15);

/// Runs the program with an empty standard input: exit status, standard output, standard error.
pub(crate) fn output(arguments: &[&str]) -> (i32, String, String) {
    let output = command().args(arguments).stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap_or(-1), text(output.stdout), text(output.stderr))
}

/// A folder for one test, which is removed at its end.
pub(crate) struct Folder(String);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let folder = env::temp_dir().join(format!("ctigate-process-{}-{name}", process::id()));
        fs::create_dir_all(&folder).unwrap();
        Self(folder.to_str().unwrap().into())
    }

    pub(crate) fn text(&self) -> &str {
        &self.0
    }

    pub(crate) fn path(&self, name: &str) -> String {
        format!("{}/{name}", self.0)
    }

    pub(crate) fn write(&self, name: &str, text: &str) -> String {
        fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// The only file with this extension.
    pub(crate) fn only(&self, extension: &str) -> String {
        let paths = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path());
        let found: Vec<_> =
            paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect();
        assert_eq!(found.len(), 1, "{found:?}");
        found[0].to_str().unwrap().into()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

type Said = Arc<(Mutex<String>, Condvar)>;

/// A running program, which is killed if the test ends first.
pub(crate) struct Running {
    child: Child,
    said: Said,
    /// One thread for each of its streams, which ends with the stream.
    readers: Vec<thread::JoinHandle<()>>,
}

impl Running {
    /// Starts the program with `input` as its standard input.
    pub(crate) fn start(arguments: &[&str], input: &str) -> Self {
        let mut running = Self::spawn(command().args(arguments));
        running.tell(input);
        running.child.stdin = None;
        running
    }

    /// Starts the program as a shell does, after `before`, such as `ulimit -f 8`.
    pub(crate) fn start_after(before: &str, arguments: &[&str]) -> Self {
        let program = command();
        let mut shell = Command::new("sh");
        shell
            .args(["-c", &format!("{before}; exec \"$0\" \"$@\"")])
            .arg(program.get_program())
            .args(arguments);
        let mut running = Self::spawn(&mut shell);
        running.child.stdin = None;
        running
    }

    /// Starts any program. Its standard input stays open for [`Self::tell`].
    pub(crate) fn spawn(command: &mut Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| panic!("{command:?}: {error}"));
        let said = Said::default();
        let (out, err) = (child.stdout.take().unwrap(), child.stderr.take().unwrap());
        let streams: [Box<dyn Read + Send>; 2] = [Box::new(out), Box::new(err)];
        let readers = streams.into_iter().map(|stream| {
            let said = Arc::clone(&said);
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    let mut text = said.0.lock().unwrap();
                    text.push_str(&line);
                    text.push('\n');
                    drop(text);
                    said.1.notify_all();
                }
            })
        });
        let readers = readers.collect();
        Self { child, said, readers }
    }

    /// Writes to its standard input. Errors are ignored, as the program may have ended.
    pub(crate) fn tell(&mut self, text: &str) {
        let _ = self.child.stdin.as_mut().unwrap().write_all(text.as_bytes());
    }

    /// Its output so far, on both streams.
    pub(crate) fn said(&self) -> String {
        self.said.0.lock().unwrap().clone()
    }

    /// Waits until its output contains `part`; returns the rest of the line.
    pub(crate) fn wait_for(&self, part: &str) -> String {
        self.wait_for_times(part, 1)
    }

    /// Waits until its output contains `part` a number of times; returns the rest of the line.
    pub(crate) fn wait_for_times(&self, part: &str, times: usize) -> String {
        let said = self.said.0.lock().unwrap();
        let lacks = |said: &mut String| said.matches(part).count() < times;
        // A copy, so that a test that fails holds no lock.
        let said = self.said.1.wait_timeout_while(said, PATIENCE, lacks).unwrap().0.clone();
        let rest = said.split(part).nth(times);
        let rest = rest.unwrap_or_else(|| panic!("'{part}' was not said {times} times:\n{said}"));
        rest.lines().next().unwrap_or_default().to_owned()
    }

    /// Waits for its end; returns the exit status.
    pub(crate) fn end(&mut self) -> i32 {
        self.end_within(PATIENCE)
    }

    pub(crate) fn end_within(&mut self, patience: Duration) -> i32 {
        self.ended_within(patience).unwrap_or_else(|| panic!("it does not end:\n{}", self.said()))
    }

    /// Its exit status, if it ends in time.
    pub(crate) fn ended_within(&mut self, patience: Duration) -> Option<i32> {
        let began = std::time::Instant::now();
        while began.elapsed() < patience {
            if let Some(status) = self.child.try_wait().unwrap() {
                // Its last output may still be in the pipes.
                for reader in self.readers.drain(..) {
                    reader.join().unwrap();
                }
                return Some(status.code().unwrap_or(-1));
            }
            thread::sleep(Duration::from_millis(5));
        }
        None
    }

    /// Its process ID.
    pub(crate) fn id(&self) -> String {
        self.child.id().to_string()
    }

    pub(crate) fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// Sends a signal. If it suspends the process, waits until it has done so.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(process::Command::new("kill").args([&format!("-{name}"), &id]).status().unwrap().success());
        if name == "STOP" {
            // On a busy machine other threads keep running until the one that handles the signal is scheduled.
            let began = std::time::Instant::now();
            while !is_stopped(&id) {
                assert!(began.elapsed() < PATIENCE, "process {id} does not stop");
                thread::sleep(Duration::from_millis(5));
            }
        }
    }
}

/// Whether all threads of a process are stopped.
fn is_stopped(id: &str) -> bool {
    let mut threads = fs::read_dir(format!("/proc/{id}/task")).unwrap();
    threads.all(|thread| {
        let stat = fs::read_to_string(thread.unwrap().path().join("stat")).unwrap_or_default();
        stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
    })
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
