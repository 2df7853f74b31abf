//! One CSTA document.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ctigate_tests::fuzz::csta_document(bytes));
