//! A bug of ours is one line and an exit status of its own, never a backtrace.

use std::io::{self, Write as _};
use std::panic;

/// The exit status of an internal error (`EX_SOFTWARE` of sysexits).
const INTERNAL_ERROR: i32 = 70;

/// From now on a panic in any thread says one line and ends the process.
pub(crate) fn install(program: &'static str) {
    panic::set_hook(Box::new(move |info| {
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied();
        let text = text
            .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("no reason given");
        let place = info.location().map(ToString::to_string).unwrap_or_default();
        let line = text.replace('\n', " ");
        // Nothing can be done about a standard error that is closed.
        let _ =
            writeln!(io::stderr(), "{program}: internal error at {place}: {line}; please report this line");
        std::process::exit(INTERNAL_ERROR);
    }));
}
