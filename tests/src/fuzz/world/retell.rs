//! Turns golden traces into operations.

use std::io;

use super::operations::{Operation, SPANS};
use super::stage::FIRST_CHOICES;
use crate::fuzz::choices::raw;
use crate::fuzz::literature;
use crate::fuzz::retell::Tongue;

/// The seeds: what the clients of every golden trace sent, for two gateways with all defaults in calm weather, while a
/// scripted client makes a call.
///
/// # Errors
/// If a trace cannot be read.
pub(in crate::fuzz) fn seeds() -> io::Result<Vec<Vec<u8>>> {
    let tongue = Tongue {
        first: FIRST_CHOICES,
        spans: &SPANS,
        pass: |span| vec![Operation::Time.byte(), 0, span, 0],
        say: |client, said| {
            let mut bytes = raw(&[Operation::Raw.byte(), 0, client], said);
            bytes.push(4);
            bytes
        },
        // The phone system acts by itself.
        tell: |_| Vec::new(),
    };
    let call = [Operation::Script.byte(), 0, 0, 1, 7];
    let with_call = |story| {
        let mut bytes = tongue.retold(story);
        bytes.splice(FIRST_CHOICES..FIRST_CHOICES, call);
        bytes
    };
    Ok(literature::stories()?.iter().map(with_call).collect())
}
