//! Changes of state: each is one of its machine's table, which stands beside the machine ([`crate::tables`]).

/// Asserts that a state change is one of a machine's table: the one place where states change calls it.
pub fn assert_transition(table: &[(&str, &str)], from: &str, to: &str) {
    debug_assert!(from == to || table.contains(&(from, to)), "no transition from {from} to {to}");
}
