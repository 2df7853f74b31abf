//! Changing a bench's configuration and directory in its run.

use std::sync::Arc;

use ctigate_core::config::{Change, Reload, change};
use ctigate_core::line::directory::Directory;
use ctigate_core::reply::{ReplyResult, Token};
use ctigate_core::setting::Value;
use ctigate_core::{Command, Input};

use super::{Bench, settings};

/// The token of the bench's reloads.
const TOKEN: Token = Token::new(1_000_000);

impl Bench {
    /// Changes the configuration, of which `more` are the settings that differ from the bench's, as far as it can change
    /// in a run, and the directory. Returns what could change, and the answer.
    ///
    /// # Panics
    /// If the configuration is wrong.
    #[expect(clippy::expect_used, reason = "a test's configuration is right or the test is wrong")]
    pub fn reload(
        &mut self,
        more: &[(&str, Value)],
        directory: Option<&Arc<Directory>>,
    ) -> (Change, Vec<ReplyResult>) {
        let change = change(&self.settings, &settings(more));
        let reload = Reload::new(change.settings.clone(), directory.cloned()).expect("a right configuration");
        self.settings.clone_from(&change.settings);
        self.directories.extend(directory.cloned());
        self.input(Input::Command { token: Some(TOKEN), command: Command::Reload(&reload) });
        self.settle();
        let (ours, others) =
            core::mem::take(&mut self.wanted.replies).into_iter().partition(|(token, _)| *token == TOKEN);
        self.wanted.replies = others;
        let ours: Vec<_> = ours;
        (change, ours.into_iter().map(|(_, result)| result).collect())
    }
}
