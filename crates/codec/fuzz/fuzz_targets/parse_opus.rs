//! Any bytes as an Opus packet.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_codec::fuzzing::parse_opus(data));
