//! LDIF to import.
#![no_main]

use ctigate_tests::fuzz::{ldif, tell};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tell(ldif, bytes));
