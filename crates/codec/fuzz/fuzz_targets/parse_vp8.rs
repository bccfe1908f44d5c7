//! Any bytes as a VP8 payload and as a VP8 frame.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_codec::fuzzing::parse_vp8(data));
