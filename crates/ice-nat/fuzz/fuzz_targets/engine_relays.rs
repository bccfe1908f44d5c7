//! All relays of a call, whose servers do what they like.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_ice_nat::fuzzing::engine_relays(data));
