//! One participant under a hostile peer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_call::fuzzing::engine_call(data));
