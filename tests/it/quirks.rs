//! The quirks of real clients, by their numbers.

mod events;
mod forms;
mod numbers;
mod refresh;
mod routing;
mod sipe;
mod transactions;
