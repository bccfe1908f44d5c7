//! Any bytes as an SFrame header, and as a frame of each codec.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_group_keys::fuzzing::parse_sframe_header(data));
