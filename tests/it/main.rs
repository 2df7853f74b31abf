//! All tests that need no program: the simulated world, its canaries, and the repository's own rules.

mod canary;
mod tidy;
mod world;
