//! The output of a run: its log, the lines it prints, and its recording.

pub mod console;
pub(crate) mod directories;
pub(crate) mod files;
pub(crate) mod json;
mod lines;
mod log;
pub(crate) mod panics;
pub(crate) mod recording;
pub(crate) mod utc;
pub(crate) mod watch;
