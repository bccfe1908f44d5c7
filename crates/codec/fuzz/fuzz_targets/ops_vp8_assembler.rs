//! A VP8 stream over a bad network.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_codec::fuzzing::ops_vp8_assembler(data));
