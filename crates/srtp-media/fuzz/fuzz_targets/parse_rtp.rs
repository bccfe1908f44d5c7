//! Any bytes as an RTP packet.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_srtp_media::fuzzing::parse_rtp(data));
