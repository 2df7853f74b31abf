//! What a sign-in depends on by the configuration.

use super::Config;
use crate::line::explaining::Site;

impl Config {
    /// What a sign-in depends on, to explain what becomes of one.
    #[must_use]
    pub fn site(&self) -> Site<'_> {
        Site {
            allow: &self.sip.allow,
            domains: &self.directory.domains,
            server: self.directory.server,
            numbers: &self.numbers,
            connections: self.cti.connections.iter().map(|connection| connection.name.as_str()).collect(),
        }
    }
}
