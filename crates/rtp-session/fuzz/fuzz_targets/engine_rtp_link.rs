//! Two sessions over a bad network.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_rtp_session::fuzzing::engine_rtp_link(data));
