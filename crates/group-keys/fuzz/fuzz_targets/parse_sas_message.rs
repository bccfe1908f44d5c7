//! Any bytes as a message of the verification.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_group_keys::fuzzing::parse_sas_message(data));
