//! One URI that names a number.
#![no_main]

use ctigate_tests::fuzz::{tel_uri, tell};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tell(tel_uri, bytes));
