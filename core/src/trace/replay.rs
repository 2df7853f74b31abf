//! Lives a recorded run again: the same inputs to a new machine, and a stop at the first difference.

use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::Header;
use super::chain::Trace;
use super::compare::{Difference, compare};
use super::read::ReadError;
use super::step::Step;
use crate::action::Actions;
use crate::input::Taken;
use crate::machine::Machine;
use crate::setting::ConfigError;

/// What a replay without differences did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// How many steps were lived again.
    pub steps: u64,
    /// How many segments they stood in.
    pub segments: usize,
    /// How many fingerprints of the state were compared.
    pub digests: u64,
    /// The build of the machine that lived them again.
    pub build: &'static str,
    /// The build that recorded, if it is not this one: then actions were compared, and states were not.
    pub other_build: Option<String>,
    /// Where the trace breaks off without an end mark (segment and line), as when the recording program was killed.
    pub cut: Option<(usize, usize)>,
    /// Where the machine panicked when it was recorded (segment and line); this time it did not.
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

/// Why a run could not be lived again to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReplayError {
    /// The trace cannot be read.
    Read(ReadError),
    /// The machine cannot be made of the header's configuration.
    Config(Vec<ConfigError>),
    /// Something else happened than was recorded.
    Difference(Difference),
}

impl fmt::Display for ReplayError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Read(error) => error.fmt(f),
            Self::Config(errors) => {
                f.write_str("the header's settings do not make a machine")?;
                errors.iter().try_for_each(|error| write!(f, "\n  {error}"))
            }
            Self::Difference(difference) => difference.fmt(f),
        }
    }
}

impl core::error::Error for ReplayError {}

impl From<ReadError> for ReplayError {
    fn from(error: ReadError) -> Self {
        Self::Read(error)
    }
}

/// Gives the inputs of `segments` to the machine that `make` makes of their header, and compares what it wants, and
/// where this build recorded, its state. A machine that panicked when it was recorded panics again, if nothing has
/// changed: the panic is the caller's.
///
/// # Errors
/// A trace that cannot be read, a configuration that makes no machine, or the first difference.
pub fn replay(
    segments: &[&[u8]],
    make: impl FnOnce(&Header) -> Result<Box<dyn Machine>, Vec<ConfigError>>,
) -> Result<Summary, ReplayError> {
    let mut trace = Trace::open(segments)?;
    let header = trace.header();
    let mut machine = make(header).map_err(ReplayError::Config)?;
    let build = machine.build();
    let same_build = header.build == build;
    let other_build = (!same_build).then(|| header.build.clone());
    let mut actions = Actions::new();
    let segments = segments.len();
    let mut summary =
        Summary { steps: 0, segments, digests: 0, build, other_build, cut: None, panicked: None };
    let mut last = (1, 1);
    while let Some(step) = trace.next_step()? {
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

/// A difference in a step after which the trace breaks off is no difference: the step is not all there.
fn explain(trace: &mut Trace<'_>, difference: Difference) -> ReplayError {
    match (trace.next_step(), trace.cut()) {
        (Ok(None), Some((segment, line))) => {
            let what = "the trace is cut short within the step above".into();
            ReplayError::Read(ReadError { segment, line, what })
        }
        _ => ReplayError::Difference(difference),
    }
}

/// Lives one step again; says whether the state was compared too.
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

/// At the end the fingerprint kept up to date must be the one computed anew.
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
