//! Measures how much memory a session takes, how often a request allocates, that requests keep no memory, and their
//! processor time, which depends little on other load: `cargo bench -p ctigate-tests --bench rounds`. With `-- ROUND
//! COUNT [USERS [OF-A-LINE]]` it only plays rounds, for a profiler.

use std::alloc::System;
use std::env;
use std::fs;
use std::io;

use ctigate_tests::steady::{Round, Steady};
use stats_alloc::{INSTRUMENTED_SYSTEM, Stats, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// The number of sessions, and of rounds of each kind, so that every session has a turn.
const MANY: usize = 100_000;

/// How often each time is measured.
const MEASUREMENTS: usize = 4;

/// How many clients of a line an event is for.
const SHARING: [usize; 4] = [1, 2, 8, 32];

/// The users of a gateway under a profiler.
const FEW: usize = 100;

fn main() -> io::Result<()> {
    let words: Vec<String> = env::args().skip(1).filter(|word| !word.starts_with("--")).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["reload", users] => reload(users.parse().unwrap_or(MANY), &mut io::stdout().lock()),
        [name, count, more @ ..] if more.len() < 4 => {
            let round = Round::ALL.into_iter().find(|round| round.name() == *name);
            let users = more.first().map_or(Ok(FEW), |users| users.parse());
            let sharing = more.get(1).map_or(Ok(1), |sharing| sharing.parse());
            let entries = more.get(2).map_or(Ok(0), |entries| entries.parse());
            let (Some(round), Ok(count), Ok(users), Ok(sharing), Ok(entries)) =
                (round, count.parse(), users, sharing, entries)
            else {
                return Err(io::Error::other(
                    "usage: features|hold|digits|transfer|event|three-parties|eight-parties|sign-in COUNT \
                     [USERS [OF-A-LINE [ENTRIES-OF-THE-DIRECTORY]]], or reload USERS",
                ));
            };
            play(&mut Steady::of_site(users, sharing, entries), round, count);
            Ok(())
        }
        _ => print_table(&mut io::stdout().lock()),
    }
}

fn print_table(out: &mut impl io::Write) -> io::Result<()> {
    let mut gateway = Steady::without_users(MANY);
    let before = held(&ALLOCATOR.stats());
    for user in 0..MANY {
        gateway.add_user(user);
    }
    // The memory that the measurement uses for users is not the gateway's.
    let sessions = (held(&ALLOCATOR.stats()) - before).saturating_sub(gateway.own_bytes());
    writeln!(out, "{MANY} idle monitored sessions: {} bytes each\n", sessions / MANY)?;
    writeln!(out, "{MANY} rounds of    allocations each    growth of the heap")?;
    for round in Round::ALL {
        // First let every buffer reach its size, and every phone have its first call.
        play(&mut gateway, round, MANY);
        let before = held(&ALLOCATOR.stats());
        let allocations = play(&mut gateway, round, MANY);
        let grown = held(&ALLOCATOR.stats()).wrapping_sub(before).cast_signed();
        let (whole, tenths) = (allocations / MANY, allocations * 10 / MANY % 10);
        writeln!(out, "{:16} {whole:17}.{tenths} {grown:15} bytes", round.name())?;
    }
    writeln!(out, "\nprocessor time a round        {FEW} sessions    {MANY} sessions")?;
    let mut small = Steady::new(FEW);
    for round in Round::ALL {
        let (few, many) = (processor_time(&mut small, round), processor_time(&mut gateway, round));
        writeln!(out, "{:16} {few:22} ns {many:17} ns", round.name())?;
    }
    writeln!(out, "\nprocessor time of an event      all its clients    each of them")?;
    for sharing in SHARING {
        let mut gateway = Steady::sharing(FEW.next_multiple_of(sharing), sharing);
        let all = processor_time(&mut gateway, Round::Event);
        let each = all / u64::try_from(sharing).unwrap_or(1);
        writeln!(out, "{sharing:3} of a line {all:32} ns {each:12} ns")?;
    }
    Ok(())
}

/// Changes the directory of a gateway with as many sessions as entries.
fn reload(users: usize, out: &mut impl io::Write) -> io::Result<()> {
    let mut gateway = Steady::of_site(users, 1, users);
    let turns = gateway.reload(users, processor_time_so_far);
    let (longest, all) = (turns.iter().max().copied().unwrap_or(0), turns.iter().sum::<u64>());
    let to_micros = |nanos: u64| nanos / 1_000;
    writeln!(out, "a directory of {users} changed, {users} sessions checked: {} µs", to_micros(all))?;
    writeln!(out, "in {} turns, the longest {} µs", turns.len(), to_micros(longest))
}

/// The processor time of a round in nanoseconds, the least of several measurements; 0 if the system does not report it.
/// The time for writing the opening is measured separately and subtracted.
fn processor_time(gateway: &mut Steady, round: Round) -> u64 {
    let mut least = u64::MAX;
    for _ in 0..MEASUREMENTS {
        let began = processor_time_so_far();
        for _ in 0..MANY {
            let (user, opening) = gateway.begin(round);
            gateway.play(round, user, &opening);
        }
        let played = processor_time_so_far();
        for _ in 0..MANY {
            core::hint::black_box(gateway.begin(round));
        }
        let written = processor_time_so_far();
        let whole = played.saturating_sub(began).saturating_sub(written.saturating_sub(played));
        least = least.min(whole / u64::try_from(MANY).unwrap_or(1));
    }
    least
}

/// How long this thread has run, in nanoseconds, as Linux counts it.
fn processor_time_so_far() -> u64 {
    let counted = fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    counted.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0)
}

/// Plays rounds; returns how often they allocated, without writing the requests.
fn play(gateway: &mut Steady, round: Round, times: usize) -> usize {
    let mut allocations = 0;
    for _ in 0..times {
        let (user, opening) = gateway.begin(round);
        let before = ALLOCATOR.stats();
        gateway.play(round, user, &opening);
        let made = ALLOCATOR.stats() - before;
        allocations += made.allocations + made.reallocations;
    }
    allocations
}

/// The currently allocated bytes.
const fn held(stats: &Stats) -> usize {
    stats.bytes_allocated.wrapping_sub(stats.bytes_deallocated)
}
