//! The headers of set-ups and of sealed messages.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_signaling_ratchet::fuzzing::parse_header(data));
