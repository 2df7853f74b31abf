//! Directory files.
#![no_main]

use ctigate_tests::fuzz::{directory_file, tell};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tell(directory_file, bytes));
