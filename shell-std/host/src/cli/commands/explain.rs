//! `explain`: says why a user would control a line by a configuration, or would not.

use ctigate_core::config::Mode;
use ctigate_core::line::explaining::{Known, explain};
use ctigate_core::line::finding::Registered;

use super::check::fail;
use super::{FAILED, GOOD};
use crate::cli::arguments::ExplainRequest;
use crate::cli::directory::{self, Loaded};
use crate::cli::terminal::Terminal;
use crate::control::explanation;

/// Explains what would become of a sign-in.
pub(super) fn explain_to(request: &ExplainRequest, terminal: &mut Terminal<'_>) -> u8 {
    let Loaded { config, directory, .. } = match directory::load(&request.config) {
        Ok(loaded) => loaded,
        Err(complaints) => return fail(&complaints, terminal),
    };
    let is_listed = config.directory.mode(!directory.is_empty()) == Mode::Listed;
    let known = Known {
        site: &config.site(),
        directory: is_listed.then_some(&directory),
        // What users selected is known to the gateway, not to its configuration.
        choice: &|_| None,
        registered: &|_| Registered::NotAsked,
        said: &|_| None,
    };
    let explained = explain(&known, &request.question);
    let text = if request.json { explanation::json(&explained) } else { explanation::table(&explained) };
    if terminal.say(&text) && explained.succeeds { GOOD } else { FAILED }
}
