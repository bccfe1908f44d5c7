//! People who begin sessions with each other at will.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_signaling_ratchet::fuzzing::ops_postbox(data));
