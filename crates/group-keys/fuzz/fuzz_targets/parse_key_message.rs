//! Any bytes as a message of the key distribution.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| zentalk_group_keys::fuzzing::parse_key_message(data));
