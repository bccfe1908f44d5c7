//! Any text as fingerprints of a description.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_dtls_fingerprint::fuzzing::parse_fingerprint(
    data
));
