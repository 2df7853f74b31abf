//! The phones' settings, and the phones themselves as devices.

use ctigate_core::slots::{Handle, Slots};

use super::{Phone, Phones};
use crate::switch::settings::Settings;

impl Phones {
    /// What is set at a phone.
    #[must_use]
    pub fn settings(&self, phone: Handle<Phone>) -> Option<&Settings> {
        self.table.get(phone).map(|phone| &phone.settings)
    }

    /// What is set at a phone, for changing it.
    pub fn settings_mut(&mut self, phone: Handle<Phone>) -> Option<&mut Settings> {
        self.table.get_mut(phone).map(|phone| &mut phone.settings)
    }

    /// All phones, for listing them.
    #[must_use]
    pub const fn all(&self) -> &Slots<Phone> {
        &self.table
    }

    /// How many places there are.
    #[must_use]
    pub const fn places(&self) -> usize {
        self.places.len()
    }

    /// The most calls that a phone can have now.
    #[must_use]
    pub fn most_calls(&self, phone: Handle<Phone>) -> usize {
        let waits = self.settings(phone).is_some_and(Settings::has_call_waiting);
        if waits { self.rules.lines } else { 1 }
    }
}
