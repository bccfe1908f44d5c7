//! What a relay serves as prekeys.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_signaling_ratchet::fuzzing::parse_prekeys(data));
