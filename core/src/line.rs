//! Identifiers of devices: a client's line URI, and what phone systems call a device in its many forms (ECMA-269 10).
//! All identifiers are read and written here.
//!
//! | file | subject |
//! |---|---|
//! | `tel` | the URIs by which clients name lines (RFC 3966) |
//! | `dial` | numbers that a phone system can dial |
//! | `escapes` | percent escapes in URIs |
//! | `uri` | a client's line URI as a session keeps it |
//! | `identifier` | a phone system's device identifier, and how a client sees it |
//! | `type_of_number` | the values of `typeOfNumber` |
//! | `directory` | users, lines, devices and line appearances: who may control what |
//! | `forms` | examples of every form: tested, and drawn in `docs/identifiers.md` |

pub mod dial;
pub mod directory;
mod escapes;
pub mod forms;
pub(crate) mod identifier;
pub mod tel;
pub(crate) mod type_of_number;
pub(crate) mod uri;
