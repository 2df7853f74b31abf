//! Remote call control: sessions, monitors and what feeds them, what clients ask for, and how the phone system's
//! identifiers look to each client.

mod agreement;
mod answers;
pub(crate) mod binding;
mod calls;
mod change;
pub(crate) mod choices;
pub(crate) mod clients;
mod connections;
pub(crate) mod control;
mod delivery;
mod device_lists;
mod early;
mod events;
pub(crate) mod history;
mod inquiry;
mod introducing;
pub(crate) mod jobs;
mod keep;
mod known;
mod lifetime;
mod merger;
mod monitoring;
mod moving;
mod not_dialable;
pub(crate) mod noting;
mod other_device;
mod other_line;
mod parties;
mod phone_systems;
mod reference;
mod relay;
mod relaying;
mod restoring;
mod resync;
pub(crate) mod resync_state;
mod services;
mod serving;
pub(crate) mod session;
pub(crate) mod sessions;
mod showing;
mod snapshot;
mod stale;
mod stops;
mod switch_monitor;
mod ticket;
mod verification;
pub(crate) mod view;
pub(crate) mod walk;
mod work;

#[cfg(test)]
mod tests;
