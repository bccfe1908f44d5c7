//! What a peer says, behind padding or not.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_signaling_ratchet::fuzzing::parse_call_message(data));
