//! The names of candidates on a hostile link.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_call::fuzzing::engine_mdns(data));
