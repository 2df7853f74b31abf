//! The simulated world: hosts, virtual clock, weather.
