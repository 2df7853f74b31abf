//! Traces: what happened to a machine, as text. Readable as SIP and XML, exact for any byte, enough to live it again.
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
//! A step is one paragraph: `@MICROSECONDS INPUT`, a `> ACTION` for each thing the machine wanted, `=DIGEST` where one
//! was taken. Where the machine panicked, `! panic` stands instead of actions, and the input is all that came in, not
//! only what was taken of it. Bytes stand below their line in one of two forms, which one reader takes: verbatim, with their count at
//! the end of the line (`bytes #1 523`, then 523 bytes and a line end), or escaped, as above: one `| ` line for each
//! line of the payload, joined by CR LF, and `+ ` where a line goes on without one. A recording comes in segments; each
//! closes with the hash of its text, which the next one repeats. `#` begins a comment between paragraphs.

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
mod read;
mod redact;
mod replay;
mod rerun;
mod step;
mod text;
mod write;

pub use chain::Trace;
pub use compare::Difference;
pub use ladder::{LadderOptions, ladder};
pub use read::{ReadError, Reader};
pub use redact::redact;
pub use replay::{ReplayError, Summary, replay};
pub use rerun::{Rerun, rerun};
pub use step::{RecordedAction, RecordedInput, Step};
pub use write::TraceRecorder;

/// The first line of every trace; the number is the format's.
const MAGIC: &str = "ctigate trace 2";
/// Ends a step in which the machine panicked.
const PANIC: &str = "! panic";

/// The version of this package, as traces carry it.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// How a trace shows bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As they are, after their count: for recordings, where it costs next to nothing.
    Verbatim,
    /// One trace line for each line, with escapes: for traces that people read and repositories keep.
    Escaped,
}

/// After which steps a fingerprint of the state is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Digests {
    /// After each.
    Every,
    /// After each so-manieth.
    EveryNth(u32),
    /// After `from` steps, twice as many further ones, and so on; once there are `to` between two, after each `to`th: for
    /// recordings, where a fingerprint of many changed parts of the state costs less than many of few.
    Thinning {
        /// Steps before the first.
        from: u32,
        /// The most steps between two.
        to: u32,
    },
    /// After none.
    Never,
}

/// A machine's birth: what a trace says before its first step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Lines for people, without their `#`; part of no comparison.
    pub comment: Vec<String>,
    /// The version of the program that wrote it.
    pub version: String,
    /// The build of the machine in it ([`crate::Machine::build`]), or any word for «none in particular».
    pub build: String,
    /// Which machine: `gateway`, `switch` or `client`.
    pub machine: String,
    /// Its seed.
    pub seed: Seed,
    /// Its configuration.
    pub settings: Vec<Setting>,
}

impl Header {
    /// The header of a run of a machine of this build of the core; of another, [`Header::build`] is to be put right.
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
