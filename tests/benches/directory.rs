//! Measures how long the directory of a large site takes to load, how much memory it takes, and how long look-ups in it
//! take, beside a small one: `cargo bench -p ctigate-tests --bench directory`.

use core::fmt::Write as _;
use core::hint::black_box;
use core::time::Duration;
use std::alloc::System;
use std::io::{self, Write as _};
use std::time::Instant;

use ctigate_core::line::directory::Directory;
use stats_alloc::{INSTRUMENTED_SYSTEM, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The users of the two sites; each has a line at two devices.
const SITES: [usize; 2] = [100, 100_000];
/// How often each time is measured; the least counts.
const MEASUREMENTS: usize = 5;
/// The look-ups of one measurement.
const LOOKUPS: usize = 100_000;

/// Looks for something of the user at an index; returns whether it was found.
type Find = fn(&Directory, usize) -> bool;

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{:28} {:>12} {:>12}", "users", SITES[0], SITES[1])?;
    let sites = SITES.map(site);
    let load = sites.each_ref().map(|text| least(|| drop(black_box(read(text)))));
    row(&mut out, "bytes of the file", sites.each_ref().map(String::len))?;
    row(&mut out, "load, microseconds", load.map(|time| time.as_micros()))?;
    let mut directories = Vec::new();
    let mut held = Vec::new();
    for text in &sites {
        let before = ALLOCATOR.stats();
        directories.push(read(text));
        let made = ALLOCATOR.stats() - before;
        held.push(made.bytes_allocated.saturating_sub(made.bytes_deallocated) / 1024);
    }
    let [small, large] = directories.as_slice() else { return Ok(()) };
    let both = [small, large];
    row(&mut out, "memory, KiB", held.as_slice().try_into().unwrap_or([0; 2]))?;
    row(&mut out, "line appearances", both.map(|directory| directory.appearances().len()))?;
    let mut text = String::new();
    let write = both.map(|directory| {
        least(|| {
            text.clear();
            directory.write(&mut text);
        })
    });
    row(&mut out, "write, microseconds", write.map(|time| time.as_micros()))?;
    let finds: [(&str, Find); 5] = [
        ("a user by ID, ns", |directory, user| directory.user_by_id(&format!("User{user}")).is_some()),
        ("by SIP address, ns", |directory, user| {
            directory.user_by_sip(&format!("sip:user{user}@Example.com")).is_some()
        }),
        ("a line by number, ns", |directory, user| {
            directory.lines_numbered(&(10_000 + user).to_string()).count() == 1
        }),
        ("a line by alias, ns", |directory, user| {
            directory.lines_with_alias(&format!("+4930{:07}", 10_000 + user)).count() == 1
        }),
        ("a right, ns", |directory, user| {
            let Some(user) = directory.user_by_id(&format!("user{user}")) else { return false };
            directory.appearances_of_user(user).all(|appearance| directory.may_control(user, appearance))
        }),
    ];
    for (name, find) in finds {
        let times = [(small, SITES[0]), (large, SITES[1])].map(|(directory, users)| {
            let all = least(|| {
                let found =
                    (0..LOOKUPS).filter(|turn| find(directory, turn.wrapping_mul(7_919) % users)).count();
                assert_eq!(black_box(found), LOOKUPS);
            });
            all.as_nanos() / u128::try_from(LOOKUPS).unwrap_or(1)
        });
        row(&mut out, name, times)?;
    }
    Ok(())
}

fn row<N: core::fmt::Display>(
    out: &mut impl io::Write,
    name: &str,
    [small, large]: [N; 2],
) -> io::Result<()> {
    writeln!(out, "{name:28} {small:>12} {large:>12}")
}

/// The least time of several.
fn least(mut work: impl FnMut()) -> Duration {
    let mut least = Duration::MAX;
    for _ in 0..MEASUREMENTS {
        let began = Instant::now();
        work();
        least = least.min(began.elapsed());
    }
    least
}

fn read(text: &str) -> Directory {
    Directory::read(text, "site").unwrap_or_default()
}

/// The directory file of a site, not in order.
fn site(users: usize) -> String {
    let mut text = String::from("ctigate directory 1\n");
    for turn in 0..users {
        let user = turn.wrapping_mul(7_919) % users;
        let line = 10_000 + user;
        let _to_memory = write!(
            text,
            "user user{user} mail=user{user}@example.com sip=sip:user{user}@example.com name=\"User Number {user}\" \
             line={line}/Staff\nline {line} partition=Staff e164=+4930{line:07} label=\"User {user}\"\n\
             device SEP{user:012X} description=\"Room {user}\"\ndevice soft{user} kind=soft\n\
             appearance {line}/Staff SEP{user:012X} 1 device_id={line}:CM1:192.0.2.10:0\n\
             appearance {line}/Staff soft{user} 1\n"
        );
    }
    text
}
