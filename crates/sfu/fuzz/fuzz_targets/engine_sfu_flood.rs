//! Strangers before a room whose handshakes have yet to come.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_sfu::fuzzing::engine_sfu_flood(data));
