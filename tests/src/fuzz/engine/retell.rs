//! Turns golden traces into operations.

use std::io;

use super::operations::{Operation, SPANS};
use super::stage::FIRST_CHOICES;
use crate::fuzz::choices::raw;
use crate::fuzz::literature;
use crate::fuzz::retell::Tongue;

/// The seeds: every golden trace, for a gateway with all defaults whose peers behave well.
///
/// # Errors
/// If a trace cannot be read.
pub(in crate::fuzz) fn seeds() -> io::Result<Vec<Vec<u8>>> {
    let tongue = Tongue {
        first: FIRST_CHOICES,
        spans: &SPANS,
        pass: |span| vec![Operation::Time.byte(), span],
        say: |client, said| raw(&[Operation::Raw.byte(), client, 2], said),
        tell: |said| {
            // A phone system that behaves well gives answers by itself.
            let event = said.windows(5).any(|word| word == b"Event");
            if event { raw(&[Operation::SystemSpeaks.byte(), 0, 3], said) } else { Vec::new() }
        },
    };
    Ok(literature::stories()?.iter().map(|story| tongue.retold(story)).collect())
}
