//! Streams of AMI.
#![no_main]

use ctigate_tests::fuzz::{ami, tell};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tell(ami, bytes));
