//! Bandwidth estimation with an honest receiver and a lying one.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_rtp_session::fuzzing::engine_bandwidth(data));
