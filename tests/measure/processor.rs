//! The processor time of a process.

use std::fs;

use crate::Nanos;

/// Linux reports it in hundredths of a second (proc(5)).
const TICK: u64 = 10_000_000;

/// User and system time of all threads of a process so far, including those that have ended.
pub(crate) fn time_of(process: u32) -> Nanos {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).unwrap();
    // The second field is a name in brackets and may contain anything.
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2).map(|field| field.parse::<u64>().unwrap());
    Nanos(ticks.sum::<u64>() * TICK)
}

/// The time of the calling thread so far.
pub(crate) fn time_of_this_thread() -> Nanos {
    let counted = fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    Nanos(counted.split(' ').next().unwrap().parse().unwrap())
}
