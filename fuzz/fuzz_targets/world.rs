//! Two gateways at one phone system.
#![no_main]

use ctigate_tests::fuzz::{tell, world};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tell(world, bytes));
