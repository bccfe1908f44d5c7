//! A TURN client and a server that lies.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_ice_nat::fuzzing::engine_turn(data));
