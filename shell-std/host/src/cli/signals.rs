//! SIGTERM and SIGINT: the first asks the machine to stop, the second ends the process at once. SIGUSR1 asks a gateway
//! to drain.

use std::thread;

use signal_hook::consts::{SIGINT, SIGTERM, SIGUSR1};
use signal_hook::iterator::Signals;

use crate::shell::{Said, Source};

/// A shell's usual status for a process that a signal ended: 128 and the signal's number.
const SIGNALLED: i32 = 128;

/// Whether a machine is one that drains; on others SIGUSR1 does what it does by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Drains {
    Yes,
    No,
}

/// The signals as a source of commands. They are caught from now on, and kept until there is somebody to tell.
pub(crate) fn source(drains: Drains) -> Source {
    let signals = match drains {
        Drains::Yes => Signals::new([SIGTERM, SIGINT, SIGUSR1]),
        Drains::No => Signals::new([SIGTERM, SIGINT]),
    };
    Box::new(|speaker| {
        // Without handlers the signals end the process, as they do by default.
        let Ok(mut signals) = signals else { return };
        let _ = thread::Builder::new().name("signals".into()).spawn(move || {
            let mut asked = false;
            for signal in signals.forever() {
                if signal == SIGUSR1 {
                    // One that is no more has nothing left to drain.
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
