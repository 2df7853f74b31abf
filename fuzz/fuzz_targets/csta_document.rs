//! One CSTA document.
#![no_main]

use ctigate_tests::fuzz::{csta_document, tell};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tell(csta_document, bytes));
