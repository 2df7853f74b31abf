//! Asserts that every change of a state machine's state is in the machine's table ([`crate::tables`]).

/// Asserts that a change of state is in a machine's table.
pub fn assert_transition(table: &[(&str, &str)], from: &str, to: &str) {
    debug_assert!(from == to || table.contains(&(from, to)), "no transition from {from} to {to}");
}
