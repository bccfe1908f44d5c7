//! Fragments in any order, size and overlap.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_dtls_fingerprint::fuzzing::ops_reassembly(data));
