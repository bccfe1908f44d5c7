//! Two sides of a session with an attacker and crashes between them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_signaling_ratchet::fuzzing::ops_ratchet(data));
