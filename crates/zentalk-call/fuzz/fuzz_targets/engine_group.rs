//! One participant in a group call under a hostile member and a hostile forwarding server.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_call::fuzzing::engine_group(data));
