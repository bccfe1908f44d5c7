//! Any text as a session description.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_session_description::fuzzing::parse_sdp(data));
