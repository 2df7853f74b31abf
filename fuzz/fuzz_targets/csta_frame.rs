//! Streams of CSTA frames.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ctigate_tests::fuzz::csta_frame(bytes));
