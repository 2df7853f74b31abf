//! Runs a story twice: equal seeds must give equal runs, and every run must replay.

use core::panic::AssertUnwindSafe;
use std::panic::catch_unwind;

use super::{Fault, Weather, World};

impl World {
    /// Replays the run of every host in a new machine, which must do the same.
    ///
    /// # Errors
    /// The first difference.
    pub fn replayed(&mut self) -> Result<(), Fault> {
        let (seed, at) = (self.seed, self.now);
        for host in &mut self.hosts {
            let replayed = host.replay();
            replayed.map_err(|what| Fault {
                seed,
                at,
                what: format!("{} does not replay: {what}", host.name),
            })?;
        }
        Ok(())
    }

    /// Compares the run of every host with that in another world.
    ///
    /// # Errors
    /// The first difference.
    pub fn same_as(&self, other: &Self) -> Result<(), Fault> {
        for (one, two) in self.hosts.iter().zip(&other.hosts) {
            if let Some(what) = one.difference(two) {
                return Err(self.unequal(&one.name, "does not run the same way twice", &what));
            }
        }
        if self.hosts.len() == other.hosts.len() && self.now == other.now {
            return Ok(());
        }
        Err(self.unequal("the world", "does not run the same way twice", "another end"))
    }

    fn unequal(&self, host: &str, why: &str, what: &str) -> Fault {
        Fault { seed: self.seed, at: self.now, what: format!("{host} {why}: {what}") }
    }
}

/// Runs a story in two new worlds of the same seed and weather, which must not differ, and replays the first. Returns
/// the result of the story.
///
/// # Errors
/// The first fault; a panic inside a machine (a `debug_assert!`) is one too.
pub fn twice<T>(
    seed: u64,
    weather: Weather,
    story: impl Fn(&mut World) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let tell = || {
        let mut world = World::new(seed, weather);
        caught(&mut world, &story).map(|told| (world, told))
    };
    let (mut first, told) = tell()?;
    let (second, _) = tell()?;
    first.same_as(&second)?;
    first.replayed()?;
    Ok(told)
}

/// Runs a story in a world.
///
/// # Errors
/// The first fault; a panic inside a machine (a `debug_assert!`) is one too.
pub fn caught<T>(world: &mut World, story: impl FnOnce(&mut World) -> Result<T, Fault>) -> Result<T, Fault> {
    match catch_unwind(AssertUnwindSafe(|| story(world))) {
        Ok(told) => told,
        Err(panic) => {
            let what = format!("panicked: {}", message(&*panic));
            Err(Fault { seed: world.seed, at: world.now, what })
        }
    }
}

/// The message of a panic.
pub(crate) fn message(panic: &(dyn core::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("something that is not text")
}
