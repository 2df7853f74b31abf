//! Panics: each ends the process with one line, without a backtrace, and with an exit status of its own; the recording
//! ends with the input that caused it.

use core::any::Any;
use core::cell::Cell;
use core::fmt::Display;
use core::time::Duration;
use std::io::{self, Write as _};
use std::{panic, thread};

use ctigate_core::plain;

/// How long the process waits for a recording to reach its file, which is written twice a second.
const LAST_WORDS: Duration = Duration::from_millis(750);
/// How long a recording may take to be completed after a panic in a recorded step.
const LAST_RECORD: Duration = Duration::from_secs(5);

/// The exit status of an internal error (`EX_SOFTWARE` of sysexits).
pub(crate) const INTERNAL_ERROR: i32 = 70;

thread_local! {
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
    static IN_RECORDED_STEP: Cell<bool> = const { Cell::new(false) };
}

/// Sets whether this thread is in a recorded step: a panic in it unwinds to the recorder, which ends the process.
pub(crate) fn in_recorded_step(is: bool) {
    IN_RECORDED_STEP.set(is);
}

/// Runs `work`. A panic in it neither ends the process nor prints anything. For code that is not ours and reads what may
/// be damaged.
///
/// # Errors
/// What the panic said.
pub(crate) fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    CAUGHT.set(true);
    let done = panic::catch_unwind(panic::AssertUnwindSafe(work));
    CAUGHT.set(false);
    done.map_err(|payload| said(&*payload).into())
}

/// Lets a panic in any thread print one line and end the process.
pub(crate) fn install(program: &'static str) {
    panic::set_hook(Box::new(move |info| {
        if CAUGHT.get() {
            return;
        }
        let place: &dyn Display = info.location().map_or(&"an unknown place", |place| place);
        // Nothing can be done if standard error is closed.
        let _ = writeln!(io::stderr(), "{}", last_words(program, place, info.payload()));
        if IN_RECORDED_STEP.take() && end_after(LAST_RECORD) {
            return;
        }
        thread::sleep(LAST_WORDS);
        end();
    }));
}

/// Ends the process after `limit`, unless it ends before. Returns false if the system has no thread for that.
fn end_after(limit: Duration) -> bool {
    let wait = move || {
        thread::sleep(limit);
        end();
    };
    thread::Builder::new().name("end".into()).spawn(wait).is_ok()
}

/// Ends the process after a panic that has been reported.
pub(crate) fn end() -> ! {
    std::process::exit(INTERNAL_ERROR)
}

/// What a panic says.
fn said(payload: &dyn Any) -> &str {
    let text = payload.downcast_ref::<&str>().copied();
    text.or_else(|| payload.downcast_ref::<String>().map(String::as_str)).unwrap_or("no reason given")
}

/// The line that reports a panic.
fn last_words(program: &str, place: &dyn Display, payload: &dyn Any) -> String {
    let text = plain::line(said(payload));
    format!("{program}: internal error at {place}: {text}; please report this line")
}

#[cfg(test)]
mod tests {
    use core::panic::Location;
    use std::env;
    use std::process::Command;

    use super::*;

    #[test]
    fn a_panic_is_told_in_one_line_whatever_it_says() {
        let place = Location::caller();
        let told = |payload: &dyn Any| last_words("ctigate", place, payload);
        let wanted =
            |text: &str| format!("ctigate: internal error at {place}: {text}; please report this line");
        assert_eq!(told(&"one"), wanted("one"));
        assert_eq!(told(&String::from("two\nlines")), wanted("two\\nlines"));
        assert_eq!(told(&3), wanted("no reason given"));
    }

    /// This test runs its own program again, with a variable set, as another process.
    #[test]
    fn a_panic_in_any_thread_ends_the_process_with_status_70() {
        const CHILD: &str = "CTIGATE_TEST_PANICS";
        if env::var_os(CHILD).is_some() {
            install("ctigate-test");
            let _ = thread::spawn(|| panic!("on purpose")).join();
            return;
        }
        let name = "record::panics::tests::a_panic_in_any_thread_ends_the_process_with_status_70";
        let mut child = Command::new(env::current_exe().unwrap());
        let output = child.args(["--exact", name, "--nocapture"]).env(CHILD, "").output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(INTERNAL_ERROR), "{err}");
        let lines: Vec<_> = err.lines().filter(|line| line.contains("on purpose")).collect();
        assert_eq!(lines.len(), 1, "{err}");
        assert!(lines[0].starts_with("ctigate-test: internal error at "), "{err}");
        assert!(lines[0].ends_with(": on purpose; please report this line"), "{err}");
    }
}
