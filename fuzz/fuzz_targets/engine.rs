//! The whole gateway.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ctigate_tests::fuzz::engine(bytes));
