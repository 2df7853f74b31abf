//! The whole gateway.
#![no_main]

use ctigate_tests::fuzz::{engine, tell};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tell(engine, bytes));
