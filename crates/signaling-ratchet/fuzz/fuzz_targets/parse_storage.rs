//! Snapshots, damaged outside and inside.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_signaling_ratchet::fuzzing::parse_storage(data));
