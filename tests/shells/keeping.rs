//! What a machine is asked and answers, and what it keeps beyond its end.

use std::sync::mpsc;
use std::thread;

use ctigate_core::{ListenerId, Refusal, StoreFault};
use ctigate_host::shell::{Said, Silence};
use ctigate_host::store::Store;

use super::{Echo, LIMITS, Running, Seen, console};

#[test]
fn a_command_is_answered_to_whoever_gave_it() {
    let running = Running::usual();
    let select = Said::Select { user: "alice".into(), choice: "automatic".into() };
    let unset = Err(Refusal::Unkept(StoreFault::Unset));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    assert_eq!(running.speaker.carry_out(Said::Drain), Ok(Ok(())));
                    assert_eq!(running.speaker.carry_out(select.clone()), Ok(unset));
                }
            });
        }
    });
    let speaker = running.speaker.clone();
    running.stop();
    assert_eq!(speaker.carry_out(Said::Drain), Err(Silence::Gone));
}

#[test]
fn what_a_machine_keeps_is_answered_when_it_is_kept_and_precedes_all_else_in_the_next_run() {
    let path = std::env::temp_dir().join(format!("ctigate-conformance-{}-store", std::process::id()));
    let _ = std::fs::remove_file(&path);
    let running = Running::keeping(Store::open(&path, &console()));
    thread::scope(|scope| {
        for user in 0..4 {
            let speaker = running.speaker.clone();
            scope.spawn(move || {
                for number in 0..10 {
                    let select = Said::Select { user: format!("user{user}"), choice: number.to_string() };
                    assert_eq!(speaker.carry_out(select), Ok(Ok(())));
                }
            });
        }
    });
    running.stop();
    // It has restored everything before it listens.
    let (seen, inbox) = mpsc::channel();
    let running = Running::of(LIMITS, Store::open(&path, &console()), Echo::new(seen, false), inbox);
    for user in 0..4 {
        assert_eq!(running.next(), Seen::Restored(format!("user{user}=9")));
    }
    assert_eq!(running.next(), Seen::Listening(ListenerId::new(0)));
    assert_eq!(running.next(), Seen::Listening(ListenerId::new(1)));
    running.stop();
    std::fs::remove_file(&path).unwrap();
}
