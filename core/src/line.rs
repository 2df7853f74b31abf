//! Identifiers of devices: a client's line URI, and what phone systems call a device in its many forms (ECMA-269 10).
//! All identifiers are read and written here.
//!
//! | file | subject |
//! |---|---|
//! | `uri` | a client's line URI |
//! | `choice` | a user's choice of a line appearance, user IDs |
//! | `identifier` | a phone system's device identifier, and how a client sees it |
//! | `type_of_number` | the values of `typeOfNumber` |
//! | `forms` | examples of every form: tested, and drawn in `docs/identifiers.md` |

pub(crate) mod choice;
pub mod forms;
pub(crate) mod identifier;
pub(crate) mod type_of_number;
pub(crate) mod uri;
