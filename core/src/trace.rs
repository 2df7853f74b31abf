//! Traces: what happened to a machine, as text. SIP and XML stay readable, every byte is exact, and a run can be
//! replayed from it.
//!
//! ```text
//! ctigate trace 2
//! version 0.1.0
//! build 0f1e2d3c4b5a69788796a5b4c3d2e1f0
//! machine gateway
//! seed 0000000000000000000000000000000000000000000000000000000000000000
//! setting sip.tcp = ["127.0.0.1:5060"]
//! segment 1
//!
//! @1500 opened #1 peer 127.0.0.1:40000 local 127.0.0.1:5060 listener 0
//!
//! @1600 bytes #1
//! | OPTIONS sip:127.0.0.1 SIP/2.0
//! | Content-Length: 0
//! |
//! |
//! > write #1
//! | SIP/2.0 200 OK
//! | Content-Length: 0
//! |
//! |
//! =0123456789abcdef
//!
//! end
//! ```
//!
//! A step is one paragraph: `@MICROSECONDS INPUT`, `> ACTION` for each action, and `=DIGEST` if a digest was taken. If
//! the machine panicked, `! panic` replaces the actions, and the input is complete rather than cut to what the step
//! took. Bytes follow their line in one of two forms, both understood by the reader: verbatim, with their count at the
//! end of the line (`bytes #1 523`, then 523 bytes and a line end), or escaped, as above: one `| ` line for each line
//! of the payload, joined by CR LF, and `+ ` for a continuation without one. A recording consists of segments; each
//! ends with the hash of its text, which the next one repeats. Between paragraphs, `#` begins a comment.

use alloc::string::String;
use alloc::vec::Vec;

use crate::config::Config;
use crate::entropy::Seed;
use crate::machine::BUILD;
use crate::setting::{ConfigError, Setting};

mod chain;
mod compare;
mod hash;
mod ladder;
mod messages;
mod read;
mod redact;
mod replay;
mod rerun;
mod step;
mod text;
mod write;

pub use chain::Trace;
pub use compare::Difference;
pub use ladder::{Ahead, LadderOptions, Moment, began, ladder};
pub use messages::{Label, Message, Messages, Side};
pub use read::{ReadError, Reader};
pub use redact::redact;
pub use replay::{ReplayError, Summary, replay};
pub use rerun::{Rerun, rerun};
pub use step::{RecordedAction, RecordedCommand, RecordedInput, Step};
pub use write::TraceRecorder;

/// The first line of every trace, with the version of the format.
const MAGIC: &str = "ctigate trace 2";
/// Ends a step in which the machine panicked.
const PANIC: &str = "! panic";

/// The version of this package, for headers of traces.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How a trace shows bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Verbatim, after their count: cheap to write, for recordings.
    Verbatim,
    /// One trace line for each line, with escapes: for traces that people read and repositories hold.
    Escaped,
}

/// After which steps a fingerprint of the state is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digests {
    /// Every step.
    Every,
    /// Every nth step.
    EveryNth(u32),
    /// After `from` steps, then after twice as many more, and so on until the interval is `to` steps. For recordings: a
    /// digest costs as much as the state that changed since the last, so that fewer digests cost less.
    Thinning {
        /// Steps before the first.
        from: u32,
        /// The longest interval, in steps.
        to: u32,
    },
    /// Never.
    Never,
}

/// The header of a trace: what a machine was created from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Comment lines, without their `#`; ignored by comparisons.
    pub comment: Vec<String>,
    /// The version of the program that wrote it.
    pub version: String,
    /// The machine's build ([`crate::Machine::build`]), or any other word if it is not to be compared.
    pub build: String,
    /// Which machine: `gateway`, `switch` or `client`.
    pub machine: String,
    /// Its seed.
    pub seed: Seed,
    /// Its configuration.
    pub settings: Vec<Setting>,
}

impl Header {
    /// The header of a run, with the build of this core. For a machine with another build, set [`Header::build`].
    #[must_use]
    pub fn new(machine: &str, seed: Seed, settings: Vec<Setting>) -> Self {
        Self {
            comment: Vec::new(),
            version: VERSION.into(),
            build: BUILD.into(),
            machine: machine.into(),
            seed,
            settings,
        }
    }

    /// The gateway's configuration in it.
    ///
    /// # Errors
    /// Everything that is wrong with it, as for a configuration file.
    pub fn config(&self) -> Result<Config, Vec<ConfigError>> {
        Config::from_settings(&self.settings)
    }
}

#[cfg(test)]
mod tests;
