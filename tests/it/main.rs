//! All tests that start no program: gateway, phone system and client in the simulated world, its canaries, and the
//! repository's own rules.

#[cfg(test)]
mod administration;
#[cfg(test)]
mod ami;
#[cfg(test)]
mod appearances;
#[cfg(test)]
mod asterisk;
#[cfg(test)]
mod asterisk_link;
#[cfg(test)]
mod avaya;
#[cfg(test)]
mod builds;
#[cfg(test)]
mod canary;
#[cfg(test)]
mod client_manual;
#[cfg(test)]
mod cti;
#[cfg(test)]
mod deceiving;
mod desks;
#[cfg(test)]
mod drain;
#[cfg(test)]
mod explained;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod features;
#[cfg(test)]
mod framing;
#[cfg(test)]
mod golden;
#[cfg(test)]
mod identifiers;
#[cfg(test)]
mod inventory;
#[cfg(test)]
mod letter;
#[cfg(test)]
mod line_appearances;
#[cfg(test)]
mod line_protocol;
#[cfg(test)]
mod looking;
#[cfg(test)]
mod mute;
#[cfg(test)]
mod notices;
#[cfg(test)]
mod office;
#[cfg(test)]
mod other_lines;
#[cfg(test)]
mod panics;
#[cfg(test)]
mod quirks;
#[cfg(test)]
mod rate;
#[cfg(test)]
mod rebind;
#[cfg(test)]
mod redacted;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod relayed;
#[cfg(test)]
mod reloading;
#[cfg(test)]
mod resync;
mod rows;
#[cfg(test)]
mod rush;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod selecting;
#[cfg(test)]
mod services;
#[cfg(test)]
mod services_table;
#[cfg(test)]
mod sessionless;
#[cfg(test)]
mod simulation;
#[cfg(test)]
mod sipe;
#[cfg(test)]
mod stop;
mod stops;
#[cfg(test)]
mod stories;
#[cfg(test)]
mod switch_document;
#[cfg(test)]
mod system;
#[cfg(test)]
mod tables;
#[cfg(test)]
mod takeover;
#[cfg(test)]
mod tidy;
#[cfg(test)]
mod told;
mod torture;
#[cfg(test)]
mod transport;
#[cfg(test)]
mod turns;
#[cfg(test)]
mod unlisted;
#[cfg(test)]
mod world;
