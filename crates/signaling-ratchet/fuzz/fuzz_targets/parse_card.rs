//! A contact card, as bytes and as text.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_signaling_ratchet::fuzzing::parse_card(data));
