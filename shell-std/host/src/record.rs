//! What a run leaves behind: its log, what it prints, its recording.

pub mod console;
pub(crate) mod json;
mod lines;
mod log;
pub(crate) mod panics;
pub(crate) mod recording;
pub(crate) mod utc;
