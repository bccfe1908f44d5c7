//! Two agents over a lossy link, with an attacker.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_ice_nat::fuzzing::engine_ice(data));
