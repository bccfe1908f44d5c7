//! Any bytes as a protected packet.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_srtp_media::fuzzing::parse_srtp(data));
