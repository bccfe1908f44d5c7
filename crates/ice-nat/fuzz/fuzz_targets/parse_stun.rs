//! Any bytes as a STUN message.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_ice_nat::fuzzing::parse_stun(data));
