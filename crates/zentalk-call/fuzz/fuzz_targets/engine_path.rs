//! One participant under a hostile peer, hostile TURN servers and a network that changes.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_call::fuzzing::engine_path(data));
