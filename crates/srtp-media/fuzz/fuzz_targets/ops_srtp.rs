//! A sender and a receiver with an attacker between them.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_srtp_media::fuzzing::ops_srtp(data));
