//! How urgent it is what the operator is told.

/// How urgent a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Of interest to developers only.
    Debug,
    /// Normal operation.
    Info,
    /// Something was refused or discarded; users may notice.
    Warn,
    /// The gateway cannot do part or all of its work.
    Error,
}

impl Level {
    /// All levels, from the least urgent to the most.
    pub const ALL: [Self; 4] = [Self::Debug, Self::Info, Self::Warn, Self::Error];

    /// The level of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|level| level.name() == name)
    }

    /// The level as logs and traces write it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Debug => "debug",
            Self::Info => "info",
            Self::Warn => "warn",
            Self::Error => "error",
        }
    }
}
