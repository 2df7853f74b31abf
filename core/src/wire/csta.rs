//! CSTA XML (ECMA-323 edition 3, answered in the edition and namespace style the peer used).
//!
//! Reading a document: [`guard`] (cheap bounds), roxmltree (once), [`parse`] (typed, borrowed). Writing one: [`emit`]
//! (by hand, into a buffer). `parse(emit(m)) == m`.

pub mod emit;
pub mod encoding;
pub mod errors;
pub mod events;
pub mod guard;
pub mod inventory;
pub mod member;
pub mod model;
pub mod parse;
pub mod references;
pub mod relayed;
pub mod services;

mod names;
mod read;
#[cfg(test)]
mod tests;
