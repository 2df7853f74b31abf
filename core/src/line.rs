//! Identifiers of devices: a client's line URI, and what phone systems call a device in its many forms (ECMA-269 10).
//! All identifiers are read and written here.
//!
//! | file | subject |
//! |---|---|
//! | `tel` | the URIs by which clients name lines (RFC 3966) |
//! | `dial` | numbers that a phone system can dial |
//! | `rules` | rules that turn one form of a number into another |
//! | `escapes` | percent escapes in URIs |
//! | `directory` | users, lines, devices, and which user may control which line at which device |
//! | `finding` | the line appearance that a sign-in means |
//! | `uri` | a client's line URI as a session keeps it |
//! | `choice` | a user's choice of a line appearance, user IDs |
//! | `identifier` | a phone system's device identifier, and how a client sees it |
//! | `type_of_number` | the values of `typeOfNumber` |
//! | `forms` | examples of every form: tested, and drawn in `docs/identifiers.md` |

pub(crate) mod choice;
pub mod dial;
pub mod directory;
mod escapes;
pub mod finding;
pub mod forms;
pub(crate) mod identifier;
pub mod rules;
pub mod tel;
pub(crate) mod type_of_number;
pub(crate) mod uri;
