//! Any packets for the Opus decoder.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_codec::fuzzing::engine_opus_decoder(data));
