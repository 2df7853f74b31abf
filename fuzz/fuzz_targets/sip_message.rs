//! One SIP message.
#![no_main]

use ctigate_tests::fuzz::{sip_message, tell};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| tell(sip_message, bytes));
