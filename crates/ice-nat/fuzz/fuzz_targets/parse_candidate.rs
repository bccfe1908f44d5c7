//! Any text as a candidate attribute.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_ice_nat::fuzzing::parse_candidate(data));
