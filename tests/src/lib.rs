//! The simulated world: hosts, virtual clock, weather.

pub mod fuzz;
