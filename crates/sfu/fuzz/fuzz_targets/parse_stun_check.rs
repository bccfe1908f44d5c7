//! Connectivity checks, forged and genuine.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_sfu::fuzzing::parse_stun_check(data));
