//! One session under a hostile peer.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_rtp_session::fuzzing::engine_rtp_hostile(data));
