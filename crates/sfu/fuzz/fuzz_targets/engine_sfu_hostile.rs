//! A room with a hostile participant.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_sfu::fuzzing::engine_sfu_hostile(data));
