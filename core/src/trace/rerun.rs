//! Runs a new machine on a trace's inputs and records what it does, as for rewriting golden traces.

use alloc::boxed::Box;
use alloc::sync::Arc;
use alloc::vec::Vec;

use super::chain::Trace;
use super::replay::ReplayError;
use super::step::{RecordedInput, Step};
use super::write::TraceRecorder;
use super::{Digests, Form, Header};
use crate::input::Input;
use crate::line::directory::Directory;
use crate::machine::Machine;
use crate::pump::{NoEffects, Pump, Recorder as _};
use crate::setting::ConfigError;

/// The result of a rerun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rerun {
    /// The new trace, in one segment.
    pub trace: Vec<u8>,
    /// How many steps the old one had.
    pub steps: u64,
    /// The segment and line in the old trace of the first step whose actions are of other kinds than before, if any.
    pub parted: Option<(usize, usize)>,
    /// The directories that the new one names.
    pub directories: Vec<Arc<Directory>>,
}

/// Runs the machine that `make` creates on the inputs of `segments`, each changed by `rewrite`, and records the run
/// under `header`. Comments are kept.
///
/// # Errors
/// A trace that cannot be read, an invalid configuration, or a directory that `rewrite` was to find.
pub fn rerun<'t>(
    segments: &[&'t [u8]],
    header: Header,
    (form, digests): (Form, Digests),
    mut rewrite: impl FnMut(RecordedInput<'t>) -> RecordedInput<'t>,
    make: impl FnOnce(&Header) -> Result<Box<dyn Machine>, Vec<ConfigError>>,
) -> Result<Rerun, ReplayError> {
    let mut old = Trace::open(segments)?;
    let machine = make(&header).map_err(ReplayError::Config)?;
    let mut pump = Pump::new(machine, TraceRecorder::new(header, form, digests));
    let mut steps = 0_u64;
    while let Some(step) = old.next_step()? {
        let Step { comment, now, input, panicked, .. } = step;
        for line in comment.lines() {
            pump.recorder_mut().comment(line.strip_prefix('#').unwrap_or(line));
        }
        let mut input = rewrite(input);
        input.find_directory(&mut |_| None).map_err(ReplayError::NoDirectory)?;
        if panicked {
            // The input is recorded without being run: a replay will show the panic, and a redacted trace has to be
            // complete.
            pump.recorder_mut().panicked(now, input.as_input());
        } else {
            pump.input(now, input.as_input(), &mut NoEffects);
        }
        steps = steps.saturating_add(1);
    }
    let (_, recorder) = pump.into_parts();
    let trace = recorder.finish();
    Ok(Rerun { parted: find_parting(segments, &trace)?, steps, trace, directories: Vec::new() })
}

/// The first step of `old` whose actions are of other kinds in `new`, or that was divided differently.
fn find_parting(old: &[&[u8]], new: &[u8]) -> Result<Option<(usize, usize)>, ReplayError> {
    let (mut old, mut new) = (Trace::open(old)?, Trace::open(&[new])?);
    while let Some(before) = old.next_step()? {
        let alike = new.next_step()?.is_some_and(|now| is_alike(&before, &now));
        if !alike {
            return Ok(Some((old.segment(), before.line)));
        }
    }
    Ok(None)
}

fn is_alike(before: &Step<'_>, now: &Step<'_>) -> bool {
    let sizes = match (before.input.as_input(), now.input.as_input()) {
        (Input::Bytes { bytes, .. }, Input::Bytes { bytes: other, .. }) => bytes.len() == other.len(),
        _ => true,
    };
    sizes
        && before.actions.len() == now.actions.len()
        && before.actions.iter().zip(&now.actions).all(|((_, before), (_, now))| before.is_same_kind(now))
}
