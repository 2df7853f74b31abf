//! Signals. SIGTERM and SIGINT: the first asks the machine to stop, the second ends the process at once. SIGUSR1 asks a
//! gateway to drain, SIGHUP to read its configuration again. The others that would end the process without a
//! word to its clients do nothing.

use core::sync::atomic::AtomicBool;
use std::sync::Arc;
use std::thread;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGUSR2, SIGXFSZ};
use signal_hook::flag;
use signal_hook::iterator::Signals;

use super::reloader::Reloader;
use crate::shell::{Said, Source, Speaker};

/// The usual status of a process that was ended by a signal is 128 plus the signal's number.
const SIGNALLED: i32 = 128;

/// Lets the process survive that a file reaches the limit on its size: writing to it fails instead (`EFBIG`), as it
/// does on a full disk. By default SIGXFSZ would end the process.
pub(crate) fn survive_file_size_limit() {
    // If that is refused, the default action remains.
    let _ = flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)));
}

/// The signals of a phone system or a client as a source of commands. They are caught from now on, and kept until the
/// machine runs.
pub(crate) fn source() -> Source {
    caught(Signals::new([SIGTERM, SIGINT]), |_, _| {})
}

/// The signals of a gateway, in the same way. SIGHUP lets `reloader` reload.
pub(crate) fn gateway_source(reloader: &Arc<Reloader>) -> Source {
    let reloader = Arc::clone(reloader);
    // Nothing asks for it, and by default it would end the process. If that is refused, the default action remains.
    let _ = flag::register(SIGUSR2, Arc::new(AtomicBool::new(false)));
    caught(Signals::new([SIGTERM, SIGINT, SIGUSR1, SIGHUP]), move |signal, speaker| {
        if signal == SIGUSR1 {
            // A machine that has ended has nothing to drain.
            let _ = speaker.say(Said::Drain);
        } else {
            reloader.reload_beside(speaker);
        }
    })
}

/// Catches signals; those that do not ask for a stop are given to `other`.
fn caught(signals: std::io::Result<Signals>, other: impl Fn(i32, &Speaker) + Send + 'static) -> Source {
    Box::new(move |speaker| {
        // Without handlers the signals end the process, which is their default action.
        let Ok(mut signals) = signals else { return };
        let _ = thread::Builder::new().name("signals".into()).spawn(move || {
            let mut asked = false;
            for signal in signals.forever() {
                if !matches!(signal, SIGTERM | SIGINT) {
                    other(signal, &speaker);
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
