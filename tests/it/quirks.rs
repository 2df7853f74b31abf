//! Every quirk of real clients, by its number: what must not break anything.

mod events;
mod forms;
mod numbers;
mod refresh;
mod routing;
mod sipe;
mod transactions;
