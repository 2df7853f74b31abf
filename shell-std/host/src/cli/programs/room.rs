//! How many links a program carries: as many as are configured, unless shell or system carry fewer.

use core::fmt::Display;

use ctigate_core::Level;

use crate::net::descriptors::Descriptors;
use crate::record::console::Console;

/// The room that a program has for links.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Room {
    /// As configured.
    wanted: usize,
    /// Whether that is in the configuration, and not the default.
    is_set: bool,
    /// What the shell carries.
    shell: usize,
    descriptors: Descriptors,
}

impl Room {
    /// The room of a program with so many links `wanted`, on a shell that carries so many.
    pub(super) const fn new((wanted, is_set): (usize, bool), shell: usize, descriptors: Descriptors) -> Self {
        Self { wanted, is_set, shell, descriptors }
    }

    /// The most links.
    pub(super) fn links(&self) -> usize {
        self.wanted.min(self.shell).min(self.sockets())
    }

    /// The most sockets of links, open or being closed.
    pub(super) fn sockets(&self) -> usize {
        self.descriptors.for_links()
    }

    /// Whether there is less than is wanted.
    pub(super) fn is_lowered(&self) -> bool {
        self.links() < self.wanted
    }

    /// Tells the operator if there is less than is wanted, and why. That the shell carries less than the default is
    /// less urgent.
    pub(super) fn tell(&self, console: &Console) {
        if !self.is_lowered() {
            return;
        }
        let of_shell = self.shell <= self.sockets();
        let why: &dyn Display =
            if of_shell { &"this program has threads of its own for each link" } else { &self.descriptors };
        let level = if of_shell && !self.is_set { Level::Info } else { Level::Warn };
        let fields: &[(&str, &dyn Display)] =
            &[("key", &"limits.links"), ("from", &self.wanted), ("to", &self.links()), ("why", why)];
        console.tell(level, "limit_lowered", fields);
    }
}
