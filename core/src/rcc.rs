//! Remote call control: sessions, monitors and what feeds them, what clients ask for, and how the phone system's
//! identifiers look to each client.

pub(crate) mod binding;
pub(crate) mod calls;
pub(crate) mod change;
pub(crate) mod connections;
pub(crate) mod control;
pub(crate) mod device;
mod device_lists;
mod early;
mod events;
pub(crate) mod jobs;
mod keep;
pub(crate) mod monitoring;
pub(crate) mod moving;
mod relay;
mod relaying;
pub(crate) mod resync;
pub(crate) mod resync_state;
pub(crate) mod services;
pub(crate) mod session;
pub(crate) mod sessions;
mod stale;
mod stops;
pub(crate) mod switch_monitor;
pub(crate) mod ticket;
mod verification;
pub(crate) mod view;
pub(crate) mod walk;

#[cfg(test)]
mod tests;
