//! Replays a recorded run: gives the same inputs to a new machine, and stops at the first difference.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::chain::Trace;
use super::compare::{Difference, compare};
use super::read::ReadError;
use super::step::Step;
use super::{Header, directory_file};
use crate::action::Actions;
use crate::config::FindDirectory;
use crate::input::Taken;
use crate::machine::Machine;
use crate::setting::ConfigError;

/// The result of a replay without differences.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many steps were replayed.
    pub steps: u64,
    /// How many segments they were in.
    pub segments: usize,
    /// How many fingerprints of the state were compared.
    pub digests: u64,
    /// The build of the machine that replayed them.
    pub build: &'static str,
    /// The build that recorded them, if it is another one: then actions were compared, but not states.
    pub other_build: Option<String>,
    /// The segment and line where the trace ends without an end mark, for example because the recording program was
    /// killed.
    pub cut: Option<(usize, usize)>,
    /// The segment and line where the machine panicked when recorded, if it did not panic in the replay.
    pub panicked: Option<(usize, usize)>,
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { steps, segments, digests, build: this, other_build, cut, panicked } = self;
        let plural = if *segments == 1 { "" } else { "s" };
        write!(f, "{steps} steps in {segments} segment{plural} replayed, {digests} states compared")?;
        if let Some(build) = other_build {
            write!(f, "; recorded by build {build}, and this is {this}, so states were not compared")?;
        }
        if let Some((segment, line)) = cut {
            write!(f, "; segment {segment} breaks off at line {line} without its end mark")?;
        }
        if let Some((segment, line)) = panicked {
            write!(
                f,
                "; the recorded run ended in a panic on the input at segment {segment}, line {line}, and this one did not"
            )?;
        }
        Ok(())
    }
}

/// Why a run could not be replayed to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// The trace cannot be read.
    Read(ReadError),
    /// The header's configuration is invalid.
    Config(Vec<ConfigError>),
    /// The replay differs from the recording.
    Difference(Difference),
    /// The directory with this hash is needed, and was not found.
    NoDirectory(u128),
    /// A directory cannot be read once it is redacted, for these reasons.
    Redacted(String),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Config(errors) => {
                f.write_str("the header's settings are invalid")?;
                errors.iter().try_for_each(|error| write!(f, "\n  {error}"))
            }
            Self::Difference(difference) => difference.fmt(f),
            Self::NoDirectory(hash) => {
                let file = directory_file(*hash);
                write!(
                    f,
                    "the trace needs the directory of users and lines in {file}, which is not beside it"
                )
            }
            Self::Redacted(why) => write!(f, "the redacted directory cannot be read: {why}"),
        }
    }
}

impl core::error::Error for ReplayError {}

impl Header {
    /// Finds the directory that it names, if it does.
    ///
    /// # Errors
    /// If `find` does not find it.
    pub(super) fn find_directory(&mut self, find: &mut FindDirectory<'_>) -> Result<(), ReplayError> {
        self.directory.as_mut().map_or(Ok(()), |version| version.find(find)).map_err(ReplayError::NoDirectory)
    }
}

impl From<ReadError> for ReplayError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// [`replay_with`], for a run without a directory.
///
/// # Errors
/// As there.
pub fn replay(
    segments: &[&[u8]],
    make: impl FnOnce(&Header) -> Result<Box<dyn Machine>, Vec<ConfigError>>,
) -> Result<Summary, ReplayError> {
    replay_with(segments, &mut |_| None, make)
}

/// Gives the inputs of `segments` to the machine that `make` creates from their header, and compares its actions and,
/// if this build made the recording, its state. A machine that panicked when it was recorded panics again, unless
/// something has changed; the panic is not caught here. `find` finds the directories that the run names, the first of
/// which is in the header then.
///
/// # Errors
/// A trace that cannot be read, an invalid configuration, a directory that is missing, or the first difference.
pub fn replay_with(
    segments: &[&[u8]],
    find: &mut FindDirectory<'_>,
    make: impl FnOnce(&Header) -> Result<Box<dyn Machine>, Vec<ConfigError>>,
) -> Result<Summary, ReplayError> {
    let mut trace = Trace::open(segments)?;
    let mut header = trace.header().clone();
    header.find_directory(find)?;
    let mut machine = make(&header).map_err(ReplayError::Config)?;
    let build = machine.build();
    let same_build = header.build == build;
    let other_build = (!same_build).then(|| header.build.clone());
    let mut actions = Actions::new();
    let segments = segments.len();
    let mut summary =
        Summary { steps: 0, segments, digests: 0, build, other_build, cut: None, panicked: None };
    let mut last = (1, 1);
    while let Some(mut step) = trace.next_step()? {
        step.input.find_directory(find).map_err(ReplayError::NoDirectory)?;
        let segment = trace.segment();
        last = (segment, step.line);
        let compared = live(&mut *machine, &step, &mut actions, segment, same_build);
        let digested = compared.map_err(|difference| explain(&mut trace, difference))?;
        summary.digests = summary.digests.saturating_add(u64::from(digested));
        summary.steps = summary.steps.saturating_add(1);
        summary.panicked = summary.panicked.or(step.panicked.then_some(last));
    }
    summary.cut = trace.cut();
    check_full_digest(&mut *machine, last).map_err(ReplayError::Difference)?;
    Ok(summary)
}

/// A difference in the last step of a truncated trace does not count, since the step is incomplete.
fn explain(trace: &mut Trace<'_>, difference: Difference) -> ReplayError {
    match (trace.next_step(), trace.cut()) {
        (Ok(None), Some((segment, line))) => {
            let what = "the trace is cut short within the step above".into();
            ReplayError::Read(ReadError { segment, line, what })
        }
        _ => ReplayError::Difference(difference),
    }
}

/// Replays one step; returns whether the state was compared too.
fn live(
    machine: &mut dyn Machine,
    step: &Step<'_>,
    actions: &mut Actions,
    segment: usize,
    same_build: bool,
) -> Result<bool, Difference> {
    actions.clear();
    let input = step.input.as_input();
    let Taken(taken) = machine.step(step.now, input, actions);
    if step.panicked {
        return Ok(false);
    }
    if let crate::input::Input::Bytes { bytes, .. } = input
        && taken < bytes.len()
    {
        return Err(Difference {
            segment,
            line: step.line,
            recorded: format!("{} bytes taken", bytes.len()),
            replayed: format!("{taken} bytes taken"),
        });
    }
    compare(step, actions, segment)?;
    let Some((line, recorded)) = step.digest.filter(|_| same_build) else { return Ok(false) };
    let replayed = machine.digest();
    if replayed != recorded {
        let (recorded, replayed) = (format!("state {recorded:016x}"), format!("state {replayed:016x}"));
        return Err(Difference { segment, line, recorded, replayed });
    }
    Ok(true)
}

/// Checks that the incremental fingerprint equals the one recomputed from the whole state.
fn check_full_digest(machine: &mut dyn Machine, (segment, line): (usize, usize)) -> Result<(), Difference> {
    let kept = machine.digest();
    let anew = machine.full_digest();
    if kept == anew {
        return Ok(());
    }
    let (recorded, replayed) =
        (format!("state {kept:016x}, kept"), format!("state {anew:016x}, computed anew"));
    Err(Difference { segment, line, recorded, replayed })
}
