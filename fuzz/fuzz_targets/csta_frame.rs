//! Streams of CSTA frames.
#![no_main]

use ctigate_tests::fuzz::{csta_frame, tell};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tell(csta_frame, bytes));
