//! The replay window against a set.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_srtp_media::fuzzing::ops_replay(data));
