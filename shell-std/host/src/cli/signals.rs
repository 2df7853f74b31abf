//! SIGTERM and SIGINT: the first asks the machine to stop, the second ends the process at once. SIGUSR1 asks a gateway
//! to drain.

use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

use crate::shell::{Said, Source};

/// The usual status of a process that was ended by a signal is 128 plus the signal's number.
const SIGNALLED: i32 = 128;

/// Whether a machine can drain; for others SIGUSR1 keeps its default action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drains {
    Yes,
    No,
}

/// The signals as a source of commands. They are caught from now on, and kept until the machine runs.
pub(crate) fn source(drains: Drains) -> Source {
    let signals = match drains {
        Drains::Yes => Signals::new([SIGTERM, SIGINT, SIGUSR1]),
        Drains::No => Signals::new([SIGTERM, SIGINT]),
    };
    Box::new(|speaker| {
        // Without handlers the signals end the process, which is their default action.
        let Ok(mut signals) = signals else { return };
        let _ = thread::Builder::new().name("signals".into()).spawn(move || {
            let mut asked = false;
            for signal in signals.forever() {
                if signal == SIGUSR1 {
                    // A machine that has ended has nothing to drain.
                    let _ = speaker.say(Said::Drain);
                    continue;
                }
                if asked || !speaker.say(Said::Stop) {
                    std::process::exit(SIGNALLED.saturating_add(signal));
                }
                asked = true;
            }
        });
    })
}
