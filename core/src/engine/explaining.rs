//! Explaining what would become of a sign-in now: reading the state is not an input and changes nothing.

use alloc::string::String;
use alloc::vec::Vec;

use super::Engine;
use crate::line::choice::folded;
use crate::line::directory::AppearanceId;
use crate::line::explaining::{Explanation, Known, Question, explain, user_of};
use crate::line::finding::{Registered, device_of};
use crate::rcc::session::Carrier as _;

impl Engine {
    /// Explains what would become of a sign-in, by the directory and the choices that are in force, and by what the
    /// user's sessions say of devices.
    #[must_use]
    pub fn explain(&self, question: &Question) -> Explanation {
        let (shared, control) = (&self.shared, &self.gateway.control);
        let directory = shared.directory.as_deref();
        let site = shared.config.site();
        let choice = |user: &str| control.choices.of(user);
        let said = |device: &str| self.gateway.uacsta.refused.said_of(device);
        let registered = |_| Registered::NotAsked;
        let known = Known { site: &site, directory, choice: &choice, registered: &registered, said: &said };
        let user = directory.zip(user_of(&known, question));
        let user = user.map(|(directory, user)| String::from(folded(directory.user(user).id)));
        let devices = user.map(|user| self.devices_of(&user)).unwrap_or_default();
        let registered = |id: AppearanceId| {
            let device = directory.map_or("", |directory| device_of(directory, id));
            let found = devices.iter().find(|(known, _)| *known == device);
            match found {
                Some((_, true)) => Registered::Yes,
                Some((_, false)) => Registered::No,
                None => Registered::NotAsked,
            }
        };
        explain(&Known { registered: &registered, ..known }, question)
    }

    /// By what the phone system knows the devices of a user's sessions, and whether it said that they are registered.
    fn devices_of(&self, user: &str) -> Vec<(&str, bool)> {
        let control = &self.gateway.control;
        let sessions = control.sessions_of(user);
        let mut devices = Vec::new();
        for session in sessions.iter().filter_map(|session| control.sessions.get(*session)) {
            let is_checked = self.shared.config.cti.verify_line && session.carrier.is_established();
            if session.is_unregistered || is_checked {
                devices.push((session.number(), !session.is_unregistered));
            }
        }
        devices
    }
}
