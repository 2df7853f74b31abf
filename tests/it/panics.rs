//! A machine that panics: the input it panicked on is in its recording, and a replay shows the panic.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use ctigate_core::setting::ConfigError;
use ctigate_core::trace::{Digests, Form, Header, ReplayError, Summary, Trace, TraceRecorder, replay, rerun};
use ctigate_core::{Actions, Input, Instant, LinkId, Listen, Machine, NoEffects, Pump, Seed, Taken, Wake};

const LINK: LinkId = LinkId::new(1);

/// Echoes each line; panics on a line that begins with `boom`, unless it is repaired.
struct Fragile {
    mended: bool,
}

impl Machine for Fragile {
    fn listens(&self) -> Vec<Listen> {
        Vec::new()
    }

    fn step(&mut self, _now: Instant, input: Input<'_>, actions: &mut Actions) -> Taken {
        let Input::Bytes { link, bytes } = input else { return Taken(0) };
        let length = bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |end| end + 1);
        actions.write(link, &bytes[..length]);
        assert!(self.mended || !bytes.starts_with(b"boom"), "on purpose");
        Taken(length)
    }

    fn next_wake(&self) -> Option<Wake> {
        None
    }

    fn digest(&mut self) -> u64 {
        0
    }

    fn full_digest(&self) -> u64 {
        0
    }
}

/// A recorded run that ends in a panic on the second of three lines that came together.
fn recorded(form: Form) -> Vec<u8> {
    let header = Header::new("fragile", Seed::from_number(1), Vec::new());
    let mut pump = Pump::new(Fragile { mended: false }, TraceRecorder::new(header, form, Digests::Every));
    let input = Input::Bytes { link: LINK, bytes: b"good\nboom\nnever\n" };
    let run = || pump.input(Instant::from_micros(7), input, &mut NoEffects);
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err(), "it panics");
    pump.into_parts().1.finish()
}

fn lived_again(trace: &[u8], mended: bool) -> Result<Summary, ReplayError> {
    replay(&[trace], |_| Ok(Box::new(Fragile { mended })))
}

#[test]
fn the_input_that_a_machine_panics_on_is_the_last_of_its_recording() {
    let trace = String::from_utf8(recorded(Form::Escaped)).unwrap();
    let (_, steps) = trace.split_once("\n\n").unwrap();
    let good = "@7 bytes #1\n| good\\n\n> write #1\n| good\\n\n=0000000000000000\n";
    assert_eq!(steps, format!("{good}\n@7 bytes #1\n| boom\\n\n+ never\\n\n! panic\n\nend\n"));
}

#[test]
fn its_replay_panics_too_until_the_machine_is_mended_and_then_says_so() {
    for form in [Form::Verbatim, Form::Escaped] {
        let trace = recorded(form);
        assert!(catch_unwind(|| lived_again(&trace, false)).is_err(), "it panics again");
        let summary = lived_again(&trace, true).unwrap();
        let text = String::from_utf8_lossy(&trace);
        let line = text.lines().position(|line| line.starts_with("@7 bytes")).unwrap();
        let line =
            text.lines().skip(line + 1).position(|line| line.starts_with("@7 bytes")).unwrap() + line + 2;
        assert_eq!((summary.steps, summary.cut, summary.panicked), (2, None, Some((1, line))));
        let said = format!("ended in a panic on the input at segment 1, line {line}, and this one did not");
        assert!(summary.to_string().ends_with(&said), "{summary}");
    }
}

#[test]
fn it_can_be_run_anew_to_be_shared_without_panicking() {
    let trace = recorded(Form::Verbatim);
    let header = Header::new("fragile", Seed::from_number(1), Vec::new());
    let make = |_: &Header| -> Result<Box<dyn Machine>, Vec<ConfigError>> {
        Ok(Box::new(Fragile { mended: false }))
    };
    let again = rerun(&[&trace], header, (Form::Verbatim, Digests::Every), |input| input, make).unwrap();
    assert_eq!((again.steps, again.parted), (2, None));
    let mut steps = Trace::open(&[&again.trace]).unwrap();
    let mut panicked = Vec::new();
    while let Some(step) = steps.next_step().unwrap() {
        panicked.push(step.panicked);
    }
    assert_eq!(panicked, [false, true]);
}
