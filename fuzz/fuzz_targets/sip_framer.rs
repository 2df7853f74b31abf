//! Streams of SIP messages.
#![no_main]

use ctigate_tests::fuzz::{sip_framer, tell};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tell(sip_framer, bytes));
