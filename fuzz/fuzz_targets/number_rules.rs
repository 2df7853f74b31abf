//! Number rules, and numbers.
#![no_main]

use ctigate_tests::fuzz::{number_rules, tell};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tell(number_rules, bytes));
