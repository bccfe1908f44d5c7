//! Any bytes as a frame of the relay protocol.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_onion_relay::fuzzing::parse_frame(data));
