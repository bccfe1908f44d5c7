//! Any frames for the VP8 decoder.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_codec::fuzzing::engine_vp8_decoder(data));
