//! Streams of SIP messages.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| ctigate_tests::fuzz::sip_framer(bytes));
