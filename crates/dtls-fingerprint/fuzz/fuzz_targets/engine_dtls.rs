//! A handshake over a bad network, with attackers.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_dtls_fingerprint::fuzzing::engine_dtls(data));
