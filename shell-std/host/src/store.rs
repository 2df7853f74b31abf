//! What a program keeps beyond its end.

use ctigate_core::{StoreFault, Token};

/// What was kept of earlier runs, and what keeps more of this one. By default nothing is kept.
#[derive(Default)]
pub struct Store {
    restored: Vec<(String, String)>,
    keeper: Keeper,
}

impl Store {
    /// What was kept, by key; and what keeps more.
    pub(crate) fn into_parts(self) -> (Vec<(String, String)>, Keeper) {
        (self.restored, self.keeper)
    }
}

/// Takes what a machine wants to keep. Never blocks.
pub(crate) enum Keeper {
    /// Keeps nothing.
    Useless(StoreFault),
}

impl Default for Keeper {
    fn default() -> Self {
        Self::Useless(StoreFault::Unset)
    }
}

impl Keeper {
    /// Begins to keep a value; its fate follows as [`crate::shell::Spoken::Persisted`].
    ///
    /// # Errors
    /// If it will not be kept: then nothing follows.
    pub(crate) fn keep(&self, _token: Token, _key: &str, _value: &str) -> Result<(), StoreFault> {
        match self {
            Self::Useless(fault) => Err(*fault),
        }
    }
}
