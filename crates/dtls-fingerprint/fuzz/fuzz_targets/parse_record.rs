//! Any bytes as the records of a datagram.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_dtls_fingerprint::fuzzing::parse_record(data));
