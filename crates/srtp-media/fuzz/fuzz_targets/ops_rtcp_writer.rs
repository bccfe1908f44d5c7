//! Any sequence of RTCP packets written.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_srtp_media::fuzzing::ops_rtcp_writer(data));
