//! Any bytes as a control frame of either direction.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_sfu_control::fuzzing::parse_sfu_frame(data));
