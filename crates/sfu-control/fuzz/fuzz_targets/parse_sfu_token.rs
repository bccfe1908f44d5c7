//! Any bytes as a token, and as what one claims.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_sfu_control::fuzzing::parse_sfu_token(data));
