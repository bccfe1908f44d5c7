//! Any bytes as handshake messages, and through the gate.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_dtls_fingerprint::fuzzing::parse_handshake(data));
